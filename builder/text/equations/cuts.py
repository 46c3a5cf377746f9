"""Decide whether what stands beside an expression may be an unread part of it.

What may stand there is listed; whatever else does makes a false equation unchecked.
"""

import unicodedata
from collections.abc import Sequence
from math import factorial

from ...languages import has_unspaced
from .lexer import BINARY, SIGNS, VALUES, Piece
from .words import FUNCTIONS, MEASURES, SCALES, STARTERS, UNSPACED_NUMERALS

_OPENERS = frozenset("\n([]{\"'“”‘’*`|，。：；！？、（）【】「」《》<>→⇒¿¡")
"""Signs that may stand directly before an expression."""

_SPACED_BEFORE = _OPENERS | frozenset(".,;:!?&—…#-–")
"""Signs that may stand before an expression with a blank between."""

_ENDINGS = frozenset(")]}\"'“”‘’`|，。：；！？、（）【】「」《》<>→⇒~&¢¥₹#—@[✓✔✗✘")
"""Signs that may stand behind an expression."""

_STOPS = frozenset(".,;:!?…")
_GOES_ON = frozenset("([{\\^_|/*+=")
_COMMANDS = frozenset("implies Rightarrow to Longrightarrow rightarrow iff therefore text because and qed".split())
"""Commands of LaTeX beside an expression that have no part in it."""
_SHARES = frozenset("half third quarter fourth fifth sixth seventh eighth ninth tenth thirds quarters".split())
_LABELLED = frozenset(
    "day week month year night step grade chapter page room question part problem level round".split()
)
_HOLDERS = frozenset({"of", "in", "with"})
MAX_BRACKET = 60
MAX_BLANKS = 20
MAX_BOUND = 40
MAX_FACTORIAL = 30


def is_cut_before(text: str, pieces: Sequence[Piece], index: int) -> bool:
    """Whether the piece before an expression may be an unread part of it."""
    first = pieces[index]
    if index == 0:
        return first.name in SIGNS and _find_before(text, first.start).isalnum()
    before = pieces[index - 1]
    if _is_bullet(text, before):
        return False
    is_adjacent = before.end == first.start
    if first.name in SIGNS:
        return not _may_be_signed(before, is_adjacent=is_adjacent)
    if before.name == "word":
        return _is_word_cut(text, pieces, index, is_adjacent=is_adjacent)
    if before.name == "open":
        return _is_bracket_cut(pieces, index - 1)
    if before.name == "close" and _is_bound(text, before):
        return True
    if before.name in {"stop", "close"}:
        return _is_sign_cut(text, before, first.text, is_adjacent=is_adjacent)
    return before.name != "equals"


def _is_bound(text: str, close: Piece) -> bool:
    """Whether a closing bracket ends the bound of a sum or an integral."""
    place = text.rfind("(", max(0, close.start - MAX_BOUND), close.start)
    return place > 0 and text[place - 1] in {"^", "_"}


def _is_bullet(text: str, piece: Piece) -> bool:
    return piece.text in {"-", "–", "*"} and _find_before(text, piece.start) in {"", "\n"}


def _find_before(text: str, index: int) -> str:
    """The nearest character before a place that is no blank; only a few are looked at."""
    near = text[max(0, index - MAX_BLANKS) : index].rstrip(" ")
    return near[-1:] or (" " if index > MAX_BLANKS else "")


def _may_be_signed(before: Piece, *, is_adjacent: bool) -> bool:
    """Whether the sign at the beginning belongs to the number behind it, not to a term before it."""
    if before.name == "word":
        return before.text.lower() in STARTERS and not is_adjacent
    if before.name == "stop":
        return before.text in {"\n", ":", "，", "：", "。"} or (before.text in {",", ";"} and not is_adjacent)
    return before.name in {"equals", "open"}


def _is_word_cut(text: str, pieces: Sequence[Piece], index: int, *, is_adjacent: bool) -> bool:
    word = pieces[index - 1]
    earlier = pieces[index - 2] if index > 1 else None
    if is_adjacent:
        return not _is_loose(word, earlier)
    lower = word.text.lower()
    if text[word.start - 1 : word.start] == "\\":
        return word.text not in _COMMANDS
    if lower in FUNCTIONS or lower in SCALES or text[word.start - 1 : word.start] in {"_", "^"}:
        return True
    if earlier is None:
        return False
    if lower in _HOLDERS and _is_held(pieces, index):
        return True  # 8 packs of 5 bags * $4
    if lower == "of":
        return earlier.name in {"percent", "frac"} or earlier.text.lower() in {
            *_SHARES,
            *FUNCTIONS,
            "power",
            "square",
            "cube",
        }
    if lower in _LABELLED and earlier.text.lower() in {"on", "in", "of", "for", "by", "through", "until"}:
        return True  # on day 1 * 2
    if lower in {"and", "&"} and earlier.name in VALUES:
        return any(piece.name in {"divide", "frac"} for piece in pieces[index : index + 2])  # 1 and 1/4
    is_short = len(word.text) == 1 and lower not in {"a", "i"}
    return earlier.name in VALUES and (is_short or lower in MEASURES or lower.removesuffix("s") in MEASURES)


def _is_held(pieces: Sequence[Piece], index: int) -> bool:
    """Whether things are counted in what a product begins with: a number and a unit before, a unit and a times sign."""
    before = [piece.name for piece in pieces[max(0, index - 4) : index - 1]]
    behind = [piece.name for piece in pieces[index + 1 : index + 4]]
    return "number" in before and before[-1:] == ["word"] and behind[:1] == ["word"] and "times" in behind


def _is_loose(word: Piece, earlier: Piece | None) -> bool:
    """Whether a word has no part in the number that stands beside it without a blank: 共3 + 4, but not 百3 or 2元3."""
    last = word.text[-1]
    is_unit = earlier is not None and earlier.name in VALUES
    return has_unspaced(last) and last not in UNSPACED_NUMERALS and not is_unit


def _is_bracket_cut(pieces: Sequence[Piece], index: int) -> bool:
    """Whether an open bracket continues a term before it: 100 + (3 * 4, or P(2 + 2 = 4)."""
    if index == 0:
        return False
    before = pieces[index - 1]
    is_adjacent = before.end == pieces[index].start
    if before.name in BINARY:
        return not _is_closed(pieces, index)
    return is_adjacent and before.name in {*VALUES, "close", "word"}


def _is_closed(pieces: Sequence[Piece], index: int) -> bool:
    """Whether a bracket is closed behind an equal sign: 2 * (3 + 4 = 7)."""
    names = [piece.name for piece in pieces[index + 1 : index + MAX_BRACKET]]
    end = names.index("close") if "close" in names else 0
    return "equals" in names[:end] and "open" not in names[:end]


def _is_sign_cut(text: str, before: Piece, first: str, *, is_adjacent: bool) -> bool:
    if before.text in _OPENERS or (not is_adjacent and before.name == "close"):
        return False
    if is_adjacent:
        return before.text != ":" or not text[before.start - 1 : before.start].isalpha()
    if before.text == "," and text[before.start - 1 : before.start].isdigit():
        return len(first) == 3 and first.isdigit()  # 14, 400
    if before.text == ":":
        return text[max(0, before.start - 2) : before.start].strip(" ").isdigit() and text[before.start - 1] == " "
    return before.text not in _SPACED_BEFORE or _find_before(text, before.start) in {"+", "-", "*", "/"}


def is_cut_after(text: str, pieces: Sequence[Piece], index: int) -> bool:
    """Whether the pieces behind an expression may be an unread part of it: 9:00, 2 + √9, 2 (mod 5), 5 feet 3."""
    side_end = pieces[index - 1].end
    if index < len(pieces) and pieces[index].text.lower() in FUNCTIONS:
        return True
    while index < len(pieces) and pieces[index].name == "word":
        word = pieces[index].text.lower()
        index += 1
        if index < len(pieces) and pieces[index].name in VALUES:
            return word.removesuffix("s") in MEASURES or word in MEASURES or len(word) == 1
    if index == len(pieces):
        return False
    piece = pieces[index]
    if piece.name == "stop":
        return _is_stop_cut(text, piece, side_end)
    if piece.name == "open":
        is_function = index + 1 < len(pieces) and pieces[index + 1].text.lower().lstrip("\\") in FUNCTIONS
        is_command = index + 2 < len(pieces) and pieces[index + 2].text in FUNCTIONS
        return piece.start == pieces[index - 1].end or is_function or is_command
    if piece.name in BINARY:
        return _is_operator(text, piece)
    return piece.name in VALUES and piece.start == side_end


def _is_operator(text: str, piece: Piece) -> bool:
    """Whether a sign behind an expression goes on with it; else it is a dash, or a star of Markdown."""
    before, after = text[piece.start - 1 : piece.start], text[piece.start + len(piece.text) :][:2]
    if piece.text == "*" and before != " " and (after[:1] in {"", " ", "\n"} or after[:1] in _STOPS):
        return False
    if piece.text not in {"-", "–", "−"}:
        return True
    rest = after.lstrip(" ")
    return not (rest == "" or (before == " " and after[:1] == " " and _is_word_beginning(text, piece.end)))


def _is_word_beginning(text: str, index: int) -> bool:
    """Whether a word of two letters or more begins here."""
    return text[index : index + 2].isalpha()


def _is_stop_cut(text: str, piece: Piece, side_end: int) -> bool:
    sign, after = piece.text, text[piece.start + 1 : piece.start + 2]
    is_adjacent = piece.start == side_end
    if sign == "\n":
        return False
    if sign == "!" and is_adjacent:
        return _is_in_factorial(text, piece)
    if sign in _STOPS:
        if text[piece.start : piece.start + 4].strip(".…") == "%":
            return True  # 8.333...%
        return is_adjacent and (after.isdigit() or (after in _GOES_ON and after != ""))
    if sign == "\\":
        rest = text[piece.start + 1 : piece.start + 16]
        return not rest.startswith(tuple(_COMMANDS))
    if sign in _ENDINGS or sign in {"*", "$"}:
        return False
    if sign in {"_", "{", "^"}:
        return is_adjacent
    return unicodedata.category(sign) in {"No", "Sm", "Lm", "Mn", "Sk"}


def _is_in_factorial(text: str, piece: Piece) -> bool:
    """Whether an operator behind an exclamation mark makes it a factorial."""
    rest = text[piece.end : piece.end + 3].lstrip(" ")
    return rest[:1] in {"=", "+", "-", "*", "/", "^", ")", "!", "×", "\\"} and rest != ""


def is_factorial(text: str, end: int, value: object, claimed: object) -> bool:
    """Whether an exclamation mark behind a result makes it true: 4 * 6 = 4!"""
    if text[end : end + 1] != "!" or not isinstance(claimed, int) or not 0 <= claimed <= MAX_FACTORIAL:
        return False
    return factorial(claimed) == value
