"""The tokenizer of a recipe: a file of this machine, or one of the Hub, which is downloaded once.

`huggingface_hub` is imported inside functions because importing it takes a while.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, Stopped
from ..files import digest_file, make_missing_file_error
from .loading import LoadedRecipe

FILE = "tokenizer.json"
"""The file of a tokenizer in a folder, and in a model on the Hub."""

KEY = "tokenizer"
"""The recipe key, and the name among the inputs of a version."""

TIMEOUT_S = 30.0
"""Timeout of a request to the Hub, in seconds."""

_ON_HUB = re.compile(r"(?P<repo>\w[\w.-]*(?:/\w[\w.-]*)?)(?:@(?P<revision>[\w./-]+))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenizerFile:
    """A tokenizer on this machine."""

    path: Path
    """The file."""
    name: str
    """How a version names it: the file with its folder, or with its name on the Hub."""
    sha256: str
    """Digest of its bytes."""
    bytes: int
    """Its size."""


def find_tokenizer(loaded: LoadedRecipe) -> TokenizerFile | None:
    """Find the tokenizer of a recipe; None where it names none.

    Raises:
        InputError: there is no such file, or the Hub has no such tokenizer.
        Stopped: the Hub can't be reached.
    """
    named = loaded.recipe.tokenizer
    if named is None:
        return None
    path, name = locate_tokenizer(loaded), named
    if path is None:
        path = _download(named)
    else:
        name = path.parent.name
    sha256, size = digest_file(path)
    return TokenizerFile(path=path, name=f"{name}/{path.name}", sha256=sha256, bytes=size)


def locate_tokenizer(loaded: LoadedRecipe) -> Path | None:
    """Locate the file of a recipe's tokenizer; None where it names none, or one on the Hub. Nothing is downloaded.

    Raises:
        InputError: there is neither such a file nor such a folder, and the Hub has no such names.
    """
    named = loaded.recipe.tokenizer
    if named is None:
        return None
    path = loaded.resolve(named)
    if path.is_dir() and not (path / FILE).is_file():
        raise InputError(
            f"{KEY}: {path} has no {FILE}",
            hint="save one there with save_pretrained of a fast tokenizer of transformers",
            keys=(KEY,),
        )
    if path.exists():
        return path / FILE if path.is_dir() else path
    if _ON_HUB.fullmatch(named) is None or path.suffix == ".json":
        error = make_missing_file_error(path)
        raise InputError(f"{KEY}: {error.message}", hint=error.hint, keys=(KEY,))
    return None


def _download(name: str) -> Path:
    """Download the tokenizer of a model on the Hub, or find it in the cache."""
    from httpx2 import HTTPError  # noqa: PLC0415 - see above
    from huggingface_hub import errors, hf_hub_download  # noqa: PLC0415 - see above

    match = _ON_HUB.fullmatch(name)
    repo, revision = (match["repo"], match["revision"]) if match else (name, None)
    try:
        return Path(hf_hub_download(repo, FILE, revision=revision, etag_timeout=TIMEOUT_S))
    except errors.LocalEntryNotFoundError as error:
        raise _make_unreachable(name, error) from error
    except errors.GatedRepoError as error:
        raise InputError(
            f"{KEY}: {name} is gated, and the token has no access to it",
            hint=f"request access at https://huggingface.co/{repo}, and set HF_TOKEN",
            keys=(KEY,),
        ) from error
    except errors.EntryNotFoundError as error:
        raise InputError(
            f"{KEY}: {name} has no {FILE}",
            hint="save a fast tokenizer to a folder with save_pretrained of transformers, and name the folder",
            keys=(KEY,),
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.HFValidationError) as error:
        raise InputError(
            f"{KEY}: {name} is no folder here, and no model of the Hub that can be read",
            hint="name a folder with tokenizer.json, USER/NAME or USER/NAME@REVISION; a private model needs HF_TOKEN",
            keys=(KEY,),
        ) from error
    except (HTTPError, OSError) as error:
        raise _make_unreachable(name, error) from error


def _make_unreachable(name: str, error: BaseException) -> Stopped:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return Stopped(
        f"{KEY}: {name} is no folder here, and the Hub can't be reached: {first}",
        hint="run the same command again when it is reachable, or name a folder with tokenizer.json",
    )
