"""The names of the formats: what a recipe writes examples in, and what a student is evaluated in."""

from enum import StrEnum
from typing import Literal

FormatName = Literal[
    "zero_shot_cot",
    "zero_shot_answer",
    "in_context_cot",
    "in_context_answer",
    "instructed_cot",
    "instructed_answer",
    "bare_cot",
    "fine_tune_cot",
    "cot_collection",
]
"""Reasoning and answer, or the answer only; zero-shot, or after demonstrations (the four of Fu et al. 2023); both asked
for in one of several phrasings, so that a student reasons where it is told to (`instructed_*`); the bare question, then
reasoning and answer (Magister et al. 2023); or the templates of Fine-tune-CoT (Ho et al. 2023) and of the CoT
Collection (Kim et al. 2023)."""


class Thinking(StrEnum):
    """What becomes of reasoning that was told apart from the response."""

    THINK_TAGS = "think_tags"
    FIELD = "field"
    TEXT = "text"
    DROP = "drop"


FORMATS_WITH_RATIONALE: frozenset[FormatName] = frozenset(
    {"zero_shot_cot", "in_context_cot", "instructed_cot", "bare_cot", "cot_collection", "fine_tune_cot"}
)
"""Formats whose target contains the text of the sample, so that the sample's log probabilities apply to it."""

FORMATS_WITH_ANSWER_LINE: frozenset[FormatName] = FORMATS_WITH_RATIONALE - {"fine_tune_cot"}
"""Formats whose target is a rationale followed by a last line that states the answer."""

FORMATS_WITHOUT_GOLD: frozenset[FormatName] = frozenset(
    {"zero_shot_cot", "in_context_cot", "instructed_cot", "bare_cot"}
)
"""Formats whose rows can do without a gold answer: they end with the response."""
