"""Write answers in plain characters: one minus, one slash, digits of ASCII, and no LaTeX around numbers."""

import re
import unicodedata
from fractions import Fraction

_VULGAR = {
    chr(code): Fraction(unicodedata.numeric(chr(code))).limit_denominator(100)
    for code in [*range(0xBC, 0xBF), *range(0x2150, 0x215F)]
}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]{1,20}")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000\t]")
_SAME = {
    "−": "-", "–": "-", "—": "-", "⁄": "/", "∕": "/", "’": "'", "‘": "'", "ʹ": "'", "′": "'", "٬": "'", "٫": ".",
    "℃": "°C", "℉": "°F", "º": "°", "˚": "°", "﹣": "-", "﹤": "<", "﹥": ">", "⩽": "≤", "⩾": "≥", "≦": "≤", "≧": "≥",
    "〜": "~", "≃": "≈", "≅": "≈", "∼": "~", "㎏": "kg", "㎝": "cm", "㎞": "km", "㎜": "mm", "㎡": "m^2",
}  # fmt: skip

_LATEX = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\[dtc]?frac\s{0,3}\{\s{0,3}(-?\d{1,60})\s{0,3}\}\s{0,3}\{\s{0,3}(-?\d{1,60})\s{0,3}\}", r" \1/\2"),
        (r"\\[dtc]?frac\s{0,3}(\d)\s{0,3}(\d)(?!\d)", r" \1/\2"),
        (r"\\(?:text|mathrm|mbox|textbf|mathbf|textit|mathit|operatorname)\s{0,3}\{([^{}]*)\}", r" \1 "),
        (r"\\boxed\s{0,3}\{([^{}]*)\}", r" \1 "),
        (r"\.(\d{0,40})\\(?:overline|bar|dot)\s{0,3}\{?(\d{1,40})\}?", r".\1(\2)"),
        (r"\\times|\\cdot", "×"),
        (r"\^\s{0,3}(?:\{\s{0,3})?\\circ\s{0,3}\}?|\\degree|\\deg\b", "°"),
        (r"\^\s{0,3}\{\s{0,3}([-+]?\d{1,40})\s{0,3}\}", r"^\1"),
        (r"\\(?:approx|simeq|sim)\b", "≈"),
        (r"\\(?:leq?|leqslant)\b", "≤"),
        (r"\\(?:geq?|geqslant)\b", "≥"),
        (r"\\lt\b", "<"),
        (r"\\gt\b", ">"),
        (r"\\neq?\b", "≠"),
        (r"\\pm\b", "±"),
        (r"\\([$%#&_])", r"\1"),
        (r"\\q?quad|\\ |~", " "),
        (r"\\[,!;:]|\\left|\\right|\\\(|\\\)|\\\[|\\\]|\{,\}", ""),
    )
)
"""What LaTeX writes, and the same in plain characters, in this order."""


_NEGATION = re.compile(r"\b(?:not|never|nor|nicht|pas)\b|n['’]t\b|[不非≠]", re.IGNORECASE)


def is_negated(text: str) -> bool:
    """Whether an answer says what it is not."""
    return _NEGATION.search(text) is not None


def to_plain_text(text: str) -> str:
    r"""Write numbers, signs and LaTeX in plain characters. Digits are never joined: 10² is 10^2, 2½ is 2 1/2.

    >>> to_plain_text("２½"), to_plain_text("10²"), to_plain_text(r"$\frac12$")
    ('2 1/2', '10^2', '$ 1/2$')
    """
    if text.isascii() and "\\" not in text and "{" not in text:
        return text
    if not text.isascii():
        text = _SPACES.sub(" ", _INVISIBLE.sub("", text))
        text = _SUPERSCRIPT.sub(lambda match: "^" + match[0].translate(_SUPERSCRIPTS), text)
        text = "".join([character if character < "\x80" else _replace_character(character) for character in text])
    return _replace_latex(text) if "\\" in text or "{" in text else text


def _replace_character(character: str) -> str:
    if character in _SAME:
        return _SAME[character]
    if character in _VULGAR:
        return f" {_VULGAR[character].numerator}/{_VULGAR[character].denominator}"
    if character.isdigit():
        return str(unicodedata.digit(character))
    return unicodedata.normalize("NFKC", character) if "！" <= character <= "￦" else character


def _replace_latex(text: str) -> str:
    for pattern, replacement in _LATEX:
        text = pattern.sub(replacement, text)
    return text
