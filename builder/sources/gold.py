"""Normalize gold answers and multiple-choice options from the forms in which tables store them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...schemas.problem import AnswerType
from ..cells import format_cell
from ..languages import list_readings
from ..text.options import LETTERS
from ..text.word_pairs import list_pair_words

_LETTER = re.compile(r"\(?([A-Za-z])[).:]?")
_LABEL = re.compile(r"\(?([A-Z])[).:]\s*(?=\S)")
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})

_OTHER_WORDS = frozenset(word for reading in list_readings() for word in (*reading.yes, *reading.no)) | {
    "correct",
    "incorrect",
}
"""Words for yes and no in other languages, which keep their word too."""


class UnreadableError(ValueError):
    """A cell does not hold a value of the expected form; the message quotes it."""


def read_options(value: Any) -> tuple[str, ...]:
    """Read the options of a multiple-choice question, in order.

    Args:
        value: a list, a mapping from letters to options, `{"text": [...]}`, or any of these as JSON text.

    Raises:
        UnreadableError: the value has another form, or too few or too many options.

    >>> read_options('["A) pear", "B) 7"]')
    ('pear', '7')
    """
    options = [format_cell(item) for item in _list_options(_parse_json(value) if isinstance(value, str) else value)]
    if not 2 <= len(options) <= len(LETTERS):
        raise UnreadableError(f"{len(options)} choices; there must be 2 to {len(LETTERS)}")
    texts = tuple(option for option in options if option is not None)
    if len(texts) < len(options):
        raise UnreadableError("one of the choices is empty")
    return _strip_labels(texts)


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"choices are no list: {text[:60]!r}") from error


def _list_options(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping) and isinstance(value.get("text"), list):
        return _list_options(value["text"])
    if isinstance(value, Mapping) and sorted(value) == list(LETTERS[: len(value)]):
        return [value[letter] for letter in LETTERS[: len(value)]]
    if isinstance(value, list):
        return [item["text"] if isinstance(item, Mapping) and "text" in item else item for item in value]
    raise UnreadableError(f"choices are no list: {str(value)[:60]!r}")


def _strip_labels(options: tuple[str, ...]) -> tuple[str, ...]:
    """Remove `A)`, `B)` where all options carry their own letter; `format_question` adds letters later."""
    labels = [_LABEL.match(option) for option in options]
    if not all(label and label[1] == letter for label, letter in zip(labels, LETTERS, strict=False)):
        return options
    return tuple(option[label.end() :] for option, label in zip(options, labels, strict=True) if label)


def read_gold(value: Any, answer_type: AnswerType, choices: Sequence[str]) -> str | None:
    """Normalize a gold answer; None where it can't be read as its type.

    Args:
        value: the cell, or the part of it that `answer_pattern` matched.
        answer_type: the type of the answer.
        choices: the options of a multiple-choice question.

    >>> read_gold("(b)", AnswerType.CHOICE, ["pear", "7"]), read_gold(0, AnswerType.CHOICE, ["pear", "7"])
    ('B', 'A')
    """
    return _READERS[answer_type](value, choices)


def _read_text(value: Any, _choices: Sequence[str]) -> str | None:
    return format_cell(value)


def _read_letter(value: Any, choices: Sequence[str]) -> str | None:
    """Find the option that a gold names by letter, text, or index from 0. An ambiguous gold gives None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return LETTERS[value] if 0 <= value < len(choices) else None
    text = format_cell(value) or ""
    letters = {
        LETTERS[index] for index, choice in enumerate(choices) if _normalize_option(choice) == _normalize_option(text)
    }
    match = _LETTER.fullmatch(text)
    if match and match[1].upper() in LETTERS[: len(choices) or None]:
        letters.add(match[1].upper())
    return letters.pop() if len(letters) == 1 else None


def _normalize_option(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _read_boolean(value: Any, _choices: Sequence[str]) -> str | None:
    """Read yes or no, or a word of another pair, which keeps its own word: invalid."""
    word = (format_cell(value) or "").casefold().rstrip(".。")
    own = word if word in list_pair_words() or word in _OTHER_WORDS else None
    return "yes" if word in _TRUE else "no" if word in _FALSE else own


_READERS: Mapping[AnswerType, Callable[[Any, Sequence[str]], str | None]] = {
    AnswerType.NUMBER: _read_text,
    AnswerType.DATE: _read_text,
    AnswerType.TIME: _read_text,
    AnswerType.LIST: _read_text,
    AnswerType.SET: _read_text,
    AnswerType.RATIO: _read_text,
    AnswerType.EXPRESSION: _read_text,
    AnswerType.TEXT: _read_text,
    AnswerType.REASONING_GYM: _read_text,
    AnswerType.MODEL_GRADED: _read_text,
    AnswerType.EXTERNAL: _read_text,
    AnswerType.CHOICE: _read_letter,
    AnswerType.BOOLEAN: _read_boolean,
}
"""The reader for each answer type. `load_problems` checks all but choices and texts with the verifier."""

GOLD_FAULTS: Mapping[AnswerType, str] = {
    AnswerType.NUMBER: "not a number",
    AnswerType.DATE: "not a date",
    AnswerType.TIME: "not a time",
    AnswerType.LIST: "not a list",
    AnswerType.SET: "not a set",
    AnswerType.RATIO: "not a ratio",
    AnswerType.EXPRESSION: "not an expression",
    AnswerType.TEXT: "not a text",
    AnswerType.REASONING_GYM: "not a text",
    AnswerType.MODEL_GRADED: "not a text",
    AnswerType.EXTERNAL: "not a text",
    AnswerType.CHOICE: "not the letter, the text or the position of one option",
    AnswerType.BOOLEAN: "neither yes nor no",
}
"""The fault of an unreadable gold answer, by type. Stored in `detail`: never change the texts."""
