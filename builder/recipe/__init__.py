"""Recipes: YAML files read safely and validated. A recipe is data: nothing in it is run.

`loading` reads and validates, `checks` looks at patterns and templates before any row is read, `paths` resolves the
files that a recipe names, `evaluation_sets` those of a student recipe, `reviews` the decisions of people who read rows.
"""

from .checks import check_models
from .evaluation_sets import find_ready_sets, list_stanzas, list_tasks, load_ready_set
from .loading import (
    LoadedRecipe,
    check_family,
    find_packaged_demos,
    find_recipe,
    list_packaged_recipes,
    load_recipe,
    load_student,
    set_rows_aside,
)
from .paths import list_prompts
from .reviews import Reviews, SettledDecision, read_decisions, read_reviews, settle_decisions

__all__ = [
    "LoadedRecipe",
    "Reviews",
    "SettledDecision",
    "check_family",
    "check_models",
    "find_packaged_demos",
    "find_ready_sets",
    "find_recipe",
    "list_packaged_recipes",
    "list_prompts",
    "list_stanzas",
    "list_tasks",
    "load_ready_set",
    "load_recipe",
    "load_student",
    "read_decisions",
    "read_reviews",
    "set_rows_aside",
    "settle_decisions",
]
