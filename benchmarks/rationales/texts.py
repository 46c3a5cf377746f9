"""Texts of rationales without faults, of many task types and languages, made of templates by seed.

The templates stand in first.txt and second.txt. A file holds blocks: a head (`=== language answer_type task :: gold`,
and the options), the question, `---`, and the rationale, with its reasoning between `<think>` tags where it has any.
Names, things and numbers are drawn: `{N}`, `{T}`, `{X}`, `{a}`, `{b}`, `{c}`, their sum `{s}`, `{r}` = a + b - c,
`{p}` = a * c, and a year `{y}`.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cotloom.builder.languages import LANGUAGES
from cotloom.builder.text.traces import part_trace
from cotloom.schemas.problem import AnswerType, Problem

FOLDER = Path(__file__).resolve().parent
HALVES = ("first", "second")
NAMES = {
    "en": "Ann Ben Carla Dmitri Esther Farid Grace Hiro Ines Jonas".split(),
    "zh": "小明 小红 王芳 李雷 张伟 陈静".split(),
    "de": "Anna Bernd Claudia Dieter Ella Jürgen".split(),
    "es": "Ana Benito Carmen Diego Elena Íñigo".split(),
    "fr": "Anne Benoît Camille Damien Élise Hugo".split(),
    "ja": "太郎 花子 健太 美咲".split(),
}
THINGS = {
    "en": "stamps shells marbles pencils tickets candles".split(),
    "zh": "苹果 橘子 本子 气球 邮票".split(),
    "de": "Murmeln Äpfel Stifte Karten Kerzen".split(),
    "es": "canicas manzanas monedas cartas velas".split(),
    "fr": "billes pommes crayons cartes bougies".split(),
    "ja": "りんご みかん 切手 風船".split(),
}
PLACES = {
    "en": ["water", "soup", "oven", "pond"], "zh": ["锅里", "浴缸", "池塘"], "de": ["Topf", "Teich", "Becken"],
    "es": ["agua"], "fr": ["eau"], "ja": ["お湯"],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A problem and a rationale."""

    problem: Problem
    text: str
    """With its reasoning between tags."""
    task: str
    language: str


def make_cases(half: str, each: int, seed: int = 0) -> Iterator[Case]:
    """Make cases of all templates of a half, so many of each."""
    draw = random.Random(f"{seed}:{half}")
    for block in (FOLDER / f"{half}.txt").read_text("utf-8").split("=== ")[1:]:
        head, _, rest = block.partition("\n")
        question, _, text = rest.partition("\n---\n")
        kinds, gold, *options = head.split(" :: ")
        language, answer_type, task = kinds.split()
        if language not in LANGUAGES:
            raise ValueError(head)
        choices = tuple(option.strip() for option in options[0].split(";")) if options else ()
        for _ in range(each):
            slots = draw_slots(language, draw)
            problem = Problem(
                problem_id="p", source="s", origin="o", question=fill(question, slots), answer=fill(gold, slots),
                answer_type=AnswerType(answer_type), choices=choices, language=None,
            )  # fmt: skip
            yield Case(problem, fill(text.rstrip("\n"), slots), task, language)


def draw_slots(language: str, draw: random.Random) -> dict[str, str]:
    """Draw what is put into the slots of a template."""
    a, b, c = draw.randint(10, 400), draw.randint(10, 400), draw.randint(2, 9)
    numbers = {"a": a, "b": b, "c": c, "s": a + b, "r": a + b - c, "p": a * c, "y": draw.randint(1990, 2020)}
    words = {
        "N": draw.choice(NAMES[language]), "T": draw.choice(THINGS[language]), "X": draw.choice(PLACES[language])
    }  # fmt: skip
    return {**{name: str(number) for name, number in numbers.items()}, **words}


def fill(text: str, slots: dict[str, str]) -> str:
    """Fill the slots of a template; other braces stay."""
    return re.sub(r"\{([abcsrpyNTX])\}", lambda match: slots[match[1]], text)


def split_text(text: str) -> tuple[str | None, str]:
    """Part a text into reasoning and response."""
    trace = part_trace(text)
    return trace.reasoning, trace.response or ""


def with_text(case: Case, text: str) -> Case:
    """The same case with another text."""
    return replace(case, text=text)
