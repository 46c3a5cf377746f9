"""An evaluation set as a person names it on the command line: a file or a dataset on the Hub, and its question."""

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ...schemas.runtime import Runtime
from ...schemas.source import Fields, FileSource
from ..errors import InputError
from ..files import make_missing_file_error, read_rows
from ..recipe.evaluation_sets import find_ready_sets

if TYPE_CHECKING:
    from ..audit.evaluation_sets import NamedSet
    from ..sources.hub import HubDataset

_HUB = re.compile(r"hf://datasets/(?P<path>[^/@?:]+/[^/@?:]+)(?:@(?P<revision>[^?]+))?(?:\?(?P<options>.+))?\Z")
_HUB_HINT = "such as hf://datasets/USER/NAME@REVISION?config=main&split=test&column=question"
_OPTIONS = ("config", "split", "column")


def read_evaluation_set(named: str) -> "NamedSet":
    """Read an evaluation set.

    Args:
        named: `FILE`, or `FILE:COLUMN`, or `FILE:COLUMN,COLUMN` for a question in several columns; or
            `hf://datasets/USER/NAME`, with `@REVISION` and with `?config=…&split=…&column=…` where they are needed (the
            split is `test` by default); or the name of a ready set. Without a column, question and options are found as
            `init` finds them.

    Raises:
        InputError: there is no such file, dataset or column, no column looks like a question, or no row has one.
        Stopped: the Hub can't be reached.
    """
    if named.startswith("hf://"):
        return _read_hub_set(named)
    if named in find_ready_sets() and not Path(named).exists():
        return _read_ready_set(named)
    path, columns = _parse_name(named)
    return _read_table(path.name, path, columns, hint="--against FILE:COLUMN")


def parse_hub_name(named: str, *, label: str, split: str) -> "tuple[HubDataset, tuple[str, ...]]":
    """Parse the name of a dataset on the Hub: `hf://datasets/USER/NAME`, `@REVISION`, `?config=…&split=…&column=…`.

    Args:
        named: the name.
        label: the option or command that it is given to, for messages.
        split: the split where none is named.

    Returns:
        The dataset, and the columns that are named.

    Raises:
        InputError: it is no such name.
    """
    from ..sources.hub import HubDataset

    found = _HUB.match(named)
    options = dict(parse_qsl(found["options"] or "")) if found else {}
    unknown = sorted(options.keys() - set(_OPTIONS))
    if found is None or unknown:
        fault = f"{unknown[0]} is no option of a dataset" if unknown else "this is no dataset on the Hub"
        raise InputError(f"{label} {named}: {fault}", hint=f"name it {_HUB_HINT}")
    dataset = HubDataset(
        label=f"{label} {named}",
        key=label,
        path=found["path"],
        config=options.get("config"),
        split=options.get("split", split),
        revision=found["revision"] or "main",
    )
    return dataset, tuple(filter(None, options.get("column", "").split(",")))


def _read_hub_set(named: str) -> "NamedSet":
    from ..sources.hub import download_rows, find_commit

    dataset, columns = parse_hub_name(named, label="--against", split="test")
    with TemporaryDirectory(prefix="cotloom-") as folder:
        path = Path(folder) / f"{dataset.path.replace('/', '-')}-{dataset.split}.parquet"
        download_rows(dataset, find_commit(dataset), path)
        return _read_table(f"{dataset.path}:{dataset.split}", path, columns, hint=_HUB_HINT)


def _read_ready_set(name: str) -> "NamedSet":
    """Read the questions of an evaluation set that comes with Cotloom."""
    from ..audit.evaluation_sets import NamedSet
    from ..recipe.evaluation_sets import list_tasks, load_ready_set
    from ..sources.evaluation import read_evaluation_rows
    from ..sources.overlap import COLUMNS
    from ..verify import IS_READABLE

    rows = read_evaluation_rows(name, list_tasks(load_ready_set(name)), IS_READABLE, Runtime())
    return NamedSet(name=name, rows=rows.problems.select(COLUMNS))


def _read_table(name: str, path: Path, columns: tuple[str, ...], *, hint: str) -> "NamedSet":
    """Read the questions of a file."""
    from ...schemas.frames import to_frame
    from ...schemas.problem import Problem
    from ..audit.evaluation_sets import NamedSet
    from ..sources.columns import TableReading, read_problems
    from ..sources.overlap import COLUMNS

    fields = Fields(question=columns) if columns else _infer_fields(path, hint)
    source = FileSource(name="against", kind="file", path=path.name, fields=fields)
    problems = list(read_problems(source, read_rows(path), TableReading(), needs_gold=False))
    asked = [problem for problem in problems if problem.question is not None]
    if not asked:
        detail = next((problem.detail for problem in problems if problem.detail), "it has no rows")
        raise InputError(f"{name}: no row has a question: {detail}", hint=f"name its column: {hint}")
    return NamedSet(name=name, rows=to_frame(asked, Problem).select(COLUMNS))


def _parse_name(named: str) -> tuple[Path, tuple[str, ...]]:
    """Part the name of a file from those of its columns."""
    path, _, columns = named.rpartition(":")
    if not path or Path(named).is_file():
        path, columns = named, ""
    if not Path(path).is_file():
        raise make_missing_file_error(Path(path))
    return Path(path), tuple(filter(None, columns.split(",")))


def _infer_fields(path: Path, hint: str) -> Fields:
    """Find the columns of question and options."""
    from ..infer import infer_columns

    try:
        inferred = infer_columns(path)
    except InputError as error:
        raise InputError(error.message, hint=f"name the column of the question: {hint}") from error
    return Fields(question=inferred.question, choices=inferred.choices)


def audit_named_sets(ref: str, store: Path, named: Sequence[str], runtime: Runtime) -> tuple[bool, dict[str, Any], str]:
    """Hold a version against evaluation sets.

    Args:
        ref: the version in the store.
        store: the store.
        named: the sets; see `read_evaluation_set`.
        runtime: the workers.

    Returns:
        Whether nothing overlaps, the result as plain values, and as text.

    Raises:
        InputError: a set can't be read, or the version is not there or damaged.
        Stopped: the Hub can't be reached.
    """
    from ..audit.against import CHECK, audit_against
    from ..store import find_version

    version = find_version(store, ref)
    report = audit_against(version, [read_evaluation_set(name) for name in named], runtime=runtime)
    described = {
        "version": version.ref,
        "passed": not report.findings,
        "against": list(report.sets),
        "findings": [{"check": CHECK, "message": message} for message in report.findings],
        "overlaps": report.overlaps.to_dicts(),
        "near_misses": report.near_misses.to_dicts(),
    }
    against = ", ".join(f"{each['set']} ({each['problems']:,} questions)" for each in report.sets)
    verdict = f"{len(report.findings):,} findings" if report.findings else "no findings"
    lines = [f"finding      {CHECK}: {message}" for message in report.findings]
    lines += [f"near miss    {message}" for message in report.describe_near_misses()]
    return not report.findings, described, "\n".join([*lines, f"{version.ref}: {verdict} against {against}."])
