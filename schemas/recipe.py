"""The recipe: what a dataset is, as a strict model of a YAML file.

Every field is declared by `identity` (it can change a row, so it is part of the fingerprint) or by
`circumstance` (it can't). Anything that only says how to run lives in `schemas.runtime`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints, model_validator
from pydantic.fields import FieldInfo

from schemas.problem import AnswerType


def identity(default: Any = ..., **rules: Any) -> Any:
    """Declare a key that can change a row of the dataset."""
    return Field(default, json_schema_extra={"identity": True}, **rules)


def circumstance(default: Any = ..., **rules: Any) -> Any:
    """Declare a key that can't change a row: it is left out of the fingerprint."""
    return Field(default, json_schema_extra={"identity": False}, **rules)


class Section(BaseModel):
    """A part of a recipe: no unknown keys, no conversions, no changes after reading."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""Small letters, digits, `-` and `_`, at most 64."""

SemVer = Annotated[str, StringConstraints(pattern=r"^(dev|\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?)$")]
"""MAJOR.MINOR.PATCH, or `dev`, which may be overwritten."""

Column = Annotated[str, StringConstraints(min_length=1)]
"""A column (`question`), a nested key (`meta.answer`), or a template (`{{ Body }} {{ Question }}`)."""


def _word(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else value


Words = Annotated[AnswerType, Field(strict=False), PlainSerializer(_word)]
"""An answer type by its name in YAML."""


class Fields(Section):
    """Which column of the source holds what."""

    question: Column = identity()
    """The question."""
    answer: Column | None = identity(None)
    """The gold answer, or a solution that holds it (see `answer_pattern`). Only a `reference` source may lack it."""
    choices: Column | None = identity(None)
    """The options of a multiple-choice question, a list in order."""
    reference_rationale: Column | None = identity(None)
    """The source's own solution."""
    responses: tuple[Column, ...] = identity((), strict=False)
    """Columns with finished responses, each one text or a list of texts; needed where the role is `reference`."""
    task: Column | None = identity(None)
    """What the source calls the task."""
    category: Column | None = identity(None)
    """What the source calls the row's category."""
    group: Column | None = identity(None)
    """The template a row was made from. Default: the question with its numbers masked."""
    metadata: tuple[Column, ...] = identity((), strict=False)
    """Further columns to carry along."""


Role = Literal["sample", "reference", "evaluate"]
"""What a source is for."""


class AnySource(Section):
    """What all sources have."""

    name: Name = identity()
    """A name that no other source of the recipe has."""
    role: Role = identity("sample")
    """`sample` asks the teacher about each problem; `reference` brings finished responses, which are only
    decontaminated and deduplicated; `evaluate` is a set that no training row may overlap."""


class TableSource(AnySource):
    """What sources with columns have."""

    fields: Fields = identity()
    """Which column holds what."""
    answer_type: Words = identity(AnswerType.NUMBER)
    """How answers are read and compared."""
    answer_pattern: str | None = identity(None)
    """Regular expression whose one group takes the gold answer out of the answer column; the text around it
    is kept as the reference rationale."""
    license: str | None = identity(None)
    """The licence of the content."""


class FileSource(TableSource):
    """Problems from a JSONL, JSON, CSV or Parquet file."""

    kind: Literal["file"] = identity()
    """`file`."""
    path: str = circumstance()
    """The file, from the recipe's folder (or `folder`). Its content is part of the fingerprint."""


class HubSource(TableSource):
    """Problems from a dataset on the Hugging Face Hub."""

    kind: Literal["hub"] = identity()
    """`hub`."""
    path: str = identity()
    """USER/NAME on the Hub."""
    config: str | None = identity(None)
    """The dataset's configuration, where it has several."""
    split: str = identity("train")
    """The dataset's split."""
    revision: str = identity("main")
    """Branch, tag or commit. The commit that it led to is part of the fingerprint."""


class GymSource(AnySource):
    """Problems of reasoning-gym (`pip install cotloom[gym]`)."""

    kind: Literal["reasoning_gym"] = identity()
    """`reasoning_gym`."""
    task: str = identity()
    """The task, such as `chain_sum`."""
    problems: int = identity(200, ge=1, le=1_000_000)
    """How many problems to make."""
    settings: dict[str, int | float | str | bool] = identity(default_factory=dict)
    """The task's own settings."""
    answer_type: Words = identity(AnswerType.TEXT)
    """How answers are read and compared."""


class ArithmeticSource(AnySource):
    """Worded multi-step problems made by Cotloom itself, each with several methods."""

    kind: Literal["arithmetic"] = identity()
    """`arithmetic`."""
    problems: int = identity(200, ge=1, le=1_000_000)
    """How many problems to make."""


Source = Annotated[FileSource | HubSource | GymSource | ArithmeticSource, Field(discriminator="kind")]


class Decontaminate(Section):
    """Drop problems that overlap sets kept for evaluation, before money is spent on them."""

    against: tuple[str, ...] = identity(min_length=1, strict=False)
    """Names of sources with the role `evaluate`."""
    ngram: int = identity(13, ge=3)
    """A shared run of so many words is an overlap."""
    similarity: float = identity(0.8, gt=0.0, le=1.0)
    """So is a similarity of words from this on."""


class SplitBy(Section):
    """How problems are parted into train and test. A group is never parted."""

    test: float = identity(0.0, ge=0.0, lt=1.0)
    """Share of the groups that go to the test side, by keyed hash."""


class HintPolicy(Section):
    """When the teacher is shown the gold answer."""

    mode: Literal["none", "always", "fallback"] = identity("none")
    """`none`; `always`; or `fallback`: only for problems that no unhinted sample solved."""
    place: Literal["after_question", "answer_first"] = identity("after_question")
    """Where the hint stands in the prompt."""


class Sampling(Section):
    """Sampling parameters, as sent to the teacher."""

    temperature: float | None = identity(None, ge=0.0)
    """Null leaves it to the server."""
    top_p: float | None = identity(None, gt=0.0, le=1.0)
    """Null leaves it to the server."""
    max_tokens: int | None = identity(None, ge=1)
    """The longest answer, in tokens."""
    top_logprobs: int = identity(0, ge=0, le=20)
    """How many alternatives to ask for at each token; 0 asks for no log probabilities."""


class Paths(Section):
    """How many answers to ask for."""

    round: int = identity(4, ge=1)
    """Answers to each problem in one round."""
    max: int | None = identity(None, ge=1)
    """The most unhinted answers to one problem; null is one round. A hinted round may add `round` more."""
    target: int | None = identity(None, ge=1)
    """Stop asking about a problem once it has so many distinct correct paths; null asks up to `max`."""


class Completion(Section):
    """One column of recorded answers."""

    column: Column = identity()
    """The answer, or a list of answers."""
    teacher: str = identity()
    """Who wrote them."""
    labels: dict[str, Column] = identity(default_factory=dict)
    """What is known about each answer: a name, and the column that holds it."""


class Answers(Section):
    """Where recorded answers stand."""

    path: str = circumstance()
    """A JSONL, JSON, CSV or Parquet file. The answers used are part of the version."""
    problem: Column = identity()
    """The column with the question, as the problems have it."""
    completions: tuple[Completion, ...] = identity(min_length=1, strict=False)
    """The columns with answers."""
    labels: dict[str, Column] = identity(default_factory=dict)
    """Labels that hold for every completion of a row."""


class Prompt(Section):
    """How a problem is put to the teacher."""

    template: Literal["zero_shot", "cot_zero_shot", "cot_two_call", "cot_few_shot"] = identity("cot_zero_shot")
    """`zero_shot` asks for the answer alone; `cot_zero_shot` for the reasoning too; `cot_two_call` for the reasoning
    first and then, in a second call, for the answer; `cot_few_shot` shows demonstrations before."""
    system: str | None = identity(None)
    """A system message."""
    user: str | None = identity(None)
    """A template of your own for the question: `{{ question }}`, and for choices `{{ choices }}`, a list."""
    demos: str | None = circumstance(None)
    """Demonstrations: a packaged set (arithmetic, boolean, choice, commonsense), a YAML file, or `train` for
    reference rationales of other groups of the training split. Their content is part of the fingerprint."""
    shots: int = identity(4, ge=1, le=64)
    """How many demonstrations."""


class OpenAITeacher(Section):
    """Any server that speaks OpenAI's chat protocol: OpenAI, vLLM, `transformers serve`, ..."""

    backend: Literal["openai"] = identity()
    """`openai`."""
    model: str = identity()
    """The model's name on the server."""
    base_url: str | None = circumstance(None)
    """The server's address, up to `/v1`. Null: `$OPENAI_BASE_URL`, else OpenAI's own."""
    endpoint: str | None = identity(None)
    """A name for the server in the ledger, so that it may move. Null: its address."""
    api_key_env: str = circumstance("OPENAI_API_KEY")
    """The environment variable that holds the key. A local server needs none."""
    prompt: Prompt = identity(Prompt())
    """How a problem is put."""
    hint: HintPolicy = identity(HintPolicy())
    """When the gold answer is shown."""
    sampling: Sampling = identity(Sampling())
    """Sampling parameters."""
    paths: Paths = identity(Paths())
    """How many answers to ask for."""


class TransformersTeacher(Section):
    """A local checkpoint, sampled in this process (`pip install cotloom[train]`)."""

    backend: Literal["transformers"] = identity()
    """`transformers`."""
    model: str = identity()
    """The folder of the checkpoint, or its name on the Hub."""
    prompt: Prompt = identity(Prompt())
    """How a problem is put."""
    hint: HintPolicy = identity(HintPolicy())
    """When the gold answer is shown."""
    sampling: Sampling = identity(Sampling())
    """Sampling parameters."""
    paths: Paths = identity(Paths())
    """How many answers to ask for."""


class RecordedTeacher(Section):
    """Answers that someone already has."""

    backend: Literal["recorded"] = identity()
    """`recorded`."""
    answers: Answers = identity()
    """Where they stand."""


class Slips(Section):
    """How often the simulated teacher does what models do wrong, as shares of its answers."""

    wrong_operand: float = identity(0.08, ge=0.0, le=1.0)
    """Takes a wrong number into a step and goes on from there."""
    wrong_arithmetic: float = identity(0.08, ge=0.0, le=1.0)
    """Gets a step's result wrong and ends as if all were well."""
    lucky_answer: float = identity(0.06, ge=0.0, le=1.0)
    """Writes a wrong step and still ends on the right answer."""
    cut_off: float = identity(0.04, ge=0.0, le=1.0)
    """Stops in the middle, at the token limit."""
    no_answer: float = identity(0.04, ge=0.0, le=1.0)
    """Never says what the answer is."""
    repeat: float = identity(0.12, ge=0.0, le=1.0)
    """Says again what it said before, to the letter or nearly."""
    parroted_hint: float = identity(0.3, ge=0.0, le=1.0)
    """Where it was shown the answer: hands it back without working."""

    @model_validator(mode="after")
    def _shares_fit(self) -> "Slips":
        total = sum(getattr(self, name) for name in type(self).model_fields if name != "parroted_hint")
        if total > 1:
            message = f"the shares of the slips add up to {total:.2f}; they must not exceed 1"
            raise ValueError(message)
        return self


class SimulatedTeacher(Section):
    """A stand-in for demos and tests. It writes no reasoning of a model, and all its data says so."""

    backend: Literal["simulated"] = identity()
    """`simulated`."""
    hint: HintPolicy = identity(HintPolicy())
    """When it is shown the gold answer."""
    sampling: Sampling = identity(Sampling())
    """Of these it minds `top_logprobs` only."""
    paths: Paths = identity(Paths())
    """How many answers to ask for."""
    slips: Slips = identity(Slips())
    """How often it goes wrong."""


Teacher = Annotated[
    OpenAITeacher | TransformersTeacher | RecordedTeacher | SimulatedTeacher, Field(discriminator="backend")
]


class Verify(Section):
    """How samples are checked."""

    pattern: str | None = identity(None)
    """Regular expression whose one group is the final answer; its last match counts. Where it is given, an
    answer that it does not find is `no_answer`. Null reads by the usual marks of an answer."""
    steps: Literal["drop", "tag"] = identity("drop")
    """What happens to a right answer over a wrong step: `drop` it, or keep it and `tag` the step."""
    hint_parroting: Literal["drop", "tag"] = identity("drop")
    """What happens to a hinted sample that hands the hint back without working."""


class Select(Section):
    """Which correct paths of a problem are kept."""

    signature: Literal["operations", "none"] = identity("operations")
    """What makes two paths the same method: the set of their `operations`, or `none`."""
    near_duplicate: float | None = identity(0.9, gt=0.0, le=1.0)
    """Paths that no signature tells apart are duplicates from this similarity of words on; null: never."""
    keep: int | None = identity(4, ge=1)
    """How many paths to keep for a problem, the furthest apart; null keeps all."""


class FormatSpec(Section):
    """One format that kept paths are written in."""

    name: Literal[
        "zero_shot_cot", "zero_shot_answer", "in_context_cot", "in_context_answer", "fine_tune_cot", "cot_collection"
    ] = identity()
    """Reasoning and answer, or the answer only; zero-shot, or after demonstrations (the four of Fu et al. 2023); or
    the templates of Fine-tune-CoT (Ho et al. 2023) and of the CoT Collection (Kim et al. 2023)."""
    shots: tuple[int, int] = identity((1, 4), strict=False)
    """The fewest and the most demonstrations of an in-context format; how many is drawn for each row."""
    weight: float | None = identity(None, gt=0.0)
    """Share of the rows, relative to the other formats' weights; null for all rows of all formats."""


class MixtureStage(Section):
    """One stage of training."""

    name: Name = identity()
    """A name that no other stage has."""
    take: dict[str, str | int] = identity(min_length=1)
    """For each source: `all`, a fraction of its rows (`1/256`), or a number of rows."""
    cap: int | None = identity(None, ge=1)
    """At most so many rows of one problem; the rest are dropped as `over_cap`."""


class Mixture(Section):
    """The stages in which examples are trained on."""

    stages: tuple[MixtureStage, ...] = identity(min_length=1, strict=False)
    """In order."""


class Recipe(Section):
    """A dataset: where problems come from, who solves them, what is kept, and in which form."""

    name: Name = identity()
    """The dataset's name."""
    version: SemVer = identity()
    """The version this recipe builds: MAJOR.MINOR.PATCH, or `dev`."""
    parent: SemVer | None = circumstance(None)
    """The version that this one follows, for comparisons. Null: the one before it in the store."""
    description: str | None = circumstance(None)
    """What the dataset is, in a sentence or two."""
    license: str | None = identity(None)
    """The licence under which the dataset is to be given on."""
    folder: str | None = circumstance(None)
    """Where relative paths start. Null: the recipe's own folder. `${NAME}` takes an environment variable."""
    seed: int = identity(0)
    """Key of every choice that is made by chance."""
    limit: int | None = identity(None, ge=1)
    """Only so many problems to sample, and so many with finished responses, the lowest by keyed hash."""
    sources: tuple[Source, ...] = identity(min_length=1, strict=False)
    """Where problems come from."""
    decontaminate: Decontaminate | None = identity(None)
    """Which problems to drop because they overlap an evaluation set."""
    split: SplitBy = identity(SplitBy())
    """How problems are parted into train and test."""
    teacher: Teacher = identity()
    """Who writes the rationales."""
    verify: Verify = identity(Verify())
    """How they are checked."""
    select: Select = identity(Select())
    """Which correct paths are kept."""
    formats: tuple[FormatSpec, ...] = identity((FormatSpec(name="zero_shot_cot"),), min_length=1, strict=False)
    """The formats they are written in."""
    mixture: Mixture | None = identity(None)
    """The stages of training. Null: one stage, `train`, that takes everything."""


ADDRESS = frozenset({"name", "version"})
"""Keys that say where a version lies, not what it is: they are left out of the fingerprint."""


def is_identity(field: FieldInfo) -> bool:
    """Whether a field was declared by `identity`."""
    extra = field.json_schema_extra
    return isinstance(extra, Mapping) and extra.get("identity") is True


def identity_of(section: Section, *, defaults: bool = False) -> dict[str, Any]:
    """Keep of a section what can change a row, as plain data.

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
        name: _identity_value(value, defaults=defaults)
        for name, value, field in kept
        if defaults or field.is_required() or value != field.get_default(call_default_factory=True)
    }


def _identity_value(value: object, *, defaults: bool) -> Any:
    if isinstance(value, Section):
        return identity_of(value, defaults=defaults)
    if isinstance(value, tuple):
        return [_identity_value(item, defaults=defaults) for item in value]
    return _word(value)
