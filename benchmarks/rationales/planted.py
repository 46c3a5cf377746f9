"""Plant one fault in a rationale that has none, by seed."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from texts import FOLDER, Case, split_text, with_text

Plant = Callable[[Case, Sequence[Case], random.Random], str | None]
"""Makes a text with a fault of a case, of others of its half; None where the case has no place for it."""
_SENTENCE = re.compile(r"[^.!?。！？\n]{12,}[.!?。！？\n]")


def loop_sentence(case: Case, _others: Sequence[Case], draw: random.Random) -> str | None:
    """Repeat a sentence 5 to 200 times, to the end."""
    found = list(_SENTENCE.finditer(case.text))
    if not found:
        return None
    chosen = draw.choice(found)
    return case.text[: chosen.end()] + (" " + chosen[0].strip()) * draw.randint(4, 199)


def loop_within(case: Case, _others: Sequence[Case], draw: random.Random) -> str | None:
    """Repeat a sentence 5 to 200 times, and go on."""
    found = list(_SENTENCE.finditer(case.text))
    if not found:
        return None
    chosen = draw.choice(found)
    repeated = (" " + chosen[0].strip()) * draw.randint(4, 199)
    return f"{case.text[: chosen.end()]}{repeated} {case.text[chosen.end() :]}"


def loop_block(case: Case, _others: Sequence[Case], draw: random.Random) -> str | None:
    """Repeat all of a text 5 to 60 times, and break off somewhere."""
    body = split_text(case.text)[1]
    repeated = f"{body}\n\n" * draw.randint(5, 60)
    return repeated[: len(repeated) - draw.randint(0, len(body))]


def loop_words(case: Case, _others: Sequence[Case], draw: random.Random) -> str | None:
    """Repeat one to four words 40 to 400 times, to the end."""
    body = split_text(case.text)[1]
    words = body.split()
    if len(words) < 8:
        piece = body[4 : 4 + draw.randint(1, 4)]
        return body + piece * draw.randint(80, 400)
    place = draw.randrange(len(words) - 4)
    piece = " ".join(words[place : place + draw.randint(1, 4)])
    return f"{body} " + f"{piece} " * draw.randint(40, 400)


def loop_trace(case: Case, others: Sequence[Case], draw: random.Random) -> str | None:
    """Repeat a sentence of the reasoning 5 to 200 times, to its end."""
    reasoning, response = split_text(case.text)
    if reasoning is None:
        return None
    looped = loop_sentence(with_text(case, reasoning), others, draw)
    return looped and f"<think>{looped}</think>\n{response}"


def cut_text(case: Case, _others: Sequence[Case], draw: random.Random) -> str | None:
    """Cut the response somewhere between 30 and 97 % of it, within a sentence."""
    reasoning, response = split_text(case.text)
    cut = response[: int(len(response) * draw.uniform(0.3, 0.97))].rstrip()
    if not cut or cut[-1] in ".!?。！？)}*`|:：" or response[len(cut) :].strip() in {"", ".", "。"}:
        return None
    return f"<think>{reasoning}</think>\n{cut}" if reasoning else cut


def cut_trace(case: Case, _others: Sequence[Case], draw: random.Random) -> str | None:
    """Cut the reasoning, and leave the response."""
    reasoning, response = split_text(case.text)
    if reasoning is None:
        return None
    cut = reasoning[: int(len(reasoning) * draw.uniform(0.3, 0.97))].rstrip()
    return None if cut[-1] in ".!?。！？" else f"<think>{cut}</think>\n{response}"


def put_answer_first(case: Case, _others: Sequence[Case], draw: random.Random) -> str | None:
    """State the answer before all else."""
    reasoning, response = split_text(case.text)
    ways = _read_ways("answer_first", case.language)
    if reasoning is not None or not ways:
        return None
    answer = f"({case.problem.answer})" if case.problem.choices else case.problem.answer
    return draw.choice(ways).replace("{answer}", str(answer)).replace("\\n", "\n") + response


def refuse(case: Case, _others: Sequence[Case], draw: random.Random) -> str | None:
    """Refuse in place of all, or before or behind some reasoning."""
    ways = _read_ways("refused", case.language)
    if not ways:
        return None
    refusal = draw.choice(ways)
    response = split_text(case.text)[1]
    half = response[: len(response) // 3].rpartition("\n")[0]
    return draw.choice([refusal, refusal, f"{refusal}\n\n{half}", f"{half}\n\n{refusal}"]).strip()


def restate(case: Case, _others: Sequence[Case], draw: random.Random) -> str | None:
    """Copy the question, and state the answer."""
    ways = _read_ways("restated", case.language)
    question = case.problem.question or ""
    if not ways or "```" in question:
        return None
    answer = f"({case.problem.answer})" if case.problem.choices else case.problem.answer
    return draw.choice(ways).replace("{question}", question).replace("{answer}", str(answer)).replace("\\n", "\n")


def swap_language(case: Case, others: Sequence[Case], draw: random.Random) -> str | None:
    """Answer with a rationale of another language."""
    other = [item for item in others if item.language != case.language and "<think>" not in item.text]
    return draw.choice(other).text if "<think>" not in case.text else None


def swap_trace(case: Case, others: Sequence[Case], draw: random.Random) -> str | None:
    """Think in another language."""
    reasoning, response = split_text(case.text)
    other = [item for item in others if item.language != case.language and "<think>" in item.text]
    if reasoning is None or not other:
        return None
    return f"<think>{split_text(draw.choice(other).text)[0]}</think>\n{response}"


def _read_ways(kind: str, language: str) -> list[str]:
    """Read the ways in which a fault is written in a language, those of the half that is measured."""
    lines = (Path(FOLDER) / f"ways_{HALF[0]}.txt").read_text("utf-8").splitlines()
    start = f"{kind} {language}: "
    return [line.removeprefix(start) for line in lines if line.startswith(start)]


HALF = ["first"]
"""The half that is measured."""

PLANTS: Mapping[str, tuple[str, Plant]] = {
    "a sentence 5 to 200 times, to the end": ("degenerate", loop_sentence),
    "a sentence 5 to 200 times, then on": ("degenerate", loop_within),
    "the whole text 5 to 60 times": ("degenerate", loop_block),
    "one to four words 40 to 400 times": ("degenerate", loop_words),
    "a sentence of the trace 5 to 200 times": ("degenerate", loop_trace),
    "cut within a sentence": ("cut_off", cut_text),
    "the trace cut within a sentence": ("trace_cut_off", cut_trace),
    "the answer before the reasoning": ("answer_first", put_answer_first),
    "the question and an answer": ("restated", restate),
    "a refusal": ("refused", refuse),
    "another language": ("other_language", swap_language),
    "a trace in another language": ("trace_language", swap_trace),
}
"""The faults that are planted, and how each should be called."""
