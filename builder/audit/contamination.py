"""No problem that is kept overlaps the recipe's own evaluation sets, measured again as the recipe measures."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.reasons import Reason
from ...schemas.source import Decontaminate
from ..errors import InputError
from ..sources.overlap import COLUMNS, EvaluationSet, OpenSets, decontaminate, index_set
from ..store import Version
from .bucket import AuditBucket
from .finding import Fault
from .laws import describe_rows
from .outline import KEPT

_SETS = "evaluations.arrow"


def find_policy(recipe: Mapping[str, Any]) -> Decontaminate | None:
    """Find the section `decontaminate` of a version's recipe; None where it has none."""
    stated = recipe.get("decontaminate")
    return Decontaminate.model_validate(stated) if stated else None


def write_own_sets(version: Version, folder: Path) -> None:
    """Write the questions of the evaluation sets that a recipe decontaminates against, for `check_overlap`.

    Where the version has none, or its problems can't be read, nothing is written.
    """
    policy = find_policy(version.manifest.recipe)
    if policy is None:
        return
    is_evaluated = pl.col("source").is_in(list(policy.against))
    try:
        rows = pl.concat(part.filter(is_evaluated) for part in version.iterate_table("problems", COLUMNS))
    except InputError:
        return  # which table is damaged, another check says
    rows.write_ipc(folder / _SETS)


@lru_cache(maxsize=1)
def _open_own_sets(folder: Path, policy: str) -> list[EvaluationSet]:
    """Index the sets, once for each process."""
    measures, rows = Decontaminate.model_validate_json(policy), pl.read_ipc(folder / _SETS)
    return [index_set(name, rows.filter(pl.col("source") == name), measures) for name in measures.against]


def check_overlap(bucket: AuditBucket) -> Iterator[Fault]:
    """No kept question or reference rationale overlaps an evaluation set of the recipe."""
    recipe = bucket.manifest.recipe
    policy = find_policy(recipe)
    if policy is None or bucket.folder is None or not (bucket.folder / _SETS).is_file():
        return
    roles = {source["name"]: source.get("role", "sample") for source in recipe["sources"]}
    sets = _open_own_sets(bucket.folder, policy.model_dump_json())
    kept = bucket.tables["problems"].filter(KEPT)
    found = decontaminate(kept, OpenSets(sets), roles).rows.filter(pl.col("reason") == Reason.EVALUATION_OVERLAP)
    yield from describe_rows(found, "are kept, and overlap an evaluation set of the recipe", "problems", "problem_id")
