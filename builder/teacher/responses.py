"""Read the answers out of a recorded response. Reading never raises: what can't be read comes back with the reason.

The ledger keeps the bytes of a response, so that a later reader may read more of them. No id depends on what is read.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from ...schemas.sample import Alternative, TokenLogprob, Usage
from .chat_responses import UnreadableChoice, read_chat_choices, read_server_error
from .request import Answer, Response, ResponseKind

_FIELDS = ("text", "reasoning", "finish_reason", "cost_usd", "labels", "refusal")


def encode_answers(answers: Sequence[Answer]) -> Response:
    """Encode the answers of a backend in this process as a response: a JSON list, fields at their default left out."""
    return Response(ResponseKind.ANSWERS, orjson.dumps([_encode_answer(answer) for answer in answers]))


def _encode_answer(answer: Answer) -> dict[str, Any]:
    fields = {name: value for name in _FIELDS if (value := getattr(answer, name)) is not None}
    usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    tokens = {} if usage == (None, None) else {"usage": usage}
    logprobs = {} if answer.token_logprobs is None else {"logprobs": _encode_logprobs(answer.token_logprobs)}
    return {**fields, **tokens, **logprobs, **({"simulated": True} if answer.simulated else {})}


def _encode_logprobs(tokens: Sequence[TokenLogprob]) -> list[Any]:
    """Encode as [[token, logprob, [[token, logprob], ...]], ...]."""
    return [[item.token, item.logprob, [[top.token, top.logprob] for top in item.top]] for item in tokens]


def read_choices(response: Response) -> Sequence[Answer | UnreadableChoice]:
    """Read the choices of a response, in its order."""
    return _READERS[response.kind](response.body)


def _read_answers(body: bytes) -> list[Answer | UnreadableChoice]:
    return [_decode_answer(fields) for fields in orjson.loads(body)]


def _decode_answer(fields: Mapping[str, Any]) -> Answer:
    prompt_tokens, completion_tokens = fields.get("usage", (None, None))
    logprobs = fields.get("logprobs")
    return Answer(
        **{name: fields.get(name) for name in _FIELDS},
        usage=Usage(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens),
        token_logprobs=None if logprobs is None else decode_logprobs(logprobs),
        simulated=fields.get("simulated", False),
    )


def decode_logprobs(rows: Sequence[Any]) -> tuple[TokenLogprob, ...]:
    """Decode [[token, logprob, [[token, logprob], ...]], ...]."""
    return tuple(
        TokenLogprob(token=token, logprob=logprob, top=tuple(Alternative(token=t, logprob=p) for t, p in top))
        for token, logprob, top in rows
    )


def _read_refusal(body: bytes) -> list[Answer | UnreadableChoice]:
    return [Answer(text=None, refusal=read_server_error(body).message)]


_READERS: Mapping[ResponseKind, Callable[[bytes], Sequence[Answer | UnreadableChoice]]] = {
    ResponseKind.ANSWERS: _read_answers,
    ResponseKind.CHAT: read_chat_choices,
    ResponseKind.REFUSAL: _read_refusal,
}
"""How each kind of response is read."""
