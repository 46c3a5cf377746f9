"""What a server says of tokens: read from a chat completion, parted among its choices, and added up over calls."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

from ...schemas.sample import Usage

_MOST_TOKENS = 2**53
"""A greater number of tokens is no count."""


def read_usages(usage: Any, lengths: Sequence[int]) -> list[Usage]:
    """Read the tokens of each choice of a completion.

    The tokens of the prompt stand with the first choice only, so that sums count them once. Where there are several
    choices, a server counts them together: no choice has a count of its own then, but an estimate.

    Args:
        usage: what the server says, whatever it is.
        lengths: characters of each choice.
    """
    if not isinstance(usage, dict):
        return [Usage()] * len(lengths)
    prompt, cached = _read_count(usage.get("prompt_tokens")), _read_cached(usage)
    completion, reasoning = _read_completion(usage, prompt)
    if len(lengths) == 1:
        own = [Usage(completion_tokens=completion, reasoning_tokens=reasoning)]
    elif completion is None:
        own = [Usage()] * len(lengths)
    else:
        shares = share_tokens(completion, lengths)
        own = [Usage(joint_tokens=completion, estimated_tokens=share) for share in shares]
    return [replace(own[0], prompt_tokens=prompt, cached_tokens=cached), *own[1:]]


def share_tokens(total: int, lengths: Sequence[int]) -> list[int]:
    """Part a number of tokens by the lengths of texts. The shares are whole numbers and add up to it.

    >>> share_tokens(10, [3, 1, 0])
    [7, 3, 0]
    >>> share_tokens(5, [0, 0])
    [2, 3]
    """
    weights = lengths if any(lengths) else [1] * len(lengths)
    whole = sum(weights)
    bounds = [total * weight // whole for weight in accumulate(weights, initial=0)]
    return [end - begin for begin, end in pairwise(bounds)]


def add_usage(first: Usage, second: Usage) -> Usage:
    """Add up the tokens of two calls; unknown where one of them is.

    Where a call has an estimate only, so has the sum: an estimate and a count make an estimate.
    """
    is_estimated = first.estimated_tokens is not None or second.estimated_tokens is not None
    return Usage(
        prompt_tokens=_add_counts(first.prompt_tokens, second.prompt_tokens),
        cached_tokens=_add_counts(first.cached_tokens, second.cached_tokens),
        completion_tokens=_add_counts(first.completion_tokens, second.completion_tokens),
        reasoning_tokens=_add_counts(first.reasoning_tokens, second.reasoning_tokens),
        joint_tokens=_add_counts(*map(_get_joint, (first, second))) if is_estimated else None,
        estimated_tokens=_add_counts(*map(_estimate_tokens, (first, second))) if is_estimated else None,
    )


def _get_joint(usage: Usage) -> int | None:
    return usage.completion_tokens if usage.joint_tokens is None else usage.joint_tokens


def _estimate_tokens(usage: Usage) -> int | None:
    return usage.completion_tokens if usage.estimated_tokens is None else usage.estimated_tokens


def _add_counts(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


def _read_completion(usage: Mapping[str, Any], prompt: int | None) -> tuple[int | None, int | None]:
    """Read the tokens of all answers, and those of them that are reasoning."""
    completion, reasoning = _read_count(usage.get("completion_tokens")), _read_reasoning_count(usage)
    if completion is None or reasoning is None:
        return completion, None
    if prompt is not None and _read_count(usage.get("total_tokens")) == prompt + completion + reasoning:
        completion += reasoning  # some servers count reasoning beside the rest
    return completion, reasoning if reasoning <= completion else None


def _read_reasoning_count(usage: Mapping[str, Any]) -> int | None:
    """Read the tokens of the reasoning: among the details of the answer's tokens, or beside them."""
    return _read_first(
        _read_details(usage, "completion_tokens_details").get("reasoning_tokens"), usage.get("reasoning_tokens")
    )


def _read_cached(usage: Mapping[str, Any]) -> int | None:
    """Read how much of the prompt was cached: among its details, or by the names that other servers have for it."""
    details = _read_details(usage, "prompt_tokens_details").get("cached_tokens")
    return _read_first(details, *(usage.get(name) for name in _CACHED))


_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens")
"""Names beside the other counts: Moonshot's, DeepSeek's, Anthropic's."""


def _read_details(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    details = usage.get(name)
    return details if isinstance(details, dict) else {}


def _read_first(*values: Any) -> int | None:
    """Read the first of some values that is a count."""
    return next((count for value in values if (count := _read_count(value)) is not None), None)


def _read_count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS
    return value if is_count else None
