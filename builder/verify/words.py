"""Short texts, and yes or no: what an answer in words comes to, without its case, dress and manner of speaking."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

MOST_AROUND = 8
"""So many words may stand around a gold text that an answer holds."""

MOST_WRAPPED = 4
"""So many layers of emphasis and quotes are taken off."""

# Texts

_PAIRS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\*\*(.+)\*\*", r"\*(.+)\*", r"__(.+)__", r"`(.+)`", r"\$(.+)\$", r'"(.+)"', r"'(.+)'", "“(.+)”", "‘(.+)’",
        r"\\(?:text|mathrm|textbf|mathbf|mbox|boxed)\s?\{(.+)\}",
    )
)  # fmt: skip
"""What a whole text may be wrapped in."""

_FULL_STOP = re.compile(r"(?<=[^\s.,;:])(?:[.,;:]+|(?<=[^\W\d])[!?]+)$")
_ARTICLE = re.compile(r"^(?:an? |the )(?=\S)|(?<= )the (?=\S)")
_PAUSE = re.compile(r"[.!?](?=\s)|,?\s(?=(?:because|since)\b)|\n", re.IGNORECASE)
_TAKEN_BACK = re.compile(
    r"\bno(?=\s?[,.:–—-]|\s+wait\b)|\b(?:wait|actually|sorry|correction|instead|i mean)\b", re.IGNORECASE
)
_HEDGED = re.compile(
    r"[,/;=+|]|n['’]t\b|\b(?:not|no|never|neither|nor|or|and|but|except|unlike|rather|instead|either|both|minus)\b",
    re.IGNORECASE,
)
_EDGES = ".,;:\"'“”‘’*_`()[]"


def bare(text: str) -> str:
    """A text without case, extra spaces, emphasis, quotes, a stop at its end, and articles.

    >>> bare(" **The capital of  the world.** ")
    'capital of world'
    """
    text = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    for _ in range(MOST_WRAPPED):
        text = _FULL_STOP.sub("", text)
        text = next((whole[1].strip() for pair in _PAIRS if (whole := pair.fullmatch(text))), text)
    return _ARTICLE.sub("", text)


def head(text: str) -> str:
    """What an answer says before its first pause, unless it takes it back behind it."""
    text = text.strip()
    pause = _PAUSE.search(text)
    return text if pause is None or _TAKEN_BACK.search(text, pause.end()) else text[: pause.start()]


def same_text(gold: str, answer: str) -> bool | None:
    """Whether an answer says a gold text; None where it holds it among other words in a way that leaves it open.

    >>> same_text("Paris", "The capital is Paris"), same_text("Paris", "not Paris"), same_text("Paris", "London")
    (True, None, False)
    """
    right, given = " ".join(gold.split()), " ".join(answer.split())
    if not right or not given:
        return False
    if not re.search(r"\w", right):
        return right in {given, given.removesuffix(".")}
    right, given = bare(right), bare(given)
    return True if right in {given, bare(head(answer))} else _held(right.split(), given.split())


def _held(gold: list[str], answer: list[str]) -> bool | None:
    wanted, words = ([word.strip(_EDGES) for word in side] for side in (gold, answer))
    size = len(wanted)
    places = [place for place in range(len(words) - size + 1) if words[place : place + size] == wanted]
    if not places:
        return False
    if len("".join(wanted)) < 2:  # a lone character stands in many an answer
        return None
    last = answer[places[0] + size - 1]
    behind = last[len(last.rstrip(_EDGES)) :] if last.rstrip(_EDGES) else ""
    rest = [*answer[: places[0]], behind, *answer[places[0] + size :]]
    plain = len(words) - size <= MOST_AROUND and not _HEDGED.search(" ".join(rest))
    return True if plain else None


# Yes or no

_MEANS: Mapping[str, bool] = {
    "yes": True,
    "true": True,
    "correct": True,
    "no": False,
    "false": False,
    "incorrect": False,
    "untrue": False,
}
_SAID = re.compile(rf"\b((?:not|isn['’]t)\s{{1,3}})?({'|'.join(_MEANS)})\b", re.IGNORECASE)
_OPENING = re.compile(
    r"[\W_]*(?:(?:so|then|therefore|thus|hence|well|ok|okay|the|this|that|it|answer|final|statement|claim|sentence|is|was"
    r"|s|must|would|be|clearly|definitely|certainly|probably|likely|most|text|boxed)\b[\W_]*)*",
    re.IGNORECASE,
)
_STANDS_ALONE = re.compile(
    r"[\W_]*$|\s*[^\w\s?]|\s*\n|\s+(?:because|since|as|it|he|she|they|we|you|i|this|that|there|but|not|and|or|if)\b",
    re.IGNORECASE,
)
"""What may stand behind no, true and the rest: `no one` and `true love` are not answers."""

_OTHER_WAY = re.compile(rf"[\s,/*]{{0,4}}(?:\b(?:or|and)\s{{1,3}}|/\s?)({'|'.join(_MEANS)})\b", re.IGNORECASE)
_NEGATION = re.compile(
    r"n['’]t\b|\b(?:not|no|never|cannot|hardly|unlikely|neither|nor|without|doubt\w*)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Said:
    """Yes or no, as said."""

    value: bool
    """True for yes."""
    start: int
    """First character."""
    end: int
    """One past the last."""


def leading_boolean(text: str) -> Said | None:
    """The yes or no that a text begins with, after words like `so the answer is`; None for `yes and no`.

    >>> leading_boolean("Yes, because no one left.").value, leading_boolean("No one left.")
    (True, None)
    """
    opening = _OPENING.match(text)
    match = _SAID.match(text, opening.end() if opening else 0)
    if match is None or not _is_answer(text, match):
        return None
    other = _OTHER_WAY.match(text, match.end())
    said = _said(match)
    return None if other and _MEANS[other[1].lower()] is not said.value else said


def find_boolean(text: str) -> Said | None:
    """The yes or no of an answer: the leading one, else the only one where nothing is denied."""
    leading = leading_boolean(text)
    if leading is not None:
        return leading
    matches = list(_SAID.finditer(text))
    found = [_said(match) for match in matches if _is_answer(text, match)]
    no_one = any(match[2].lower() == "no" and not _is_answer(text, match) for match in matches)
    denied = no_one or _NEGATION.search(_SAID.sub(" ", text))
    return found[0] if len({said.value for said in found}) == 1 and not denied else None


def _is_answer(text: str, match: re.Match[str]) -> bool:
    return match[2].lower() == "yes" or _STANDS_ALONE.match(text, match.end()) is not None


def _said(match: re.Match[str]) -> Said:
    return Said(_MEANS[match[2].lower()] is not bool(match[1]), *match.span())
