"""The part of a recipe that says where problems come from, and which are kept apart."""

from typing import Annotated, Literal

from cotloom.schemas.problem import AnswerType
from cotloom.schemas.section import Column, Name, Section, Words, circumstance, identity
from pydantic import Field


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
    level: Literal["school", "small"] = identity("school")
    """`school`: stories with all four operations and numbers up to 20000. `small`: four gains and losses with every
    number in 1..20, in a few short words, for students of some hundred thousand parameters."""


Skill = Literal[
    "first_word", "last_word", "word_after", "reverse_words", "word_in_list", "odd_one_out", "count_words",
    "largest_number", "sort_numbers", "one_step_fact", "hidden_label",
]  # fmt: skip
"""A short general task."""


class SkillsSource(AnySource):
    """Short general tasks made by Cotloom itself, with bare answers that serve as finished responses too.

    They are what a small student should be able to do besides the target, and what its retention is measured on.
    """

    kind: Literal["skills"] = identity()
    """`skills`."""
    problems: int = identity(200, ge=1, le=1_000_000)
    """How many problems to make; the tasks take turns."""
    tasks: tuple[Skill, ...] | None = identity(None, min_length=1, strict=False)
    """Which tasks: words of a list (`first_word`, `last_word`, `word_after`, `reverse_words`, `word_in_list`,
    `odd_one_out`, `count_words`), numbers (`largest_number`, `sort_numbers`, `one_step_fact`), and `hidden_label`,
    where the question itself shows what the labels mean. Null takes all."""


Source = Annotated[FileSource | HubSource | GymSource | ArithmeticSource | SkillsSource, Field(discriminator="kind")]


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
