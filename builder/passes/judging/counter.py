"""Count the paths of problems whose round of sampling is complete."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ....schemas.frames import to_frame
from ....schemas.problem import Problem
from ....schemas.sample import Sample
from ...store.pieces import add_cell, write_piece
from ...teacher import PathCounts, write_samples
from ..problems import LoadedProblems
from ..work import BuildWork


class PathCounter:
    """Counts correct and distinct paths of problems whose round is complete; each sample is judged once."""

    def __init__(self, work: BuildWork, problems: LoadedProblems) -> None:
        """Count by the rules of a build."""
        self._work = work
        self._judged: dict[str, list[str]] = {}
        self._calls = 0
        recipe = work.recipe
        self._settings = {
            "verify": recipe.verify.model_dump(mode="json"),
            "select": recipe.select.model_dump(mode="json"),
            "tokenizer": work.describe_tokenizer(),
            **work.describe_external(),
            "evaluations": problems.describe_evaluations(recipe.decontaminate),
        }

    def list_judged(self) -> tuple[Path, ...]:
        """List the pieces of all judgements."""
        pieces = {piece for pieces in self._judged.values() for piece in pieces}
        return tuple(Path(piece) for piece in sorted(pieces) if Path(piece).exists())

    def __call__(self, problems: Sequence[Problem], samples: Sequence[Sample]) -> Mapping[str, PathCounts]:
        """Count the paths of some problems among all their samples so far."""
        parts = min(self._work.runtime.workers, len(problems))
        items = [self._write_item(problems[part::parts], samples) for part in range(parts)]
        counted = self._work.stages.run("count_paths", items, self._settings, "")
        remove_pieces(items)
        counts = {problem: numbers for part in counted for problem, numbers in part.items()}
        return {problem.problem_id: _make_counts(counts.get(problem.problem_id)) for problem in problems}

    def _write_item(self, problems: Sequence[Problem], samples: Sequence[Sample]) -> dict[str, Any]:
        """Write some problems and their samples as pieces."""
        self._calls += 1
        name = self._work.folder / f"round-{self._calls:06}"
        own = {problem.problem_id for problem in problems}
        target = f"{name}-judged.arrow"
        judged = sorted({piece for problem in own for piece in self._judged.get(problem, ()) if Path(piece).exists()})
        for problem in own:
            self._judged.setdefault(problem, []).append(target)
        return {**write_pieces(name, problems, samples), "judged": judged, "target": target}


def _make_counts(numbers: Sequence[int] | None) -> PathCounts:
    correct, distinct, once = numbers or (0, 0, 0)
    return PathCounts(correct=correct, distinct=distinct, once=once)


class RationaleCutter:
    """Cuts the rationales of samples with a right answer before that answer, for a blind check."""

    def __init__(self, work: BuildWork) -> None:
        """Cut by the rules of a build."""
        self._work = work
        self._calls = 0
        self._settings = {"verify": work.recipe.verify.model_dump(mode="json")}

    def __call__(self, problems: Sequence[Problem], samples: Sequence[Sample]) -> Mapping[str, Mapping[str, str]]:
        """Cut the rationales of some problems: by problem and sample id."""
        parts = min(self._work.runtime.workers, len(problems))
        items = [self._write_item(problems[part::parts], samples) for part in range(parts)]
        found = self._work.stages.run("cut_rationales", items, self._settings, "")
        remove_pieces(items)
        cut = {problem: rationales for part in found for problem, rationales in part.items()}
        return {problem.problem_id: cut.get(problem.problem_id, {}) for problem in problems}

    def _write_item(self, problems: Sequence[Problem], samples: Sequence[Sample]) -> dict[str, Any]:
        self._calls += 1
        return write_pieces(self._work.folder / f"blind-{self._calls:06}", problems, samples)


class QuestionFinder:
    """Finds what a grader is still to be asked about samples."""

    def __init__(self, work: BuildWork) -> None:
        """Find by the rules of a build."""
        self._work = work
        self._calls = 0
        self._settings = {"verify": work.recipe.verify.model_dump(mode="json"), **work.describe_external()}

    def __call__(self, problems: Sequence[Problem], samples: Sequence[Sample]) -> Mapping[str, Mapping[str, str]]:
        """Find the questions about the samples of some problems: by problem and sample id."""
        parts = min(self._work.runtime.workers, len(problems))
        items = [self._write_item(problems[part::parts], samples) for part in range(parts)]
        found = self._work.stages.run("find_questions", items, self._settings, "")
        remove_pieces(items)
        asked = {problem: questions for part in found for problem, questions in part.items()}
        return {problem.problem_id: asked.get(problem.problem_id, {}) for problem in problems}

    def _write_item(self, problems: Sequence[Problem], samples: Sequence[Sample]) -> dict[str, Any]:
        self._calls += 1
        return write_pieces(self._work.folder / f"questions-{self._calls:06}", problems, samples)


def write_pieces(name: Path, problems: Sequence[Problem], samples: Sequence[Sample]) -> dict[str, Any]:
    """Write some problems and their samples as pieces, for a pass: problems, answers, and how many rows these have."""
    own = {problem.problem_id for problem in problems}
    answers = [replace(sample, token_logprobs=None) for sample in samples if sample.problem_id in own]
    problem_piece, answer_piece = f"{name}-problems.arrow", f"{name}-answers.arrow"
    write_piece(add_cell(to_frame(problems, Problem)), Path(problem_piece))
    write_samples(answers, Path(answer_piece))
    return {"problems": problem_piece, "answers": answer_piece, "rows": len(answers)}


def remove_pieces(items: Sequence[Mapping[str, Any]]) -> None:
    """Remove the pieces that a pass has read."""
    for item in items:
        Path(item["problems"]).unlink()
        Path(item["answers"]).unlink()
