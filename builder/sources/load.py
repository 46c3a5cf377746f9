"""Load each source by its kind, and resolve the revisions of sources that are not files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...schemas.manifest import Input
from ...schemas.problem import Problem
from ...schemas.source import Source
from ..files import digest_file, read_rows
from ..recipe import LoadedRecipe
from .arithmetic import make_problems
from .columns import read_problems
from .gym import hash_gym_release, make_gym_problems
from .hub import find_commit, read_hub
from .skills import make_skills_problems


@dataclass(frozen=True, slots=True)
class SourceProblems:
    """The problems of one source."""

    problems: list[Problem]
    """In the order of the source, unreadable rows included."""
    inputs: list[Input]
    """The files and datasets they were read from."""


def load_source(loaded: LoadedRecipe, source: Source, revisions: Mapping[str, str]) -> SourceProblems:
    """Load the problems of one source.

    Args:
        loaded: the recipe.
        source: the source.
        revisions: the result of `resolve_revisions`, or an empty mapping.

    Raises:
        InputError: a file, dataset or column is missing, or there are no readable rows.
        Stopped: a server can't be reached.
    """
    return _LOADERS[source.kind](loaded, source, revisions)


def _load_arithmetic(loaded: LoadedRecipe, source: Any, _revisions: Mapping[str, str]) -> SourceProblems:
    return SourceProblems(make_problems(source, loaded.recipe.seed), [])


def _load_skills(loaded: LoadedRecipe, source: Any, _revisions: Mapping[str, str]) -> SourceProblems:
    return SourceProblems(make_skills_problems(source, loaded.recipe.seed), [])


def _load_gym(loaded: LoadedRecipe, source: Any, _revisions: Mapping[str, str]) -> SourceProblems:
    problems, release = make_gym_problems(source, loaded.recipe.seed)
    return SourceProblems(problems, [release])


def _load_file(loaded: LoadedRecipe, source: Any, _revisions: Mapping[str, str]) -> SourceProblems:
    path = loaded.resolve(source.path)
    rows = list(read_rows(path))
    problems = read_problems(source, str(path), rows)
    sha256, size = digest_file(path)
    return SourceProblems(
        problems, [Input(name=_make_key(source), file=path.name, sha256=sha256, bytes=size, rows=len(rows))]
    )


def _load_hub(_loaded: LoadedRecipe, source: Any, revisions: Mapping[str, str]) -> SourceProblems:
    commit = revisions.get(_make_key(source)) or find_commit(source)
    rows = read_hub(source, commit)
    address = f"hf://datasets/{source.path}@{commit}"
    problems = read_problems(source, address, rows)
    return SourceProblems(
        problems, [Input(name=_make_key(source), file=address, sha256=commit, bytes=0, rows=len(rows))]
    )


_LOADERS: Mapping[str, Callable[[LoadedRecipe, Any, Mapping[str, str]], SourceProblems]] = {
    "arithmetic": _load_arithmetic,
    "file": _load_file,
    "hub": _load_hub,
    "reasoning_gym": _load_gym,
    "skills": _load_skills,
}
"""The loader for each kind of source."""

_RESOLVERS: Mapping[str, Callable[[Any], str]] = {"hub": find_commit, "reasoning_gym": hash_gym_release}
"""The resolver for each kind of source that is not a file; files are identified by their digests."""


def resolve_revisions(loaded: LoadedRecipe) -> dict[str, str]:
    """Resolve the revision of every source that is not a file: the commit of a dataset, the release of a library.

    Returns:
        Revisions by the source's key in the manifest; they are part of the fingerprint, as file digests are.

    Raises:
        InputError: a dataset, revision or task does not exist.
        Stopped: the Hub can't be reached.
    """
    return {
        _make_key(source): _RESOLVERS[source.kind](source)
        for source in loaded.recipe.sources
        if source.kind in _RESOLVERS
    }


def _make_key(source: Source) -> str:
    return f"sources.{source.name}"
