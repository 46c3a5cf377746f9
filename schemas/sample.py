"""The sample: one answer of the teacher to one problem, its raw text, verdict and fate."""

from dataclasses import dataclass
from enum import StrEnum

from .ids import make_content_id, make_plain_id, quote_plain
from .problem import DuplicateMeasure
from .reasons import Fate, Reason, Stage, Verdict
from .review import ReviewMark


class Hint(StrEnum):
    """Whether the teacher was shown the gold answer."""

    NONE = "none"
    HINTED = "hinted"


class StepOutcome(StrEnum):
    """Result of checking one written equation with exact arithmetic."""

    RIGHT = "right"
    ROUNDED = "rounded"
    WRONG = "wrong"
    UNCHECKED = "unchecked"


class Part(StrEnum):
    """A part of an answer, named like the column that holds it; in the order in which they are said."""

    REASONING = "reasoning"
    TEXT = "text"


class FaultKind(StrEnum):
    """What is wrong with a rationale besides its arithmetic; each is a reason to drop it, too."""

    REFUSED = "refused"
    """The teacher refuses, in place of an answer."""
    DEGENERATE = "degenerate"
    """The same sentence, block or token is repeated over and over."""
    CUT_OFF = "cut_off"
    """The text ends in its middle, although the server reports no token limit."""
    TRACE_CUT_OFF = "trace_cut_off"
    """So does the reasoning that was told apart."""
    ANSWER_FIRST = "answer_first"
    """The answer is stated before any reasoning."""
    RESTATED = "restated"
    """The text repeats the question and states an answer, without a reason."""
    OTHER_LANGUAGE = "other_language"
    """The text is in another language than the question."""
    TRACE_LANGUAGE = "trace_language"
    """So is the reasoning that was told apart."""
    HINT_PARROTED = "hint_parroted"
    """A hinted sample mentions its hint, or says nothing besides the answer."""
    OUT_OF_ORDER = "out_of_order"
    """The steps of a procedure come in another order, or are left out."""


LAST_RESORT = "last_sentence"
"""The rule that reads a final answer from the last sentence of a text that marks none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens of one answer as the server counted them; null where it did not report them."""

    prompt_tokens: int | None = None
    """Tokens of the request. A response with several answers counts them once, with the first."""
    cached_tokens: int | None = None
    """Those of them that the server had read before."""
    completion_tokens: int | None = None
    """Tokens of the answer, its reasoning included."""
    reasoning_tokens: int | None = None
    """Those of them that are reasoning, shown or hidden."""
    joint_tokens: int | None = None
    """Tokens of all answers of the same response together, where the server has one count for several. It stands with
    each of them."""
    estimated_tokens: int | None = None
    """This answer's share of `joint_tokens`, by the length of its text. An estimate: no one counted it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternative:
    """One of the teacher's top-k tokens at a position."""

    token: str
    """The token's text."""
    logprob: float
    """Natural logarithm of its probability."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenLogprob:
    """One token of an answer with its log probability and the top-k alternatives."""

    token: str
    """The token's text; the concatenated tokens are the answer as the server sent it."""
    logprob: float
    """Natural logarithm of its probability."""
    top: tuple[Alternative, ...] = ()
    """The top-k tokens at this position, most probable first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A span of a text, in characters."""

    start: int
    """First character."""
    end: int
    """One past the last character."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One written equation of a rationale, checked with exact fractions."""

    part: Part = Part.TEXT
    """The part of the answer that it stands in."""
    start: int
    """First character of the equation in that part."""
    end: int
    """One past its last character."""
    text: str
    """The equation as written."""
    actual: str | None = None
    """The exact value of its left side; null where it can't be evaluated."""
    outcome: StepOutcome
    """Result of the check."""


class GradeQuestion(StrEnum):
    """What a grader is asked about a sample, in the order in which it is asked."""

    ANSWER = "answer"
    """Whether the answer says what the gold answer says."""
    RATIONALE = "rationale"
    """Whether the reasoning is sound and leads to the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grade:
    """What a grading model wrote about a sample, once: one vote, where it can be read."""

    question: GradeQuestion
    """What it was asked."""
    grader: str
    """The model that was asked."""
    simulated: bool = False
    """True where no model wrote it: the simulated teacher did."""
    prompt: str
    """The prompt: `cotloom-1`, Cotloom's own, or the digest of the recipe's."""
    request: str
    """The ledger key of its request."""
    index: int = 0
    """Its number among the votes, from 0."""
    finish_reason: str | None = None
    """Why it stopped, as reported by the server."""
    text: str | None = None
    """What it wrote, without its reasoning; null where it gave no answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Votes:
    """The votes of a grading model on one question."""

    correct: int = 0
    """Votes for the sample."""
    wrong: int = 0
    """Votes against it."""
    unread: int = 0
    """Answers of the grader that state no verdict in its words; they are no votes."""
    agreement: float | None = None
    """The share of the votes that the majority has; null where there are none."""


class ExternalVerdict(StrEnum):
    """What a command of the user's may say of a sample."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNVERIFIABLE = "unverifiable"
    CHECK_FAILED = "check_failed"
    """It said nothing that can be used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExternalFinding:
    """What a command of the user's found about a sample."""

    verifier: str
    """Its name in the recipe."""
    command: str
    """The version that the recipe declares, or a digest of the command."""
    verdict: ExternalVerdict
    """What it said."""
    detail: str | None = None
    """More about it, in its words, or why there is no verdict."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RationaleFault:
    """Something that is wrong with a rationale, and where."""

    kind: FaultKind
    """What it is."""
    part: Part = Part.TEXT
    """The part of the answer that it stands in."""
    start: int
    """Its first character in that part."""
    end: int
    """One past its last character."""
    detail: str
    """What was found, for a person to read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Consensus:
    """How far the samples of a problem without a gold answer agree. Agreement is no check of an answer."""

    answer: str | None
    """The answer that they agree on, as most of them write it; null where there is no consensus."""
    agreeing: int
    """Samples that give the most frequent answer."""
    answered: int
    """Samples that give an answer: unhinted, not cut off, and one that is read."""
    share: float
    """`agreeing` of `answered`, from 0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One row of the table `samples`. Dropped samples stay in it, each with the reason."""

    sample_id: str
    """Made from problem, first request and sample index."""
    problem_id: str | None
    """The problem it answers; null only for a recorded row that could not be read."""
    request_digests: tuple[str, ...] = ()
    """The ledger keys of its calls, in order."""
    sample_index: int = 0
    """Index among the answers to the same request, from 0."""
    teacher: str
    """The model that wrote it."""
    simulated: bool = False
    """True where no model wrote it: the simulated teacher did."""
    hint: Hint = Hint.NONE
    """Whether the teacher was shown the gold answer."""
    round: int = 0
    """The round of sampling it came from, from 0."""
    text: str | None = None
    """The answer as the teacher wrote it; where the reasoning was told apart, the response that follows it."""
    reasoning: str | None = None
    """The reasoning that was told apart: it came in a channel of its own, or between tags."""
    finish_reason: str | None = None
    """Why the teacher stopped, as reported by the server: stop, length, ..."""
    usage: Usage = Usage()
    """Tokens, as the server counted them."""
    served_model: str | None = None
    """The model that answered, as the server names it; of two calls, in the first. Null where no server did."""
    fingerprint: str | None = None
    """The server's name for how it was set up (`system_fingerprint`)."""
    response_id: str | None = None
    """The server's id of the response."""
    reasoning_tokens: int | None = None
    """Tokens of the reasoning, by the recipe's tokenizer, else as the server counted them; 0 where there is none, null
    where unknown."""
    response_tokens: int | None = None
    """Tokens of the text, counted in the same way."""
    token_logprobs: tuple[TokenLogprob, ...] | None = None
    """Token log probabilities, where they were requested and returned."""
    labels: str | None = None
    """Labels of a recorded answer (is_correct, ...), as canonical JSON."""
    verdict: Verdict | None = None
    """Verdict on the final answer."""
    predicted: str | None = None
    """The final answer as read."""
    span: Span | None = None
    """Span of the final answer in the part that states it."""
    answer_part: Part | None = None
    """The part that states the final answer: the reasoning only where the text states none."""
    rule: str | None = None
    """The rule that found the final answer."""
    consensus: Consensus | None = None
    """How far the samples of its problem agree; null where the problem has a gold answer."""
    steps: tuple[Step, ...] = ()
    """The equations of the rationale, each checked."""
    faults: tuple[RationaleFault, ...] = ()
    """What else is wrong with the rationale, whether or not the recipe drops it for that."""
    blind_text: str | None = None
    """What the teacher answered when it was shown the rationale of this hinted sample, up to its answer, and no hint;
    null where it was not asked."""
    blind_predicted: str | None = None
    """The final answer as read from it."""
    grades: tuple[Grade, ...] = ()
    """What a grading model wrote about this sample, where it was asked."""
    answer_votes: Votes | None = None
    """Its votes on the answer; null where it was not asked."""
    rationale_votes: Votes | None = None
    """Its votes on the rationale; null where it was not asked."""
    external: ExternalFinding | None = None
    """What a command of the user's found about it; null where none was asked."""
    signature: str | None = None
    """The method without its wording: the sorted operations. Null where there are none."""
    cluster: str | None = None
    """The sample that represents this one's path; its own id where it does itself."""
    duplicate_of: str | None = None
    """The sample that this one repeats; null where it repeats none. That sample may repeat another one: `cluster`."""
    duplicate_by: DuplicateMeasure | None = None
    """By what it repeats it."""
    similarity: float | None = None
    """How near it is to it by this measure, from 0 to 1; 1 where a measure says equal."""
    on_reference_path: bool | None = None
    """Whether it takes the path of its problem's reference rationale; null where that can't be told."""
    review: ReviewMark | None = None
    """What a review did to it; null where nobody decided about it."""
    distance: float | None = None
    """Mean distance to the other kept paths of its problem, from 0 to 1; null where it is dropped or the only one."""
    stage: Stage | None = None
    """The stage that dropped it; null where it was kept."""
    fate: Fate = Fate.KEPT
    """Kept or dropped."""
    reason: Reason | None = None
    """Why it was dropped; null where it was kept."""
    detail: str | None = None
    """More about the reason, for a person to read."""


def make_sample_id(problem: str | None, request: str, sample_index: int) -> str:
    """Make the id of a sample from its problem, its first request, and its index among the answers to it.

    >>> from cotloom.schemas.ids import make_content_id
    >>> make_sample_id("p_1", "a_1", 2) == make_content_id("s", "p_1", "a_1", 2)
    True
    """
    return make_plain_id("s", f"[{quote_plain(problem)},{quote_plain(request)},{sample_index}]")


def make_answer_id(teacher: str, text: str, reasoning: str | None, labels: str | None, hint: str = Hint.NONE) -> str:
    """Make the id of an answer that came from a file, from what was recorded of it.

    Args:
        teacher: who wrote it.
        text: its text, without the reasoning that was told apart.
        reasoning: its reasoning; without any the id does not depend on it.
        labels: its labels, as canonical JSON.
        hint: whether the teacher was shown the gold answer; without a hint the id does not depend on it.
    """
    more: tuple[str | None, ...] = () if reasoning is None else (reasoning,)
    if hint != Hint.NONE:
        more = (reasoning, str(hint))
    return make_content_id("a", teacher, text, labels, *more)
