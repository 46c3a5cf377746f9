"""The earlier version whose problems stay on their sides."""

from pathlib import Path

from ....schemas.recipe import Recipe
from ... import store
from ...errors import InputError

KEY = "parent"
"""The key of the recipe, and of the input."""


def find_parent(recipe: Recipe, folder: Path) -> store.Version | None:
    """Find the version whose problems stay on their sides; None where the recipe has no test split or names no parent.

    Args:
        recipe: the recipe.
        folder: the store.

    Raises:
        InputError: the store does not have it, it is the one that the recipe builds, or it was split row by row and the
            recipe splits by groups.
    """
    if recipe.parent is None or not recipe.split.test:
        return None
    ref = f"{recipe.name}@{recipe.parent}"
    if recipe.parent == recipe.version:
        raise _make_error(f"{ref} is the version that this recipe builds", "name the version before it, or none")
    path = store.locate_version(folder, recipe.name, recipe.parent)
    if not path.exists():
        raise _make_error(
            f"{ref} is not in the store, and its problems are to stay on their sides of the split",
            "build or pull it into this store; without the key, all sides are drawn anew, and test problems of"
            f" {recipe.parent} can come into training",
        )
    version = store.read_version(path)
    report = version.manifest.split_report
    if recipe.split.by == "group" and report is not None and report.tests and report.by == "row":
        raise _make_error(
            f"{ref} was split row by row: variations of one problem are on both of its sides",
            "set split: {by: row} to go on so, or leave the key out to split anew by groups",
        )
    return version


def describe_missing_parent(recipe: Recipe, folder: Path) -> list[str]:
    """Describe how problems keep their sides, where the store has an earlier version and the recipe names none."""
    if recipe.parent is not None or not recipe.split.test:
        return []
    taken = store.list_version_numbers(folder, recipe.name)
    earlier = sorted((each for each in taken if each not in {recipe.version, store.DEV}), key=store.parse_semver)
    if not earlier:
        return []
    newest = earlier[-1]
    return [
        (
            f"the store has {recipe.name} {newest}, and the recipe names no parent: the sides of the split are drawn"
            f" anew; with parent: {newest}, its problems stay where they are"
        ),
    ]


def _make_error(message: str, hint: str) -> InputError:
    return InputError(f"{KEY}: {message}", hint=hint, keys=(KEY,))
