"""The recipe: what a dataset is, as a strict model of a YAML file.

Every field is declared by `declare_identity` (it can change a row, so it is part of the fingerprint) or by
`declare_circumstance` (it can't). Anything that only says how to run lives in `cotloom.schemas.runtime`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from ..formats import FormatSpec, Mixture
from ..section import Name, Section, SemVer, declare_circumstance, declare_identity
from ..source import Decontaminate, Source, SplitBy
from ..teacher import Grader, RecordedTeacher, SampledTeacher, Teacher, Teachers
from .select import Select
from .verify import Verify

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A language by its ISO 639 code: `en`, `pt-BR`."""


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
    reviews: tuple[str, ...] = declare_circumstance((), strict=False)
    """Files with decisions of people who read rows (`cotloom review` writes them). Their content is part of the
    fingerprint: what they reject is dropped, what they correct is judged again."""
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
