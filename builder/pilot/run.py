"""Look at some problems before a build, each through all its rounds and hints.

A pilot asks the teacher about a few problems, drawn by chance. Its answers are in the ledger, so that the build does
not pay for them again. Without a pilot the same is read from the ledger: the problems whose answers are all there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...schemas.ids import rank
from ...schemas.runtime import Runtime
from .. import teacher, verify
from ..costs import Cost
from ..passes.answers import make_finders
from ..passes.judging.counter import PathCounter
from ..passes.problems import load_problems
from ..passes.work import BuildWork, open_work
from ..pipeline import check_recipe, digest_inputs
from ..recipe import LoadedRecipe
from ..recipe.tokenizer import find_tokenizer
from ..store import locate_ledger, make_store
from ..teacher import ProblemUse
from .quote import Quote, QuoteBasis, make_quote

LOOKED = 400
"""The most problems that are looked at without a pilot."""


def quote_build(loaded: LoadedRecipe, runtime: Runtime, pilot: int | None = None) -> Quote | None:
    """Quote what a build will take.

    Args:
        loaded: the recipe; its answers are not recorded ones.
        runtime: prices, limits, and how a live teacher is asked.
        pilot: how many problems are asked for it; None asks none, and reads what the ledger has.

    Returns:
        The quote; None where too few problems have all their answers.

    Raises:
        InputError: recipe or data are wrong, or the teacher can't answer.
        Stopped: the server can't be reached, or a limit is reached.
    """
    look = look_at_problems(loaded, runtime, pilot)
    basis = QuoteBasis.LEDGER if pilot is None else QuoteBasis.PILOT
    return make_quote(basis, look.uses, look.problems, look.spent)


@dataclass(frozen=True, kw_only=True, slots=True)
class LookedProblems:
    """What was found at some problems."""

    uses: Sequence[ProblemUse]
    """What each of them took."""
    problems: int
    """How many problems there are in all."""
    spent: Cost
    """What was paid for the look."""


def look_at_problems(loaded: LoadedRecipe, runtime: Runtime, pilot: int | None) -> LookedProblems:
    """Look at some problems, as `quote_build` does.

    Raises:
        InputError: recipe or data are wrong, or the teacher can't answer.
        Stopped: the server can't be reached, or a limit is reached.
    """
    check_recipe(loaded.recipe)
    tokenizer, external = find_tokenizer(loaded), verify.find_command(loaded.recipe, runtime)
    make_store(runtime.store)
    digests = digest_inputs(loaded, runtime.store, tokenizer, external)
    with open_work(loaded, runtime, digests, tokenizer, external) as work:
        return _sample_problems(work, pilot)


def _sample_problems(work: BuildWork, pilot: int | None) -> LookedProblems:
    problems = load_problems(work)
    whole = teacher.AskedProblems(problems.pieces, tuple(work.list_sources("sample")))
    ids = sorted(whole.outline["problem_id"], key=lambda problem: rank("pilot", problem))
    chosen = ids[: LOOKED if pilot is None else pilot]
    look = teacher.Look(is_asking=pilot is not None)
    asked = teacher.AskedProblems(whole.pieces, whole.sources, frozenset(chosen))
    runtime = work.runtime if pilot is not None else work.runtime.model_copy(update={"accept_failures": True})
    with teacher.open_ledger(locate_ledger(runtime.store)) as ledger:
        finders = make_finders(work, PathCounter(work, problems))
        sampled = teacher.sample_rationales(work.loaded, asked, ledger, finders, runtime, work.folder, look)
    uses = [look.meter.uses[problem] for problem in chosen if problem in look.meter.uses]
    return LookedProblems(uses=uses, problems=len(ids), spent=sampled.calls.cost)
