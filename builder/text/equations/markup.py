"""Blank the markup of a text, and write its signs in one way. Every character keeps its place."""

import re
from collections.abc import Callable

from ...languages import has_unspaced

_WIDE = str.maketrans(
    {
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        **dict(zip("＋－×÷＝（）％．＊／＾＄～", "+-×÷=()%.*/^$~", strict=True)),
        **dict.fromkeys("\u00a0\u2007\u2009\u200a\u202f\u3000°", " "),
        **dict.fromkeys("∙•", "·"),
        **dict.fromkeys("≃≅", "≈"),
        "∶": ":",
        **dict.fromkeys("−–－", "-"),
        "∗": "*",
        "⁄": "/",
    }
)
"""Signs of full width and other forms of the same sign."""

_IS_WIDE = re.compile(f"[{re.escape(''.join(map(chr, _WIDE)))}]")
"""Any of those signs: most texts beyond ASCII have none."""

_SIGNS = {"加上": "+", "加": "+", "减去": "-", "減去": "-", "减": "-", "減": "-", "乘以": "*", "乘": "*", "除以": "/"}
_BETWEEN = re.compile(rf"(?<=\d)(\s?[^\W\d_]{{0,2}}?\s?)({'|'.join(_SIGNS)})(?=\s?\d)")
_EQUAL = re.compile(r"等[于於]|(?<=\d)得(?=\d)")

_SPACED = re.compile(
    r"\\(?:left|right|big[lr]?|Big[lr]?|displaystyle|quad|qquad|limits|phantom|hfill|[,;:!()\[\] ])(?![A-Za-z])"
    r"|\\(?:begin|end)\{[a-z]{1,12}\*?\}|\^\{?\\circ\}?|\\(?:degree|hline|item)\b|\\hspace\{[^{}]{0,10}\}"
)
_WRAPPED = re.compile(
    r"(\\(?:boxed|fbox|text(?:bf|it|rm|tt|normal)?|math(?:rm|bf|it|sf)|mbox|emph|underline|operatorname)\{)([^{}]{0,80})(\})"
)
_UNIT_SQUARE = re.compile(r"(?<=\b[cmkd]m)[²³]|(?<=\bft)[²³]|(?<=\bm)[²³]|(?<=\bin)[²³]")
_UNIT_POWER = re.compile(r"\b([cmkd]?m|ft|in|inch|inches|feet|units?|yd|miles?)\^(?:[234]|\{[234]\})(?!\d)")
_POWER = re.compile(r"\^\{([^{}]{1,30})\}")
_FRACTION = re.compile(r"\\([dtc]?)frac\{(?!\d{1,30}\}\{\d{1,30}\})([^{}]{1,60})\}\{([^{}]{1,60})\}")
_SHORT_FRACTION = re.compile(r"\\([dtc]?)frac ?(\d)(\d)")
_ALIGNED = re.compile(r"&(?=\s?(?:=|≈|\\approx))|(?<==)&")
_DOTS = re.compile(r"\\[lc]?dots[a-z]?\b")
_BOLD = re.compile(r"(?!(?<=[\d)])\*\*[\d(]|(?<=[\d)] )\*\* [\d(])\*{2,3}")
_STARRED = re.compile(r"(= ?)\*(\$?[\d.,]{1,20})\*(?!\s?[\d(*])")
_EMPHASIS = re.compile(r"(?<![\w\\})])_{1,3}(?=[\w$(.+-])|(?<=[\w)%.])_{1,3}(?![\w{(\\])")
_TAG = re.compile(r"</?[a-z]{1,6}>")

MAX_NESTED = 3
"""How deep groups of LaTeX are read within each other."""


def clean_markup(text: str) -> str:
    r"""Blank Markdown and LaTeX around numbers, and write signs in one way; every number stays where it is.

    >>> clean_markup("3＋4 = **8**"), clean_markup(r"\boxed{8}"), clean_markup("2^{24}")
    ('3+4 =   8  ', '       8 ', '2^(24)')
    """
    if not text.isascii():
        text = _clean_wide(text)
    if "\\" in text:
        text = _clean_latex(text)
    if "^" in text:
        text = _UNIT_POWER.sub(lambda match: match[1].ljust(len(match[0])), text)
    if "^{" in text:
        text = _POWER.sub(r"^(\1)", text)
    if "**" in text:
        text = _BOLD.sub(_pad(""), text)
    if "= *" in text or "=*" in text:
        text = _STARRED.sub(r"\1 \2 ", text)
    if "_" in text:
        text = _EMPHASIS.sub(_pad(""), text)
    if "`" in text or "~~" in text:
        text = text.replace("`", " ").replace("~~", "  ")
    return _TAG.sub(_pad(""), text) if ">" in text and "</" in text else text


def _pad(sign: str) -> Callable[[re.Match[str]], str]:
    return lambda match: sign[: len(match[0])].ljust(len(match[0]))


def _write_sign(match: re.Match[str]) -> str:
    return match[1] + _SIGNS[match[2]].ljust(len(match[2]))


def _clean_wide(text: str) -> str:
    """Write signs beyond ASCII as those within it."""
    if _IS_WIDE.search(text):
        text = text.translate(_WIDE)
    if "²" in text or "³" in text:
        text = _UNIT_SQUARE.sub(" ", text)
    return _EQUAL.sub(_pad("= "), _BETWEEN.sub(_write_sign, text)) if has_unspaced(text) else text


def _clean_latex(text: str) -> str:
    text = text.replace("\\\\", " \n")
    text = _DOTS.sub(_pad("..."), _ALIGNED.sub(" ", _SPACED.sub(_pad(""), text)))
    text = _SHORT_FRACTION.sub(lambda match: f"({match[2]}/{match[3].rjust(len(match[0]) - 4)})", text)
    for _ in range(MAX_NESTED):
        before = text
        text = _WRAPPED.sub(lambda match: f"{' ' * len(match[1])}{match[2]} ", text)
        text = _POWER.sub(r"^(\1)", text)
        text = _FRACTION.sub(lambda match: f"(  {' ' * len(match[1])}({match[2]})/({match[3]}))", text)
        if text == before:
            break
    return text
