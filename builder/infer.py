"""Infer the columns of a table of problems from its first rows: by their names, and by their cells."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ..schemas.problem import AnswerType
from .cells import format_cell, list_columns, read_cell
from .errors import InputError
from .files import read_rows
from .patterns import find_last_match
from .sources.gold import UnreadableError, read_gold, read_options
from .text.options import LETTERS
from .verify import is_readable

SAMPLED = 200
"""How many rows are read."""

MOST = 0.9
"""Share of the rows that must satisfy a condition; a file may have a few bad rows."""

_NAMES: Mapping[str, Sequence[str]] = {
    "question": "question problem prompt instruction query q stem input text body ask task".split(),
    "answer": "answer gold target final_answer correct_answer ground_truth answerkey answer_key label solution correct "
    "expected a reference output result".split(),
    "choices": "choices options candidates alternatives endings answers".split(),
    "responses": "responses response completions completion outputs output generations generation reply".split(),
}
"""Usual names of columns, the most likely first; nested ones by their last part."""

_PATTERNS: Mapping[str, str] = {
    r"####\s*(.+)": "`####` stands before the final answer",
    r"\\boxed\{([^{}]+)\}": "the final answer stands in `\\boxed{}`",
    r"(?i:the (?:final )?answer is:?)\s*(.+?)\.?\s*$": "`the answer is` stands before the final answer",
}
"""Marks of the final answer in a solution, each with the reason that is given for it."""

_OPTION = re.compile(r"(.*?)([A-Ha-h0-8])")

LONG = 12
"""From so many words on, a text is a solution or a response, no gold answer."""

MANY = 0.5
"""Share of the texts of a question column that have a question mark."""

FEWEST = 3
"""The fewest columns that form a series of options."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inferred:
    """The columns that were inferred from a file."""

    path: Path
    """The file."""
    question: str
    """The column with the question."""
    role: str = "sample"
    """`sample`; or `reference`, where there are finished responses and no gold answer."""
    answer: str | None = None
    """The column with the gold answer."""
    choices: str | None = None
    """The column with the options, or a template that makes a list of several columns."""
    responses: tuple[str, ...] = ()
    """Columns with finished responses."""
    answer_type: AnswerType = AnswerType.TEXT
    """How answers are compared."""
    answer_pattern: str | None = None
    """Regular expression that extracts the final answer from a solution."""
    why: dict[str, str] = field(default_factory=dict)
    """The reason for each of these, by name."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column with its cells."""

    name: str
    cells: Sequence[Any]

    @property
    def texts(self) -> list[str]:
        return [cell for cell in self.cells if isinstance(cell, str) and cell.strip()]


def infer_columns(path: Path) -> Inferred:
    """Infer from a file's first rows which columns hold question, answer, options and responses.

    Raises:
        InputError: it can't be read, is empty, or no column looks like a question.
    """
    rows = [row.values for row in islice(read_rows(path), SAMPLED) if row.values is not None]
    if not rows:
        raise InputError(f"{path}: no row can be read", hint="a table has one object for each row, or a header")
    columns = _collect_columns(rows)
    question, why_question = _find_question(columns, path)
    left = [column for column in columns if column.name != question.name]
    choices, why_choices, parts = _find_choices(left)
    left = [column for column in left if column.name not in parts]
    why = {"question": why_question, "choices": why_choices}
    responses = _find_named(left, "responses", lambda column: _has_words(column, 3))
    options = list(_read_option_lists(rows, choices)) if choices else []
    answer, why["answer"] = _find_answer([column for column in left if column is not responses], options)
    pattern = _find_pattern(answer) if answer else None
    if answer and (pattern or not _has_words(answer, LONG)):
        kind, why["answer_type"] = _infer_type(answer, pattern, options)
        why["answer_pattern"] = _PATTERNS.get(pattern or "", "")
        return Inferred(
            path=path,
            question=question.name,
            answer=answer.name,
            choices=choices,
            answer_type=kind,
            answer_pattern=pattern,
            why=why,
        )
    responses_column = responses or answer
    if responses_column is None:
        raise InputError(
            f"{path}: the question is in {question.name}, but no column looks like an answer",
            hint=f"the columns are: {', '.join(column.name for column in columns)}; start from cotloom init instead",
        )
    why["role"] = "no column with short gold answers: finished responses are deduplicated and formatted, not sampled"
    why["responses"] = "by its name" if responses else "its texts are long, and mark no final answer"
    return Inferred(
        path=path,
        role="reference",
        question=question.name,
        choices=choices,
        responses=(responses_column.name,),
        why=why,
    )


def _collect_columns(rows: Sequence[Mapping[str, Any]]) -> list[_Column]:
    names = dict.fromkeys(name for row in rows for name in list_columns(row))
    return [_Column(name, [_get_cell(row, name) for row in rows]) for name in names]


def _get_cell(row: Mapping[str, Any], name: str) -> Any:
    """Read a cell; None where it is missing, or has no text (NaN)."""
    try:
        cell = read_cell(row, name)
        format_cell(cell)
    except KeyError:
        return None
    return cell


def _split_name(name: str) -> list[str]:
    """Split a column's name into words, its last part first."""
    parts = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().split(".")
    return [word for part in reversed(parts) for word in [part, *re.split(r"[^a-z0-9]+", part)]]


def _find_named(columns: Sequence[_Column], role: str, fits: Callable[[_Column], bool]) -> _Column | None:
    """Find the column with the most likely name for a role, among those that fit."""
    ranked = [
        (_NAMES[role].index(word), index)
        for index, column in enumerate(columns)
        for word in _split_name(column.name)
        if word in _NAMES[role] and fits(column)
    ]
    return columns[min(ranked)[1]] if ranked else None


def _measure_share(cells: Sequence[Any], holds: Callable[[Any], bool]) -> float:
    filled = [item for item in cells if item is not None and item != ""]
    return sum(map(holds, filled)) / len(filled) if filled else 0.0


def _has_words(column: _Column, least: int) -> bool:
    """Whether most cells are texts, or lists of texts, of so many words."""
    lists = [item for item in column.cells if isinstance(item, list)]
    texts = [item for each in lists for item in each if isinstance(item, str)] or column.texts
    return _measure_share(texts, lambda text: len(text.split()) >= least) >= MOST


def _find_question(columns: Sequence[_Column], path: Path) -> tuple[_Column, str]:
    texts = [column for column in columns if len(column.texts) >= MOST * len(column.cells)]
    by_name = _find_named(texts, "question", lambda column: _has_words(column, 2))
    if by_name:
        return by_name, "by its name"
    asking = {column.name: _measure_share(column.texts, lambda text: "?" in text or "？" in text) for column in texts}
    most = max(texts, key=lambda column: asking[column.name], default=None)
    if most and asking[most.name] >= MANY:
        return most, "most of its texts ask something"
    prose = [column for column in texts if _has_words(column, 3)]
    if len(prose) == 1:
        return prose[0], "the only column with texts of several words"
    names = ", ".join(column.name for column in columns)
    raise InputError(f"{path}: no column looks like a question", hint=f"the columns are: {names}")


def _find_choices(columns: Sequence[_Column]) -> tuple[str | None, str, set[str]]:
    """Find the options: one column with lists, or a series of columns (A, B, ...; option_1, ...) as a template.

    Returns:
        The column or template, the reason, and the names of the columns in it.
    """
    listed = [column for column in columns if _measure_share(column.cells, _is_options) >= MOST]
    named = _find_named(listed, "choices", lambda _column: True)
    if named or listed:
        return (
            (named or listed[0]).name,
            "by its name" if named else "its cells are lists",
            {each.name for each in listed},
        )
    series: dict[str, dict[str, str]] = {}
    for column in columns:
        match = _OPTION.fullmatch(column.name)
        if match and all(part.isidentifier() for part in column.name.split(".")):
            series.setdefault(match[1], {})[match[2].lower()] = column.name
    several = max(series.values(), key=len, default={})
    if len(several) < FEWEST or not any(
        run.startswith("".join(several)) for run in ("abcdefgh", "12345678", "01234567")
    ):
        return None, "", set()
    template = "[" + ", ".join(f"{{{{ {name}|tojson }}}}" for name in several.values()) + "]"
    return template, f"one option in each of {', '.join(several.values())}", set(several.values())


def _is_options(value: Any) -> bool:
    try:
        options = read_options(value)
    except UnreadableError:
        return False
    return options != tuple(LETTERS[: len(options)])


def _read_option_lists(rows: Sequence[Mapping[str, Any]], choices: str) -> Iterator[tuple[str, ...]]:
    for row in rows:
        try:
            yield read_options(_get_cell(row, choices))
        except UnreadableError:
            yield ()


def _find_answer(columns: Sequence[_Column], options: Sequence[tuple[str, ...]]) -> tuple[_Column | None, str]:
    plain = [
        column for column in columns if _measure_share(column.cells, lambda item: not isinstance(item, list)) >= MOST
    ]
    by_name = _find_named(plain, "answer", lambda _column: True)
    if by_name:
        return by_name, "by its name"
    for column in plain:
        pattern = _find_pattern(column)
        if pattern:
            return column, _PATTERNS[pattern]
    short = [
        column
        for column in plain
        if _infer_type(column, None, options)[0] is not AnswerType.TEXT and not _is_count(column)
    ]
    return (short[-1], "its cells look like answers") if short else (None, "")


def _is_count(column: _Column) -> bool:
    """Whether a column only numbers the rows."""
    return [str(item) for item in column.cells] in (
        [str(index + start) for index in range(len(column.cells))] for start in (0, 1)
    )


def _find_pattern(column: _Column) -> str | None:
    for pattern in _PATTERNS:
        marked = sum(find_last_match(pattern, text) is not None for text in column.texts)
        if column.texts and marked >= MOST * len(column.texts):
            return pattern
    return None


def _infer_type(answer: _Column, pattern: str | None, options: Sequence[tuple[str, ...]]) -> tuple[AnswerType, str]:
    """Infer the type of the answers, with the reason."""
    golds = [_extract_gold(item, pattern) for item in answer.cells]
    none: list[tuple[str, ...]] = [()] * len(golds)
    texts = {format_cell(item) for item in golds} - {None}
    if options and _has_answer_type(golds, options, AnswerType.CHOICE):
        return AnswerType.CHOICE, "the answers name options"
    if texts - {"0", "1"} and _has_answer_type(golds, none, AnswerType.BOOLEAN):
        return AnswerType.BOOLEAN, "the answers are yes and no, or true and false"
    if _measure_share(golds, lambda item: is_readable(format_cell(item) or "", AnswerType.NUMBER)) >= MOST:
        return AnswerType.NUMBER, "the answers are numbers"
    if len(texts) > 1 and _has_answer_type(golds, none, AnswerType.CHOICE):
        return AnswerType.CHOICE, "the answers are letters, of options that stand in the question"
    return AnswerType.TEXT, "the answers are neither numbers, nor options, nor yes and no"


def _extract_gold(value: Any, pattern: str | None) -> Any:
    match = find_last_match(pattern, value) if pattern and isinstance(value, str) else None
    return value[slice(*match[1])] if match and match[1] and isinstance(value, str) else value


def _has_answer_type(golds: Sequence[Any], options: Sequence[tuple[str, ...]], kind: AnswerType) -> bool:
    pairs = [pair for pair in zip(golds, options, strict=True) if pair[0] is not None]
    return bool(pairs) and sum(read_gold(gold, kind, given) is not None for gold, given in pairs) >= MOST * len(pairs)
