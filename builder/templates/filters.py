"""The filters and tests of templates: the same on every machine, and bounded."""

import json
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

from jinja2 import nodes
from jinja2.filters import do_title

from .bounds import Work, check_length

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}
"""Characters that `tojson` escapes, as Jinja's does."""


def format_value(value: Any, work: Work) -> str:
    """Format a value as text, as Jinja prints it.

    Raises:
        Excess: it is too long.
        ValueError: it is nested too deeply, or has too many digits.
    """
    if isinstance(value, str):
        return value
    work.count_inside(value)
    return work.count_text(str(value))


def _change_to_upper(work: Work, value: Any) -> str:
    return format_value(value, work).upper()


def _change_to_lower(work: Work, value: Any) -> str:
    return format_value(value, work).lower()


def _change_to_capitalized(work: Work, value: Any) -> str:
    return format_value(value, work).capitalize()


def _change_to_title(work: Work, value: Any) -> str:
    return do_title(format_value(value, work))


def _trim(work: Work, value: Any, chars: str | None = None) -> str:
    return format_value(value, work).strip(chars)


def _replace(work: Work, value: Any, old: Any, new: Any, count: int | None = None) -> str:
    text, old, new = (format_value(item, work) for item in (value, old, new))
    times = text.count(old) if count is None or count < 0 else min(text.count(old), count)
    check_length(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, times)


def _join(work: Work, value: Any, separator: Any = "") -> str:
    parts, between, length = [], format_value(separator, work), 0
    for item in iterate(value, work):
        parts.append(format_value(item, work))
        length += len(parts[-1]) + len(between)
        check_length(length)
    return between.join(parts)


def _get_first(work: Work, value: Any) -> Any:
    return _get_item(list(value)[0:1] if isinstance(value, Mapping) else value[0:1], work)


def _get_last(work: Work, value: Any) -> Any:
    return _get_item(list(value)[-1:] if isinstance(value, Mapping) else value[-1:], work)


def _get_item(items: Any, work: Work) -> Any:
    work.count()
    if not items:
        message = "item in an empty list"
        raise KeyError(message)
    return items[0]


def _count_items(_work: Work, value: Any) -> int:
    return len(value)


def _convert_to_int(_work: Work, value: Any, default: int = 0) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        pass
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return default


def _convert_to_float(_work: Work, value: Any, default: float = 0.0) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return default


def _convert_to_string(work: Work, value: Any) -> str:
    return format_value(value, work)


def _convert_to_list(work: Work, value: Any) -> list[Any]:
    return list(iterate(value, work))


def _convert_to_json(work: Work, value: Any) -> str:
    work.count_inside(value)
    text = json.dumps(value, sort_keys=True)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    check_length(len(text))
    return text


def _replace_missing(_work: Work, value: Any, default: Any = "", boolean: bool = False) -> Any:
    return default if boolean and not value else value


def iterate(value: Any, work: Work) -> list[Any]:
    """List the items that a loop goes through: of a list, the keys of a mapping, the characters of a text.

    Raises:
        Excess: there are too many.
        TypeError: it is a number, or nothing.
    """
    work.count(len(value))
    return list(value)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "capitalize": _change_to_capitalized,
    "count": _count_items,
    "d": _replace_missing,
    "default": _replace_missing,
    "first": _get_first,
    "float": _convert_to_float,
    "int": _convert_to_int,
    "join": _join,
    "last": _get_last,
    "length": _count_items,
    "list": _convert_to_list,
    "lower": _change_to_lower,
    "replace": _replace,
    "string": _convert_to_string,
    "title": _change_to_title,
    "tojson": _convert_to_json,
    "trim": _trim,
    "upper": _change_to_upper,
}
"""The filters, by name. Each takes the work, the value and its arguments."""

TESTS: Mapping[str, Callable[[Any], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "defined": lambda _value: True,
    "even": lambda value: int(value) % 2 == 0,
    "false": lambda value: value is False,
    "mapping": lambda value: isinstance(value, Mapping),
    "none": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float),
    "odd": lambda value: int(value) % 2 == 1,
    "sequence": lambda value: isinstance(value, str | list | tuple | Mapping),
    "string": lambda value: isinstance(value, str),
    "true": lambda value: value is True,
    "undefined": lambda _value: False,
}
"""The tests, by name. None takes an argument."""

DEFAULTS = frozenset({"d", "default"})
"""Filters that may be applied to a value that is missing."""


def has_arguments(function: Callable[..., Any], node: nodes.Filter | nodes.Test) -> bool:
    """Whether a filter or test is called with arguments that it takes."""
    parameters = [p for p in signature(function).parameters.values() if p.name.lstrip("_") not in {"work", "value"}]
    named = [keyword.key for keyword in node.kwargs]
    others = parameters[len(node.args) :]
    needed = {parameter.name for parameter in others if parameter.default is Parameter.empty}
    is_known = len(node.args) <= len(parameters) and set(named) <= {parameter.name for parameter in others}
    is_plain = node.dyn_args is None and node.dyn_kwargs is None and len(set(named)) == len(named)
    return is_known and is_plain and needed <= set(named)
