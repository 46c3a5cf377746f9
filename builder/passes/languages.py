"""Languages of a recipe's problems for which there are no words: prompts and rows would be English without a word."""

from collections.abc import Iterator, Mapping

import polars as pl

from ...schemas.reasons import Fate
from ...schemas.recipe import Recipe
from ..languages import ENGLISH, LANGUAGES, UNDETERMINED, find_wording
from ..recipe import find_packaged_demos, list_prompts

RARE = 100
"""A language of fewer than one in so many problems is not listed: it may be a mistake."""


def count_languages(problems: pl.DataFrame, recipe: Recipe, *roles: str) -> dict[str, int]:
    """Count kept problems by language, where they have words at all.

    Args:
        problems: columns source, fate and language of `Problem`.
        recipe: the recipe.
        roles: the roles of the sources that count.
    """
    names = [source.name for source in recipe.sources if source.role in roles]
    is_asked = (pl.col("fate") == Fate.KEPT) & pl.col("source").is_in(names) & pl.col("language").is_not_null()
    return dict(problems.filter(is_asked).group_by("language").len().sort("language").iter_rows())


def list_languages(recipe: Recipe, counts: Mapping[str, int]) -> tuple[str, ...]:
    """List the languages of a version: the recipe's, else those found, the commonest first, rare ones left out."""
    known = sorted((-count, name) for name, count in counts.items() if name != UNDETERMINED)
    least = sum(counts.values()) / RARE
    return recipe.languages or tuple(name for count, name in known if -count >= least)


def describe_language_gaps(recipe: Recipe, counts: Mapping[str, int]) -> Iterator[str]:
    """Describe where English words would be put around problems in other languages.

    Args:
        recipe: the recipe.
        counts: problems by language.
    """
    unknown = {language: count for language, count in counts.items() if find_wording(language) is None}
    prompts = {
        place: prompt
        for key, teacher in recipe.teachers.items()
        for place, prompt in list_prompts(teacher, key).items()
    }
    if unknown:
        names = ", ".join("a language that is not known" if name == UNDETERMINED else name for name in sorted(unknown))
        phrases = [f"{place}.cue" for place, prompt in prompts.items() if prompt.cue is None]
        phrases += [] if recipe.verify.pattern is not None else ["verify.pattern"]
        asked = f"give the exact phrases in {' and '.join(phrases)}; or " if phrases else ""
        yield (
            f"{sum(unknown.values()):,} of {sum(counts.values()):,} problems are in {names}: English words stand around"
            f" them in prompts and rows, and answers are read by the phrases of {', '.join(LANGUAGES)}; {asked}state"
            " the language with `languages` if it was taken for another"
        )
    for place, prompt in prompts.items():
        if prompt.template != "cot_few_shot" or prompt.demos is None or prompt.demos not in find_packaged_demos():
            continue
        bare = [name for name in counts if _is_without_demonstrations(name, prompt.demos)]
        if bare:
            yield (
                f"the demonstrations {prompt.demos} are shown in English to problems in {', '.join(bare)}: there are"
                f" none in these languages; {place}.demos takes a file of your own"
            )


def _is_without_demonstrations(language: str, name: str) -> bool:
    wording = find_wording(language)
    return wording is not None and wording.language != ENGLISH and name not in wording.demonstrations
