"""A validation in words and rows of plain text: what the report, the page and the terminal have in common."""

from collections.abc import Iterator, Mapping, Sequence

from cotloom.schemas.outcome import Decoding
from cotloom.schemas.validation import CORRECT, Asked, Difference, Finding, Passed, Standing, Validation

Rows = Sequence[Sequence[str]]
"""A table, its first row the head."""

SIMULATED = "Simulated: a stand-in wrote what the student was trained on, no model did."

ARMS: Mapping[str, str] = {
    "version": "the version",
    "answer_only": "answers without reasoning",
    "parent": "the parent version",
    "single_path": "one path for each problem",
    "shuffled": "shuffled reasoning",
    "untrained": "the untrained student",
}
"""The arms in words."""

MEASURES: Mapping[str, tuple[str, str]] = {
    CORRECT: ("accuracy", "points"),
    "gold_logprob": ("log-likelihood of the gold answer", "nats"),
    "reasoned": ("answers with reasoning", "points"),
    "unreadable": ("answers that can't be read", "points"),
    "truncated": ("answers cut off", "points"),
    "right_but_wrong_step": ("right answers with a wrong step", "points"),
    "tokens": ("length of an answer", "tokens"),
}
"""The measures in words, and their units."""

VERDICTS: Mapping[Finding, str] = {
    Finding.BETTER: "{arm} did better than {against}",
    Finding.WORSE: "{arm} did worse than {against}",
    Finding.NOT_DISTINGUISHABLE: "{arm} and {against} can't be told apart",
    Finding.FLOOR: "{arm} and {against} can't be compared, since the task was not learnt",
    Finding.TOO_FEW_SEEDS: "no verdict on {arm} and {against}, for want of seeds",
}
"""The verdicts in words."""


def summarise(difference: Difference, gate: Passed, *, simulated: bool) -> str:
    """Say what came out in a line.

    Args:
        difference: the comparison that matters most.
        gate: what the gate says.
        simulated: whether the simulated teacher wrote what the student was trained on.
    """
    told = _verdict(difference)
    told = f"{told[0].upper()}{told[1:]} on {asked_words(difference.asked)}: {_amount(difference)}. {gate_words(gate)}."
    return f"{told} Simulated." if simulated else told


def sentence(difference: Difference) -> str:
    """Say what a comparison came to, with its interval, what it rests on, and what to bear in mind."""
    seeds = len(difference.by_seed)
    rests = f"{difference.problems:,} problems, {seeds} seed{'s' if seeds != 1 else ''}"
    told = f"On {asked_words(difference.asked)}, {_verdict(difference)}: {_amount(difference)}; {rests}."
    if difference.verdict is Finding.NOT_DISTINGUISHABLE and difference.smallest_effect is not None:
        reach = f"{_number(difference.smallest_effect, difference.measure)} {_unit(difference.measure)}"
        told += f" A true difference of {reach} would have been called in four of five cases."
    return " ".join([told, *(f"{note[0].upper()}{note[1:]}." for note in difference.notes)])


def _verdict(difference: Difference) -> str:
    names = {"arm": arm_words(difference.arm), "against": arm_words(difference.against)}
    called = difference.verdict in {Finding.BETTER, Finding.WORSE}
    if called and difference.measure != CORRECT:
        return "{arm} had {more} than {against}".format(more="more" if difference.difference > 0 else "less", **names)
    return VERDICTS[difference.verdict].format(**names)


def _amount(difference: Difference) -> str:
    measure = difference.measure
    name = MEASURES.get(measure, (measure, ""))[0]
    low, high = (_number(end, measure, sign="+") for end in (difference.low, difference.high))
    amount = f"{_number(difference.difference, measure, sign='+')} {_unit(measure)}"
    return f"{name} {amount} (95 % interval {low} to {high})"


def _unit(measure: str) -> str:
    return MEASURES.get(measure, ("", ""))[1]


def _number(value: float, measure: str, sign: str = "") -> str:
    scaled = 100 * value if _unit(measure) == "points" else value
    return f"{scaled:{sign}.{1 if abs(scaled) >= 1 or _unit(measure) == 'points' else 2}f}"


def arm_words(arm: str) -> str:
    """An arm in words."""
    return ARMS.get(arm, arm)


def asked_words(asked: Asked) -> str:
    """A way of asking in words."""
    vote = "" if asked.decoding is Decoding.GREEDY else f", {asked.decoding} vote"
    return f"{asked.set} ({asked.format}{vote})"


def gate_words(gate: Passed) -> str:
    """What the gate says, in words."""
    return {True: "The gate is passed", False: "The gate is not passed", None: "The gate can't say"}[gate.passed]


def standings_table(standings: Sequence[Standing]) -> Rows:
    """Accuracies with their intervals; other measures are left out."""
    head = ("asked", "trained on", "accuracy", "95 % interval", "each seed", "chance")
    return [head, *(_standing(standing) for standing in standings if standing.measure == CORRECT)]


def _standing(standing: Standing) -> Sequence[str]:
    return (
        asked_words(standing.asked),
        arm_words(standing.arm),
        f"{standing.mean:.1%}",
        f"{standing.low:.1%} to {standing.high:.1%}",
        ", ".join(f"{mean:.1%}" for mean in standing.by_seed),
        "unknown" if standing.chance is None else f"{standing.chance:.1%}",
    )


def arms_table(validation: Validation) -> Rows:
    """How each arm was trained."""
    rows = [
        (
            arm_words(arm.arm),
            f"{arm.rows:,}",
            f"{arm.steps:,}",
            f"{len(arm.seeds)}",
            "unknown" if arm.final_loss is None else f"{arm.final_loss:.3f}",
            {True: "yes", False: "no", None: "unknown"}[arm.converged],
        )
        for arm in validation.arms
    ]
    return [("trained on", "rows", "steps", "seeds", "loss at the end (nats per token)", "stopped falling"), *rows]


def circumstances(validation: Validation) -> Iterator[tuple[str, str]]:
    """What moves scores besides data and student, and what was measured."""
    yield "student", f"{validation.student.get('name', 'unnamed')}, recipe {validation.student_digest[:16]}"
    yield "content", validation.content_digest[:16]
    for name, value in validation.circumstances.model_dump().items():
        yield name.replace("_", " "), str(value)
