"""Find the question: one column, or a context and what is asked about it."""

from collections.abc import Sequence
from operator import eq
from pathlib import Path

from ..errors import InputError
from .columns import MOST, Column, find_named, has_words, measure_share, show_cell
from .names import INSTRUCTIONS, rank_name, split_name

ASKING = 0.5
"""Share of the texts of a question column that have a question mark."""

_FLAGS = "several columns are one question with --question A --question B, in this order"


def find_question(columns: Sequence[Column], path: Path) -> tuple[Column, str]:
    """Find the column that asks, with the reason.

    Raises:
        InputError: no column looks like a question, or several do.
    """
    texts = [column for column in columns if len(column.texts) >= MOST * len(column.cells)]
    by_name = _leave_out_others(find_named(texts, "question", lambda column: has_words(column, 2)))
    if by_name:
        return choose_only(by_name, "question", path), "by its name"
    asking = [column for column in texts if _is_asked(column)]
    if asking:
        return choose_only(asking, "question", path), "most of its texts ask something"
    prose = [column for column in texts if has_words(column, 3)]
    if len(prose) == 1:
        return prose[0], "the only column with texts of several words"
    names = ", ".join(column.name for column in columns)
    which = f"name it: {_list_flags(prose, 'question')}; " if prose else ""
    raise InputError(f"{path}: no column looks like a question", hint=f"{which}the columns are: {names}")


def _leave_out_others(columns: Sequence[Column]) -> list[Column]:
    """Leave out what else is named so, where a question is left: `problem_body`, and an instruction for all rows."""
    asking = [column for column in columns if rank_name(column.name, "context") is None or _is_asked(column)] or columns
    return [column for column in asking if not (column.is_constant and _is_instruction(column))] or list(asking)


def _is_instruction(column: Column) -> bool:
    return bool(INSTRUCTIONS & set(split_name(column.name)))


def _is_asked(column: Column) -> bool:
    """Whether many texts of a column have a question mark."""
    return measure_share(column.texts, lambda text: "?" in text or "？" in text) >= ASKING


def choose_only(columns: Sequence[Column], role: str, path: Path) -> Column:
    """Choose the only column; several with the same texts are one.

    Raises:
        InputError: there are several.
    """
    distinct = [column for index, column in enumerate(columns) if not _has_equal(column, columns[:index])]
    if len(distinct) == 1:
        return distinct[0]
    shown = "; ".join(f"{column.name}: {show_cell(column)}" for column in distinct)
    names = " and ".join(column.name for column in distinct)
    more = f"; {_FLAGS}" if role == "question" else ""
    raise InputError(
        f"{path}: the columns {names} all look like the {role} ({shown})",
        hint=f"choose with {_list_flags(distinct, role)}{more}",
        keys=(f"sources.0.fields.{role}",),
    )


def _has_equal(column: Column, others: Sequence[Column]) -> bool:
    """Whether another column has the same text in most rows."""
    own = [text or cell for text, cell in zip(column.spoken, column.cells, strict=True)]
    theirs = [[text or cell for text, cell in zip(other.spoken, other.cells, strict=True)] for other in others]
    return any(sum(map(eq, own, each)) >= MOST * len(own) for each in theirs)


def _list_flags(columns: Sequence[Column], role: str) -> str:
    return " or ".join(f"--{role} {_quote_word(column.name)}" for column in columns)


def _quote_word(name: str) -> str:
    return f"'{name}'" if " " in name else name


def add_contexts(question: Column, columns: Sequence[Column]) -> list[Column]:
    """Add the columns that the question is about: a story before it, or the input of an instruction behind it.

    Args:
        question: the column that asks.
        columns: the other columns that may be part of it.

    Returns:
        All parts of the question in order.
    """
    contexts = [
        column
        for column in columns
        if rank_name(column.name, "context") is not None
        and has_words(column, 3)
        and any(column.texts)
        and not column.has_replies
        and not _has_part(column, question)
    ]
    return [question, *contexts] if _is_instruction(question) else [*contexts, question]


def _has_part(column: Column, other: Column) -> bool:
    """Whether one of two columns has the text of the other within it in most rows."""
    pairs = [(left, right) for left, right in zip(column.spoken, other.spoken, strict=True) if left and right]
    return bool(pairs) and sum(left in right or right in left for left, right in pairs) >= MOST * len(pairs)
