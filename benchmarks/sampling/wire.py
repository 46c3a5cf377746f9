"""Speed of sending: requests a second, CPU time and memory, beside other clients in alternating runs."""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from page import Section, show
from sizes import Size
from trials import ANSWER_WORDS, Job, Trial, alternate, run_client, take_median

from tests.teacher.chat_service import Answers, Latency, Settings

SETTINGS = Settings(latency=Latency(fixed_s=0.2), answers=Answers(tokens=ANSWER_WORDS), lifetime_s=3_600)
CASES: Mapping[str, tuple[Mapping[str, int], Sequence[str]]] = {
    "plain": ({}, ("bare client", "ours", "ours, whole build", "curator")),
    "top-5 log probabilities": ({"top": 5}, ("bare client", "ours")),
    "n = 4": ({"n": 4}, ("bare client", "ours")),
}
"""What is asked, and of whom: keys of the job, and clients."""


def measure_wire(size: Size) -> Iterator[Section]:
    """Measure the speed of sending."""
    rows = [row for name in CASES for row in _measure_case(name, size)]
    yield Section(
        title="Sending",
        text=f"{size.requests:,} questions of 200 tokens, 150 tokens back, {size.at_once} at once, each answered after"
        f" 200 ms: {size.at_once / 0.2:,.0f} a second would be ideal. Medians of up to {size.turns} alternating turns;"
        " the ratio is that of the turns. CPU time is the client's alone. `ours` is the sampling of a build, with every"
        " answer in the ledger; `ours, whole build` goes from the recipe to the frozen version, and its rate is that"
        " while it samples. Curator keeps every answer in a file; the bare client keeps nothing.",
        header=["", "requests/s", "to the bare client", "CPU ms/request", "peak MB"],
        rows=rows,
    )


def measure_memory(size: Size) -> Iterator[Section]:
    """Measure whether memory is flat."""
    rows, parts = [], ""
    for client, top in (("bare client", 0), ("ours", 0), ("ours", 5)):
        trials = [_run(client, size, top=top, requests=count) for count in size.memory[: 2 if top else None]]
        name = f"{client}, top-{top} log probabilities" if top else client
        cells = [show(trial.peak_mb) if not trial.error else trial.error for trial in trials]
        parts = parts or _describe_parts(trials[0])
        rows.append([name, *cells, *["-"] * (len(size.memory) - len(cells))])
    yield Section(
        title="Memory",
        text=f"Peak in MB by the number of requests. The questions grow with it too: about 1 kB each.{parts}",
        header=["", *(f"{count:,} requests" for count in size.memory)],
        rows=rows,
    )


def _describe_parts(trial: Trial) -> str:
    """Describe what of the memory of our client is there before the first request."""
    if "loaded_mb" not in trial.details:
        return ""
    imported, loaded = trial.details["imported_mb"], trial.details["loaded_mb"]
    return (
        f" Of ours at {trial.details['answers']:,}, {show(imported)} are imports (polars, pyarrow, numpy, pydantic and"
        f" what stands on them), {show(loaded - imported)} come with reading the problems, and"
        f" {show(trial.peak_mb - loaded)} with sampling."
    )


def _measure_case(name: str, size: Size) -> Iterator[list[str]]:
    """Measure one case: a row for each client."""
    keys, clients = CASES[name]
    clients = [client for client in clients if client != "curator" or size.curator_python]
    trials: dict[str, list[Trial]] = defaultdict(list)
    for client in alternate(clients, size.turns if name == "plain" else max(1, size.turns - 1)):
        trials[client].append(_run(client, size, **keys))
    for client in clients:
        yield [f"{name}: {client}", *_describe(trials[client], trials["bare client"])]
    if name == "plain" and not size.curator_python:
        yield ["plain: curator", *["not measured: --curator-python names no Python that has it", "", "", ""]]


def _run(client: str, size: Size, *, top: int = 0, n: int = 1, requests: int | None = None) -> Trial:
    job = Job(
        requests=requests or size.requests, at_once=size.at_once, top=top, n=n, whole=client.endswith("whole build")
    )
    python = size.curator_python if client == "curator" else sys.executable
    trial = run_client(client.partition(",")[0], job, SETTINGS, python or sys.executable)
    print(f"  {client}: {trial.error or f'{trial.seconds:.1f} s'}", file=sys.stderr)
    return trial


def _describe(trials: Sequence[Trial], bare: Sequence[Trial]) -> list[str]:
    if all(trial.error for trial in trials):
        return [trials[0].error, "", "", ""]
    ratios = [_read_rate(own) / _read_rate(other) for own, other in zip(trials, bare, strict=True) if not own.error]
    return [
        show(take_median(trials, _read_rate)),
        show(median(ratios), 2),
        show(take_median(trials, lambda trial: 1000 * trial.cpu_s / trial.statistics["bodies"]), 2),
        show(take_median(trials, lambda trial: trial.peak_mb)),
    ]


def _read_rate(trial: Trial) -> float:
    """Requests a second: of the client; of a whole build while it samples, as the server saw it."""
    seconds = trial.busy.total_s if trial.details.get("digest") else trial.seconds
    return float(trial.statistics["bodies"]) / seconds
