"""Parse a template, and refuse every construct that is not on the list."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

from ..errors import InputError
from .bounds import MAX_DEPTH, MAX_TEMPLATE
from .evaluate import BLOCKS, EXPRESSIONS
from .filters import FILTERS, TESTS, has_arguments

_ENVIRONMENT = Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 - it parses only, into prompts
_HINT = "docs/recipe.md lists what a template may contain"
_NAMES = {
    "Assign": "{% set %}", "AssignBlock": "{% set %}", "Macro": "{% macro %}", "CallBlock": "{% call %}",
    "FilterBlock": "{% filter %}", "Include": "{% include %}", "Import": "{% import %}", "FromImport": "{% from %}",
    "Extends": "{% extends %}", "Block": "{% block %}", "With": "{% with %}", "Call": "a call of a function",
    "Mul": "the operator *", "Div": "the operator /", "FloorDiv": "the operator //", "Mod": "the operator %",
    "Pow": "the operator **", "Dict": "a mapping in braces", "NSRef": "namespace()",
}  # fmt: skip
"""How a person calls the constructs that are refused."""

_HELPERS = (nodes.Template, nodes.Operand, nodes.Slice, nodes.Keyword, nodes.TemplateData)
"""Parts that have no meaning of their own."""


@lru_cache(maxsize=256)
def parse_template(text: str) -> nodes.Template:
    """Parse a template, and check that everything in it is allowed.

    Raises:
        InputError: its syntax is wrong, or it contains what no template may.
    """
    if len(text) > MAX_TEMPLATE:
        raise InputError(f"a template has {len(text):,} characters; at most {MAX_TEMPLATE:,} are allowed")
    try:
        template = _ENVIRONMENT.parse(text)
        fault = next(_find_faults(template, 0), None)
    except TemplateSyntaxError as error:
        raise InputError(f"the template {text[:200]!r} can't be read: {error.message}", hint=_HINT) from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise InputError(
            f"the template {text[:200]!r} can't be read: it nests too deeply, or a number is too long", hint=_HINT
        ) from error
    if fault is not None:
        raise InputError(f"the template {text[:200]!r} uses {fault}, which no template may", hint=_HINT)
    return template


def _find_faults(node: nodes.Node, depth: int) -> Iterator[str]:
    """Describe what is not allowed in a part of a template."""
    kind = type(node)
    if depth > MAX_DEPTH:
        yield f"more than {MAX_DEPTH} levels"
        return
    if kind not in EXPRESSIONS and kind not in BLOCKS and kind not in _HELPERS:
        yield _NAMES.get(kind.__name__, f"the construct {kind.__name__}")
    yield from _find_own_faults(node)
    for child in node.iter_child_nodes():
        yield from _find_faults(child, depth + 1)


def _find_own_faults(node: nodes.Node) -> Iterator[str]:
    match node:
        case nodes.Filter():
            yield from _check_arguments(node, "filter", FILTERS)
        case nodes.Test():
            yield from _check_arguments(node, "test", TESTS)
        case nodes.For(recursive=True):
            yield "a recursive loop"
        case nodes.For(target=target) if not isinstance(target, nodes.Name):
            yield "a loop over pairs"
        case nodes.Const(value=str() as value) if any("\ud800" <= character <= "\udfff" for character in value):
            yield "half of a surrogate pair"


def _check_arguments(
    node: nodes.Filter | nodes.Test, kind: str, known: Mapping[str, Callable[..., Any]]
) -> Iterator[str]:
    if node.name not in known:
        yield f"the {kind} {node.name} (known: {', '.join(known)})"
    elif not has_arguments(known[node.name], node):
        yield f"the {kind} {node.name} with other arguments than it takes"
