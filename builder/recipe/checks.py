"""Checks of a recipe that its schema can't express: unique names, patterns and templates."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...schemas.recipe import Recipe
from ...schemas.source import Fields, TableSource
from ...schemas.teacher import AnyAnswers, RecordedTeacher
from ..errors import InputError, RecipeError
from ..marked_yaml import KeyPath, MarkedYaml, join_keys
from ..patterns import compile_pattern
from ..templates import is_template, parse_template


def check_recipe(document: MarkedYaml, recipe: Recipe) -> None:
    """Check what a recipe's schema can't express.

    Raises:
        RecipeError: a name is used twice, or a pattern or a template can't be used.
    """
    check_names(document, list(_list_names(recipe)))
    _check_texts(document, _list_patterns(recipe), compile_pattern)
    _check_texts(document, _list_templates(recipe), parse_template)


def check_names(document: MarkedYaml, names: Sequence[Sequence[str]]) -> None:
    """Check that no name is used twice in its list.

    Raises:
        RecipeError: one is.
    """
    repeated = [name for own in names for name in sorted(set(own)) if own.count(name) > 1]
    if repeated:
        raise RecipeError(f"{document.path}: the name {repeated[0]} is used twice", keys=("name",))


def _list_names(recipe: Recipe) -> Iterator[list[str]]:
    yield [source.name for source in recipe.sources]
    yield [form.name for form in recipe.formats]
    yield [stage.name for stage in recipe.mixture.stages] if recipe.mixture else []


def _check_texts(
    document: MarkedYaml, texts: Iterator[tuple[KeyPath, str | None]], compile_text: Callable[[str], Any]
) -> None:
    """Check that texts compile; the error names key and line."""
    for keys, text in texts:
        try:
            if text is not None:
                compile_text(text)
        except InputError as error:
            fault = document.format_fault(keys, error.message)
            raise RecipeError(fault, hint=error.hint, keys=(join_keys(keys),)) from error


def _list_patterns(recipe: Recipe) -> Iterator[tuple[KeyPath, str | None]]:
    yield ("verify", "pattern"), recipe.verify.pattern
    for index, source in enumerate(recipe.sources):
        if isinstance(source, TableSource):
            yield ("sources", index, "answer_pattern"), source.answer_pattern


def _list_templates(recipe: Recipe) -> Iterator[tuple[KeyPath, str | None]]:
    prompt = getattr(recipe.teacher, "prompt", None)
    if prompt is not None:
        yield ("teacher", "prompt", "user"), prompt.user
    yield from ((keys, column) for keys, column in _list_columns(recipe) if is_template(column))


def _list_columns(recipe: Recipe) -> Iterator[tuple[KeyPath, str]]:
    """List every key that names a column."""
    for index, source in enumerate(recipe.sources):
        if isinstance(source, TableSource):
            for name in Fields.model_fields:
                yield from _list_values(("sources", index, "fields", name), getattr(source.fields, name))
    if isinstance(recipe.teacher, RecordedTeacher):
        answers = recipe.teacher.answers
        if not isinstance(answers, AnyAnswers):
            return
        named = {"problem": answers.problem, "hint": answers.hint, "labels": answers.labels}
        yield from _list_values(("teacher", "answers"), named)
        for index, completion in enumerate(answers.completions):
            yield from _list_values(
                ("teacher", "answers", "completions", index), completion.model_dump(exclude={"teacher"})
            )


def _list_values(keys: KeyPath, value: Any) -> Iterator[tuple[KeyPath, str]]:
    """List the texts in a value, each with its keys."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple) else ()
    if isinstance(value, str):
        yield keys, value
    for key, item in inner:
        yield from _list_values((*keys, key), item)
