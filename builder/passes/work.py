"""One build at work: its recipe, its workers, and the folders where it keeps what it makes."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from ...schemas.recipe import Recipe, extract_identity
from ...schemas.runtime import Runtime
from .. import verify
from ..engine import keep_workers
from ..recipe import LoadedRecipe, Reviews, read_reviews
from ..recipe.tokenizer import TokenizerFile
from ..store.atomic import Access, make_folder, remove_leftovers, stop_if_unwritable
from .costs import CostTable
from .runs import Stages


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildWork:
    """A build at work."""

    loaded: LoadedRecipe
    """The recipe, with its place."""
    runtime: Runtime
    """How to build."""
    input_digests: Mapping[str, str]
    """Digests of files, commits of datasets, by recipe key."""
    stages: Stages
    """Where results are kept."""
    folder: Path
    """A folder for what is needed until the build ends."""
    tokenizer: TokenizerFile | None = None
    """What counts tokens; None leaves the counts of the server."""
    external: verify.ExternalCommand | None = None
    """The command that judges samples; None where there is none."""
    reviews: Reviews = field(default_factory=Reviews)
    """What people decided about rows."""
    token: str = field(default_factory=lambda: uuid4().hex)
    """A name that no other build has."""

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return self.loaded.recipe

    @property
    def costs(self) -> CostTable:
        """What each stage costs."""
        return self.stages.costs

    def describe_identity(self) -> dict[str, Any]:
        """The identity keys of the recipe, with defaults."""
        return extract_identity(self.recipe, defaults=True)

    def describe_tokenizer(self) -> dict[str, str] | None:
        """What the passes need to know of the tokenizer, as plain values."""
        return None if self.tokenizer is None else {"path": str(self.tokenizer.path), "sha256": self.tokenizer.sha256}

    def describe_external(self) -> dict[str, Any]:
        """What the passes need to know of the command that judges samples, as plain values."""
        return {"external": None if self.external is None else self.external.to_plain(), "build": self.token}

    def list_sources(self, role: str) -> list[str]:
        """List the names of the sources with a role."""
        return [source.name for source in self.recipe.sources if source.role == role]


@contextmanager
def open_work(
    loaded: LoadedRecipe,
    runtime: Runtime,
    input_digests: Mapping[str, str],
    tokenizer: TokenizerFile | None = None,
    external: verify.ExternalCommand | None = None,
) -> Iterator[BuildWork]:
    """Make the folders of a build; what only this build needs is removed at the end.

    Raises:
        InputError: a file of decisions can't be read.
        Stopped: the disk is full or can't be written.
    """
    stages = Stages(folder=runtime.store / "stages", runtime=runtime, costs=CostTable())
    above = runtime.store / "work"
    folder = above / f".build.{os.getpid()}"  # a name that later builds remove if this process is killed
    with stop_if_unwritable(folder):
        remove_leftovers(above)
        make_folder(stages.folder, Access.PRIVATE)
        make_folder(folder, Access.PRIVATE)
    try:
        with keep_workers():
            yield BuildWork(
                loaded=loaded,
                runtime=runtime,
                input_digests=input_digests,
                stages=stages,
                folder=folder,
                tokenizer=tokenizer,
                external=external,
                reviews=read_reviews(loaded),
            )
    finally:
        verify.close_command(external)
        shutil.rmtree(folder, ignore_errors=True)
