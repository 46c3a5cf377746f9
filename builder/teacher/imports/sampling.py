"""Sampling parameters that another tool recorded, written as a recipe's would be: equal ones get equal requests."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from pydantic import ValidationError

from ....schemas.prompt import ServerSampling
from ....schemas.teacher import OpenAITeacher
from ..backends.openai import make_sampling_parameters

UNSENT = frozenset({
    "model", "messages", "n", "seed", "stream", "stream_options", "timeout", "request_timeout", "num_retries",
    "max_retries", "user", "metadata", "store", "extra_body", "extra_headers", "headers", "api_key", "api_base",
    "base_url", "api_version", "organization", "caching", "cache", "mock_response", "return_completions_object",
})  # fmt: skip
"""Names that are no sampling parameters: they choose no answer."""
_SECRET = re.compile(r"key|secret|passw|auth|credential|signature|token$", re.IGNORECASE)
"""Names of values that may be secret, which belong in no ledger."""


def normalize_sampling(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Write recorded sampling parameters as those of a request, without n and seed.

    Numbers get the type that a recipe gives them, `stop` is a list, and what is null is left out. Parameters that no
    recipe could have stay as they are.

    >>> normalize_sampling({"temperature": 1, "n": 4, "stop": "END", "top_p": None, "extra_body": {"top_k": 20}})
    {'temperature': 1.0, 'top_k': 20, 'stop': ['END']}
    """
    try:
        content = orjson.dumps(recorded, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # half of a surrogate pair, or an integer of more than 64 bits
        return _normalize(recorded)
    return dict(_normalize_content(content))


@lru_cache(maxsize=256)
def _normalize_content(content: bytes) -> dict[str, Any]:
    """Normalize parameters that are the same for many responses."""
    return _normalize(orjson.loads(content))


def _normalize(recorded: Mapping[str, Any]) -> dict[str, Any]:
    more = recorded.get("extra_body")
    merged = {**recorded, **(more if isinstance(more, Mapping) else {})}
    named = {name: value for name, value in merged.items() if name not in UNSENT and not _SECRET.search(name)}
    plain = {name: value for name, value in named.items() if value is not None}
    if not plain.get("logprobs"):
        plain = {name: value for name, value in plain.items() if name not in {"logprobs", "top_logprobs"}}
    stop = plain.get("stop")
    if isinstance(stop, str):
        plain["stop"] = [stop]
    elif stop == []:
        del plain["stop"]
    own = {name: plain[name] for name in ServerSampling.model_fields if name in plain}
    rest = {name: value for name, value in plain.items() if name not in own}
    if own.get("top_logprobs"):
        rest.pop("logprobs", None)
    try:
        sampling = ServerSampling(**own, extra_body=rest)
    except ValidationError:
        return plain
    return make_sampling_parameters(OpenAITeacher(backend="openai", model="", sampling=sampling))
