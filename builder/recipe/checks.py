"""Checks of a recipe that its schema can't express: unique names, patterns, templates, and models that are named."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ...schemas.recipe import Recipe, extract_identity
from ...schemas.section import Section
from ...schemas.source import Fields, TableSource
from ...schemas.teacher import AnyAnswers
from ..errors import InputError, RecipeError
from ..marked_yaml import KeyPath, MarkedYaml, join_keys
from ..patterns import compile_pattern, compile_words
from ..templates import is_template, parse_template
from .judges import check_judges
from .paths import list_prompts

_PLACEHOLDER = re.compile(
    r"(?:.*/)?[\W_]*your[\W_]*model(?:[\W_]*(?:name|id|path|here))*[\W_]*", re.IGNORECASE | re.DOTALL
)
"""What stands for the name of a model until somebody writes one: `YOUR-MODEL`, which `init` writes."""

_MODEL_KEYS = frozenset({"model", "teacher", "tokenizer"})
"""The keys that name a model where their value is a text, or have its name in `path` where it is a section."""


def check_recipe(document: MarkedYaml, recipe: Recipe) -> None:
    """Check what a recipe's schema can't express.

    Raises:
        RecipeError: a name is used twice, or a pattern or a template can't be used.
    """
    check_names(document, list(_list_names(recipe)))
    _check_teachers(document, recipe)
    _check_blind(document, recipe)
    check_judges(document, recipe)
    _check_texts(document, _list_patterns(recipe), compile_pattern)
    _check_texts(document, _list_order(recipe), compile_words)
    _check_texts(document, _list_templates(recipe), parse_template)


def _check_blind(document: MarkedYaml, recipe: Recipe) -> None:
    """Check that a blind check has somebody to ask.

    Raises:
        RecipeError: the answers are recorded.
    """
    if recipe.verify.blind_check != "none" and recipe.recorded is not None:
        raise RecipeError(
            document.format_fault(("verify", "blind_check"), "recorded answers can't be asked again"),
            hint="blind_check: none; or leave out hinted answers: their column `hint` is hinted",
            keys=("verify.blind_check",),
        )


def _check_teachers(document: MarkedYaml, recipe: Recipe) -> None:
    """Check that several teachers can be asked in turn, and that a share names sources of the recipe.

    Raises:
        RecipeError: one of them can't.
    """
    sources = [source.name for source in recipe.sources if source.role == "sample"]
    teachers = recipe.teachers
    for key, teacher in teachers.items():
        if teacher.backend == "recorded":
            if isinstance(recipe.teacher, tuple):
                raise RecipeError(
                    document.format_fault(_split_key(key), "recorded answers stand alone"),
                    hint="write that teacher without a list; answers.completions names who wrote the answers",
                    keys=(key,),
                )
            continue
        named = teacher.share.sources
        if teacher.backend != "simulated" and teacher.prompts is not None and teacher.prompts.by == "source":
            named = (*named, *teacher.prompts.of)
        unknown = next((name for name in named if name not in sources), None)
        if unknown is not None:
            raise RecipeError(
                document.format_fault(_split_key(key), f"no source {unknown} is sampled"),
                hint=f"the sources with the role sample: {', '.join(sources) or 'none'}",
                keys=(key,),
            )
    described = [extract_identity(teacher, defaults=True) for teacher in teachers.values()]
    again = next((key for n, key in enumerate(teachers) if described[n] in described[:n]), None)
    if again is not None:
        raise RecipeError(
            document.format_fault(_split_key(again), "is the same as a teacher before it"),
            hint="ask for more answers with paths.round or paths.max",
            keys=(again,),
        )


def check_names(document: MarkedYaml, names: Sequence[Sequence[str]]) -> None:
    """Check that no name is used twice in its list.

    Raises:
        RecipeError: one is.
    """
    repeated = [name for own in names for name in sorted(set(own)) if own.count(name) > 1]
    if repeated:
        raise RecipeError(f"{document.path}: the name {repeated[0]} is used twice", keys=("name",))


def check_models(section: Section) -> None:
    """Check that no placeholder stands where the name of a model belongs.

    Args:
        section: a recipe or a student recipe.

    Raises:
        InputError: one does.
    """
    for keys, name in _list_values((), section.model_dump()):
        named = keys[-2] if keys[-1] == "path" and len(keys) > 1 else keys[-1]
        if named in _MODEL_KEYS and _PLACEHOLDER.fullmatch(name):
            key = join_keys(keys)
            raise InputError(
                f"{key} is {name}, which only stands for the name of a model",
                hint=f"write the name of your model there, or give it with --set {key}=NAME",
                keys=(key,),
            )


def check_tables(document: MarkedYaml, tables: Iterable[tuple[KeyPath, TableSource]]) -> None:
    """Check the patterns and templates of sources with columns.

    Args:
        document: the file.
        tables: the sources, each with its key path.

    Raises:
        RecipeError: a pattern or a template can't be used.
    """
    for keys, source in tables:
        _check_texts(document, iter([((*keys, "answer_pattern"), source.answer_pattern)]), compile_pattern)
        columns = ((place, column) for place, column in _list_fields(keys, source) if is_template(column))
        _check_texts(document, columns, parse_template)


def _list_fields(keys: KeyPath, source: TableSource) -> Iterator[tuple[KeyPath, str]]:
    """List every column that the fields of a source name."""
    for name in Fields.model_fields:
        yield from _list_values((*keys, "fields", name), getattr(source.fields, name))


def _list_names(recipe: Recipe) -> Iterator[list[str]]:
    yield [source.name for source in recipe.sources]
    yield [form.name for form in recipe.formats]
    yield [step.name for step in recipe.verify.order]
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


def _list_order(recipe: Recipe) -> Iterator[tuple[KeyPath, str | None]]:
    for index, step in enumerate(recipe.verify.order):
        yield ("verify", "order", index, "pattern"), step.pattern


def _list_templates(recipe: Recipe) -> Iterator[tuple[KeyPath, str | None]]:
    for key, teacher in recipe.teachers.items():
        for place, prompt in list_prompts(teacher, key).items():
            for name in ("user", "hint_text"):
                yield (*_split_key(place), name), getattr(prompt, name)
    if recipe.grader is not None:
        for name in ("answer_prompt", "rationale_prompt"):
            yield ("grader", name), getattr(recipe.grader, name)
    yield from ((keys, column) for keys, column in _list_columns(recipe) if is_template(column))


def _list_columns(recipe: Recipe) -> Iterator[tuple[KeyPath, str]]:
    """List every key that names a column."""
    for index, source in enumerate(recipe.sources):
        if isinstance(source, TableSource):
            yield from _list_fields(("sources", index), source)
    if recipe.recorded is not None and isinstance(recipe.recorded.answers, AnyAnswers):
        answers = recipe.recorded.answers
        named = {"problem": answers.problem, "hint": answers.hint, "labels": answers.labels}
        yield from _list_values(("teacher", "answers"), named)
        for index, completion in enumerate(answers.completions):
            yield from _list_values(
                ("teacher", "answers", "completions", index), completion.model_dump(exclude={"teacher"})
            )


def _split_key(place: str) -> KeyPath:
    """Split a key that is written with dots; the name of an entry of `prompts.of` may have dots."""
    begin, found, name = place.partition(".prompts.of.")
    parts = [int(part) if part.isdigit() else part for part in begin.split(".")]
    return (*parts, "prompts", "of", name) if found else tuple(parts)


def _list_values(keys: KeyPath, value: Any) -> Iterator[tuple[KeyPath, str]]:
    """List the texts in a value, each with its keys."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple) else ()
    if isinstance(value, str):
        yield keys, value
    for key, item in inner:
        yield from _list_values((*keys, key), item)
