"""Several values: solutions, whose order does not count, and values of several variables."""

from collections.abc import Callable, Sequence

from .findings import OTHER, SAME, Likeness, Likening, join_findings, leave_unknown
from .tree import SIGN, Head, Tree, list_symbols, list_variables, make_number, make_symbol, replace_symbol

MAX_SOLUTIONS = 12
"""The most values that are compared without regard to their order."""

Match = Callable[[Tree, Tree], Likening]


def spread_signs(tree: Tree) -> Tree:
    """Write a value with plus or minus as two values."""
    if SIGN.name not in list_symbols(tree):
        return tree
    if tree.head in {Head.LIST, Head.SET}:
        parts = [spread_signs(part) for part in tree.parts]
        flat = [one for part in parts for one in (part.parts if part.head is Head.LIST else (part,))]
        return Tree(tree.head, tuple(flat))
    if tree.head is Head.RELATION and tree.name == "=" and len(tree.parts) == 2:
        left, right = tree.parts
        return Tree(Head.RELATION, (left, spread_signs(right)), "=")
    values = tuple(replace_symbol(tree, SIGN.name, make_number(sign)) for sign in (1, -1))
    return Tree(Head.LIST, values)


def is_family(tree: Tree) -> bool:
    """Whether an answer is values for every whole number: `k pi, k in Z`."""
    if tree.head is not Head.LIST or tree.parts[-1].head is not Head.RELATION or tree.parts[-1].name != "in":
        return False
    name, domain = tree.parts[-1].parts
    return name.head is Head.SYMBOL and domain.head is Head.WORD


def match_families(gold: Tree, answer: Tree, match: Match) -> Likening:
    """Compare values for every whole number: the same by another name, or undecided."""
    if is_family(gold) and is_family(answer) and gold.parts[-1].parts[1] == answer.parts[-1].parts[1]:
        found = match(_name_family(gold), _name_family(answer))
        if found.likeness is Likeness.SAME:
            return found
    return leave_unknown("values for every whole number")


def _name_family(tree: Tree) -> Tree:
    """Give the number that runs in a family of values one name."""
    *values, number = tree.parts
    inner = values[0] if len(values) == 1 else Tree(Head.LIST, tuple(values))
    return replace_symbol(inner, number.parts[0].name, make_symbol("any number"))


def read_assignment(tree: Tree) -> tuple[Tree, Tree] | None:
    """Read `x = 5`, `5 = x` and `x in {1, 2}` as a name and its value; None where a node is no such thing."""
    if tree.head is not Head.RELATION or tree.name not in {"=", "in"} or len(tree.parts) != 2:
        return None
    left, right = tree.parts
    if _is_name(left) and _is_apart(left, right):
        return left, right
    if tree.name == "in" and left.head is Head.TUPLE and all(map(_is_name, left.parts)):
        return left, right
    if tree.name == "=" and _is_name(right) and _is_apart(right, left):
        return right, left
    return None


def _is_apart(name: Tree, value: Tree) -> bool:
    """Whether a value does not hold the name that it is given: the variable of a function may be in it."""
    return name.head is Head.CALL or not list_variables(name) & list_variables(value)


def write_name(tree: Tree) -> str:
    """Write a name: of a function with what it is called with."""
    return f"{tree.name}{tree.parts}" if tree.parts else tree.name


def _is_name(tree: Tree) -> bool:
    if tree.head is Head.SYMBOL:
        return bool(list_variables(tree))
    is_function = tree.head is Head.CALL and len(tree.name.strip("'").removesuffix("^-1")) == 1
    return is_function or tree.head is Head.WORD


def read_map(tree: Tree) -> dict[str, Tree] | None:
    """Read values of several variables, `x = 1, y = 2` or `(x, y) = (1, 2)`; None where a node is no such thing."""
    if tree.head is Head.RELATION and tree.name == "=" and len(tree.parts) == 2:
        names, values = tree.parts
        if names.head is values.head is Head.TUPLE and len(names.parts) == len(values.parts):
            is_named = all(_is_name(part) for part in names.parts)
            return (
                {write_name(name): value for name, value in zip(names.parts, values.parts, strict=True)}
                if is_named
                else None
            )
    if tree.head is not Head.LIST or len(tree.parts) < 2:
        return None
    pairs = [read_assignment(part) for part in tree.parts]
    found = {write_name(pair[0]): pair[1] for pair in pairs if pair is not None}
    is_several = len({name.partition("_")[0] for name in found}) > 1
    return found if len(found) == len(tree.parts) and is_several else None


def match_maps(gold: Tree, answer: Tree, match: Match) -> Likening | None:
    """Compare values of several variables; None where neither of two answers is such a thing."""
    one, two = read_map(gold), read_map(answer)
    if one is None and two is None:
        return None
    if one is not None and two is not None:
        if set(one) != set(two):
            return leave_unknown("values of other variables")
        return join_findings([match(one[name], two[name]) for name in one])
    values, other = (one, answer) if one is not None else (two, gold)
    if values is None or other.head is not Head.TUPLE or len(other.parts) != len(values):
        return leave_unknown("values of several variables")
    if list(values) != sorted(values):
        return leave_unknown("values of several variables in another order")
    parts = list(values.values())
    pairs = zip(parts, other.parts, strict=True) if one is not None else zip(other.parts, parts, strict=True)
    return join_findings([match(left, right) for left, right in pairs])


def list_solutions(tree: Tree) -> tuple[str, tuple[Tree, ...]]:
    """List the values of an answer with the name that they are given, if it is one."""
    assignment = read_assignment(tree)
    if assignment is not None:
        name, value = assignment
        return write_name(name), list_solutions(value)[1]
    if tree.head not in {Head.LIST, Head.SET}:
        return "", (tree,)
    found = [list_solutions(part) if read_assignment(part) else ("", (part,)) for part in tree.parts]
    names = {name.partition("_")[0] for name, _ in found}
    values = tuple(value for _, values in found for value in values)
    return (names.pop() if len(names) == 1 else ""), values


def match_solutions(gold: Sequence[Tree], answer: Sequence[Tree], match: Match) -> Likening:
    """Compare values without regard to their order."""
    if max(len(gold), len(answer)) > MAX_SOLUTIONS:
        is_same = len(gold) == len(answer) and all(one == two for one, two in zip(gold, answer, strict=True))
        return SAME if is_same else leave_unknown(f"more than {MAX_SOLUTIONS} values")
    rows = [[match(one, two) for two in answer] for one in gold]
    columns = [[row[index] for row in rows] for index in range(len(answer))]
    lines = [*rows, *columns]
    if all(any(one.likeness is Likeness.SAME for one in line) for line in lines):
        return SAME
    if any(all(one.likeness is Likeness.OTHER for one in line) for line in lines):
        return OTHER
    found = [one for line in lines for one in line]
    return next((one for one in found if one.likeness is Likeness.BROKEN), leave_unknown("some values are not decided"))
