"""What a student recipe evaluates on beside the version: read once, and kept in the store for all students."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from ....schemas.evaluation import Evaluation
from ....schemas.frames import get_schema
from ....schemas.ids import digest
from ....schemas.problem import Problem
from ....schemas.runtime import Runtime
from ...errors import Stopped
from ...recipe import list_stanzas, list_tasks
from ...sources import EvaluationRows, read_evaluation_rows
from ...store.checked import digest_table, read_checked, write_checked
from ...verify import IS_READABLE
from .exemplars import read_exemplars

_SET = "evaluation_set"
"""The column with the name of the set."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedSet:
    """An evaluation set of the student recipe, as it was read."""

    unreadable: int
    """Number of rows without a readable question or gold answer."""
    repeated: int
    """Number of rows that hold a problem again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedEvaluation:
    """What an evaluation names beside the version."""

    path: str | None = None
    """The file with the problems of all sets; null where there are none."""
    key: str = ""
    """Digest of these problems, which the file is sealed for."""
    sets: Mapping[str, PreparedSet] = field(default_factory=dict)
    """The sets by name."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Digests of their content and of the fixed demonstrations, by key of the student recipe: part of its identity."""


def prepare_evaluation(evaluation: Evaluation, runtime: Runtime) -> PreparedEvaluation:
    """Read the sets and the fixed demonstrations that an evaluation names.

    Args:
        evaluation: the evaluation; its paths are written in full.
        runtime: the store, which keeps the problems, and how the work is shared out.

    Raises:
        InputError: a set or a file of demonstrations can't be read.
        Stopped: a server can't be reached, or the disk is full.
    """
    demos = read_exemplars(evaluation)
    digests = {f"evaluation.demos.{name}": digest([asdict(demo) for demo in shown]) for name, shown in demos.items()}
    found: dict[str, EvaluationRows] = {
        stanza.name: read_evaluation_rows(stanza.name, list_tasks(stanza), IS_READABLE, runtime)
        for stanza in list_stanzas(evaluation)
    }
    digests |= {f"evaluation.sources.{name}": _digest_problems(rows.problems) for name, rows in found.items()}
    if not found:
        return PreparedEvaluation(digests=digests)
    frame = pl.concat([rows.problems.with_columns(pl.lit(name).alias(_SET)) for name, rows in found.items()])
    key = digest_table(frame.to_arrow())
    path = runtime.store / "students" / "sets" / f"{key[:40]}.arrow"
    if read_checked(path, key) is None:
        write_checked(frame, path, key)
    return PreparedEvaluation(
        path=str(path),
        key=key,
        sets={
            name: PreparedSet(unreadable=rows.unreadable, repeated=rows.repeated) for name, rows in found.items()
        },
        digests=digests,
    )  # fmt: skip


def _digest_problems(problems: pl.DataFrame) -> str:
    """Digest the problems of a set, whatever the file and the line they stand in."""
    return digest_table(problems.drop("origin", "source").to_arrow())


def load_prepared(path: str | None, key: str) -> dict[str, pl.DataFrame]:
    """Load the problems of the prepared sets, by name.

    Raises:
        Stopped: the file has gone, or is damaged.
    """
    if path is None:
        return {}
    frame = read_checked(Path(path), key)
    if frame is None:
        raise Stopped(f"the evaluation sets in {path} have disappeared", hint="run the same command once more")
    columns = list(get_schema(Problem))
    return {str(name): rows.select(columns) for (name,), rows in frame.group_by(_SET, maintain_order=True)}
