"""The explanation of a row, for the terminal. Texts of models and sources are escaped and shown without markup."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ...schemas.reasons import Fate
from ...schemas.sample import Part
from ..report.rationales import mark_part, render_fault, render_step
from ..report.tables import indent, make_line
from ..select.signatures import spell_roles


def render_explanation(explanation: Mapping[str, Any]) -> RenderableType:
    """Render what `explain` collected, from the problem to the examples.

    Args:
        explanation: what `explain` returned.
    """
    kind = explanation["kind"]
    parts: list[RenderableType] = []
    if explanation.get("problem"):
        parts += _render_problem(explanation["problem"])
    for duplicate in explanation.get("duplicates", ()):
        parts.append(make_line(f"duplicate  {duplicate['detail']}"))
    parts += _render_evidence(explanation)
    for sample in [explanation["sample"]] if "sample" in explanation else explanation.get("samples", []):
        question = (explanation.get("problem") or {}).get("question")
        parts += [Text(), *_render_sample(sample, question, in_full=kind != "problem")]
    for example in explanation.get("examples", []) if kind == "sample" else []:
        parts += [Text(), *_render_example(example, in_full=False)]
    if "example" in explanation:
        parts += [Text(), *_render_example(explanation["example"], in_full=True)]
    return Group(*parts)


def _render_problem(problem: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield make_line((f"Problem {problem['problem_id']}", "bold"), f"  {_format_fate(problem)}")
    source = f"{problem['source']}, {problem['origin']}"
    yield make_line(f"from       {source}; group {problem['group']}; split {problem['split']}")
    yield indent(problem["question"], "italic")
    stated = problem["stated_answer"]
    before = "" if stated is None else f", corrected by a review; the source states {stated}"
    yield make_line(f"gold       {'none' if problem['answer'] is None else problem['answer']}{before}")
    if problem["pass_rate"] is not None:
        yield make_line(f"pass rate  {problem['pass_rate']:.0%} of its unhinted answers are correct")
    if problem["weight"] != 1.0:
        yield make_line(f"weight     {problem['weight']:g}")
    if problem["duplicate_of"] is not None:
        other = f"; its gold answer is {problem['kept_answer']}" if problem["kept_answer"] is not None else ""
        yield make_line(f"repeats    {problem['duplicate_of']}, by {problem['duplicate_by']}{other}")


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


def _render_sample(sample: Mapping[str, Any], question: str | None, *, in_full: bool) -> Iterator[RenderableType]:
    yield make_line((f"Sample {sample['sample_id']}", "bold"), f"  {_format_fate(sample)}")
    yield from (make_line(line) for line in _describe_sample(sample))
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
        yield from _render_texts(sample)


def _describe_path(signature: str, question: str | None) -> str:
    """Describe a path with the numbers of its question, and behind that with their roles."""
    spelled = spell_roles(signature, question)
    return signature if spelled == signature else f"{spelled}  as {signature}"


def _describe_sample(sample: Mapping[str, Any]) -> Iterator[str]:
    """Describe where a sample came from, and what was found about its answer, in lines."""
    position = f"answer {sample['sample_index']}, round {sample['round']}, hint {sample['hint']}"
    simulated = ", simulated" if sample["simulated"] else ""
    yield f"teacher    {sample['teacher']}, {position}{simulated}"
    yield f"verdict    {sample['verdict']} ({_format_reading(sample)})"
    if sample["consensus"]:
        yield f"agreement  {_format_consensus(sample['consensus'])}"
    if sample["blind_text"] is not None:
        blind = "no answer found" if sample["blind_predicted"] is None else f"answer {sample['blind_predicted']}"
        yield f"blind      {blind}, after the reasoning alone, without the hint"
    yield from describe_judges(sample)
    if sample["response_tokens"] is not None:
        reasoning = f"{sample['reasoning_tokens']:,} of reasoning, " if sample["reasoning_tokens"] else ""
        yield f"tokens     {reasoning}{sample['response_tokens']:,} of response"
    if sample["labels"]:
        yield f"labels     {sample['labels']}"
    if sample["review"]:
        yield f"review     {_format_review(sample['review'])}"


def _format_review(mark: Mapping[str, Any]) -> str:
    """Say what a review did to a sample."""
    because = f": {mark['reason']}" if mark["reason"] else ""
    before = f"; its check had found {mark['verdict']}" if mark["verdict"] else ""
    edited = f", of {mark['edited']}" if mark["edited"] else ""
    return f"{mark['action']} by {mark['by']}{edited}{because}{before}"


def _format_consensus(consensus: Mapping[str, Any]) -> str:
    """Say how far the samples of a problem without a gold answer agree."""
    count = f"{consensus['agreeing']} of {consensus['answered']} samples"
    if consensus["answer"] is None:
        return f"no consensus: at most {count} say the same, and there is no gold answer"
    return f"{count} say {consensus['answer']}; there is no gold answer"


def describe_judges(sample: Mapping[str, Any]) -> Iterator[str]:
    """Describe what a grading model and a command said of a sample, in lines."""
    for question, votes in (("answer", sample["answer_votes"]), ("rationale", sample["rationale_votes"])):
        if votes is not None:
            own = [grade for grade in sample["grades"] if grade["question"] == question]
            names = ", ".join(sorted({f"{each['grader']}, prompt {each['prompt']}" for each in own}))
            agreement = "no vote" if votes["agreement"] is None else f"agreement {votes['agreement']:.0%}"
            counts = f"{votes['correct']} for it, {votes['wrong']} against, {votes['unread']} unreadable"
            simulated = ", simulated" if any(each["simulated"] for each in own) else ""
            yield f"grader     on the {question}: {counts}; {agreement} ({names}{simulated})"
    if sample["external"] is not None:
        found = sample["external"]
        detail = f": {found['detail']}" if found["detail"] else ""
        yield f"external   {found['verifier']} ({found['command']}) says {found['verdict']}{detail}"


def _render_grades(sample: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What a grading model wrote, in full."""
    for grade in sample["grades"] or []:
        yield make_line(f"grade {grade['index']} of {grade['grader']} on the {grade['question']}:", style="bold")
        yield indent(grade["text"] or "(nothing)")


def _render_texts(sample: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What was asked for and what came, in full."""
    yield make_line(f"request    {', '.join(sample['request_digests'])}")
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


def _format_reading(sample: Mapping[str, Any]) -> str:
    if sample["answer_votes"] is not None or sample["external"] is not None:
        return "no comparison"
    if sample["predicted"] is None:
        return "no answer found"
    where = " in the reasoning" if sample["answer_part"] == Part.REASONING else ""
    return f"answer {sample['predicted']}, read by the rule {sample['rule']}{where}"


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
