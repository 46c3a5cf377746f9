"""What a recipe reaches for: the files and environment variables that it reads, and where requests and a key go."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..schemas.runtime import Runtime
from ..schemas.teacher import OpenAITeacher, RecordedTeacher
from .recipe import LoadedRecipe
from .recipe.paths import has_variable, list_path_variables, list_paths
from .teacher import Destination, find_destination, list_key_variables

HUB_TOKEN = "HF_TOKEN"  # noqa: S105 - the name of the variable, not a token


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRead:
    """A file that a recipe reads."""

    key: str
    """The recipe key that names it."""
    path: str
    """Where it is; a path with an environment variable as the recipe writes it, without the value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VariableRead:
    """An environment variable that a recipe reads."""

    key: str
    """The recipe key that it is read for."""
    name: str
    """The variable."""
    is_set: bool
    """Whether it is set. Its value is never shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipeAccess:
    """What a recipe reaches for."""

    files: tuple[FileRead, ...]
    """The files that it reads."""
    variables: tuple[VariableRead, ...]
    """The environment variables that it reads."""
    destination: Destination | None
    """Where the teacher's requests go; None where it sends none."""


def find_access(loaded: LoadedRecipe, runtime: Runtime) -> RecipeAccess:
    """Find what a recipe reaches for. Nothing is read or sent.

    Raises:
        InputError: a path, the teacher's address or an option `--allow-key` is wrong.
    """
    teacher = loaded.recipe.teacher
    return RecipeAccess(
        files=tuple(FileRead(key=key, path=_show_path(loaded, key)) for key in list_paths(loaded.recipe)),
        variables=tuple(
            VariableRead(key=key, name=name, is_set=name in os.environ) for name, key in _list_variables(loaded).items()
        ),
        destination=find_destination(teacher, runtime) if isinstance(teacher, OpenAITeacher) else None,
    )


def _show_path(loaded: LoadedRecipe, key: str) -> str:
    """Show where a file is, without the value of a variable."""
    written, folder = list_paths(loaded.recipe)[key], loaded.recipe.folder or ""
    if has_variable(written):
        return written
    path = loaded.list_files()[key]
    return str(Path(folder) / written) if has_variable(folder) else str(path)


def _list_variables(loaded: LoadedRecipe) -> dict[str, str]:
    """List the variables that a recipe reads, each with the first key that it is read for."""
    recipe = loaded.recipe
    named = list_path_variables(recipe)
    for source in recipe.sources:
        if source.kind == "hub":
            named.setdefault(HUB_TOKEN, f"sources.{source.name}")
    teacher = recipe.teacher
    if isinstance(teacher, RecordedTeacher) and teacher.answers.kind == "hub":
        named.setdefault(HUB_TOKEN, "teacher.answers")
    if isinstance(teacher, OpenAITeacher):
        named = {**dict(list_key_variables(teacher)), **named}
    elif teacher.backend == "transformers" and not Path(teacher.model).is_dir():
        named.setdefault(HUB_TOKEN, "teacher.model")
    return named


def render_access(access: RecipeAccess) -> Iterator[str]:
    """Render what a recipe reaches for, as lines: the teacher's host first."""
    yield from render_destination(access.destination)
    for title, entries in (
        ("reads", [f"{file.path} ({file.key})" for file in access.files]),
        (
            "variables",
            [f"${read.name} ({read.key}{'' if read.is_set else '; not set'})" for read in access.variables],
        ),
    ):
        for number, entry in enumerate(entries):
            yield f"{title if number == 0 else '':<10} {entry}"


def render_destination(destination: Destination | None) -> Iterator[str]:
    """Render where requests go and with which key; nothing where none are sent."""
    if destination is None:
        return
    host, variable = destination.host, destination.variable
    key = f"with the key in ${variable}" if destination.is_set else f"without a key, because ${variable} is not set"
    yield f"teacher    sends requests to {host} {key}" + ("" if destination.is_encrypted else ", over http")
    if not destination.is_allowed:
        yield f"           the key may not go there without --allow-key {variable}@{host}"
