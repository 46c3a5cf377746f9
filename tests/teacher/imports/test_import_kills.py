"""An import that is killed at any moment leaves whole responses, and the next one adds the rest."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cotloom.builder.teacher.imports import PEERS, ImportOptions, import_responses
from cotloom.builder.teacher.ledger import open_ledger
from cotloom.builder.teacher.ledger.check import check_ledger
from tests.teacher.imports.shapes import make_curator_row, reply, write_lines

ROOT = Path(__file__).resolve().parents[3]
COMMAND = """
import sys
from pathlib import Path
from cotloom.builder.teacher.imports import PEERS, ImportOptions, import_responses
from cotloom.builder.teacher.ledger import open_ledger

with open_ledger(Path(sys.argv[1])) as ledger:
    print("ready", flush=True)
    import_responses(ledger, Path(sys.argv[2]), PEERS["curator"], ImportOptions(name="curator"))
"""
RESPONSES = 8_000


@pytest.mark.usefixtures("ends")
def test_killed_imports_lose_nothing_and_import_nothing_twice(tmp_path):
    rows = [make_curator_row(f"What is {n % 4_000} + 1?", reply("a", "b", number=n), n) for n in range(RESPONSES)]
    path, ledger = write_lines(tmp_path / "responses_0.jsonl", rows), tmp_path / "ledger.sqlite"
    words = [sys.executable, "-c", COMMAND, str(ledger), str(path)]
    partial = []
    for turn in range(3):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as process:
            process.stdout.readline()
            time.sleep(random.Random(turn).uniform(0.05, 0.5))
            process.send_signal(signal.SIGKILL)
        found = check_ledger(ledger)
        assert found.is_intact
        assert found.answers % 2 == 0
        partial.append(found.answers)
    with open_ledger(ledger) as opened:
        result = import_responses(opened, path, PEERS["curator"], ImportOptions(name="curator"))
    assert partial == sorted(partial)
    assert result.known == partial[-1]
    assert 0 < partial[-1] < 2 * RESPONSES
    assert result.answers + result.known == 2 * RESPONSES == check_ledger(ledger).answers
