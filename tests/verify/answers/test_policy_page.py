"""docs/answers.md is the written policy: each row of its tables is what the code does."""

import re
from pathlib import Path

import pytest

from cotloom.builder.verify import compare
from cotloom.schemas.problem import AnswerType
from cotloom.schemas.recipe import Tolerance

PAGE = Path(__file__).resolve().parents[3] / "docs" / "answers.md"
KINDS = {
    "Numbers": AnswerType.NUMBER, "Booleans": AnswerType.BOOLEAN, "Dates": AnswerType.DATE, "Times": AnswerType.TIME,
    "Ratios": AnswerType.RATIO, "Lists": AnswerType.LIST, "Sets": AnswerType.SET, "Choices": AnswerType.CHOICE,
    "Texts": AnswerType.TEXT,
}  # fmt: skip
ROW = re.compile(r"\| (?P<rule>[^|]*)\| `(?P<gold>[^|`]*)` \| `(?P<answer>[^|]*)` \| (?P<outcome>\w+) \|")


NEAR = re.compile(
    r"\| [^|]*\| `(?P<kind>\w+) (?P<amount>[\d.]+)` \| `(?P<gold>[^|`]*)` \| `(?P<answer>[^|]*)` \| (?P<outcome>\w+) \|"
)


def list_rows():
    kind = None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            kind = KINDS.get(line.removeprefix("## "))
        row = ROW.fullmatch(line)
        if row is not None:
            yield kind, row["gold"], row["answer"], row["outcome"]


ROWS = list(list_rows())


@pytest.mark.parametrize(("kind", "gold", "answer", "expected"), ROWS, ids=[f"{row[1]}|{row[2]}" for row in ROWS])
def test_a_row_of_the_page_is_what_the_code_does(kind, gold, answer, expected):
    assert compare(gold, answer, kind).outcome.value == expected


NEAR_ROWS = [
    (Tolerance(**{row["kind"]: float(row["amount"])}), row["gold"], row["answer"], row["outcome"])
    for row in filter(None, map(NEAR.fullmatch, PAGE.read_text(encoding="utf-8").splitlines()))
]


@pytest.mark.parametrize(
    ("tolerance", "gold", "answer", "expected"), NEAR_ROWS, ids=[f"{row[1]}|{row[2]}" for row in NEAR_ROWS]
)
def test_a_row_with_a_tolerance_is_what_the_code_does(tolerance, gold, answer, expected):
    assert compare(gold, answer, AnswerType.NUMBER, tolerance=tolerance).outcome.value == expected


def test_every_table_row_with_an_outcome_is_read():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    ends = ("| equal |", "| different |", "| undecided |", "| hedged |")
    assert sum(line.endswith(ends) for line in lines) == len(ROWS) + len(NEAR_ROWS)
    assert {row[0] for row in ROWS} == set(KINDS.values())
    assert set(AnswerType) - set(KINDS.values()) == {
        AnswerType.EXPRESSION,
        AnswerType.REASONING_GYM,
        AnswerType.MODEL_GRADED,
        AnswerType.EXTERNAL,
    }
