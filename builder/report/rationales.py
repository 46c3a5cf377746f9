"""Rationales for a person: checked equations, faults, and texts with what was found in them."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from ...schemas.sample import Part
from .escape import mask_controls
from .tables import make_line


def render_step(step: Mapping[str, Any]) -> Text:
    """Render a checked equation: red with the right value where it is wrong."""
    is_wrong = step["outcome"] == "wrong"
    correction = f" (should be {step['actual']})" if is_wrong else ""
    where = ", in the reasoning" if step["part"] == Part.REASONING else ""
    line = f"step       {step['text']}  {step['outcome']}{correction}{where}"
    return make_line(line, style="red" if is_wrong else "")


def render_fault(fault: Mapping[str, Any]) -> str:
    """Render what is wrong with a rationale, and where."""
    part = "the reasoning" if fault["part"] == Part.REASONING else "the text"
    return f"fault      {fault['kind']}: {fault['detail']} ({part}, characters {fault['start']} to {fault['end']})"


def mark_part(sample: Mapping[str, Any], part: Part) -> Text:
    """Style a part of a sample: wrong steps in red, the final answer in green."""
    text = Text(mask_controls(sample[part] or ""))  # keeps the length, so that the spans fit
    for step in sample["steps"] or []:
        if step["outcome"] == "wrong" and step["part"] == part:
            text.stylize("red", step["start"], step["end"])
    if sample["span"] and sample["answer_part"] == part:
        text.stylize("bold green", sample["span"]["start"], sample["span"]["end"])
    return text
