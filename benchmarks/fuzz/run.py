"""Try pairs of gold answers and answers that hypothesis makes: `python benchmarks/fuzz/run.py`.

    python benchmarks/fuzz/run.py [--pairs 100000] [--seed 0] [--only number] [--print]

Each pair is compared, and a text with it read, judged and searched for equations. Exit 1 where one crashes, takes 5
seconds or 300 MB, executes something, or breaks a rule of `checks.py`. Writes docs/fuzz.md; `--print` only prints.
"""

import argparse
import faulthandler
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cases import MAKERS
from checks import FRAMES, check_case, check_hostile, make_hostile, require
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from cotloom.schemas.problem import AnswerType

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fuzz.md"
MOST_S, MOST_KB = 5.0, 300 * 1024
"""The most that a pair may take, in seconds of the processor: other programs may be busy. A proof has its own limit."""
HANG_S = 60
"""A pair that takes so long by the clock ends the run, with the place where it stands."""
CHUNK = 1_000
KINDS = [AnswerType(name) for name in (
    "number", "choice", "boolean", "date", "time", "list", "set", "ratio", "expression", "text"
)]  # fmt: skip
_WARM = 50
_REPEATED = 3_500
"""So many pairs of yes and no are repeated at most, which hypothesis leaves out: that many more numbers are tried."""


@dataclass(slots=True)
class Part:
    """One kind of pairs: what was tried, and what was found."""

    make: Callable[[], st.SearchStrategy[Any]]
    """Makes pairs."""
    check: Callable[[Any], None]
    """Raises where one breaks a rule."""
    pairs: int = 0
    """How many were tried."""
    slowest_s: float = 0.0
    """The longest time of one."""
    most_kb: int = 0
    """The most memory that one added to the process's peak."""
    findings: list[str] = field(default_factory=list)
    """What was found, the smallest pair of each."""


def list_parts() -> dict[str, Part]:
    """List the kinds of pairs: hostile texts, and cases of each type."""
    hostile = lambda: st.tuples(make_hostile(), make_hostile(), make_hostile(), st.sampled_from(KINDS))  # noqa: E731
    parts = {"hostile texts": Part(hostile, check_hostile)}
    for name, make in MAKERS.items():
        parts[name] = Part(lambda make=make: st.tuples(make(), st.sampled_from(FRAMES)), check_case)
    return parts


class Watch:
    """Notes what the process does while a pair is tried: code from text, other programs, connections, files."""

    FORBIDDEN = frozenset({"os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "ctypes.dlopen"})

    def __init__(self) -> None:
        self.is_on = False
        self.seen: list[str] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        is_code = event == "exec" and getattr(arguments[0], "co_filename", "").startswith("<string")
        is_program = event == "subprocess.Popen" and "cotloom.builder.verify.symbolic.proof.worker" not in arguments[1]
        is_written = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if event in self.FORBIDDEN or is_code or is_program or is_written:
            self.seen.append(f"{event} {arguments!r}"[:200])


def try_pair(part: Part, watch: Watch, pair: Any) -> None:
    """Try one pair within its limits."""
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    watch.seen.clear()
    watch.is_on = True
    try:
        part.check(pair)
    finally:
        watch.is_on = False
        faulthandler.cancel_dump_traceback_later()
        spent = time.process_time() - begin
        added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        part.pairs += 1
        part.slowest_s, part.most_kb = max(part.slowest_s, spent), max(part.most_kb, added)
    require(not watch.seen, f"it executes something: {watch.seen[:1]}")
    require(spent < MOST_S, f"it takes {spent:.1f} s")
    require(added < MOST_KB, f"it takes {added // 1024} MB")


def try_pairs(part: Part, watch: Watch, count: int, start: int) -> None:
    """Try pairs by a seed; the smallest that breaks a rule is a finding."""

    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(part.make())
    def try_one(pair: Any) -> None:
        smallest[0] = pair
        try_pair(part, watch, pair)

    smallest: list[Any] = [None]
    try:
        try_one()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
        part.findings.append(f"{type(error).__name__}: {str(error)[:200]} {ascii(smallest[0])[:300]}")


def run_parts(parts: Mapping[str, Part], watch: Watch, pairs: int, start: int) -> Iterator[str]:
    """Try pairs of all parts in turn. Yields a line after each chunk."""
    each = -(-pairs // (2 * len(MAKERS)))
    shares = {name: (pairs // 2 if name == "hostile texts" else each) for name in parts}
    shares = {name: count + (_REPEATED if name == "number" else 0) for name, count in shares.items()}
    for name, part in parts.items():
        try_pairs(Part(part.make, part.check), watch, _WARM, start)  # what is imported at first use is imported
        for number in range(-(-shares[name] // CHUNK)):
            try_pairs(part, watch, min(CHUNK, shares[name] - number * CHUNK), start + number)
            yield f"{name}: {part.pairs:,} pairs, {len(part.findings)} findings, slowest {part.slowest_s:.2f} s"


def render_page(parts: Mapping[str, Part], start: int, seconds: float) -> str:
    """Render the page."""
    total = sum(part.pairs for part in parts.values())
    rows = [
        f"| {name} | {part.pairs:,} | {len(part.findings)} | {part.slowest_s:.2f} | {part.most_kb / 1024:.0f} |"
        for name, part in parts.items()
    ]
    lines = [
        "# Pairs made at random",
        "",
        f"Written by `make test-fuzz`: seed {start}, {total:,} pairs of a gold answer and another, {seconds:,.0f} s.",
        "",
        "Each pair is compared, and a text is read, judged and searched for equations. No pair may crash, take 5 s of",
        "the processor, add 300 MB, or execute anything. A gold answer is equal to itself, with blanks around it, in",
        "digits of full width and written otherwise. Another digit, sign, unit, magnitude, order or bracket, or a",
        "denial, is never equal, and never judged correct in a text. Hostile texts are made of pieces of answers and",
        "of any characters.",
        "",
        "| pairs of | tried | findings | slowest, s | most memory added, MB |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Try the pairs, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list_parts())
    parser.add_argument("--print", action="store_true", dest="is_printed")
    options = parser.parse_args()
    parts = {name: part for name, part in list_parts().items() if options.only in {None, name}}
    begin = time.monotonic()
    for line in run_parts(parts, Watch(), options.pairs, options.seed):
        print(line, flush=True)
    page = render_page(parts, options.seed, time.monotonic() - begin)
    findings = [f"{name}: {each}" for name, part in parts.items() for each in part.findings]
    if not (options.is_printed or findings or options.only):
        PAGE.write_text(page, encoding="utf-8")
    print(page, *findings, sep="\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
