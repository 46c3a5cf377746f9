"""Check up anybody's dataset: what the command line names, its columns, and the report as plain values."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ...schemas.problem import AnswerType
from ...schemas.runtime import Runtime
from ..errors import InputError
from ..files import make_missing_file_error
from .evaluation_sets import parse_hub_name, read_evaluation_set

if TYPE_CHECKING:
    from ..audit.dataset import DatasetFile, DatasetReport
    from ..infer.dataset import DatasetChoice

MANIFEST = "manifest.json"
"""What a folder with a version has."""

_KEYS = ("question", "answer", "choices", "response", "reasoning", "label", "finish", "type", "pattern")
_SEVERAL = ("question", "response")
_PAIR = re.compile(rf",\s*(?=(?:{'|'.join(_KEYS)})=)")
_FLAG = re.compile(r"--(question|answer) ('[^']*'|[^\s;,]+)")
_HUB = "hf://"


def is_dataset(ref: str, store: Path, fields: Sequence[str] = ()) -> bool:
    """Whether what a person names is a dataset, and no version: a table, a folder without a manifest, or on the Hub.

    On the Hub, what Cotloom published has a manifest; anything else is a dataset.

    Args:
        ref: what is named.
        store: where versions are looked up by name.
        fields: what `--fields` says: a version has no columns to name.

    Raises:
        InputError: there is no such file.
        Stopped: the Hub can't be reached.
    """
    if ref.startswith(_HUB):
        return bool(fields) or "?" in ref or _is_plain_on_hub(ref)
    path = Path(ref)
    if path.is_file():
        return True
    if path.is_dir():
        is_named = "/" not in ref and (store / "versions" / ref.partition("@")[0]).is_dir()
        has_parts = (path / MANIFEST).is_file() or any(path.glob("mixture*.parquet"))
        return not is_named and not has_parts  # a version whose manifest is missing is a damaged version
    if _is_table_name(path):
        raise make_missing_file_error(path)
    return False


def _is_table_name(path: Path) -> bool:
    from ..audit.dataset.files import PACKED, TABLES

    return Path(path.name.removesuffix(PACKED)).suffix.lower() in TABLES


def _is_plain_on_hub(ref: str) -> bool:
    """Whether a dataset on the Hub is there, and is no published version."""
    from ..publish.files.read import MANIFEST as PUBLISHED
    from ..sources.hub import find_commit, has_file

    try:
        dataset, _ = parse_hub_name(ref, label="audit", split="train")
        return not has_file(dataset, find_commit(dataset), PUBLISHED)
    except InputError:
        return False  # what is wrong with it, the audit of a version says


def check_up(
    ref: str, against: Sequence[str], fields: Sequence[str], judged: float | None, runtime: Runtime
) -> "DatasetReport":
    """Check up a dataset.

    Args:
        ref: a file, a folder, or `hf://datasets/USER/NAME`, with `@REVISION` and `?config=…&split=…`.
        against: evaluation sets; see `read_evaluation_set`.
        fields: columns, `KEY=COLUMN,…`.
        judged: the share of responses that are judged; None for as many as take a minute or so.
        runtime: the workers.

    Raises:
        InputError: a file can't be read, its columns can't be inferred, or a named one is not there.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    from ..audit.dataset import DatasetOptions, audit_dataset, read_card
    from ..infer.dataset import infer_dataset

    choice = parse_fields(fields)
    with TemporaryDirectory(prefix="cotloom-") as folder:
        name, files, page, config = _open_dataset(ref, Path(folder))
        try:
            columns = infer_dataset(max(files, key=lambda file: file.path.stat().st_size).path, choice)
        except InputError as error:
            hint = _FLAG.sub(r"--fields \1=\2", error.hint or "").replace("; or start from cotloom init instead", "")
            raise InputError(error.message, hint=hint or None, keys=error.keys) from error
        options = DatasetOptions(
            columns=columns,
            card=None if page is None else read_card(page, config),
            sets=[read_evaluation_set(each) for each in against],
            share=judged,
        )
        return audit_dataset(name, files, options, runtime=runtime)


def _open_dataset(ref: str, folder: Path) -> "tuple[str, list[DatasetFile], str | None, str | None]":
    """Open a dataset: its name, its files, its page, and the configuration that was asked for."""
    from ..audit.dataset import DatasetFile, find_page, list_dataset_files

    if not ref.startswith(_HUB):
        pages = [page.read_text(encoding="utf-8", errors="replace") for page in find_page(Path(ref))]
        is_folder = Path(ref).is_dir()  # the card of a folder does not speak of one of its files
        return ref, list_dataset_files(Path(ref), folder), pages[0] if pages and is_folder else None, None
    from ..sources.hub import download_page, download_rows, find_commit

    dataset, _ = parse_hub_name(ref, label="audit", split="train")
    commit = find_commit(dataset)
    path = folder / f"{dataset.path.replace('/', '-')}-{dataset.split}.parquet"
    download_rows(dataset, commit, path)
    file = DatasetFile(name=f"{dataset.path}:{dataset.split}", path=path, split=dataset.split)
    return f"{_HUB}datasets/{dataset.path}@{commit[:12]}", [file], download_page(dataset, commit), dataset.config


def parse_fields(fields: Sequence[str]) -> "DatasetChoice":
    """Parse the columns that are named: `question=Body,question=Question,answer=Answer,type=number`.

    Raises:
        InputError: a key is unknown, is given twice, or has no column.
    """
    from ..infer.dataset import DatasetChoice

    found: dict[str, list[str]] = {}
    for key, value in _list_pairs(fields):
        if key not in _KEYS or not value:
            known = ", ".join(_KEYS)
            raise InputError(
                f"--fields: {key}={value} names no column", hint=f"KEY=COLUMN, where KEY is one of {known}"
            )
        found.setdefault(key, []).append(value)
    twice = next((key for key, values in found.items() if len(values) > 1 and key not in _SEVERAL), None)
    if twice is not None:
        raise InputError(f"--fields: {twice} is given twice", hint=f"several columns: {' and '.join(_SEVERAL)} only")
    one = {key: values[0] for key, values in found.items() if key not in _SEVERAL}
    return DatasetChoice(
        question=tuple(found.get("question", ())),
        responses=tuple(found.get("response", ())),
        answer=one.get("answer"),
        choices=one.get("choices"),
        reasoning=one.get("reasoning"),
        label=one.get("label"),
        finish=one.get("finish"),
        answer_type=_parse_type(one["type"]) if "type" in one else None,
        answer_pattern=one.get("pattern"),
        names=frozenset(found),
    )


def _list_pairs(fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    for item in fields:
        for pair in _PAIR.split(item):
            key, _, value = pair.partition("=")
            yield key.strip(), value.strip()


def _parse_type(name: str) -> AnswerType:
    known = [kind.value for kind in AnswerType]
    if name not in known:
        raise InputError(f"--fields: there is no answer type {name}", hint=f"there are: {', '.join(known)}")
    return AnswerType(name)


def describe_report(report: "DatasetReport") -> dict[str, Any]:
    """Describe the report of a dataset as plain values."""
    findings = [
        {
            "check": each.check,
            "severity": each.severity.value,
            "message": each.message,
            "count": each.count,
            "total": each.total,
            "unit": each.unit,
            "share": each.share,
            "rows": [asdict(place) for place in each.places],
            "next": each.next_step,
        }
        for each in report.findings
    ]
    return {
        "dataset": report.name,
        "passed": report.is_clean,
        "counts": dict(report.counts),
        "fields": report.columns.describe(),
        "findings": findings,
        "checks": {"passed": list(report.passed), "skipped": list(report.skipped)},
        "notes": list(report.notes),
    }
