"""Pairs of booleans, dates, times, ratios, lists and sets that are easily taken for one another."""

import pytest

from cotloom.builder.verify import compare, is_readable
from cotloom.schemas.problem import AnswerType

BOOLEANS = """
yes | Yes. | equal
yes | True | equal
no | no, yes | hedged
no | No. Yes. | hedged
no | yes and no | hedged
yes | yes and no | hedged
yes | Yes or no | hedged
yes | yes/no | hedged
no | No, it is not | equal
no | No, because it is true that he left | equal
no | no, no | equal
yes | 是 | equal
是 | 否 | different
是 | 是也不是 | hedged
对 | 错 | different
valid | valid | equal
valid | Valid. | equal
invalid | The argument is invalid. | equal
invalid | The argument is deductively invalid | equal
invalid | valid | different
valid | invalid | different
valid | not valid | different
invalid | not valid | equal
invalid | The argument is not deductively valid. | equal
valid | valid or invalid | hedged
valid | yes | undecided
valid | no | undecided
invalid | it cannot be known | undecided
plausible | implausible | different
plausible | Plausible | equal
implausible | It is not plausible | equal
possible | impossible | different
possible | This is possible. | equal
likely | unlikely | different
entailed | not entailed | different
not entailed | not entailed | equal
有效 | 无效 | different
合理 | 不合理 | different
合理 | 合理的 | equal
positive | negative | different
incorrect | correct | different
correct | incorrect | different
yes | maybe | undecided
yes | yeah | equal
no | Nope. | equal
no | not at all | equal
yes | No, wait, yes | equal
yes | no, perdón, yes | equal
是 | 否，不对，是 | equal
no | No, wait, yes | different
no | yes. Actually, no | equal
negative | not positive | undecided
invalid | valid, no wait, invalid | equal
"""
DATES = """
12/25/1937 | December 25, 1937 | equal
12/25/1937 | Dec 25, 1937 | equal
12/25/1937 | 25 December 1937 | equal
12/25/1937 | 25th of December, 1937 | equal
12/25/1937 | the 25th of December 1937 | equal
12/25/1937 | 1937-12-25 | equal
12/25/1937 | 25.12.1937 | equal
12/25/1937 | 25/12/1937 | equal
12/25/1937 | 1937/12/25 | equal
12/25/1937 | 1937年12月25日 | equal
12/25/1937 | 一九三七年十二月二十五日 | equal
12/25/1937 | Saturday, December 25, 1937 | equal
12/25/1937 | 25. Dezember 1937 | equal
12/25/1937 | 25 de diciembre de 1937 | equal
12/25/1937 | 25 décembre 1937 | equal
12/25/1937 | December 24, 1937 | different
12/25/1937 | December 25, 1938 | different
12/25/1937 | November 25, 1937 | different
12/25/1937 | 12/25/37 | undecided
12/25/1937 | December 25 | undecided
12/25/1937 | December 1937 | undecided
12/25/1937 | December 24 | different
12/25/1937 | The date is 12/25/1937. | equal
12/25/1937 | 12/25/1937 or 12/26/1937 | hedged
12/25/1937 | not 12/25/1937 | undecided
12/25/1937 | before December 25, 1937 | undecided
12/25/1937 | 13/45/1937 | undecided
12/25/1937 | 25 | undecided
01/02/2020 | 02/01/2020 | different
01/02/2020 | 01/02/2020 | equal
01/02/2020 | 1/2/2020 | equal
01/02/2020 | January 2, 2020 | undecided
01/02/2020 | February 1, 2020 | undecided
01/02/2020 | March 1, 2020 | different
05/05/2020 | May 5, 2020 | equal
1937 | in 1937 | equal
1937 | 1938 | different
March 2020 | 2020年3月 | equal
12月25日 | December 25 | equal
not January 1, 2000 | January 1, 2000 | undecided
not January 1, 2000 | not January 1, 2000 | equal
by March 4, 2024 | March 4, 2024 | equal
"""
TIMES = """
3:30 PM | 15:30 | equal
3:30 PM | 3:30 pm | equal
3:30 PM | 3:30 p.m. | equal
3:30 PM | 15:30:00 | equal
3:30 PM | 3.30 pm | equal
3:30 PM | half past three in the afternoon | equal
3:30 PM | 3:30 in the afternoon | equal
3:30 PM | 下午3点半 | equal
3:30 PM | 下午三点三十分 | equal
3:30 PM | 15点30分 | equal
3:30 PM | 15 Uhr 30 | equal
3:30 PM | 15h30 | equal
3:30 PM | 3:30 AM | different
3:30 PM | 3:31 PM | different
3:30 PM | 上午3点半 | different
3:30 PM | 3:30 | undecided
3:30 PM | 03:30 | different
3:30 AM | 03:30 | equal
3:30 PM | 16:30 | different
3:30 PM | 3.5 hours | different
3:30 PM | before 3:30 PM | undecided
3:30 PM | 3:30 PM or 4:30 PM | hedged
3:30 PM | It is 3:30 PM. | equal
15:30 | 3:30 PM | equal
15:30 | 3:30 AM | different
12:00 PM | noon | equal
12:00 AM | midnight | equal
12:00 AM | 0:00 | equal
3 PM | 15:00 | equal
3 PM | 3 o'clock in the afternoon | equal
3 PM | 4 PM | different
9:45 AM | quarter to ten in the morning | equal
3:30 | 3:30 | equal
3:30 | 4:30 | different
3.5 hours | 3:30 | equal
3.5 hours | 3:30 h | equal
3.5 hours | 3h30 | equal
3.5 hours | 3h 30m | equal
3.5 hours | 3 hours 30 minutes | equal
3.5 hours | 3 hours and 30 minutes | equal
3.5 hours | 210 minutes | equal
3.5 hours | 3 h 30 min | equal
3.5 hours | 3½ hours | equal
3.5 hours | three and a half hours | equal
3.5 hours | 3.5小时 | equal
3.5 hours | 三个半小时 | equal
3.5 hours | 3小时30分钟 | equal
3.5 hours | It takes 3.5 hours. | equal
3.5 hours | 3.5 minutes | different
3.5 hours | 35 hours | different
3.5 hours | 3:35 | different
3.5 hours | at least 3.5 hours | undecided
3.5 hours | 3.5 | undecided
3.5 hours | about 3.5 hours | equal
3 PM | 3 in the afternoon | equal
2 weeks | 14 days | equal
not 3:30 pm | 3:30 pm | undecided
"""
RATIOS = """
2:3 | 4:6 | equal
2:3 | 3:2 | different
2:3 | 2 to 3 | equal
2:3 | 2 : 3 | equal
2:3 | 2/3 | equal
2:3 | \\frac{2}{3} | equal
2:3 | 2比3 | equal
2:3 | 2：3 | equal
2:3 | 2∶3 | equal
2:3 | the ratio is 2:3 | equal
2:3 | Ratio: 2:3 | equal
2:3 | 2 cats to 3 dogs | equal
2:3 | $2:3$ | equal
2:3 | 1:1.5 | equal
2:3 | 2:4 | different
2:3 | 2:3:4 | different
1:2:3 | 2:4:6 | equal
1:2:3 | 1:3:2 | different
3:4 | three to four | equal
3:4 | 三比四 | equal
3:4 | four to three | different
2:3 | 2:3 or 3:2 | hedged
2:3 | not 2:3 | undecided
2:3 | 2 | undecided
2:3 | -2:3 | different
not 3:4 | 3:4 | undecided
"""
LISTS = """
1,2,3 | 1, 2 and 3 | equal
1,2,3 | [1, 2, 3] | equal
1,2,3 | 1; 2; 3 | equal
1,2,3 | 1、2、3 | equal
1,2,3 | 1，2和3 | equal
1,2,3 | (1, 2, 3) | equal
1,2,3 | 1, 2, 3. | equal
1,2,3 | 1.0, 2, 3 | equal
1,2,3 | 1, 3, 2 | different
1,2,3 | 1, 2 | different
1,2,3 | 1, 2, 3, 4 | different
1,2,3 | 1, 2 or 3 | undecided
1,200 | 1, 200 | undecided
1,200 | 1200 | equal
1,200, 5 | 1200, 5 | equal
apple, banana | banana, apple | different
apple, banana | Apple and banana | equal
apple, banana | apple, banana, and cherry | different
apple, banana | "apple", "banana" | equal
apple banana cherry | apple, banana, cherry | equal
apple banana cherry | apple cherry banana | different
A > B > C | A, B, C | equal
A -> B -> C | A, B, C | equal
(1,2),(3,4) | (1, 2), (3, 4) | equal
(1,2),(3,4) | (2, 1), (3, 4) | different
1/2, 3 | 0.5, 3 | equal
5 km, 3 km | 5000 m, 3 km | equal
red, 5 | red, 6 | different
1,2,3 | 1, 2, 3, ... | undecided
1,2,3 | x = 1, 2, 3 | equal
1,2,3 | one, two, three | equal
2, -2 | ±2 | undecided
red, green | 1. red\\n2. green | equal
May 1, 2020; May 2, 2020 | 2020-05-01; 2020-05-02 | equal
"""
SETS = """
{1,2,3} | {3,2,1} | equal
{1,2,3} | 3, 2, 1 | equal
{1,2,3} | \\{3, 2, 1\\} | equal
{1,2,3} | {1,2,2,3} | equal
{1,2,3} | {1,2} | different
{1,2,3} | {1,2,4} | different
{1,2,3} | {1,2,3,4} | different
{1,2} | {1.0, 4/2} | equal
{a, b} | b and a | equal
{a, b} | {a, c} | different
{红, 蓝} | 蓝和红 | equal
{} | \\emptyset | equal
{} | {1} | different
{(1,2),(3,4)} | {(3,4),(1,2)} | equal
{(1,2),(3,4)} | {(2,1),(3,4)} | different
{1,2} | {1,x+1} | undecided
{2,-2} | x = 2 or x = -2 | equal
{2,-2} | x = 2 and x = -2 | equal
{2,-2} | x = 2 or x = 3 | different
{2,-2} | ±2 | undecided
{2,-2} | 2 or -2 | undecided
{1,2} | {1, 2, ...} | undecided
{} | no solution | equal
"""
TABLES = {
    AnswerType.BOOLEAN: BOOLEANS,
    AnswerType.DATE: DATES,
    AnswerType.TIME: TIMES,
    AnswerType.RATIO: RATIOS,
    AnswerType.LIST: LISTS,
    AnswerType.SET: SETS,
}
CASES = [
    (kind, *(part.strip().replace("\\n", "\n") for part in line.split(" | ")))
    for kind, table in TABLES.items()
    for line in table.strip().splitlines()
]


@pytest.mark.parametrize(
    ("kind", "gold", "answer", "expected"), CASES, ids=[f"{kind}:{gold}|{answer}" for kind, gold, answer, _ in CASES]
)
def test_two_answers_compare_as_a_careful_reader_would(kind, gold, answer, expected):
    comparison = compare(gold, answer, kind)
    assert comparison.outcome.value == expected, comparison.detail


@pytest.mark.parametrize(("kind", "gold"), sorted({(kind, gold) for kind, gold, *_ in CASES}), ids=str)
def test_every_gold_answer_of_the_tables_can_be_read(kind, gold):
    assert is_readable(gold, kind)


@pytest.mark.parametrize(
    ("kind", "gold"),
    [
        (AnswerType.DATE, "13/45/1937"), (AnswerType.DATE, "soon"), (AnswerType.DATE, "1/1/2020 or 1/2/2020"),
        (AnswerType.TIME, "late"), (AnswerType.TIME, "25:99"), (AnswerType.TIME, "5 km"), (AnswerType.TIME, "7"),
        (AnswerType.RATIO, "2"), (AnswerType.RATIO, "a:b"), (AnswerType.LIST, ""), (AnswerType.SET, " "),
        (AnswerType.BOOLEAN, "yes and no"), (AnswerType.NUMBER, "not 5"), (AnswerType.NUMBER, "5x"),
    ],
)  # fmt: skip
def test_a_gold_answer_that_is_none_of_its_type_is_not_readable(kind, gold):
    assert not is_readable(gold, kind)
