"""What the verifier says of single answers and texts: the commands `compare` and `verify-text`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType

from ...schemas.problem import AnswerType, Problem, make_problem_id
from ...schemas.recipe import Tolerance
from ...schemas.sample import Hint, Part
from ..cells import format_cell
from ..errors import InputError
from ..files import Row
from ..report.rationales import mark_part, render_fault, render_step
from ..report.tables import indent, make_line
from ..text.traces import Trace, part_trace
from ..verify import Comparison, check_parts, compare_safely, judge, read_answer

_KEYS = ("answer_type", "gold", "answer")
"""What each row of `compare --jsonl` has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TextQuestion:
    """What a text answers."""

    answer_type: AnswerType
    """The type of its answer."""
    gold: str | None = None
    """The gold answer; without one, the text is read and its steps are checked, and there is no verdict."""
    question: str = ""
    """The question: a wrong equation that it quotes is not the text's own."""
    choices: tuple[str, ...] = ()
    """The options of a multiple-choice question."""
    hint: Hint = Hint.NONE
    """Whether the teacher was shown the gold answer."""
    pattern: str | None = None
    """A pattern of the answer, in place of all rules."""


def compare_rows(rows: Iterable[Row], name: str, tolerance: Tolerance | None = None) -> Iterator[dict[str, Any]]:
    """Compare the two answers of each row. Yields its values with `outcome` and `detail`.

    Args:
        rows: each with `answer_type`, `gold`, `answer` and, where it is a choice, `choices`.
        name: what the rows were read from.
        tolerance: how far numbers may lie apart.

    Raises:
        InputError: a row lacks a key, or its type is none.
    """
    for row in rows:
        values = row.values or {}
        missing = [key for key in _KEYS if key not in values]
        if row.fault or missing:
            raise InputError(f"{name}, {row.origin}: {row.fault or 'it has no ' + ' and no '.join(missing)}")
        comparison = _compare_row(values, f"{name}, {row.origin}", tolerance)
        yield {**values, "outcome": comparison.outcome.value, "detail": comparison.detail}


def _compare_row(values: Mapping[str, Any], place: str, tolerance: Tolerance | None) -> Comparison:
    gold, answer = format_cell(values["gold"]) or "", format_cell(values["answer"]) or ""
    choices = tuple(map(str, values.get("choices") or ()))
    kind = parse_type(str(values["answer_type"]), gold, choices, place)
    return compare_safely(gold, answer, kind, choices, tolerance)


def parse_tolerance(amount: str) -> Tolerance:
    """Parse a tolerance: `0.5`, or `1%` of the gold answer.

    Raises:
        InputError: it is no such amount.
    """
    is_relative = amount.endswith("%")
    try:
        if is_relative:
            return Tolerance(relative=float(Decimal(amount[:-1]) / 100))
        return Tolerance(absolute=float(Decimal(amount)))
    except (ArithmeticError, ValueError) as error:
        raise InputError(f"--tolerance: {amount!r} is no amount", hint="0.5, or 1% of the gold answer") from error


def parse_type(name: str, gold: str | None, choices: Sequence[str], place: str = "--type") -> AnswerType:
    """Parse the name of an answer type; `auto` is inferred from the gold answer.

    Raises:
        InputError: there is no such type, or nothing to infer it from.
    """
    if name in {kind.value for kind in AnswerType}:
        return AnswerType(name)
    if name == "auto" and gold is not None:
        from ..infer.answer import infer_gold_type  # noqa: PLC0415 - for this type only

        return infer_gold_type(gold, choices)
    if name == "auto":
        raise InputError("the type can't be inferred without a gold answer", hint="give --gold, or --type")
    known = ", ".join([*(kind.value for kind in AnswerType), "auto"])
    raise InputError(f"{place}: there is no answer type {name!r}", hint=f"there are: {known}")


def check_text(text: str, asked: TextQuestion) -> dict[str, Any]:
    """Read the answer of a text, compare it with the gold answer where there is one, and check each step.

    Returns:
        answer_type, gold, predicted, rule, span, answer_part, steps, and the parts `reasoning` and `text`; with a gold
        answer also verdict, reason, detail and faults.

    Raises:
        PatternError: the pattern can't be used.
    """
    trace = part_trace(text)
    found = _judge_text(trace, asked) if asked.gold is not None else _read_text(trace, asked)
    parts = {"reasoning": trace.reasoning, "text": trace.response}
    return {"answer_type": asked.answer_type.value, "gold": asked.gold, **found, **parts}


def _judge_text(trace: Trace, asked: TextQuestion) -> dict[str, Any]:
    problem = Problem(
        problem_id=make_problem_id(asked.question, asked.choices),
        source="text",
        origin="text",
        question=asked.question,
        answer=asked.gold,
        answer_type=asked.answer_type,
        choices=asked.choices,
    )
    judgement = judge(problem, trace.response, reasoning=trace.reasoning, hint=asked.hint, pattern=asked.pattern)
    found = {name: value for name, value in asdict(judgement).items() if name not in _NOT_ASKED}
    return {**found, "steps": list(found["steps"]), "faults": list(found["faults"])}


_NOT_ASKED = frozenset({
    "blind_predicted", "answer_votes", "rationale_votes", "external", "open_question", "rationale_reason",
    "rationale_detail",
})  # fmt: skip
"""What only a build finds out: it asks a teacher, a grader or a command, and compares samples."""


def _read_text(trace: Trace, asked: TextQuestion) -> dict[str, Any]:
    """Read a text for which no gold answer is known: from the response, and where it states none, the reasoning."""
    parts = {part: words for part, words in ((Part.TEXT, trace.response), (Part.REASONING, trace.reasoning)) if words}
    readings = (
        (read_answer(words, asked.answer_type, asked.choices, asked.pattern), part) for part, words in parts.items()
    )
    reading, part = next((pair for pair in readings if pair[0] is not None), (None, None))
    return {
        "predicted": reading and reading.answer,
        "rule": reading and reading.rule,
        "span": reading and asdict(reading.span),
        "answer_part": part,
        "steps": [asdict(step) for step in check_parts(asked.question, dict(reversed(parts.items()))).steps],
    }


def render_comparison(gold: str, answer: str, kind: AnswerType, comparison: Comparison) -> str:
    """Render a comparison as a line of text."""
    detail = f" ({comparison.detail})" if comparison.detail else ""
    return f"{comparison.outcome.value}{detail}: {kind.value} {answer!r} against gold {gold!r}"


def render_text_check(found: Mapping[str, Any]) -> RenderableType:
    """Render what `check_text` found: the verdict, what was read and where, each step, the text with its marks."""
    return Group(*_render_check(found))


def _render_check(found: Mapping[str, Any]) -> Iterator[RenderableType]:
    if found["gold"] is not None:
        reason = f"  dropped: {found['reason']}" if found["reason"] else "  kept"
        detail = f" ({found['detail']})" if found["detail"] else ""
        yield make_line((f"{found['verdict']}", "bold"), f"{reason}{detail}")
        yield make_line(f"gold       {found['gold']}")
    if found["predicted"] is None:
        yield make_line(f"read       no {found['answer_type']}")
    else:
        where = ", in the reasoning" if found["answer_part"] == Part.REASONING else ""
        yield make_line(f"read       {found['predicted']}  by the rule {found['rule']}{where}")
    for step in found["steps"]:
        yield render_step(step)
    if not found["steps"]:
        yield make_line("steps      no equation was found")
    yield from (make_line(render_fault(fault), style="red") for fault in found.get("faults", ()))
    for part in (Part.REASONING, Part.TEXT):
        if found[part.value]:
            yield make_line(f"{part.value}:", style="bold")
            yield indent(mark_part(found, part))
