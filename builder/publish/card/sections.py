"""Parts of the card that follow from recipe and counts: the teacher, the checks and the limits."""

from collections.abc import Iterator, Mapping
from typing import Any

from cotloom.builder.publish.card.facts import Facts
from cotloom.builder.publish.card.markdown import code, fenced, table
from cotloom.builder.publish.card.metadata import Told, languages

MEASURED: Mapping[int, tuple[tuple[str, str], ...]] = {
    3: (
        (
            "numbers: verdict on the final answer",
            "0 of 2,640 labelled solutions of GSM8K judged otherwise than labelled (95 % interval up to 0.14 %)",
        ),
        (
            "written equations: a step called wrong",
            "22 of 7,473 solutions by people (0.3 %), real slips among them: an upper bound for false alarms",
        ),
    )
}
"""Error rates that were measured (docs/gsm8k.md, tests/verify/test_judge.py), by code version of the room `verify`."""

_HINTS = {
    "none": "never shown the answer",
    "always": "always shown the answer",
    "fallback": "shown the answer only for problems that no answer without it solved",
}
_TEMPLATES = {
    "zero_shot": "asked for the answer alone",
    "cot_zero_shot": "asked for steps, then the answer",
    "cot_two_call": "asked for steps, then in a second call for the answer",
    "cot_few_shot": "asked for steps after demonstrations",
}


def teacher(facts: Facts) -> Iterator[str]:
    """Who wrote the rationales, how it was asked, and how many kept answers saw the gold answer."""
    asked: Mapping[str, Any] = facts.manifest.recipe["teacher"]
    first, *rows = [(name, said) for name, said in _teacher(facts, asked) if said]
    yield from table(first, rows)
    prompt = asked.get("prompt") or {}
    for name in ("system", "user"):
        if prompt.get(name):
            yield from (f"The {name} prompt:", "", *fenced(prompt[name]), "")


def _teacher(facts: Facts, asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "teacher", ", ".join(map(code, facts.teachers)) or "none was asked"
    yield (
        "answers came from",
        {"recorded": "a recording", "simulated": "a stand-in, not a model"}.get(
            asked["backend"], f"the backend {code(asked['backend'])}"
        ),
    )
    prompt = asked.get("prompt") or {}
    shots = f", {prompt['shots']} of them" if prompt.get("template") == "cot_few_shot" else ""
    yield "prompt", _TEMPLATES.get(prompt.get("template", ""), "") + shots
    yield "sampling", _sampling(asked)
    hint = asked.get("hint")
    yield "hints", _HINTS[hint["mode"]] if hint else "unknown: the answers were recorded"
    yield "kept answers with a hint", _share(facts.kept_hinted, facts.kept_sampled) if hint else "unknown"
    if facts.kept_given:
        yield "responses brought by sources", f"{facts.kept_given:,}, kept as they were"


def _sampling(asked: Mapping[str, Any]) -> str:
    sampling = asked.get("sampling")
    if asked["backend"] == "simulated" or sampling is None:
        return ""
    names = ("temperature", "top_p", "max_tokens", "top_logprobs")
    told = [f"{name} {sampling[name]}" for name in names if sampling.get(name) is not None]
    left = [name for name in names if sampling.get(name) is None]
    return ", ".join(told) + (f"; {', '.join(left)} left to the server" if left else "")


def _share(count: int, of: int) -> str:
    return f"{count:,} of {of:,} ({count / of:.1%})" if of else "none"


def checks(facts: Facts) -> Iterator[str]:
    """What was checked, what happened on a finding, and how often a check is known to err."""
    recipe, counts = facts.manifest.recipe, facts.manifest.counts
    policy = recipe["verify"]
    acts = {"drop": "drops the answer", "tag": "is marked, the answer stays"}
    rows = [
        (
            "final answer against the gold answer",
            f"another answer, or none: dropped; answer types: {', '.join(facts.answer_types)}",
        ),
        ("every written equation, with exact fractions", f"a wrong one {acts[policy['steps']]}"),
        ("a hint handed back without working", acts[policy["hint_parroting"]]),
        ("repeats, by wording and by method", "all but one are dropped"),
    ]
    yield from table(("check", "on a finding"), rows)
    unread, equations = facts.unchecked_steps
    yield (
        f"Every verdict is in `candidates`. Of {counts['samples']:,} answers, {counts['samples_kept']:,} were kept; "
        f"in these, {_share(unread, equations)} equations could not be checked."
    )
    yield ""
    measured = MEASURED.get(facts.manifest.rooms.get("verify", 0))
    if measured is None or "number" not in facts.answer_types:
        yield "How often these checks err was not measured for this release of them."
        return
    yield from table(
        ("check", "errors measured"), [*measured, ("other answer types, and the reasoning itself", "unknown")]
    )


def limits(facts: Facts, told: Told) -> Iterator[str]:
    """What a reader should know before training on it."""
    manifest, recipe = facts.manifest, facts.manifest.recipe
    known = [
        (manifest.simulated, "The rationales are simulated. Nothing about a real model follows from them."),
        (True, "A right final answer over right arithmetic is no proof of sound reasoning: logic is not checked."),
        (facts.unchecked_steps[0], "Equations with units, algebra or cut-off expressions were not checked."),
        (facts.kept_hinted, "Answers with `hint: hinted` may argue backwards from the answer that was shown."),
        (recipe["teacher"]["backend"] == "recorded", "How the recorded answers were sampled is not known."),
        (facts.kept_given, "Responses that sources brought along (`verdict: given`) were not checked at all."),
        (not manifest.splits.get("test"), "No problem was held out."),
        (not manifest.contamination, "Overlap with public benchmarks was not looked for."),
        (facts.validation is None, "What a student learns from it was not measured."),
        (not languages(recipe, told), "The language of the texts is not stated."),
        (not recipe.get("license"), "The recipe states no licence for the whole."),
        (True, "Questions, gold answers and their mistakes are those of the sources."),
    ]
    yield from (f"- {text}" for holds, text in known if holds)
