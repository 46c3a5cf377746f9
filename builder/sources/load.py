"""Read each source by its kind: what there is to read, and at which state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cotloom.builder.files import file_digest, read_rows
from cotloom.builder.recipe import LoadedRecipe
from cotloom.builder.sources.arithmetic import make_problems
from cotloom.builder.sources.columns import read_problems
from cotloom.builder.sources.gym import gym_version, make_gym_problems
from cotloom.builder.sources.hub import commit_of, read_hub
from cotloom.builder.sources.skills import make_skills
from cotloom.schemas.manifest import Input
from cotloom.schemas.problem import Problem
from cotloom.schemas.recipe import Source


@dataclass(frozen=True, slots=True)
class Loaded:
    """The problems of one source."""

    problems: list[Problem]
    """In the order of the source, unreadable rows among them."""
    inputs: list[Input]
    """The files they came from."""


def load_source(loaded: LoadedRecipe, source: Source, pins: Mapping[str, str]) -> Loaded:
    """Read the problems of one source.

    Args:
        loaded: the recipe.
        source: the source.
        pins: what `pins_of` gives.

    Raises:
        InputError: a file, dataset or column is not there, or no row is.
        Stopped: a server can't be reached.
    """
    return _LOADERS[source.kind](loaded, source, pins)


def _arithmetic(loaded: LoadedRecipe, source: Any, _pins: Mapping[str, str]) -> Loaded:
    return Loaded(make_problems(source, loaded.recipe.seed), [])


def _skills(loaded: LoadedRecipe, source: Any, _pins: Mapping[str, str]) -> Loaded:
    return Loaded(make_skills(source, loaded.recipe.seed), [])


def _gym(loaded: LoadedRecipe, source: Any, _pins: Mapping[str, str]) -> Loaded:
    problems, made = make_gym_problems(source, loaded.recipe.seed)
    return Loaded(problems, [made])


def _file(loaded: LoadedRecipe, source: Any, _pins: Mapping[str, str]) -> Loaded:
    path = loaded.resolve(source.path)
    rows = list(read_rows(path))
    problems = read_problems(source, str(path), rows)
    sha256, size = file_digest(path)
    return Loaded(problems, [Input(name=_key(source), file=path.name, sha256=sha256, bytes=size, rows=len(rows))])


def _hub(_loaded: LoadedRecipe, source: Any, pins: Mapping[str, str]) -> Loaded:
    commit = pins.get(_key(source)) or commit_of(source)
    rows = read_hub(source, commit)
    address = f"hf://datasets/{source.path}@{commit}"
    problems = read_problems(source, address, rows)
    return Loaded(problems, [Input(name=_key(source), file=address, sha256=commit, bytes=0, rows=len(rows))])


_LOADERS: Mapping[str, Callable[[LoadedRecipe, Any, Mapping[str, str]], Loaded]] = {
    "arithmetic": _arithmetic,
    "file": _file,
    "hub": _hub,
    "reasoning_gym": _gym,
    "skills": _skills,
}
"""How each kind of source is read."""

_PINS: Mapping[str, Callable[[Any], str]] = {"hub": commit_of, "reasoning_gym": gym_version}
"""How the state of each kind of source is named; the digests of files are taken by who reads them."""


def pins_of(loaded: LoadedRecipe) -> dict[str, str]:
    """Name the state of every source that is no file: the commit of a dataset, the release of a library.

    These go into the fingerprint beside the digests of the files, by the key under which the manifest lists them.

    Raises:
        InputError: there is no such dataset, revision or task.
        Stopped: the Hub can't be reached.
    """
    return {_key(source): _PINS[source.kind](source) for source in loaded.recipe.sources if source.kind in _PINS}


def _key(source: Source) -> str:
    return f"sources.{source.name}"
