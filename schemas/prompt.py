"""How a problem is put to a teacher: prompt, demonstrations and hints."""

from typing import Literal

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
    """Demonstrations: a packaged set (arithmetic, boolean, choice, commonsense), a YAML file, or `train` for
    reference rationales of other groups of the training split. Their content is part of the fingerprint."""
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
