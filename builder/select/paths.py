"""The paths of a problem as they are compared: texts, methods, and what is known of the problem."""

from collections.abc import Callable
from dataclasses import dataclass

from ...schemas.problem import DuplicateMeasure
from ...schemas.reasons import Reason
from ...schemas.recipe import Select
from ..text.normalizing import normalize
from ..text.similarity import NormalText, read_text
from .signatures import UNKNOWN, Method, ProblemContext, read_method

_MOST_WORDS_BEHIND = 8
"""A sample that begins with the reference rationale and goes on with so few words, which state the answer, is it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasoningPath:
    """One correct path of a problem."""

    sample_id: str
    """The id of its sample."""
    text: str
    """The text of the sample."""
    hinted: bool = False
    """Whether the teacher was shown the answer. Of two duplicates, the unhinted one is kept."""
    provided: bool = False
    """Whether it is a finished response of a source. No sample takes its place."""
    logprob: float | None = None
    """The mean log probability of its tokens; None where it is unknown."""
    method: Method | None = None
    """The method from `read_method`, where the caller has read it already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Whether a path is kept, and why not."""

    signature: str | None
    """The signature of its method."""
    cluster: str
    """The sample id of the path that stands for it; its own id where it does itself."""
    duplicate_of: str | None = None
    """The sample id of the path that it repeats."""
    duplicate_by: DuplicateMeasure | None = None
    """By what it repeats it."""
    similarity: float | None = None
    """How near it is to it, from 0 to 1."""
    on_reference_path: bool | None = None
    """Whether it takes the path of the reference rationale; None where that can't be told."""
    distance: float | None = None
    """Mean distance to the other kept paths."""
    reason: Reason | None = None
    """Why it is dropped; None where it is kept."""
    detail: str | None = None
    """An explanation of the reason."""


@dataclass(frozen=True, slots=True)
class ParsedPath:
    """A path with what it is compared by."""

    path: ReasoningPath
    """The path."""
    method: Method
    """Its method."""
    text: NormalText
    """Its normalized text."""
    is_reference: bool = False
    """Whether it is the reference rationale, or a finished response."""
    on_reference_path: bool | None = None
    """Whether it takes the path of the reference rationale."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PathProblem:
    """What is known of the problem that paths solve."""

    question: str | None = None
    """The question."""
    answer: str | None = None
    """Its answer."""
    choices: tuple[str, ...] = ()
    """Its options."""
    reference: str | None = None
    """Its reference rationale."""
    seed: int = 0
    """The recipe's key of random choices."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedProblem:
    """The same with what paths are compared with."""

    reference: str | None = None
    """The normalized reference rationale."""
    method: Method = UNKNOWN
    """Its method."""
    seed: int = 0
    """The recipe's key of random choices."""


UNKNOWN_PROBLEM = PathProblem()
"""A problem of which nothing is known."""

UNKNOWN_PARSED = ParsedProblem()
"""The same, parsed."""


def parse_problem(problem: PathProblem, policy: Select) -> ParsedProblem:
    """Normalize the reference rationale, and read its method."""
    reference = normalize(problem.reference) if problem.reference else None
    context = ProblemContext(problem.question, problem.answer, problem.choices)
    return ParsedProblem(
        reference=reference or None,
        method=read_method(problem.reference, None, context, policy.signature) if problem.reference else UNKNOWN,
        seed=problem.seed,
    )


def parse_path(
    path: ReasoningPath,
    policy: Select,
    problem: ParsedProblem = UNKNOWN_PARSED,
    read: Callable[[str], NormalText] = read_text,
) -> ParsedPath:
    """Read the method of a path, where the policy compares methods, and normalize its text.

    Args:
        path: the path.
        policy: which methods are compared.
        problem: what is known of its problem.
        read: `read_text`, or what knows its results already.
    """
    is_compared = policy.signature != "none"
    method = (path.method or read_method(path.text, strength=policy.signature)) if is_compared else UNKNOWN
    text = read(path.text)
    is_own = problem.reference is not None and _is_same_text(text.plain, problem.reference)
    return ParsedPath(path, method, text, path.provided or is_own, _compare_reference(method, problem, is_own=is_own))


def _is_same_text(plain: str, reference: str) -> bool:
    """Whether a text is the reference rationale, or goes on from it to state the answer."""
    if not plain.startswith(reference):
        return False
    rest = plain[len(reference) :]
    return not rest or (rest[0] == " " and rest.count(" ") <= _MOST_WORDS_BEHIND)


def _compare_reference(method: Method, problem: ParsedProblem, *, is_own: bool) -> bool | None:
    if is_own:
        return True
    reference = problem.method
    if method.signature is not None and method.signature == reference.signature:
        return True
    return False if method.tells_apart and reference.tells_apart else None
