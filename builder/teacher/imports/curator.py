"""Bespoke curator: `responses_N.jsonl` of a run, below its cache folder; one line is one response with its request.

Online runs keep the server's response; batches keep the line of the batch file around it; other services keep their own
shape. Older releases name the tokens otherwise and have the parameters in the request as sent only.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .records import (
    ForeignResponse,
    LeftOut,
    RowContext,
    UnknownRowError,
    find_question,
    make_completion,
    read_messages,
)

PATTERNS = ("responses_*.jsonl",)
QUESTIONS = ("problem", "question", "instruction", "prompt")


def read_row(row: Mapping[str, Any], context: RowContext) -> Iterator[ForeignResponse | LeftOut]:
    """Read a line.

    Raises:
        UnknownRowError: it is no response of curator.
    """
    request = row.get("generic_request")
    if not isinstance(request, Mapping) or not isinstance(request.get("messages"), list):
        raise UnknownRowError("it has no generic_request with messages")
    completion, messages = _find_completion(row.get("raw_response")), read_messages(request["messages"])
    text = row.get("response_message")
    if completion is None and text is None:
        yield LeftOut.FAILED
    elif messages is None or (completion is None and not isinstance(text, str)):
        yield LeftOut.NOT_TEXT
    else:
        model = request.get("model")
        yield ForeignResponse(
            completion=_make_completion(row, str(text)) if completion is None else completion,
            is_raw=completion is not None,
            messages=messages,
            question=find_question(request.get("original_row"), context, QUESTIONS),
            model=model if isinstance(model, str) and model else None,
            sampling=_find_sampling(row, request),
            cost_usd=_read_cost(row.get("response_cost")),
        )


def _find_completion(raw: Any) -> Mapping[str, Any] | None:
    """Find the chat completion in what the service sent; None where it speaks another protocol."""
    body = raw.get("response") if isinstance(raw, Mapping) else None
    found = body.get("body") if isinstance(body, Mapping) else raw
    is_chat = isinstance(found, Mapping) and isinstance(found.get("choices"), list) and bool(found["choices"])
    return found if is_chat else None


def _make_completion(row: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    usage = row.get("token_usage")
    counts: Mapping[str, Any] = usage if isinstance(usage, Mapping) else {}
    return make_completion(
        text,
        finish_reason=row.get("finish_reason"),
        prompt_tokens=counts.get("input", counts.get("prompt_tokens")) or None,  # 0 stands for unknown there
        completion_tokens=counts.get("output", counts.get("completion_tokens")) or None,
    )


def _find_sampling(row: Mapping[str, Any], request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    parameters, schema, sent = request.get("generation_params"), request.get("response_format"), row.get("raw_request")
    if not isinstance(parameters, Mapping):
        return sent if isinstance(sent, Mapping) else None
    if not schema:
        return parameters
    named = {"name": "output_schema", "schema": schema}
    return {**parameters, "response_format": {"type": "json_schema", "json_schema": named}}


def _read_cost(cost: Any) -> float | None:
    is_cost = isinstance(cost, int | float) and not isinstance(cost, bool) and 0 <= cost < _HIGHEST_USD
    return float(cost) if is_cost else None


_HIGHEST_USD = 1e9
"""What costs more is no price."""
