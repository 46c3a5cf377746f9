"""How a teacher is asked: prompt, demonstrations, hints, sampling parameters, and how many answers."""

from collections.abc import Mapping
from typing import Literal

from pydantic import JsonValue, model_validator

from .section import Section, declare_circumstance, declare_identity


class HintPolicy(Section):
    """When the teacher is shown the gold answer."""

    mode: Literal["none", "always", "fallback"] = declare_identity("none")
    """`none`; `always`; or `fallback`: only for problems that no unhinted sample solved."""
    place: Literal["after_question", "answer_first"] = declare_identity("after_question")
    """Position of the hint in the prompt."""


class SecondCall(Section):
    """The second call of `cot_two_call`, which asks for the answer alone."""

    cue: str | None = declare_identity(None)
    """What it asks. Null: the words of the problem's language."""
    temperature: float | None = declare_identity(None, ge=0.0)
    """Null: that of the first call."""
    max_tokens: int | None = declare_identity(None, ge=1)
    """Null: that of the first call."""


class Prompt(Section):
    """How a problem is formatted as a prompt for the teacher."""

    template: Literal["zero_shot", "cot_zero_shot", "cot_two_call", "cot_few_shot"] = declare_identity("cot_zero_shot")
    """`zero_shot` asks for the answer alone; `cot_zero_shot` for the reasoning too; `cot_two_call` for the reasoning
    first and then, in a second call, for the answer; `cot_few_shot` shows demonstrations before."""
    system: str | None = declare_identity(None)
    """A system message."""
    user: str | None = declare_identity(None)
    """A template (see Templates) of your own for the question: `{{ question }}`, and `{{ choices }}`, a list."""
    cue: str | None = declare_identity(None)
    """What follows the question instead of the template's own words; a student of Cotloom knows those that its rows
    were written with, such as "Reason step by step, then give the answer."."""
    answer_format: str | None = declare_identity(None)
    """How the answer is to be written, instead of the template's own words: `End with \\boxed{...}.`."""
    hint_text: str | None = declare_identity(None)
    """A template (see Templates) of your own for a question with a hint: `{{ question }}`, `{{ answer }}`. Null: the
    words of the problem's language, in the place that `hint.place` says."""
    demos: str | None = declare_circumstance(None)
    """Demonstrations: a packaged set (arithmetic, boolean, choice, commonsense, dates_and_states, dialogue, inference,
    reading), a YAML file, or `train` for reference rationales of other groups of the training split. Their content is
    part of the fingerprint."""
    shots: int = declare_identity(4, ge=1, le=64)
    """How many demonstrations."""
    demo_order: Literal["rationale_first", "answer_first"] = declare_identity("rationale_first")
    """Whether a demonstration shows its answer after the rationale, or before it, as in the CoT Collection."""
    second_call: SecondCall = declare_identity(SecondCall())
    """The second call of `cot_two_call`."""


PromptKey = Literal["source", "task", "category", "answer_type"]
"""A column of a problem by which prompts may differ."""


class PromptTable(Section):
    """Prompts by source, task, category or answer type. Each is a whole prompt; problems of no entry get `prompt`."""

    by: PromptKey = declare_identity()
    """The column of the problems that chooses the prompt."""
    of: dict[str, Prompt] = declare_identity(min_length=1)
    """For each value, its prompt."""


class Sampling(Section):
    """Sampling parameters, as sent to the teacher."""

    temperature: float | None = declare_identity(None, ge=0.0)
    """Null leaves it to the server."""
    top_p: float | None = declare_identity(None, gt=0.0, le=1.0)
    """Null leaves it to the server."""
    max_tokens: int | None = declare_identity(None, ge=1)
    """The longest answer, in tokens."""
    top_logprobs: int = declare_identity(0, ge=0, le=20)
    """How many alternatives to ask for at each token; 0 asks for no log probabilities."""


class LocalSampling(Sampling):
    """Sampling parameters of a model that is sampled in this process."""

    top_k: int | None = declare_identity(None, ge=1)
    """Only the most probable tokens, so many. Null: all."""
    min_p: float | None = declare_identity(None, ge=0.0, le=1.0)
    """Only tokens with at least this share of the probability of the most probable one. Null: all."""
    repetition_penalty: float | None = declare_identity(None, gt=0.0)
    """Above 1, tokens that came before are less probable."""


RESERVED_PARAMETERS: Mapping[str, str] = {
    "model": "teacher.model",
    "messages": "teacher.prompt",
    "n": "teacher.paths",
    "stream": "nothing: whole answers are recorded",
    "logprobs": "teacher.sampling.top_logprobs",
}
"""Parameters of a request that `extra_body` can't hold, and what decides each."""


class ServerSampling(LocalSampling):
    """Sampling parameters of a chat server. What is null is not sent."""

    max_completion_tokens: int | None = declare_identity(None, ge=1)
    """The longest answer with its reasoning, in tokens; newer models of OpenAI take it in place of `max_tokens`."""
    reasoning_effort: str | None = declare_identity(None, min_length=1)
    """How much a reasoning model thinks: `low`, `medium`, `high`, or what else the server knows."""
    stop: tuple[str, ...] = declare_identity((), strict=False)
    """Texts at which an answer ends."""
    seed: int | None = declare_identity(None, ge=0, lt=2**31)
    """Another seed draws other answers. Each request gets a seed of its own, made from this one and the prompt."""
    frequency_penalty: float | None = declare_identity(None, ge=-2.0, le=2.0)
    """Above 0, tokens are less probable the more often they came before."""
    presence_penalty: float | None = declare_identity(None, ge=-2.0, le=2.0)
    """Above 0, tokens that came before are less probable."""
    extra_body: dict[str, JsonValue] = declare_identity(default_factory=dict)
    """Further parameters that the server knows, as it names them: `{chat_template_kwargs: {enable_thinking: true}}`."""

    @model_validator(mode="after")
    def _check_parameters(self) -> "ServerSampling":
        for name in self.extra_body:
            is_named = name in type(self).model_fields and name != "extra_body"  # Gemini has a parameter of this name
            place = RESERVED_PARAMETERS.get(name) or (f"teacher.sampling.{name}" if is_named else "")
            if place:
                message = f"extra_body can't hold {name}; it is decided by {place}"
                raise ValueError(message)
        if self.max_tokens is not None and self.max_completion_tokens is not None:
            message = "give max_tokens or max_completion_tokens, not both: a server takes one of them"
            raise ValueError(message)
        return self


class Paths(Section):
    """How many answers to sample."""

    round: int = declare_identity(4, ge=1)
    """Answers to each problem in the first round. With a target a later one asks for as many as paths are missing, at
    most so many; without, for so many again."""
    max: int | None = declare_identity(None, ge=1)
    """The most unhinted answers to one problem; null is one round. A hinted round may add `round` more."""
    target: int | None = declare_identity(None, ge=1)
    """Stop sampling a problem once it has so many distinct correct paths; null samples up to `max`."""
    give_up: float | None = declare_identity(None, gt=0.0, lt=1.0)
    """Stop sampling a problem once the chance that its next answer brings another distinct correct path is below this,
    as estimated from the paths that were seen once: 0.04 is one answer in 25. Null: only `target` and `max` stop it."""
