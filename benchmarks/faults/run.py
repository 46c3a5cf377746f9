"""The soak: bit flips, malformed answers and kills, for at most ten minutes. Writes docs/faults.md.

    python benchmarks/faults/run.py [--seconds 540] [--seed 0] [--only flips]

Each fault is random, by a seed. Exit 1 where one was silently different, lost something that was paid for, or crashed.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from answers import send_odd_answers
from flips import flip_bits
from kills import kill_builds
from trials import Deadline, Outcome, Trial

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
PARTS: Mapping[str, tuple[float, Callable[[Path, random.Random, Deadline], Iterator[Trial]]]] = {
    "flips": (0.5, flip_bits),
    "answers": (0.25, send_odd_answers),
    "kills": (0.25, kill_builds),
}
"""The share of the time that each part has, and its function."""
BAD = frozenset({Outcome.SILENT, Outcome.LOST, Outcome.CRASHED})


def main() -> int:
    """Run the soak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=540.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    begin = time.monotonic()
    trials = [trial for name in PARTS if options.only in {None, name} for trial in _run_part(name, options)]
    page = _write_page(trials, options.seed, time.monotonic() - begin)
    print(page)
    if options.only is None:
        PAGE.write_text(page, encoding="utf-8")
    return 1 if any(trial.outcome in BAD for trial in trials) else 0


def _run_part(name: str, options: argparse.Namespace) -> Iterator[Trial]:
    share, run = PARTS[name]
    with tempfile.TemporaryDirectory(prefix="cotloom-faults-") as folder:
        try:
            yield from run(Path(folder), random.Random(f"{options.seed} {name}"), Deadline(share * options.seconds))
        except Exception:  # noqa: BLE001 - a traceback is an outcome of its own
            traceback.print_exc()
            yield Trial(name, Outcome.CRASHED)


def _write_page(trials: list[Trial], seed: int, seconds: float) -> str:
    counts = Counter((trial.kind, trial.outcome) for trial in trials)
    lines = [
        "# Faults",
        "",
        f"Written by `make test-faults`: seed {seed}, {len(trials):,} random faults in {seconds:.0f} s.",
        "",
        "- **noticed**: a command ended with an error that names the damage, or an audit found it",
        "- **mended**: a result was made again and that was said, or the same command went on and lost nothing",
        "- **harmless**: nothing that is read had changed; an odd answer whose text can be read counts here too",
        "- **silently different, lost, crashed**: what must never happen",
        "",
        f"| fault in | tried | {' | '.join(Outcome)} |",
        f"|---|---{'|---' * len(Outcome)}|",
    ]
    for kind in dict.fromkeys(trial.kind for trial in trials):
        numbers = [counts[kind, outcome] for outcome in Outcome]
        lines.append(f"| {kind} | {sum(numbers):,} | {' | '.join(f'{number:,}' for number in numbers)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
