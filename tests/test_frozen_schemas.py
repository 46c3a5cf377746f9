"""The JSON Schemas are contracts: a change is noticed here, and made on purpose or not at all."""

import hashlib
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "schemas"

DIGESTS = json.loads((Path(__file__).parent / "frozen_schemas.json").read_text())


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.name)
def test_a_published_schema_does_not_change_by_accident(path):
    """A key that is only added: write the new digest. A key whose meaning changes, or that goes: add a v2 instead."""
    assert hashlib.sha256(path.read_bytes()).hexdigest() == DIGESTS[path.name]


def test_every_frozen_schema_is_there():
    assert sorted(DIGESTS) == sorted(path.name for path in FOLDER.glob("*.json"))
