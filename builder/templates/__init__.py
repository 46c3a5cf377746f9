"""Templates in recipes: Jinja's syntax, of which only what stands on a list is understood.

Jinja parses a template; Cotloom evaluates it, on plain values alone. What a template may contain is a list of
constructs, filters and tests (docs/recipe.md), and everything else is an error that names it. Nothing on the list is
random, reads a clock, a locale or a file, or reaches an attribute of a Python object. The work for one row and the
length of its text are bounded by counting, never by a clock (laws 5 and 7).
"""

from collections.abc import Mapping
from typing import Any

from ..errors import InputError
from .bounds import MAX_ROW, Excess, Work, measure_size
from .evaluate import write_template
from .parse import parse_template

__all__ = ["UnfilledError", "fill_prompt", "is_template", "parse_template", "render_template"]


class UnfilledError(KeyError):
    """A row does not have what a template needs. The message says what is missing or does not fit."""


def is_template(text: str) -> bool:
    """Whether a column of a recipe is a template: `{{ Body }} {{ Question }}`."""
    return "{{" in text or "{%" in text


def fill_prompt(text: str, place: str, values: Mapping[str, Any]) -> str:
    """Render a template of a recipe for a prompt.

    Args:
        text: the template.
        place: the recipe key that it stands at.
        values: what it may use.

    Raises:
        InputError: it uses something else, or has a fault.
    """
    try:
        return render_template(text, values)
    except UnfilledError as error:
        raise InputError(
            f"{place} can't be filled: {error.args[0]}",
            hint=f"it may use {', '.join('{{ ' + key + ' }}' for key in values)}",
            keys=(place,),
        ) from error


def render_template(text: str, values: Mapping[str, Any]) -> str:
    """Render a template.

    Args:
        text: the template.
        values: the row. Its values are plain: text, numbers, lists and mappings.

    Raises:
        UnfilledError: the row lacks a value, a value has another type than is needed, or the row is too long.
        InputError: the template has a fault, or makes too much text or work of a row of ordinary size.
    """
    template = parse_template(text)
    try:
        return write_template(template, values, Work())
    except Excess as error:
        if measure_size(values) > MAX_ROW:
            message = f"the row is too long: the template {error}"
            raise UnfilledError(message) from error
        hint = "write it without nested loops and repeated replacements"
        raise InputError(f"the template {text[:200]!r} {error}", hint=hint) from error
    except KeyError as error:
        raise UnfilledError(*error.args) from error
    except (TypeError, ValueError, ArithmeticError) as error:
        raise UnfilledError(str(error)) from error
