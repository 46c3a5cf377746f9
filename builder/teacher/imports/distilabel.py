"""distilabel: the cache of a pipeline, or a dataset that it made; a row has the raw input and output of each task.

The cache has batches as JSON and the output of the last steps as Parquet; a saved dataset is Arrow or Parquet. Grouped
generations are lists. Before release 1.3 rows have no raw input; rows without metadata have the generation alone. The
sampling parameters are not in the rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

from ...errors import InputError
from .records import (
    ForeignResponse,
    LeftOut,
    RowContext,
    find_question,
    make_completion,
    parse_nested,
    read_messages,
)

PATTERNS = ("batch_[0-9]*.json", "*.parquet", "*.arrow", "*.jsonl")
QUESTIONS = ("instruction", "prompt", "question", "problem")
_INPUT, _OUTPUT = "raw_input_", "raw_output_"


def read_row(row: Mapping[str, Any], context: RowContext) -> Iterator[ForeignResponse | LeftOut]:
    """Read a row.

    Raises:
        InputError: it has answers of several steps, and the user names none.
    """
    metadata, model = parse_nested(row.get("distilabel_metadata")), row.get("model_name")
    question = find_question(row, context, QUESTIONS)
    parts = [part for part in _as_list(metadata) if isinstance(part, Mapping)]
    found = False
    for part, writer in zip(parts, model if isinstance(model, list) else repeat(model), strict=False):
        steps = [name.removeprefix(_OUTPUT) for name in part if name.startswith(_OUTPUT)]
        for step in _select_steps(steps, context):
            found = True
            # the name in the row is that of the last step that was run
            named = writer if len(steps) == 1 else None
            yield from _read_step(part, step, question, named, is_alone=len(parts) == 1 and not context.has_sibling)
    if not found:
        yield from _read_plain(row, question, None if context.step else model)


def is_sibling(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rows may be generations of one response: they have the same input."""
    inputs = [_list_inputs(parse_nested(each.get("distilabel_metadata"))) for each in (row, other)]
    return inputs[0] != [] and inputs[0] == inputs[1]


def _list_inputs(metadata: Any) -> list[Any]:
    named = metadata if isinstance(metadata, Mapping) else {}
    return [named[name] for name in sorted(named) if name.startswith(_INPUT) and named[name]]


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _select_steps(steps: Sequence[str], context: RowContext) -> Sequence[str]:
    if context.step is not None:
        return [step for step in steps if step == context.step]
    if len(steps) > 1:
        raise InputError(
            f"{context.file} holds answers of several steps: {', '.join(sorted(steps))}",
            hint=f"say whose answers they are: --step {min(steps)}",
        )
    return steps


def _read_step(
    part: Mapping[str, Any], step: str, question: str | None, model: Any, *, is_alone: bool
) -> Iterator[ForeignResponse | LeftOut]:
    """Read the answers of a step. Tokens of several answers together are those of none."""
    asked, counts = part.get(f"{_INPUT}{step}"), part.get(f"statistics_{step}")
    messages = read_messages(asked)
    if asked and messages is None:
        yield LeftOut.NOT_TEXT
        return
    texts = _as_list(part[f"{_OUTPUT}{step}"])
    tokens = counts if isinstance(counts, Mapping) and is_alone and len(texts) == 1 else {}
    for text in texts:
        yield _make_response(text, messages, question, model, tokens)


def _read_plain(row: Mapping[str, Any], question: str | None, model: Any) -> Iterator[ForeignResponse | LeftOut]:
    """Read a row without metadata: its answers stand alone."""
    texts = parse_nested(row.get("generation", row.get("generations")))
    if question is None or texts is None:
        yield LeftOut.NO_ANSWER
        return
    for text, writer in zip(_as_list(texts), model if isinstance(model, list) else repeat(model), strict=False):
        yield _make_response(text, None, question, writer, {})


def _make_response(
    text: Any, messages: Any, question: str | None, model: Any, tokens: Mapping[str, Any]
) -> ForeignResponse | LeftOut:
    if not isinstance(text, str):
        return LeftOut.FAILED if text is None else LeftOut.NOT_TEXT
    return ForeignResponse(
        completion=make_completion(
            text, prompt_tokens=tokens.get("input_tokens"), completion_tokens=tokens.get("output_tokens")
        ),
        messages=messages,
        question=question,
        model=model if isinstance(model, str) and model else None,
    )
