"""Read chat completions and error messages as servers send them, whatever they send.

The text decides: a choice without a readable text is unreadable, with the reason. What is said about a text (tokens,
log probabilities, why it ended) is unknown where it can't be read, and never costs the text.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from ...schemas.sample import Alternative, TokenLogprob
from .chat_usage import read_usages
from .logprob_columns import read_regular_logprobs
from .request import LEAST_LOGPROB, Answer, UnreadableChoice

CONTENT_FILTER = "content_filter"
"""The finish reason of an answer that a content filter withheld."""

_SHOWN = 300
"""Characters of a server's message that are kept."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerError:
    """What a server says about an error."""

    message: str
    """Its words, shortened."""
    code: str = ""
    """Its codes and types of the error, separated by spaces; empty where it names none."""
    status: int | None = None
    """The HTTP status that the body names, where it names one."""
    parameters: frozenset[str] = frozenset()
    """The parameters of the request that it is about, where it names them."""


def read_chat_choices(body: bytes) -> list[Answer | UnreadableChoice]:
    """Read the choices of a chat completion. The prompt's tokens count once, for the first.

    Returns:
        One item for each choice; a single unreadable one where the body is no completion.
    """
    try:
        completion = parse_body(body)
    except ValueError as error:
        begin = _shorten(body[:_SHOWN].decode(errors="replace")) if body.strip() else ""
        return [UnreadableChoice(f"the response is not JSON ({error}): {begin}" if begin else "the response is empty")]
    if not isinstance(completion, dict):
        return [UnreadableChoice(f"the response is {_name_type(completion)}, not an object")]
    choices = completion.get("choices")
    if not isinstance(choices, list) or not choices:
        keys = _shorten(", ".join(completion)) if completion else "none"
        return [UnreadableChoice(f"the response has no list of choices; its keys are: {keys}")]
    read = [_read_choice(choice) for choice in choices]
    usages = read_usages(completion.get("usage"), [_measure_choice(choice) for choice in read])
    names: dict[str, Any] = {field: _read_name(completion.get(key)) for field, key in _NAMES.items()}
    return [
        replace(choice, usage=usage, **names) if isinstance(choice, Answer) else choice
        for choice, usage in zip(read, usages, strict=True)
    ]


_NAMES: Mapping[str, str] = {"served_model": "model", "fingerprint": "system_fingerprint", "response_id": "id"}
"""What a completion says of itself: field of an answer, and key."""


def _read_name(value: Any) -> str | None:
    """Read a name; what is no text, empty, or too long for a name is none."""
    is_name = isinstance(value, str) and 0 < len(value) <= _SHOWN
    return _repair_text(value) if is_name else None


def _measure_choice(choice: Answer | UnreadableChoice) -> int:
    """Measure what the server wrote for a choice, in characters."""
    if isinstance(choice, UnreadableChoice):
        return 0
    return len(choice.text or choice.refusal or "") + len(choice.reasoning or "")


def parse_body(body: bytes) -> Any:
    """Parse JSON as servers write it: with a byte order mark, NaN, or half of a surrogate pair.

    Raises:
        ValueError: it is no JSON, no UTF-8, or nested too deeply.
    """
    content = body.removeprefix(_BOM)
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        try:
            return json.loads(content.decode())  # accepts NaN and lone surrogates, which orjson does not
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


def read_server_error(body: bytes) -> ServerError:
    """Read an error message in the shapes that servers use; a text or a web page by its beginning."""
    try:
        return _read_error_fields(parse_body(body))
    except ValueError:
        return ServerError(message=_shorten(body[: 10 * _SHOWN].decode(errors="replace")))


def read_body_error(body: bytes) -> ServerError | None:
    """Read the error message of a body that is an error although its status is not; None where it is none."""
    try:
        value = parse_body(body)
    except ValueError:
        return None
    is_error = isinstance(value, dict) and value.get("error") and not value.get("choices")
    return _read_error_fields(value) if is_error else None


def _read_error_fields(value: Any) -> ServerError:
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return ServerError(message=_shorten(error))
    message = next((error[key] for key in ("message", "detail", "msg") if error.get(key)), error)
    inner = error.get("innererror")
    parts = [error.get("code"), error.get("type"), inner.get("code") if isinstance(inner, dict) else None]
    codes = [str(part)[:_SHOWN] for part in parts if isinstance(part, str | int)]
    status = next((int(code) for code in codes if code in _STATUSES), None)
    return ServerError(
        message=_shorten(message),
        code=_repair_text(" ".join(codes)),
        status=status,
        parameters=frozenset(_list_parameters(error)),
    )


def _list_parameters(error: Mapping[str, Any]) -> Iterator[str]:
    """List the parameters that an error names: one as `param`, or the last of each location (`loc`) in a list."""
    if isinstance(error.get("param"), str):
        yield error["param"]
    lists = [error[key] for key in ("detail", "details", "message") if isinstance(error.get(key), list)]
    for item in (item for items in lists for item in items):
        place = item.get("loc") if isinstance(item, dict) else None
        if isinstance(place, list) and place and isinstance(place[-1], str):
            yield place[-1]


_STATUSES = frozenset(map(str, range(400, 600)))


def _shorten(value: Any) -> str:
    try:
        text = value if isinstance(value, str) else json.dumps(value)
    except RecursionError:
        text = ""
    return _repair_text(" ".join(text[: 10 * _SHOWN].split()))[:_SHOWN] or "no message"


def _read_choice(choice: Any) -> Answer | UnreadableChoice:
    if not isinstance(choice, dict):
        return UnreadableChoice(f"a choice is {_name_type(choice)}, not an object")
    finish_reason = choice.get("finish_reason")
    message = choice.get("message")
    text = _read_content(message.get("content")) if isinstance(message, dict) else None
    if finish_reason == CONTENT_FILTER and (not isinstance(text, str) or not text.strip()):
        return Answer(text=None, finish_reason=CONTENT_FILTER, refusal="a content filter withheld it")
    if not isinstance(message, dict):
        return UnreadableChoice(f"the message of a choice is {_name_type(message)}, not an object")
    refusal = None if isinstance(text, str) and text.strip() else _read_refusal(message)
    if refusal is not None:
        return Answer(text=None, finish_reason=_read_reason(finish_reason), refusal=refusal)
    if isinstance(text, UnreadableChoice):
        return text
    return Answer(
        text=text,
        reasoning=_read_reasoning(message),
        finish_reason=_read_reason(finish_reason),
        token_logprobs=_read_logprobs(choice.get("logprobs")),
    )


def _read_refusal(message: Mapping[str, Any]) -> str | None:
    """Read the words by which a model refuses: a field beside the content, or parts of it."""
    content = message.get("content")
    parts = [part.get("refusal") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    texts = [text for text in (message.get("refusal"), *parts) if isinstance(text, str) and text.strip()]
    return _repair_text("\n".join(texts)) if texts else None


def _read_reason(finish_reason: Any) -> str | None:
    return _repair_text(finish_reason) if isinstance(finish_reason, str) else None


def explain_no_answer(answer: Answer) -> str | None:
    """Explain why a choice is a failure to ask again: an error of the server, or nothing at all. None for an answer.

    An empty answer that reached its longest length is one: a model that thinks where nobody sees it spent all tokens.
    """
    if answer.finish_reason == "error":
        return "the server ended it with an error"
    is_said = answer.refusal is not None or (answer.text or "").strip() or (answer.reasoning or "").strip()
    return None if is_said or answer.finish_reason in {"length", CONTENT_FILTER} else "it is empty"


def _read_content(content: Any) -> str | UnreadableChoice | None:
    """Read the content of a message: text, null, or a list of parts whose texts are joined."""
    if content is None:
        return None
    if isinstance(content, str):
        return _repair_text(content)
    if not isinstance(content, list):
        return UnreadableChoice(f"the content of a message is {_name_type(content)}, not text")
    texts = [_read_part(part) for part in content]
    if content and all(text is None for text in texts):
        return UnreadableChoice("no part of the content of a message is text")
    return _repair_text("".join(text for text in texts if text is not None))


_TEXT_PARTS = frozenset({"text", "output_text", None})
_REASONING_PARTS = frozenset({"thinking", "reasoning", "reasoning.text"})


def _read_part(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    is_text = isinstance(part, dict) and isinstance(part.get("text"), str) and _get_type(part) in _TEXT_PARTS
    return part["text"] if is_text else None


def _get_type(part: Mapping[str, Any]) -> str | None:
    kind = part.get("type")
    return kind if isinstance(kind, str) else None


def _read_reasoning(message: Mapping[str, Any]) -> str | None:
    """Read the reasoning channel: a field beside the content, or parts of it."""
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str):
        return _repair_text(reasoning)
    return _join_thoughts(message.get("content")) or _join_thoughts(message.get("reasoning_details"))


def _join_thoughts(parts: Any) -> str | None:
    """Join the texts of those parts of a list that are reasoning."""
    items = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    thoughts = [part.get("thinking", part.get("text")) for part in items if _get_type(part) in _REASONING_PARTS]
    texts = [_read_content(thought) for thought in thoughts]
    return "".join(text for text in texts if isinstance(text, str)) or None


def _read_logprobs(logprobs: Any) -> tuple[TokenLogprob, ...] | None:
    """Read log probabilities; unknown as a whole where any of them can't be read."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(content, list):
        return None
    regular = read_regular_logprobs(content)
    if regular is not None:
        return regular
    tokens = [_read_token(item) for item in content]
    return None if None in tokens else tuple(token for token in tokens if token is not None)


def _read_token(item: Any) -> TokenLogprob | None:
    main = _read_alternative(item)
    top = item.get("top_logprobs") if isinstance(item, dict) else None
    others: Sequence[Any] = top if isinstance(top, list) else ()
    alternatives = [_read_alternative(other) for other in others]
    if main is None or None in alternatives:
        return None
    return TokenLogprob(
        token=main.token, logprob=main.logprob, top=tuple(other for other in alternatives if other is not None)
    )


def _read_alternative(item: Any) -> Alternative | None:
    if not isinstance(item, dict):
        return None
    token, logprob = item.get("token"), item.get("logprob")
    if not isinstance(token, str) or not isinstance(logprob, int | float) or isinstance(logprob, bool):
        return None
    value = float(min(max(logprob, LEAST_LOGPROB), -LEAST_LOGPROB))  # an integer may be too large for a float
    return None if math.isnan(value) else Alternative(token=_repair_text(token), logprob=value)


def _repair_text(text: str) -> str:
    """Join surrogate pairs; half of a pair, which no file can hold, becomes U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _name_type(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
