"""The page of the claims, made from the results of the trials."""

from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase
from typing import Any

from cotloom.builder.student.report.sentences import MEASURES

CLAIMS = 13
"""(a) to (m)."""

SETS = {"general": "general tasks", "others": "other tasks", "special": "the special task"}
"""Names of the sets other than the target."""

HEAD = """# What the papers claim, in miniature

`make bench-claims` trains small students on worded arithmetic of four steps (numbers to 20) and evaluates them on
held-out problems of other templates. Every condition has three seeds or five, none selected, and the conditions of a
trial have the same number of steps (of 16 rows) unless it says otherwise. Settings were chosen on problems of another
seed than the ones evaluated here. Students are small Llamas: from scratch, 64 wide with two layers, or, where general
tasks are evaluated, the default student of `cotloom validate` with its general base, 96 wide with three.
An earlier round used the same problems after shorter trainings, and left several trials without a verdict. Therefore
trainings are longer now, (c) and (h) have five seeds, and (g), (i), (j), (k) and (m) have a new design; the new
settings were again chosen on the other problems. The comparisons of answers with reasoning in (e) were added when its
results were known.
Intervals are 95 %, by a paired bootstrap over groups of problems, with the variance of seeds ([student](student.md)).
The rationales are simulated, or written by a student that learnt from simulated ones: what holds here is a fact about
this miniature, and a reason to try it at your size, no more.

*holds*: the whole interval is on the claim's side; for "as good as", it ends above 5 points worse, and
for "gains no more", below 5 points better. *does not hold*, *reversed*: on the
other side. *not shown*: the interval contains zero. *floor*: no condition learnt the task.
"""


Result = Mapping[str, Any]
"""The results of one trial, as `run.py` stores them."""


def render_page(results: Sequence[Result]) -> str:
    """Render the page."""
    trials = (line for result in results for line in _render_trial(result))
    lines = [HEAD, *_render_overview(results), *_render_missing(results), *trials, *_render_foot(results)]
    return "\n".join(lines) + "\n"


def _render_overview(results: Sequence[Result]) -> Iterator[str]:
    yield "| | claim | comparison | difference in points | verdict |"
    yield "| --- | --- | --- | --- | --- |"
    for result in results:
        for index, (difference, format_name, verdict) in enumerate(_list_contrasts(result)):
            letter, claim = (f"({result['letter']})", result["claim"]) if index == 0 else ("", "")
            pair = _format_pair(difference, format_name)
            yield f"| {letter} | {claim} | {pair} | {_format_points(difference)} | {verdict} |"
    yield ""


def _render_missing(results: Sequence[Result]) -> Iterator[str]:
    letters = {result["letter"] for result in results}
    missing = [f"({letter})" for letter in ascii_lowercase[:CLAIMS] if letter not in letters]
    if missing:
        yield f"Not tried yet: {', '.join(missing)}."
        yield ""


def _list_contrasts(result: Result) -> Iterator[tuple[Mapping[str, Any], str | None, str]]:
    return zip(result["differences"], result["formats"], result["verdicts"], strict=True)


def _format_pair(difference: Mapping[str, Any], format_name: str | None) -> str:
    on = "" if difference["kind"] == "target" else f", {_format_set(difference)}"
    prompt = f", prompts in {format_name}" if format_name else ""
    measure = "" if difference["measure"] == "correct" else f", {MEASURES[difference['measure']][0]}"
    return f"{difference['condition']} − {difference['against']}{on}{prompt}{measure}"


def _format_set(row: Mapping[str, Any]) -> str:
    return SETS.get(row["setting"]["set"], row["setting"]["set"])


def _format_points(difference: Mapping[str, Any]) -> str:
    value, low, high = (100 * difference[key] for key in ("difference", "low", "high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"


def _render_trial(result: Result) -> Iterator[str]:
    yield f"## ({result['letter']}) {result['claim']}"
    yield ""
    yield f"{result['source']}. {result['setting']}"
    yield ""
    yield "| condition | rows | steps | seeds | final loss | set or prompt format | accuracy, % | each seed |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    runs = {run["condition"]: run for run in result["training_runs"]}
    for score in result["scores"]:
        yield _render_score(score, runs[score["condition"]])
    yield ""
    for difference, format_name, verdict in _list_contrasts(result):
        effect = difference["smallest_effect"]
        detected = "" if effect is None else f"; a true difference of {100 * effect:.0f} points would be detected"
        notes = " ".join(f"{note[0].upper()}{note[1:]}." for note in difference["notes"])
        pair, points = _format_pair(difference, format_name), _format_points(difference)
        yield f"- {pair}: {points} points: **{verdict}**{detected}. {notes}".rstrip()
    yield ""
    score = result["scores"][0]
    chance = "" if result["chance"] is None else f" Always the commonest answer: {100 * result['chance']:.0f} % right."
    yield f"{score['problems']} problems of {score['groups']} groups.{chance}"
    yield ""


def _render_score(score: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    share = f" (soft targets at {100 * run['soft_share']:.0f} % of tokens)" if run.get("soft_share") else ""
    cells = [
        f"{score['condition']}{share}",
        f"{run['rows']:,}",
        run["steps"],
        len(run["seeds"]),
        "" if run["final_loss"] is None else f"{run['final_loss']:.3f}",
        score["setting"]["format"] if score["kind"] == "target" else _format_set(score),
        f"{100 * score['mean']:.1f} [{100 * score['low']:.1f}, {100 * score['high']:.1f}]",
        ", ".join(f"{100 * mean:.1f}" for mean in score["by_seed"]),
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _render_foot(results: Sequence[Result]) -> Iterator[str]:
    if not results:
        return
    minutes = sum(result["core_minutes"] for result in results)
    libraries = ", ".join(f"{name} {version}" for name, version in results[0]["libraries"].items())
    yield "## How this was measured"
    yield ""
    yield f"{results[0]['machine']}; {libraries}; batches of 64 in evaluation, float32."
    yield f"{minutes:.0f} minutes of one processor in all: half as long on two."
