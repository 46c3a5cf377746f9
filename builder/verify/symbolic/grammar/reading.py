"""Read a whole answer: cut it into tokens, tell its letters apart, and parse it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..tree import Head, NotUnderstoodError, Tree
from .answers import AnswerParser
from .tokens import MAX_CHARACTERS, NAMES, Kind, MathToken, cut_tokens, write_spelling
from .words import WORDS

IsUnit = Callable[[str], object]

_BOXED = re.compile(r"\\boxed\s?\{(.{1,400})\}", re.DOTALL)
_SPACED = re.compile(r"[-−]?\d{1,3}(?: \d{3}){1,10}(?:\.\d{1,30})?")
"""A number with spaces between its thousands."""
_EMPHASIS = "*` \t\n"


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """An answer as it was read."""

    spelling: str
    """Its tokens in one spelling; empty where it is too long."""
    tree: Tree | None
    """What it is; None where it was not understood."""
    problem: str = ""
    """Why it was not understood, or why it may mean something else."""
    has_run: bool = False
    """Whether letters without a sign between them were read as a product: they may be a word."""


def read_symbolic(text: str, is_unit: IsUnit) -> ReadAnswer:
    """Read an answer. Those that were read are remembered: a gold answer has many answers beside it.

    Args:
        text: the answer alone, in LaTeX or plain characters.
        is_unit: says something of a word that is a unit of measurement, and nothing of others.
    """
    return _read_text(text.strip(_EMPHASIS)[: MAX_CHARACTERS + 1], is_unit)


@lru_cache(maxsize=4096)
def _read_text(text: str, is_unit: IsUnit) -> ReadAnswer:
    boxed = _BOXED.fullmatch(text.strip("$"))
    text = text.replace(" ", "") if _SPACED.fullmatch(text.strip("$")) else text
    try:
        pieces = cut_tokens(boxed[1] if boxed else text)
    except NotUnderstoodError as error:
        return ReadAnswer("", None, str(error))
    spelling = write_spelling(pieces)
    word = _read_words(pieces)
    if word is not None:
        return ReadAnswer(spelling, word)
    parser = AnswerParser(_split_letters(_trim_marks(pieces), is_unit))
    try:
        tree = parser.parse_answer()
    except (NotUnderstoodError, ZeroDivisionError) as error:
        return ReadAnswer(spelling, None, str(error))
    has_run = any(piece.kind is Kind.LETTERS and len(piece.text) > 1 and piece.text not in NAMES for piece in pieces)
    return ReadAnswer(spelling, tree, "; ".join(dict.fromkeys(parser.doubts)), has_run)


def _read_words(pieces: Sequence[MathToken]) -> Tree | None:
    """Read an answer that is only words."""
    kinds = {Kind.TEXT, Kind.LETTERS}
    words = [piece for piece in pieces if piece.kind in kinds]
    marks = {piece.text for piece in pieces if piece.kind not in kinds}
    text = " ".join(piece.text for piece in pieces).strip(" .").casefold()
    if not words or not marks <= {".", "'", "-", "!"}:
        return WORDS.get(text.replace(" ", ""))
    is_formula = pieces[0].kind is Kind.MARK or (marks - {"."} and max(len(piece.text) for piece in words) <= 3)
    is_known = len(words) == 1 and (words[0].text in NAMES or (words[0].kind is Kind.LETTERS and len(text) == 1))
    return None if is_formula or is_known else WORDS.get(text, Tree(Head.WORD, name=text.strip("()")))


def _trim_marks(pieces: Sequence[MathToken]) -> Sequence[MathToken]:
    """Remove a full stop at the end, and an equals sign at the beginning."""
    while pieces and pieces[-1].kind is Kind.MARK and pieces[-1].text in {".", ",", ";"}:
        pieces = pieces[:-1]
    return pieces[1:] if pieces and pieces[0].text == "=" else pieces


def _split_letters(pieces: Sequence[MathToken], is_unit: IsUnit) -> list[MathToken]:
    """Tell the letters of a product from functions, units and words."""
    split: list[MathToken] = []
    unit = _find_unit(pieces, is_unit)
    for index, piece in enumerate(pieces):
        if piece.kind is not Kind.LETTERS:
            split.append(piece)
        elif index >= unit and piece.text in {"min", "max"}:
            split.append(MathToken(Kind.TEXT, piece.text, piece.is_spaced))
        elif piece.text in NAMES or piece.text.lower() in {"or", "and", "sqrt", "infinity"}:
            split.append(MathToken(Kind.COMMAND, NAMES.get(piece.text, piece.text.lower()), piece.is_spaced))
        elif piece.text == "in" and index + 1 < len(pieces) and pieces[index + 1].text in {"[", "(", "{", "\\{"}:
            split.append(MathToken(Kind.COMMAND, "in", piece.is_spaced))
        elif len(piece.text) > 3 or _is_word_there(pieces, index) or index >= unit:
            split.append(MathToken(Kind.TEXT, piece.text, piece.is_spaced))
        else:
            split += [MathToken(Kind.LETTERS, letter, piece.is_spaced) for letter in piece.text]
    return split


def _is_word_there(pieces: Sequence[MathToken], index: int) -> bool:
    """Whether letters stand behind a number and a space, as a word does."""
    piece = pieces[index]
    return len(piece.text) > 1 and piece.is_spaced and index > 0 and pieces[index - 1].kind is Kind.NUMBER


def _find_unit(pieces: Sequence[MathToken], is_unit: IsUnit) -> int:
    """Find where the unit at the end begins: letters behind a number and a space, with slashes and powers."""
    start = len(pieces)
    for index in range(len(pieces) - 1, 0, -1):
        piece, before = pieces[index], pieces[index - 1]
        if piece.kind is Kind.LETTERS and is_unit(piece.text):
            is_behind = before.kind is Kind.NUMBER or before.text in {")", "}"}
            is_apart = piece.is_spaced or len(piece.text) > 1
            start = index if is_behind and is_apart else start
        elif piece.text not in {"/", "^", "{", "}", "2", "3"} and (
            before.text != "/" or piece.kind is not Kind.LETTERS
        ):
            break
    return start
