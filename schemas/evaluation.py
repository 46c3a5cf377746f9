"""How a trained student is evaluated: which sets, in which prompts, with how many answers."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .formats import FormatName
from .section import Name, Section, declare_circumstance, declare_identity
from .source import ArithmeticSource, FileSource, GymSource, HubSource, ProceduresSource, SkillsSource, Source

ALL_SETS = "all"
"""In `evaluation.demos`, the key of the sets that have none of their own."""

EvalFormat = FormatName | Literal["as_is"]
"""A format, or `as_is` for the plain question."""


class VersionSource(Section):
    """Problems with gold answers of a version, this one or another, as an evaluation set."""

    kind: Literal["version"] = declare_identity()
    """`version`."""
    name: Name = declare_identity()
    """Name of the set."""
    version: Annotated[str, StringConstraints(min_length=1)] = declare_circumstance()
    """`NAME` or `NAME@VERSION` in the store, or the folder of a version (anything with `/`)."""
    split: Literal["test", "train"] = declare_identity("test")
    """The side of its split, where `source` is null."""
    source: Name | None = declare_identity(None)
    """One of its sources, such as one with the role `evaluate`: all its problems. Null: those of `split`."""


class TaskSet(Section):
    """Several sources as one evaluation set, each of them a task."""

    kind: Literal["tasks"] = declare_identity()
    """`tasks`."""
    name: Name = declare_identity()
    """Name of the set."""
    tasks: tuple[Source, ...] = declare_identity(min_length=1, strict=False)
    """The sources; the name of each is the name of the task."""


EvalSource = Annotated[
    FileSource | HubSource | GymSource | ArithmeticSource | SkillsSource | ProceduresSource | VersionSource | TaskSet,
    Field(discriminator="kind"),
]
"""An evaluation set: a source as in a recipe, a version, or several sources as tasks."""


class Evaluation(Section):
    """How the trained student is evaluated."""

    problems: int = declare_identity(200, ge=1)
    """Maximum number of problems of each set, the lowest by keyed hash."""
    sets: tuple[Name, ...] = declare_identity((), strict=False)
    """Ready evaluation sets by name, besides those of the version: `svamp`, `multiarith`, `asdiv`, `math`, `math500`,
    `bbh`, `mmlu` (docs/evaluation-sets.md). They are read from the Hub."""
    sources: tuple[EvalSource, ...] = declare_identity((), strict=False)
    """Further evaluation sets of your own, with the keys of a recipe's `sources`; `role` does not matter. Paths are
    relative to the student recipe's file. What is in them is part of the student's identity."""
    formats: tuple[FormatName, ...] | None = declare_identity(None, strict=False)
    """Prompt formats of all sets that are not general; the first is the one that the version trains. `zero_shot_answer`
    is always added. Null takes the version's own format."""
    shots: int = declare_identity(2, ge=1)
    """Demonstrations in the prompts of the in-context formats."""
    demos: dict[str, str] = declare_circumstance(default_factory=dict)
    """Fixed demonstrations of the in-context formats, the same in every prompt of a set (Wei et al. 2022): for a set,
    or for `all` others, the name of a packaged set of demonstrations or a YAML file, of which the first `shots` are
    shown. What is in them is part of the student's identity. A set without an entry gets demonstrations of the version,
    drawn for each problem."""
    general: tuple[str, ...] = declare_identity((), strict=False)
    """Evaluation sets that measure general ability: sources of the version with the role `evaluate`, or names in `sets`
    and `sources`. The gate compares them in every format of `general_formats`."""
    general_formats: tuple[EvalFormat, ...] = declare_identity(("as_is",), min_length=1, strict=False)
    """Prompt formats of general sets; `as_is` is the plain question without a cue."""
    samples: int = declare_identity(1, ge=1)
    """Sampled answers per problem; more than one adds a majority vote to the greedy answer."""
    temperature: float = declare_identity(0.7, gt=0)
    """Temperature of the sampled answers."""
    max_tokens: int = declare_identity(160, ge=1)
    """Maximum number of generated tokens."""
    batch_size: int = declare_identity(64, ge=1)
    """Prompts per batch of generation. It affects scores, so it is part of the identity."""
