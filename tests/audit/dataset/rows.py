"""Small datasets as tables of rows: three that are clean, of different shapes, for defects to be planted in."""

import json
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]

_THINGS = "apples plums shells coins stamps cards beads pens books keys cups maps nails ropes lamps seeds".split()
_PEOPLE = "Ann Tom Mia Ben Eva Leo Ida Max Zoe Sam".split()
_PLACES = (
    "at the harbour market", "in a tin box under the stairs", "on the shelf beside the window",
    "in the shed behind the mill", "at her uncle's bakery", "in a drawer of the old desk",
    "at the end of the summer fair", "during the long train ride", "in the cellar of the library",
    "after the morning lesson",
)  # fmt: skip
_ASKS = (
    ("{who} keeps {a} {what} {where}. A neighbour brings {b} more. How many {what} are there now?", 1),
    ("There were {big} {what} {where} when {who} came, and {b} of them were sold. How many {what} are left?", 0),
    ("{who} packs {what} into {a} boxes with {b} in each, all of them {where}. How many {what} is that?", 2),
)


def make_problem(number: int) -> dict[str, Any]:
    """Make a problem: question, steps and answer; problems differ in more than their numbers."""
    a, b = 12 + number % 7, 5 + number % 11
    what, who = _THINGS[number % 16], _PEOPLE[(number // 3) % 10]
    ask, kind = _ASKS[number % 3]
    where = _PLACES[(number // 7) % 10]
    big = a + b
    question = ask.format(who=who, a=a, b=b, big=big, what=what, where=where)
    steps, answer = (
        (f"{big} - {b} = {a}", a), (f"{a} + {b} = {big}", big), (f"{a} * {b} = {a * b}", a * b),
    )[kind]  # fmt: skip
    return {"question": question, "steps": steps, "answer": answer, "what": what}


def make_solved(count: int = 60) -> Rows:
    """Make rows of the shape of GSM8K: a question, and a solution with its answer behind `####`."""
    return [
        {
            "question": each["question"],
            "answer": f"We work it out: {each['steps']} {each['what']}.\n#### {each['answer']}",
        }
        for each in map(make_problem, range(count))
    ]


def make_chats(count: int = 60) -> Rows:
    """Make conversations whose replies think between tags."""
    return [
        {
            "messages": [
                {"role": "user", "content": each["question"]},
                {
                    "role": "assistant",
                    "content": f"<think>\nI need the {each['what']} in all. That is {each['steps']}.\n</think>\n\n"
                    f"Since {each['steps']}, the answer is {each['answer']}.",
                },
            ]
        }
        for each in map(make_problem, range(count))
    ]


_CHINESE = ("苹果", "铅笔", "邮票", "贝壳", "气球", "纽扣", "鸡蛋", "图书", "瓶子", "风筝")
_CHINESE_PLACES = (
    "在学校的操场上",
    "在河边的小店里",
    "在奶奶家的院子里",
    "在图书馆的二楼",
    "在周末的集市上",
    "在火车站的候车室",
)
_CHINESE_ASKS = (
    "{who}{where}买了{a}个{what}，朋友又送来{b}个。一共有多少个{what}？",
    "{where}有{big}个{what}，{who}拿走了{b}个。还剩多少个{what}？",
    "{who}{where}把{what}装进{a}个箱子，每箱装{b}个。总共装了多少个{what}？",
)


def make_chinese(count: int = 40) -> Rows:
    """Make problems in Chinese, with several solutions, labels and LaTeX."""
    rows = []
    for number in range(count):
        a, b, kind = 11 + number % 9, 3 + number % 5, number % 3
        what, where = _CHINESE[number % 10], _CHINESE_PLACES[(number // 2) % 6]
        question = _CHINESE_ASKS[kind].format(
            who=("小明", "小红", "小刚", "小丽")[number % 4], a=a, b=b, big=a + b, what=what, where=where
        )
        answer = (a + b, a, a * b)[kind]
        steps = (f"{a} + {b} = {a + b}", f"{a + b} - {b} = {a}", f"{a} \\times {b} = {a * b}")[kind]
        rows.append({
            "problem": question,
            "answer": str(answer),
            "generations": [
                f"根据题意列式：${steps}$。所以答案是 $\\boxed{{{answer}}}$。",
                f"我们先看已知条件，再计算 ${steps}$，因此最后结果为 $\\boxed{{{answer}}}$。",
                f"粗略估计一下，大约是 $\\boxed{{{answer + 1}}}$。",
            ],
            "is_correct": [True, True, False],
        })  # fmt: skip
    return rows


CONTROLS = {"solved": make_solved, "chats": make_chats, "chinese": make_chinese}
"""The clean datasets, by name."""


def write_rows(path: Path, rows: Rows) -> Path:
    """Write rows as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return path


def think(thought: str, answer: object, tags: tuple[str, str] = ("<think>", "</think>")) -> str:
    """Write a response with its thought between tags."""
    return f"{tags[0]}\n{thought}\n{tags[1]}\n\nThe answer is {answer}."
