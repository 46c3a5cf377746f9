"""The packaged quickstart comes out the same in every process, and as it did when the digest was pinned (law 5)."""

import json
import os
import subprocess
from pathlib import Path

import pytest

PINNED = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))
"""What the quickstart comes to. It changes only with a change of rows that the changelog names."""


@pytest.fixture(scope="module")
def digests(tmp_path_factory):
    """Build the packaged quickstart in a process of its own."""
    folder = tmp_path_factory.mktemp("golden")

    def built(command: list[str], seed: str, workers: int) -> dict[str, str]:
        words = ["build", "quickstart", "--store", folder / f"{seed}-{workers}", "--workers", str(workers), "--json"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=True, env=environment)
        return {key: json.loads(done.stdout)[key] for key in ("fingerprint", "content_digest", "funnel", "counts")}

    return built


@pytest.mark.slow
def test_the_quickstart_is_the_same_under_another_hash_seed_and_with_more_workers(command, digests):
    one, other = digests(command, "1", 1), digests(command, "2", 2)
    assert other == one
    assert {key: one[key] for key in PINNED} == PINNED
