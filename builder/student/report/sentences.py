"""A validation as sentences and as rows of plain text, for the report, the terminal and the dataset card."""

from collections.abc import Iterator, Mapping, Sequence

from ....schemas.outcome import Average, Decoding
from ....schemas.student import Gate
from ....schemas.validation import (
    CORRECT,
    Advice,
    Difference,
    DifferenceVerdict,
    EvalSetting,
    GateResult,
    Score,
    Validation,
)
from ...report.sentences import describe_condition
from ..statistics.gate import list_gate_conditions, name_general

Rows = Sequence[Sequence[str]]
"""A table; its first row is the head."""

MEASURES: Mapping[str, tuple[str, str]] = {
    CORRECT: ("accuracy", "points"),
    "gold_logprob": ("log-likelihood of the gold answer", "nats"),
    "reasoned": ("answers with reasoning", "points"),
    "unreadable": ("answers without a readable final answer", "points"),
    "truncated": ("truncated answers", "points"),
    "right_but_wrong_step": ("correct answers with a wrong step", "points"),
    "tokens": ("length of an answer", "tokens"),
}
"""Each measure in words, and its unit; a point is one per cent of the answers."""

VERDICTS: Mapping[DifferenceVerdict, str] = {
    DifferenceVerdict.BETTER: "{condition} did better than {against}",
    DifferenceVerdict.WORSE: "{condition} did worse than {against}",
    DifferenceVerdict.NOT_DISTINGUISHABLE: "{condition} and {against} are not distinguishable",
    DifferenceVerdict.FLOOR: "{condition} and {against} are not comparable, because accuracy is at chance level",
    DifferenceVerdict.TOO_FEW_SEEDS: "no verdict on {condition} and {against}, because there are too few seeds",
}
"""Each verdict as a clause."""


def summarise(difference: Difference, gate: GateResult, *, simulated: bool) -> str:
    """Summarise a validation in one line.

    Args:
        difference: the first comparison of the validation.
        gate: the result of the gate.
        simulated: whether the student was trained on rationales of the simulated teacher.
    """
    verdict = _capitalise(_describe_verdict(difference))
    setting = describe_setting(difference.setting)
    summary = f"{verdict} on {setting}: {_format_difference(difference)}. {describe_gate(gate)}."
    return f"{summary} Simulated." if simulated else summary


def describe_difference(difference: Difference) -> str:
    """Describe a comparison: verdict, difference, interval, number of problems and seeds, and its notes."""
    seeds = len(difference.by_seed)
    basis = f"{difference.problems:,} problems, {seeds} seed{'s' if seeds != 1 else ''}"
    verdict, setting = _describe_verdict(difference), describe_setting(difference.setting)
    sentences = [f"On {setting}, {verdict}: {_format_difference(difference)}; {basis}."]
    if difference.verdict is DifferenceVerdict.NOT_DISTINGUISHABLE and difference.smallest_effect is not None:
        effect = f"{_format_number(difference.smallest_effect, difference.measure)} {_get_unit(difference.measure)}"
        sentences.append(f"A true difference of {effect} would be detected with 80 % power.")
    return " ".join([*sentences, *(f"{_capitalise(note)}." for note in difference.notes)])


def _describe_verdict(difference: Difference) -> str:
    names = {
        "condition": describe_condition(difference.condition),
        "against": describe_condition(difference.against),
    }
    is_clear = difference.verdict in {DifferenceVerdict.BETTER, DifferenceVerdict.WORSE}
    if is_clear and difference.measure != CORRECT:
        more = "more" if difference.difference > 0 else "less"
        return "{condition} had {more} than {against}".format(more=more, **names)
    return VERDICTS[difference.verdict].format(**names)


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


def _format_difference(difference: Difference) -> str:
    name = MEASURES.get(difference.measure, (difference.measure, ""))[0]
    return f"{name} {format_interval(difference)}"


def format_interval(difference: Difference) -> str:
    """Write a difference with its unit and its interval."""
    measure = difference.measure
    low, high = (_format_number(end, measure, sign="+") for end in (difference.low, difference.high))
    amount = f"{_format_number(difference.difference, measure, sign='+')} {_get_unit(measure)}"
    return f"{amount} (95 % interval {low} to {high})"


def _get_unit(measure: str) -> str:
    return MEASURES.get(measure, ("", ""))[1]


def _format_number(value: float, measure: str, sign: str = "") -> str:
    is_share = _get_unit(measure) == "points"
    scaled = 100 * value if is_share else value
    return f"{scaled:{sign}.{1 if abs(scaled) >= 1 or is_share else 2}f}"


def describe_setting(setting: EvalSetting) -> str:
    """Name an evaluation setting: set, format, and the decoding where it is not greedy."""
    vote = "" if setting.decoding is Decoding.GREEDY else f", {setting.decoding} vote"
    return f"{_SETS[setting.average].format(setting.set)} ({setting.format}{vote})"


_SETS: Mapping[Average, str] = {
    Average.PROBLEMS: "{}",
    Average.TASKS: "{}, mean over tasks",
    Average.SETS: "all {} sets, mean over sets",
}


def describe_gate(gate: GateResult) -> str:
    """Say whether the gate is passed."""
    return {True: "The gate is passed", False: "The gate is not passed", None: "The gate has no result"}[gate.passed]


def explain_gate(validation: Validation) -> Iterator[str]:
    """Explain the result of the gate: its reasons, and each loss of general ability that it does not count."""
    gate = Gate.model_validate(validation.student.get("gate", {}))
    yield f"{describe_gate(validation.gate)}."
    yield from (f"{_capitalise(reason)}." for reason in validation.gate.reasons)
    for difference in validation.retention:
        exemption = explain_gate_exemption(difference, gate)
        if exemption and difference.difference < -gate.loss:
            name = f"{name_general(difference.setting)} against {describe_condition(difference.against)}"
            yield f"{_capitalise(name)}: {format_interval(difference)}. {exemption}"


def explain_gate_exemption(difference: Difference, gate: Gate) -> str:
    """Explain why the gate does not count a loss of general ability; empty where it does count it.

    Args:
        difference: a comparison of general ability.
        gate: what the student recipe requires.
    """
    if difference.setting.average is not Average.PROBLEMS:
        return "The gate counts each set by itself, not means over tasks or sets."
    if difference.against not in list_gate_conditions(gate):
        against = describe_condition(gate.against)
        parent = "" if gate.against == "parent" else " and with its parent version, if it has one"
        return f"This comparison is not part of the gate, which compares the version with {against}{parent}."
    if difference.high >= -gate.loss:
        return (
            f"The gate does not count this loss, because the interval includes losses of at most {100 * gate.loss:g} "
            "points, which are allowed."
        )
    return ""


def describe_advice(advice: Advice) -> str:
    """Describe a recommendation: what to change, and the figures that it is based on."""
    return f"{_capitalise(advice.what)}: {advice.why.rstrip('.')}."


def tabulate_scores(scores: Sequence[Score]) -> Rows:
    """Tabulate accuracies with their intervals; other measures are left out."""
    head = ("evaluation set", "condition", "accuracy", "95 % interval", "by seed", "chance")
    return [head, *(_format_score(score) for score in scores if score.measure == CORRECT)]


def _format_score(score: Score) -> Sequence[str]:
    return (
        describe_setting(score.setting),
        describe_condition(score.condition),
        f"{score.mean:.1%}",
        f"{score.low:.1%} to {score.high:.1%}",
        ", ".join(f"{mean:.1%}" for mean in score.by_seed),
        "unknown" if score.chance is None else f"{score.chance:.1%}",
    )


def tabulate_sets(validation: Validation) -> Rows:
    """Tabulate the evaluation sets: what they measure, how many problems were asked, and how many were left out why."""
    head = ("evaluation set", "measures", "problems", "tasks", "left out: trained on", "shown as demonstrations",
            "unreadable", "repeated", "fixed demonstrations")  # fmt: skip
    rows = [
        (
            found.name,
            str(found.kind),
            f"{found.problems:,}",
            f"{found.tasks:,}",
            f"{found.trained_on:,}",
            f"{found.demonstrated:,}",
            *("see the funnel" if count is None else f"{count:,}" for count in (found.unreadable, found.repeated)),
            f"{len(found.demos):,}",
        )
        for found in validation.sets
    ]
    return [head, *rows]


def describe_left_out(validation: Validation) -> Iterator[str]:
    """Say how many problems of each set were left out because students trained on them or see them in the prompt."""
    for found in validation.sets:
        for count, why in ((found.trained_on, "a condition trained on"), (found.demonstrated, "demonstrations show")):
            if count:
                yield f"Of {found.name}, {count:,} problems were left out that {why}."


def tabulate_training(validation: Validation) -> Rows:
    """Tabulate how each condition was trained."""
    rows = [
        (
            describe_condition(run.condition),
            f"{run.rows:,}",
            f"{run.steps:,}",
            f"{len(run.seeds)}",
            "unknown" if run.final_loss is None else f"{run.final_loss:.3f}",
            {True: "yes", False: "no", None: "unknown"}[run.converged],
        )
        for run in validation.training_runs
    ]
    return [("condition", "rows", "steps", "seeds", "final loss (nats per token)", "converged"), *rows]


def tabulate_environment(validation: Validation) -> Rows:
    """Tabulate what affects scores besides data and student: recipe, hardware and releases."""
    rows = [
        ("student", f"{validation.student.get('name', 'unnamed')}, recipe {validation.student_digest[:16]}"),
        ("content digest", validation.content_digest[:16]),
    ]
    environment = validation.environment.model_dump().items()
    return [("what", "value"), *rows, *((name.replace("_", " "), str(value)) for name, value in environment)]
