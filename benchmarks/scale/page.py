"""The page of the results: what builds, small changes and reading took, with machine, date and commit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

_ABOUT = """\
# Performance

Written by `make bench-scale` (`benchmarks/scale/`). Each command ran as a process of its own; CPU seconds are those of
the command and all its workers, memory is the peak of all its processes together (PSS, sampled); "of it private" leaves
out the pages of mapped files, which the system takes back when memory is short. Inputs are generated:
invented problems of four answer types over a thousand tasks, with recorded answers as long as those of the CoT
Collection, a third of them wrong or unreadable, a seventh repeated. Times depend on the machine; read their growth.
"""

_CHANGES = {
    "unchanged": "built again",
    "remix": "other mixture",
    "keep": "other `keep`",
    "problems": "1 % new problems",
    "answers": "1 % new answers",
}
_READS = {
    "list": "`list`",
    "show": "`show`",
    "sql": "`sql`",
    "explain problem": "`explain` a problem",
    "explain sample": "a sample",
    "explain example": "an example",
    "audit": "`audit`",
    "export": "`export`",
}


def write_page(rows: Sequence[Row]) -> str:
    """Write all results as a Markdown page."""
    lines = [*_write_machines(rows), *_write_builds(rows)]
    lines += _write_steps("Small changes, in the store of the build", _CHANGES, rows)
    lines += _write_steps("Reading a version", _READS, rows)
    lines += [*_write_rooms(rows), *_write_laws(rows)]
    return "\n".join([_ABOUT, *lines])


def _write_machines(rows: Sequence[Row]) -> Iterator[str]:
    """Name each machine and commit that results are from; one line where all are from one run."""
    machines: dict[tuple[Any, ...], list[str]] = {}
    for row in rows:
        key = (row["commit"], row["processor"], row["cores"], row["memory_gb"], row["python"])
        machines.setdefault(key, []).append(row["at"])
    for (commit, processor, cores, memory, python), times in machines.items():
        first, last = min(times)[:10], max(times)[:10]
        when = first if first == last else f"{first} to {last}"
        yield f"- {when}, commit {commit}: {processor}, {cores} cores, {memory:g} GB, Python {python}"
    yield ""


def _find(rows: Sequence[Row], step: str) -> list[Row]:
    return [row for row in rows if row["step"] == step]


def _write_builds(rows: Sequence[Row]) -> Iterator[str]:
    yield from ("## Builds", "")
    yield (
        "| answers | problems | time | CPU s | in workers + other threads | CPU µs an answer | peak MB "
        "| of it private | kept paths | examples | store MB |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for row in _find(rows, "build"):
        if row["exit_code"]:
            size = f"{row['answers']:,} | {row['problems']:,}"
            yield f"| {size} | {format_seconds(row['wall_s'])} | exit code {row['exit_code']} |"
            continue
        counts, answers = row["counts"], row["answers"]
        cells = (
            f"{answers:,}",
            f"{row['problems']:,}",
            format_seconds(row["wall_s"]),
            f"{row['cpu_s']:,.0f}",
            f"{row['workers_s'] / row['cpu_s']:.0%} + {row['threads_s'] / row['cpu_s']:.0%}",
            f"{row['cpu_s'] / answers * 1e6:,.0f}",
            f"{row['peak_mb']:,.0f}",
            f"{row['private_mb']:,.0f}" if "private_mb" in row else "–",
            f"{counts['samples_kept']:,}",
            f"{counts['examples']:,}",
            f"{row['store_mb']:,.0f}",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield from _write_growth(rows)


def _write_growth(rows: Sequence[Row]) -> Iterator[str]:
    """Say how much more an answer costs in the largest build of a shape than in the smallest."""
    builds = [row for row in _find(rows, "build") if not row["exit_code"] and "private_mb" in row]
    for each in dict.fromkeys(row["each"] for row in builds):
        sizes = sorted((row for row in builds if row["each"] == each), key=lambda row: row["answers"])
        small, large = sizes[0], sizes[-1]
        if small["answers"] == large["answers"]:
            continue
        ratio = large["cpu_s"] / large["answers"] / (small["cpu_s"] / small["answers"])
        added = (large["private_mb"] - small["private_mb"]) * 2**20 / (large["answers"] - small["answers"])
        yield (
            f"From {small['answers']:,} to {large['answers']:,} answers, {each:g} a problem: {ratio:.2f} times the CPU "
            f"time an answer, {added:,.0f} bytes of private memory for each answer more."
        )
        yield ""


def _write_steps(title: str, names: Mapping[str, str], rows: Sequence[Row]) -> Iterator[str]:
    """Write a table with a row for each size and shape, and a column for each step: time, and memory in MB."""
    cases = dict.fromkeys((row["answers"], row["problems"]) for row in rows if row["step"] in names)
    if not cases:
        return
    found = {(row["answers"], row["problems"], row["step"]): row for row in rows}
    yield from (f"## {title}", "", "Time, CPU time and peak memory.", "")
    yield f"| answers | problems | {' | '.join(names.values())} |"
    yield f"|---|---|{'---|' * len(names)}"
    for answers, problems in cases:
        cells = " | ".join(_format_cell(found.get((answers, problems, step))) for step in names)
        yield f"| {answers:,} | {problems:,} | {cells} |"
    yield ""


def _format_cell(row: Row | None) -> str:
    if row is None:
        return "–"
    failed = f", exit code {row['exit_code']}" if row["exit_code"] else ""
    cpu = format_seconds(row["cpu_s"])
    return f"{format_seconds(row['wall_s'])}, {cpu} CPU, {row['peak_mb']:,.0f} MB{failed}"


def format_seconds(seconds: float) -> str:
    """Write a time for a person.

    >>> format_seconds(0.427), format_seconds(12.3), format_seconds(754)
    ('0.43 s', '12 s', '12 min 34 s')
    """
    if seconds < 10:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _write_rooms(rows: Sequence[Row]) -> Iterator[str]:
    """Write the phases of the alternatives, and the stages of a build where it names them."""
    ours = _find(rows, "rooms build")
    if not ours:
        return
    yield from ("## Beside datasets.map and polars", "")
    yield "The same rows and the same functions; the build also reads, samples, freezes and digests."
    yield from ("", "| answers | what | time | CPU s | peak MB |", "|---|---|---|---|---|")
    for row in ours:
        yield _format_room(row, "the whole build, 2 workers")
        yield from _list_parts(row["answers"], "build", row.get("stages"))
        for step, name in (("rooms map", "datasets.map, 2 processes"), ("rooms polars", "polars")):
            for other in (item for item in _find(rows, step) if item["answers"] == row["answers"]):
                yield _format_room(other, f"{name}, whole program")
                yield from _list_parts(row["answers"], name, other.get("phases"))
    yield ""


def _list_parts(answers: int, name: str, parts: Mapping[str, Any] | None) -> Iterator[str]:
    for part, values in (parts or {}).items():
        if isinstance(values, dict) and "cpu_s" in values and "wall_s" in values:
            yield f"| {answers:,} | {name}: {part} | {format_seconds(values['wall_s'])} | {values['cpu_s']:,.1f} | |"


def _format_room(row: Row, name: str) -> str:
    figures = f"{format_seconds(row['wall_s'])} | {row['cpu_s']:,.1f} | {row['peak_mb']:,.0f}"
    return f"| {row['answers']:,} | {name} | {figures} |"


def _write_laws(rows: Sequence[Row]) -> Iterator[str]:
    for row in _find(rows, "workers"):
        verdict = "equal" if row["equal"] else "**different**"
        yield f"Content digests of {row['answers']:,} answers with one and with two workers: {verdict}."
    yield ""
