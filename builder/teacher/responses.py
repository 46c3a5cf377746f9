"""Read the answers out of a recorded response. Reading never raises: what can't be read comes back with the reason.

The ledger keeps the bytes of a response, so that a later reader may read more of them. No id depends on what is read.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from ...schemas.sample import Alternative, TokenLogprob, Usage
from .chat_responses import read_chat_choices, read_server_error
from .request import Answer, Response, ResponseKind, UnreadableChoice

_FIELDS = ("text", "reasoning", "finish_reason", "labels", "refusal")


def encode_answers(answers: Sequence[Answer]) -> Response:
    """Encode the answers of a backend in this process as a response: a JSON list, fields at their default left out."""
    return Response(ResponseKind.ANSWERS, orjson.dumps([_encode_answer(answer) for answer in answers]))


def _encode_answer(answer: Answer) -> dict[str, Any]:
    fields = {name: value for name in _FIELDS if (value := getattr(answer, name)) is not None}
    usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.reasoning_tokens)
    tokens = {} if usage == (None, None, None) else {"usage": usage if usage[2] is not None else usage[:2]}
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
    prompt_tokens, completion_tokens, *more = fields.get("usage", (None, None))
    reasoning_tokens = next(iter(more), None)
    logprobs = fields.get("logprobs")
    return Answer(
        **{name: fields.get(name) for name in _FIELDS},
        usage=Usage(
            prompt_tokens=prompt_tokens, completion_tokens=completion_tokens, reasoning_tokens=reasoning_tokens
        ),
        token_logprobs=None if logprobs is None else decode_logprobs(logprobs),
        simulated=fields.get("simulated", False),
    )


def count_parts(answer: Answer) -> tuple[int | None, int | None]:
    """Count the tokens of an answer's reasoning and of its response, as far as the server said.

    They are unknown where the server did not part them and the answer has both.

    >>> count_parts(Answer(text="5.", reasoning="2 + 3 = 5.", usage=Usage(completion_tokens=12, reasoning_tokens=9)))
    (9, 3)
    >>> count_parts(Answer(text="5.", usage=Usage(completion_tokens=3)))
    (0, 3)
    """
    total, reasoning = answer.usage.completion_tokens, answer.usage.reasoning_tokens
    if answer.reasoning is None:
        reasoning = reasoning or 0  # what a server hides may have a count, too
    elif reasoning == 0:  # some servers write 0 where they do not count
        reasoning = None
    return (None, None) if total is None or reasoning is None else (reasoning, total - reasoning)


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
