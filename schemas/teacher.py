"""The teacher of a recipe: backend, prompt, hints, sampling and rounds."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from .prompt import HintPolicy, LocalSampling, Paths, Prompt, PromptTable, Sampling, ServerSampling
from .section import Column, Columns, Section, declare_circumstance, declare_identity
from .source import DatasetName, Part, SplitName


class Share(Section):
    """The problems that one of several teachers is asked. A list that is empty is no limit."""

    sources: tuple[str, ...] = declare_identity((), strict=False)
    """Those of these sources."""
    tasks: tuple[str, ...] = declare_identity((), strict=False)
    """Those of these tasks."""
    categories: tuple[str, ...] = declare_identity((), strict=False)
    """Those of these categories."""


class Completion(Section):
    """One column of recorded answers."""

    column: Column = declare_identity()
    """The answer, a conversation whose last turn of the assistant is the answer, or a list of these."""
    teacher: str | None = declare_identity(None)
    """Who wrote them; with `teacher_column`, who wrote those of rows where that is empty."""
    teacher_column: Column | None = declare_identity(None)
    """The column that says who wrote them, or a list."""
    reasoning: Column | None = declare_identity(None)
    """The reasoning of the answer, or a list. Null: it is in the answer, between tags or untagged, or in the turn of a
    conversation as `reasoning_content`."""
    hint: Column | None = declare_identity(None)
    """The column that says whether the teacher was shown the gold answer, or a list; see `answers.hint`."""
    labels: dict[str, Column] = declare_identity(default_factory=dict)
    """What is known about each answer: a name, and the column that holds it. Of a list of answers, a list."""

    @model_validator(mode="after")
    def _check_teacher(self) -> "Completion":
        if self.teacher is None and self.teacher_column is None:
            message = "who wrote the answers is missing: teacher: NAME, or teacher_column: COLUMN"
            raise ValueError(message)
        return self


class AnyAnswers(Section):
    """What all recorded answers have."""

    problem: Columns = declare_identity()
    """The question, as the problems have it: a column, several in order, a template, or a conversation."""
    completions: tuple[Completion, ...] = declare_identity(min_length=1, strict=False)
    """The columns with answers."""
    hint: Column | None = declare_identity(None)
    """The column that says whether the teacher was shown the gold answer: true, or the hint itself. Empty, false, no,
    none and 0 say that it was not. Such samples are `hinted`."""
    labels: dict[str, Column] = declare_identity(default_factory=dict)
    """Labels that hold for every completion of a row."""


class FileAnswers(AnyAnswers):
    """Recorded answers in a file."""

    kind: Literal["file"] = declare_identity("file")
    """`file`."""
    path: str = declare_circumstance()
    """A JSONL, JSON, CSV or Parquet file. The answers used are part of the version."""


VERSION_REF = r"^[a-z0-9][a-z0-9_-]{0,63}(@(dev|\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?))?$"
"""The pattern of a version's name, with its number or without."""

TakenVerdict = Literal[
    "correct", "wrong", "no_answer", "truncated", "unverifiable", "check_failed", "unchecked",
    "agreed", "disagreed", "no_consensus",
]  # fmt: skip
TakenVerdicts = Annotated[tuple[TakenVerdict, ...], Field(strict=False, min_length=1)]


class HubAnswers(AnyAnswers):
    """Recorded answers in a dataset on the Hugging Face Hub."""

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


class VersionAnswers(Section):
    """The samples of another version in the store."""

    kind: Literal["version"] = declare_identity()
    """`version`."""
    version: Annotated[str, StringConstraints(pattern=VERSION_REF)] = declare_identity()
    """NAME@VERSION, or NAME for the newest. Its content is part of the fingerprint."""
    take: Literal["all", "kept"] | TakenVerdicts = declare_identity("all")
    """Which samples: `all`, those `kept`, or those with a verdict of a list (`[wrong, no_answer]`). Finished responses
    of sources are never taken."""


def _get_kind(value: Any) -> str:
    """Get the kind of recorded answers: a file, unless they say otherwise."""
    return str(value.get("kind", "file") if isinstance(value, dict) else getattr(value, "kind", "file"))


Answers = Annotated[
    Annotated[FileAnswers, Tag("file")] | Annotated[HubAnswers, Tag("hub")] | Annotated[VersionAnswers, Tag("version")],
    Discriminator(_get_kind),
]


Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment variable."""

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=100)]
"""The name of an HTTP header."""

OWN_HEADERS = frozenset({
    "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers that a recipe can't set: the client writes them."""

_SECRET_PARAMETER = re.compile(r"key|token|secret|passw|auth|credential|signature|^sig$|^code$", re.IGNORECASE)
"""Names in an address whose value would be a secret."""


class OpenAITeacher(Section):
    """Any server that speaks OpenAI's chat protocol: OpenAI, vLLM, `transformers serve`, ..."""

    backend: Literal["openai"] = declare_identity()
    """`openai`."""
    model: str = declare_identity()
    """The model's name on the server."""
    base_url: str | None = declare_circumstance(None)
    """The server's address, up to `/v1`. Null: `$OPENAI_BASE_URL`, else OpenAI's own."""
    endpoint: str | None = declare_identity(None)
    """A name for the server in the ledger, so that it may move. Null: its address."""
    api_key_env: Variable | None = declare_circumstance("OPENAI_API_KEY")
    """The environment variable that holds the key, which is sent as `Authorization: Bearer KEY`. A local server needs
    none. Null: no such header."""
    headers: dict[HeaderName, Variable] = declare_circumstance(default_factory=dict)
    """Further headers: the name of each, and the environment variable that holds its value."""
    query: dict[str, str] = declare_circumstance(default_factory=dict)
    """What follows the address after `?`, such as `{api-version: 2024-10-21}`. No secrets."""
    prompt: Prompt = declare_identity(Prompt())
    """How a problem is formatted as a prompt."""
    prompts: PromptTable | None = declare_identity(None)
    """Other prompts for some sources, tasks, categories or answer types."""
    hint: HintPolicy = declare_identity(HintPolicy())
    """When the gold answer is shown."""
    sampling: ServerSampling = declare_identity(ServerSampling())
    """Sampling parameters."""
    paths: Paths = declare_identity(Paths())
    """How many answers to sample."""
    share: Share = declare_identity(Share())
    """Which problems it is asked, where there are several teachers."""

    @model_validator(mode="after")
    def _check_headers(self) -> "OpenAITeacher":
        names = [name.lower() for name in self.headers]
        for name in names:
            if name in OWN_HEADERS or names.count(name) > 1:
                message = f"headers can't set {name}: " + (
                    "it is there twice" if names.count(name) > 1 else "every request has its own"
                )
                raise ValueError(message)
        if "authorization" in names and self.api_key_env is not None:
            message = "headers sets Authorization, and so does api_key_env; write api_key_env: null"
            raise ValueError(message)
        for name in self.query:
            if _SECRET_PARAMETER.search(name):
                message = (
                    f"query can't hold {name}: a recipe holds no secret; send it in a header, by headers or api_key_env"
                )
                raise ValueError(message)
        return self


class TransformersTeacher(Section):
    """A local checkpoint, sampled in this process (`pip install cotloom[train]`)."""

    backend: Literal["transformers"] = declare_identity()
    """`transformers`."""
    model: str = declare_identity()
    """The folder of the checkpoint, or its name on the Hub."""
    batch_size: int = declare_identity(16, ge=1)
    """Prompts of one batch. Another size changes no text, and log probabilities only as far as arithmetic rounds."""
    prompt: Prompt = declare_identity(Prompt())
    """How a problem is formatted as a prompt."""
    prompts: PromptTable | None = declare_identity(None)
    """Other prompts for some sources, tasks, categories or answer types."""
    hint: HintPolicy = declare_identity(HintPolicy())
    """When the gold answer is shown."""
    sampling: LocalSampling = declare_identity(LocalSampling())
    """Sampling parameters."""
    paths: Paths = declare_identity(Paths())
    """How many answers to sample."""
    share: Share = declare_identity(Share())
    """Which problems it is asked, where there are several teachers."""


class RecordedTeacher(Section):
    """Recorded answers from a file, a dataset on the Hub, or another version."""

    backend: Literal["recorded"] = declare_identity()
    """`recorded`."""
    answers: Answers = declare_identity()
    """Where they are read from."""


class Slips(Section):
    """How often the simulated teacher makes the mistakes of models, as shares of its answers."""

    wrong_operand: float = declare_identity(0.08, ge=0.0, le=1.0)
    """Uses a wrong number in a step and continues from there."""
    wrong_arithmetic: float = declare_identity(0.08, ge=0.0, le=1.0)
    """Writes a wrong result of a step and ends with a wrong answer."""
    lucky_answer: float = declare_identity(0.06, ge=0.0, le=1.0)
    """Writes a wrong step and still ends with the correct answer."""
    cut_off: float = declare_identity(0.04, ge=0.0, le=1.0)
    """Is truncated at the token limit."""
    no_answer: float = declare_identity(0.04, ge=0.0, le=1.0)
    """Has no final answer."""
    repeat: float = declare_identity(0.12, ge=0.0, le=1.0)
    """Repeats an earlier answer, exactly or nearly."""
    parroted_hint: float = declare_identity(0.3, ge=0.0, le=1.0)
    """With a hint: repeats the hint without reasoning."""

    @model_validator(mode="after")
    def _check_shares(self) -> "Slips":
        total = sum(getattr(self, name) for name in type(self).model_fields if name != "parroted_hint")
        if total > 1:
            message = f"the shares of the slips add up to {total:.2f}; they must not exceed 1"
            raise ValueError(message)
        return self


class SimulatedTeacher(Section):
    """A simulation for demos and tests. No model writes its answers, and all its data is marked as simulated."""

    backend: Literal["simulated"] = declare_identity()
    """`simulated`."""
    hint: HintPolicy = declare_identity(HintPolicy())
    """When it is shown the gold answer."""
    sampling: Sampling = declare_identity(Sampling())
    """Only `top_logprobs` has an effect."""
    paths: Paths = declare_identity(Paths())
    """How many answers to sample."""
    share: Share = declare_identity(Share())
    """Which problems it is asked, where there are several teachers."""
    methods: int | None = declare_identity(None, ge=1)
    """How many methods of solution it uses, the first one going through the question in order. Null: all."""
    wording: Literal["varied", "plain"] = declare_identity("varied")
    """Whether it words steps in many ways, or writes bare equations in lines."""
    slips: Slips = declare_identity(Slips())
    """How often it makes mistakes."""


SampledTeacher = OpenAITeacher | TransformersTeacher | SimulatedTeacher
"""A teacher that is asked."""

Teacher = Annotated[
    OpenAITeacher | TransformersTeacher | RecordedTeacher | SimulatedTeacher, Field(discriminator="backend")
]

Teachers = Annotated[
    Annotated[Teacher, Tag("one")]
    | Annotated[Annotated[tuple[Teacher, ...], Field(min_length=1, strict=False)], Tag("several")],
    Discriminator(lambda value: "several" if isinstance(value, list | tuple) else "one"),
]
"""One teacher, or several that are asked one after the other."""

GraderTeacher = Annotated[OpenAITeacher | TransformersTeacher | SimulatedTeacher, Field(discriminator="backend")]
"""A teacher that can be asked."""

_UNUSED = ("prompt", "prompts", "hint", "paths", "share")
"""Keys of a teacher that say nothing about how it grades."""


class Grader(Section):
    """The model that is asked about samples: for `answer_type: model_graded`, and `verify.model_graded`."""

    teacher: GraderTeacher | None = declare_identity(None)
    """The model: `backend`, `model`, `sampling` and the other keys of a teacher, but for those that say how problems
    are solved (`prompt`, `prompts`, `hint`, `paths`, `share`). Null: the recipe's first teacher, with its sampling."""
    votes: int = declare_identity(1, ge=1, le=25)
    """How often it is asked about each sample. The majority decides. Several votes need a temperature above 0: without
    it all are the same."""
    answer_prompt: str | None = declare_identity(None)
    """A template (see Templates) of your own that asks about the answer: `{{ question }}`, `{{ choices }}`,
    `{{ answer }}`, which is the gold answer, `{{ response }}` and `{{ reasoning }}`. How to write the verdict is put
    behind it. Null: Cotloom's own words (docs/judging.md)."""
    rationale_prompt: str | None = declare_identity(None)
    """The same for the question about the rationale."""

    @model_validator(mode="after")
    def _check_teacher(self) -> Self:
        given = () if self.teacher is None else sorted(self.teacher.model_fields_set.intersection(_UNUSED))
        if given:
            message = f"a grader has no {given[0]}: its prompts are grader.answer_prompt and grader.rationale_prompt"
            raise ValueError(message)
        return self
