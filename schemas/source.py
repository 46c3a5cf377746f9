"""Sources of problems, decontamination and the split: sections of a recipe."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from .problem import AnswerType
from .section import Column, Columns, Name, Section, Words, declare_circumstance, declare_identity


class Fields(Section):
    """Which column of the source holds what."""

    question: Columns = declare_identity()
    """The question: a column, or several in order (`[Body, Question]`), whose texts stand below one another; a template
    joins them otherwise. Of a conversation (`messages`, `conversations`) it is what the user asks."""
    answer: Column | None = declare_identity(None)
    """The gold answer, or a solution that holds it (see `answer_pattern`). A `reference` source may lack it, and any
    source where `verify.consensus` is given or `verify.answer` is `unchecked`."""
    choices: Column | None = declare_identity(None)
    """The options of a multiple-choice question, a list in order."""
    reference_rationale: Column | None = declare_identity(None)
    """The source's own solution."""
    responses: tuple[Column, ...] = declare_identity((), strict=False)
    """Columns with finished responses, each one text, a conversation, or a list of these; needed where the role is
    `reference`."""
    task: Column | None = declare_identity(None)
    """What the source calls the task."""
    category: Column | None = declare_identity(None)
    """What the source calls the row's category."""
    group: Column | None = declare_identity(None)
    """The template a row was made from. Default: the question with its numbers, names and days masked."""
    weight: Column | None = declare_identity(None)
    """How likely a problem's rows are drawn for a share of the mixture, relative to others: a number above 0. Where it
    is empty, and by default: 1."""
    metadata: tuple[Column, ...] = declare_identity((), strict=False)
    """Further columns to carry along."""


Role = Literal["sample", "reference", "evaluate"]
"""What a source is for."""


class AnySource(Section):
    """What all sources have."""

    name: Name = declare_identity()
    """A name that no other source of the recipe has."""
    role: Role = declare_identity("sample")
    """`sample` asks the teacher about each problem; `reference` brings finished responses, which are only
    decontaminated and deduplicated; `evaluate` is a set that no training row may overlap."""
    duplicates: Literal["normalized", "exact"] = declare_identity("normalized")
    """Which questions to train on are the same problem, of which one row is kept. `normalized`: those that differ in
    case, white space, quotation marks, punctuation, list marks or Markdown only. `exact`: those that are the same to
    the letter, for tasks whose layout is part of the question."""


class TableSource(AnySource):
    """What sources with columns have."""

    fields: Fields = declare_identity()
    """Which column holds what."""
    answer_type: Words | Literal["auto"] = declare_identity(AnswerType.NUMBER)
    """How answers are read and compared. `auto`: as the first gold answers look; `build` and `show` say
    what was found."""
    answer_pattern: str | None = declare_identity(None)
    """Regular expression (see Patterns) whose one group takes the gold answer out of the answer column; the text around
    it is kept as the reference rationale."""
    license: str | None = declare_identity(None)
    """The licence of the content."""

    @property
    def stated_type(self) -> AnswerType:
        """The answer type; `auto` must have been inferred before."""
        if self.answer_type == "auto":
            message = f"the answer type of {self.name} was not inferred"
            raise RuntimeError(message)
        return self.answer_type


class FileSource(TableSource):
    """Problems from a JSONL, JSON, CSV or Parquet file."""

    kind: Literal["file"] = declare_identity()
    """`file`."""
    path: str = declare_circumstance()
    """The file, from the recipe's folder (or `folder`). Its content is part of the fingerprint."""


_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.(?!\.))*"


def _check_dataset_name(path: str) -> str:
    """Refuse what is no name of a dataset: a path, an address, a file format."""
    user, slash, _ = path.rpartition("/")
    if not re.fullmatch(rf"(?:{_NAME}/)?{_NAME}", path) or user == "buckets":
        message = "it is no name of a dataset: USER/NAME on the Hub; a file is read with kind: file"
        raise ValueError(message)
    if not slash and path.lower() in FILE_FORMATS:
        message = "it is a file format, not a dataset: USER/NAME on the Hub; a file is read with kind: file"
        raise ValueError(message)
    return path


FILE_FORMATS = frozenset(
    "arrow audiofolder cache conll csv eval fasta fastq genbank harbor hdf5 iceberg imagefolder json lance meshfolder "
    "mmcif nifti niftifolder pandas parquet pdb pdffolder spark sql text tsfile videofolder vortex webdataset "
    "xml".split()
)
"""Names that the library `datasets` takes for a reader of local files."""

DatasetName = Annotated[str, AfterValidator(_check_dataset_name)]
"""USER/NAME on the Hub, or a single name that the Hub knows."""

Part = Annotated[str, StringConstraints(pattern=r"^[^<>:/\\|?*\x00-\x1f]+$", max_length=200)]
"""A name without the characters of a path."""

SplitName = Annotated[str, StringConstraints(pattern=r"^[\w.+\[\]():% -]+$", max_length=200)]
"""A split, or a part of it: `train[:100]`."""


class HubSource(TableSource):
    """Problems from a dataset on the Hugging Face Hub."""

    kind: Literal["hub"] = declare_identity()
    """`hub`."""
    path: DatasetName = declare_identity()
    """USER/NAME on the Hub, where it is looked up: never a folder, a file or an address."""
    config: Part | None = declare_identity(None)
    """The dataset's configuration, where there are several."""
    split: SplitName = declare_identity("train")
    """The dataset's split."""
    revision: str = declare_identity("main")
    """Branch, tag or commit. The commit that it resolves to is part of the fingerprint."""


class GymSource(AnySource):
    """Problems of reasoning-gym (`pip install cotloom[gym]`)."""

    kind: Literal["reasoning_gym"] = declare_identity()
    """`reasoning_gym`."""
    task: str = declare_identity()
    """The task, such as `chain_sum`."""
    problems: int = declare_identity(200, ge=1, le=1_000_000)
    """How many problems to make."""
    settings: dict[str, int | float | str | bool] = declare_identity(default_factory=dict)
    """The task's own settings."""
    answer_type: Words = declare_identity(AnswerType.TEXT)
    """How answers are read and compared. `reasoning_gym`: as the task's own scorer says, 1.0 exactly is right; it runs
    in a process that can execute nothing, so tasks whose scorers evaluate answers have no problems then."""


class ArithmeticSource(AnySource):
    """Multi-step word problems generated by Cotloom, each with several methods of solution."""

    kind: Literal["arithmetic"] = declare_identity()
    """`arithmetic`."""
    problems: int = declare_identity(200, ge=1, le=1_000_000)
    """How many problems to make."""
    level: Literal["school", "small"] = declare_identity("school")
    """`school`: stories with all four operations and numbers up to 20000. `small`: four gains and losses with every
    number in 1..20, in a few short words, for students of some hundred thousand parameters."""
    language: Literal["en", "zh"] = declare_identity("en")
    """The language of the problems: English, or the same structures told in Chinese (`zh`)."""


Skill = Literal[
    "first_word", "last_word", "word_after", "reverse_words", "word_in_list", "odd_one_out", "count_words",
    "largest_number", "sort_numbers", "one_step_fact", "hidden_label",
]  # fmt: skip
"""A short general task."""


class SkillsSource(AnySource):
    """Short general tasks generated by Cotloom, with bare answers that serve as finished responses too.

    They stand for the general abilities of a small student; its retention is measured on them.
    """

    kind: Literal["skills"] = declare_identity()
    """`skills`."""
    problems: int = declare_identity(200, ge=1, le=1_000_000)
    """How many problems to make; the tasks take turns."""
    tasks: tuple[Skill, ...] | None = declare_identity(None, min_length=1, strict=False)
    """Which tasks: words of a list (`first_word`, `last_word`, `word_after`, `reverse_words`, `word_in_list`,
    `odd_one_out`, `count_words`), numbers (`largest_number`, `sort_numbers`, `one_step_fact`), and `hidden_label`,
    where the question itself shows what the labels mean. Null takes all."""


class ProceduresSource(AnySource):
    """Problems that follow one of twelve procedures, each with its own fixed order of reasoning, generated by Cotloom.

    A finished response reads five signs in the order of the procedure and names the first that is on. The question
    names the procedure and not its order, so that an order that nobody taught is known from exemplars alone.
    """

    kind: Literal["procedures"] = declare_identity()
    """`procedures`."""
    problems: int = declare_identity(200, ge=1, le=20_000)
    """How many problems to make; the procedures take turns."""
    part: Literal["seen", "unseen"] = declare_identity("seen")
    """`seen`: nine procedures to train on. `unseen`: the three that are held out."""
    shots: int = declare_identity(0, ge=0, le=8)
    """Solved exemplars of the same procedure in each question, with other signs on."""


Source = Annotated[
    FileSource | HubSource | GymSource | ArithmeticSource | SkillsSource | ProceduresSource,
    Field(discriminator="kind"),
]


class Decontaminate(Section):
    """Drop problems that overlap evaluation sets, before the teacher is sampled, and samples that quote them."""

    against: tuple[str, ...] = declare_identity(min_length=1, strict=False)
    """Names of sources with the role `evaluate`."""
    ngram: int = declare_identity(13, ge=3)
    """A shared n-gram of so many words is an overlap; in Chinese and Japanese, of so many characters."""
    similarity: float = declare_identity(0.8, gt=0.0, le=1.0)
    """A word similarity from this value on is an overlap too."""
    masked: float | None = declare_identity(0.45, gt=0.0, le=1.0)
    """A masked similarity from this value on is an overlap too: how much of the evaluation question a text contains,
    weighted by rarity, whatever its numbers, names, order and endings. A shared n-gram of masked words is one where it
    is rare in the evaluation set. Null masks nothing: for sets that are made from the templates of the training
    problems on purpose."""


class SplitBy(Section):
    """How problems are split into train and test (docs/splits.md)."""

    by: Literal["group", "row"] = declare_identity("group")
    """`group`: variations of one problem stay together, those of one `fields.group` and those that say nearly the same
    with other numbers and names. `row`: each problem by itself; `show` says how many test problems have a variation in
    training then."""
    test: float = declare_identity(0.0, ge=0.0, lt=1.0)
    """Share of the clusters of variations (or of the problems) that go to the test split, by keyed hash. Where the
    recipe names a `parent`, its problems stay where they are there."""
    leave_out: tuple[str, ...] = declare_identity((), strict=False)
    """Names of sources whose problems are all trained on, and their variations with them."""
