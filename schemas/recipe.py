"""The recipe: what a dataset is, as a strict model of a YAML file.

Every field is declared by `declare_identity` (it can change a row, so it is part of the fingerprint) or by
`declare_circumstance` (it can't). Anything that only says how to run lives in `cotloom.schemas.runtime`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import StringConstraints, model_validator
from pydantic.fields import FieldInfo

from .formats import FormatSpec, Mixture
from .section import Name, Section, SemVer, declare_circumstance, declare_identity
from .source import Decontaminate, Source, SplitBy
from .teacher import Grader, RecordedTeacher, SampledTeacher, Teacher, Teachers

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A language by its ISO 639 code: `en`, `pt-BR`."""


class OrderStep(Section):
    """One step of a procedure that rationales must go through in order."""

    name: str = declare_identity(min_length=1, max_length=100)
    """Its name, for people."""
    pattern: str = declare_identity(min_length=1)
    """Regular expression (see Patterns) that matches where the step is mentioned; groups mean nothing in it."""


class ExternalVerifier(Section):
    """The command that judges samples of sources with `answer_type: external`.

    A recipe names it and can't hold it: it is given with `cotloom build --external NAME=COMMAND`.
    """

    name: Name = declare_identity()
    """Its name."""
    version: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = declare_identity(None)
    """The version of what it does. Verdicts are remembered by it, so that the command may move or be written
    differently. Null: by a digest of the command's words and of the files among them."""


class FaultPolicy(StrEnum):
    """What happens to a sample whose rationale has a fault."""

    DROP = "drop"
    TAG = "tag"
    IGNORE = "ignore"


class Faults(Section):
    """What happens to samples whose rationale has a fault.

    `drop` them, keep them and `tag` the fault in the column `faults`, or `ignore` it. docs/benchmark-rationales.md has
    the rates of false alarms.
    """

    refused: FaultPolicy = declare_identity(FaultPolicy.DROP, strict=False)
    """The teacher refuses, in place of an answer. It is the reason whatever the verdict is."""
    degenerate: FaultPolicy = declare_identity(FaultPolicy.DROP, strict=False)
    """The same sentence, block or token is repeated over and over, in the response or in the reasoning."""
    cut_off: FaultPolicy = declare_identity(FaultPolicy.DROP, strict=False)
    """The response ends in its middle, although the server reports no token limit: an open `\\boxed{`, formula or code
    block, or an unfinished sentence."""
    trace_cut_off: FaultPolicy = declare_identity(FaultPolicy.TAG, strict=False)
    """So does the reasoning that was told apart."""
    answer_first: FaultPolicy = declare_identity(FaultPolicy.TAG, strict=False)
    """The response states its answer before any reasoning, and goes on. Reasoning that was told apart comes first."""
    restated: FaultPolicy = declare_identity(FaultPolicy.TAG, strict=False)
    """The sample repeats the question and states an answer, without a reason."""
    other_language: FaultPolicy = declare_identity(FaultPolicy.DROP, strict=False)
    """The response is neither in the language of the question nor in that of the problem (docs/languages.md)."""
    trace_language: FaultPolicy = declare_identity(FaultPolicy.TAG, strict=False)
    """So is the reasoning that was told apart: many models think in another language than they answer in."""


class ConsensusRule(Section):
    """When the samples of a problem without a gold answer agree on one."""

    least: int = declare_identity(3, ge=2)
    """So many samples must give the same answer, as `compare` says; two that it can't decide about are not the same."""
    share: float = declare_identity(0.6, gt=0.0, le=1.0)
    """And so many of those that give an answer, from 0 to 1. Two answers that equally many give are no consensus."""


class Tolerance(Section):
    """How far a number may lie from a gold answer that is rounded: one of the two."""

    relative: float | None = declare_identity(None, gt=0.0, lt=1.0)
    """So much of the gold answer: 0.01 accepts 99 to 101 for 100. A gold 0 is compared exactly."""
    absolute: float | None = declare_identity(None, gt=0.0)
    """So much, in the unit of the gold answer."""

    @model_validator(mode="after")
    def _check_one(self) -> "Tolerance":
        if (self.relative is None) is (self.absolute is None):
            message = "give one of relative and absolute"
            raise ValueError(message)
        return self


class Verify(Section):
    """How samples are checked."""

    pattern: str | None = declare_identity(None)
    """Regular expression (see Patterns) whose one group is the final answer; its last match counts. Where it is given,
    an answer that it does not find is `no_answer`. Null reads by the usual marks of an answer."""
    last_resort: bool = declare_identity(True)  # noqa: FBT003 - the default of a key
    """Whether a text that marks no answer is read all the same, by its last sentence (rule `last_sentence`) or its
    beginning. With `false` such an answer is `no_answer`, unless the text is nothing but the answer."""
    answer: Literal["in_response", "anywhere", "unchecked"] = declare_identity("in_response")
    """Where the final answer must be. `in_response`: the response states it. `anywhere`: where no final answer is
    stated, the gold answer must be found anywhere in the rationale. `unchecked`: answers are not compared; samples are
    kept with the verdict `unchecked`, never `correct`."""
    consensus: ConsensusRule | None = declare_identity(None)
    """Allows problems without a gold answer: what enough of a problem's samples agree on is kept with the verdict
    `agreed`, never `correct`. Others are dropped as `disagreed` or `no_consensus`. Agreement is no check: see
    docs/benchmark-consensus.md for how often it was wrong. Null: a problem without a gold answer is dropped."""
    tolerance: Tolerance | None = declare_identity(None)
    """How far answers of the type `number` may lie from the gold answer, units converted. Null: they are compared
    exactly. Other types have none, and neither has what samples agree on."""
    max_characters: int = declare_identity(1_000_000, ge=1, le=10_000_000)
    """The longest answer that is read, in characters. A longer one is dropped as `too_long`, unread."""
    steps: Literal["drop", "tag", "label"] = declare_identity("drop")
    """What happens to a correct answer with a wrong step: `drop` it, or keep it and `tag` the step. `label` drops it
    from the examples too, for its labelled steps: `cotloom export --format trl-steps` (docs/exports.md)."""
    hint_parroting: Literal["drop", "tag"] = declare_identity("drop")
    """What happens to a hinted sample that repeats the hint without reasoning."""
    faults: Faults = declare_identity(Faults())
    """What happens to samples whose rationale has another fault: refusals, loops, texts that are cut off, and more."""
    order: tuple[OrderStep, ...] = declare_identity((), strict=False)
    """The steps of a procedure. Each must be mentioned, and none for the first time before those that stand above it;
    else a correct sample is dropped as `out_of_order`. Looked at is the response, and the reasoning where the response
    mentions no step."""
    stop_at_first: bool = declare_identity(False)  # noqa: FBT003 - the default of a key
    """Whether the first rule that applies decides, so that the last steps of `order` may be left out."""
    blind_check: Literal["none", "hinted"] = declare_identity("none")
    """`hinted`: a hinted sample that would be kept goes back to its teacher, up to its answer and without the hint, and
    the teacher is asked for the answer. Where another comes, or none, the sample is dropped as `blind_check_failed`."""
    model_graded: Literal["none", "rationale"] = declare_identity("none")
    """`rationale`: a sample that would be kept goes to the recipe's `grader`, which is asked whether its reasoning is
    sound and leads to its answer. Where the majority says no, it is dropped as `rationale_rejected`; where there is no
    majority, as `unverifiable`."""
    external: ExternalVerifier | None = declare_identity(None)
    """The command that judges samples of sources with `answer_type: external`."""
    set_aside: tuple[str, ...] = declare_identity((), strict=False)
    """Ids of samples that are not checked, since checking one ended the process that did: they are `check_failed`."""

    @model_validator(mode="after")
    def _check_procedure(self) -> "Verify":
        if self.stop_at_first and not self.order:
            message = "stop_at_first is for procedures: give their steps in order"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _check_consensus(self) -> "Verify":
        if self.consensus is not None and self.answer == "unchecked":
            message = "consensus compares answers with one another, and answer: unchecked compares none"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _check_blind(self) -> "Verify":
        if self.blind_check != "none" and self.answer == "unchecked":
            message = "blind_check compares answers with the gold answer, and answer: unchecked compares none"
            raise ValueError(message)
        return self


class LengthLimits(Section):
    """How long a part of an answer may be, in tokens. An unknown length is within the limits."""

    max_tokens: int | None = declare_identity(None, ge=0)
    """A path with more is dropped as `too_long`."""
    min_tokens: int | None = declare_identity(None, ge=0)
    """A path with fewer is dropped as `too_short`."""

    @model_validator(mode="after")
    def _check_order(self) -> "LengthLimits":
        if self.max_tokens is not None and self.min_tokens is not None and self.min_tokens > self.max_tokens:
            message = f"min_tokens is {self.min_tokens}, and max_tokens only {self.max_tokens}"
            raise ValueError(message)
        return self


class Lengths(Section):
    """How long the paths may be that are kept."""

    reasoning: LengthLimits = declare_identity(LengthLimits())
    """The reasoning that was told apart from the response; a path without any has 0 tokens of it."""
    response: LengthLimits = declare_identity(LengthLimits())
    """The response; of a path without reasoning of its own, all of it."""


class PassRate(Section):
    """How hard a problem to train on may be: limits of the share of its unhinted answers that are correct."""

    least: float | None = declare_identity(None, gt=0.0, le=1.0)
    """A problem with a lower pass rate is dropped as `too_hard`, with its samples: with 0.1, one that is hardly ever
    solved without a hint, or never."""
    most: float | None = declare_identity(None, ge=0.0, lt=1.0)
    """One with a higher pass rate is dropped as `too_easy`."""
    answers: int = declare_identity(4, ge=1)
    """So many answers must have a verdict; a problem with fewer stays."""

    @model_validator(mode="after")
    def _check_order(self) -> "PassRate":
        if self.least is not None and self.most is not None and self.least > self.most:
            message = f"least is {self.least}, and most only {self.most}"
            raise ValueError(message)
        return self


class Choose(StrEnum):
    """Which of several paths are preferred."""

    DIVERSE = "diverse"
    LEVENSHTEIN = "levenshtein"
    SHORTEST = "shortest"
    LONGEST = "longest"
    MOST_LIKELY = "most_likely"
    RANDOM = "random"


class Select(Section):
    """Which correct paths of a problem are kept."""

    lengths: Lengths = declare_identity(Lengths())
    """How long they may be, in tokens of the recipe's `tokenizer`, else of the server."""
    signature: Literal["canonical", "unordered", "ordered", "none"] = declare_identity("canonical")
    """What makes two paths the same method. `canonical`: their equations come to the same expression over the numbers
    of the question; or, without equations, their sentences say the same in the same order. `unordered` and `ordered`:
    they have the same equations, in any order or in the same order, as RFT compares them (Yuan et al. 2023). `none`:
    methods are not compared."""
    exact: Literal["drop", "keep"] = declare_identity("drop")
    """What happens to repeats of a text: `keep` keeps those of kept paths, beyond `keep`, as Fu et al. (2023) and Ho et
    al. (2023) did."""
    near_duplicate: float | None = declare_identity(0.9, gt=0.0, le=1.0)
    """Paths that no signature tells apart are duplicates where their wording is at least so similar, in order, and
    their numbers, signs, negations, and who does what are the same; null: never. The wording of their first 10,000
    characters is compared."""
    choose: Choose = declare_identity(Choose.DIVERSE, strict=False)
    """Which paths are kept where there are more than `keep`, and which of several duplicates. `diverse`: those
    furthest apart. `levenshtein`: those whose texts are furthest from all others (RFT). `shortest`, `longest`: by
    characters. `most_likely`: by the mean log probability of their tokens, unknown ones last. `random`: by a keyed
    hash. References come first, then unhinted samples."""
    keep: int | None = declare_identity(4, ge=1)
    """How many paths to keep for a problem; null keeps all."""
    pass_rate: PassRate = declare_identity(PassRate())
    """How hard a problem may be. Problems of the test split stay, and so do those without a gold answer."""
    across: float | None = declare_identity(0.8, ge=0.6, le=1.0)
    """Kept questions, and kept rationales, of different problems are listed as near-duplicates where they share so much
    of their shingles (runs of three words; of characters, where words are not spaced). None is dropped. Null: they are
    not looked for."""


class Recipe(Section):
    """A dataset: where problems come from, who solves them, what is kept, and in which form."""

    name: Name = declare_identity()
    """The dataset's name."""
    version: SemVer = declare_identity()
    """The version this recipe builds: MAJOR.MINOR.PATCH, or `dev`."""
    parent: SemVer | None = declare_circumstance(None)
    """The version that this one follows, for comparisons; null: the one before it in the store. Where `split.test` is
    given, its problems stay on their sides: the store must have it, and its content is part of the fingerprint."""
    description: str | None = declare_circumstance(None)
    """What the dataset is, in a sentence or two."""
    license: str | None = declare_identity(None)
    """The licence under which the dataset is published."""
    languages: tuple[Language, ...] = declare_identity((), strict=False)
    """Languages of the problems, as ISO 639 codes: `[en]`, `[zh, en]`. They choose the words of prompts and rows, and
    stand on the card. Empty: each problem's own, as detected (docs/languages.md)."""
    teacher_terms: str | None = declare_circumstance(None, min_length=1)
    """What the terms of the teacher's provider say about training on its answers, for the card."""
    folder: str | None = declare_circumstance(None)
    """The folder of relative paths. Null: the recipe's own folder. `${NAME}` takes an environment variable."""
    seed: int = declare_identity(0)
    """Key of every random choice."""
    limit: int | None = declare_identity(None, ge=1)
    """Only so many problems to sample, and so many with finished responses, the lowest by keyed hash."""
    cluster_cap: int | None = declare_identity(None, ge=1)
    """At most so many problems of one cluster of variations to sample, and so many with finished responses, the lowest
    by keyed hash; the rest are dropped as `over_cap` before anybody is asked. Null: no cap."""
    sources: tuple[Source, ...] = declare_identity(min_length=1, strict=False)
    """Where problems come from."""
    decontaminate: Decontaminate | None = declare_identity(None)
    """Which problems to drop because they overlap an evaluation set."""
    split: SplitBy = declare_identity(SplitBy())
    """How problems are split into train and test."""
    teacher: Teachers = declare_identity()
    """Who writes the rationales: one teacher, or a list. Several are asked one after the other, each about its `share`;
    `paths.target` counts the paths of all, so that a later one is asked only about what the earlier ones left."""
    tokenizer: Annotated[str, StringConstraints(min_length=1)] | None = declare_circumstance(None)
    """What counts tokens: a folder with `tokenizer.json` or the file itself, or a model on the Hub (`USER/NAME`, or
    `USER/NAME@REVISION`). Its content is part of the fingerprint. Null: the server's counts, where it reports any."""
    verify: Verify = declare_identity(Verify())
    """How they are checked."""
    grader: Grader | None = declare_identity(None)
    """The model that is asked about samples, where one is."""
    select: Select = declare_identity(Select())
    """Which correct paths are kept."""
    formats: tuple[FormatSpec, ...] = declare_identity((FormatSpec(name="zero_shot_cot"),), min_length=1, strict=False)
    """The formats of the examples."""
    mixture: Mixture | None = declare_identity(None)
    """The stages of training. Null: one stage, `train`, that takes everything."""

    @property
    def teachers(self) -> dict[str, Teacher]:
        """The teachers, each by the key that it stands at: `teacher`, or `teacher.0`."""
        if isinstance(self.teacher, tuple):
            return {f"teacher.{number}": each for number, each in enumerate(self.teacher)}
        return {"teacher": self.teacher}

    @property
    def recorded(self) -> RecordedTeacher | None:
        """The teacher whose answers are recorded ones, from a file; None where teachers are asked."""
        return self.teacher if isinstance(self.teacher, RecordedTeacher) else None

    @property
    def grading_teacher(self) -> tuple[str, SampledTeacher] | None:
        """The teacher that is asked about samples, with the key that it stands at; None where none is."""
        if self.grader is None:
            return None
        if self.grader.teacher is not None:
            return "grader.teacher", self.grader.teacher
        return next(iter(self.sampled_teachers.items()), None)

    @property
    def sampled_teachers(self) -> dict[str, SampledTeacher]:
        """The teachers that are asked, each by the key that it stands at."""
        return {key: each for key, each in self.teachers.items() if not isinstance(each, RecordedTeacher)}


ADDRESS = frozenset({"name", "version"})
"""Keys that name a version and do not change its rows: they are not part of the fingerprint."""


def is_identity(field: FieldInfo) -> bool:
    """Whether a field was declared by `declare_identity`."""
    extra = field.json_schema_extra
    return isinstance(extra, Mapping) and extra.get("identity") is True


def extract_identity(section: Section, *, defaults: bool = False) -> dict[str, Any]:
    """Extract the keys of a section that can change a row, as plain values.

    Args:
        section: a recipe or a part of it.
        defaults: keep keys that have their default value too. The fingerprint leaves them out, so that a key
            added to Cotloom later changes no fingerprint of today.
    """
    fields = type(section).model_fields
    kept = (
        (name, getattr(section, name), field)
        for name, field in fields.items()
        if is_identity(field) and not (type(section) is Recipe and name in ADDRESS)
    )
    return {
        name: _extract_value(value, defaults=defaults)
        for name, value, field in kept
        if defaults or field.is_required() or value != field.get_default(call_default_factory=True)
    }


def _extract_value(value: object, *, defaults: bool) -> Any:
    if isinstance(value, Section):
        return extract_identity(value, defaults=defaults)
    if isinstance(value, tuple):
        return [_extract_value(item, defaults=defaults) for item in value]
    if isinstance(value, Mapping):
        return {key: _extract_value(item, defaults=defaults) for key, item in value.items()}
    return value.value if isinstance(value, StrEnum) else value
