"""What a grader says of recorded answers: asked for before they are judged, and kept in the ledger."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from ....schemas.frames import from_frame
from ....schemas.problem import Problem
from ....schemas.sample import Sample
from ... import teacher
from ...store import locate_ledger
from ...store.pieces import count_bits, read_bucket
from ..answers import BuildAnswers
from ..problems import LoadedProblems
from ..work import BuildWork
from .counter import QuestionFinder

_BATCH = 1_024
"""Problems that are read together."""


def grade_answers(work: BuildWork, problems: LoadedProblems, answers: BuildAnswers) -> BuildAnswers:
    """Ask the recipe's grader about recorded answers. Sampled ones it was asked about while they were sampled.

    Raises:
        InputError: the grader can't be opened.
        Stopped: its server can't be reached.
    """
    if work.recipe.grader is None or not answers.recorded:
        return answers
    asked = teacher.AskedProblems(problems.pieces, tuple(work.list_sources("sample")))
    with (
        work.costs.measure("answers"),
        teacher.open_ledger(locate_ledger(work.runtime.store)) as ledger,
    ):
        batches = _read_batches(work, problems, answers)
        graded = teacher.grade_recorded(
            work.loaded, asked, batches, ledger, QuestionFinder(work), work.runtime, work.folder
        )
    return replace(
        answers,
        key=None,
        grades=graded.pieces,
        graded=graded.calls,
        calls=answers.calls + replace(graded.calls, by_teacher=()),
        inputs=(*answers.inputs, *graded.inputs),
    )


def _read_batches(
    work: BuildWork, problems: LoadedProblems, answers: BuildAnswers
) -> Iterator[list[tuple[Problem, list[Sample]]]]:
    """Read the problems with their samples, bucket by bucket."""
    bits = count_bits(max(problems.rows, answers.rows))
    settings = {
        "sampled": work.list_sources("sample"),
        "forgotten": list(answers.forgotten),
        "verify": work.recipe.verify.model_dump(mode="json"),
    }
    pieces = {"problems": [str(path) for path in problems.pieces], "answers": [str(path) for path in answers.pieces]}
    for bucket in range(1 << bits):
        item = {"bucket": bucket, "bits": bits, "target": str(work.folder / f"graded-{bucket:05}"), **pieces}
        (named,) = work.stages.run("match_samples", [item], settings, "")
        if named["problems"] is not None:
            yield from _read_pieces(Path(named["problems"]), Path(named["answers"]))


def _read_pieces(problems: Path, answers: Path) -> Iterator[list[tuple[Problem, list[Sample]]]]:
    asked = read_bucket([problems]).drop("cell").sort("problem_id")
    samples = read_bucket([answers]).drop("cell").sort("problem_id", "sample_id")
    problems.unlink()
    answers.unlink()
    for part in asked.iter_slices(_BATCH):
        own = samples.join(part.select("problem_id"), on="problem_id", how="semi", maintain_order="left")
        grouped = {
            name: list(group) for name, group in groupby(from_frame(own, Sample), key=lambda each: each.problem_id)
        }
        yield [(problem, grouped[problem.problem_id]) for problem in from_frame(part, Problem)]
