"""Check that a rationale goes through the steps of a procedure in their order."""

from collections.abc import Mapping, Sequence

from ...schemas.recipe import OrderStep
from ...schemas.sample import Part
from ..patterns import find_first_place


def find_disorder(parts: Mapping[Part, str], order: Sequence[OrderStep], *, stop_at_first: bool) -> str | None:
    """Find the first step of a procedure that is mentioned too early, or not at all; None where all is in order.

    What counts is where a step is mentioned first: it may be mentioned again.

    Args:
        parts: the response, and the reasoning where it was told apart. The response is looked at, and the reasoning
            where the response mentions no step.
        order: the steps.
        stop_at_first: whether the last steps may be left out.

    Raises:
        PatternError: a pattern can't be used.
    """
    for part in (Part.TEXT, Part.REASONING):
        places = [find_first_place(step.pattern, parts.get(part, "")) for step in order]
        if any(place is not None for place in places):
            return _describe_disorder(order, places, stop_at_first=stop_at_first)
    return f"{order[0].name} is not mentioned" if order else None


def _describe_disorder(order: Sequence[OrderStep], places: Sequence[int | None], *, stop_at_first: bool) -> str | None:
    """Describe what is out of order, given where each step is mentioned first."""
    names = [step.name for step in order]
    for index, place in enumerate(places):
        early = [
            (other, name)
            for name, other in zip(names[index + 1 :], places[index + 1 :], strict=True)
            if other is not None
        ]
        first = min(early, default=None)
        if place is not None and first is not None and first[0] < place:
            return f"{first[1]} (character {first[0]}) comes before {names[index]} (character {place})"
        if place is None and first is not None and stop_at_first:
            return f"{first[1]} (character {first[0]}) comes without {names[index]}"
        if place is None and not (stop_at_first and index):
            return f"{names[index]} is not mentioned"
    return None
