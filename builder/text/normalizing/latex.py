"""LaTeX without the wrappers that change nothing, and with its operators as characters."""

import re

_WRAPPERS = frozenset(
    "boxed fbox mbox text textbf textit texttt textrm textnormal emph underline mathrm mathbf mathit mathsf mathtt"
    " operatorname displaylines".split()
)
"""Commands whose argument stands for itself."""

_FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac"})

_WORDS = {
    **dict.fromkeys(("times", "cdot", "ast", "bullet"), " * "),
    **dict.fromkeys(("div",), " / "),
    **dict.fromkeys(("le", "leq", "leqslant"), " ≤ "),
    **dict.fromkeys(("ge", "geq", "geqslant"), " ≥ "),
    **dict.fromkeys(("ne", "neq"), " ≠ "),
    **dict.fromkeys(("to", "rightarrow", "longrightarrow"), " → "),
    **dict.fromkeys(("gets", "leftarrow", "longleftarrow"), " ← "),
    **dict.fromkeys(("implies", "Rightarrow", "Longrightarrow"), " ⇒ "),
    **dict.fromkeys(("iff", "Leftrightarrow"), " ⇔ "),
    **dict.fromkeys(("lt",), " < "), **dict.fromkeys(("gt",), " > "), **dict.fromkeys(("pm",), " ± "),
    **dict.fromkeys(("approx",), " ≈ "), **dict.fromkeys(("equiv",), " ≡ "), **dict.fromkeys(("sqrt",), " √ "),
    **dict.fromkeys(("neg", "lnot"), " ¬ "), **dict.fromkeys(("land", "wedge"), " ∧ "),
    **dict.fromkeys(("lor", "vee"), " ∨ "), **dict.fromkeys(("in",), " ∈ "), **dict.fromkeys(("notin",), " ∉ "),
    **dict.fromkeys(("cup",), " ∪ "), **dict.fromkeys(("cap",), " ∩ "), **dict.fromkeys(("pi",), " π "),
    **dict.fromkeys(("ldots", "dots", "cdots"), "..."),
    **dict.fromkeys(
        ("left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "textstyle", "limits", "quad",
         "qquad", "nonumber"), " "),
}  # fmt: skip
"""Commands that are a character, or layout."""

_SIGNS = {**dict.fromkeys(",;:!> ()[]\\\n", " "), **{sign: sign for sign in "$%{}&#_"}}
"""Backslash and a sign: spaces and delimiters of formulas, or the sign itself."""

_PIECE = re.compile(r"\\([A-Za-z]+)[ \t]*|\\([^A-Za-z])|([{}])")
_SIMPLE = re.compile(r"[\w.,]+")
_BRACED = re.compile(r"([\^_])\{(\w+)\}")
_MATH = re.compile(r"[=+*/^<>\\{}≤≥≠→-]")
_DOLLAR = re.compile(r"[$\n]")


def strip_latex(text: str) -> str:
    r"""Take off what LaTeX wraps around a formula; operators become characters, and fractions divisions.

    >>> strip_latex(r"so $\boxed{\frac{1}{2} \times 4}$ costs $5").split()
    ['so', '1/2', '*', '4', 'costs', '$5']
    """
    if text.count("$") > 1:
        text = _strip_dollars(text)
    if "\\" in text:
        text = _replace_commands(text.replace("{,}", ","))
    return _BRACED.sub(r"\1\2", text) if "{" in text else text


def _strip_dollars(text: str) -> str:
    """Take off dollars around a formula. One before an amount stays: the second must end a formula, before no digit."""
    text = text.replace("$$", " ")
    pieces, place, opened = [], 0, -1
    for found in _DOLLAR.finditer(text):
        here = found.start()
        before, behind = text[here - 1 : here], text[here + 1 : here + 2]
        is_closing = opened >= 0 and found[0] == "$" and not before.isspace() and not behind.isdigit()
        if is_closing and (text[opened + 1 : here].isalnum() or _MATH.search(text, opened + 1, here)):
            pieces += [text[place:opened], " ", text[opened + 1 : here], " "]
            place, opened = here + 1, -1
        elif before != "\\":
            opened = -1 if found[0] == "\n" or not behind or behind.isspace() else here
    return "".join([*pieces, text[place:]])


def _replace_commands(text: str) -> str:
    """Replace commands in one pass; each brace is closed as what opened it."""
    parts: list[str] = []
    opened: list[tuple[str, int]] = []
    pending, place = "", 0
    for found in _PIECE.finditer(text):
        between = text[place : found.start()]
        pending = pending if not between.strip() else ""
        parts.append(between)
        place = found.end()
        word, sign, brace = found.groups()
        if word is not None:
            parts.append("" if word in _WRAPPERS or word in _FRACTIONS else _WORDS.get(word, f" \\{word} "))
            pending = word if word in _WRAPPERS else "numerator" if word in _FRACTIONS else ""
        elif sign is not None:
            parts.append(_SIGNS.get(sign, f"\\{sign}"))
        elif brace == "{":
            opened.append((pending, len(parts)))
            parts.append("" if pending in _WRAPPERS else "(" if pending else "{")
            pending = ""
        else:
            pending = _close_brace(parts, opened)
    parts.append(text[place:])
    return "".join(parts)


def _close_brace(parts: list[str], opened: list[tuple[str, int]]) -> str:
    """Close a brace. Returns what the next one opens."""
    kind, start = opened.pop() if opened else ("", len(parts))
    if kind in _WRAPPERS:
        parts.append("")
        return ""
    if kind not in {"numerator", "denominator"}:
        parts.append("}")
        return ""
    is_simple = _SIMPLE.fullmatch("".join(parts[start + 1 :]).strip()) is not None
    parts[start] = "" if is_simple else "("
    parts.append(("" if is_simple else ")") + ("/" if kind == "numerator" else ""))
    return "denominator" if kind == "numerator" else ""
