"""Recipes that bring about what a version can hold: every kind of source, fate, format and stage."""

import json
from pathlib import Path
from typing import Any

GAIN = "{name} has {a} {things} and finds {b} more. How many {things} does {name} have now?"
NAMES = ("Ann", "Bob", "Cid", "Dee", "Eve", "Fay", "Gus", "Hal")
THINGS = ("pens", "caps", "nuts", "keys", "cups", "eggs", "toys", "bags")
"""Stories of other things are no variations of one another."""


def rows(count: int) -> list[dict[str, Any]]:
    """Problems with recorded answers: right by two ways, wrong, and cut off."""
    made = []
    for n in range(count):
        a, b = 3 * n + 2, 2 * n + 5
        ways = [
            f"{a} + {b} = {a + b}\nA: {a + b}",
            f"{b} + {a} = {a + b}, so there are more.\nA: {a + b}",
            f"{a} + {b} = {a + b + 1}\nA: {a + b + 1}",
            f"{a} +",
        ]
        question = GAIN.format(name=NAMES[n % len(NAMES)], things=THINGS[n % len(THINGS)], a=a, b=b)
        made.append({"q": question, "a": str(a + b), "c": ways, "right": [True, True, False, None]})
    return made


def recorded(folder: Path, **keys: Any) -> Path:
    """Write a recipe of a sampled, a reference and an evaluation source, formats with demonstrations, and stages."""
    given = [*rows(24), {"q": None, "a": "1", "c": []}, rows(1)[0]]
    (folder / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given))
    (folder / "e.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows(2), *_others()]))
    fields = {"question": "q", "answer": "a"}
    recipe = {
        "name": "recorded",
        "version": "1.0.0",
        "license": "MIT",
        "sources": [
            {"name": "s", "kind": "file", "path": "s.jsonl", "fields": fields, "license": "MIT"},
            {"name": "words", "kind": "skills", "role": "reference", "problems": 20},
            {"name": "bench", "kind": "file", "path": "e.jsonl", "fields": fields, "role": "evaluate"},
        ],
        "decontaminate": {"against": ["bench"], "ngram": 13, "similarity": 0.99},
        "split": {"test": 0.3},
        "teacher": {
            "backend": "recorded",
            "answers": {
                "path": "s.jsonl",
                "problem": "q",
                "completions": [{"column": "c", "teacher": "people"}],
            },
        },
        "verify": {"pattern": "A: (.+)"},
        "formats": [{"name": "zero_shot_cot"}, {"name": "in_context_cot", "shots": [1, 2]}],
        "mixture": {
            "stages": [
                {"name": "first", "take": {"s": "1/2"}, "cap": {"problem": 2}},
                {"name": "second", "take": {"s": 3, "words": "all"}},
            ]
        },
        **keys,
    }
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    return folder / "recipe.yaml"


def _others() -> list[dict[str, Any]]:
    return [{"q": f"A tank of {n} litres leaks {n // 2} litres. What is left?", "a": str(n - n // 2)} for n in (20, 31)]
