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
from ..work import BuildWork


class PathCounter:
    """Counts correct and distinct paths of problems whose round is complete; each sample is judged once."""

    def __init__(self, work: BuildWork) -> None:
        """Count by the rules of a build."""
        self._work = work
        self._judged: dict[str, list[str]] = {}
        self._calls = 0
        recipe = work.recipe
        self._settings = {
            "verify": recipe.verify.model_dump(mode="json"),
            "select": recipe.select.model_dump(mode="json"),
            "tokenizer": work.describe_tokenizer(),
        }

    def list_judged(self) -> tuple[Path, ...]:
        """List the pieces of all judgements."""
        pieces = {piece for pieces in self._judged.values() for piece in pieces}
        return tuple(Path(piece) for piece in sorted(pieces) if Path(piece).exists())

    def __call__(self, problems: Sequence[Problem], samples: Sequence[Sample]) -> Mapping[str, PathCounts]:
        """Count the paths of some problems among all their samples so far."""
        parts = min(self._work.runtime.workers, len(problems))
        items = [self._write_item(problems[part::parts], samples) for part in range(parts)]
        counted = self._work.stages.run("count_paths", items, self._settings, "counting paths")
        for item in items:
            Path(item["problems"]).unlink()
            Path(item["answers"]).unlink()
        counts = {problem: numbers for part in counted for problem, numbers in part.items()}
        return {problem.problem_id: _make_counts(counts.get(problem.problem_id)) for problem in problems}

    def _write_item(self, problems: Sequence[Problem], samples: Sequence[Sample]) -> dict[str, Any]:
        """Write some problems and their samples as pieces."""
        self._calls += 1
        name = self._work.folder / f"round-{self._calls:06}"
        own = {problem.problem_id for problem in problems}
        answers = [replace(sample, token_logprobs=None) for sample in samples if sample.problem_id in own]
        target = f"{name}-judged.arrow"
        judged = sorted({piece for problem in own for piece in self._judged.get(problem, ()) if Path(piece).exists()})
        for problem in own:
            self._judged.setdefault(problem, []).append(target)
        write_piece(add_cell(to_frame(problems, Problem)), Path(f"{name}-problems.arrow"))
        write_samples(answers, Path(f"{name}-answers.arrow"))
        return {
            "problems": f"{name}-problems.arrow",
            "answers": f"{name}-answers.arrow",
            "judged": judged,
            "target": target,
            "rows": len(answers),
        }


def _make_counts(numbers: Sequence[int] | None) -> PathCounts:
    correct, distinct, once = numbers or (0, 0, 0)
    return PathCounts(correct=correct, distinct=distinct, once=once)
