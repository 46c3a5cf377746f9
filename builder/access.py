"""What a recipe reaches for: the files and environment variables that it reads, and where requests and a key go."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..schemas.runtime import Runtime
from ..schemas.teacher import OpenAITeacher, Teacher
from .recipe import LoadedRecipe, find_packaged_demos
from .recipe.paths import has_variable, list_path_variables, list_paths
from .recipe.tokenizer import KEY as TOKENIZER
from .recipe.tokenizer import locate_tokenizer
from .teacher import Destination, find_destination, list_key_variables
from .verify.external import find_verifier_name

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
    destinations: tuple[Destination, ...]
    """Where the requests of each teacher go; empty where none are sent."""
    external: str | None = None
    """The name of the command that judges answers, which the recipe can't start itself; null where it needs none."""


def find_access(loaded: LoadedRecipe, runtime: Runtime) -> RecipeAccess:
    """Find what a recipe reaches for. Nothing is read or sent.

    Raises:
        InputError: a path, the teacher's address or an option `--allow-key` is wrong.
    """
    return RecipeAccess(
        files=tuple(FileRead(key=key, path=_show_path(loaded, key, path)) for key, path in _list_files(loaded).items()),
        variables=tuple(
            VariableRead(key=key, name=name, is_set=name in os.environ) for name, key in _list_variables(loaded).items()
        ),
        destinations=tuple(
            find_destination(teacher, runtime)
            for teacher in _list_asked(loaded).values()
            if isinstance(teacher, OpenAITeacher)
        ),
        external=find_verifier_name(loaded.recipe),
    )


def _list_files(loaded: LoadedRecipe) -> dict[str, Path]:
    """List the files that a recipe reads on this machine, by the key that names them."""
    tokenizer = locate_tokenizer(loaded)
    return loaded.list_files() | ({} if tokenizer is None else {TOKENIZER: tokenizer})


def _list_asked(loaded: LoadedRecipe) -> dict[str, Teacher]:
    """List the teachers and the grader of a recipe, by the key that each stands at."""
    return {**loaded.recipe.teachers, **dict(filter(None, [loaded.recipe.grading_teacher]))}


def _show_path(loaded: LoadedRecipe, key: str, path: Path) -> str:
    """Show where a file is, without the value of a variable; a set of demonstrations of Cotloom's by its name."""
    named = {**list_paths(loaded.recipe), TOKENIZER: loaded.recipe.tokenizer or ""}
    written, folder = named[key], loaded.recipe.folder or ""
    if find_packaged_demos().get(written) == path:
        return f"{written}, packaged"
    if has_variable(written):
        return written
    return str(Path(folder) / written) if has_variable(folder) else str(path)


def _list_variables(loaded: LoadedRecipe) -> dict[str, str]:
    """List the variables that a recipe reads, each with the first key that it is read for."""
    recipe = loaded.recipe
    named = list_path_variables(recipe)
    for source in recipe.sources:
        if source.kind == "hub":
            named.setdefault(HUB_TOKEN, f"sources.{source.name}")
    if recipe.tokenizer is not None and locate_tokenizer(loaded) is None:
        named.setdefault(HUB_TOKEN, TOKENIZER)
    for key, teacher in _list_asked(loaded).items():
        if isinstance(teacher, OpenAITeacher):
            own = {name: place.replace("teacher", key, 1) for name, place in list_key_variables(teacher)}
            named = {**own, **named}
        elif teacher.backend == "transformers" and not Path(teacher.model).is_dir():
            named.setdefault(HUB_TOKEN, f"{key}.model")
    if recipe.recorded is not None and recipe.recorded.answers.kind == "hub":
        named.setdefault(HUB_TOKEN, "teacher.answers")
    return named


def render_access(access: RecipeAccess) -> Iterator[str]:
    """Render what a recipe reaches for, as lines: the teacher's host first."""
    yield from render_destinations(access.destinations)
    if access.external is not None:
        yield f"external   a command of yours judges answers: build with --external {access.external}=COMMAND"
    for title, entries in (
        ("reads", [f"{file.path} ({file.key})" for file in access.files]),
        (
            "variables",
            [f"${read.name} ({read.key}{'' if read.is_set else '; not set'})" for read in access.variables],
        ),
    ):
        for number, entry in enumerate(entries):
            yield f"{title if number == 0 else '':<10} {entry}"


def render_destinations(destinations: Sequence[Destination]) -> Iterator[str]:
    """Render where requests go and with which secrets; nothing where none are sent."""
    lines = [line for destination in destinations for line in _render_destination(destination)]
    yield from dict.fromkeys(lines)  # two servers of one host are one line


def _render_destination(destination: Destination) -> Iterator[str]:
    named = [f"the key in ${secret.variable}" for secret in destination.secrets if secret.is_set]
    unset = [f"${secret.variable} is not set" for secret in destination.secrets if not secret.is_set]
    key = (
        f"with {' and '.join(named)}" if named else f"without a key{', because ' if unset else ''}{' and '.join(unset)}"
    )
    yield f"teacher    sends requests to {destination.host} {key}" + ("" if destination.is_encrypted else ", over http")
    for secret in destination.secrets:
        if not secret.is_allowed:
            yield f"           the key may not go there without --allow-key {secret.variable}@{destination.host}"
