"""`cotloom review`: people read rows of a version, and what they decide is a file that the next build reads."""

import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..terminal import print_json, print_text
from . import options as opt

if TYPE_CHECKING:
    from ...schemas.review import Decision
    from ..review.queue import QueuedSample
    from ..store import Version


def review(
    ref: opt.Ref,
    files: opt.ReviewFiles = None,
    random: opt.ReviewRandom = None,
    width: opt.ReviewWidth = None,
    limit: opt.ReviewLimit = 50,
    rows: opt.ReviewRows = None,
    by: opt.ReviewBy = None,
    seed: opt.ReviewSeed = 0,
    listed: opt.ReviewList = False,
    report: opt.ReviewReport = False,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> None:
    """Read rows of a version and decide about them: the doubtful first, or some at random for an error rate.

    Each decision is a line of a file; name that in `reviews:` of the recipe, and the next build follows it.
    """
    from ..store import find_version

    version = find_version(store, ref)
    paths = [Path(file) for file in files or [f"{version.manifest.name}.reviews.jsonl"]]
    if report:
        _print_report(paths, as_json)
        return
    queue = _make_queue(version, random, width, limit, rows or (), seed)
    if listed or as_json:
        _print_queue(version, queue, as_json)
        return
    if len(paths) > 1:
        raise InputError("one --file takes the decisions", hint="several belong to --report")
    decisions = _read_queue(version, queue, paths[0], by or os.environ.get("COTLOOM_REVIEWER") or getpass.getuser())
    print_text(_describe_decisions(decisions))
    print_text(f"Next: reviews: [{paths[0]}] in the recipe, with a new version; then cotloom build")


def _make_queue(
    version: "Version", random: int | None, width: float | None, limit: int, rows: Sequence[str], seed: int
) -> "list[QueuedSample]":
    from ..review.queue import draw_random, find_chosen, list_doubtful
    from ..review.rates import count_needed

    if (random is not None) + (width is not None) + bool(rows) > 1:
        raise InputError("--random, --width and --row exclude one another", hint="give one of them")
    if rows:
        return find_chosen(version, rows)
    if random is not None or width is not None:
        return draw_random(version, count_needed(width) if width is not None else random or 0, seed)
    return list_doubtful(version, limit)


def _read_queue(version: "Version", queue: "Sequence[QueuedSample]", path: Path, by: str) -> "list[Decision]":
    from ..recipe import read_decisions
    from ..report.console import make_console
    from ..review.reading import open_review, read_rows
    from ..review.screen import LineReader, TerminalReader, take_single_keys

    review = open_review(version, path, by)
    show = make_console().print
    if sys.stdin.isatty():
        with take_single_keys():
            read_rows(review, queue, TerminalReader(show, _edit_text))
    else:
        read_rows(review, queue, LineReader(show, iter(sys.stdin)))
    return read_decisions(path) if path.exists() else []


def _edit_text(text: str) -> str | None:
    import click

    return click.edit(text, extension=".md")


def _describe_decisions(decisions: "Sequence[Decision]") -> str:
    """Describe what was decided so far, and what error rate that comes to."""
    from collections import Counter

    from ..report.reviews import describe_agreement, describe_errors
    from ..review.summary import measure_agreement, measure_errors

    last = {(each.row, each.by): each for each in decisions}.values()
    counts = Counter(str(each.action) for each in last)
    lines = [", ".join(f"{count} {action}" for action, count in sorted(counts.items())) or "no decision"]
    lines += [f"{each.version}: {describe_errors(each)}" for each in measure_errors(decisions)]
    lines += [describe_agreement(each) for each in measure_agreement(decisions)]
    return "\n".join(lines)


def _print_report(paths: Sequence[Path], as_json: bool) -> None:
    from ..recipe import Reviews, read_decisions
    from ..review.summary import summarize_reviews

    decisions = [decision for path in paths for decision in read_decisions(path)]
    if not as_json:
        print_text(_describe_decisions(decisions))
        return
    summary = summarize_reviews(Reviews(decisions=tuple(decisions)), {})
    print_json({} if summary is None else summary.model_dump(mode="json", exclude={"applied", "unmatched"}))


def _print_queue(version: "Version", queue: "Sequence[QueuedSample]", as_json: bool) -> None:
    from ..report.console import make_console
    from ..report.tables import make_table

    if as_json:
        print_json({"version": version.ref, "rows": [_describe_row(row) for row in queue]})
        return
    table = make_table(
        ("doubt", "sample", "gold", "read", "why"),
        (
            (
                "-" if row.doubt is None else f"{row.doubt:.1f}",
                row.sample["sample_id"],
                str(row.problem["answer"]),
                str(row.sample["predicted"]),
                "; ".join(row.why),
            )
            for row in queue
        ),
        right="r",
    )
    make_console().print(table)


def _describe_row(row: "QueuedSample") -> dict[str, Any]:
    from ...schemas.review import digest_text

    keys = ("sample_id", "problem_id", "teacher", "text", "reasoning", "verdict", "predicted", "fate", "reason")
    return {
        **{key: row.sample[key] for key in keys},
        "question": row.problem["question"],
        "answer": row.problem["answer"],
        "read": digest_text(row.sample["text"], row.sample["reasoning"]),
        "draw": str(row.draw),
        "doubt": row.doubt,
        "why": list(row.why),
    }
