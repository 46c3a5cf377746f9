"""The functions of `import cotloom`: what a notebook needs to build a version, look into it and judge texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ..schemas.manifest import Manifest
from ..schemas.problem import AnswerType, Problem, make_problem_id
from ..schemas.runtime import Runtime
from .inspect import explain as explain_row
from .inspect import query as query_version
from .pipeline import build as build_version
from .plan import Plan, plan_build
from .recipe import LoadedRecipe, load_recipe
from .store import Version, build_funnel_table, find_version, list_versions, locate_ledger
from .store.versions import StrPath
from .verify import Judgement
from .verify import judge as judge_problem

STORE = ".cotloom"
"""The default store: a folder in the working folder."""


@dataclass(frozen=True, slots=True)
class LoadedVersion:
    """A version, opened for reading. Its tables are polars frames."""

    version: Version
    """The version in its store."""

    @property
    def ref(self) -> str:
        """`name@version`."""
        return self.version.ref

    @property
    def manifest(self) -> Manifest:
        """Recipe, digests, counts, funnel and licences."""
        return self.version.manifest

    @property
    def problems(self) -> pl.DataFrame:
        """All problems, dropped ones too (columns: `schemas.problem.Problem`)."""
        return self.version.read_table("problems")

    @property
    def samples(self) -> pl.DataFrame:
        """All samples with verdict, fate and reason, dropped ones too (columns: `schemas.sample.Sample`)."""
        return self.version.read_table("samples")

    @property
    def examples(self) -> pl.DataFrame:
        """All training examples, dropped ones too (columns: `schemas.example.Example`)."""
        return self.version.read_table("examples")

    @property
    def funnel(self) -> pl.DataFrame:
        """Rows in, kept and dropped by stage and reason (columns: stage, unit, rows_in, kept, dropped, reason)."""
        return build_funnel_table(list(self.manifest.funnel))

    def sql(self, query: str) -> pl.DataFrame:
        """Run a DuckDB query over the views `problems`, `samples`, `examples` and `funnel`.

        Raises:
            InputError: DuckDB refuses the query.
        """
        return query_version(self.version, query)

    def explain(self, row_id: str) -> dict[str, Any]:
        """Return the story of a problem, sample or example as plain values; the beginning of its id is enough.

        Raises:
            InputError: no row has the id, or several begin with it.
        """
        return explain_row(self.version, row_id, locate_ledger(self.version.path.parents[2]))

    def to_datasets(self) -> Any:
        """Return the kept examples as a `datasets.DatasetDict`: a split for each training stage, and `test`.

        Raises:
            InputError: the version has no examples.
        """
        from .export import make_dataset_dict  # noqa: PLC0415 - `datasets` takes a second to import

        return make_dataset_dict(self.version)

    def __repr__(self) -> str:
        """Name and the counts that matter."""
        units = ("problems", "samples", "examples")
        counts = [f"{unit}={self.manifest.counts.get(f'{unit}_kept', 'unknown')}" for unit in units]
        return f"LoadedVersion({self.ref!r}, {', '.join(counts)})"


def load(ref: str, store: StrPath = STORE) -> LoadedVersion:
    """Open a version.

    Args:
        ref: `NAME` (its newest version), `NAME@VERSION`, or the path of a version's folder.
        store: the store's folder.

    Raises:
        InputError: there is no such version.
    """
    return LoadedVersion(find_version(Path(store), ref))


def versions(store: StrPath = STORE) -> list[str]:
    """List the versions of a store as `name@version`, by name and then from the oldest to the newest."""
    return [version.ref for version in list_versions(Path(store))]


def build(
    recipe: StrPath, store: StrPath = STORE, *, changes: Sequence[str] = (), workers: int = 1, **runtime: Any
) -> LoadedVersion:
    """Build the version that a recipe describes, or open it where it exists already.

    Args:
        recipe: a recipe file, or the name of a packaged recipe.
        store: the store's folder.
        changes: changed recipe keys, each as `key=value`: `limit=50`, `teacher.model=gpt-4.1-mini`.
        workers: processes for verification and selection.
        runtime: other fields of `schemas.runtime.Runtime`, such as `concurrency` or `timeout_s`.

    Raises:
        InputError: the recipe or its data are wrong; VersionConflict where the version exists with other content.
        Stopped: requests failed or the disk is full; the same call resumes.
    """
    options = Runtime(store=Path(store), workers=workers, **runtime)
    return LoadedVersion(build_version(_load_recipe(recipe, changes), options).version)


def plan(recipe: StrPath, store: StrPath = STORE, *, changes: Sequence[str] = ()) -> Plan:
    """Say what a build would do: problems, new calls, answers in the ledger. No request is sent.

    Args:
        recipe: a recipe file, or the name of a packaged recipe.
        store: the store's folder.
        changes: changed recipe keys, each as `key=value`.

    Raises:
        InputError: the recipe or its data are wrong.
    """
    return plan_build(_load_recipe(recipe, changes), Runtime(store=Path(store)))


def judge(problem: Problem | Mapping[str, Any], text: str | None, **options: Any) -> Judgement:
    """Judge a text as an answer to a problem: verdict, final answer, and every written equation.

    Args:
        problem: a `Problem`, or a mapping with `question` and `answer`, and where needed `answer_type` (`number`,
            `choice`, `boolean`, `text`) and `choices`. A row of the table `problems` is one.
        text: the answer; None where none came.
        options: keyword arguments of `builder.verify.judge`: `finish_reason`, `hint`, `pattern`, `policy`.
    """
    return judge_problem(problem if isinstance(problem, Problem) else _read_problem(problem), text, **options)


def _load_recipe(recipe: StrPath, changes: Sequence[str]) -> LoadedRecipe:
    return load_recipe(str(recipe), list(changes))


def _read_problem(row: Mapping[str, Any]) -> Problem:
    question, choices = str(row["question"]), tuple(row.get("choices") or ())
    return Problem(
        problem_id=make_problem_id(question, choices),
        source="python",
        origin="judge",
        question=question,
        answer=str(row["answer"]),
        answer_type=AnswerType(row.get("answer_type") or AnswerType.NUMBER),
        choices=choices,
    )
