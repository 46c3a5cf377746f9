"""An evaluation set as a person names it on the command line: a file, and the column that holds its questions."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...schemas.source import Decontaminate, Fields, FileSource
from ..errors import InputError
from ..files import make_missing_file_error, read_rows

if TYPE_CHECKING:
    from ..sources.overlap import EvaluationSet


def read_evaluation_set(named: str, policy: Decontaminate | None = None) -> "EvaluationSet":
    """Read an evaluation set.

    Args:
        named: `FILE`, or `FILE:COLUMN`, or `FILE:COLUMN,COLUMN` for a question in several columns. Without a column the
            question and its options are found as `init` finds them.
        policy: the measures; by default those of a recipe that says nothing about them.

    Raises:
        InputError: there is no such file or column, no column looks like a question, or no row has one.
    """
    from ...schemas.frames import to_frame
    from ...schemas.problem import Problem
    from ..sources.columns import TableReading, read_problems
    from ..sources.overlap import COLUMNS, index_set

    path, columns = _parse_name(named)
    fields = Fields(question=columns) if columns else _infer_fields(path)
    source = FileSource(name="against", kind="file", path=path.name, fields=fields)
    problems = list(read_problems(source, read_rows(path), TableReading(), needs_gold=False))
    asked = [problem for problem in problems if problem.question is not None]
    if not asked:
        detail = next((problem.detail for problem in problems if problem.detail), "it has no rows")
        raise InputError(f"{path}: no row has a question: {detail}", hint="name its column: --against FILE:COLUMN")
    frame = to_frame(asked, Problem).select(COLUMNS)
    return index_set(path.name, frame, policy or Decontaminate(against=(path.name,)))


def _parse_name(named: str) -> tuple[Path, tuple[str, ...]]:
    """Part the name of a file from those of its columns."""
    path, _, columns = named.rpartition(":")
    if not path or Path(named).is_file():
        path, columns = named, ""
    if not Path(path).is_file():
        raise make_missing_file_error(Path(path))
    return Path(path), tuple(filter(None, columns.split(",")))


def _infer_fields(path: Path) -> Fields:
    """Find the columns of question and options."""
    from ..infer import infer_columns

    try:
        inferred = infer_columns(path)
    except InputError as error:
        raise InputError(error.message, hint="name the column of the question: --against FILE:COLUMN") from error
    return Fields(question=inferred.question, choices=inferred.choices)


def audit_named_sets(ref: str, store: Path, named: Sequence[str]) -> tuple[bool, dict[str, Any], str]:
    """Hold a version against evaluation sets.

    Args:
        ref: the version in the store.
        store: the store.
        named: the sets; see `read_evaluation_set`.

    Returns:
        Whether nothing overlaps, the result as plain values, and as text.

    Raises:
        InputError: a set can't be read, or the version is not there or damaged.
    """
    from ..audit.against import CHECK, audit_against
    from ..store import find_version

    version = find_version(store, ref)
    sets = [read_evaluation_set(name) for name in named]
    report = audit_against(version, sets)
    described = {
        "version": version.ref,
        "passed": not report.findings,
        "against": [{"set": each.name, "problems": each.rows, "digest": each.digest} for each in sets],
        "findings": [{"check": CHECK, "message": message} for message in report.findings],
        "overlaps": report.overlaps.to_dicts(),
    }
    against = ", ".join(f"{each.name} ({each.rows:,} questions)" for each in sets)
    verdict = f"{len(report.findings):,} findings" if report.findings else "no findings"
    lines = [f"finding      {CHECK}: {message}" for message in report.findings]
    return not report.findings, described, "\n".join([*lines, f"{version.ref}: {verdict} against {against}."])
