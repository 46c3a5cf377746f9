"""Evaluate a parsed template on plain values: two tables, one for expressions and one for blocks."""

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import nodes

from .bounds import Work, check_length
from .filters import DEFAULTS, FILTERS, TESTS, format_value, iterate

Names = Mapping[str, Any]
"""The values that a template sees, by name."""


def write_template(template: nodes.Template, values: Names, work: Work) -> str:
    """Write the text of a template.

    Raises:
        Excess: it does more than it may.
        KeyError, TypeError, ValueError, ArithmeticError: a value is missing or of the wrong type.
    """
    parts, length = [], 0
    for part in _write_blocks(template.body, values, work):
        parts.append(work.count_text(part))
        length += len(part)
        check_length(length)
    return "".join(parts)


def evaluate(node: nodes.Node, names: Names, work: Work) -> Any:
    """Evaluate an expression. Raises what `write_template` does."""
    value = EXPRESSIONS[type(node)](node, names, work)
    work.count()
    return work.count_text(value) if isinstance(value, str) else value


def _write_blocks(blocks: list[nodes.Node], names: Names, work: Work) -> Iterator[str]:
    for block in blocks:
        work.count()
        yield from BLOCKS[type(block)](block, names, work)


def _write_output(node: Any, names: Names, work: Work) -> Iterator[str]:
    for part in node.nodes:
        yield part.data if isinstance(part, nodes.TemplateData) else format_value(evaluate(part, names, work), work)


def _write_choice(node: Any, names: Names, work: Work) -> Iterator[str]:
    for branch in [node, *node.elif_]:
        if evaluate(branch.test, names, work):
            yield from _write_blocks(branch.body, names, work)
            return
    yield from _write_blocks(node.else_, names, work)


def _write_loop(node: Any, names: Names, work: Work) -> Iterator[str]:
    items = iterate(evaluate(node.iter, names, work), work)
    target = node.target.name
    work.count(len(names))  # each pass has names of its own
    if node.test is not None:
        items = [item for item in items if evaluate(node.test, {**names, target: item}, work)]
    for index, item in enumerate(items):
        work.count(1 + len(names) // 100)
        loop = {
            "index": index + 1,
            "index0": index,
            "first": index == 0,
            "last": index + 1 == len(items),
            "length": len(items),
        }
        yield from _write_blocks(node.body, {**names, "loop": loop, target: item}, work)
    if not items:
        yield from _write_blocks(node.else_, names, work)


def _read_name(node: Any, names: Names, _work: Work) -> Any:
    if node.name not in names:
        raise _make_undefined(node.name)
    return names[node.name]


def _make_undefined(name: object) -> KeyError:
    return KeyError(f"{name!r} is undefined")


def _read_constant(node: Any, _names: Names, _work: Work) -> Any:
    return node.value


def _read_key(node: Any, names: Names, work: Work) -> Any:
    """Read `value.key`: a key of a mapping, never an attribute."""
    value = evaluate(node.node, names, work)
    if not isinstance(value, Mapping) or node.attr not in value:
        raise _make_undefined(node.attr)
    return value[node.attr]


def _read_item(node: Any, names: Names, work: Work) -> Any:
    """Read `value[key]`, `value[1]` or `value[1:3]`."""
    value = evaluate(node.node, names, work)
    if isinstance(node.arg, nodes.Slice):
        ends = (node.arg.start, node.arg.stop, node.arg.step)
        part = value[slice(*(None if end is None else evaluate(end, names, work) for end in ends))]
        work.count(0 if isinstance(part, str) else len(part))
        return part
    key = evaluate(node.arg, names, work)
    try:
        return value[key]
    except LookupError as error:
        raise _make_undefined(key) from error


def _make_list(node: Any, names: Names, work: Work) -> list[Any]:
    return [evaluate(item, names, work) for item in node.items]


def _apply_filter(node: Any, names: Names, work: Work) -> Any:
    arguments = [evaluate(argument, names, work) for argument in node.args]
    named = {keyword.key: evaluate(keyword.value, names, work) for keyword in node.kwargs}
    if node.name in DEFAULTS and not _is_defined(node.node, names, work):
        return arguments[0] if arguments else named.get("default", "")
    return FILTERS[node.name](work, evaluate(node.node, names, work), *arguments, **named)


def _apply_test(node: Any, names: Names, work: Work) -> bool:
    if node.name in {"defined", "undefined"}:
        return _is_defined(node.node, names, work) is (node.name == "defined")
    return TESTS[node.name](evaluate(node.node, names, work))


def _is_defined(node: nodes.Node, names: Names, work: Work) -> bool:
    """Whether a name, a key or an item is there. Other expressions are."""
    if not isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        return True
    try:
        evaluate(node, names, work)
    except KeyError:
        return False
    return True


def _join_texts(node: Any, names: Names, work: Work) -> str:
    parts = [format_value(evaluate(part, names, work), work) for part in node.nodes]
    check_length(sum(map(len, parts)))
    return "".join(parts)


def _apply_plus(node: Any, names: Names, work: Work) -> Any:
    left, right = evaluate(node.left, names, work), evaluate(node.right, names, work)
    if isinstance(left, str) and isinstance(right, str):
        check_length(len(left) + len(right))
    elif isinstance(left, list) and isinstance(right, list):
        work.count(len(left) + len(right))
    else:
        _check_numbers(left, right)
    return left + right


def _apply_minus(node: Any, names: Names, work: Work) -> Any:
    left, right = evaluate(node.left, names, work), evaluate(node.right, names, work)
    _check_numbers(left, right)
    return left - right


def _negate(node: Any, names: Names, work: Work) -> Any:
    value = evaluate(node.node, names, work)
    _check_numbers(value)
    return -value


def _check_numbers(*values: object) -> None:
    odd = [type(value).__name__ for value in values if not isinstance(value, int | float)]
    if odd:
        message = f"+ and - need numbers, or two texts, or two lists, not {odd[0]}"
        raise TypeError(message)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda left, right: left in right,
    "notin": lambda left, right: left not in right,
}


def _compare(node: Any, names: Names, work: Work) -> bool:
    left = evaluate(node.expr, names, work)
    for operand in node.ops:
        right = evaluate(operand.expr, names, work)
        work.count_inside(left)
        work.count_inside(right)
        if not _COMPARISONS[operand.op](left, right):
            return False
        left = right
    return True


def _decide_and(node: Any, names: Names, work: Work) -> Any:
    return evaluate(node.left, names, work) and evaluate(node.right, names, work)


def _decide_or(node: Any, names: Names, work: Work) -> Any:
    return evaluate(node.left, names, work) or evaluate(node.right, names, work)


def _decide_not(node: Any, names: Names, work: Work) -> bool:
    return not evaluate(node.node, names, work)


def _choose(node: Any, names: Names, work: Work) -> Any:
    if evaluate(node.test, names, work):
        return evaluate(node.expr1, names, work)
    if node.expr2 is None:
        raise _make_undefined("else")
    return evaluate(node.expr2, names, work)


BLOCKS: Mapping[type[nodes.Node], Callable[[Any, Names, Work], Iterator[str]]] = {
    nodes.Output: _write_output,
    nodes.If: _write_choice,
    nodes.For: _write_loop,
}
"""How each kind of block is written."""

EXPRESSIONS: Mapping[type[nodes.Node], Callable[[Any, Names, Work], Any]] = {
    nodes.Name: _read_name,
    nodes.Const: _read_constant,
    nodes.Getattr: _read_key,
    nodes.Getitem: _read_item,
    nodes.List: _make_list,
    nodes.Tuple: _make_list,
    nodes.Filter: _apply_filter,
    nodes.Test: _apply_test,
    nodes.Compare: _compare,
    nodes.Concat: _join_texts,
    nodes.Add: _apply_plus,
    nodes.Sub: _apply_minus,
    nodes.Neg: _negate,
    nodes.And: _decide_and,
    nodes.Or: _decide_or,
    nodes.Not: _decide_not,
    nodes.CondExpr: _choose,
}
"""How each kind of expression is evaluated."""
