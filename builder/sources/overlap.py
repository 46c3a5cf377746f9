"""Drop problems that overlap an evaluation set or the test split, before any call to the teacher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...schemas.manifest import Contamination
from ...schemas.problem import Problem, Split
from ...schemas.reasons import Fate, Reason
from ...schemas.source import Decontaminate
from ..progress import track
from ..text.overlap import OverlapIndex, find_nearest, find_shared_run, index_texts, split_words
from ..text.threshold import ThresholdIndex, find_at_threshold, index_at_threshold
from .split import drop_problem

CROSSES = 0.9
"""The least word similarity to a test problem at which a training problem is dropped. Problems of one template are
always in one split; at 0.9, the rest are the same problems with a name or a phrase changed."""

_QUOTED = 60
"""The number of characters of a shared n-gram that `detail` quotes."""


def decontaminate(
    problems: Sequence[Problem], policy: Decontaminate | None, roles: Mapping[str, str]
) -> tuple[list[Problem], list[Contamination]]:
    """Drop problems that overlap an evaluation set, and certify the highest similarity of those that stay.

    Args:
        problems: all problems; rows of the evaluation sets count whatever their fate.
        policy: the sets and the thresholds. Without it, only exact matches with an evaluation question are dropped.
        roles: the role of each source.

    Returns:
        All problems in their order, and a certificate for each set in `policy.against`.
    """
    evaluated = {item.problem_id: item for item in problems if roles[item.source] == "evaluate"}
    sets = [_index_set(problems, name, policy) for name in policy.against] if policy else []
    checked: list[Problem] = []
    for problem in track(problems, "checking overlap with evaluation sets", every=500):
        if problem.fate is Fate.DROPPED or roles[problem.source] == "evaluate":
            checked.append(problem)
            continue
        faults = _find_overlaps(problem, sets)
        same = evaluated.get(problem.problem_id)
        if same is not None and not faults:
            faults = [f"same question as {_format_name(same)}"]
        detail = f"{problem.origin}: {'; also '.join(faults)}"
        checked.append(drop_problem(problem, Reason.EVALUATION_OVERLAP, detail) if faults else problem)
    return checked, [_make_certificate(each) for each in sets]


@dataclass(slots=True)
class _EvaluationSet:
    """An evaluation set, and the counts so far."""

    name: str
    policy: Decontaminate
    problems: list[Problem]
    index: OverlapIndex
    overlaps: int = 0
    highest: float = 0.0


def _index_set(problems: Sequence[Problem], name: str, policy: Decontaminate) -> _EvaluationSet:
    rows = [item for item in problems if item.source == name and item.question is not None]
    rows.sort(key=lambda item: (item.problem_id, item.origin))
    return _EvaluationSet(name, policy, rows, index_texts([_join_text(item) for item in rows], policy.ngram))


def _find_overlaps(problem: Problem, sets: Sequence[_EvaluationSet]) -> list[str]:
    """Describe the overlaps of a problem with each set, and update the sets' counts.

    Only a problem without any overlap raises the sets' highest similarity, because only such a problem stays.
    """
    words = split_words(_join_text(problem))
    matches = [find_nearest(each.index, words, min(each.policy.similarity, each.highest)) for each in sets]
    overlaps = [_describe_overlap(words, each, match) for each, match in zip(sets, matches, strict=True)]
    stays = not any(overlaps)
    for each, overlap, match in zip(sets, overlaps, matches, strict=True):
        each.overlaps += overlap is not None
        if match and stays:
            each.highest = max(each.highest, match[1])
    return [overlap for overlap in overlaps if overlap]


def _make_certificate(checked: _EvaluationSet) -> Contamination:
    return Contamination(
        against=checked.name,
        problems=len(checked.problems),
        overlaps=checked.overlaps,
        highest_similarity=round(checked.highest, 6),
        ngram=checked.policy.ngram,
        similarity=checked.policy.similarity,
    )


def _join_text(problem: Problem) -> str:
    return " ".join([problem.question or "", *problem.choices])


def _describe_overlap(words: Sequence[str], each: _EvaluationSet, match: tuple[int, float] | None) -> str | None:
    """Describe the overlap of a text with a set; None where there is none."""
    run = find_shared_run(each.index, words)
    if run:
        return f"{each.policy.ngram}-gram shared with {_format_name(each.problems[run[0]])}: {run[1][:_QUOTED]!r}"
    if match and match[1] >= each.policy.similarity:
        return f"word similarity {match[1]:.0%} to {_format_name(each.problems[match[0]])}"
    return None


def _format_name(problem: Problem) -> str:
    return f"{problem.source} {problem.origin}"


def drop_crossings(problems: list[Problem]) -> list[Problem]:
    """Drop training problems that are near-duplicates of a test problem."""
    tests = [item for item in problems if item.fate is Fate.KEPT and item.split is Split.TEST]
    if not tests:
        return problems
    tests.sort(key=lambda item: item.problem_id)
    index = index_at_threshold([_join_text(item) for item in tests], CROSSES)
    return [_drop_if_crossing(problem, index, tests) for problem in problems]


def _drop_if_crossing(problem: Problem, index: ThresholdIndex, tests: list[Problem]) -> Problem:
    if problem.fate is Fate.DROPPED or problem.split is not Split.TRAIN:
        return problem
    match = find_at_threshold(index, _join_text(problem))
    if match is None:
        return problem
    nearest, similarity = _format_name(tests[match[0]]), match[1]
    detail = f"{problem.origin}: word similarity {similarity:.0%} to {nearest}, which is in the test split"
    return drop_problem(problem, Reason.CROSSES_SPLIT, detail)
