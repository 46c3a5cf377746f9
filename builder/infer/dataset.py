"""Infer which columns of anybody's dataset hold what an audit looks at: responses, reasoning and labels, too."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ...schemas.problem import AnswerType
from ..audit.dataset import DatasetColumns, Inference, ResponseColumn
from ..errors import InputError
from ..files import read_rows
from . import SAMPLED, ChosenColumns, Inferred, WithoutAnswer, infer_columns
from .answer import LONG
from .columns import MOST, Column, collect_columns, find_named, has_words
from .names import Certainty, rank_name, split_name

_SOLUTIONS = frozenset("solution solutions explanation rationale cot derivation attempt 解答 解析 解题过程".split())
_THOUGHTS = frozenset(
    "reasoning reasoning_content thinking thought thoughts trace traces think chain_of_thought thinking_trajectories"
    " 思考 推理".split()
)
_LABELS = frozenset(
    "correct is_correct correctness right is_right verified is_verified label reward passed 正确".split()
)
_FINISHES = frozenset("finish_reason finish_reasons stop_reason stop_reasons".split())
_WORDS = 5
"""Words of the shortest texts that are responses by the name of their column."""

CHOSEN = Inference(confidence="chosen", why="as --fields says")


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetChoice:
    """The columns that the user has named; the others are inferred."""

    question: tuple[str, ...] = ()
    """The columns of the question, in order."""
    answer: str | None = None
    """The column with the gold answer."""
    choices: str | None = None
    """The column with the options."""
    responses: tuple[str, ...] = ()
    """The columns with responses."""
    reasoning: str | None = None
    """The column with their reasoning."""
    label: str | None = None
    """The column that says whether they are correct."""
    finish: str | None = None
    """The column that says why each ended."""
    answer_type: AnswerType | None = None
    """How answers are compared."""
    answer_pattern: str | None = None
    """What takes the gold answer out of its column."""
    names: frozenset[str] = field(default_factory=frozenset)
    """The names that `--fields` has for what was given."""


def infer_dataset(path: Path, choice: DatasetChoice) -> DatasetColumns:
    """Infer the columns of a dataset from the first rows of a file.

    Args:
        path: the file.
        choice: columns that need not be inferred.

    Raises:
        InputError: it can't be read, is empty, has no chosen column, or no column looks like a question, or several do.
    """
    chosen = ChosenColumns(question=choice.question, answer=choice.answer)
    inferred = infer_columns(path, chosen, without_answer=WithoutAnswer.ALLOW)
    values = [row.values for row in islice(read_rows(path), SAMPLED) if row.values is not None]
    columns = collect_columns(values)
    _check_columns(path, columns, choice)
    answer = next((column for column in columns if column.name == inferred.answer), None)
    beside = [column for column in columns if column is not answer]
    found = [_make_response(name, beside, choice) for name in choice.responses] or list(
        _find_responses(columns, inferred, answer)
    )
    return DatasetColumns(
        question=(inferred.question,) if isinstance(inferred.question, str) else inferred.question,
        answer=inferred.answer,
        choices=choice.choices or inferred.choices,
        responses=tuple(_apply_choice(found, choice)),
        answer_type=choice.answer_type or inferred.answer_type,
        answer_pattern=choice.answer_pattern or inferred.answer_pattern,
        why=_explain(inferred, found, choice),
    )


def _check_columns(path: Path, columns: Sequence[Column], choice: DatasetChoice) -> None:
    """Check that the columns that only an audit reads are there."""
    known = {column.name for column in columns}
    named = [*choice.responses, *filter(None, (choice.reasoning, choice.label, choice.finish))]
    missing = next((name for name in named if name not in known), None)
    if missing is not None:
        raise InputError(f"{path}: there is no column {missing}", hint=f"the columns are: {', '.join(sorted(known))}")


def _find_responses(columns: Sequence[Column], inferred: Inferred, answer: Column | None) -> Iterator[ResponseColumn]:
    """Find all columns with responses: by their names, and solutions that the gold answer is read from."""
    question = {inferred.question} if isinstance(inferred.question, str) else set(inferred.question)
    left = [column for column in columns if column.name not in question and column is not answer]
    named = find_named(left, "responses", lambda column: has_words(column, 1) or column.has_replies)
    names = dict.fromkeys([*inferred.responses, *(column.name for column in named)])
    names |= dict.fromkeys(
        column.name for column in left if _is_named(column, _SOLUTIONS) and has_words(column, _WORDS)
    )
    talks = [column.name for column in columns if column.has_replies]
    thoughts = [column.name for column in left if _is_named(column, _THOUGHTS)]
    for name in names or talks[:1] or thoughts[:1]:
        yield _make_response(name, [column for column in columns if column is not answer], DatasetChoice())
    if answer is not None and answer.name not in names and has_words(answer, LONG // 2):
        yield ResponseColumn(column=answer.name, is_solution=True)


def _make_response(name: str, columns: Sequence[Column], choice: DatasetChoice) -> ResponseColumn:
    """Find what stands beside a column of responses: under the same key, or for all of a row."""
    prefix = name.rpartition(".")[0]
    beside = [column for column in columns if column.name != name and column.name.rpartition(".")[0] in {prefix, ""}]
    beside.sort(key=lambda column: column.name.rpartition(".")[0] != prefix)

    def find(names: Collection[str], fits: Any) -> str | None:
        return next((column.name for column in beside if _is_named(column, names) and fits(column)), None)

    return ResponseColumn(
        column=name,
        reasoning=choice.reasoning or find(_THOUGHTS, _has_text),
        label=choice.label or find(_LABELS, _has_flags),
        finish=choice.finish or find(_FINISHES, _has_text),
    )


def _apply_choice(found: Sequence[ResponseColumn], choice: DatasetChoice) -> Iterator[ResponseColumn]:
    """Give the columns that the user has named to responses that were found."""
    for each in found:
        yield ResponseColumn(
            column=each.column,
            reasoning=choice.reasoning or each.reasoning,
            label=choice.label or each.label,
            finish=choice.finish or each.finish,
            is_solution=each.is_solution,
        )


def _is_named(column: Column, names: Collection[str]) -> bool:
    words = split_name(column.name)
    return not set(names).isdisjoint({words[0], *words})


def _has_text(column: Column) -> bool:
    cells = [item for cell in column.cells for item in (cell if isinstance(cell, list) else [cell])]
    filled = [cell for cell in cells if cell is not None]
    return bool(filled) and sum(isinstance(cell, str) for cell in filled) >= MOST * len(filled)


def _has_flags(column: Column) -> bool:
    """Whether all cells are true or false, 1 or 0, or lists of these."""
    cells = [item for cell in column.cells for item in (cell if isinstance(cell, list) else [cell])]
    filled = [cell for cell in cells if cell is not None]
    return bool(filled) and all(isinstance(cell, bool | int | float) and cell in {0, 1} for cell in filled)


def _explain(inferred: Inferred, found: Sequence[ResponseColumn], choice: DatasetChoice) -> Mapping[str, Inference]:
    """Explain each column: as chosen, or the reason with the confidence that its name and its cells give."""
    question = inferred.question if isinstance(inferred.question, str) else inferred.question[-1]
    why = {
        "question": _rate(inferred.why["question"], question, "question"),
        "answer": _rate(inferred.why.get("answer", ""), inferred.answer or "", "answer"),
        "choices": _rate(inferred.why.get("choices", ""), inferred.choices or "", "choices"),
        "type": Inference(confidence="likely", why=inferred.why.get("answer_type", "")),
        "pattern": Inference(confidence="likely", why=inferred.why.get("answer_pattern", "")),
        "reasoning": Inference(confidence="likely", why="by its name"),
        "label": Inference(confidence="likely", why="by its name, and its cells are true or false"),
        "finish": Inference(confidence="sure", why="by its name"),
    }
    if found:
        first = found[0]
        reason = "the solution that the gold answer is read from" if first.is_solution else "by its name"
        if first.column in inferred.responses or first.column in question:
            reason = inferred.why.get("responses", "the turns of the assistant")
        why["response"] = _rate(reason, first.column, "responses")
    return {**why, **dict.fromkeys(choice.names, CHOSEN)}


def _rate(why: str, name: str, role: str) -> Inference:
    """Rate how sure a reason is."""
    rank = rank_name(name, role)
    if why.endswith("by its name") or "by its name, with" in why:
        is_clear = rank is not None and rank[0] <= Certainty.CLEAR_PART
        return Inference(confidence="sure" if is_clear else "likely", why=why)
    is_guess = why.startswith(("its cells", "the only", "its texts"))
    return Inference(confidence="guess" if is_guess else "likely", why=why)
