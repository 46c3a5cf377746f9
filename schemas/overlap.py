"""Evidence beside a version: what overlapped an evaluation set, what came nearest, and what repeats across problems."""

from dataclasses import dataclass
from enum import StrEnum


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
