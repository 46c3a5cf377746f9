"""The problem: one question with its gold answer, from a source. What problems and samples share with others."""

from dataclasses import dataclass
from enum import StrEnum

from .ids import make_content_id
from .reasons import Fate, Reason, Stage


class AnswerType(StrEnum):
    """The type of the gold answer. It decides how answers are read and compared."""

    NUMBER = "number"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    LIST = "list"
    """Several answers whose order counts."""
    SET = "set"
    """Several answers in any order."""
    RATIO = "ratio"
    EXPRESSION = "expression"
    """A formula, an interval, a tuple or an equation, in LaTeX or plain characters."""
    TEXT = "text"
    REASONING_GYM = "reasoning_gym"
    """Whatever reasoning-gym's own scorer of the task says is right."""
    MODEL_GRADED = "model_graded"
    """Any text, judged by a grading model; the recipe has a section `grader`."""
    EXTERNAL = "external"
    """Any text, such as unit tests, judged by a command of the user's (`verify.external`)."""


GYM_ENTRY = "reasoning_gym"
"""The key of a problem's metadata that says how reasoning-gym made it."""

JUDGED_OUTSIDE = frozenset({AnswerType.MODEL_GRADED, AnswerType.EXTERNAL})
"""The types that no comparison settles."""


class Split(StrEnum):
    """The split of a problem."""

    TRAIN = "train"
    TEST = "test"


class DuplicateMeasure(StrEnum):
    """By what a row repeats another: a sample another of its problem, or a question another one."""

    EXACT = "exact"
    """The texts are equal."""
    NORMALIZED = "normalized"
    """They are equal apart from case, white space, punctuation of sentences, quotation marks and markup."""
    METHOD = "method"
    """Their signatures are equal."""
    WORDING = "wording"
    """Their wording is nearly the same, and what their meaning depends on is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One row of the table `problems`."""

    problem_id: str
    """Made from question and choices. Rows that hold the same problem again have the same id and are dropped."""
    source: str
    """Name of the source in the recipe."""
    origin: str
    """Position of the row: `file.jsonl:12`, or the number of a generated problem."""
    task: str | None = None
    """What the source calls the task, if it does."""
    category: str | None = None
    """What the source calls the row's category, if it does."""
    question: str | None = None
    """The question as asked; null only where the row was malformed."""
    answer: str | None = None
    """The gold answer as text, extracted from its solution by the recipe's `answer_pattern`."""
    stated_answer: str | None = None
    """The gold answer that the source states, where a review corrected it; else null."""
    answer_type: AnswerType = AnswerType.NUMBER
    """How answers to it are read and compared."""
    choices: tuple[str, ...] = ()
    """The options of a multiple-choice question, in order."""
    reference_rationale: str | None = None
    """The source's own solution, without the gold answer."""
    responses: tuple[str, ...] = ()
    """Finished responses, for sources that have them."""
    language: str | None = None
    """The language that the question is asked in, as ISO 639 code: the recipe's, or its own as detected. `und`: in none
    that is known; null: it has no words."""
    group: str | None = None
    """Problems of one template share it: the source's, or a digest of the question with numbers and names masked."""
    cluster: str | None = None
    """Problems that are variations of one another share it: groups that say nearly the same. It is the smallest of
    their groups, or what the version's parent calls it; null where the row was dropped before."""
    split: Split | None = None
    """The split: of an earlier version, else from the keyed hash of the cluster; null where the row was dropped
    before."""
    license: str | None = None
    """The licence of the source."""
    metadata: str = "{}"
    """Further columns of the source, as canonical JSON."""
    weight: float = 1.0
    """How likely its rows are drawn for a share of the mixture, relative to others."""
    pass_rate: float | None = None
    """The share of correct answers among its unhinted ones, from 0 to 1: those that were held against the gold answer,
    and those that came to no answer or were truncated. Null where there are none."""
    stage: Stage | None = None
    """The stage that dropped the row; null where it was kept."""
    fate: Fate = Fate.KEPT
    """Kept or dropped."""
    reason: Reason | None = None
    """Why it was dropped; null where it was kept."""
    detail: str | None = None
    """More about the reason, for a person to read."""
    duplicate_of: str | None = None
    """The problem whose question this row repeats; its own id where it repeats it to the letter. Null: none."""
    duplicate_by: DuplicateMeasure | None = None
    """By what it repeats it: `exact` or `normalized`."""
    kept_answer: str | None = None
    """The gold answer of the problem that it repeats, where that is another one: one of the two is wrong, or the
    questions differ in what normalizing ignores."""


def make_problem_id(question: str, choices: tuple[str, ...] = ()) -> str:
    """Make the id of a problem. The gold answer is left out: with a corrected answer it is the same problem."""
    return make_content_id("p", question, choices)


class OverlapMeasure(StrEnum):
    """How two texts overlap, the strictest measure first."""

    SAME = "same"
    """The same question and options, to the letter."""
    NGRAM = "ngram"
    """A run of `decontaminate.ngram` words; the score is 1."""
    WORDS = "words"
    """The share of words in common, in any order (Dice coefficient)."""
    MASKED_NGRAM = "masked_ngram"
    """A run of so many words, numbers and names masked, that is rare in the evaluation set; the score is 1."""
    MASKED = "masked"
    """How much of the evaluation question a text contains, weighted by rarity, numbers and names masked."""


class OverlapPart(StrEnum):
    """The text that was held against an evaluation set."""

    QUESTION = "question"
    REFERENCE_RATIONALE = "reference_rationale"
    RESPONSE = "response"
    REASONING = "reasoning"
    EXAMPLE = "example"
    """A message or the reasoning of an example; in audits only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlap:
    """One row of `evaluation_overlaps`: a text that overlaps an evaluation question, or came near and stayed."""

    against: str
    """The evaluation set: a source with the role `evaluate`."""
    set_digest: str
    """Digest of the ids of all problems of the set."""
    problem_id: str
    """The problem to train on."""
    origin: str
    """Position of its row: source, file and line."""
    sample_id: str | None = None
    """The sample, where the text is that of one."""
    part: OverlapPart = OverlapPart.QUESTION
    """Which text of it."""
    evaluation_id: str = ""
    """The problem of the evaluation set."""
    evaluation_origin: str = ""
    """Position of its row."""
    measure: OverlapMeasure = OverlapMeasure.WORDS
    """By which measure."""
    score: float = 0.0
    """How near, from 0 to 1."""
    dropped: bool = False
    """Whether it was dropped for it; else it is one of the nearest that stayed."""
    text: str = ""
    """The text, up to 4,000 characters."""
    evaluation_text: str = ""
    """The evaluation question with its options, up to 4,000 characters."""
    quoted: str = ""
    """The run of words in common, where there is one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NearDuplicate:
    """One row of the table `near_duplicates`: a text, and the nearest of another problem."""

    unit: str
    """`problem`: a question; `sample`: a rationale."""
    row_id: str
    """The problem or the sample."""
    problem_id: str
    """Its problem."""
    other_id: str
    """The nearest of another problem; of equally near ones, the one with the smallest id."""
    other_problem_id: str
    """Its problem."""
    similarity: float
    """Shingles in common of all (Jaccard), from 0 to 1."""
    others: int
    """How many of other problems were found as near as `select.across` asks."""
