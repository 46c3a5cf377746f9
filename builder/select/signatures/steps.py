"""The steps of a rationale: its equations, without checks and restatements; and the step that reaches the answer."""

import re
from collections.abc import Sequence

from ....schemas.sample import StepOutcome
from ...text.equations import Equation, Exact, Node, Number, Operation, WrittenFraction
from .links import Graph, Step, list_numbers

_UNCHECKED = StepOutcome.UNCHECKED
_INVERSES = {"+": "-", "-": "+", "*": "/", "/": "*"}

_CHECK = re.compile(
    r"""
    (?: (?:^|[.!?;:(\n])[ \t*_#>-]{0,6}(?:(?:so|now|then|and|finally|as),?[ ](?:a[ ])?)?
      | \b(?:to|we|i|you)[ ](?:can[ ]|could[ ]|will[ ])?(?:also[ ])?
      | \blet(?:'s|’s|[ ]us|[ ]me)[ ](?:now[ ])?(?:also[ ])?
      | \b(?:we|i)(?:'ll|’ll)[ ]
    )
    (?:quick(?:ly)?[ ]|sanity[ -]|cross[ -]?|double[ -]?|re-?)?
    (?: check(?:ing)?\b(?![ ](?:of|for|out|in|him|her|them|worth)\b)
      | verif(?:y(?:ing)?|ication)\b
      | confirm(?:ing|ation)?\b
    )
    | 验算|检验|验证|核对|检查一下|檢查|驗算|驗證
    """,
    re.VERBOSE | re.IGNORECASE,
)


def list_steps(text: str, equations: Sequence[Equation], answer: Exact | None) -> list[Step]:
    """List the steps of a rationale.

    Left out are equations that could not be checked; of a chain, `2 * (3 + 4) = 2 * 7 = 14`, all but the first; and
    what stands behind words that announce a check, once the answer is reached.
    """
    check = _find_check(text) if "heck" in text or "erif" in text or "onfirm" in text or not text.isascii() else None
    has_fractions = "frac" in text
    steps: list[Step] = []
    reached, checked = 0, 0
    for start, stop, left, value, outcome in equations:
        if check is not None and start >= check:
            check, checked = None, len(steps)
        if start >= reached and outcome is not _UNCHECKED:
            node = spell_fractions(left) if has_fractions else left
            if node.__class__ is Operation:
                steps.append((node, value))
                reached = stop
    return steps[:checked] if checked and _is_reached(steps, checked, answer) else steps


def _is_reached(steps: Sequence[Step], checked: int, answer: Exact | None) -> bool:
    """Whether the answer does not come out behind the announcement of a check alone."""
    values = [value for _, value in steps]
    return answer is None or answer in values[:checked] or answer not in values[checked:]


def is_step(left: Node, outcome: StepOutcome) -> bool:
    """Whether an equation works something out, and could be checked."""
    return left.__class__ is Operation and outcome is not _UNCHECKED


def spell_fractions(node: Node) -> Node:
    """Write the fractions of an expression as quotients."""
    if isinstance(node, Operation):
        return node._replace(left=spell_fractions(node.left), right=spell_fractions(node.right))
    value = node.value
    if not isinstance(value, WrittenFraction):
        return node
    return Operation("/", Number(value.top), Number(value.bottom), value)


def _find_check(text: str) -> int | None:
    found = _CHECK.search(text)
    return None if found is None else found.start()


def find_root(graph: Graph, answer: Exact | None) -> int | None:
    """Find the step that reaches the answer; None where none does, or the answer is not known.

    The first that does counts: a later one checks it or says it again, unless it needs the first.
    """
    steps = graph.steps
    reaching = [index for index, (_, value) in enumerate(steps) if value == answer][:_NEAR]
    if len(reaching) < 2:
        return reaching[0] if reaching else None
    root = reaching[0]
    for index in reaching[1:]:
        if graph.needs[index] >> root & 1 and not _is_undone(steps, root, index):
            root = index
    return root


def _is_undone(steps: Sequence[Step], root: int, index: int) -> bool:
    """Whether a step between goes back from a result, so that the later one only reaches it again."""
    return any(_is_inverse(steps[root], step) for step in steps[root + 1 : index + 1])


def is_undoing(steps: Sequence[Step], index: int) -> bool:
    """Whether a step only goes back from the result of one before: 30 / 2 = 15 behind 15 * 2 = 30."""
    return any(_is_inverse(step, steps[index]) for step in steps[:index])


_NEAR = 20


def _is_inverse(step: Step, later: Step) -> bool:
    """Whether a later step goes back from the result of a step to one of its numbers."""
    (node, value), (other, back) = step, later
    if isinstance(other, Number) or isinstance(node, Number) or other.op != _INVERSES.get(node.op):
        return False
    if not isinstance(other.left, Number) or not isinstance(other.right, Number):
        return False
    numbers, used = list_numbers(node), list_numbers(other)
    if len(numbers) != 2 or value not in used:
        return False
    used.remove(value)
    return sorted([*used, back]) == sorted(numbers)
