"""The validation: what a student learnt from a version. It lies beside the version as `validation.json`.

It is no part of the version: it carries the digest of the content that it speaks of.
"""

from enum import StrEnum
from typing import Annotated, Any

from cotloom.schemas.outcome import Decoding, SetKind
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

CORRECT = "correct"
"""The measure that verdicts on arms, floor and ceiling are about: the share of right final answers."""


class Record(BaseModel):
    """A part of the validation: no unknown keys, no conversions, no numbers that are not finite."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Finding(StrEnum):
    """What a comparison of two arms came to."""

    BETTER = "better"
    """The whole interval lies on the good side of no difference."""
    WORSE = "worse"
    """The whole interval lies on the bad side."""
    NOT_DISTINGUISHABLE = "not_distinguishable"
    """The interval holds no difference. That is no proof that there is none."""
    FLOOR = "floor"
    """The students have not learnt the task, so that a difference says nothing about the data."""
    TOO_FEW_SEEDS = "too_few_seeds"
    """How much students differ by their seed is not known."""


def _enum(kind: type[StrEnum]) -> BeforeValidator:
    return BeforeValidator(lambda value: kind(value) if isinstance(value, str) else value)


class Asked(Record):
    """A way of asking: a set of problems, how they were put, and how answers were drawn."""

    set: str
    """Name of the evaluation set."""
    format: str
    """How the problems were put."""
    decoding: Annotated[Decoding, _enum(Decoding)] = Decoding.GREEDY
    """How answers were drawn."""


class _Interval(Record):
    """A number with its interval."""

    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end of the 95 % interval."""
    by_seed: tuple[float, ...] = Field(strict=False)
    """The number for each seed, in order of seeds."""
    problems: int
    """Problems that it rests on."""
    groups: int
    """Groups of problems: those of one group were resampled together."""
    notes: tuple[str, ...] = Field((), strict=False)
    """What to bear in mind."""


class Standing(_Interval):
    """How an arm does at one way of asking."""

    arm: str
    """The arm."""
    asked: Asked
    """The way of asking."""
    kind: Annotated[SetKind, _enum(SetKind)]
    """What the set measures."""
    measure: str = CORRECT
    """What was averaged: `correct` gives the accuracy."""
    mean: float
    """Mean over problems and seeds."""
    chance: float | None = None
    """Accuracy without having learnt anything; null where it is not known or the measure is no accuracy."""

    @model_validator(mode="after")
    def _ordered(self) -> "Standing":
        if not self.low <= self.mean <= self.high:
            message = f"the interval {self.low} to {self.high} does not hold the mean {self.mean}"
            raise ValueError(message)
        return self


class Difference(_Interval):
    """One arm less another at one way of asking."""

    arm: str
    """The arm."""
    against: str
    """The arm that it is held against."""
    asked: Asked
    """The way of asking."""
    kind: Annotated[SetKind, _enum(SetKind)]
    """What the set measures."""
    measure: str = CORRECT
    """What was averaged: `correct` gives the accuracy."""
    difference: float
    """Mean of `arm` less mean of `against`: in share of problems, or in nats for `gold_logprob`."""
    error: float
    """Standard error of the difference, over problems and seeds."""
    verdict: Annotated[Finding, _enum(Finding)]
    """What it came to."""
    smallest_effect: float | None
    """The smallest true difference that a set-up like this would call in four of five cases; null where no difference
    is large enough, nothing varies, or the seeds are too few to say."""

    @model_validator(mode="after")
    def _ordered(self) -> "Difference":
        if not self.low <= self.difference <= self.high:
            message = f"the interval {self.low} to {self.high} does not hold the difference {self.difference}"
            raise ValueError(message)
        if self.verdict in {Finding.BETTER, Finding.WORSE} and self.low <= 0 <= self.high:
            message = f"{self.verdict} can't be: the interval {self.low} to {self.high} holds zero"
            raise ValueError(message)
        return self


class Trained(Record):
    """How an arm was trained."""

    arm: str
    """What it was trained on."""
    rows: int
    """Rows to train on."""
    steps: int
    """Steps of the optimiser, all stages together."""
    seeds: tuple[int, ...] = Field(strict=False)
    """The seeds."""
    final_loss: float | None
    """Training loss at the end, in nats for each token, mean over seeds; null where nothing was trained."""
    converged: bool | None
    """Whether the loss had stopped falling; null where that is not known."""
    soft_share: float | None = None
    """Share of tokens that learnt from the teacher's likeliest tokens; null for objectives without them."""


class Passed(Record):
    """What the gate says."""

    passed: bool | None
    """Whether the version is let through; null where the gate can't say."""
    reasons: tuple[str, ...] = Field(strict=False)
    """Why."""


class Advice(Record):
    """What would help next."""

    what: str
    """What to do."""
    why: str
    """The figures that it rests on."""


class Point(Record):
    """A point of a curve: students trained on a part of the version."""

    at: float
    """The part: the share of the problems, or the most paths for each problem."""
    rows: int
    """Rows to train on."""
    mean: float
    """Accuracy on the target."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""


class Circumstances(Record):
    """What moves scores besides data and student."""

    batch_size: int
    """Prompts answered together."""
    device: str
    """The device: `cpu`, or the name of the graphics card."""
    dtype: str
    """Type of the weights."""
    torch: str
    """Release of torch."""
    transformers: str
    """Release of transformers."""
    cotloom: str
    """Release of Cotloom."""


class Validation(Record):
    """`validation.json`: what a student learnt from a version, against what else it could have been trained on."""

    ref: str
    """`name@version`."""
    content_digest: str
    """The content that it speaks of."""
    parent: str | None
    """The version that this one follows and was compared with."""
    simulated: bool
    """True where the simulated teacher wrote what a student was trained on."""
    summary: str
    """What came out, in a sentence."""
    student: dict[str, Any]
    """The identity keys of the student recipe, with defaults filled in."""
    student_digest: str
    """Digest of these keys."""
    arms: tuple[Trained, ...] = Field(strict=False)
    """How each arm was trained."""
    standings: tuple[Standing, ...] = Field(strict=False)
    """How each arm does at each way of asking."""
    differences: tuple[Difference, ...] = Field(strict=False)
    """Comparisons on what the version teaches, the one that matters most first."""
    retention: tuple[Difference, ...] = Field((), strict=False)
    """Comparisons on what should be kept: sets of the kind `general`."""
    gate: Passed
    """What the gate says."""
    advice: tuple[Advice, ...] = Field((), strict=False)
    """What would help next, what promises most first."""
    data_curve: tuple[Point, ...] = Field((), strict=False)
    """Accuracy by share of the problems."""
    path_curve: tuple[Point, ...] = Field((), strict=False)
    """Accuracy by paths for each problem."""
    circumstances: Circumstances
    """What else moves scores."""
