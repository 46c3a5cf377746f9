"""The source `hub`: datasets on the Hugging Face Hub, read at the commit that the revision names when a build starts.

`datasets` and `huggingface_hub` are imported inside functions because importing them takes a second.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ...schemas.source import HubSource
from ..errors import InputError, Stopped
from ..files import Row

_COMMIT = re.compile(r"[0-9a-f]{40}")

TIMEOUT_S = 30.0
"""Timeout of the request that resolves a revision, in seconds."""


def find_commit(source: HubSource) -> str:
    """Resolve a source's revision to a commit. A revision that is a commit is returned without a request.

    Raises:
        InputError: the dataset or revision does not exist, or access is denied.
        Stopped: the Hub can't be reached.
    """
    if _COMMIT.fullmatch(source.revision):
        return source.revision
    from huggingface_hub import HfApi  # noqa: PLC0415 - see above

    with _explain_errors(source):
        commit = HfApi().dataset_info(source.path, revision=source.revision, timeout=TIMEOUT_S).sha
    if commit is None:
        raise Stopped(f"source {source.name}: the Hub returned no commit for {source.path}@{source.revision}")
    return commit


def read_hub(source: HubSource, commit: str) -> list[Row]:
    """Read the rows of a dataset at a commit, without decoding images or audio.

    Raises:
        InputError: the dataset, configuration or split does not exist or can't be read.
        Stopped: the Hub can't be reached.
    """
    import datasets  # noqa: PLC0415 - see above

    with _explain_errors(source):
        table = datasets.load_dataset(source.path, source.config, split=source.split, revision=commit)
    batches = table.with_format("arrow").iter(batch_size=1000)
    values = (row for batch in batches for row in batch.to_pylist())
    return [Row(origin=f"{source.path}:{source.split}:{number}", values=row) for number, row in enumerate(values, 1)]


@contextmanager
def _explain_errors(source: HubSource) -> Iterator[None]:
    """Convert exceptions of the Hub's libraries to `InputError` or `Stopped` with a hint."""
    from datasets.exceptions import DatasetBuildError  # noqa: PLC0415 - see above
    from httpx2 import HTTPError  # noqa: PLC0415 - see above
    from huggingface_hub import errors  # noqa: PLC0415 - see above

    name, keys = f"source {source.name}: {source.path}", (f"sources.{source.name}",)
    try:
        yield
    except errors.GatedRepoError as error:
        hint = f"request access at https://huggingface.co/datasets/{source.path}, and set HF_TOKEN"
        raise InputError(f"{name} is gated, and the token has no access to it", hint=hint, keys=keys) from error
    except errors.RevisionNotFoundError as error:
        raise InputError(
            f"{name} has no revision {source.revision}", hint=_list_revisions(source), keys=keys
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        hint = "the path is USER/NAME; a private dataset needs a token: run hf auth login, or set HF_TOKEN"
        raise InputError(f"{name}: the Hub has no such dataset, or it is private", hint=hint, keys=keys) from error
    except errors.LocalEntryNotFoundError as error:
        raise _make_unreachable(name, error) from error
    except (FileNotFoundError, ValueError) as error:  # the ValueError lists the available configs or splits
        raise InputError(f"{name} at {source.revision}: {error}", hint=_describe_request(source), keys=keys) from error
    except DatasetBuildError as error:
        if isinstance(error.__cause__, HTTPError | OSError):
            raise _make_unreachable(name, error.__cause__) from error
        cause = error.__cause__ or error
        raise InputError(f"{name} can't be read: {cause}", hint=_describe_request(source), keys=keys) from error
    except (HTTPError, OSError) as error:
        raise _make_unreachable(name, error) from error


def _make_unreachable(name: str, error: BaseException) -> Stopped:
    return Stopped(
        f"{name}: the Hub can't be reached: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
        hint="run the same command again when it is reachable, or read a downloaded file with kind: file",
    )


def _describe_request(source: HubSource) -> str:
    return f"the recipe asks for config {source.config or '(none)'} and split {source.split}"


def _list_revisions(source: HubSource) -> str | None:
    from httpx2 import HTTPError  # noqa: PLC0415 - see above
    from huggingface_hub import HfApi  # noqa: PLC0415 - see above

    with suppress(HTTPError, OSError):  # the hint is optional
        refs = HfApi().list_repo_refs(source.path, repo_type="dataset")
        return f"available revisions: {', '.join(ref.name for ref in [*refs.branches, *refs.tags][:20])}"
    return None
