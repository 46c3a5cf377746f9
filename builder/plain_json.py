"""Plain values as JSON text, for other programs; and JSON objects from files that may be damaged or a stranger's."""

import json
import math
from typing import Any

DEEPEST = 64
"""Levels of nesting that are read; far more than any file of ours has."""


def format_json(value: object, indent: int | None = 1) -> str:
    """Format plain values as JSON; anything else by its `str`."""
    return json.dumps(_replace_nonfinite(value), ensure_ascii=False, indent=indent, default=str)


def _replace_nonfinite(value: Any) -> Any:
    """Replace numbers that are not finite by None: JSON can't express them."""
    if isinstance(value, dict):
        return {key: _replace_nonfinite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_nonfinite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def parse_object(text: bytes) -> dict[str, Any]:
    """Parse a JSON object whose values can all be written again.

    Raises:
        ValueError: it is no JSON object, is nested too deeply, or has a number that is not finite, half of a surrogate
            pair, or a key twice.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_collect_pairs)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError(f"it holds a {type(value).__name__}, not an object")  # noqa: TRY004 - the text is wrong
    _check_value(value, DEEPEST)
    return value


def _refuse_constant(word: str) -> None:
    message = f"{word} is no JSON number"
    raise ValueError(message)


def _collect_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return values


def _check_value(value: Any, levels: int) -> None:
    if levels == 0:
        raise ValueError("it is nested too deeply")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_value(key, levels - 1)
            _check_value(item, levels - 1)
    elif isinstance(value, list):
        for item in value:
            _check_value(item, levels - 1)
    elif isinstance(value, str):
        value.encode()  # half of a surrogate pair has no UTF-8, and its UnicodeEncodeError is a ValueError
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is too large")
