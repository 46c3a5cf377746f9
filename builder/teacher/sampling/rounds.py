"""Which rounds of sampling one problem takes, and what its samples are: each problem goes its own way.

A round is complete by index: what comes next is decided when all its answers are there, by this problem's own samples.
So no result depends on which answer came first, or on any other problem. The pipeline passes the function that counts
paths (`CountPaths`), so that this room knows nothing of verdicts.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from ....schemas.problem import Problem
from ....schemas.prompt import HintPolicy, Paths
from ....schemas.reasons import Fate
from ....schemas.sample import Hint, Sample
from ..backends.protocol import Backend, CompletionRequest, FailedRequest
from ..request import Answer
from .grading import AskedGrader, grade_samples
from .path_counts import PathCounts
from .samples import add_blind_check, add_second_call, make_sample

CountPaths = Callable[[Sequence[Problem], Sequence[Sample]], Mapping[str, PathCounts]]
"""Counts the correct paths among the samples of each problem, by problem id."""

CutRationales = Callable[[Sequence[Problem], Sequence[Sample]], Mapping[str, Mapping[str, str]]]
"""Cuts the rationales of samples with a right answer before that answer, for a blind check: by problem and sample id.
A rationale of which nothing is left is not among them."""

CutOwnRationales = Callable[[Problem, Sequence[Sample]], Awaitable[Mapping[str, str]]]
"""Cuts the rationales of one problem; those of many may be cut together."""

CountOwnPaths = Callable[[Problem, Sequence[Sample]], Awaitable[PathCounts]]
"""Counts the correct paths of one problem; the counts of many may be taken together."""


Complete = Callable[[Sequence[CompletionRequest]], Awaitable[Sequence[Answer | FailedRequest]]]
"""Gets the answers to requests: from the ledger, else from the teacher."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedTeacher:
    """A teacher, and how it is asked about a problem."""

    backend: Backend
    """Makes the requests."""
    complete: Complete
    """Gets the answers."""
    paths: Paths
    """How many answers."""
    hints: HintPolicy
    """Whether it is shown the gold answer."""
    accept_failures: bool = False
    """Whether a problem goes on although a request of it failed."""
    cut_rationales: CutOwnRationales | None = None
    """Cuts the rationales of hinted samples that are checked without the hint; None where none are."""
    grader: AskedGrader | None = None
    """Who is asked about its samples; None where nobody is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One round of one problem."""

    number: int
    """Its number, from 0."""
    hint: Hint
    """Whether the teacher is shown the gold answer."""
    indexes: range
    """The sample indexes."""


async def sample_problem(
    problem: Problem, teachers: Sequence[AskedTeacher], count_paths: CountOwnPaths
) -> list[Sample]:
    """Sample one problem: each teacher in turn, round by round.

    The samples of earlier teachers count: a problem that has enough distinct paths of theirs is not sampled again, and
    a hint is a fallback for a problem that none of them solved.

    Returns:
        The samples in the order of teachers, rounds and indexes.
    """
    samples: list[Sample] = []
    for teacher in teachers:
        if samples and teacher.paths.target is not None:
            counts = await count_paths(problem, samples)
            if counts.distinct >= teacher.paths.target:
                continue
        samples += await _sample_teacher(problem, teacher, count_paths, samples)
    return samples


async def _sample_teacher(
    problem: Problem, teacher: AskedTeacher, count_paths: CountOwnPaths, earlier: Sequence[Sample]
) -> list[Sample]:
    """Sample one problem from one teacher.

    After a failed request a problem gets no further round, unless failures are accepted: its round is not complete, and
    what it needs next is not known. A prompt that was refused is not sent again; with a hint it is another prompt.
    """
    samples: list[Sample] = []
    this: Round | None = plan_first_round(teacher.paths, teacher.hints, 1 + max((s.round for s in earlier), default=-1))
    while this is not None:
        new, is_complete = await _sample_round(problem, teacher, this)
        samples += new
        if not new or not (is_complete or teacher.accept_failures) or not _is_followed(this, teacher):
            break
        known = [*earlier, *samples]
        counts = await count_paths(problem, known) if _is_counted(this, teacher) else PathCounts()
        answered = sum(sample.fate is Fate.KEPT for sample in known)
        this = plan_next_round(this, counts, answered, teacher.paths, teacher.hints)
    return samples


def plan_first_round(paths: Paths, hints: HintPolicy, number: int = 0) -> Round:
    """Plan the first round of a teacher."""
    hint = Hint.HINTED if hints.mode == "always" else Hint.NONE
    return Round(number=number, hint=hint, indexes=range(min(paths.round, paths.max or paths.round)))


def _list_more(last: Round, paths: Paths, distinct: int = 0) -> range:
    """List the sample indexes of the round after one: as many as paths are missing; empty where there is none.

    Calls are saved by asking for no more than what is missing: with a target of 3 and rounds of 4, rounds of 4 again
    would buy one answer in six for nothing.
    """
    begin = last.indexes.stop
    missing = paths.round if paths.target is None else min(paths.round, max(paths.target - distinct, 1))
    return range(begin, min(begin + missing, paths.max or paths.round))


def _is_followed(last: Round, teacher: AskedTeacher) -> bool:
    """Whether there may be a round after one, whatever its answers are."""
    is_fallback = teacher.hints.mode == "fallback"
    return not (is_fallback and last.hint is Hint.HINTED) and (is_fallback or bool(_list_more(last, teacher.paths)))


def _is_counted(last: Round, teacher: AskedTeacher) -> bool:
    """Whether the next round depends on what was found so far."""
    paths = teacher.paths
    is_last = not _list_more(last, paths)
    return paths.target is not None or paths.give_up is not None or (is_last and teacher.hints.mode == "fallback")


def plan_next_round(last: Round, counts: PathCounts, answered: int, paths: Paths, hints: HintPolicy) -> Round | None:
    """Plan the round after one: for a problem short of its paths, another; for an unsolved one, a fallback hint.

    Args:
        last: the round that is complete.
        counts: the paths among all samples so far.
        answered: samples so far that are an answer.
        paths: how many answers the recipe asks for.
        hints: its hints.
    """
    if hints.mode == "fallback" and last.hint is Hint.HINTED:
        return None
    more = _list_more(last, paths, counts.distinct)
    if more and answered and not is_enough(counts, answered, paths):
        return Round(number=last.number + 1, hint=last.hint, indexes=more)
    if hints.mode == "fallback" and counts.correct == 0:
        return Round(number=last.number + 1, hint=Hint.HINTED, indexes=range(paths.round))
    return None


def is_enough(counts: PathCounts, answered: int, paths: Paths) -> bool:
    """Whether a problem has its paths, or another is too unlikely to ask for more answers."""
    if paths.target is not None and counts.distinct >= paths.target:
        return True
    return paths.give_up is not None and estimate_chance(counts.once, answered) < paths.give_up


def estimate_chance(once: int, answered: int) -> float:
    """Estimate the chance that the next answer brings another distinct correct path.

    The share of answers that would be new is about the share of those seen once (Good 1953, The Population Frequencies
    of Species); half an observation is added, so that a problem with no path, or none seen once, keeps a chance.

    Args:
        once: distinct correct paths that one answer took.
        answered: answers so far.

    >>> round(estimate_chance(once=0, answered=4), 3), round(estimate_chance(once=0, answered=12), 3)
    (0.1, 0.038)
    """
    return (once + 0.5) / (answered + 1.0)


def count_saved(teachers: Sequence[AskedTeacher], samples: Sequence[Sample]) -> int:
    """Count the answers that a problem was not asked for, although the most of its teachers allows them.

    Args:
        teachers: those that were asked about it.
        samples: all its samples. Fallback hints come on top of the most, and are not counted.
    """
    if not any(teacher.paths.target or teacher.paths.give_up for teacher in teachers):
        return 0
    most = sum(max(teacher.paths.max or 0, teacher.paths.round) for teacher in teachers)
    is_fallback = any(teacher.hints.mode == "fallback" for teacher in teachers)
    return max(most - sum(sample.hint is Hint.NONE or not is_fallback for sample in samples), 0)


async def _sample_round(problem: Problem, teacher: AskedTeacher, this: Round) -> tuple[list[Sample], bool]:
    """Sample one round. Returns its samples, and whether no request failed."""
    requests = teacher.backend.list_requests(problem, this.hint, this.indexes)
    results = await teacher.complete(requests)
    samples = [
        make_sample(request, result, this.hint, this.number) for request, result in zip(requests, results, strict=True)
    ]
    follow_ups = {
        position: follow_up
        for position, (request, result) in enumerate(zip(requests, results, strict=True))
        if isinstance(result, Answer) and (follow_up := teacher.backend.make_follow_up(request, result)) is not None
    }
    second = await teacher.complete(list(follow_ups.values())) if follow_ups else ()
    for (position, follow_up), result in zip(follow_ups.items(), second, strict=True):
        samples[position] = add_second_call(samples[position], follow_up, result)
    blind = await _check_blindly(problem, teacher, samples) if this.hint is Hint.HINTED else []
    samples, votes = await grade_samples(problem, teacher.grader, samples)
    return samples, not any(isinstance(result, FailedRequest) for result in [*results, *second, *blind, *votes])


async def _check_blindly(
    problem: Problem, teacher: AskedTeacher, samples: list[Sample]
) -> Sequence[Answer | FailedRequest]:
    """Send the rationales of right hinted samples back without the hint, up to their answer. Returns what came."""
    if teacher.cut_rationales is None:
        return ()
    rationales = await teacher.cut_rationales(problem, samples)
    positions = [position for position, sample in enumerate(samples) if sample.sample_id in rationales]
    requests = [
        teacher.backend.make_blind_check(problem, rationales[samples[position].sample_id]) for position in positions
    ]
    wanted = {request.key: request for request in requests}  # samples with the same rationale share the answer
    found = dict(zip(wanted, await teacher.complete(list(wanted.values())) if wanted else (), strict=True))
    results = [found[request.key] for request in requests]
    for position, request, result in zip(positions, requests, results, strict=True):
        samples[position] = add_blind_check(samples[position], request, result)
    return results
