"""Datasets on the Hugging Face Hub, read at the commit that the revision names when a build starts.

`datasets` and `huggingface_hub` are imported inside functions because importing them takes a second.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ...schemas.source import HubSource
from ...schemas.teacher import HubAnswers
from ..errors import InputError, Stopped
from ..files import Row
from ..parquet import write_row_groups

PAGES = ("README.md", ".huggingface.yaml")
"""The files in which a dataset says what it consists of."""

_METADATA = re.compile(r"\s*---[ \t]*\r?\n(.*?)\r?\n---", re.DOTALL)
_HINT = "the path is USER/NAME on the Hub; a file is read with kind: file"

TIMEOUT_S = 30.0
"""Timeout of the request that resolves a revision, in seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HubDataset:
    """A dataset on the Hub that a recipe names."""

    label: str
    """How messages call it."""
    key: str
    """The recipe key that names it."""
    path: str
    """USER/NAME."""
    config: str | None
    """Its configuration."""
    split: str
    """Its split."""
    revision: str
    """Branch, tag or commit."""


def make_hub_dataset(named: HubSource | HubAnswers) -> HubDataset:
    """Make the dataset that a source, or a recording, names."""
    source = named.name if isinstance(named, HubSource) else None
    return HubDataset(
        label="teacher.answers" if source is None else f"source {source}",
        key="teacher.answers" if source is None else f"sources.{source}",
        path=named.path,
        config=named.config,
        split=named.split,
        revision=named.revision,
    )


def find_commit(dataset: HubDataset) -> str:
    """Resolve a dataset's revision to a commit. The Hub is asked always, for a revision that looks like a commit too.

    Raises:
        InputError: the dataset or revision does not exist, or access is denied.
        Stopped: the Hub can't be reached.
    """
    from huggingface_hub import HfApi  # noqa: PLC0415 - see above

    with _explain_errors(dataset):
        commit = HfApi().dataset_info(dataset.path, revision=dataset.revision, timeout=TIMEOUT_S).sha
    if commit is None:
        raise Stopped(f"{dataset.label}: the Hub returned no commit for {dataset.path}@{dataset.revision}")
    return commit


def read_hub(dataset: HubDataset, commit: str) -> list[Row]:
    """Read the rows of a dataset at a commit; see `open_hub`.

    Raises:
        InputError: the dataset, configuration or split does not exist or can't be read, or it wants other files.
        Stopped: the Hub can't be reached.
    """
    values = (row for batch in _iterate_tables(open_hub(dataset, commit)) for row in batch.to_pylist())
    return [Row(origin=f"{dataset.path}:{dataset.split}:{number}", values=row) for number, row in enumerate(values, 1)]


def download_rows(dataset: HubDataset, commit: str, path: Path) -> int:
    """Write the rows of a dataset at a commit to a Parquet file; see `open_hub`.

    Returns:
        How many rows there are.

    Raises:
        InputError: the dataset, configuration or split does not exist or can't be read, or it wants other files.
        Stopped: the Hub can't be reached.
        OSError: the disk is full or can't be written.
    """
    rows = open_hub(dataset, commit)
    write_row_groups(_iterate_tables(rows), path, rows.features.arrow_schema)
    return len(rows)


def _iterate_tables(rows: Any) -> Iterator[Any]:
    return iter(rows.with_format("arrow").iter(batch_size=1000))


def open_hub(dataset: HubDataset, commit: str) -> Any:
    """Open a dataset at a commit, without decoding images or audio.

    Only files of that commit are read: never a local folder of the same name, a script, a file elsewhere that the
    dataset's page names, or another commit that lies in the cache of `datasets`.

    Raises:
        InputError: the dataset, configuration or split does not exist or can't be read, or it wants other files.
        Stopped: the Hub can't be reached.
    """
    import datasets  # noqa: PLC0415 - see above

    if dataset.path in datasets.packaged_modules._PACKAGED_DATASETS_MODULES:  # noqa: SLF001 - it has no public name
        raise InputError(f"{dataset.label}: {dataset.path} is a file format, not a dataset", hint=_HINT)
    cache = Path(datasets.config.HF_DATASETS_CACHE) / "commits" / commit  # a failure falls back on any commit in it
    with _explain_errors(dataset):
        _check_page(dataset, commit)
        builder = datasets.load_dataset_builder(
            f"hf://datasets/{dataset.path}", dataset.config, revision=commit, cache_dir=str(cache)
        )
        _check_files(dataset, commit, builder.config.data_files or {})
        builder.download_and_prepare(verification_mode="no_checks")  # what the page says of sizes, an audit compares
        return builder.as_dataset(split=dataset.split)


def has_file(dataset: HubDataset, commit: str, path: str) -> bool:
    """Whether a dataset has a file at a commit.

    Raises:
        InputError: access is denied.
        Stopped: the Hub can't be reached.
    """
    from huggingface_hub import HfApi  # noqa: PLC0415 - see above

    with _explain_errors(dataset):
        return HfApi().file_exists(dataset.path, path, repo_type="dataset", revision=commit)


def download_page(dataset: HubDataset, commit: str) -> str | None:
    """Read the page (README.md) of a dataset at a commit; None without one.

    Raises:
        InputError: access is denied.
        Stopped: the Hub can't be reached.
    """
    from huggingface_hub import errors, hf_hub_download  # noqa: PLC0415 - see above

    with _explain_errors(dataset), suppress(errors.EntryNotFoundError):
        path = hf_hub_download(dataset.path, PAGES[0], repo_type="dataset", revision=commit)
        return Path(path).read_text(encoding="utf-8", errors="replace")
    return None


def _check_page(dataset: HubDataset, commit: str) -> None:
    """Check that a dataset's page names files of its own only, before anything opens them."""
    from huggingface_hub import errors, hf_hub_download  # noqa: PLC0415 - see above

    for page in PAGES:
        try:
            path = hf_hub_download(dataset.path, page, repo_type="dataset", revision=commit)
        except errors.EntryNotFoundError:
            continue
        text = Path(path).read_text(encoding="utf-8", errors="replace")
        if page.endswith(".md"):
            metadata = _METADATA.match(text)
            text = metadata[1] if metadata else ""
        _check_names(dataset, _list_names(_read_metadata(dataset, text, page)))


def _read_metadata(dataset: HubDataset, text: str, page: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{dataset.label}: {dataset.path}: {page} has no readable metadata: {error}") from error


def read_page(text: str) -> Mapping[str, Any]:
    """Read the metadata at the beginning of a dataset's page; empty where it has none.

    Raises:
        InputError: it is no YAML.
    """
    metadata = _METADATA.match(text)
    try:
        found = YAML(typ="safe", pure=True).load(metadata[1]) if metadata else None
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"the metadata can't be read: {' '.join(str(error).split())[:200]}") from error
    return found if isinstance(found, Mapping) else {}


def _list_names(value: Any, *, within: bool = False) -> Iterator[str]:
    """List the texts below the keys `data_files` and `data_dir`."""
    if isinstance(value, str) and within:
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _list_names(item, within=within or key in {"data_files", "data_dir"})
    elif isinstance(value, list):
        for item in value:
            yield from _list_names(item, within=within)


def _check_names(dataset: HubDataset, names: Iterable[str]) -> None:
    for name in names:
        parts = name.replace("\\", "/").split("/")
        if parts[0] in {"", "~"} or ".." in parts or ":" in name:
            raise _make_foreign(dataset, name)


def _check_files(dataset: HubDataset, commit: str, files: Mapping[str, Sequence[str]]) -> None:
    """Check that a dataset consists of its own files at the commit."""
    if not files:
        raise InputError(f"{dataset.label}: {dataset.path} has no data files", keys=(dataset.key,))
    own = f"hf://datasets/{dataset.path}@{commit}/"
    for name in (str(name) for names in files.values() for name in names):
        if not name.startswith(own) or ".." in name.split("/"):
            raise _make_foreign(dataset, name)


def _make_foreign(dataset: HubDataset, name: str) -> InputError:
    return InputError(
        f"{dataset.label}: {dataset.path} takes rows from {name}, which is not one of its files",
        hint="its page (README.md) lists data_files; read the file yourself with kind: file",
        keys=(dataset.key,),
    )


@contextmanager
def _explain_errors(dataset: HubDataset) -> Iterator[None]:
    """Convert exceptions of the Hub's libraries to `InputError` or `Stopped` with a hint."""
    from datasets.exceptions import DatasetBuildError  # noqa: PLC0415 - see above
    from httpx2 import HTTPError  # noqa: PLC0415 - see above
    from huggingface_hub import errors  # noqa: PLC0415 - see above

    name, keys = f"{dataset.label}: {dataset.path}", (dataset.key,)
    try:
        yield
    except errors.GatedRepoError as error:
        hint = f"request access at https://huggingface.co/datasets/{dataset.path}, and set HF_TOKEN"
        raise InputError(f"{name} is gated, and the token has no access to it", hint=hint, keys=keys) from error
    except errors.RevisionNotFoundError as error:
        raise InputError(
            f"{name} has no revision {dataset.revision}", hint=_list_revisions(dataset), keys=keys
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        hint = "the path is USER/NAME; a private dataset needs a token: run hf auth login, or set HF_TOKEN"
        raise InputError(f"{name}: the Hub has no such dataset, or it is private", hint=hint, keys=keys) from error
    except errors.LocalEntryNotFoundError as error:
        raise _make_unreachable(name, error) from error
    except (FileNotFoundError, ValueError, RuntimeError) as error:  # it lists the configs or splits, or names a script
        raise InputError(
            f"{name} at {dataset.revision}: {error}", hint=_describe_request(dataset), keys=keys
        ) from error
    except DatasetBuildError as error:
        if isinstance(error.__cause__, HTTPError | OSError):
            raise _make_unreachable(name, error.__cause__) from error
        cause = error.__cause__ or error
        raise InputError(f"{name} can't be read: {cause}", hint=_describe_request(dataset), keys=keys) from error
    except (HTTPError, OSError) as error:
        if getattr(getattr(error, "response", None), "status_code", None) == HTTPStatus.NOT_FOUND:
            raise InputError(f"{name}: the Hub has no such dataset", hint=_HINT, keys=keys) from error
        raise _make_unreachable(name, error) from error


def _make_unreachable(name: str, error: BaseException) -> Stopped:
    return Stopped(
        f"{name}: the Hub can't be reached: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
        hint="run the same command again when it is reachable, or read a downloaded file with kind: file",
    )


def _describe_request(dataset: HubDataset) -> str:
    return f"the recipe asks for config {dataset.config or '(none)'} and split {dataset.split}"


def _list_revisions(dataset: HubDataset) -> str | None:
    from httpx2 import HTTPError  # noqa: PLC0415 - see above
    from huggingface_hub import HfApi  # noqa: PLC0415 - see above

    with suppress(HTTPError, OSError):  # the hint is optional
        refs = HfApi().list_repo_refs(dataset.path, repo_type="dataset")
        return f"available revisions: {', '.join(ref.name for ref in [*refs.branches, *refs.tags][:20])}"
    return None
