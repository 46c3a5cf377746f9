"""The explanation of a row, for the terminal. Texts of models and sources are escaped and shown without markup."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ....schemas.reasons import Fate
from ....schemas.sample import Part
from ...report.rationales import mark_part, render_fault, render_step
from ...report.tables import indent, make_line
from ...select.signatures import spell_roles
from ...text.options import format_question

_RECORDED = "a_"
"""The ids of recorded answers begin with it."""

_MOST_METADATA = 300
"""So many characters of a source's further columns are shown."""


def render_explanation(explanation: Mapping[str, Any]) -> RenderableType:
    """Render what `explain` collected, from the problem to the examples.

    Args:
        explanation: what `explain` returned.
    """
    kind = explanation["kind"]
    parts: list[RenderableType] = []
    if explanation.get("problem"):
        parts += _render_problem(explanation["problem"], in_full=kind == "problem")
    for duplicate in explanation.get("duplicates", ()):
        parts.append(make_line(f"duplicate  {duplicate['detail']}"))
    parts += _render_evidence(explanation)
    parts += _render_rounds(explanation.get("rounds", ()))
    for sample in [explanation["sample"]] if "sample" in explanation else explanation.get("samples", []):
        question = (explanation.get("problem") or {}).get("question")
        parts += [Text(), *_render_sample(sample, question, explanation.get("requests", ()), in_full=kind != "problem")]
    for example in explanation.get("examples", []) if kind == "sample" else []:
        parts += [Text(), *_render_example(example, in_full=False)]
    if "example" in explanation:
        parts += [Text(), *_render_example(explanation["example"], in_full=True)]
    return Group(*parts)


def _render_problem(problem: Mapping[str, Any], *, in_full: bool) -> Iterator[RenderableType]:
    yield make_line((f"Problem {problem['problem_id']}", "bold"), f"  {_format_fate(problem)}")
    source = f"{problem['source']}, {problem['origin']}"
    yield make_line(f"from       {source}; group {problem['group']}; split {problem['split']}")
    about = [problem[name] for name in ("task", "category", "language", "license") if problem[name]]
    if about:
        yield make_line(f"about      {', '.join(about)}")
    yield indent(format_question(problem["question"] or "(no question)", problem["choices"] or ()), "italic")
    stated = problem["stated_answer"]
    before = "" if stated is None else f", corrected by a review; the source states {stated}"
    gold = "none" if problem["answer"] is None else f"{problem['answer']} ({problem['answer_type']})"
    yield make_line(f"gold       {gold}{before}")
    if problem["pass_rate"] is not None:
        yield make_line(f"pass rate  {problem['pass_rate']:.0%} of its unhinted answers are correct")
    if problem["weight"] != 1.0:
        yield make_line(f"weight     {problem['weight']:g}")
    if problem["duplicate_of"] is not None:
        other = f"; its gold answer is {problem['kept_answer']}" if problem["kept_answer"] is not None else ""
        yield make_line(f"repeats    {problem['duplicate_of']}, by {problem['duplicate_by']}{other}")
    if in_full and problem["reference_rationale"]:
        yield make_line("the source's own solution:", style="bold")
        yield indent(problem["reference_rationale"])
    if in_full and problem["metadata"] != "{}":
        metadata = problem["metadata"]
        more = f"... ({len(metadata):,} characters)" if len(metadata) > _MOST_METADATA else ""
        yield make_line(f"columns    {metadata[:_MOST_METADATA]}{more}")


def _render_evidence(explanation: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What overlaps an evaluation set, or came near one, and what is nearly the same elsewhere."""
    for item in explanation.get("overlaps", ()):
        what = "overlaps" if item["dropped"] else "stayed, near"
        score = f"{item['measure']} {item['score']:.0%}, {item['part']}"
        yield make_line(f"{what:<10} {item['against']}, {item['evaluation_origin']} ({score}):")
        yield indent(item["evaluation_text"], "italic")
    for item in explanation.get("near_duplicates", ()):
        others = f", {item['others']:,} such in all" if item["others"] > 1 else ""
        where = f"{item['other_id']} of {item['other_problem_id']}" if item["unit"] == "sample" else item["other_id"]
        yield make_line(f"near       {where} ({item['similarity']:.0%} of the shingles{others})")


def _render_rounds(rounds: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """What each round of sampling brought."""
    for each in rounds:
        hint = "" if each["hint"] == "none" else f", {each['hint']}"
        counts = (
            f"{each['right']} right, {each['new_paths']} new path{'s' * (each['new_paths'] != 1)}, {each['kept']} kept"
        )
        yield make_line(f"round {each['round']:<4} {each['samples']} of {each['teacher']}{hint}: {counts}")


def _render_requests(requests: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """What the teacher was asked, message by message."""
    for request in requests:
        if request["messages"] is None:
            yield make_line(_describe_missing_request(request["digest"]))
            continue
        sampling = ", ".join(f"{key} {value}" for key, value in sorted(request["sampling"].items()))
        yield make_line(
            f"request    {request['digest']} to {request['endpoint']} ({sampling or 'no sampling parameters'}):"
        )
        for message in request["messages"]:
            yield make_line(f"{message['role']}:", style="bold")
            yield indent(message["content"], "italic")


def _describe_missing_request(digest: str) -> str:
    if digest.startswith(_RECORDED):
        return f"recorded   {digest}: it comes from a file, and nothing was asked"
    return f"request    {digest}; this store's ledger has no such request"


def _render_sample(
    sample: Mapping[str, Any], question: str | None, requests: Sequence[Mapping[str, Any]], *, in_full: bool
) -> Iterator[RenderableType]:
    yield make_line((f"Sample {sample['sample_id']}", "bold"), f"  {_format_fate(sample)}")
    yield from (make_line(line) for line in _describe_sample(sample))
    shown = sample["checks"] if in_full else [check for check in sample["checks"] if _is_telling(check)]
    yield from map(_render_check, shown)
    for step in sample["steps"] or []:
        if in_full or step["outcome"] == "wrong":
            yield render_step(step)
    yield from (make_line(render_fault(fault), style="red") for fault in sample["faults"] or [])
    if sample["signature"]:
        cluster = "its own" if sample["cluster"] == sample["sample_id"] else f"that of {sample['cluster']}"
        yield make_line(f"path       {_describe_path(sample['signature'], question)}  (cluster: {cluster})")
    if sample["duplicate_of"]:
        how = f"by {sample['duplicate_by']}, {sample['similarity']:.0%}"
        yield make_line(f"repeats    {sample['duplicate_of']}, {how}")
    if sample["on_reference_path"]:
        yield make_line("reference  takes the path of the reference rationale")
    if in_full:
        yield from (make_line(f"choice     {cause}") for cause in sample["choice"].get("because", ()))
        yield from _render_requests(requests)
        yield from _render_texts(sample)


def _is_telling(check: Mapping[str, Any]) -> bool:
    """Whether a check belongs into the short form: what decides about the answer, and whatever did not pass."""
    return check["outcome"] != "passed" or check["check"] not in {"ending", "steps", "faults"}


def _describe_path(signature: str, question: str | None) -> str:
    """Describe a path with the numbers of its question, and behind that with their roles."""
    spelled = spell_roles(signature, question)
    return signature if spelled == signature else f"{spelled}  as {signature}"


def _describe_sample(sample: Mapping[str, Any]) -> Iterator[str]:
    """Describe where a sample came from, in lines."""
    position = f"answer {sample['sample_index']}, round {sample['round']}, hint {sample['hint']}"
    simulated = ", simulated" if sample["simulated"] else ""
    yield f"teacher    {sample['teacher']}, {position}{simulated}"
    if sample["response_tokens"] is not None:
        reasoning = f"{sample['reasoning_tokens']:,} of reasoning, " if sample["reasoning_tokens"] else ""
        yield f"tokens     {reasoning}{sample['response_tokens']:,} of response"
    if sample["labels"]:
        yield f"labels     {sample['labels']}"


_MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "undecided": ("?", "yellow")}
"""The mark of what a check came to."""


def _render_check(check: Mapping[str, Any]) -> Text:
    """Render what a check found, behind a mark of what it came to."""
    mark, style = _MARKS[check["outcome"]]
    return make_line(f"{check['check']:<10} ", (mark, style), f" {check['finding']}")


def _render_grades(sample: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What a grading model wrote, in full."""
    for grade in sample["grades"] or []:
        yield make_line(f"grade {grade['index']} of {grade['grader']} on the {grade['question']}:", style="bold")
        yield indent(grade["text"] or "(nothing)")


def _render_texts(sample: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What came, in full."""
    if sample["served_model"]:
        yield make_line(f"served by  {_format_server(sample)}")
    if sample["reasoning"]:
        yield make_line("reasoning:", style="bold")
        yield indent(mark_part(sample, Part.REASONING))
    yield make_line("response:", style="bold")
    yield indent(mark_part(sample, Part.TEXT))
    if sample["blind_text"] is not None:
        yield make_line("after the reasoning alone, without the hint:", style="bold")
        yield indent(sample["blind_text"])
    yield from _render_grades(sample)


def _format_server(sample: Mapping[str, Any]) -> str:
    setup = f", fingerprint {sample['fingerprint']}" if sample["fingerprint"] else ""
    response = f", response {sample['response_id']}" if sample["response_id"] else ""
    return f"{sample['served_model']}{setup}{response}"


def _render_example(example: Mapping[str, Any], *, in_full: bool) -> Iterator[RenderableType]:
    yield make_line((f"Example {example['example_id']}", "bold"), f"  {_format_fate(example)}")
    stage = example["mixture_stage"] or "none"
    yield make_line(f"format     {example['format']}; mixture stage {stage}; split {example['split']}")
    if in_full and example["reasoning"]:
        yield make_line("reasoning, before the last message:", style="bold")
        yield indent(example["reasoning"])
    for message in example["messages"] if in_full else []:
        yield make_line(f"{message['role']}:", style="bold")
        yield indent(message["content"])


def _format_fate(row: Mapping[str, Any]) -> str:
    if row["fate"] == Fate.KEPT:
        return "kept"
    detail = f" ({row['detail']})" if row["detail"] else ""
    return f"dropped by {row['stage']}: {row['reason']}{detail}"
