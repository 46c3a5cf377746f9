"""Characters that are written in several ways, reduced to one: forms of full width, dashes, quotes, superscripts."""

import re
import unicodedata

_PLAIN: dict[int, str] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # forms of full width
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f\u300a\u300b\u2033"), '"'),
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\u02bc"), "'"),
    **dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2012\u2013\ufe63"), "-"),
    **dict.fromkeys(map(ord, "\u2014\u2015"), ", "),
    **dict.fromkeys(map(ord, "\u00d7\u22c5\u2217\u00b7\u2219\u2715\u2716"), "*"),
    **dict.fromkeys(map(ord, "\u00f7\u2215\u2044"), "/"),
    **dict.fromkeys(map(ord, "\u2a7d\u2266"), "\u2264"),
    **dict.fromkeys(map(ord, "\u2a7e\u2267"), "\u2265"),
    **dict.fromkeys(map(ord, "\u27f6\u2794\u279c\u279d\u279e"), "\u2192"),
    **dict.fromkeys(map(ord, "\u27f9\u21d2"), "\u21d2"),
    **dict.fromkeys([0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF, 0xFE0E, 0xFE0F], ""),
    ord("\u3002"): ". ", ord("\u3001"): ", ", ord("\uff0c"): ", ", ord("\uff1b"): "; ", ord("\u2026"): "...",
    ord("\u00bd"): " 1/2", ord("\u00bc"): " 1/4", ord("\u00be"): " 3/4", ord("\u2153"): " 1/3", ord("\u2154"): " 2/3",
}  # fmt: skip
"""What each character is written as."""

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ", "0123456789+-()n")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ]+")

_SIGNS = {"<=>": "⇔", "<->": "↔", "==>": "⇒", "=>": "⇒", "-->": "→", "->": "→", ">=": "≥", "<=": "≤", "!=": "≠"}
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))


def unify_characters(text: str) -> str:
    """Write what has several characters with one of them.

    `<-` stays, because `x<-5` is no arrow.

    >>> unify_characters("“２ × ３”  ≥ 2² − 1 => p -> q")
    '"2 * 3"  ≥ 2^2 - 1 ⇒ p → q'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_PLAIN)
        text = _RAISED.sub(lambda found: "^" + found[0].translate(_SUPERSCRIPTS), text)
    if any(sign in text for sign in ("->", "=>", ">=", "<=", "!=")):
        text = _SIGN.sub(lambda found: _SIGNS[found[0]], text)
    return text
