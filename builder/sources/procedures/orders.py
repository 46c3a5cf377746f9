"""The twelve procedures: their names, and the order in which each reads the signs."""

from functools import cache
from itertools import permutations, product

from ....schemas.ids import rank

SIGNS = ("lamp", "bell", "gate", "horn", "wheel")
"""What every procedure reads; a sign is on or off."""

COLOURS, THINGS = ("red", "blue", "green"), ("anchor", "basket", "candle", "drum")
"""The words of the names. Each word of a name that is held out stands in names that are not."""

HELD_OUT = ("red drum", "blue basket", "green anchor")
"""The procedures that no training problem follows."""

Order = tuple[str, ...]

_LEAST_DIFFERENT = 3
"""The least number of places in which two orders differ."""


@cache
def list_procedures() -> dict[str, Order]:
    """List the orders of the procedures by name.

    No two begin with the same two signs, any two differ in at least three places, and no sign is first in more than
    three of them.
    """
    names = [f"{colour} {thing}" for colour, thing in product(COLOURS, THINGS)]
    chosen: list[Order] = []
    for order in sorted(permutations(SIGNS), key=lambda order: rank("procedures", " ".join(order))):
        if len(chosen) < len(names) and _is_apart(order, chosen):
            chosen.append(order)
    return dict(zip(names, chosen, strict=True))


def _is_apart(order: Order, chosen: list[Order]) -> bool:
    differences = [sum(one != other for one, other in zip(order, each, strict=True)) for each in chosen]
    is_new_start = all(order[:2] != each[:2] for each in chosen)
    firsts = sum(order[0] == each[0] for each in chosen)
    return is_new_start and firsts < len(SIGNS) - 2 and all(count >= _LEAST_DIFFERENT for count in differences)


def select_procedures(part: str) -> dict[str, Order]:
    """Select the procedures to train on (`seen`), or those that are held out (`unseen`)."""
    return {name: order for name, order in list_procedures().items() if (name in HELD_OUT) == (part == "unseen")}
