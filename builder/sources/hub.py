"""Rows of datasets on the Hugging Face Hub, read at the commit that a branch or tag led to when the build began.

`datasets` and `huggingface_hub` are imported when a recipe asks for them only: they take a second.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.files import Row
from cotloom.schemas.recipe import HubSource

_COMMIT = re.compile(r"[0-9a-f]{40}")

TIMEOUT_S = 30.0
"""How long the Hub may take to say where a branch leads."""


def commit_of(source: HubSource) -> str:
    """Find the commit that a source's revision leads to. A commit is taken at its word, without asking.

    Raises:
        InputError: there is no such dataset or revision, or it is not for everyone.
        Stopped: the Hub can't be reached.
    """
    if _COMMIT.fullmatch(source.revision):
        return source.revision
    from huggingface_hub import HfApi  # noqa: PLC0415 - see above

    with _explained(source):
        commit = HfApi().dataset_info(source.path, revision=source.revision, timeout=TIMEOUT_S).sha
    if commit is None:
        raise Stopped(f"source {source.name}: the Hub names no commit of {source.path}@{source.revision}")
    return commit


def read_hub(source: HubSource, commit: str) -> list[Row]:
    """Read the rows of a dataset at a commit; images and sounds stay the bytes they are.

    Raises:
        InputError: there is no such dataset, configuration or split, or it can't be read.
        Stopped: the Hub can't be reached.
    """
    import datasets  # noqa: PLC0415 - see above

    with _explained(source):
        table = datasets.load_dataset(source.path, source.config, split=source.split, revision=commit)
    batches = table.with_format("arrow").iter(batch_size=1000)
    values = (row for batch in batches for row in batch.to_pylist())
    return [Row(origin=f"{source.path}:{source.split}:{number}", values=row) for number, row in enumerate(values, 1)]


@contextmanager
def _explained(source: HubSource) -> Iterator[None]:
    """Turn what the Hub's libraries raise into what the user can do about it."""
    from datasets.exceptions import DatasetBuildError  # noqa: PLC0415 - see above
    from httpx2 import HTTPError  # noqa: PLC0415 - see above
    from huggingface_hub import errors  # noqa: PLC0415 - see above

    name, keys = f"source {source.name}: {source.path}", (f"sources.{source.name}",)
    try:
        yield
    except errors.GatedRepoError as error:
        hint = f"ask for access at https://huggingface.co/datasets/{source.path}, and set HF_TOKEN"
        raise InputError(f"{name} is gated, and this token may not read it", hint=hint, keys=keys) from error
    except errors.RevisionNotFoundError as error:
        raise InputError(f"{name} has no revision {source.revision}", hint=_revisions(source), keys=keys) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        hint = "the path is USER/NAME; a private dataset needs a token: hf auth login, or HF_TOKEN"
        raise InputError(f"{name}: the Hub has no such dataset, or not for everyone", hint=hint, keys=keys) from error
    except errors.LocalEntryNotFoundError as error:
        raise _unreachable(name, error) from error
    except (FileNotFoundError, ValueError) as error:  # a ValueError lists the configs or splits there are
        raise InputError(f"{name} at {source.revision}: {error}", hint=_wanted(source), keys=keys) from error
    except DatasetBuildError as error:
        if isinstance(error.__cause__, HTTPError | OSError):
            raise _unreachable(name, error.__cause__) from error
        why = error.__cause__ or error
        raise InputError(f"{name} can't be read: {why}", hint=_wanted(source), keys=keys) from error
    except (HTTPError, OSError) as error:
        raise _unreachable(name, error) from error


def _unreachable(name: str, error: BaseException) -> Stopped:
    return Stopped(
        f"{name}: the Hub can't be reached: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
        hint="run the same command again when it can be, or read a downloaded file with kind: file",
    )


def _wanted(source: HubSource) -> str:
    return f"the recipe asks for config {source.config or '(none)'} and split {source.split}"


def _revisions(source: HubSource) -> str | None:
    from httpx2 import HTTPError  # noqa: PLC0415 - see above
    from huggingface_hub import HfApi  # noqa: PLC0415 - see above

    with suppress(HTTPError, OSError):  # only a help to the message
        refs = HfApi().list_repo_refs(source.path, repo_type="dataset")
        return f"there is: {', '.join(ref.name for ref in [*refs.branches, *refs.tags][:20])}"
    return None
