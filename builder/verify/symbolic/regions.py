"""Sets of real numbers: intervals, unions, points and conditions on one variable, as pieces in order."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .findings import OTHER, Likeness, Likening, join_findings, leave_unknown
from .grammar import ORDERS
from .proof import estimate_value
from .scalars import SCALARS, match_scalars
from .tree import INFINITY, Head, Tree, list_symbols, list_variables, negate

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!="}
_CLOSE = 1e-12


class Segment(NamedTuple):
    """All numbers between two ends. A point has both ends alike."""

    low: Tree
    """The lower end; infinity below it."""
    is_low_in: bool
    """Whether the lower end belongs to it."""
    high: Tree
    """The upper end."""
    is_high_in: bool
    """Whether the upper end belongs to it."""
    start: float
    """About where the lower end is."""
    stop: float
    """About where the upper end is."""


class NoRegionError(ValueError):
    """A node is no set of real numbers, or not one that can be told."""


def match_regions(gold: Tree, answer: Tree) -> Likening:
    """Compare two sets of real numbers."""
    try:
        one, two = read_region(gold), read_region(answer)
    except NoRegionError as error:
        return leave_unknown(str(error))
    if len(one) != len(two):
        return OTHER
    for left, right in zip(one, two, strict=True):
        if (left.is_low_in, left.is_high_in) != (right.is_low_in, right.is_high_in):
            return OTHER
    ends = [
        match_scalars(*pair)
        for left, right in zip(one, two, strict=True)
        for pair in ((left.low, right.low), (left.high, right.high))
    ]
    return join_findings(ends)


def read_region(tree: Tree) -> list[Segment]:
    """Read a node as pieces in order.

    Raises:
        NoRegionError: it is no set of real numbers, or its ends have no values that can be put in order.
    """
    return _merge_segments(_read_segments(tree))


def _read_segments(tree: Tree) -> list[Segment]:
    if tree.head in SCALARS:
        return [_make_segment(tree, tree, "[]")]
    if tree.head is Head.INTERVAL or (tree.head is Head.TUPLE and len(tree.parts) == 2):
        low, high = tree.parts
        segment = _make_segment(low, high, tree.name or "()")
        if segment.start >= segment.stop and not (low == high and tree.name == "[]"):
            raise NoRegionError("an interval whose ends are not in order")
        return [segment]
    if tree.head in {Head.SET, Head.UNION, Head.LIST}:
        return [segment for part in tree.parts for segment in _read_segments(part)]
    read = _READ.get(tree.head)
    if read is None:
        raise NoRegionError(f"a {tree.head.value} is no set of numbers")
    return read(tree)


def _read_both(tree: Tree) -> list[Segment]:
    """Read what several conditions have in common."""
    if len(list_variables(tree)) > 1:
        raise NoRegionError("several variables")
    found, *regions = (_merge_segments(_read_segments(part)) for part in tree.parts)
    for region in regions:
        found = [cut for one in found for two in region for cut in _intersect(one, two)]
    return found


def _read_difference(tree: Tree) -> list[Segment]:
    """Read a set without some points."""
    whole, points = (_merge_segments(_read_segments(part)) for part in tree.parts)
    for point in points:
        whole = [piece for segment in whole for piece in _cut_segment(segment, point)]
    return whole


def _make_segment(low: Tree, high: Tree, brackets: str) -> Segment:
    start, stop = _find_place(low), _find_place(high)
    if (brackets[0] == "[" and start == -_INF) or (brackets[1] == "]" and stop == _INF):
        raise NoRegionError("an end at infinity in square brackets")
    return Segment(low, brackets[0] == "[", high, brackets[1] == "]", start, stop)


_INF = float("inf")


def _find_place(tree: Tree) -> float:
    if tree == INFINITY:
        return _INF
    if tree == negate(INFINITY):
        return -_INF
    place = None if INFINITY.name in list_symbols(tree) else estimate_value(tree)
    if place is None:
        raise NoRegionError("an end without a real value")
    return place


def _read_condition(tree: Tree) -> list[Segment]:
    """Read a condition on one variable that stands alone on one side."""
    left, right = tree.parts
    if tree.name == "in" and left.head is Head.SYMBOL:
        return _read_segments(right)
    if len(list_variables(tree)) != 1 or tree.name not in ORDERS:
        raise NoRegionError("a condition on several variables")
    name = tree.name
    if left.head is not Head.SYMBOL and not _is_absolute(left):
        left, right, name = right, left, _FLIPPED[name]
    if list_variables(right):
        raise NoRegionError("a condition that is not solved")
    if _is_absolute(left):
        return _read_absolute(left.parts[0], name, right)
    if left.head is not Head.SYMBOL:
        raise NoRegionError("a condition that is not solved")
    below, above = negate(INFINITY), INFINITY
    is_in = "[" if name.endswith("=") else "("
    if name == "!=":
        return [_make_segment(below, right, "()"), _make_segment(right, above, "()")]
    if name in {">", ">="}:
        return [_make_segment(right, above, f"{is_in})")]
    return [_make_segment(below, right, f"({']' if is_in == '[' else ')'}")]


def _is_absolute(tree: Tree) -> bool:
    return tree.head is Head.CALL and tree.name == "abs" and len(list_variables(tree)) == 1


def _read_absolute(inner: Tree, name: str, bound: Tree) -> list[Segment]:
    """Read a condition on an absolute value as two on what is within."""
    if name == "!=" or inner.head is not Head.SYMBOL:
        raise NoRegionError("a condition that is not solved")
    other = Tree(Head.RELATION, (inner, negate(bound)), _FLIPPED[name])
    head = Head.BOTH if name in {"<", "<="} else Head.UNION
    return _read_segments(Tree(head, (Tree(Head.RELATION, (inner, bound), name), other)))


def _intersect(one: Segment, two: Segment) -> list[Segment]:
    low = max((one, two), key=lambda segment: (segment.start, not segment.is_low_in))
    high = min((one, two), key=lambda segment: (segment.stop, segment.is_high_in))
    found = Segment(low.low, low.is_low_in, high.high, high.is_high_in, low.start, high.stop)
    is_point = found.start == found.stop and found.is_low_in and found.is_high_in
    return [found] if found.start < found.stop - _CLOSE or is_point else []


def _cut_segment(segment: Segment, point: Segment) -> list[Segment]:
    """Remove one point."""
    if point.start != point.stop or not point.is_low_in:
        raise NoRegionError("a difference of intervals")
    if not segment.start - _CLOSE <= point.start <= segment.stop + _CLOSE:
        return [segment]
    if segment.start == point.start:
        return [segment._replace(is_low_in=False)]
    if segment.stop == point.start:
        return [segment._replace(is_high_in=False)]
    before = segment._replace(high=point.low, is_high_in=False, stop=point.start)
    return [before, segment._replace(low=point.low, is_low_in=False, start=point.start)]


def _merge_segments(segments: Sequence[Segment]) -> list[Segment]:
    """Put pieces in order, and join those that touch or overlap."""
    merged: list[Segment] = []
    for segment in sorted(segments, key=lambda one: (one.start, not one.is_low_in, one.stop)):
        if merged and _is_touching(merged[-1], segment):
            last = merged[-1]
            longer = max((last, segment), key=lambda one: (one.stop, one.is_high_in))
            merged[-1] = last._replace(high=longer.high, is_high_in=longer.is_high_in, stop=longer.stop)
        else:
            merged.append(segment)
    return merged


def _is_touching(before: Segment, behind: Segment) -> bool:
    if behind.start < before.stop - _CLOSE:
        return True
    if abs(behind.start - before.stop) > _CLOSE * max(1.0, abs(before.stop)):
        return False
    is_one = match_scalars(before.high, behind.low).likeness is Likeness.SAME
    return is_one and (before.is_high_in or behind.is_low_in)


_READ: Mapping[Head, Callable[[Tree], list[Segment]]] = {
    Head.BOTH: _read_both,
    Head.MINUS: _read_difference,
    Head.RELATION: _read_condition,
}
