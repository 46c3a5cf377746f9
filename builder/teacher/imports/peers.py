"""The tools whose answers can be imported: their files, how a row is read, and how its columns are named."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import curator, distilabel, nemo_skills
from .records import ForeignResponse, LeftOut, RowContext

ReadRow = Callable[[Mapping[str, Any], RowContext], Iterator[ForeignResponse | LeftOut]]
"""Reads the responses of a row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """A tool whose answers can be imported."""

    title: str
    """Its name."""
    patterns: tuple[str, ...]
    """The names of its files."""
    read_row: ReadRow
    """How a row is read."""
    has_sampling: bool
    """Whether its rows have the sampling parameters."""
    is_sibling: Callable[[Mapping[str, Any], Mapping[str, Any]], bool] | None = None
    """Whether two neighbouring rows may be from one response; None where a row is a whole response."""
    recorded: str
    """The keys `problem` and `completions` of a recorded teacher that reads its rows, as YAML."""


PEERS: Mapping[str, Peer] = {
    "curator": Peer(
        title="Bespoke curator",
        patterns=curator.PATTERNS,
        read_row=curator.read_row,
        has_sampling=True,
        recorded="problem: generic_request.original_row.COLUMN, completions: [{column: response_message,"
        " teacher_column: generic_request.model}]",
    ),
    "distilabel": Peer(
        title="distilabel",
        patterns=distilabel.PATTERNS,
        read_row=distilabel.read_row,
        is_sibling=distilabel.is_sibling,
        has_sampling=False,
        recorded="problem: instruction, completions: [{column: generation, teacher_column: model_name}]",
    ),
    "nemo-skills": Peer(
        title="NeMo-Skills",
        patterns=nemo_skills.PATTERNS,
        read_row=nemo_skills.read_row,
        has_sampling=False,
        recorded="problem: problem, completions: [{column: generation, teacher: NAME}]",
    ),
}
"""From `--from` to the tool."""


def advise_recorded(peer: Peer, path: str = "FILE") -> str:
    """Advise how a recipe takes the answers in a file as what they are: answers to another prompt."""
    return f"teacher: {{backend: recorded, answers: {{path: {path}, {peer.recorded}}}}}"
