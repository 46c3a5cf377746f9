"""Paths in recipes: which files a recipe names, and which environment variables stand in its paths."""

import os
import re
from pathlib import Path

from ...schemas.prompt import Prompt
from ...schemas.recipe import Recipe
from ...schemas.teacher import OpenAITeacher, Teacher, TransformersTeacher
from ..credentials import is_secret_name
from ..errors import RecipeError

TRAIN = "train"
"""In place of a file: demonstrations from the training split of the dataset."""

_VARIABLE = re.compile(r"\$\{(\w+)\}")
"""An environment variable in a path."""


def list_paths(recipe: Recipe) -> dict[str, str]:
    """List the files that a recipe reads, as it writes them, by the key that names them."""
    sources = [source for source in recipe.sources if source.kind == "file"]
    named = {f"sources.{source.name}": source.path for source in sources}
    for key, teacher in recipe.teachers.items():
        if teacher.backend == "recorded" and teacher.answers.kind == "file":
            named[f"{key}.answers"] = teacher.answers.path
        for place, prompt in list_prompts(teacher, key).items():
            if prompt.template == "cot_few_shot" and prompt.demos not in {None, TRAIN}:
                named[f"{place}.demos"] = prompt.demos
    return named | {f"reviews.{number}": path for number, path in enumerate(recipe.reviews)}


def list_prompts(teacher: Teacher, key: str) -> dict[str, Prompt]:
    """List the prompts of a teacher, by the recipe key that each stands at; the first is for problems of no other."""
    if not isinstance(teacher, OpenAITeacher | TransformersTeacher):
        return {}
    others = teacher.prompts.of if teacher.prompts else {}
    return {f"{key}.prompt": teacher.prompt} | {f"{key}.prompts.of.{name}": each for name, each in others.items()}


def list_path_variables(recipe: Recipe) -> dict[str, str]:
    """List the environment variables in the paths of a recipe, each with the first key that names it."""
    paths = {"folder": recipe.folder or "", **list_paths(recipe), "tokenizer": recipe.tokenizer or ""}
    pairs = [(name, key) for key, path in paths.items() for name in _VARIABLE.findall(path)]
    return dict(reversed(pairs))


def has_variable(path: str) -> bool:
    """Whether an environment variable stands in a path."""
    return _VARIABLE.search(path) is not None


def expand_file(text: str, recipe_file: Path) -> Path:
    """Expand the path of a file: environment variables and `~`.

    Raises:
        RecipeError: a variable is not set or holds a secret, or stands in the name of the file.
    """
    if has_variable(Path(text).name):
        raise RecipeError(
            f"{recipe_file}: the path {text} takes the name of the file from an environment variable",
            hint="write the name out, because the rows of a version name their file: ${FOLDER}/problems.jsonl",
        )
    return expand_path(text, recipe_file)


def expand_path(text: str, recipe_file: Path) -> Path:
    """Expand the environment variables of a path, and `~`.

    Raises:
        RecipeError: a variable is not set, or its name is that of a secret.
    """
    names = _VARIABLE.findall(text)
    secret = next((name for name in names if is_secret_name(name)), None)
    if secret is not None:
        raise RecipeError(
            f"{recipe_file}: the path {text} takes the environment variable {secret}, whose name is that of a secret",
            hint="a path holds no secret: name the variable otherwise, or give --set folder=FOLDER",
        )
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise RecipeError(
            f"{recipe_file}: the path {text} needs the environment variable {missing[0]}, which is not set",
            hint=f"export {missing[0]}=FOLDER, or give --set folder=FOLDER",
        )
    try:
        return Path(_VARIABLE.sub(lambda match: os.environ[match[1]], text)).expanduser()
    except RuntimeError as error:
        raise RecipeError(f"{recipe_file}: the path {text} names a user without a home folder") from error
