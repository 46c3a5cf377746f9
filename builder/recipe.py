"""YAML to Recipe: what a user wrote, read safely, with errors that say where and what was meant.

A recipe is data. It is read by a loader that makes nothing but plain values, it names every file it needs, and
nothing in it is run. Faults come all at once, each with the key's path, the line and the nearest known name.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from cotloom.builder.errors import InputError, RecipeError
from cotloom.builder.marked_yaml import KeyPath, MarkedYaml, read_yaml, set_key
from cotloom.schemas.ids import NotCanonicalError, canonical
from cotloom.schemas.recipe import Recipe, Section, TableSource
from cotloom.schemas.student import StudentRecipe
from pydantic import BaseModel, ValidationError

Kind = TypeVar("Kind", bound=Section)

STUDENTS = "students"
"""The folder of the student recipes that come with Cotloom."""

HINTS: Mapping[type[Section], str] = {
    Recipe: "the keys of a recipe are in docs/recipe.md; an editor completes them with schemas/recipe.v1.json",
    StudentRecipe: "the keys of a student recipe are in docs/student-recipe.md; schemas/student.v1.json completes them",
}
"""Where to look up the keys."""

TRAIN = "train"
"""In place of a file: demonstrations from the training split of the dataset itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedRecipe:
    """A recipe and where it came from."""

    recipe: Recipe
    """What it says."""
    folder: Path
    """Where its relative paths start."""
    path: Path
    """The file it was read from."""

    def resolve(self, path: str) -> Path:
        """Give a path of the recipe as a path of this machine."""
        return self.folder / Path(_expanded(path, self.path)).expanduser()

    def files(self) -> dict[str, Path]:
        """Every file that the recipe reads, by the key that names it. It reads no other."""
        sources = [source for source in self.recipe.sources if source.kind == "file"]
        named = {f"sources.{source.name}": source.path for source in sources}
        teacher = self.recipe.teacher
        if teacher.backend == "recorded":
            named["teacher.answers"] = teacher.answers.path
        files = {name: self.resolve(path) for name, path in named.items()}
        prompt = getattr(teacher, "prompt", None)
        if prompt is not None and prompt.template == "cot_few_shot" and prompt.demos not in {None, TRAIN}:
            files["teacher.prompt.demos"] = self.demos_file(prompt.demos)
        return files

    def demos_file(self, name: str) -> Path:
        """The file of a set of demonstrations: a packaged one by its name, else a path of the recipe."""
        packaged = packaged_demos()
        return packaged[name] if name in packaged else self.resolve(name)


def find_recipe(name: str, folder: str = "") -> Path:
    """Find a recipe: an existing file, else the name of a packaged one.

    Args:
        name: the file or the name.
        folder: where packaged ones lie: `students` for student recipes.

    Raises:
        InputError: there is neither.
    """
    if Path(name).is_file():
        return Path(name)
    packaged = Path(str(resources.files("recipes"))) / folder / f"{name}.yaml"
    if "/" not in name and packaged.is_file():
        return packaged
    known = packaged_recipes(folder)
    nearest = get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"packaged recipes: {', '.join(known)}"
    raise InputError(f"no recipe file {name}, and no packaged recipe of that name", hint=hint)


def packaged_recipes(folder: str = "") -> list[str]:
    """Names of the recipes that come with Cotloom."""
    return sorted(path.stem for path in (Path(str(resources.files("recipes"))) / folder).glob("*.yaml"))


def packaged_demos() -> dict[str, Path]:
    """The sets of demonstrations that come with Cotloom, by name."""
    folder = Path(str(resources.files("recipes"))) / "demos"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_recipe(name: str, changes: Sequence[str] = ()) -> LoadedRecipe:
    """Read a recipe.

    Args:
        name: a file, or the name of a packaged recipe.
        changes: `key=value` with a dotted key (`select.keep=6`, `sources.gsm8k.path=x.jsonl`) and a YAML value.

    Raises:
        RecipeError: it can't be read, or does not say what a recipe must say.
        InputError: there is no such recipe.
    """
    path = find_recipe(name)
    place = read_yaml(path)
    for change in changes:
        set_key(place, change)
    recipe = _validated(place, Recipe)
    _check_recipe(place, recipe)
    folder = path.parent
    if recipe.folder is not None:
        folder = folder / Path(_expanded(recipe.folder, path)).expanduser()
    return LoadedRecipe(recipe=recipe, folder=folder, path=path)


def load_student(name: str, changes: Sequence[str] = ()) -> StudentRecipe:
    """Read a student recipe.

    Args:
        name: a file, or the name of a packaged student recipe.
        changes: `key=value` with a dotted key (`stages.train.steps=200`) and a YAML value.

    Raises:
        RecipeError: it can't be read, or does not say what a student recipe must say.
        InputError: there is no such recipe.
    """
    place = read_yaml(find_recipe(name, STUDENTS))
    for change in changes:
        set_key(place, change)
    recipe = _validated(place, StudentRecipe)
    _check_names(place, [[stage.name for stage in recipe.stages]])
    return recipe


def _expanded(text: str, path: Path) -> str:
    missing = [name for name in re.findall(r"\$\{(\w+)\}", text) if name not in os.environ]
    if missing:
        raise RecipeError(
            f"{path}: the path {text} needs the environment variable {missing[0]}, which is not set",
            hint=f"export {missing[0]}=FOLDER, or give --set folder=FOLDER",
        )
    return re.sub(r"\$\{(\w+)\}", lambda match: os.environ[match[1]], text)


def _validated(place: MarkedYaml, kind: type[Kind]) -> Kind:
    try:
        recipe = kind.model_validate(place.data)
        canonical(recipe.model_dump())
    except ValidationError as error:
        raise _recipe_error(place, error, kind) from error
    except NotCanonicalError as error:
        raise RecipeError(f"{place.path}: {error}") from error
    return recipe


def _check_recipe(place: MarkedYaml, recipe: Recipe) -> None:
    _check_names(place, list(_names(recipe)))
    _check_patterns(place, recipe)


def _check_names(place: MarkedYaml, names: Sequence[Sequence[str]]) -> None:
    repeated = [name for own in names for name in sorted(set(own)) if own.count(name) > 1]
    if repeated:
        raise RecipeError(f"{place.path}: the name {repeated[0]} is used twice", keys=("name",))


def _names(recipe: Recipe) -> Iterator[list[str]]:
    yield [source.name for source in recipe.sources]
    yield [form.name for form in recipe.formats]
    yield [stage.name for stage in recipe.mixture.stages] if recipe.mixture else []


def _check_patterns(place: MarkedYaml, recipe: Recipe) -> None:
    """Patterns must compile and have one group, which takes the answer."""
    patterns: list[tuple[KeyPath, str | None]] = [(("verify", "pattern"), recipe.verify.pattern)]
    patterns += [
        (("sources", index, "answer_pattern"), source.answer_pattern)
        for index, source in enumerate(recipe.sources)
        if isinstance(source, TableSource)
    ]
    for keys, pattern in patterns:
        if pattern is None:
            continue
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise RecipeError(
                _fault(place, keys, f"not a regular expression: {error}"), keys=(_dotted(keys),)
            ) from error
        if groups != 1:
            message = f"needs exactly one group (...), the answer; it has {groups}"
            raise RecipeError(_fault(place, keys, message), keys=(_dotted(keys),))


def _recipe_error(place: MarkedYaml, error: ValidationError, kind: type[Section]) -> RecipeError:
    faults = [(_keys(place.data, fault["loc"]), fault) for fault in error.errors()]
    telling = [
        (keys, fault)
        for keys, fault in faults
        if not any(len(other) > len(keys) and other[: len(keys)] == keys for other, _ in faults)
    ]
    text = "\n".join(_fault(place, keys, _meaning(keys, fault, kind)) for keys, fault in telling)
    return RecipeError(
        text,
        hint=HINTS[kind],
        keys=tuple(_dotted(keys) for keys, _ in telling),
    )


def _keys(data: Any, loc: tuple[int | str, ...]) -> KeyPath:
    """Turn pydantic's location into the key path in the file: without the tags of unions."""
    keys: list[int | str] = []
    for part in loc:
        inside = data if isinstance(data, dict | list) else None
        tag = isinstance(inside, dict) and part not in inside and part in (inside.get("kind"), inside.get("backend"))
        if tag or (inside is None and data is not None):
            continue
        keys.append(part)
        data = _child(inside, part)
    return tuple(keys)


def _child(data: Any, part: int | str) -> Any:
    if isinstance(data, dict):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return None


def _meaning(keys: KeyPath, fault: Mapping[str, Any], model: type[Section]) -> str:
    """Say a fault in the words of a recipe."""
    kind, context, given = fault["type"], fault.get("ctx", {}), fault.get("input")
    if kind == "extra_forbidden":
        known = _known(keys[:-1], model)
        nearest = get_close_matches(str(keys[-1]), known, n=1, cutoff=0.5)
        return "unknown key" + (f"; did you mean {nearest[0]}?" if nearest else f"; known: {', '.join(known)}")
    if kind == "missing":
        return "is missing"
    if kind in {"literal_error", "enum", "union_tag_invalid"}:
        expected = str(context.get("expected") or context.get("expected_tags"))
        given = context.get("tag", given)
        nearest = get_close_matches(str(given), re.findall(r"'([^']*)'", expected), n=1)
        return f"{given!r} is none of {expected}" + (f"; did you mean {nearest[0]}?" if nearest else "")
    if kind == "union_tag_not_found":
        return f"needs the key {context.get('discriminator')}"
    if kind == "tuple_type":
        return f"a list is needed, not {given!r}"
    if kind == "string_type" and isinstance(given, int | float):
        return f'a text is needed, {given!r} is a number: write "{given}" in quotes'
    return f"{fault['msg'][0].lower()}{fault['msg'][1:]}, not {given!r}"


def _known(keys: KeyPath, model: type[Section]) -> list[str]:
    """Every key that some section at this path has."""
    sections: list[type[BaseModel]] = [model]
    for key in keys:
        if isinstance(key, str):
            fields = [section.model_fields[key] for section in sections if key in section.model_fields]
            sections = [model for info in fields for model in _models(info.annotation)]
    return list(dict.fromkeys(name for section in sections for name in section.model_fields))


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The sections named anywhere in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = getattr(annotation, "__args__", ())
    return [model for part in inner for model in _models(part)]


def _fault(place: MarkedYaml, keys: KeyPath, meaning: str) -> str:
    line = place.line(keys)
    where = f"{place.path}, line {line}" if line else str(place.path)
    return f"{where}: {_dotted(keys)}: {meaning}" if keys else f"{where}: {meaning}"


def _dotted(keys: KeyPath) -> str:
    return ".".join(str(key) for key in keys)
