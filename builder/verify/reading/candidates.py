"""What a text offers as its answer, and what is read of it in the end."""

from dataclasses import dataclass

from ....schemas.sample import Span
from ...languages import ENGLISH
from .cues import Cues


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The final answer of a text."""

    answer: str
    """The answer's text, with its unit where that is a known one."""
    span: Span
    """Its position in the text, in characters."""
    rule: str
    """The rule that found it, such as `answer_is`."""
    is_hedged: bool = False
    """Whether the text leaves open which of several values is its answer, as `17 or 18`; the answer is all of them."""
    withdrawn: tuple[str, ...] = ()
    """What the text stated before and took back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedAnswer:
    """A place of a text that states an answer."""

    rule: str
    """The rule that found it."""
    mark: int
    """Where its mark begins."""
    start: int
    """Where the answer may begin."""
    end: int
    """Where it ends at the latest."""
    language: str = ENGLISH
    """The language of its mark."""
    joined: int | None = None
    """Where the first of several boxes begins that stand side by side with this one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """A part of a text in which an answer is looked for."""

    text: str
    """The whole text."""
    start: int
    """First character of the part."""
    end: int
    """One past its last."""
    rule: str
    """The rule that found it."""
    cues: Cues
    """The words that tell the answer from other values."""
    choices: tuple[str, ...] = ()
    """The options of a multiple-choice question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A value that may be the answer."""

    answer: str
    """Its text, with its unit."""
    start: int
    """First character."""
    end: int
    """One past the last."""
    rule: str
    """The rule that found it."""
    is_negated: bool = False
    """Whether the text says that this is not the answer."""
    is_hedged: bool = False
    """Whether it is several values of which none is preferred."""
    is_direct: bool = False
    """Whether it stands where its passage begins."""
    is_stated: bool = False
    """Whether words before it say that it is a result."""
    is_aside: bool = False
    """Whether words around it say that it is not what is asked for."""
    is_concluded: bool = False
    """Whether it stands in the conclusion of a sentence: `…, so 9`."""


def make_candidate(passage: Passage, start: int, end: int, *, is_direct: bool = False) -> Candidate:
    """Make a candidate of the text that stands there."""
    return Candidate(answer=passage.text[start:end], start=start, end=end, rule=passage.rule, is_direct=is_direct)
