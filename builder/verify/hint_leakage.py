"""Detect samples that repeat a hint instead of reasoning."""

import re

from ...schemas.sample import Part, Span, Step, StepOutcome

_MENTIONED = re.compile(
    r"\b(?:answer|result|solution)\b[^.\n]{0,20}\b(?:is|was|are)\s+(?:already\s+)?(?:given|provided|known|stated|told)\b"
    r"|\b(?:given|provided|stated|known|hinted|supplied|told)\s+(?:that\s+)?(?:the\s+)?(?:correct\s+)?"
    r"(?:answer|result|solution)\b"
    r"|\b(?:according\s+to|from|by|using|as|per)\s+(?:the\s+)?(?:hint|given\s+answer|provided\s+answer)\b"
    r"|\bthe\s+hint\b|\bwe\s+(?:are|were)\s+told\s+(?:that\s+)?the\s+(?:correct\s+)?answer\b"
    r"|\bwork(?:ing)?\s+backwards?\s+from\s+the\s+answer\b",
    re.IGNORECASE,
)


def find_parroting(text: str, steps: tuple[Step, ...], answer: Span | None, part: Part = Part.TEXT) -> str | None:
    """Describe how a hinted sample repeats its hint; None where it does not.

    Args:
        text: the sample, reasoning and response.
        steps: its checked equations.
        answer: position of its final answer.
        part: the part of the sample that states it.
    """
    phrase = _MENTIONED.search(text)
    if phrase:
        return f"mentions the hint: {phrase[0]!r}"
    before = [step for step in steps if answer is None or step.part != part or step.start < answer.start]
    has_reasoning = any(step.outcome is not StepOutcome.UNCHECKED for step in before)
    if not has_reasoning and len(text.split()) < 25:
        return "states the answer without reasoning"
    return None
