"""The evaluation sets that a student recipe names: those that come with Cotloom, and the files of its own."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ...schemas.evaluation import EvalSource, Evaluation, TaskSet, VersionSource
from ...schemas.source import FileSource, Source, TableSource
from ...schemas.student import StudentRecipe
from ..errors import InputError, RecipeError
from ..marked_yaml import KeyPath, MarkedYaml, join_keys, read_yaml
from .paths import expand_file, expand_path

_STANZA: TypeAdapter[EvalSource] = TypeAdapter(EvalSource)


def find_ready_sets() -> dict[str, Path]:
    """Find the evaluation sets that come with Cotloom: their files by name."""
    folder = Path(str(resources.files("cotloom.recipes"))) / "sets"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_ready_set(name: str) -> EvalSource:
    """Load the stanza of a ready evaluation set.

    Raises:
        InputError: there is no such set.
    """
    ready = find_ready_sets()
    if name not in ready:
        nearest = get_close_matches(name, ready, n=1)
        raise InputError(
            f"evaluation.sets: there is no ready set {name}",
            hint=f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(ready)}",
            keys=("evaluation.sets",),
        )
    return _STANZA.validate_python(read_yaml(ready[name]).data)


def list_stanzas(evaluation: Evaluation) -> list[EvalSource]:
    """List the stanzas of all sets that an evaluation names beside those of the version.

    Raises:
        InputError: a ready set does not exist.
    """
    return [*map(load_ready_set, evaluation.sets), *evaluation.sources]


def list_tasks(stanza: EvalSource) -> tuple[Source | VersionSource, ...]:
    """List the sources of a set: its tasks, or itself."""
    return stanza.tasks if isinstance(stanza, TaskSet) else (stanza,)


def list_tables(evaluation: Evaluation) -> Iterator[tuple[KeyPath, TableSource]]:
    """List the sources with columns that an evaluation names, each with its key path."""
    for index, stanza in enumerate(evaluation.sources):
        for number, source in enumerate(list_tasks(stanza)):
            place = ("evaluation", "sources", index)
            if isinstance(source, TableSource):
                yield (*place, "tasks", number) if isinstance(stanza, TaskSet) else place, source


def check_evaluation(document: MarkedYaml, evaluation: Evaluation) -> None:
    """Check that every set has a name of its own, and every source with columns one for the gold answer.

    Raises:
        RecipeError: a name is used twice, or a gold answer is missing.
        InputError: a ready set does not exist.
    """
    names = [stanza.name for stanza in list_stanzas(evaluation)]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise RecipeError(
            f"{document.path}: two evaluation sets have the name {repeated}", keys=("evaluation.sources",)
        )
    for stanza in evaluation.sources:
        tasks = [source.name for source in list_tasks(stanza)]
        again = next((name for name in tasks if tasks.count(name) > 1), None)
        if again is not None:
            raise RecipeError(
                f"{document.path}: two tasks of {stanza.name} have the name {again}", keys=("evaluation.sources",)
            )
    for keys, source in list_tables(evaluation):
        if source.fields.answer is None:
            raise RecipeError(
                document.format_fault((*keys, "fields"), "an evaluation set needs gold answers"),
                hint="set fields.answer: COLUMN",
                keys=(join_keys((*keys, "fields", "answer")),),
            )


def resolve_paths(recipe: StudentRecipe, file: Path, demos: Mapping[str, Path]) -> StudentRecipe:
    """Write the paths of an evaluation in full: they are relative to the file of the student recipe.

    Args:
        recipe: the student recipe.
        file: its file; for a packaged one, a file in the working directory.
        demos: the packaged sets of demonstrations.

    Raises:
        RecipeError: an environment variable in a path is not set, or holds a secret.
    """
    evaluation = recipe.evaluation
    sources = tuple(_resolve_stanza(stanza, file) for stanza in evaluation.sources)
    shown = {name: path if path in demos else _resolve(path, file) for name, path in evaluation.demos.items()}
    changed = evaluation.model_copy(update={"sources": sources, "demos": shown})
    return recipe.model_copy(update={"evaluation": changed})


def _resolve_stanza(stanza: Any, file: Path) -> Any:
    if isinstance(stanza, TaskSet):
        return stanza.model_copy(update={"tasks": tuple(_resolve_stanza(task, file) for task in stanza.tasks)})
    if isinstance(stanza, FileSource):
        return stanza.model_copy(update={"path": _resolve(stanza.path, file)})
    if isinstance(stanza, VersionSource) and "/" in stanza.version and not stanza.version.startswith("hf://"):
        return stanza.model_copy(update={"version": str(file.parent.absolute() / expand_path(stanza.version, file))})
    return stanza


def _resolve(path: str, file: Path) -> str:
    return str(file.parent.absolute() / expand_file(path, file))
