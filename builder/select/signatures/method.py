"""The method of a rationale, apart from its wording.

`16 - 3 = 13; 13 - 4 = 9` and `16 - 3 - 4 = 9` are one method, `3 + 4 = 7; 16 - 7 = 9` is another. What is read are the
equations that reach the answer, as one expression over the numbers of the question. RFT (Yuan et al. 2023, section 3.3)
compares lists of equation strings instead: `ordered` is that, and `unordered` leaves their order aside.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import xxhash

from ...text.equations import Equation, Exact, Node, Number, find_equations, format_value
from .forms import MAX_CHARACTERS, Form, forget_forms, list_operations
from .links import MAX_STEPS, Linker, Step, join_in_order, join_plain, list_needed, list_numbers, make_graph
from .roles import Roles, name_numbers
from .skeleton import is_skeleton, read_skeleton
from .steps import find_root, is_step, is_undoing, list_steps, spell_fractions

MAX_RECALLED = 16
"""The most steps whose method is remembered: the answers to a problem repeat theirs."""

MAX_READ = 1_000_000
"""Of a longer text, this many characters are read for equations: the default of `verify.max_characters`."""

_ANSWER = re.compile(
    r"[$€£¥]?[ ]?(-?(?:\d{1,3}(?:,\d{3})+|\d{1,30})(?:\.\d{1,30})?|-?\.\d{1,30})(?:/(\d{1,10}))?[ ]?%?"
)


@dataclass(frozen=True, slots=True)
class Method:
    """The method by which a rationale reaches its answer."""

    signature: str | None
    """Equal for equal methods; None where it is unknown."""
    operations: frozenset[str]
    """Its operations with their operands, by which the distance of two methods is measured. Equal for equal canonical
    signatures of one problem."""

    @property
    def tells_apart(self) -> bool:
        """Whether another signature means another method: so say equations. Another skeleton may be other words."""
        return self.signature is not None and not is_skeleton(self.signature)


UNKNOWN = Method(None, frozenset())


class ProblemContext(NamedTuple):
    """What is known of the problem whose method is read."""

    question: str | None = None
    """The question; its numbers are named by their roles."""
    answer: str | None = None
    """The right answer; the step that reaches it is the last one of the method."""
    choices: Sequence[str] = ()
    """The options of the question."""
    language: str | None = None
    """The language of the question, for tasks without equations; None to look."""


_NO_CONTEXT = ProblemContext()


def read_method(
    text: str,
    equations: Sequence[Equation] | None = None,
    context: ProblemContext = _NO_CONTEXT,
    strength: str = "canonical",
) -> Method:
    """Read the method of a rationale.

    Args:
        text: the rationale.
        equations: its equations from `find_equations`, where the caller has found them already.
        context: what is known of its problem.
        strength: `canonical`, `unordered`, `ordered` or `none`, as in the recipe's `select.signature`.

    >>> read_method("16 - 3 = 13. 13 - 4 = 9.").signature
    '16 - 3 - 4'
    >>> read_method("4 + 3 = 7, and 16 - 7 = 9").signature
    '16 - (3 + 4)'
    >>> read_method("4 + 3 = 7, and 16 - 7 = 9", context=ProblemContext("Of 16 eggs 3 and 4 are eaten.", "9")).signature
    'n1 - (n2 + n3)'
    """
    if equations is None or len(text) > MAX_READ:
        equations = find_equations(text[:MAX_READ])
    return _READERS[strength](text, equations, context)


def _read_canonical(text: str, equations: Sequence[Equation], context: ProblemContext) -> Method:
    answer = read_value(context.answer, tuple(context.choices))
    steps = list_steps(text, equations, answer)
    if not steps or (answer is None and context.answer is not None):
        return _read_words(text, context)
    read = _recall_steps if len(steps) <= MAX_RECALLED else _read_steps
    return read(tuple(steps), answer, context.question)


def _read_steps(steps: tuple[Step, ...], answer: Exact | None, question: str | None) -> Method:
    """Read the method of steps: the expression that reaches the answer, or what all of them come to."""
    roles = name_numbers(question)
    results = {value for _, value in steps}
    known = join_plain(steps, roles, results)
    if known is None and len(steps) > MAX_STEPS:
        known = join_in_order(steps, roles)
    if known is None:
        return _make_method(_join_contested(steps, roles, answer))
    form = None if answer is None else known.get(answer)
    return _make_method([form] if form is not None else _list_last(steps, known))


_recall_steps = lru_cache(maxsize=4096)(_read_steps)


def forget_methods() -> None:
    """Forget the methods that are remembered, the forms of their expressions, and what was read of problems."""
    for remembered in (_recall_steps, name_numbers, read_value):
        remembered.cache_clear()
    forget_forms()


def _read_words(text: str, context: ProblemContext) -> Method:
    """Read the skeleton of a rationale that no equations tell."""
    skeleton = read_skeleton(text, context.question, tuple(context.choices), context.language)
    return UNKNOWN if skeleton is None else Method(skeleton.text, skeleton.statements)


def _join_contested(steps: Sequence[Step], roles: Roles, answer: Exact | None) -> list[Form]:
    graph = make_graph(steps)
    root = find_root(graph, answer)
    if root is not None:
        form = Linker(graph, roles, list_needed(graph, [root])).join_step(root)
        return [] if form is None else [form]
    linker = Linker(graph, roles, range(len(steps)))
    forms = {index: form for index in range(len(steps)) if (form := linker.join_step(index)) is not None}
    last = [index for index in forms if index not in linker.used]
    undoing = {index for index in last if is_undoing(steps, index)}
    if undoing:
        return _join_contested([step for index, step in enumerate(steps) if index not in undoing], roles, answer)
    return [forms[index] for index in last]


def _list_last(steps: Sequence[Step], known: dict[Exact, Form]) -> list[Form]:
    """List the forms of the results that no step uses."""
    used: set[Exact] = set()
    for node, _ in steps:
        used.update(list_numbers(node))
    return [form for value, form in known.items() if value not in used]


def _make_method(forms: Sequence[Form]) -> Method:
    if len(forms) == 1:
        return Method(forms[0].text, list_operations(forms[0]))
    text = "; ".join(sorted({form.text for form in forms}))
    return Method(_shorten(text) or None, frozenset().union(*map(list_operations, forms)))


def _read_nothing(_text: str, _equations: Sequence[Equation], _context: ProblemContext) -> Method:
    return UNKNOWN


def _read_unordered(text: str, equations: Sequence[Equation], context: ProblemContext) -> Method:
    return _list_equations(text, equations, context, sorted)


def _read_ordered(text: str, equations: Sequence[Equation], context: ProblemContext) -> Method:
    return _list_equations(text, equations, context, list)


def _list_equations(
    text: str, equations: Sequence[Equation], context: ProblemContext, arrange: Callable[[list[str]], list[str]]
) -> Method:
    """List the equations as they are written, those of checks too."""
    found = [(spell_fractions(node), value, outcome) for _, _, node, value, outcome in equations]
    steps = [(node, value) for node, value, outcome in found if is_step(node, outcome)]
    written = arrange([f"{write_node(node)}={format_value(value)}" for node, value in steps])
    return (
        Method(_shorten("; ".join(written)), _read_canonical(text, equations, context).operations)
        if written
        else UNKNOWN
    )


def write_node(node: Node) -> str:
    """Write an expression as it stands, with brackets where they are needed.

    >>> from cotloom.builder.text.equations import find_equations
    >>> [write_node(equation.left) for equation in find_equations("2 * (3 + 4) - 1 = 13")]
    ['2*(3+4)-1']
    """
    if isinstance(node, Number):
        return format_value(node.value)
    left, right = write_node(node.left), write_node(node.right)
    rank = _RANKS[node.op]
    if not isinstance(node.left, Number) and _RANKS[node.left.op] < rank:
        left = f"({left})"
    if not isinstance(node.right, Number) and _RANKS[node.right.op] <= rank:
        right = f"({right})"
    return f"{left}{node.op}{right}"


_RANKS = {"+": 0, "-": 0, "*": 1, "/": 1, "^": 2}


@lru_cache(maxsize=1024)
def read_value(answer: str | None, choices: tuple[str, ...] = ()) -> Exact | None:
    """Read an answer as a number; that of its option, where it is a letter. None where it is none.

    >>> read_value("$1,200"), read_value("(B)", ("3 km", "5 km")), read_value("yes")
    (1200, 5, None)
    """
    if answer is None:
        return None
    if answer.isdecimal() and len(answer) <= 30:
        return int(answer)  # mostly
    letter = re.fullmatch(r"\(?([A-Z])\)?\.?", answer.strip())
    if letter and ord(letter[1]) - ord("A") < len(choices):
        found = _ANSWER.search(choices[ord(letter[1]) - ord("A")])
    else:
        found = _ANSWER.fullmatch(answer.strip())
    if not found or (found[2] and not int(found[2])):
        return None
    value = Fraction(found[1].replace(",", "")) / int(found[2] or 1)
    return value.numerator if value.denominator == 1 else value


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"#{xxhash.xxh3_64_hexdigest(text.encode())}"


_READERS = {
    "canonical": _read_canonical,
    "unordered": _read_unordered,
    "ordered": _read_ordered,
    "none": _read_nothing,
}
