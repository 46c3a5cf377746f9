"""No row that is trained on says the same as another."""

from collections.abc import Iterator

import polars as pl

from ..format.templates import AS_IS
from .bucket import AuditBucket
from .finding import Fault
from .laws import describe_rows
from .outline import KEPT


def check_duplicates(bucket: AuditBucket) -> Iterator[Fault]:
    """No kept example has the messages and the reasoning of another one of its format.

    Copies that the mixture takes on purpose are one text, and so are no duplicates. A recipe with `select.exact: keep`
    wants repeats; finished responses are written as often as their source has them. Questions of several problems
    differ, so that equal rows always lie in one bucket.
    """
    if (bucket.manifest.recipe.get("select") or {}).get("exact") == "keep":
        return
    written = bucket.files["examples"].filter(KEPT & (pl.col("format") != AS_IS))
    texts = written.select("example_id", "format", content=pl.struct("messages", "reasoning").hash(seed=0))
    repeats = texts.filter(~pl.struct("format", "content").is_first_distinct())
    yield from describe_rows(repeats, "say the same as another one of their format")
