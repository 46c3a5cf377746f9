"""YAML 1.2 with line numbers: plain values only, and the line of every key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .errors import InputError, RecipeError

MAX_NODES = 100_000
"""A recipe that expands to more values than this (by aliases of aliases) is refused."""

MAX_DIGITS = 100
"""A recipe with a longer whole number than this is refused; none of its keys needs 20 digits."""

MAX_DEPTH = 64
"""A recipe nested deeper than this (by an alias inside of what it names) is refused."""

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class MarkedYaml:
    """A YAML document with the line of each key, for error messages."""

    path: Path
    data: Any
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def find_line(self, keys: KeyPath) -> int | None:
        """Find the line of a key, or of the nearest key above it."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys)

    def format_fault(self, keys: KeyPath, meaning: str) -> str:
        """Format a fault with file, line and key."""
        line = self.find_line(keys)
        where = f"{self.path}, line {line}" if line else str(self.path)
        return f"{where}: {join_keys(keys)}: {meaning}" if keys else f"{where}: {meaning}"


def join_keys(keys: KeyPath) -> str:
    """Join the keys of a path with dots."""
    return ".".join(str(key) for key in keys)


def read_yaml(path: Path) -> MarkedYaml:
    """Read a YAML file whose top is a mapping.

    Raises:
        RecipeError: it can't be read, is no YAML mapping, or exceeds the limits on size and depth.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: can't be read: {error}") from error
    try:
        lines = dict(_find_lines(_make_loader().compose(StringIO(text)), ()))
        data = _make_loader().load(StringIO(text))
    except _TooMuchError as error:
        raise RecipeError(f"{path}: {error}") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise RecipeError(f"{path}, line {line}: {error.problem or 'not YAML'}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise RecipeError(f"{path}: not YAML: {error}") from error
    if not isinstance(data, dict):
        raise RecipeError(
            f"{path}: a recipe is a mapping of keys, this is a {type(data).__name__}",
            hint="start with `name:` and `version:`",
        )
    return MarkedYaml(path, data, lines)


def _make_loader() -> YAML:
    """Make a YAML 1.2 loader that creates plain values only (`no` is a word, not false, and a date is a text)."""
    loader = YAML(typ="safe", pure=True)
    loader.Constructor = _PlainConstructor
    return loader


class _PlainConstructor(SafeConstructor):
    """Makes plain values: YAML 1.2 has no dates."""


_PlainConstructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


class _TooMuchError(Exception):
    """The document exceeds the limits on size or depth."""


def _find_lines(node: Node | None, keys: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    """Yield every key path of a document with its line."""
    stack: list[tuple[Node | None, KeyPath]] = [(node, keys)]
    for count in range(MAX_NODES + 1):
        if not stack:
            return
        if count == MAX_NODES:
            raise _TooMuchError(f"its aliases expand to more than {MAX_NODES:,} values")
        current, here = stack.pop()
        if len(here) > MAX_DEPTH:
            raise _TooMuchError(f"it is nested more than {MAX_DEPTH} deep, or an alias stands inside of what it names")
        if isinstance(current, ScalarNode) and str(current.tag).endswith(":int") and len(current.value) > MAX_DIGITS:
            raise _TooMuchError(f"{current.value[:20]}... is a whole number of {len(current.value):,} digits")
        if isinstance(current, MappingNode):
            for key, value in current.value:
                name = key.value if isinstance(key, ScalarNode) else ""
                yield (*here, name), key.start_mark.line + 1
                stack.append((value, (*here, name)))
        elif isinstance(current, SequenceNode):
            for index, item in enumerate(current.value):
                yield (*here, index), item.start_mark.line + 1
                stack.append((item, (*here, index)))


def _check_size(node: Node | None) -> None:
    """Raise where a document exceeds the limits."""
    for _ in _find_lines(node, ()):
        pass


def set_key(document: MarkedYaml, change: str) -> None:
    """Set one key of a document, as given by `--set`.

    Raises:
        InputError: the change is not key=value, or the key can't be set.
    """
    dotted, sign, text = change.partition("=")
    if not sign or not dotted:
        raise InputError(f"--set takes key=value, not {change!r}")
    try:
        _check_size(_make_loader().compose(StringIO(text)))
        value = _make_loader().load(StringIO(text)) if text else ""
    except _TooMuchError as error:
        raise InputError(f"--set {dotted}: {text[:200]!r} is not a YAML value: {error}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"--set {dotted}: {text[:200]!r} is not a YAML value") from error
    *above, last = dotted.split(".")
    current: Any = document.data
    for key in above:
        current = _enter_section(current, key, dotted)
    if isinstance(current, list):
        current[_find_index(current, last, dotted)] = value
    else:
        current[last] = value


def _enter_section(current: Any, key: str, dotted: str) -> Any:
    """Return the value of a key, with a new section where it is missing."""
    if isinstance(current, list):
        return current[_find_index(current, key, dotted)]
    inner = current.setdefault(key, {})
    if not isinstance(inner, dict | list):
        raise InputError(f"--set {dotted}: {key} is a value, not a section")
    return inner


def _find_index(items: list[Any], key: str, dotted: str) -> int:
    """Find the index of a list item by its index or by its `name`."""
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if key.isdigit() and int(key) < len(items):
        return int(key)
    if key in names:
        return names.index(key)
    known = ", ".join(str(name) for name in names if name) or f"0 to {len(items) - 1}"
    raise InputError(f"--set {dotted}: no item {key} in that list", hint=f"there are: {known}")
