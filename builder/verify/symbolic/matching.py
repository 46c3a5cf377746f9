"""Compare two answers of mathematics part by part: what kind each is decides how."""

from .equations import match_conditions, match_equations
from .findings import OTHER, SAME, Likeness, Likening, join_findings, leave_unknown
from .grammar import ReadAnswer, is_condition, read_symbolic
from .quantities import UnitReader, match_quantities, read_degrees
from .regions import match_regions
from .scalars import SCALARS, match_scalars
from .solutions import (
    is_family,
    list_solutions,
    match_families,
    match_maps,
    match_solutions,
    read_assignment,
    spread_signs,
)
from .tree import Head, Tree, has_number, list_variables

_SEVERAL = frozenset({Head.LIST, Head.SET})
_REGIONS = frozenset({Head.INTERVAL, Head.UNION, Head.MINUS})


def match_symbolic(gold: str, answer: str, measure_unit: UnitReader) -> Likening:
    """Compare two answers of mathematics.

    Args:
        gold: the gold answer, in LaTeX or plain characters.
        answer: the other one.
        measure_unit: says of a unit what it measures and how large it is; None where it is unknown.
    """
    one, two = read_symbolic(gold, measure_unit), read_symbolic(answer, measure_unit)
    if one.spelling and one.spelling == two.spelling:
        return SAME
    for side, read in (("the gold answer", one), ("the answer", two)):
        if read.tree is None or read.problem:
            return leave_unknown(f"{side} is not understood: {read.problem or read.spelling[:80]}")
    return _match_read(one, two, measure_unit)


def _match_read(one: ReadAnswer, two: ReadAnswer, measure_unit: UnitReader) -> Likening:
    if one.tree is None or two.tree is None:
        return leave_unknown("not understood")
    trees = [read_degrees(spread_signs(tree)) for tree in (one.tree, two.tree)]
    matcher = _Matcher(measure_unit)
    if any(map(is_family, trees)):
        return match_families(trees[0], trees[1], matcher.match)
    found = matcher.match(*trees)
    is_loose = (one.has_run or two.has_run) and list_variables(one.tree) != list_variables(two.tree)
    return leave_unknown("letters that may be a word") if is_loose and found.likeness is Likeness.OTHER else found


class _Matcher:
    """Compares trees, with what is known of units."""

    def __init__(self, measure_unit: UnitReader) -> None:
        self._measure_unit = measure_unit

    def match(self, gold: Tree, answer: Tree) -> Likening:
        """Compare two trees."""
        if gold == answer:
            return SAME
        gold, answer = (self._close_chain(_open_set(tree)) for tree in (gold, answer))
        found = match_maps(gold, answer, self.match)
        if found is not None:
            return found
        if Head.WORD in {gold.head, answer.head}:
            is_letter = {gold.head, answer.head} == {Head.WORD, Head.SYMBOL}
            is_same = is_letter and gold.name.casefold() == answer.name.casefold()
            return SAME if is_same else leave_unknown("a word")
        if _is_region(gold) or _is_region(answer):
            return self._match_conditions(gold, answer)
        names = [list_solutions(tree)[0] for tree in (gold, answer)]
        if names[0] and names[1] and not _is_same_name(names[0], names[1]):
            return self._match_names(gold, answer)
        return self._match_values(gold, answer)

    def _close_chain(self, tree: Tree) -> Tree:
        """Make one equation, or one value, of equal sides in a row."""
        if tree.head is not Head.RELATION or tree.name != "=":
            return tree
        sides = tree.parts
        if not list_variables(tree) and all(side.head in SCALARS for side in sides):
            results = [match_scalars(sides[0], side) for side in sides[1:]]
            is_true = all(result.likeness is Likeness.SAME for result in results)
            return sides[-1] if is_true else Tree(Head.WORD, name="an equation that does not hold")
        if len(sides) > 2:
            results = [self.match(sides[1], side) for side in sides[2:]]
            is_true = all(result.likeness is Likeness.SAME for result in results)
            return Tree(Head.RELATION, (sides[0], sides[-1]), "=") if is_true else Tree(Head.WORD, name="a chain")
        return tree

    def _match_names(self, gold: Tree, answer: Tree) -> Likening:
        """Compare values of variables with different names."""
        both = [read_assignment(tree) for tree in (gold, answer)]
        pairs = [pair for pair in both if pair is not None]
        is_equation = len(pairs) == 2 and all(list_variables(value) for _, value in pairs)
        if is_equation:
            return match_equations(gold, answer)
        names = [name.name for name, _ in pairs]
        is_plain = len(names) == 2 and all(name.head is Head.SYMBOL for name, _ in pairs)
        is_case = len(names) == 2 and names[0].casefold() == names[1].casefold()
        return OTHER if is_plain and not is_case else leave_unknown("values of different variables")

    def _match_values(self, gold: Tree, answer: Tree) -> Likening:
        pairs = [read_assignment(tree) for tree in (gold, answer)]
        is_open = [
            tree.head is Head.RELATION and pair is None for tree, pair in zip((gold, answer), pairs, strict=True)
        ]
        if any(is_open):
            is_both = gold.head is answer.head is Head.RELATION
            return match_equations(gold, answer) if is_both else self._match_measured(gold, answer)
        gold, answer = (tree if pair is None else pair[1] for tree, pair in zip((gold, answer), pairs, strict=True))
        gold, answer = (self._close_chain(tree) for tree in (gold, answer))
        if _is_region(gold) or _is_region(answer):
            return self._match_conditions(gold, answer)
        heads = {gold.head, answer.head}
        if heads & _SEVERAL:
            return self._match_several(gold, answer)
        if Head.QUANTITY in heads:
            return match_quantities(gold, answer, self._measure_unit, self.match)
        if len(heads) == 1 and gold.head in {Head.TUPLE, Head.MATRIX}:
            return self._match_parts(gold, answer)
        if heads <= SCALARS:
            return match_scalars(gold, answer)
        if heads == {Head.TUPLE, Head.MATRIX}:
            found = self._match_parts(gold, answer)
            return found if found.likeness is Likeness.OTHER else leave_unknown("a tuple and a matrix")
        return OTHER if Head.WORD not in heads and len(heads - SCALARS) == 1 else leave_unknown("answers of two kinds")

    def _match_measured(self, gold: Tree, answer: Tree) -> Likening:
        """Compare a gold value with an answer that says what has it: `AB = 5`, `x + y = 5`."""
        if answer.head is Head.RELATION and answer.name == "=" and not list_variables(gold):
            measured, value = answer.parts
            is_measured = not has_number(measured) and len(list_variables(measured)) > 1
            if is_measured and not list_variables(value):
                found = self.match(gold, value)
                return found if found.likeness is Likeness.SAME else leave_unknown("an equation and another value")
        return leave_unknown("an equation and a value")

    def _match_parts(self, gold: Tree, answer: Tree) -> Likening:
        """Compare tuples or matrices in order."""
        if len(gold.parts) != len(answer.parts) or (gold.head is answer.head and gold.name != answer.name):
            return OTHER
        return join_findings([self.match(one, two) for one, two in zip(gold.parts, answer.parts, strict=True)])

    def _match_several(self, gold: Tree, answer: Tree) -> Likening:
        """Compare answers of which at least one is several values."""
        if Head.TUPLE in {gold.head, answer.head}:
            return self._match_loose(gold, answer)
        if _is_decimal(gold, answer) or _is_decimal(answer, gold):
            return leave_unknown("a comma that may stand before decimals")
        return match_solutions(list_solutions(gold)[1], list_solutions(answer)[1], self.match)

    def _match_loose(self, gold: Tree, answer: Tree) -> Likening:
        """Compare a tuple with values without brackets, or in those of a set."""
        if Head.SET in {gold.head, answer.head}:
            return OTHER
        if any(part.head is Head.TUPLE for tree in (gold, answer) for part in tree.parts):
            one, two = (tree.parts if tree.head is Head.LIST else (tree,) for tree in (gold, answer))
            return match_solutions(one, two, self.match)
        found = match_solutions(gold.parts, answer.parts, self.match)
        return found if found.likeness is Likeness.OTHER else leave_unknown("a tuple and a list")

    def _match_conditions(self, gold: Tree, answer: Tree) -> Likening:
        """Compare sets of real numbers, or conditions."""
        names = [_find_condition_names(tree) for tree in (gold, answer)]
        if all(names) and names[0] != names[1]:
            return leave_unknown("conditions on other variables")
        is_plain = max(map(len, names)) <= 1
        found = match_regions(*map(_open_region, (gold, answer))) if is_plain else leave_unknown("several variables")
        if found.likeness is not Likeness.UNKNOWN:
            return found
        if all(tree.head is Head.RELATION and is_condition(tree) for tree in (gold, answer)):
            return match_conditions(gold, answer)
        if gold.head is answer.head and gold.head in {Head.BOTH, Head.LIST}:
            inner = match_solutions(gold.parts, answer.parts, self.match)
            return inner if inner.likeness is Likeness.SAME else leave_unknown("conditions")
        if gold.head is answer.head is Head.INTERVAL:
            return OTHER if gold.name != answer.name else self._match_parts(gold, answer)
        return found


def _is_decimal(values: Tree, other: Tree) -> bool:
    """Whether two numbers with a comma between them may be one: `0,5` for 0.5."""
    if values.head is not Head.LIST or other.head not in SCALARS or len(values.parts) != 2:
        return False
    return all(part.head is Head.NUMBER and part.value.denominator == 1 for part in values.parts)


def _open_set(tree: Tree) -> Tree:
    """Take a tuple out of a set that holds nothing else."""
    is_one = tree.head is Head.SET and len(tree.parts) == 1 and tree.parts[0].head is Head.TUPLE
    return tree.parts[0] if is_one else tree


def _open_region(tree: Tree) -> Tree:
    pair = read_assignment(tree)
    return tree if pair is None else pair[1]


def _is_region(tree: Tree) -> bool:
    """Whether a node is a set of real numbers, or a condition."""
    if tree.head in _REGIONS or is_condition(tree):
        return True
    if tree.head is Head.RELATION and tree.name == "in":
        return _is_region(tree.parts[1])
    return tree.head is Head.LIST and bool(tree.parts) and all(map(_is_region, tree.parts))


def _find_condition_names(tree: Tree) -> frozenset[str]:
    """Find the variables that are conditioned."""
    if tree.head is Head.RELATION:
        return frozenset(list_variables(tree))
    if tree.head in {Head.BOTH, Head.LIST}:
        return frozenset(name for part in tree.parts for name in _find_condition_names(part))
    return frozenset()


def _is_same_name(one: str, two: str) -> bool:
    return one == two or one.partition("_")[0] == two
