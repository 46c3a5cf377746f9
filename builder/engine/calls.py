"""One call of a function in another process: plain values go in as JSON, and one line of JSON comes out.

Python's own `json` writes what orjson does not: paths with bytes that are no text, and whole numbers beyond 64 bits.
"""

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..errors import CotloomError, InputError, RecipeError, Stopped, VersionConflict
from .exits import LESS_MEMORY
from .usage import measure_process

Function = Callable[[Any, Any], Any]

TASK = b"task\n"
"""The line before a task. No JSON text is this word."""

_ERRORS: Mapping[str, type[CotloomError]] = {
    kind.__name__: kind for kind in (CotloomError, InputError, RecipeError, VersionConflict, Stopped)
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A function and what it is called with, as JSON texts."""

    address: str
    """The function, `module:name`."""
    settings: str
    """The same for each call."""
    items: tuple[str, ...]
    """One for each call."""


def import_function(address: str) -> Function:
    """Import a function by its address, `module:name`."""
    module, _, name = address.partition(":")
    function: Function = getattr(import_module(module), name)
    return function


def call_function(address: str, item: str | bytes, settings: str | bytes) -> str:
    """Call a function with values out of JSON. Returns its result as JSON."""
    return json.dumps(import_function(address)(json.loads(item), json.loads(settings)))


def make_answer(address: str, item: str | bytes, settings: str | bytes) -> str:
    """Call a function, and write its result or what went wrong, with the process's usage so far, as one line.

    Whatever is raised, a library's panic too, is for the process that asked.
    """
    try:
        outcome = f'"value": {call_function(address, item, settings)}'
    except CotloomError as error:
        fields = {"kind": type(error).__name__, "message": error.message, "hint": error.hint, "keys": error.keys}
        outcome = f'"error": {json.dumps(fields)}'
    except MemoryError:
        outcome = '"memory": true'
    except BaseException:  # noqa: BLE001 - the process that asked raises it
        outcome = f'"fault": {json.dumps(traceback.format_exc())}'
    return f'{{{outcome}, "usage": {json.dumps(measure_process())}}}'


def read_value(answer: Mapping[str, Any]) -> Any:
    """Read the result out of an answer.

    Raises:
        CotloomError: the function raised it.
        Stopped: memory ran out.
        RuntimeError: the function failed; the message is its traceback.
    """
    if "error" in answer:
        error = answer["error"]
        raise _ERRORS[error["kind"]](error["message"], hint=error["hint"], keys=tuple(error["keys"]))
    if "memory" in answer:
        raise Stopped("memory ran out in a worker process", hint=LESS_MEMORY)
    if "fault" in answer:
        raise RuntimeError(answer["fault"])
    return answer["value"]
