"""Link the operands of equations to the results they stand for: by occurrence, not by value.

An operand may equal a result by chance: the question may have the same number, and two steps the same result. What an
operand may mean are the results that do not need it themselves, and the number of the question. Of these,

- a result that only this operand may mean is meant, else it would not be needed;
- where there are as many as operands, all in one sum or one product, each is meant once;
- of one result and a number of the question, the last operand means the result where each needs the one before;
- else nothing tells, and each operand means `one or the other`.

No rule looks at the order of steps that do not need one another: moving them moves no link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from ...text.equations import Exact, Node, Number, Operation
from .forms import Form, has_hundred, join_alternatives, join_forms, make_constant, set_value
from .roles import Roles

MAX_STEPS = 64
"""Of more steps, each operand is linked to the last result before it: looking at all would take quadratic time."""

Step = tuple[Operation, Exact]
"""An expression with an operation, and the value that is written for it."""

_HUNDRED = make_constant(100)


@dataclass(frozen=True, slots=True)
class Graph:
    """Steps with what they need, in the order of the text."""

    steps: Sequence[Step]
    """The steps."""
    numbers: Sequence[Sequence[Exact]]
    """The numbers of each, from left to right."""
    needs: Sequence[int]
    """The steps before that each needs at most, as bits."""


def join_plain(steps: Sequence[Step], roles: Roles, results: set[Exact]) -> dict[Exact, Form] | None:
    """Join steps where no value may mean two things, as mostly; None where one does.

    Args:
        steps: the steps.
        roles: the numbers of the question.
        results: the values of all steps.

    Returns:
        The form of each step, by its value.
    """
    if len(results) != len(steps) or not results.isdisjoint(roles):
        return None
    known: dict[Exact, Form] = {}
    for (op, left, right, _), value in steps:
        if left.__class__ is right.__class__ is Number:  # mostly
            one = known.get(left[0]) or roles.get(left[0]) or _join_node(left, known, roles, results)
            other = known.get(right[0]) or roles.get(right[0]) or _join_node(right, known, roles, results)
        else:
            one, other = _join_node(left, known, roles, results), _join_node(right, known, roles, results)
        if one is None or other is None:
            return None
        form = join_forms(op, one, other)
        known[value] = form if form.value == value else set_value(form, value)
    return known


def _join_node(node: Node, known: Mapping[Exact, Form], roles: Roles, results: set[Exact]) -> Form | None:
    if isinstance(node, Number):
        value = node[0]
        form = known.get(value) or roles.get(value)
        if form is None and value not in results:
            form = _join_share(value, known, roles) or make_constant(value)
        return form
    op, left, right, _ = node
    one = _join_node(left, known, roles, results)
    other = one and _join_node(right, known, roles, results)
    return other and one and join_forms(op, one, other)


def join_in_order(steps: Sequence[Step], roles: Roles) -> dict[Exact, Form]:
    """Join steps with each operand linked to the last result before it."""
    known: dict[Exact, Form] = {}
    for node, value in steps:
        form = _join_node(node, known, roles, set())
        if form is not None:
            known[value] = set_value(form, value)
    return known


def _join_share(value: Exact, known: Mapping[Exact, Form], roles: Roles) -> Form | None:
    """Read a fraction as what is known of it: 0.8 where 100 - 20 = 80, 3/4 where the question has a 3 and a 4."""
    top, bottom = value.numerator, value.denominator
    if bottom == 1:
        return None
    hundredfold = Fraction(100 * top, bottom) if 100 % bottom else top * (100 // bottom)
    percent = known.get(hundredfold)
    if percent is None or not has_hundred(percent):
        percent = roles.get(hundredfold)
    if percent is not None:
        return join_forms("/", percent, _HUNDRED)
    over, under = roles.get(top), roles.get(bottom)
    return join_forms("/", over, under) if over is not None and under is not None else None


def list_numbers(node: Node) -> list[Exact]:
    """List the numbers of an expression from left to right."""
    if isinstance(node, Number):
        return [node[0]]
    _, left, right, _ = node
    if left.__class__ is right.__class__ is Number:  # mostly
        return [left[0], right[0]]
    return list_numbers(left) + list_numbers(right)


def make_graph(steps: Sequence[Step]) -> Graph:
    """Find what each step may need of the others.

    A step may need all that make one of its numbers: those before it, and of those behind it the ones that do not need
    it themselves, for they might as well stand before it.
    """
    numbers = [list_numbers(node) for node, _ in steps]
    makers: dict[Exact, int] = {}
    needs: list[int] = []
    for index, (_, value) in enumerate(steps):
        found = 0
        for number in numbers[index]:
            found |= makers.get(number, 0)
        needs.append(found)
        makers[value] = makers.get(value, 0) | found | 1 << index
    if len(steps) <= MAX_STEPS:
        _add_later(steps, numbers, needs)
    return Graph(steps, numbers, needs)


def _add_later(steps: Sequence[Step], numbers: Sequence[Sequence[Exact]], needs: list[int]) -> None:
    """Add the steps that are needed though they stand behind."""
    last = {value: index for index, (_, value) in enumerate(steps)}
    later: dict[int, list[int]] = {}
    for index, found in enumerate(numbers):
        stop = max([last.get(number, -1) for number in found])
        if stop > index:
            behind = range(index + 1, stop + 1)
            makers = [made for made in behind if steps[made][1] in found and not needs[made] >> index & 1]
            if makers:
                later[index] = makers
    if not later:
        return
    for index, found in later.items():
        for made in found:
            needs[index] |= 1 << made
    for middle in range(len(steps)):
        for index in range(len(steps)):
            if needs[index] >> middle & 1:
                needs[index] |= needs[middle]


def list_needed(graph: Graph, roots: Sequence[int]) -> list[int]:
    """List the steps that some steps may need, wherever they stand, and these."""
    found = set(roots)
    wanted = {number for root in roots for number in graph.numbers[root]}
    above = sum(1 << root for root in found) if len(found) < len(graph.steps) else 0
    rest = [index for index in range(len(graph.steps)) if index not in found and not graph.needs[index] & above]
    while True:
        more = [index for index in rest if graph.steps[index][1] in wanted]
        if not more:
            return sorted(found)
        found.update(more)
        wanted.update(number for index in more for number in graph.numbers[index])
        rest = [index for index in rest if index not in found]


@dataclass(slots=True)
class _Group:
    """Operands of one value that may mean the same results."""

    uses: list[int] = field(default_factory=list)
    """The steps that they stand in; a step with two of them stands twice."""
    makers: Sequence[int] = ()
    """The steps whose results they may mean."""
    forms: list[Form] | None = None
    """What each of them means, once that is known."""


@dataclass(slots=True)
class Linker:
    """Links the operands of a graph whose values may mean several things, and joins its steps."""

    graph: Graph
    roles: Roles
    needed: Sequence[int]
    """The steps that count."""
    forms: dict[int, Form | None] = field(default_factory=dict)
    """The form of each step that was joined; None while it is being joined."""
    used: set[int] = field(default_factory=set)
    """The steps that an operand may mean."""
    groups: dict[Exact, dict[int, _Group]] = field(default_factory=dict)
    """By value and step, the group of its operands."""
    makers: dict[Exact, list[int]] = field(default_factory=dict)
    """The steps that make a value."""

    def __post_init__(self) -> None:
        for index in self.needed:
            self.makers.setdefault(self.graph.steps[index][1], []).append(index)

    def join_step(self, index: int) -> Form | None:
        """Join a step; None where it is needed by itself."""
        if index not in self.forms:
            self.forms[index] = None
            node, value = self.graph.steps[index]
            self.forms[index] = set_value(self._join(node, index, {}), value)
        return self.forms[index]

    def _join(self, node: Node, index: int, seen: dict[Exact, int]) -> Form:
        if isinstance(node, Number):
            return self._find_form(node[0], index, seen)
        op, left, right, _ = node
        form = self._join(left, index, seen)
        return join_forms(op, form, self._join(right, index, seen))

    def _find_form(self, value: Exact, index: int, seen: dict[Exact, int]) -> Form:
        makers = self.makers.get(value)
        if makers is None:
            form = self.roles.get(value)
            if form is None and value.denominator != 1:
                form = self._find_share(value)
            return form or make_constant(value)
        if len(makers) == 1 and value not in self.roles:
            return self._find_result(makers[0], index) or make_constant(value)
        if value not in self.groups:
            self.groups[value] = self._group_uses(value)
        group = self.groups[value][index]
        if group.forms is None:
            self.used.update(group.makers)
            found = [form for form in map(self.join_step, group.makers) if form is not None]
            group.forms = self._choose_forms(value, found, group.uses)
        place = seen[value] = seen.get(value, -1) + 1
        return group.forms[group.uses.index(index) + place]

    def _find_result(self, made: int, index: int) -> Form | None:
        """Find the only result that an operand may mean; None where that needs the operand itself."""
        if made == index or self.graph.needs[made] >> index & 1:
            return None
        self.used.add(made)
        return self.join_step(made)

    def _find_share(self, value: Exact) -> Form | None:
        made = self.makers.get(value * 100, [])
        form = self.join_step(made[0]) if len(made) == 1 else None
        if form is not None and has_hundred(form):
            self.used.add(made[0])
            return join_forms("/", form, _HUNDRED)
        return _join_share(value, {}, self.roles)

    def _group_uses(self, value: Exact) -> dict[int, _Group]:
        """Group the operands of a value. What those can mean that can mean less is left to them."""
        graph, makers = self.graph, self.makers[value]
        groups: dict[tuple[int, ...], _Group] = {}
        for index in self.needed:
            if value in graph.numbers[index]:
                able = tuple([made for made in makers if made != index and not graph.needs[made] >> index & 1])
                groups.setdefault(able, _Group()).uses += [index] * graph.numbers[index].count(value)
        if len(groups) == 1:
            for able, group in groups.items():
                group.makers = able
                return dict.fromkeys(group.uses, group)
        taken: set[int] = set()
        for able, group in sorted(groups.items(), key=lambda group: (len(group[0]), group[0])):
            group.makers = [made for made in able if made not in taken] or able
            taken.update(group.makers)
        return {index: group for group in groups.values() for index in group.uses}

    def _choose_forms(self, value: Exact, results: Sequence[Form], uses: Sequence[int]) -> list[Form]:
        """Choose what each of some operands means of the same results."""
        number = self.roles.get(value)
        if not results:
            return [number or make_constant(value)] * len(uses)
        distinct = {form.text: form for form in results}
        able = list(results)
        if number is not None and len(uses) > len(results) and number.text not in distinct:
            able.append(number)
            distinct[number.text] = number
        if len(distinct) == 1:
            return [results[0]] * len(uses)
        if len(able) == len(uses) and self._is_commutative(uses):
            return able
        if number is not None and number in able and len(distinct) == 2:
            chain = sorted(uses, key=lambda use: self.graph.needs[use].bit_count())
            if self._is_chained(chain):
                return [results[0] if use == chain[-1] else number for use in uses]
        return [join_alternatives(tuple(distinct[text] for text in sorted(distinct)))] * len(uses)

    def _is_commutative(self, uses: Sequence[int]) -> bool:
        """Whether all operands stand in one sum or one product, so that it does not matter which is which."""
        return len(set(uses)) == 1 and _list_signs(self.graph.steps[uses[0]][0]) in ({"+"}, {"*"})

    def _is_chained(self, uses: Sequence[int]) -> bool:
        """Whether each operand stands in a step that needs the one before."""
        return all(self.graph.needs[after] >> before & 1 for before, after in pairwise(uses))


def _list_signs(node: Node) -> set[str]:
    if isinstance(node, Number):
        return set()
    return {node[0]} | _list_signs(node[1]) | _list_signs(node[2])
