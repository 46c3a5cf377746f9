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
_SEED = re.compile(r"-rs(\d{1,9})(?!\d)")


def read_row(row: Mapping[str, Any], context: RowContext) -> Iterator[ForeignResponse | LeftOut]:
    """Read a line.

    Raises:
        UnknownRowError: it has no generation.
    """
    if "generation" not in row:
        raise UnknownRowError("it has no generation")
    whole = row.get("_full_generation")
    text = whole if isinstance(whole, str) and whole else row["generation"]
    asked, question = row.get("messages"), find_question(row, context, QUESTIONS)
    messages = read_messages(asked)
    if row.get("error"):
        yield LeftOut.FAILED
    elif not isinstance(text, str) or row.get("tool_calls") or row.get("num_code_executions"):
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
