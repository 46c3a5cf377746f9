"""Checks that a recipe names who judges the answers that no comparison settles."""

from collections.abc import Iterator, Sequence

from ...schemas.formats import FORMATS_WITHOUT_GOLD
from ...schemas.problem import JUDGED_OUTSIDE, AnswerType
from ...schemas.recipe import Recipe
from ..errors import RecipeError
from ..marked_yaml import KeyPath, MarkedYaml, join_keys


def check_judges(document: MarkedYaml, recipe: Recipe) -> None:
    """Check that whoever is to judge answers is named, and can be asked.

    Raises:
        RecipeError: a section is missing, or the blind check would compare what can't be compared.
    """
    for check in (_check_grader, _check_external, _check_golds, _check_formats, _check_blind):
        for keys, fault, hint in check(recipe):
            raise RecipeError(document.format_fault(keys, fault), hint=hint, keys=(join_keys(keys),))


_Faults = Iterator[tuple[KeyPath, str, str]]
"""The keys of a fault, what is wrong, and what to do."""


def _list_places(recipe: Recipe, kinds: Sequence[AnswerType] | frozenset[AnswerType]) -> list[KeyPath]:
    """List the keys of sources that are sampled and have answers of some types."""
    return [
        ("sources", index, "answer_type")
        for index, source in enumerate(recipe.sources)
        if source.role == "sample" and getattr(source, "answer_type", None) in kinds
    ]


def _check_grader(recipe: Recipe) -> _Faults:
    is_asked = recipe.verify.model_graded != "none"
    places = _list_places(recipe, [AnswerType.MODEL_GRADED]) + ([("verify", "model_graded")] if is_asked else [])
    if places and recipe.grader is None:
        yield (
            places[0],
            "a model is to judge, and the recipe names none",
            "add grader: {teacher: {backend: ..., model: ...}, votes: 3}; grader: {} asks the recipe's teacher",
        )
    if recipe.grader is not None and recipe.grading_teacher is None:
        yield (
            ("grader",),
            "recorded answers can't be asked",
            "name the model that judges them: grader: {teacher: {backend: ..., model: ...}}",
        )


def _check_external(recipe: Recipe) -> _Faults:
    places = _list_places(recipe, [AnswerType.EXTERNAL])
    if places and recipe.verify.external is None:
        yield (
            places[0],
            "a command is to judge, and the recipe names none",
            "add verify: {external: {name: NAME}}, and build with --external NAME=COMMAND",
        )


def _check_golds(recipe: Recipe) -> _Faults:
    """A reference or unit tests are what a model or a command judges by."""
    for keys in _list_places(recipe, JUDGED_OUTSIDE):
        fields = getattr(recipe.sources[int(keys[1])], "fields", None)
        if fields is not None and fields.answer is None and recipe.verify.answer != "unchecked":
            yield (
                keys,
                "there is no gold answer to judge by",
                "set fields.answer: COLUMN, a reference or unit tests",
            )


def _check_formats(recipe: Recipe) -> _Faults:
    """A gold answer that a command checks by, such as unit tests, is no answer that a row may end on."""
    places = _list_places(recipe, [AnswerType.EXTERNAL])
    ending = next((spec.name for spec in recipe.formats if spec.name not in FORMATS_WITHOUT_GOLD), None)
    if places and ending is not None:
        yield (
            places[0],
            f"the format {ending} writes gold answers, and these are what a command checks by",
            f"use formats of: {', '.join(sorted(FORMATS_WITHOUT_GOLD))}",
        )


def _check_blind(recipe: Recipe) -> _Faults:
    places = _list_places(recipe, JUDGED_OUTSIDE)
    if places and recipe.verify.blind_check != "none":
        yield (
            places[0],
            "the blind check compares answers, and no comparison settles these",
            "verify: {blind_check: none}",
        )
