r"""Cut LaTeX and plain mathematics into tokens, with one spelling for what can be written in several ways.

`\dfrac`, `\left(`, full-width brackets, `π` and `x²` become `\frac`, `(`, brackets, `\pi` and `x^{2}`.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from ..tree import NotUnderstoodError

MAX_CHARACTERS = 400
"""The longest answer that is read."""

MAX_TOKENS = 250
"""The most tokens of an answer."""


class Kind(StrEnum):
    """The kind of a token."""

    NUMBER = "number"
    LETTERS = "letters"
    COMMAND = "command"
    TEXT = "text"
    MARK = "mark"


class MathToken(NamedTuple):
    """One token."""

    kind: Kind
    """Its kind."""
    text: str
    """Its spelling: of a command without the backslash."""
    is_spaced: bool = False
    """Whether a space stands before it."""


_CHARACTERS: Mapping[str, str] = {
    "−": "-", "–": "-", "—": "-", "﹣": "-", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ", "•": r"\cdot ",
    "×": r"\times ", "✕": r"\times ", "÷": r"\div ", "∕": "/", "⁄": "/", "∗": "*",
    "≤": r"\le ", "⩽": r"\le ", "≦": r"\le ", "≥": r"\ge ", "⩾": r"\ge ", "≧": r"\ge ", "≠": r"\ne ", "≈": r"\approx ",
    "∞": r"\infty ", "∪": r"\cup ", "∩": r"\cap ", "∖": r"\setminus ", "∈": r"\in ", "∅": r"\emptyset ",
    "Ø": r"\emptyset ", "ø": r"\emptyset ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}",
    "±": r"\pm ", "∓": r"\mp ", "√": r"\surd ", "∛": r"\cubert ", "°": r"^{\circ}", "′": "'",
    "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "⟨": r"\langle ", "⟩": r"\rangle ",
    "〈": r"\langle ", "〉": r"\rangle ", "∨": r"\lor ", "∧": r"\land ", "∣": "|", "‖": r"\|", "％": "%",
    "，": ",", "、": ",", "；": ";", "：": ":", "。": ".", "（": "(", "）": ")", "［": "[", "］": "]",
    "【": "[", "】": "]", "｛": r"\{", "｝": r"\}",
    "＜": "<", "＞": ">", "＝": "=", "＋": "+", "－": "-", "／": "/", "＊": "*", "｜": "|",
    "…": r"\dots ", "⋯": r"\dots ", "¬": r"\lnot ", "∘": r"\circ ", "∠": r"\angle ", "ⅈ": "i", "ⅇ": "e",
}  # fmt: skip
"""The spelling of characters that LaTeX has a command for."""

_GREEK = {
    chr(code): f"\\{unicodedata.name(chr(code)).rsplit(' ', 1)[1].lower().replace('lamda', 'lambda')} "
    for code in [*range(0x3B1, 0x3C2), *range(0x3C3, 0x3CA)]
} | {"Δ": r"\Delta ", "Ω": r"\Omega ", "Σ": r"\Sigma ", "Γ": r"\Gamma ", "Φ": r"\Phi ", "ϕ": r"\phi "}
_WIDE = {chr(code + 0xFEE0): chr(code) for code in [*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B)]}
_WORDS = {"或者": r"\text{or}", "或": r"\text{or}", "并且": r"\text{and}", "且": r"\text{and}"}
_TABLE = str.maketrans({**_CHARACTERS, **_GREEK, **_WIDE})

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉"
_POWER = re.compile(f"[{_RAISED}]{{1,12}}")
_INDEX = re.compile(f"[{_LOWERED}]{{1,12}}")
_TO_LINE = str.maketrans(_RAISED + _LOWERED, "0123456789+-n0123456789")
_UNION = re.compile(r"(?<=[\])])\s{0,3}U\s{0,3}(?=[\[({])")
_VULGAR = re.compile("[¼-¾⅐-⅞]")

_SKIPPED = frozenset(
    "left right big Big bigl bigr Bigl Bigr bigg Bigg biggl biggr displaystyle textstyle limits quad qquad thinspace "
    "middle rm bf it mathstrut nolimits hspace angle triangle boxed fbox underline".split()
)
"""Commands that change nothing but the look."""

_CURRENCIES = frozenset("€£¥₹")

_SYNONYMS: Mapping[str, str] = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "leq": "le", "geq": "ge", "leqslant": "le", "geqslant": "ge",
    "neq": "ne", "lt": "<", "gt": ">", "varnothing": "emptyset", "to": "rightarrow", "dbinom": "binom",
    "tbinom": "binom", "choose": "choose", "varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta",
    "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]",
    "lparen": "(", "rparen": ")", "ast": "*", "backslash": "setminus", "degree": "circ", "vee": "lor", "wedge": "land",
    "bigcup": "cup", "ldots": "dots", "cdots": "dots", "dotsc": "dots", "imath": "i", "colon": ":", "cdotp": "cdot",
    "lnot": "neg", "prime": "'", "exponentialE": "e", "lang": "langle", "rang": "rangle",
}  # fmt: skip

NAMES: Mapping[str, str] = {
    **{name: name for name in "sin cos tan cot sec csc sinh cosh tanh ln log lg exp gcd lcm max min sqrt det".split()},
    **{f"arc{name}": f"arc{name}" for name in "sin cos tan cot".split()},
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "tg": "tan", "arctg": "arctan", "pi": "pi", "theta": "theta",
    "alpha": "alpha", "beta": "beta", "gamma": "gamma", "lambda": "lambda", "infinity": "infty", "inf": "infty",
    "infty": "infty", "or": "or", "and": "and", "cbrt": "cubert", "Pi": "pi", "deg": "circ", "degrees": "circ",
    "oo": "infty",
    "degree": "circ", "union": "cup", "cup": "cup", "abs": "abs", "floor": "floor", "ceil": "ceil", "frac": "frac",
}  # fmt: skip
"""Plain words that are commands."""

_TEXT = (
    r"\\(?:(?P<letter>mathbf|mathit|mathsf|bm|boldsymbol)|text|mathrm|textbf|mbox|textit|textrm|textnormal|texttt|hbox"
    r"|operatorname\*?)"
)
_TOKEN = rf"""
    (?P<space>\s+|\\[,;:!>\ ]|~|\\\n|\\(?:left|right)\s?\.(?!\d))
  | {_TEXT}\s{{0,3}}\{{(?P<text>[^{{}}\\]{{0,120}})\}}
  | \\(?P<edge>begin|end)\s{{0,3}}\{{(?P<environment>[a-zA-Z]{{1,20}}\*?)\}}
  | \\mathbb\s{{0,3}}\{{?\s?(?P<domain>[A-Z])\s?\}}?
  | \\(?P<command>[a-zA-Z]{{1,30}})
  | \\(?P<escaped>.)
  | (?P<repeating>\d{{0,30}}\.\d{{0,30}})\\(?:overline|bar|dot)\s?(?:\{{(?P<period>\d{{1,20}})\}}|(?P<digit>\d))
  | (?P<number>\d{{1,3}}(?:(?:\{{,\}}|,\\!|\\[,!])\d{{3}}){{1,15}}(?:\.\d+)?(?!\d)
      | \d{{1,3}}(?:,\d{{3}}){{1,15}}(?:\.\d+)?(?![\d,])
      | \d+\{{,\}}\d+ | \d+(?:\.\d+)?(?:[eE][-+]?\d{{1,9}}(?![\w.]))? | \.\d+)
  | (?P<letters>[A-Za-z]+)
  | (?P<mark>.)
    """


@cache
def _compile_token() -> re.Pattern[str]:
    """Compile the pattern at its first use: most builds read no formula, and it takes long."""
    return re.compile(_TOKEN, re.VERBOSE | re.DOTALL)


def unify_characters(text: str) -> str:
    """Write mathematical characters, full-width ones and Chinese words as LaTeX does."""
    if text.isascii():
        return text
    for word, command in _WORDS.items():
        text = text.replace(word, command)
    text = _POWER.sub(lambda match: f"^{{{match[0].translate(_TO_LINE)}}}", text)
    text = _INDEX.sub(lambda match: f"_{{{match[0].translate(_TO_LINE)}}}", text)
    text = _VULGAR.sub(_write_fraction, text)
    return text.translate(_TABLE)


def _unify_signs(text: str) -> str:
    """Write the signs of programs as LaTeX does: a power, a relation, and the letter for a union."""
    return _UNION.sub(r"\\cup ", text.replace("**", "^").replace(" != ", r" \ne "))


def _write_fraction(match: re.Match[str]) -> str:
    above, _, below = unicodedata.normalize("NFKC", match[0]).partition("⁄")
    return f"\\frac{{{above}}}{{{below}}}" if below else match[0]


def cut_tokens(text: str) -> tuple[MathToken, ...]:
    """Cut an answer into tokens.

    Raises:
        NotUnderstoodError: it is too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise NotUnderstoodError(f"longer than {MAX_CHARACTERS} characters")
    pieces: list[MathToken] = []
    is_spaced = False
    for match in _compile_token().finditer(unify_characters(_unify_signs(text))):
        piece = _make_piece(match, is_spaced=is_spaced)
        is_spaced = match.lastgroup == "space" or (is_spaced and piece is None)
        pieces += [piece] if piece else []
    if len(pieces) > MAX_TOKENS:
        raise NotUnderstoodError(f"more than {MAX_TOKENS} tokens")
    return tuple(pieces)


def _make_piece(match: re.Match[str], *, is_spaced: bool) -> MathToken | None:
    """Make the token of a match; None where it is only for the eye."""
    text = match[0]
    if match["space"] is not None or text == "$":
        return None
    if match["text"] is not None:
        return _make_text(match["text"], is_style=bool(match["letter"]), is_spaced=is_spaced)
    if match["edge"]:
        return MathToken(Kind.COMMAND, f"{match['edge']} {match['environment'].rstrip('*')}", is_spaced)
    if match["domain"]:
        return MathToken(Kind.COMMAND, f"mathbb {match['domain']}", is_spaced)
    if match["command"]:
        return _make_command(match["command"], is_spaced=is_spaced)
    if match["escaped"]:
        return _make_escaped(match["escaped"], is_spaced=is_spaced)
    if match["repeating"]:
        return MathToken(Kind.NUMBER, f"{match['repeating']}({match['period'] or match['digit']})", is_spaced)
    if match["number"]:
        return MathToken(Kind.NUMBER, text, is_spaced)
    kind = Kind.LETTERS if match["letters"] else Kind.TEXT if text in _CURRENCIES else Kind.MARK
    return MathToken(kind, text, is_spaced)


def _make_command(command: str, *, is_spaced: bool) -> MathToken | None:
    """Make the token of a command; braces of a set are told from those that group."""
    name = _SYNONYMS.get(command, command)
    if name in _SKIPPED:
        return None
    is_mark = len(name) == 1 and not name.isalpha()
    return MathToken(Kind.MARK if is_mark else Kind.COMMAND, f"\\{name}" if name in {"{", "}"} else name, is_spaced)


_ESCAPED: Mapping[str, tuple[Kind, str]] = {
    "{": (Kind.MARK, "\\{"), "}": (Kind.MARK, "\\}"), "\\": (Kind.COMMAND, "newline"), "|": (Kind.MARK, "||"),
    "%": (Kind.MARK, "%"), "$": (Kind.TEXT, "dollar"),
}  # fmt: skip


def _make_escaped(character: str, *, is_spaced: bool) -> MathToken | None:
    if character in "()[]":  # \( and \[ begin mathematics
        return None
    kind, text = _ESCAPED.get(character, (Kind.MARK, character))
    return MathToken(kind, text, is_spaced)


def _make_text(text: str, *, is_style: bool, is_spaced: bool) -> MathToken | None:
    """Make the token of a text inside of LaTeX: a letter and a function are what they are outside of it."""
    words = " ".join(text.split())
    bare = words.strip(" ,.")
    if not words or (len(words) == 1 and (is_style or words in "ie")):
        return MathToken(Kind.LETTERS, words, is_spaced) if words else None
    if bare.lower() in {"or", "and"}:
        return MathToken(Kind.COMMAND, bare.lower(), is_spaced)
    if bare in NAMES and NAMES[bare] not in {"or", "and", "circ"}:
        return MathToken(Kind.COMMAND, NAMES[bare], is_spaced)
    if bare.isdigit():
        return MathToken(Kind.NUMBER, bare, is_spaced)
    return MathToken(Kind.TEXT, words, is_spaced)


def write_spelling(pieces: tuple[MathToken, ...]) -> str:
    r"""Write tokens in one spelling: texts with the same one are the same answer.

    >>> write_spelling(cut_tokens(r"\left( \dfrac{1}{2}, \infty \right)")) == write_spelling(cut_tokens(r"(\frac12,∞)"))
    False
    >>> write_spelling(cut_tokens(r"$\left( x^{2} \right)$")) == write_spelling(cut_tokens("(x²)"))
    True
    """
    texts = [f"\\{piece.text}" if piece.kind is Kind.COMMAND else piece.text for piece in pieces]
    kept: list[str] = []
    for text in texts:
        if text == "}" and len(kept) > 1 and kept[-2] == "{" and _is_single(kept[-1]):
            kept[-2:] = [kept[-1]]
        else:
            kept.append(text)
    while kept and kept[-1] == ".":
        kept.pop()
    return " ".join(kept)


def _is_single(text: str) -> bool:
    return len(text) == 1 and text.isalnum()
