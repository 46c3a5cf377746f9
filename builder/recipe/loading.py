"""Recipes: YAML files read safely and validated.

A recipe is data. It is read by a loader that creates plain values only, it names every file it needs, and nothing in
it is run. All faults are reported at once, each with the key's path, the line and the nearest known name.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ...schemas.ids import NotCanonicalError, format_canonical
from ...schemas.recipe import Recipe
from ...schemas.section import Section
from ...schemas.student import StudentRecipe
from ..errors import InputError, RecipeError
from ..marked_yaml import KeyPath, MarkedYaml, join_keys, read_yaml, set_key
from .checks import check_models, check_names, check_recipe, check_tables
from .evaluation_sets import check_evaluation, list_tables, resolve_paths
from .paths import expand_file, expand_path, list_paths

Kind = TypeVar("Kind", bound=Section)

STUDENTS = "students"
"""The folder of the student recipes that come with Cotloom."""

HINTS: Mapping[type[Section], str] = {
    Recipe: "the keys of a recipe are in docs/recipe.md; an editor completes them with schemas/recipe.v1.json",
    StudentRecipe: "the keys of a student recipe are in docs/student-recipe.md; schemas/student.v1.json completes them",
}
"""Hints of errors: where the keys are documented."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedRecipe:
    """A recipe and the file it was read from."""

    recipe: Recipe
    """The recipe."""
    folder: Path
    """The folder of its relative paths."""
    path: Path
    """The file it was read from."""

    def resolve(self, path: str) -> Path:
        """Resolve a path of the recipe: environment variables, `~`, and the recipe's folder."""
        return self.folder / expand_file(path, self.path)

    def list_files(self) -> dict[str, Path]:
        """List every file that the recipe reads, by the key that names it."""
        return {
            name: self.find_demos(path) if name.endswith(".demos") else self.resolve(path)
            for name, path in list_paths(self.recipe).items()
        }

    def find_demos(self, name: str) -> Path:
        """Find the file of a set of demonstrations: a packaged one by its name, else a path of the recipe."""
        packaged = find_packaged_demos()
        return packaged[name] if name in packaged else self.resolve(name)


def find_recipe(name: str, folder: str = "") -> Path:
    """Find a recipe: an existing file, else the name of a packaged one.

    Args:
        name: the file or the name.
        folder: folder of the packaged ones: `students` for student recipes.

    Raises:
        InputError: there is neither.
    """
    if Path(name).is_file():
        return Path(name)
    packaged = Path(str(resources.files("cotloom.recipes"))) / folder / f"{name}.yaml"
    if "/" not in name and packaged.is_file():
        return packaged
    known = list_packaged_recipes(folder)
    nearest = get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"packaged recipes: {', '.join(known)}"
    raise InputError(f"no recipe file {name}, and no packaged recipe of that name", hint=hint)


def list_packaged_recipes(folder: str = "") -> list[str]:
    """List the names of the recipes that come with Cotloom."""
    return sorted(path.stem for path in (Path(str(resources.files("cotloom.recipes"))) / folder).glob("*.yaml"))


def find_packaged_demos() -> dict[str, Path]:
    """Find the sets of demonstrations that come with Cotloom: their files by name."""
    folder = Path(str(resources.files("cotloom.recipes"))) / "demos"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_recipe(name: str, changes: Sequence[str] = ()) -> LoadedRecipe:
    """Read a recipe.

    Args:
        name: a file, or the name of a packaged recipe.
        changes: `key=value` with a dotted key (`select.keep=6`, `sources.gsm8k.path=x.jsonl`) and a YAML value.

    Raises:
        RecipeError: it can't be read, or is no valid recipe.
        InputError: there is no such recipe.
    """
    path = find_recipe(name)
    document = read_yaml(path)
    for change in changes:
        set_key(document, change)
    recipe = _validate(document, Recipe)
    check_recipe(document, recipe)
    folder = path.parent
    if recipe.folder is not None:
        folder = folder / expand_path(recipe.folder, path)
    return LoadedRecipe(recipe=recipe, folder=folder, path=path)


def check_family(loaded: Sequence[LoadedRecipe]) -> None:
    """Check recipes that are built together.

    Raises:
        InputError: two of them are the same version of the same dataset.
    """
    refs = Counter(f"{each.recipe.name}@{each.recipe.version}" for each in loaded)
    for ref, count in refs.items():
        if count > 1:
            raise InputError(f"{count} of the recipes build {ref}", hint="give each another name or version")


def load_student(name: str, changes: Sequence[str] = ()) -> StudentRecipe:
    """Read a student recipe.

    Args:
        name: a file, or the name of a packaged student recipe.
        changes: `key=value` with a dotted key (`stages.train.steps=200`) and a YAML value.

    Returns:
        The student recipe; the paths of its evaluation are written in full.

    Raises:
        RecipeError: it can't be read, or is no valid student recipe.
        InputError: there is no such recipe or ready evaluation set, or a placeholder stands for its model.
    """
    path = find_recipe(name, STUDENTS)
    document = read_yaml(path)
    for change in changes:
        set_key(document, change)
    recipe = _validate(document, StudentRecipe)
    check_names(document, [[stage.name for stage in recipe.stages]])
    check_models(recipe)
    check_evaluation(document, recipe.evaluation)
    check_tables(document, list_tables(recipe.evaluation))
    is_packaged = not Path(name).is_file()
    return resolve_paths(recipe, Path(path.name) if is_packaged else path, find_packaged_demos())


def _validate(document: MarkedYaml, kind: type[Kind]) -> Kind:
    try:
        recipe = kind.model_validate(document.data)
        format_canonical(recipe.model_dump())
    except ValidationError as error:
        raise _make_recipe_error(document, error, kind) from error
    except NotCanonicalError as error:
        raise RecipeError(f"{document.path}: {error}") from error
    return recipe


def _make_recipe_error(document: MarkedYaml, error: ValidationError, kind: type[Section]) -> RecipeError:
    faults = _join_names([(_find_keys(document.data, fault["loc"]), fault) for fault in error.errors()])
    telling = [
        (keys, fault)
        for keys, fault in faults
        if not any(len(longer) > len(keys) and longer[: len(keys)] == keys for longer, _ in faults)
    ]
    text = "\n".join(document.format_fault(keys, _describe_fault(keys, fault, kind)) for keys, fault in telling)
    return RecipeError(
        text,
        hint=HINTS[kind],
        keys=tuple(join_keys(keys) for keys, _ in telling),
    )


def _join_names(faults: Sequence[tuple[KeyPath, Mapping[str, Any]]]) -> list[tuple[KeyPath, Mapping[str, Any]]]:
    """Join the faults of a value that is none of several lists of names."""
    joined: list[tuple[KeyPath, Mapping[str, Any]]] = []
    for keys, fault in faults:
        if joined and joined[-1][0] == keys and {fault["type"], joined[-1][1]["type"]} <= {"literal_error", "enum"}:
            _, before = joined.pop()
            expected = f"{before['ctx']['expected']} or {fault['ctx']['expected']}"
            joined.append((keys, {**before, "ctx": {"expected": expected}}))
        else:
            joined.append((keys, fault))
    return joined


def _find_keys(data: Any, loc: tuple[int | str, ...]) -> KeyPath:
    """Convert pydantic's location to the key path in the file, without the tags of unions."""
    keys: list[int | str] = []
    for part in loc:
        inside = data if isinstance(data, dict | list) else None
        tag = (
            isinstance(inside, dict)
            and part not in inside
            and part in (inside.get("kind", "file"), inside.get("backend"), "one")
        )
        tag = tag or (isinstance(inside, list) and isinstance(part, str))  # of a union with a list
        if tag or (inside is None and data is not None):
            continue
        keys.append(part)
        data = _get_child(inside, part)
    return tuple(keys)


def _get_child(data: Any, part: int | str) -> Any:
    if isinstance(data, dict):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return None


def _describe_fault(keys: KeyPath, fault: Mapping[str, Any], model: type[Section]) -> str:
    """Describe a fault in terms of recipe keys and values."""
    kind, context, value = fault["type"], fault.get("ctx", {}), fault.get("input")
    if kind == "extra_forbidden":
        known = _list_known_keys(keys[:-1], model)
        nearest = get_close_matches(str(keys[-1]), known, n=1, cutoff=0.5)
        return "unknown key" + (f"; did you mean {nearest[0]}?" if nearest else f"; known: {', '.join(known)}")
    if kind == "missing":
        return "is missing"
    if kind in {"literal_error", "enum", "union_tag_invalid"}:
        expected = str(context.get("expected") or context.get("expected_tags"))
        value = context.get("tag", value)
        nearest = get_close_matches(str(value), re.findall(r"'([^']*)'", expected), n=1)
        return f"{_show_value(value)} is none of {expected}" + (f"; did you mean {nearest[0]}?" if nearest else "")
    if kind == "union_tag_not_found":
        return f"needs the key {context.get('discriminator')}"
    if kind == "tuple_type":
        return f"a list is needed, not {_show_value(value)}"
    if kind == "string_type" and isinstance(value, int | float):
        return f'a text is needed, {value!r} is a number: write "{value}" in quotes'
    return f"{fault['msg'][0].lower()}{fault['msg'][1:]}, not {_show_value(value)}"


def _show_value(value: Any, limit: int = 200) -> str:
    """Show a value as it stands in code; of a long one its beginning."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]} ..."


def _list_known_keys(keys: KeyPath, model: type[Section]) -> list[str]:
    """List the keys of all sections that are possible at this path."""
    sections: list[type[BaseModel]] = [model]
    for key in keys:
        if isinstance(key, str):
            fields = [section.model_fields[key] for section in sections if key in section.model_fields]
            sections = [model for info in fields for model in _list_models(info.annotation)]
    return list(dict.fromkeys(name for section in sections for name in section.model_fields))


def _list_models(annotation: Any) -> list[type[BaseModel]]:
    """List the sections named anywhere in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = getattr(annotation, "__args__", ())
    return [model for part in inner for model in _list_models(part)]


def set_rows_aside(loaded: LoadedRecipe, rows: Sequence[str]) -> LoadedRecipe:
    """Add samples to those that the recipe sets aside: they are not checked, and part of the version's identity.

    Raises:
        InputError: one is no id of a sample.
    """
    odd = next((row for row in rows if not row.startswith("s_")), None)
    if odd is not None:
        raise InputError(f"{odd} is no id of a sample", hint="ids of samples begin with s_", keys=("verify.set_aside",))
    if not rows:
        return loaded
    recipe = loaded.recipe
    ids = tuple(sorted({*recipe.verify.set_aside, *rows}))
    verify = recipe.verify.model_copy(update={"set_aside": ids})
    return replace(loaded, recipe=recipe.model_copy(update={"verify": verify}))
