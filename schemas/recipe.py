"""The recipe: what a dataset is, as a strict model of a YAML file.

Every field is declared by `identity` (it can change a row, so it is part of the fingerprint) or by
`circumstance` (it can't). Anything that only says how to run lives in `cotloom.schemas.runtime`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from cotloom.schemas.section import (
    Column,
    Name,
    Section,
    SemVer,
    Words,
    circumstance,
    identity,
)
from cotloom.schemas.source import (
    AnySource,
    ArithmeticSource,
    Decontaminate,
    Fields,
    FileSource,
    GymSource,
    HubSource,
    Role,
    Source,
    SplitBy,
    TableSource,
)
from cotloom.schemas.teacher import (
    Answers,
    Completion,
    HintPolicy,
    OpenAITeacher,
    Paths,
    Prompt,
    RecordedTeacher,
    Sampling,
    SimulatedTeacher,
    Slips,
    Teacher,
    TransformersTeacher,
)
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

__all__ = [
    "ADDRESS",
    "Answers",
    "AnySource",
    "ArithmeticSource",
    "Column",
    "Completion",
    "Decontaminate",
    "Fields",
    "FileSource",
    "FormatSpec",
    "GymSource",
    "HintPolicy",
    "HubSource",
    "Language",
    "Mixture",
    "MixtureStage",
    "Name",
    "OpenAITeacher",
    "Paths",
    "Prompt",
    "Recipe",
    "RecordedTeacher",
    "Role",
    "Sampling",
    "Section",
    "Select",
    "SemVer",
    "SimulatedTeacher",
    "Slips",
    "Source",
    "SplitBy",
    "TableSource",
    "Teacher",
    "TransformersTeacher",
    "Verify",
    "Words",
    "circumstance",
    "identity",
    "identity_of",
    "is_identity",
]


Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A language by its ISO 639 code: `en`, `pt-BR`."""


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
    languages: tuple[Language, ...] = circumstance((), strict=False)
    """Languages of the texts, as ISO 639 codes, for the card: `[en]`. Empty: English where programs made every problem,
    else not stated."""
    teacher_terms: str | None = circumstance(None, min_length=1)
    """What the terms of the teacher's provider say about training on its answers, for the card."""
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
    return value.value if isinstance(value, StrEnum) else value
