"""Gold answers and options as the tables of the world write them, brought to one form."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cotloom.builder.files import as_text
from cotloom.builder.text.options import LETTERS
from cotloom.schemas.problem import AnswerType

_LETTER = re.compile(r"\(?([A-Za-z])[).:]?")
_LABEL = re.compile(r"\(?([A-Z])[).:]\s*(?=\S)")
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


class UnreadableError(ValueError):
    """A cell does not hold what its field is for; the message says what it holds."""


def read_options(value: Any) -> tuple[str, ...]:
    """Read the options of a multiple-choice question, in order.

    Args:
        value: a list, a mapping from letters to options, `{"text": [...]}`, or any of these as JSON text.

    Raises:
        UnreadableError: it is none of these, or holds too few or too many.

    >>> read_options('["A) pear", "B) 7"]')
    ('pear', '7')
    """
    options = [as_text(item) for item in _listed(_parsed(value) if isinstance(value, str) else value)]
    if not 2 <= len(options) <= len(LETTERS):
        raise UnreadableError(f"{len(options)} choices; there must be 2 to {len(LETTERS)}")
    texts = tuple(option for option in options if option is not None)
    if len(texts) < len(options):
        raise UnreadableError("one of the choices is empty")
    return _without_labels(texts)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"choices are no list: {text[:60]!r}") from error


def _listed(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping) and isinstance(value.get("text"), list):
        return _listed(value["text"])
    if isinstance(value, Mapping) and sorted(value) == list(LETTERS[: len(value)]):
        return [value[letter] for letter in LETTERS[: len(value)]]
    if isinstance(value, list):
        return [item["text"] if isinstance(item, Mapping) and "text" in item else item for item in value]
    raise UnreadableError(f"choices are no list: {str(value)[:60]!r}")


def _without_labels(options: tuple[str, ...]) -> tuple[str, ...]:
    """Take `A)`, `B)` off options that all bear their own letter: questions are lettered when they are asked."""
    labels = [_LABEL.match(option) for option in options]
    if not all(label and label[1] == letter for label, letter in zip(labels, LETTERS, strict=False)):
        return options
    return tuple(option[label.end() :] for option, label in zip(options, labels, strict=True) if label)


def read_gold(value: Any, answer_type: AnswerType, choices: Sequence[str]) -> str | None:
    """Bring a gold answer to the form in which it is stored; None where it can't be read as its type.

    Args:
        value: the cell, or the part of it that a pattern took out.
        answer_type: what kind of thing it is.
        choices: the options, for choices.

    >>> read_gold("(b)", AnswerType.CHOICE, ["pear", "7"]), read_gold(0, AnswerType.CHOICE, ["pear", "7"])
    ('B', 'A')
    """
    return _READ[answer_type](value, choices)


def _as_it_is(value: Any, _choices: Sequence[str]) -> str | None:
    return as_text(value)


def _letter(value: Any, choices: Sequence[str]) -> str | None:
    """The letter of the option that a gold names by letter, text, or place from 0. Two meanings are none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return LETTERS[value] if 0 <= value < len(choices) else None
    text = as_text(value) or ""
    found = {LETTERS[place] for place, choice in enumerate(choices) if _plain(choice) == _plain(text)}
    named = _LETTER.fullmatch(text)
    if named and named[1].upper() in LETTERS[: len(choices) or None]:
        found.add(named[1].upper())
    return found.pop() if len(found) == 1 else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _yes_or_no(value: Any, _choices: Sequence[str]) -> str | None:
    word = (as_text(value) or "").casefold().rstrip(".")
    return "yes" if word in _TRUE else "no" if word in _FALSE else None


_READ: Mapping[AnswerType, Callable[[Any, Sequence[str]], str | None]] = {
    AnswerType.NUMBER: _as_it_is,
    AnswerType.TEXT: _as_it_is,
    AnswerType.CHOICE: _letter,
    AnswerType.BOOLEAN: _yes_or_no,
}
"""How gold answers of each type are read. Numbers are held against the verifier's reading later on."""

WANTED: Mapping[AnswerType, str] = {
    AnswerType.NUMBER: "not a number",
    AnswerType.TEXT: "not a text",
    AnswerType.CHOICE: "not the letter, the text or the position of one option",
    AnswerType.BOOLEAN: "neither yes nor no",
}
"""What is wrong with a gold answer that can't be read."""
