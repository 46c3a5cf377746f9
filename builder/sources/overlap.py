"""Overlap with sets for evaluation, and between the sides of the split: both are dropped before money is spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cotloom.builder.progress import track
from cotloom.builder.sources.split import dropped
from cotloom.builder.text.overlap import Index, index_texts, nearest, shared_run, words_of
from cotloom.schemas.manifest import Contamination
from cotloom.schemas.problem import Problem, Split
from cotloom.schemas.reasons import Fate, Reason
from cotloom.schemas.recipe import Decontaminate

CROSSES = 0.9
"""A training problem crosses the split from this similarity of words to a test problem on. Problems of one template
are never parted; at nine words of ten, what is left are the same ones with a name or a phrase changed."""

_QUOTED = 60
"""So many characters of a shared run are told."""


def decontaminated(
    problems: Sequence[Problem], policy: Decontaminate | None, roles: Mapping[str, str]
) -> tuple[list[Problem], list[Contamination]]:
    """Drop problems that overlap the sets that the recipe names, and certify how near those come that stay.

    Args:
        problems: all problems; rows of the named sets count whatever their fate.
        policy: the sets, and what an overlap is. Null: only what is asked for evaluation to the letter is dropped.
        roles: the role of each source.

    Returns:
        The problems, and a certificate for each set.
    """
    evaluated = {item.problem_id: item for item in problems if roles[item.source] == "evaluate"}
    sets = [_set(problems, name, policy) for name in policy.against] if policy else []
    told: list[Problem] = []
    for problem in track(problems, "looking for overlaps with evaluation", every=500):
        if problem.fate is Fate.DROPPED or roles[problem.source] == "evaluate":
            told.append(problem)
            continue
        faults = _overlaps(problem, sets)
        same = evaluated.get(problem.problem_id)
        if same is not None and not faults:
            faults = [f"same question as {_named(same)}"]
        detail = f"{problem.origin}: {'; also '.join(faults)}"
        told.append(dropped(problem, Reason.EVALUATION_OVERLAP, detail) if faults else problem)
    return told, [_certificate(each) for each in sets]


@dataclass(slots=True)
class _Set:
    """A set for evaluation, and what was found so far."""

    name: str
    policy: Decontaminate
    held: list[Problem]
    index: Index
    overlaps: int = 0
    highest: float = 0.0


def _set(problems: Sequence[Problem], name: str, policy: Decontaminate) -> _Set:
    held = [item for item in problems if item.source == name and item.question is not None]
    held.sort(key=lambda item: (item.problem_id, item.origin))
    return _Set(name, policy, held, index_texts([_text(item) for item in held], policy.ngram))


def _overlaps(problem: Problem, sets: Sequence[_Set]) -> list[str]:
    """Say which sets a problem overlaps, and how. Where it overlaps none, remember how near it comes to each."""
    words = words_of(_text(problem))
    near = [nearest(each.index, words, min(each.policy.similarity, each.highest)) for each in sets]
    found = [_overlap(words, each, pair) for each, pair in zip(sets, near, strict=True)]
    overlapping = any(found)
    for each, how, pair in zip(sets, found, near, strict=True):
        each.overlaps += how is not None
        if pair and not overlapping:
            each.highest = max(each.highest, pair[1])
    return [how for how in found if how]


def _certificate(found: _Set) -> Contamination:
    return Contamination(
        against=found.name,
        problems=len(found.held),
        overlaps=found.overlaps,
        highest_similarity=round(found.highest, 6),
        ngram=found.policy.ngram,
        similarity=found.policy.similarity,
    )


def _text(problem: Problem) -> str:
    return " ".join([problem.question or "", *problem.choices])


def _overlap(words: Sequence[str], each: _Set, near: tuple[int, float] | None) -> str | None:
    """Say how a text overlaps a set; None where it does not."""
    run = shared_run(each.index, words)
    if run:
        return f"{each.policy.ngram}-gram shared with {_named(each.held[run[0]])}: {run[1][:_QUOTED]!r}"
    if near and near[1] >= each.policy.similarity:
        return f"word similarity {near[1]:.0%} to {_named(each.held[near[0]])}"
    return None


def _named(problem: Problem) -> str:
    return f"{problem.source} {problem.origin}"


def without_crossings(problems: list[Problem]) -> list[Problem]:
    """Drop from the training side what is nearly a problem of the test side."""
    tests = [item for item in problems if item.fate is Fate.KEPT and item.split is Split.TEST]
    if not tests:
        return problems
    tests.sort(key=lambda item: item.problem_id)
    index = index_texts([_text(item) for item in tests])
    return [_within_its_side(problem, index, tests) for problem in problems]


def _within_its_side(problem: Problem, index: Index, tests: list[Problem]) -> Problem:
    if problem.fate is Fate.DROPPED or problem.split is not Split.TRAIN:
        return problem
    near = nearest(index, words_of(_text(problem)), CROSSES)
    if near is None:
        return problem
    told = f"{problem.origin}: word similarity {near[1]:.0%} to {_named(tests[near[0]])}, which is in the test split"
    return dropped(problem, Reason.CROSSES_SPLIT, told)
