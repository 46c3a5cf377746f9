"""Plain values as JSON text, for other programs to read."""

import json
import math
from typing import Any


def json_text(value: object, indent: int | None = 1) -> str:
    """Write plain values as JSON."""
    return json.dumps(_finite(value), ensure_ascii=False, indent=indent, default=str)


def _finite(value: Any) -> Any:
    """Write numbers that are not finite as null: JSON has no word for them."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
