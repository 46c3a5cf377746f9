"""What was counted of the answers: how they were read, judged and faulted, how long and how diverse they are."""

from typing import Annotated

from pydantic import Field

from .parts import Count, ManifestPart


class ReadingCount(ManifestPart):
    """How many final answers one rule read."""

    rule: str
    """The rule; `last_sentence` is the last resort for a text without a mark."""
    part: str
    """The part that it read: `reasoning` or `text`."""
    samples: Count
    """Samples."""
    kept: Count
    """Those of them that were kept."""


class FaultCount(ManifestPart):
    """How many samples have a fault of their rationale."""

    kind: str
    """The fault: a value of `FaultKind`."""
    samples: Count
    """Samples."""
    kept: Count
    """Those of them that were kept: the recipe tags this fault, and drops nothing for it."""


class HintCount(ManifestPart):
    """What hints did for the problems of one source. Finished responses of sources are not counted."""

    source: str
    """The source."""
    kept: Count
    """Kept samples."""
    kept_hinted: Count
    """Those of them that are hinted."""
    hinted_share: float | None
    """`kept_hinted` of `kept`, from 0 to 1; null where nothing was kept."""
    correct: Count
    """Samples with a correct answer, dropped ones too."""
    correct_hinted: Count
    """Those of them that are hinted."""
    unhinted: Count
    """Unhinted samples whose answer is correct, wrong, missing or truncated."""
    unhinted_correct: Count
    """Those of them that are correct."""
    unhinted_pass_rate: float | None
    """`unhinted_correct` of `unhinted`, from 0 to 1; null where there are none."""


class ServedModel(ManifestPart):
    """A model that answered for a teacher, as the server names it."""

    teacher: str
    """The teacher: the model that was asked for."""
    model: str
    """The model that answered."""
    samples: Count
    """Samples that it wrote."""
    fingerprints: Count
    """How many fingerprints (`system_fingerprint`) the server gave with them."""


class JudgeCount(ManifestPart):
    """How many samples somebody was asked about, where no comparison settles their answer or their rationale."""

    kind: str
    """`model_graded`: a grading model; `external`: a command of the user's."""
    question: str
    """What was asked: `answer` or `rationale`."""
    judge: str
    """The model, or the name of the command."""
    simulated: bool
    """True where the simulated teacher stood in for a model."""
    samples: Count
    """Samples."""
    kept: Count
    """Those of them that were kept."""


class LengthBin(ManifestPart):
    """Samples of which a part has about the same length."""

    least: Count
    """The fewest tokens."""
    most: Count
    """The most."""
    samples: Count
    """Samples."""
    kept: Count
    """Those of them that were kept."""


class TokenCounts(ManifestPart):
    """The lengths of a part of the answers."""

    part: str
    """The part: `reasoning` or `response`."""
    counted_by: str
    """`tokenizer`: the recipe's; `usage`: the server."""
    tokens: Count
    """Tokens in all, of the samples whose length is known."""
    unknown: Count
    """Samples with an answer of unknown length."""
    bins: tuple[LengthBin, ...] = Field(strict=False)
    """The others, by length; each bin ends at twice the length of the one before."""


class MixtureCount(ManifestPart):
    """What a stage of the mixture was asked to take of a source, and what came out."""

    stage: str
    """The stage."""
    source: str
    """The source."""
    take: str
    """What was asked for: `all`, a fraction of the rows, or a number of them."""
    share: float | None
    """The share of the stage that its weights, temperature or total ask for, from 0 to 1; null where none does."""
    by: str
    """What the share is measured in: `rows`, `tokens` or `loss`."""
    available: Count
    """Rows within the stage's caps."""
    rows: Count
    """Rows that it took, repeated ones too."""
    repeats: Count
    """Those of them that it took before."""
    hinted: Count
    """Those of them whose sample is hinted."""
    tokens: Count | None
    """Their tokens by the recipe's tokenizer; null without one."""
    loss_tokens: Count | None
    """Those of the tokens that carry loss; null without a tokenizer."""


class RowBin(ManifestPart):
    """Rows of about the same length."""

    least: Count
    """The fewest tokens."""
    most: Count
    """The most."""
    rows: Count
    """Rows."""


class StageLengths(ManifestPart):
    """The lengths of the rows of a stage, in tokens of all messages, and how full sequences of them are."""

    stage: str
    """The stage."""
    rows: Count
    """Its rows, repeated ones too."""
    tokens: Count
    """Their tokens, without marks of a chat template."""
    longest: Count
    """The tokens of the longest."""
    bins: tuple[RowBin, ...] = Field(strict=False)
    """The rows by length; each bin ends at twice the length of the one before."""
    length: Count
    """Tokens of a sequence: the stage's `max_tokens`, else the power of two that holds the longest row."""
    packed_rows: Count
    """Rows that such a sequence holds."""
    packed_tokens: Count
    """Their tokens."""
    sequences: Count
    """Sequences that hold them all, packed by best fit decreasing."""


class RarefactionPoint(ManifestPart):
    """A point of a rarefaction curve."""

    samples: Annotated[int, Field(ge=1)]
    """So many correct samples of each problem."""
    problems: Count
    """Problems with at least so many."""
    paths: float
    """The mean number of distinct paths that so many of them take, over all ways to draw them."""


class Diversity(ManifestPart):
    """How many distinct paths the correct samples of a source's problems take."""

    source: str
    """The source."""
    teacher: str | None
    """The teacher; null for all of them together."""
    problems: Count
    """Problems with a correct sample."""
    samples: Count
    """Correct samples that were compared with each other."""
    paths: Count
    """Distinct paths among those of each problem, in all."""
    unseen: float | None
    """Estimate of the mean number of paths of a problem that no sample took, at least (Chao1); null where no problem
    has two samples."""
    coverage: float
    """Estimate of the probability that one more sample takes a path that is known (Good and Turing), from 0 to 1."""
    mean_distance: float | None
    """Mean distance of kept paths to the others of their problem, from 0 to 1; null where no problem has two."""
    curve: tuple[RarefactionPoint, ...] = Field(strict=False)
    """Distinct paths by the number of samples: 1, 2, 4 and so on, and the most that a problem has."""
