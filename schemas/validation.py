"""The validation: what students learnt from a version.

It is stored beside the version as `validation.json` and is not part of the version. It carries the content digest of
the version that it describes.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from .outcome import Average, Decoding, SetKind

CORRECT = "correct"
"""The measure that the verdicts on floor and ceiling use: the share of correct final answers."""


class Record(BaseModel):
    """A part of the validation: strict types, no unknown keys, finite numbers only."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class DifferenceVerdict(StrEnum):
    """The verdict on the difference of two conditions."""

    BETTER = "better"
    """The whole interval lies on the better side of zero."""
    WORSE = "worse"
    """The whole interval lies on the worse side of zero."""
    NOT_DISTINGUISHABLE = "not_distinguishable"
    """The interval contains zero. That does not prove that there is no difference."""
    FLOOR = "floor"
    """The students did not learn the task, so the difference says nothing about the data."""
    TOO_FEW_SEEDS = "too_few_seeds"
    """There are too few seeds to estimate the variance between students."""


def _parse_enum(enum: type[StrEnum]) -> BeforeValidator:
    return BeforeValidator(lambda value: enum(value) if isinstance(value, str) else value)


class EvalSetting(Record):
    """An evaluation setting: a set of problems, a prompt format and a decoding method."""

    set: str
    """Name of the evaluation set; for a mean over sets, what they measure: `other` or `general`."""
    format: str
    """The prompt format."""
    decoding: Annotated[Decoding, _parse_enum(Decoding)] = Decoding.GREEDY
    """The decoding method."""
    average: Annotated[Average, _parse_enum(Average)] = Average.PROBLEMS
    """What has the same weight in the mean."""


class _Interval(Record):
    """The interval of an estimate, and what it is based on."""

    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end of the 95 % interval."""
    by_seed: tuple[float, ...] = Field(strict=False)
    """The estimate for each seed, in order of seeds."""
    problems: int
    """Number of problems."""
    groups: int
    """Number of groups of problems. The problems of one group were resampled together."""
    notes: tuple[str, ...] = Field((), strict=False)
    """Caveats."""


class Score(_Interval):
    """The score of a condition in an evaluation setting."""

    condition: str
    """The condition."""
    setting: EvalSetting
    """The evaluation setting."""
    kind: Annotated[SetKind, _parse_enum(SetKind)]
    """What the set measures."""
    measure: str = CORRECT
    """The name of the averaged measure; `correct` gives the accuracy."""
    mean: float
    """Mean over problems and seeds."""
    chance: float | None = None
    """Accuracy of always guessing; null where it is not known or the measure is not the accuracy."""

    @model_validator(mode="after")
    def _check_interval(self) -> "Score":
        if not self.low <= self.mean <= self.high:
            message = f"the interval {self.low} to {self.high} does not contain the mean {self.mean}"
            raise ValueError(message)
        return self


class Difference(_Interval):
    """The difference of two conditions in an evaluation setting: `condition` minus `against`."""

    condition: str
    """The condition."""
    against: str
    """The condition that it is compared with."""
    setting: EvalSetting
    """The evaluation setting."""
    kind: Annotated[SetKind, _parse_enum(SetKind)]
    """What the set measures."""
    measure: str = CORRECT
    """The name of the averaged measure; `correct` gives the accuracy."""
    difference: float
    """Mean of `condition` minus mean of `against`: as a share of the problems, or in nats for `gold_logprob`."""
    error: float
    """Standard error of the difference, over problems and seeds."""
    verdict: Annotated[DifferenceVerdict, _parse_enum(DifferenceVerdict)]
    """The verdict."""
    smallest_effect: float | None
    """The smallest true difference that this set-up would detect with 80 % power; null where no difference is large
    enough, nothing varies, or there are too few seeds."""

    @model_validator(mode="after")
    def _check_interval(self) -> "Difference":
        if not self.low <= self.difference <= self.high:
            message = f"the interval {self.low} to {self.high} does not contain the difference {self.difference}"
            raise ValueError(message)
        if self.verdict in {DifferenceVerdict.BETTER, DifferenceVerdict.WORSE} and self.low <= 0 <= self.high:
            message = f"the verdict {self.verdict} contradicts the interval {self.low} to {self.high}: it contains zero"
            raise ValueError(message)
        return self


class TrainingRun(Record):
    """How the students of a condition were trained."""

    condition: str
    """The condition."""
    rows: int
    """Number of training rows."""
    steps: int
    """Optimizer steps of all stages."""
    seeds: tuple[int, ...] = Field(strict=False)
    """The seeds."""
    final_loss: float | None
    """Final training loss, in nats per token, mean over seeds; null where nothing was trained."""
    converged: bool | None
    """Whether the loss stopped falling; null where that is not known."""
    soft_share: float | None = None
    """Share of tokens trained on the teacher's top-k log probabilities; null for objectives that use none."""


class EvaluatedSet(Record):
    """An evaluation set as the students were evaluated on it."""

    name: str
    """Its name."""
    kind: Annotated[SetKind, _parse_enum(SetKind)]
    """What it measures."""
    problems: int
    """Number of problems that every student answered."""
    tasks: int
    """Number of tasks among them; 0 where its problems name none."""
    trained_on: int
    """Number of problems that were left out because a condition trained on them."""
    demonstrated: int
    """Number of problems that were left out because its fixed demonstrations show them."""
    unreadable: int | None = None
    """Number of rows without a readable question or gold answer; null for sets of the version, whose funnel says so."""
    repeated: int | None = None
    """Number of rows that hold a problem again; null for sets of the version."""
    demos: tuple[str, ...] = Field((), strict=False)
    """Questions of its fixed demonstrations."""


class GateResult(Record):
    """The result of the gate."""

    passed: bool | None
    """Whether the version passes; null where the gate is undecided."""
    reasons: tuple[str, ...] = Field(strict=False)
    """The reasons."""


class Advice(Record):
    """A suggested change."""

    what: str
    """The change."""
    why: str
    """The figures that it is based on."""


class CurvePoint(Record):
    """A point of a curve: students trained on a subset of the version."""

    at: float
    """The size of the subset: the share of the problems, or the maximum number of paths per problem."""
    rows: int
    """Number of training rows."""
    mean: float
    """Accuracy on the target set."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""


class EvalEnvironment(Record):
    """What affects scores besides the data and the student recipe."""

    batch_size: int
    """Prompts in one batch of generation."""
    device: str
    """The device: `cpu`, or the name of the GPU."""
    dtype: str
    """Data type of the weights."""
    torch: str
    """Version of torch."""
    transformers: str
    """Version of transformers."""
    cotloom: str
    """Version of Cotloom."""


class Validation(Record):
    """`validation.json`: scores of students trained on a version, compared with other conditions."""

    ref: str
    """`name@version`."""
    content_digest: str
    """Content digest of the version."""
    parent: str | None
    """The parent version that this one was compared with."""
    simulated: bool
    """Whether the training data of any student came from the simulated teacher."""
    summary: str
    """The main result, in a sentence."""
    student: dict[str, Any]
    """The identity keys of the student recipe, with defaults filled in."""
    student_digest: str
    """Digest of these keys."""
    training_runs: tuple[TrainingRun, ...] = Field(strict=False)
    """How the students of each condition were trained."""
    sets: tuple[EvaluatedSet, ...] = Field((), strict=False)
    """The evaluation sets."""
    scores: tuple[Score, ...] = Field(strict=False)
    """The score of each condition in each evaluation setting."""
    differences: tuple[Difference, ...] = Field(strict=False)
    """Comparisons on the target and other sets, the most important first."""
    retention: tuple[Difference, ...] = Field((), strict=False)
    """Comparisons on the general sets, which measure what the student should retain."""
    gate: GateResult
    """The result of the gate."""
    advice: tuple[Advice, ...] = Field((), strict=False)
    """Suggested changes, the most promising first."""
    data_curve: tuple[CurvePoint, ...] = Field((), strict=False)
    """Accuracy by share of the problems."""
    path_curve: tuple[CurvePoint, ...] = Field((), strict=False)
    """Accuracy by paths per problem."""
    environment: EvalEnvironment
    """What else affects scores."""
