"""Bad days: faults at the rates of the tests, and SIGKILL at random moments."""

import random
import sys
from collections.abc import Iterator, Mapping

from page import Section, show
from sizes import Size
from trials import ANSWER_WORDS, Job, Trial, open_folder, run_client

from tests.teacher.chat_service import Answers, Faults, Latency, Settings, running
from tests.teacher.live_builds import find_sent_twice, finish_build, kill_at, start_build, write_recipe

RATES = {"throttled": 0.05, "failed": 0.02, "dropped": 0.01, "truncated": 0.005}
DAYS: Mapping[str, Mapping[str, float]] = {
    "clean": {},
    "faults": RATES,
    "faults and stalls": {**RATES, "stalled": 0.005},
}
TIMEOUT_S = 2.0
KILLED_AT_ONCE = 32


def measure_faults(size: Size) -> Iterator[Section]:
    """Measure bad days against a clean one, with each client."""
    rows = []
    clients = {"bare client": sys.executable, "ours": sys.executable, "curator": size.curator_python}
    for client, python in clients.items():
        if python is None:
            continue
        trials = {day: _run(client, rates, size, python) for day, rates in DAYS.items()}
        rows += [[f"{client}: {day}", *_describe(trial, trials["clean"], size)] for day, trial in trials.items()]
    yield Section(
        title="Faults",
        text=f"{size.requests:,} requests, {size.at_once} at once, 200 ms. Faults: 5 % 429, 2 % 500, 1 % dropped"
        f" connections, 0.5 % JSON that is cut off; with stalls, 0.5 % never answer, and the client gives up after"
        f" {TIMEOUT_S:g} s.",
        header=["", "rows lost", "asked again after an answer", "requests", "seconds", "to clean"],
        rows=rows,
    )


def _run(client: str, rates: Mapping[str, float], size: Size, python: str) -> Trial:
    settings = Settings(
        latency=Latency(fixed_s=0.2), faults=Faults(rates=rates, seed=5), answers=Answers(tokens=ANSWER_WORDS),
        lifetime_s=3_600,
    )  # fmt: skip
    job = Job(requests=size.requests, at_once=size.at_once, timeout_s=TIMEOUT_S)
    trial = run_client(client, job, settings, python)
    print(f"  {client}: {trial.error or trial.seconds} {trial.outcomes}", file=sys.stderr)
    return trial


def _describe(trial: Trial, clean: Trial, size: Size) -> list[str]:
    if trial.error:
        return [trial.error, "", "", "", ""]
    return [
        show(size.requests - trial.answers),
        show(trial.asked_again),
        show(trial.statistics["requests"]),
        show(trial.seconds, 1),
        f"{show(trial.seconds / clean.seconds, 2)} ×",
    ]


def measure_kills(size: Size) -> Iterator[Section]:
    """Kill a build at random moments, and finish it."""
    settings = Settings(latency=Latency(fixed_s=0.1), answers=Answers(tokens=ANSWER_WORDS), lifetime_s=3_600)
    options = ("--concurrency", str(KILLED_AT_ONCE))
    moments = sorted(random.Random(14).sample(range(1, size.killed), size.kills))
    with open_folder() as folder:
        recipe = write_recipe(folder, size.killed)
        with running(settings) as calm:
            expected = finish_build(start_build(recipe, folder / "calm", calm.url, *options))
        with running(settings) as service:
            kills = [
                kill_at(start_build(recipe, folder / "killed", service.url, *options), service, moment)
                for moment in moments
            ]
            last = finish_build(start_build(recipe, folder / "killed", service.url, *options))
    again, wrong = find_sent_twice(service.read_requests(), kills, KILLED_AT_ONCE)
    is_same = last["content_digest"] == expected["content_digest"]
    yield Section(
        title="Kills",
        text=f"SIGKILL of a build of {size.killed:,} requests, {KILLED_AT_ONCE} at once, at {size.kills} random"
        " moments, and then to its end. In flight is what was open at the server, or answered so lately that it was"
        " not on disk yet: no more than are sent at once.",
        header=["kills", "same content digest", "sent twice", "of them not in flight"],
        rows=[[show(size.kills), "yes" if is_same else "no", show(again), show(len(wrong))]],
    )


def measure_pair(size: Size) -> Iterator[Section]:
    """Run two builds on one store at once."""
    settings = Settings(latency=Latency(fixed_s=0.1), answers=Answers(tokens=ANSWER_WORDS), lifetime_s=3_600)
    with open_folder() as folder, running(settings) as service:
        recipe = write_recipe(folder, size.killed)
        both = [start_build(recipe, folder / "store", service.url) for _ in range(2)]
        digests = {finish_build(process)["content_digest"] for process in both}
    statistics = service.read_statistics()
    yield Section(
        title="Two builds on one store at once",
        text=f"The same recipe of {size.killed:,} requests, started twice.",
        header=["same content digest", "requests", "for each answer"],
        rows=[
            [
                "yes" if len(digests) == 1 else "no",
                show(statistics["requests"]),
                show(statistics["requests"] / statistics["bodies"], 2),
            ]
        ],
    )
