"""The page of the claims, from the results of the trials."""

from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase
from typing import Any

from cotloom.builder.student.report.sentences import MEASURES

CLAIMS = 13
"""(a) to (m)."""

SETS = {"general": "general tasks", "others": "other tasks", "special": "the special task"}
"""What sets other than the target are called."""

HEAD = """# What the papers claim, in miniature

`make bench-claims` trains small students on worded arithmetic of four steps (numbers to 20) and asks them held-out
problems of other templates. Every arm has three seeds or five, none picked, and the arms of a trial have the same
number of steps (of 16 rows) unless it says otherwise. Settings were chosen on problems of another seed than the ones
asked here. Students are small Llamas: from scratch, 64 wide with two layers, or, where general tasks are asked, the
default student of `cotloom validate` with its general base, 96 wide with three.
An earlier round asked the same problems after shorter trainings, and left several trials without a verdict. That is why
trainings are longer now, (c) and (h) have five seeds, and (g), (i), (j), (k) and (m) were put anew; the new settings
were again chosen on the other problems. The comparisons of answers with reasoning in (e) were added when its results
were known.
Intervals are 95 %, by a paired bootstrap over groups of problems, with the variance of seeds ([student](student.md)).
The rationales are simulated, or written by a student that learnt from simulated ones: what holds here is a fact about
this miniature, and a reason to try it at your size, no more.

*holds*: the whole interval is on the claim's side; for "as good as", it ends above 5 points worse, and
for "gains no more", below 5 points better. *does not hold*, *reversed*: on the
other side. *not shown*: the interval holds no difference. *floor*: no arm learnt the task.
"""


def written(found: Sequence[Mapping[str, Any]]) -> str:
    """The whole page."""
    return (
        "\n".join(
            [HEAD, *_overview(found), *_missing(found), *(line for one in found for line in _trial(one)), *_foot(found)]
        )
        + "\n"
    )


def _overview(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "| | claim | comparison | difference in points | verdict |"
    yield "| --- | --- | --- | --- | --- |"
    for one in found:
        for place, (difference, form, verdict) in enumerate(_contrasts(one)):
            letter, claim = (f"({one['letter']})", one["claim"]) if place == 0 else ("", "")
            yield f"| {letter} | {claim} | {_pair(difference, form)} | {_amount(difference)} | {verdict} |"
    yield ""


def _missing(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    there = {one["letter"] for one in found}
    missing = [f"({letter})" for letter in ascii_lowercase[:CLAIMS] if letter not in there]
    if missing:
        yield f"Not tried yet: {', '.join(missing)}."
        yield ""


def _contrasts(one: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str | None, str]]:
    return zip(one["differences"], one["forms"], one["verdicts"], strict=True)


def _pair(difference: Mapping[str, Any], form: str | None) -> str:
    on = "" if difference["kind"] == "target" else f", {_set(difference)}"
    way = f", asked in {form}" if form else ""
    what = "" if difference["measure"] == "correct" else f", {MEASURES[difference['measure']][0]}"
    return f"{difference['arm']} − {difference['against']}{on}{way}{what}"


def _set(row: Mapping[str, Any]) -> str:
    return SETS.get(row["asked"]["set"], row["asked"]["set"])


def _amount(difference: Mapping[str, Any]) -> str:
    value, low, high = (100 * difference[key] for key in ("difference", "low", "high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"


def _trial(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"## ({one['letter']}) {one['claim']}"
    yield ""
    yield f"{one['source']}. {one['setting']}"
    yield ""
    yield "| arm | rows | steps | seeds | loss at the end | asked | accuracy, % | each seed |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    facts = {arm["name"]: arm for arm in one["arms"]}
    for row in one["standings"]:
        arm = facts[row["arm"]]
        loss = "" if arm["loss"] is None else f"{arm['loss']:.3f}"
        asked = row["asked"]["format"] if row["kind"] == "target" else _set(row)
        each = ", ".join(f"{100 * value:.1f}" for value in row["by_seed"])
        share = f" (soft targets at {100 * arm['soft_share']:.0f} % of tokens)" if arm.get("soft_share") else ""
        yield (
            f"| {row['arm']}{share} | {arm['rows']:,} | {arm['steps']} | {len(arm['seeds'])} | {loss} | {asked} "
            f"| {100 * row['mean']:.1f} [{100 * row['low']:.1f}, {100 * row['high']:.1f}] | {each} |"
        )
    yield ""
    for difference, form, verdict in _contrasts(one):
        reach = difference["smallest_effect"]
        seen = "" if reach is None else f"; a true difference of {100 * reach:.0f} points would have been seen"
        notes = " ".join(f"{note[0].upper()}{note[1:]}." for note in difference["notes"])
        yield f"- {_pair(difference, form)}: {_amount(difference)} points: **{verdict}**{seen}. {notes}".rstrip()
    yield ""
    problems = one["standings"][0]["problems"]
    chance = "" if one["chance"] is None else f" Always the commonest answer: {100 * one['chance']:.0f} % right."
    yield f"{problems} problems of {one['standings'][0]['groups']} groups.{chance}"
    yield ""


def _foot(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not found:
        return
    minutes = sum(one["core_minutes"] for one in found)
    libraries = ", ".join(f"{name} {version}" for name, version in found[0]["libraries"].items())
    yield "## How this was measured"
    yield ""
    yield f"{found[0]['machine']}; {libraries}; batches of 64 in evaluation, float32."
    yield f"{minutes:.0f} minutes of one processor in all: half as long on two."
