"""`cotloom audit`: a version checked as a stranger would, or anybody's dataset checked up."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from ..terminal import print_json, print_text
from . import options as opt

if TYPE_CHECKING:
    from ...schemas.runtime import Runtime

FieldsOption = Annotated[
    list[str] | None,
    Option(
        "--fields",
        metavar="KEY=COLUMN,...",
        help="Of a dataset: which column is the question, answer, choices, response, reasoning, label or finish, and"
        " the type and pattern of answers; may be repeated. What is left out is inferred.",
    ),
]
Judged = Annotated[
    float | None,
    Option(
        "--judge",
        metavar="SHARE",
        min=0.0,
        max=1.0,
        help="Of a dataset: the share of the responses to judge, 1 for all; by default as many as take a minute or so.",
    ),
]
AgainstSets = Annotated[
    list[str] | None,
    Option(
        "--against",
        metavar="SET",
        help="Hold it against an evaluation set (a version: against nothing else): FILE[:COLUMN] (JSONL, JSON, CSV,"
        " Parquet), hf://datasets/USER/NAME[@REVISION][?config=C&split=S&column=Q], or a ready set such as math500; may"
        " be repeated.",
    ),
]


def audit(
    ref: opt.Audited,
    against: AgainstSets = None,
    fields: FieldsOption = None,
    judged: Judged = None,
    workers: opt.Workers = None,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> int:
    """Check a version independently (digests, schemas, laws, secrets), or check up anybody's dataset.

    A dataset is a file, a folder or a dataset on the Hub that is no version: its rows, golds, traces, labels and card
    are checked. Exit 1 where a check finds something; of a dataset, an error.

    With --against, hold the questions of either against evaluation sets; of a version its rationales and examples, too.
    """
    from ...schemas.runtime import Runtime
    from .dataset_audit import is_dataset
    from .run import show_progress_on_stderr

    runtime = Runtime(workers=workers or os.cpu_count() or 1)
    with show_progress_on_stderr():
        if is_dataset(ref, store, fields or ()):
            passed = _audit_dataset(ref, against or [], fields or [], judged, runtime, as_json=as_json)
        elif against:
            passed = _audit_against(ref, store, against, runtime, as_json=as_json)
        else:
            passed = _audit_version(ref, store, runtime, as_json=as_json)
    return 0 if passed else 1


def _audit_dataset(
    ref: str, against: list[str], fields: list[str], judged: float | None, runtime: "Runtime", *, as_json: bool
) -> bool:
    from ..report.console import make_console
    from .dataset_audit import check_up, describe_report
    from .dataset_report import render_dataset_report

    report = check_up(ref, against, fields, judged, runtime)
    if as_json:
        print_json(describe_report(report))
    else:
        make_console().print(render_dataset_report(report))
    return report.is_clean


def _audit_against(ref: str, store: Path, against: list[str], runtime: "Runtime", *, as_json: bool) -> bool:
    from .evaluation_sets import audit_named_sets

    passed, described, rendered = audit_named_sets(ref, store, against, runtime)
    print_json(described) if as_json else print_text(rendered)
    return passed


def _audit_version(ref: str, store: Path, runtime: "Runtime", *, as_json: bool) -> bool:
    from .output import describe_audit, render_audit

    if ref.startswith("hf://"):
        from ..publish.audit_published import audit_published

        published = audit_published(ref, runtime)
        name, report = published.ref, published.report
    else:
        from ..audit import run_checks
        from ..store import locate_ref, open_version

        version = open_version(locate_ref(store, ref))
        name, report = version.ref, run_checks(version, runtime=runtime)
    print_json(describe_audit(name, report)) if as_json else print_text(render_audit(name, report))
    return not report.findings
