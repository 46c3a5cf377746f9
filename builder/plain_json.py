"""Plain values as JSON text, for other programs."""

import json
import math
from typing import Any


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
