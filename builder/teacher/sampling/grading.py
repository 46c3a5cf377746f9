"""Ask a grader about samples: each vote is an answer of the ledger, so that nothing paid is ever asked twice."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from ....schemas.problem import Problem
from ....schemas.recipe import Recipe
from ....schemas.sample import Grade, GradeQuestion, Sample
from ....schemas.teacher import Grader
from ..backends.protocol import Backend, CompletionRequest, FailedRequest, OpenedBackend
from ..grading_prompts import GradingTask, name_prompt
from ..request import Answer
from .completing import Completer
from .queues import open_queue

FindQuestions = Callable[[Sequence[Problem], Sequence[Sample]], Mapping[str, Mapping[str, str]]]
"""Finds what a grader is still to be asked about samples: by problem and sample id."""

FindOwnQuestions = Callable[[Problem, Sequence[Sample]], Awaitable[Mapping[str, str]]]
"""Finds the questions about the samples of one problem; those of many may be found together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedGrader:
    """A grader, and how it is asked."""

    settings: Grader
    """Its prompts, and how many votes it gives."""
    backend: Backend
    """Makes the requests."""
    complete: Callable[[Sequence[CompletionRequest]], Awaitable[Sequence[Answer | FailedRequest]]]
    """Gets the answers: from the ledger, else from the model."""
    find_questions: FindOwnQuestions
    """Finds what it is asked."""


async def grade_samples(
    problem: Problem, grader: AskedGrader | None, samples: list[Sample]
) -> tuple[list[Sample], Sequence[Answer | FailedRequest]]:
    """Ask a grader about the samples of one problem, as long as there is something to ask.

    Returns:
        The samples with what it wrote, and what came of the requests.
    """
    results: list[Answer | FailedRequest] = []
    if grader is None:
        return samples, results
    for _ in GradeQuestion:
        questions = await grader.find_questions(problem, samples)
        if not questions:
            break
        samples, came = await _ask_questions(problem, grader, samples, questions)
        results += came
    return samples, results


async def _ask_questions(
    problem: Problem, grader: AskedGrader, samples: list[Sample], questions: Mapping[str, str]
) -> tuple[list[Sample], list[Answer | FailedRequest]]:
    """Ask one question about each of some samples; samples with the same text share the votes."""
    tasks = {
        sample.sample_id: GradingTask(
            question=GradeQuestion(questions[sample.sample_id]), text=sample.text or "", reasoning=sample.reasoning
        )
        for sample in samples
        if sample.sample_id in questions
    }
    votes = {name: grader.backend.list_votes(problem, task, grader.settings) for name, task in tasks.items()}
    wanted = {request.key: request for requests in votes.values() for request in requests}
    results = await grader.complete(list(wanted.values()))
    found = dict(zip(wanted, results, strict=True))
    graded = list(samples)
    for position, sample in enumerate(samples):
        task = tasks.get(sample.sample_id)
        if task is not None:
            requests = votes[sample.sample_id]
            grades = [_make_grade(task, grader.settings, request, found[request.key]) for request in requests]
            graded[position] = replace(sample, grades=(*sample.grades, *grades))
    return graded, list(results)


def _make_grade(
    task: GradingTask, settings: Grader, request: CompletionRequest, result: Answer | FailedRequest
) -> Grade:
    """Make one grade; a request that failed or was refused has no text, and so no vote."""
    answer = result if isinstance(result, Answer) and result.refusal is None else None
    return Grade(
        question=task.question,
        grader=request.request.model,
        simulated=answer is not None and answer.simulated,
        prompt=name_prompt(settings, task.question),
        request=request.request.digest,
        index=request.sample_index,
        finish_reason=None if answer is None else answer.finish_reason,
        text=None if answer is None else answer.text,
    )


async def enter_grader(
    stack: AsyncExitStack,
    recipe: Recipe,
    opened: Mapping[str, OpenedBackend],
    completers: Mapping[str, Completer],
    find_questions: FindQuestions | None,
) -> AskedGrader | None:
    """Enter what asks the grader of a recipe; None where nothing is asked."""
    if recipe.grader is None or recipe.grading_teacher is None or find_questions is None:
        return None
    key, _ = recipe.grading_teacher
    queue = await stack.enter_async_context(open_queue(find_questions))
    return AskedGrader(
        settings=recipe.grader,
        backend=opened[key].backend,
        complete=completers[key],
        find_questions=queue.find,
    )
