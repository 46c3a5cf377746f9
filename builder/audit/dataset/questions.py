"""What an audit knows of a question: its other writings, its language, and whether it holds its own answer."""

import re
from dataclasses import dataclass
from functools import lru_cache

from ....schemas.ids import rank
from ....schemas.problem import AnswerType
from ...languages import detect_language
from ...text.normalizing import normalize
from ...verify import ComparisonOutcome, compare_safely, is_readable, read_answer
from ...verify.reading import GUESSED, find_statements

_LINK = re.compile(
    r"https?://[^\s)]{4,120}|!\[[^\]\n]{0,80}\]\([^)\n]{1,200}\)|<img\b[^>\n]{0,200}>|\\includegraphics\b[^}\n]{0,120}\}?"
    r"|\[(?:image|figure|img|asy)\]|<image>"
    r"|\b(?:as shown in|see|refer to) the (?:figure|image|picture|diagram)(?: below| above)?"
    r"|如图(?:所示)?",
    re.IGNORECASE,
)
_GARBLED = re.compile("\ufffd|[ÃÂ][\u0080-\u00bf]|â(?:€[™œ\u009d“”˜¦¢]|\u0080[\u0090-\u00bf])|ðŸ|ï¿½")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_END, _LEAST_END = 80, 40
"""So many characters at the end of a response are looked for in its question; a shorter response, from so many on."""

QUESTIONS_KEPT = 2**15
"""So many questions are remembered in each process."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionFacts:
    """What is known of a question."""

    form: int
    """The hash of its normalized text: the same for other writings of it."""
    template: int
    """The hash of the same with its numbers masked."""
    language: str | None
    """The language that it is in."""
    link: str | None
    """An address, an image or a figure that it points at."""
    garbled: str | None
    """The first characters that were decoded wrongly."""
    leak: str | None
    """How it states its own gold answer."""
    gold_fault: str | None
    """Why its gold answer can't be read in its type."""


@lru_cache(maxsize=QUESTIONS_KEPT)
def describe_question(question: str, choices: tuple[str, ...], gold: str | None, kind: AnswerType) -> QuestionFacts:
    """Describe a question.

    Args:
        question: its text.
        choices: its options.
        gold: its gold answer; None without one.
        kind: how answers are compared.
    """
    link = _LINK.search(question)
    form = "\x1f".join(map(normalize, (question, *choices)))
    return QuestionFacts(
        form=rank("form", form),
        template=rank("template", _NUMBER.sub("#", form)),
        language=detect_language(question),
        link=link[0] if link else None,
        garbled=find_garbled(question),
        leak=None if gold is None else find_stated_answer(question, choices, gold, kind),
        gold_fault=None if gold is None or is_readable(gold, kind, choices) else f"{gold[:60]!r} is no {kind}",
    )


def find_garbled(text: str) -> str | None:
    """Find what was decoded wrongly: U+FFFD, and UTF-8 that was read as another encoding.

    >>> find_garbled("Maryâ€™s pens"), find_garbled("Mary’s pâté")
    ('Maryâ€™s pens', None)
    """
    found = None if text.isascii() else _GARBLED.search(text)
    return None if found is None else " ".join(text[max(0, found.start() - 20) : found.end() + 20].split())


def find_stated_answer(question: str, choices: tuple[str, ...], gold: str, kind: AnswerType) -> str | None:
    r"""Find where a question states its own gold answer: behind a mark of final answers.

    >>> find_stated_answer("What is 3 + 4? The answer is 7.", (), "7", AnswerType.NUMBER)
    'The answer is 7.'
    >>> find_stated_answer("Ann has 7 pens. How many has she?", (), "7", AnswerType.NUMBER) is None
    True
    """
    if kind is AnswerType.BOOLEAN or not find_statements(question, kind):
        return None
    reading = read_answer(question, kind, choices)
    if reading is None or reading.rule in GUESSED:
        return None
    if compare_safely(gold, reading.answer, kind, choices).outcome is not ComparisonOutcome.EQUAL:
        return None
    start = max(question.rfind(". ", 0, reading.span.start), question.rfind("? ", 0, reading.span.start)) + 1
    return question[max(start, reading.span.start - 80) : reading.span.end + 20].strip()


def find_copied(question: str, response: str) -> str | None:
    """Find the end of a response, which concludes it, in its own question: the solution came along with it.

    How a response begins says nothing: many repeat the question first.
    """
    end = response.rstrip()[-_END:].lstrip()
    return end if len(end) >= _LEAST_END and end in question else None
