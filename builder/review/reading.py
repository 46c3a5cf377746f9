"""One reader at work: a key for each row, and a line in the file for each decision, written before the next row."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from ...schemas.review import Decision, ReviewAction, digest_text
from ..recipe import read_decisions
from ..store import Version
from ..store.atomic import stop_if_unwritable
from .queue import QueuedSample


class Key(StrEnum):
    """What a reader may press."""

    ACCEPT = "a"
    REJECT = "r"
    EDIT = "e"
    GOLD = "g"
    DROP = "d"
    UNSURE = "u"
    NEXT = "j"
    BACK = "k"
    QUIT = "q"
    HELP = "?"


KEYS: Mapping[Key, str] = {
    Key.ACCEPT: "accept",
    Key.REJECT: "reject, with a reason",
    Key.EDIT: "edit the rationale",
    Key.GOLD: "correct the gold answer",
    Key.DROP: "drop the problem: the question is no good",
    Key.UNSURE: "unsure",
    Key.NEXT: "next row, undecided",
    Key.BACK: "row before",
    Key.QUIT: "quit",
    Key.HELP: "this help",
}
"""What each key does."""

ACTIONS: Mapping[Key, ReviewAction] = {
    Key.ACCEPT: ReviewAction.ACCEPT,
    Key.REJECT: ReviewAction.REJECT,
    Key.EDIT: ReviewAction.EDIT,
    Key.GOLD: ReviewAction.GOLD,
    Key.DROP: ReviewAction.DROP,
    Key.UNSURE: ReviewAction.UNSURE,
}
"""The keys that decide."""

_QUESTIONS: Mapping[ReviewAction, str] = {
    ReviewAction.REJECT: "reason (may be empty): ",
    ReviewAction.DROP: "what is wrong with the question: ",
    ReviewAction.GOLD: "right answer (empty: back): ",
}


class Reader(Protocol):
    """Who reads: a person at a terminal, or lines of a file."""

    def show(self, row: QueuedSample, place: int, total: int, decided: ReviewAction | None) -> None:
        """Show a row, its number from 0 among so many, and what was decided about it."""

    def read_key(self) -> Key:
        """Read a key; at the end of the input `Key.QUIT`."""

    def ask(self, question: str) -> str:
        """Ask for a line."""

    def edit(self, row: QueuedSample) -> tuple[str, str | None] | None:
        """Edit text and reasoning of a row; None where they stay as they are."""

    def show_keys(self) -> None:
        """Show the keys."""


@dataclass(kw_only=True, slots=True)
class Review:
    """The decisions of one reader about the rows of one version."""

    version: Version
    """The version."""
    path: Path
    """The file of decisions; lines are added at its end."""
    by: str
    """Who reads."""
    decided: dict[str, ReviewAction] = field(default_factory=dict)
    """What this reader decided so far, by sample."""

    def record(self, row: QueuedSample, action: ReviewAction, **more: str | None) -> None:
        """Write a decision to the end of the file.

        Raises:
            Stopped: the disk is full.
        """
        sample = row.sample
        decision = Decision(
            row=sample["sample_id"],
            problem=sample["problem_id"],
            read=digest_text(sample["text"], sample["reasoning"]),
            action=action,
            by=self.by,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            version=self.version.ref,
            content=self.version.manifest.content_digest,
            draw=row.draw,
            **more,
        )
        append_decision(self.path, decision)
        self.decided[decision.row] = action


def open_review(version: Version, path: Path, by: str) -> Review:
    """Open a review: what the reader decided before is known from the file, if it is there.

    Raises:
        InputError: a line of the file is no decision.
    """
    earlier = read_decisions(path) if path.exists() else []
    return Review(
        version=version, path=path, by=by, decided={each.row: each.action for each in earlier if each.by == by}
    )


def append_decision(path: Path, decision: Decision) -> None:
    """Add a line to a file of decisions; it is on the disk when this returns.

    Raises:
        Stopped: the disk is full.
    """
    line = decision.model_dump_json(exclude_none=True).encode() + b"\n"
    with stop_if_unwritable(path), path.open("a+b") as file:
        file.seek(0, os.SEEK_END)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a line that was cut off stays a line of its own, and is named
                line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def read_rows(review: Review, rows: Sequence[QueuedSample], reader: Reader) -> None:
    """Let a reader decide about rows, from the first that this reader did not decide about.

    Raises:
        Stopped: the disk is full.
    """
    undecided = [place for place, row in enumerate(rows) if row.sample["sample_id"] not in review.decided]
    place = undecided[0] if undecided else len(rows)
    while place < len(rows):
        row = rows[place]
        reader.show(row, place, len(rows), review.decided.get(row.sample["sample_id"]))
        key = reader.read_key()
        if key is Key.QUIT:
            return
        if key is Key.HELP:
            reader.show_keys()
        elif key is Key.BACK:
            place = max(0, place - 1)
        elif key is Key.NEXT or _decide(review, row, ACTIONS[key], reader):
            place += 1


def _decide(review: Review, row: QueuedSample, action: ReviewAction, reader: Reader) -> bool:
    """Ask for what a decision needs, and record it. False where the reader thought better of it."""
    line = reader.ask(_QUESTIONS[action]).strip() if action in _QUESTIONS else ""
    if action is ReviewAction.GOLD:
        if not line:
            return False
        review.record(row, action, answer=line)
    elif action is ReviewAction.EDIT:
        edited = reader.edit(row)
        if edited is None:
            return False
        review.record(row, action, text=edited[0], reasoning=edited[1])
    else:
        review.record(row, action, reason=line or None)
    return True
