"""Rounds: what stopping at a target saves, what it loses, and how busy the server is meanwhile."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from page import Section, show, show_share
from sizes import Size
from trials import Job, Trial, open_folder, run_script

from cotloom.builder import verify
from cotloom.builder.recipe import load_recipe
from cotloom.builder.sources import load_problems
from cotloom.builder.teacher.request import Request
from cotloom.builder.teacher.simulated.answers import write_answer
from cotloom.schemas.example import Message, Role
from cotloom.schemas.frames import from_frame
from cotloom.schemas.problem import Problem
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.teacher import SimulatedTeacher
from tests.teacher.chat_service import Answers, Latency, Settings, running

TARGET, ROUND, MOST, DRAWS = 3, 4, 16, 128
AT_ONCE = 32
LATENCY = Latency(fixed_s=0.5, slow_share=0.02, slow_s=5.0)
ROUNDS = {"round": ROUND, "max": MOST, "target": TARGET}
FIXED = {"round": MOST, "max": MOST}
FEW = {"round": 5, "max": 5}
"""About as many calls as rounds need, all known before the first is sent: nothing waits for a verdict."""


def measure_rounds(size: Size) -> Iterator[Section]:
    """Measure rounds against fixed sampling at the same maximum."""
    with open_folder() as folder:
        table = write_problems(folder, size.problems)
        fixed = _run(folder, table, "fixed", FIXED, LATENCY, whole=True)
        few = _run(folder, table, "few", FEW, LATENCY, whole=False)
        real = _run(folder, table, "rounds", ROUNDS, LATENCY, whole=True)
        stubbed = _run(folder, table, "stubbed", ROUNDS, LATENCY, whole=False)
    rows = [
        ["fixed, the real judge", *_describe(fixed, fixed), *_describe_busy(fixed)],
        ["rounds, the real judge", *_describe(real, fixed), *_describe_busy(real)],
        ["rounds, a stub of the judge", *_describe(stubbed, fixed), *_describe_busy(stubbed)],
        [f"fixed at {FEW['max']}, a stub of the judge", *_describe(few, fixed), *_describe_busy(few)],
    ]
    yield Section(
        title="Rounds",
        text=f"{size.problems} problems with the simulated teacher's answers, behind a server that takes"
        f" {LATENCY.fixed_s:g} s, and 5 s for 2 % of the requests; {AT_ONCE} at once, each answer a request of its own,"
        f" the same draws in all runs. Target {TARGET}, rounds of {ROUND}, at most {MOST}. Paths are the sum of"
        f" min(distinct, {TARGET}) over the problems. The server is below half while fewer than {AT_ONCE // 2} requests"
        " are in flight; at the end there is nothing left to send while the last answers come. A fixed number of calls"
        " waits for no verdict, so the last row is what no order of rounds can go below.",
        header=["", "calls", "to fixed", "paths", "to fixed", "below half", "of it at the end", "idle"],
        rows=rows,
    )


def write_problems(folder: Path, count: int) -> Path:
    """Write arithmetic problems as a JSONL source, and a table of the simulated teacher's answers to them."""
    made = {"name": "made", "version": "1.0.0", "teacher": {"backend": "simulated"}}
    made["sources"] = [{"name": "made", "kind": "arithmetic", "problems": count}]
    (folder / "made.yaml").write_text(json.dumps(made))
    frame = load_problems(
        load_recipe(str(folder / "made.yaml")), verify.IS_READABLE, runtime=Runtime(store=folder)
    ).frame
    problems = list(from_frame(frame, Problem))
    rows = [{"q": problem.question, "a": problem.answer} for problem in problems]
    (folder / "problems.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    table = folder / "answers.json"
    table.write_text(json.dumps({problem.question: _draw_answers(problem) for problem in problems}))
    return table


def _draw_answers(problem: Problem) -> list[str]:
    message = Message(role=Role.USER, content=problem.question or "")
    request = Request(problem_id=problem.problem_id, messages=(message,), model="m", endpoint="e", sampling={})
    teacher = SimulatedTeacher(backend="simulated")
    return [write_answer(problem, request, index, teacher).text or "" for index in range(DRAWS)]


def _run(folder: Path, table: Path, name: str, paths: dict[str, int], latency: Latency, *, whole: bool) -> Trial:
    settings = Settings(latency=latency, answers=Answers(table=str(table), n="refused"), lifetime_s=3_600)
    teacher = {"backend": "openai", "model": "m", "endpoint": "rounds", "paths": paths}
    source = {"name": "made", "kind": "file", "path": "problems.jsonl", "fields": {"question": "q", "answer": "a"}}
    recipe = folder / f"{name}.yaml"
    recipe.write_text(json.dumps({"name": name, "version": "1.0.0", "sources": [source], "teacher": teacher}))
    own = folder / name
    own.mkdir()
    job = Job(requests=0, at_once=AT_ONCE, whole=whole, workers=2)
    with running(settings) as service:
        trial = run_script("ours", replace(job), service, recipe, own)
    print(f"  {name}: {trial.error or trial.seconds} {trial.outcomes}", file=sys.stderr)
    return trial


def _describe(trial: Trial, fixed: Trial) -> list[str]:
    if trial.error or fixed.error:
        return [trial.error or "-", "-", "-", "-"]
    calls, most = trial.outcomes["answered"], fixed.outcomes["answered"]
    paths = trial.details.get("paths", {}).get(str(TARGET))
    best = fixed.details["paths"][str(TARGET)]
    return [
        show(calls),
        show_share(calls / most),
        show(paths) if paths else "-",
        show_share(paths / best) if paths else "-",
    ]


def _describe_busy(trial: Trial) -> list[str]:
    half = AT_ONCE / 2
    return [
        show_share(trial.busy.find_share_below(half)),
        show_share(_find_share_at_end(trial, half)),
        show_share(trial.busy.find_share_below(1)),
    ]


def _find_share_at_end(trial: Trial, level: float) -> float:
    """Find the share of the time after which `level` requests were never in flight again."""
    changes = sorted(
        change
        for request in trial.requests
        for change in ((request.came_s, 1), (request.ended_s or request.came_s, -1))
    )
    count, last = 0, 0.0
    for moment, by in changes:
        last = moment if count >= level else last
        count += by
    return 1 - last / changes[-1][0] if changes else 0.0
