"""A text as its words, numbers and signs."""

import re

from ...languages import UNSPACED, has_unspaced
from .case import lower_words
from .characters import unify_characters
from .latex import strip_latex
from .markdown import strip_markdown

BREAK = ";"
"""Stands between two statements that would read as one expression without it: `= 4; -4 + 6`, `2; 1/2`."""

_HYPHEN = re.compile(r"-(?:(?<=[^\W\d_][^\W\d_]-)|(?<=\d-))(?=[^\W\d_]{2})")
_STOP = re.compile(r"[.,;:!\"'][.,;:!\"']*")
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|\.\d+|[^\w\s]|_")
_BETWEEN_UNSPACED = re.compile(f"(?<=[{UNSPACED}])\\s+(?=[{UNSPACED}])")

_SIGNS = "<>=+*/^√≤≥≠≈→←⇒⇔-"
_CURRENCIES = "$£€¥"
_CLOSING, _OPENING = ")]}", "([{"
_NEAR = 4
"""So many characters are looked at for what stands before and behind a stop."""


def normalize(text: str) -> str:
    """Reduce a text to what its meaning may depend on: words, numbers and signs, separated by single spaces.

    What goes: case of words (`lower_words` says which symbols keep theirs), white space, quotation marks, punctuation
    of sentences, hyphens in words, Markdown, marks of lists, and wrappers of LaTeX. What stays, in its order: words,
    numbers as they are written (`1,000` is not `1000`), operators, relations, arrows, brackets, currencies, per cent,
    question marks. Of a full stop, comma, colon or semicolon a `;` stays where two expressions would become one.

    >>> normalize("So,  3 + 4 = 7.") == normalize("so 3+4=7")
    True
    >>> normalize("2 + 2 = 4. -4 + 6 = 2.")
    '2 + 2 = 4 ; - 4 + 6 = 2'
    """
    text = lower_words(strip_markdown(strip_latex(unify_characters(text))))
    if "-" in text:
        text = _HYPHEN.sub(" ", text)
    if not text.isascii() and has_unspaced(text):
        text = _BETWEEN_UNSPACED.sub("", text)
    return " ".join(_TOKEN.findall(_STOP.sub(_replace_stop, text)))


def _replace_stop(found: re.Match[str]) -> str:
    """Replace stops and quotation marks: by nothing, by a break, or by themselves where an expression has them."""
    text, (start, end), stop = found.string, found.span(), found[0]
    before, behind = text[start - 1 : start], text[end : end + 1]
    if behind == " " and before.isalpha() and text[end + 1 : end + 2].isalpha():
        return " "  # between words, which most are
    if len(stop) == 1 and behind.isalnum() and before.isalnum() and stop not in ';!"':
        is_inside = before.isdigit() == behind.isdigit() == (stop != "'")
        if is_inside and (before.isdigit() or stop == "'"):
            return stop  # 1,000; 12:30; don't
    if stop[0] == "'" and _is_letter(text, start) and text[max(start - 2, 0) : start - 1] not in {"'", '"'}:
        return "' "  # f'(x)
    if stop[0] == "!" and _is_factorial(text, start, end):
        return f" {stop} "
    if stop == ":" and before.isspace() and behind.isspace():
        return stop  # 3 : 4
    if stop == "." and behind.isdigit() and not (before and (before.isalnum() or before in _CLOSING)):
        return stop  # .5
    last, rest = text[max(start - _NEAR, 0) : start].rstrip(), text[end : end + _NEAR].lstrip()
    if stop.startswith("...") and (_is_expression(last[-1:]) or _is_expression(rest[:1])):
        return " … "
    return f" {BREAK} " if _is_break(last, rest, stop) else " "


def _is_letter(text: str, end: int) -> bool:
    """Whether a single letter stands before a place."""
    return text[end - 1 : end].isalpha() and not text[max(end - 2, 0) : end - 1].isalnum()


def _is_factorial(text: str, start: int, end: int) -> bool:
    before = text[start - 1 : start]
    if before and (before.isdigit() or before in _CLOSING):
        return True
    behind = text[end : end + _NEAR].lstrip()[:1]
    return _is_letter(text, start) and bool(behind) and behind in "=+*/)-"


def _is_expression(sign: str) -> bool:
    return bool(sign) and (sign.isdigit() or sign in _SIGNS)


def _is_break(last: str, rest: str, stop: str) -> bool:
    """Whether two expressions would become one without the stop between them."""
    if not last or not rest or not any(sign in ".,;:" for sign in stop):
        return False
    before, behind = last[-1], rest[0]
    is_word = behind.isalpha() and (rest[1:2].isalnum() or rest[1:2] == "'" or behind in "aAI")
    is_operand = behind.isdigit() or behind in _OPENING or behind in _CURRENCIES
    if before.isdigit() or before in _CLOSING or before in "%!":
        return is_operand or behind in _SIGNS or (behind.isalpha() and behind.isascii() and not is_word)
    if before.isalpha():
        is_symbol = not last[-2:-1].isalnum()
        return behind in _SIGNS or (is_symbol and is_operand)
    return False
