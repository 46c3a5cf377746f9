"""Short rationales to hinted questions, written for these tests: some say why, others repeat the answer."""

from collections.abc import Sequence
from typing import Any

from cotloom.builder.teacher.demonstrations import read_demos
from tests.conftest import ROOT

Case = tuple[str, str, str, Sequence[str], str]
"""Question, gold answer, its type, options, text."""

_YES_NO = [
    ("Can penguins fly?", "no", "Penguins are birds, but their bodies are too heavy. The answer is no."),
    ("Is ice lighter than water?", "yes", "Ice floats. So the answer is yes."),
    ("Do spiders have six legs?", "no", "Spiders have eight. The answer is no."),
    ("Is 17 a prime number?", "yes", "No smaller number divides it evenly. The answer is yes."),
    ("Did Mozart know the telephone?", "no", "It was invented after his death. The answer is no."),
    ("Would a stone sink in mercury?", "no", "Mercury is denser than most stones. The answer is no."),
    ("Is the sentence plausible: the goalkeeper bowled a strike?", "no", "Bowling is another sport. The answer is no."),
    ("Is not ( True and False ) true?", "yes", "Both parts differ, so the bracket fails. The answer is yes."),
    ("Does sound travel in a vacuum?", "no", "Sound needs a medium. The answer is no."),
    ("Is Lisbon west of Madrid?", "yes", "Lisbon lies on the Atlantic coast. The answer is yes."),
]
_CHOICE = [
    ("Which is a fruit?", "B", ("rock", "pear"), "Only one of them grows on trees. The answer is (B)."),
    ("Which of these floats?", "A", ("cork", "lead"), "Cork has less density. So the answer is (A)."),
    ("Today is 1 May. What was yesterday?", "A", ("30 April", "2 May"), "April has thirty days. The answer is (A)."),
    (
        "Which word comes first in a dictionary?",
        "B",
        ("tree", "apple"),
        "T is behind A in the alphabet. It is (B).",
    ),
]
_CHINESE = [
    ("企鹅会飞吗？", "no", "企鹅的身体太重，翅膀很短。The answer is no."),
    ("冰会浮在水上吗？", "yes", "冰的密度较小。The answer is yes."),
    ("蜘蛛有六条腿吗？", "no", "蜘蛛有八条。The answer is no."),
]


def _name_type(answer: str, choices: Sequence[str]) -> str:
    if choices:
        return "choice"
    return "boolean" if answer in {"yes", "no"} else "number" if answer[0].isdigit() else "text"


_DEMOS = [
    (demo.question, demo.answer, _name_type(demo.answer, demo.choices), demo.choices, demo.rationale)
    for path in sorted((ROOT / "recipes" / "demos").glob("*.yaml"))
    for demo in read_demos(path)
]

REASONED: list[Any] = [
    *((question, answer, "boolean", (), text) for question, answer, text in [*_YES_NO, *_CHINESE]),
    *((question, answer, "choice", choices, text) for question, answer, choices, text in _CHOICE),
    *((*asked, f"{text}\nThe answer is {asked[1]}.") for *asked, text in _DEMOS),
]

PARROTED: list[Any] = [
    ("Can penguins fly?", "no", "boolean", (), "The answer is no."),
    ("Can penguins fly?", "no", "boolean", (), "No, penguins can not fly. The answer is no."),
    ("Can penguins fly?", "no", "boolean", (), "So, clearly, the final answer is no."),
    ("Which is a fruit?", "B", "choice", ("rock", "pear"), "The fruit is pear. The answer is (B)."),
    ("Which is a fruit?", "B", "choice", ("rock", "pear"), "The answer is (B)."),
    ("What is the number of eggs?", "18", "number", (), "The number of eggs is 18. The answer is 18."),
    ("What is the number of eggs?", "18", "number", (), "The answer is \\(\\boxed{18}\\)."),
    (
        "What is the number of eggs?",
        "18",
        "number",
        (),
        "$\\text{eggs} = 18$. The answer is $\\mathbf{18}$.",
    ),
    ("企鹅会飞吗？", "no", "boolean", (), "企鹅是会飞的吗？答案是 no. The answer is no."),
]
