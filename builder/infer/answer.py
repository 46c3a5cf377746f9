"""Find the gold answer, how it is marked in a solution, and of which type it is."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...schemas.problem import AnswerType
from ..cells import format_cell
from ..patterns import find_last_match
from ..sources.gold import read_gold
from ..text.word_pairs import list_pair_words
from ..verify import is_readable
from .columns import MOST, Column, find_named, has_words, measure_share
from .names import IDS, split_name
from .question import choose_only

PATTERNS: Mapping[str, str] = {
    r"####\s*(.+)": "`####` stands before the final answer",
    r"(?:^|\n)A:[ \t]*(.+?)\s*$": "`A:` stands before the final answer",
    r"\\boxed\{([^{}]+)\}": "the final answer stands in `\\boxed{}`",
    r"(?i:the (?:final )?answer is:?)\s*(.+?)\.?\s*$": "`the answer is` stands before the final answer",
    r"答案\s*(?:是|为|為|：|:)\s*[:：]?\s*(.+?)[。.]?\s*$": "`答案` stands before the final answer",
    r"答\s*[：:]\s*(.+?)[。.]?\s*$": "`答：` stands before the final answer",
}
"""Marks of the final answer in a solution, each with the reason that is given for it."""

LONG = 12
"""From so many words on, a text is a solution or a response, no gold answer."""

_RARELY_GOLD = frozenset({AnswerType.TEXT, AnswerType.DATE, AnswerType.TIME})
"""Types of columns that are no gold answers by their looks alone: names, and when a row was made."""

Options = Sequence[tuple[str, ...]]
"""The options of each row."""


def find_answer(columns: Sequence[Column], options: Options, path: Path) -> tuple[Column | None, str]:
    """Find the column with the gold answer, and the reason; None where there is none.

    Raises:
        InputError: several columns look like it, and say different things.
    """
    plain = [column for column in columns if measure_share(column.cells, _is_plain) >= MOST]
    by_name = find_named(plain, "answer", lambda column: any(cell is not None for cell in column.cells))
    gold = [column for column in by_name if is_gold(column)]
    if by_name:
        return _choose_answer(gold or by_name, options, path), "by its name"
    for column in plain:
        pattern = find_pattern(column)
        if pattern:
            return column, PATTERNS[pattern]
    short = [
        column
        for column in plain
        if infer_type(column, None, options)[0] not in _RARELY_GOLD and not _is_count(column)
        if not IDS & set(split_name(column.name))
    ]
    return (short[-1], "its cells look like answers") if short else (None, "")


def _is_plain(cell: Any) -> bool:
    return not isinstance(cell, list | Mapping)


def is_gold(column: Column) -> bool:
    """Whether the cells of a column are short, or mark a final answer."""
    return find_pattern(column) is not None or not has_words(column, LONG)


def _choose_answer(columns: Sequence[Column], options: Options, path: Path) -> Column:
    """Choose the only column, where those that give the same answers are one."""
    first, *others = columns
    golds = _read_golds(first, options)
    different = [column for column in others if not _has_same(golds, _read_golds(column, options))]
    return choose_only([first, *different], "answer", path)


def _read_golds(column: Column, options: Options) -> list[str | None]:
    """Read the answer of each cell: the letter of an option where there are options."""
    pattern = find_pattern(column)
    golds = [_extract_gold(cell, pattern) for cell in column.cells]
    given = options or [()] * len(golds)
    letters = [read_gold(gold, AnswerType.CHOICE, own) if own else None for gold, own in zip(golds, given, strict=True)]
    return [letter or format_cell(gold) for letter, gold in zip(letters, golds, strict=True)]


def _has_same(left: Sequence[str | None], right: Sequence[str | None]) -> bool:
    pairs = [pair for pair in zip(left, right, strict=True) if None not in pair]
    return bool(pairs) and sum(one == other for one, other in pairs) >= MOST * len(pairs)


def _is_count(column: Column) -> bool:
    """Whether a column only numbers the rows."""
    return [str(item) for item in column.cells] in (
        [str(index + start) for index in range(len(column.cells))] for start in (0, 1)
    )


def find_pattern(column: Column) -> str | None:
    """Find the mark of the final answer in the texts of a column."""
    for pattern in PATTERNS:
        marked = sum(find_last_match(pattern, text) is not None for text in column.texts)
        if column.texts and marked >= MOST * len(column.texts):
            return pattern
    return None


def infer_type(answer: Column, pattern: str | None, options: Options) -> tuple[AnswerType, str]:
    """Infer the type of the answers, with the reason."""
    golds = [_extract_gold(item, pattern) for item in answer.cells]
    none: list[tuple[str, ...]] = [()] * len(golds)
    texts = {format_cell(item) for item in golds} - {None}
    if options and _has_answer_type(golds, options, AnswerType.CHOICE):
        return AnswerType.CHOICE, "the answers name options"
    if texts - {"0", "1"} and _has_answer_type(golds, none, AnswerType.BOOLEAN):
        return AnswerType.BOOLEAN, _describe_pair(texts)
    for kind, why in _READABLE.items():
        if measure_share(golds, partial(_is_readable, kind=kind)) >= MOST:
            return kind, why
    if measure_share(golds, _is_formula) >= MOST:
        return AnswerType.EXPRESSION, "the answers are formulas, and numbers among them"
    if len(texts) > 1 and _has_answer_type(golds, none, AnswerType.CHOICE):
        return AnswerType.CHOICE, "the answers are letters, of options that stand in the question"
    return AnswerType.TEXT, "the answers are neither numbers, nor options, nor yes and no"


def infer_gold_type(gold: str, choices: Sequence[str] = ()) -> AnswerType:
    """Infer the type of one gold answer.

    >>> [infer_gold_type(gold).value for gold in ("18", "yes", "Paris")]
    ['number', 'boolean', 'text']
    """
    return infer_type(Column("answer", [gold]), None, [tuple(choices)])[0]


_READABLE: Mapping[AnswerType, str] = {
    AnswerType.NUMBER: "the answers are numbers",
    AnswerType.TIME: "the answers are times",
    AnswerType.RATIO: "the answers are ratios",
    AnswerType.DATE: "the answers are dates",
    AnswerType.SET: "the answers are sets, in braces",
    AnswerType.LIST: "the answers are lists, in brackets or of numbers",
}
"""The types whose answers are told by reading them, each with the reason that is given."""

_NUMBER = r"-?\d{1,30}(?:\.\d{1,30})?"
_LOOKS: Mapping[AnswerType, re.Pattern[str]] = {
    AnswerType.NUMBER: re.compile(r".+", re.DOTALL),
    AnswerType.TIME: re.compile(r".{0,10}(?:\d:[0-5]\d(?!\d).{0,10}|\d\s?[ap]\.?m\.?|\d?[点點].{0,8})", re.IGNORECASE),
    AnswerType.RATIO: re.compile(rf"\s*{_NUMBER}(?:\s?:\s?{_NUMBER}){{1,9}}\s*"),
    AnswerType.DATE: re.compile(r".{0,20}(?:\d[/.-]\d{1,2}[/.-]\d|[^\W\d_]{3}.{0,6}\d{4}|\d{4}\s?年|\d\s?月).{0,20}"),
    AnswerType.SET: re.compile(r"\s*\$?\\?\{[^{}]*\}\$?\s*"),
    AnswerType.LIST: re.compile(
        rf"\s*\[[^\[\]]*\]\s*|\s*{_NUMBER}(?:(?:,\s|;\s?){_NUMBER}){{1,200}}\s*|\s*{_NUMBER}(?:,{_NUMBER}){{2,200}}\s*"
    ),
}
"""How an answer of a type looks, besides that it can be read."""

_FORMULA = re.compile(
    r"\\[a-zA-Z]{2}|[a-zA-Z)\d]\s?[\^=]|[a-z]\s?[+*/<>-]|[\^_{}√π∞≤≥]|^\s*[\[(].*,.*[\])]\s*$", re.DOTALL
)


def _is_readable(item: Any, *, kind: AnswerType) -> bool:
    text = format_cell(item) or ""
    return _LOOKS[kind].fullmatch(text) is not None and is_readable(text, kind)


def _is_formula(item: Any) -> bool:
    text = format_cell(item) or ""
    has_content = any(map(str.isalnum, text)) or "∞" in text or "∅" in text  # brackets alone are no formula
    return (has_content and _FORMULA.search(text) is not None) or is_readable(text, AnswerType.NUMBER)


def _describe_pair(texts: Collection[str | None]) -> str:
    """Describe the two words of boolean answers."""
    words = sorted({(text or "").casefold().rstrip(".") for text in texts} & set(list_pair_words()))
    return f"the answers are {' and '.join(words)}" if words else "the answers are yes and no, or true and false"


def _extract_gold(value: Any, pattern: str | None) -> Any:
    match = find_last_match(pattern, value) if pattern and isinstance(value, str) else None
    return value[slice(*match[1])] if match and match[1] and isinstance(value, str) else value


def _has_answer_type(golds: Sequence[Any], options: Options, kind: AnswerType) -> bool:
    pairs = [pair for pair in zip(golds, options, strict=True) if pair[0] is not None]
    return bool(pairs) and sum(read_gold(gold, kind, given) is not None for gold, given in pairs) >= MOST * len(pairs)
