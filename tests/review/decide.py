"""Decisions about the samples of a version, as a file."""

import json
from pathlib import Path
from typing import Any

from cotloom.builder.store import Version
from cotloom.schemas.review import digest_text


def find_sample(version: Version, text: str) -> dict[str, Any]:
    """Find the one sample with a text."""
    (found,) = [row for row in version.read_table("samples").to_dicts() if row["text"] == text]
    return found


def decide(sample: dict[str, Any], action: str, **more: Any) -> dict[str, Any]:
    """Decide about a sample."""
    usual = {
        "row": sample["sample_id"],
        "problem": sample["problem_id"],
        "read": digest_text(sample["text"], sample["reasoning"]),
        "action": action,
        "by": "ada",
        "at": "2026-01-01T00:00:00+00:00",
    }
    return {**usual, **more}


def write_decisions(path: Path, *decisions: dict[str, Any]) -> Path:
    """Write a file of decisions."""
    path.write_text("".join(json.dumps(each) + "\n" for each in decisions))
    return path
