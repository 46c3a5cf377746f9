"""`cotloom plan`: what a build would do and cost, and several recipes side by side."""

from collections.abc import Sequence

from ...schemas.runtime import Runtime
from ..errors import InputError
from ..pilot import describe_quote, quote_build, render_comparison
from ..plan import plan_build, render_plan
from ..recipe import load_recipe
from ..report.console import make_console
from ..terminal import print_json
from .output import describe_plan
from .run import show_progress_on_stderr


def plan_recipe(
    recipe: str, changes: Sequence[str], runtime: Runtime, pilot: int | None, *, show: bool, as_json: bool
) -> None:
    """Plan the build of one recipe."""
    with show_progress_on_stderr():
        planned = plan_build(load_recipe(recipe, list(changes)), runtime, pilot)
    print_json(describe_plan(planned)) if as_json else make_console().print(render_plan(planned, show=show))


def compare_recipes(
    recipes: Sequence[str], changes: Sequence[str], runtime: Runtime, pilot: int | None, *, as_json: bool
) -> None:
    """Compare recipes by a pilot of each: what a distinct right path costs.

    Raises:
        InputError: no pilot is asked for.
    """
    if pilot is None:
        raise InputError("several recipes are compared by a pilot", hint="--pilot 50 asks each about 50 problems")
    with show_progress_on_stderr():
        quotes = {recipe: quote_build(load_recipe(recipe, list(changes)), runtime, pilot) for recipe in recipes}
    if as_json:
        print_json({"recipes": {name: quote and describe_quote(quote) for name, quote in quotes.items()}})
    else:
        make_console().print(render_comparison(quotes))
