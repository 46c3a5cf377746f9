"""Mistakes in arithmetic: a method with one number wrong, and all that follows from it.

A slip is (index of the step, `a`, `b` or `r`, the wrong number). Only variants whose results are all positive and
whole are returned.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import add, floordiv, mul, sub
from types import MappingProxyType

from ....schemas.ids import rank
from .phrases import Line, Lines

OPERATIONS = MappingProxyType({"+": add, "-": sub, "*": mul, "/": floordiv})
MISREAD = (1, -1, 2, -2, 3, -3, 5, -5, 10, -10)
"""How far a misread number is off."""
MISCOUNTED = (1, -1, 2, -2, 10, -10)
"""How far a miscounted result is off."""


def misread_operand(method: Lines, key: str) -> Iterator[Lines]:
    """Recompute a method with one of the numbers of the question misread, in every possible way."""
    links = _link_operands(method)
    operands = [(at, name) for at, name in links if links[at, name] is None]
    numbers = [getattr(method[at], name) for at, name in operands]
    slips = [
        (at, name, wrong)
        for (at, name), number in zip(operands, numbers, strict=True)
        for wrong in {*numbers, *(number + off for off in MISREAD)} - {number}
        if wrong > 1
    ]
    return _rework_all(method, slips, key)


def miscount_result(method: Lines, key: str) -> Iterator[Lines]:
    """Recompute a method with one result miscounted, in every possible way."""
    slips = [(at, "r", line.r + off) for at, line in enumerate(method) for off in MISCOUNTED if line.r + off > 0]
    return _rework_all(method, slips, key)


def _rework_all(method: Lines, slips: Iterable[tuple[int, str, int]], key: str) -> Iterator[Lines]:
    order = sorted(slips, key=lambda slip: rank(key, f"{slip}"))
    return (lines for slip in order if (lines := _rework(method, slip)) is not None)


def _link_operands(method: Lines) -> dict[tuple[int, str], int | None]:
    """Find for each operand the index of the step that it is the result of; None for a number of the question."""
    links: dict[tuple[int, str], int | None] = {}
    for at, line in enumerate(method):
        for name in ("a", "b"):
            same = [earlier for earlier in range(at) if method[earlier].r == getattr(line, name)]
            unused = [earlier for earlier in same if earlier not in links.values()]
            links[at, name] = next(iter([*unused, *same]), None)
    return links


def _rework(method: Lines, slip: tuple[int, str, int]) -> Lines | None:
    """Recompute a method with one slip; None where a result isn't positive and whole."""
    links = _link_operands(method)
    done: list[Line] = []
    for at, line in enumerate(method):
        linked = _carry_results(line, at, links, done)
        new = _apply_slip(linked, slip) if at == slip[0] else _compute_result(linked)
        if new is None:
            return None
        done.append(new)
    return tuple(done)


def _carry_results(line: Line, at: int, links: Mapping[tuple[int, str], int | None], done: Sequence[Line]) -> Line:
    """Replace the operands of a step by the results of the steps they come from."""
    left, right = links[at, "a"], links[at, "b"]
    return replace(line, a=line.a if left is None else done[left].r, b=line.b if right is None else done[right].r)


def _apply_slip(line: Line, slip: tuple[int, str, int]) -> Line | None:
    _, name, wrong = slip
    worked = _compute_result(line) if name == "r" else line
    if worked is None or getattr(worked, name) == wrong:
        return None
    numbers = {"a": worked.a, "b": worked.b, "r": worked.r}
    new = Line(op=line.op, slip=name, right=numbers[name], **(numbers | {name: wrong}))
    return new if name == "r" else _compute_result(new)


def _compute_result(line: Line) -> Line | None:
    if line.op == "/" and line.a % line.b:
        return None
    result = OPERATIONS[line.op](line.a, line.b)
    return replace(line, r=result) if result > 0 else None
