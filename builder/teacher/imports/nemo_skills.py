"""NeMo-Skills: `output-rsSEED.jsonl` of `ns generate`, parts and files in progress too.

A line is a row of the input with its generation. Neither the model nor the sampling parameters are in the lines, and
the prompt only where the input was written as messages. Newer releases keep the reasoning channel, the usage and why
the answer ended.
"""

import re
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

PATTERNS = ("output*.jsonl", "output*.jsonl-async")
QUESTIONS = ("problem", "question")
_TOOLS = ("tool_calls", "num_tool_calls", "code_rounds_executed")
"""What a line has where the model used tools."""
_SEED = re.compile(r"-rs(\d{1,9})(?!\d)")


def read_row(row: Mapping[str, Any], context: RowContext) -> Iterator[ForeignResponse | LeftOut]:
    """Read a line.

    Raises:
        UnknownRowError: it has no generation.
    """
    if "generation" not in row:
        raise UnknownRowError("it has no generation")
    text = _find_text(row)
    asked, question = row.get("messages"), find_question(row, context, QUESTIONS)
    messages = read_messages(asked)
    if row.get("error"):
        yield LeftOut.FAILED
    elif text is None or any(row.get(name) for name in _TOOLS):
        yield LeftOut.NOT_TEXT
    elif messages is None and (asked or question is None):
        yield LeftOut.NOT_TEXT if asked else LeftOut.NO_PROMPT
    else:
        seed = _SEED.search(context.file)
        yield ForeignResponse(
            completion=_make_completion(row, text),
            messages=messages,
            question=question,
            seed=int(seed[1]) if seed else None,
        )


def _find_text(row: Mapping[str, Any]) -> str | None:
    """Find the text of an answer, its thinking included where it was cut out; None where it is no text."""
    text, whole = row["generation"], row.get("_full_generation")
    if not isinstance(text, str):
        return None
    return whole if isinstance(whole, str) and whole.rstrip().endswith(text) else text


def _make_completion(row: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    return make_completion(
        text,
        reasoning=row.get("reasoning_content"),
        finish_reason=row.get("finish_reason"),
        prompt_tokens=row.get("num_input_tokens"),
        completion_tokens=row.get("num_generated_tokens"),
        usage=row.get("usage"),
        logprobs=_join_logprobs(row.get("tokens"), row.get("logprobs"), row.get("top_logprobs")),
    )


def _join_logprobs(tokens: Any, logprobs: Any, top: Any) -> Mapping[str, Any] | None:
    """Join what stands in three lists; None where they do not belong together."""
    lists = [tokens, logprobs, top]
    if not all(isinstance(items, list) and len(items) == len(tokens) for items in lists):
        return None
    content = [
        {"token": token, "logprob": logprob, "top_logprobs": _list_alternatives(others)}
        for token, logprob, others in zip(*lists, strict=True)
    ]
    return {"content": content}


def _list_alternatives(others: Any) -> list[Mapping[str, Any]]:
    named = others if isinstance(others, Mapping) else {}
    return [{"token": token, "logprob": logprob} for token, logprob in named.items()]
