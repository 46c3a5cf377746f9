"""The part of a recipe that says who writes the rationales, and how they are asked."""

from typing import Annotated, Literal

from cotloom.schemas.section import Column, Section, circumstance, identity
from pydantic import Field, model_validator


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
    cue: str | None = identity(None)
    """What follows the question instead of the template's own words; a student of Cotloom knows those that its rows
    were written with, such as "Reason step by step, then give the answer."."""
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
    methods: int | None = identity(None, ge=1)
    """How many methods of a problem it knows, from the first, which goes through the question in order. Null: all."""
    wording: Literal["varied", "plain"] = identity("varied")
    """Whether it words steps in many ways, or writes bare equations in lines."""
    slips: Slips = identity(Slips())
    """How often it goes wrong."""


Teacher = Annotated[
    OpenAITeacher | TransformersTeacher | RecordedTeacher | SimulatedTeacher, Field(discriminator="backend")
]
