"""Templates in recipes: Jinja in a sandbox, without files, attributes of Python objects or large numbers."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .errors import InputError


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox. Operators that could exhaust the memory are refused too."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - jinja's
        """Refuse the operator."""
        message = f"{operator} is not allowed in a template ({type(left).__name__} {operator} {type(right).__name__})"
        raise SecurityError(message)


_ENVIRONMENT = _Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
_ENVIRONMENT.globals.clear()  # no range, no cycler, no namespace


def is_template(text: str) -> bool:
    """Whether a column of a recipe is a template: `{{ Body }} {{ Question }}`."""
    return "{{" in text or "{%" in text


@lru_cache(maxsize=256)
def compile_template(text: str) -> Template:
    """Compile a template.

    Raises:
        InputError: its syntax is wrong.
    """
    try:
        return _ENVIRONMENT.from_string(text)
    except TemplateSyntaxError as error:
        raise InputError(f"the template {text!r} can't be read: {error.message}") from error


def render_template(text: str, values: Mapping[str, Any]) -> str:
    """Render a template.

    Raises:
        KeyError: it uses a value that is missing.
        InputError: it does something that the sandbox refuses.
    """
    template = compile_template(text)
    try:
        return template.render(values)
    except SecurityError as error:
        raise InputError(f"the template {text!r} does what no template may: {error.message}") from error
    except (TemplateError, TypeError, ValueError, AttributeError) as error:
        raise KeyError(str(error)) from error
