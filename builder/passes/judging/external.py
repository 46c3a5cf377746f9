"""What a command of the user's says of samples: asked once for each content, and remembered line by line.

Each process that asks appends to a file of its own, so that a killed build has lost nothing. A line that is torn or was
changed is not believed.
"""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ....schemas.frames import get_schema
from ....schemas.ids import digest
from ....schemas.problem import AnswerType
from ....schemas.sample import ExternalFinding, ExternalVerdict, Sample
from ...engine import mark_row
from ...store.atomic import Access, make_folder, stop_if_unwritable
from ...verify.external import ExternalCommand, ask_command, make_key, make_request
from ...verify.verdict import CUT_OFF


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandRules:
    """A command that judges samples, and where its verdicts are remembered."""

    command: ExternalCommand
    """The command."""
    stages: Path
    """The folder of all results."""
    build: str
    """The build: what failed is not asked again in the same one."""

    @property
    def folder(self) -> Path:
        """The folder of its verdicts."""
        decided_by = {"name": self.command.name, "identity": self.command.identity}
        return self.stages / "external" / "memo" / digest(decided_by)[:16]


def ask_rows(rows: pl.DataFrame, rules: CommandRules | None, most: int) -> pl.DataFrame:
    """Ask a command about samples whose answers it judges; what it said before is recalled.

    Args:
        rows: columns sample_id, problem fields and sample fields as `verify.select_sampled` has them.
        rules: the command; None asks nothing.
        most: characters of the longest sample that is asked about.

    Returns:
        The rows with what was found in the column `external`.
    """
    if rules is None:
        return rows
    length = pl.sum_horizontal(pl.col("text", "reasoning").str.len_chars())
    is_asked = (
        (pl.col("answer_type") == AnswerType.EXTERNAL)
        & (pl.col("text").fill_null("").str.strip_chars() != "")
        & pl.col("finish_reason").ne_missing(pl.lit(CUT_OFF))
        & (length <= most)
    )
    found = dict(_find_verdicts(rows.filter(is_asked), rules))
    if not found:
        return rows
    kind = get_schema(Sample)["external"]
    findings = pl.DataFrame(
        [(name, asdict(finding)) for name, finding in found.items()],
        schema={"sample_id": pl.String, "external": kind},
        orient="row",
    )
    return rows.drop("external").join(findings, on="sample_id", how="left", maintain_order="left").select(rows.columns)


def _find_verdicts(rows: pl.DataFrame, rules: CommandRules) -> Iterator[tuple[str, ExternalFinding]]:
    if not rows.height:
        return
    known = _read_verdicts(rules)
    for row in rows.iter_rows(named=True):
        request = make_request(row)
        key = make_key(request)
        if key not in known:
            mark_row(row["sample_id"])
            known[key] = ask_command(rules.command, request)
            _append_verdict(rules, key, known[key])
        yield row["sample_id"], known[key]


def _read_verdicts(rules: CommandRules) -> dict[str, ExternalFinding]:
    """Read the verdicts of a command. Failures count only in the build that had them."""
    found: dict[str, ExternalFinding] = {}
    for path in sorted(rules.folder.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            entry = _parse_line(line)
            if entry is not None and entry["build"] in {"", rules.build}:
                found[entry["key"]] = _make_finding(entry["finding"])
    return found


def _parse_line(line: bytes) -> dict[str, Any] | None:
    try:
        entry: dict[str, Any] = json.loads(line)
        return entry if entry.pop("digest") == digest(entry) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _make_finding(values: Mapping[str, Any]) -> ExternalFinding:
    return ExternalFinding(**{**values, "verdict": ExternalVerdict(values["verdict"])})


def _append_verdict(rules: CommandRules, key: str, finding: ExternalFinding) -> None:
    has_failed = finding.verdict is ExternalVerdict.CHECK_FAILED
    entry = {"key": key, "build": rules.build if has_failed else "", "finding": asdict(finding)}
    line = json.dumps({**entry, "digest": digest(entry)}).encode() + b"\n"
    path = rules.folder / f"{socket.gethostname()}-{os.getpid()}.jsonl"
    with stop_if_unwritable(path):
        make_folder(rules.folder, Access.PRIVATE)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)
