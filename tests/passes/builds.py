"""Small builds of recorded answers, in this process."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cotloom.builder.pipeline import Built, build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime

FORMATS = ("zero_shot_cot", "in_context_cot", "zero_shot_answer")

Problem = tuple[str, str]
"""A question and its gold answer."""
Answer = tuple[str, str, bool]
"""A question, an answer to it, and its label."""


def ask(number: int) -> Problem:
    """Make a problem whose words no other has."""
    letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
    box, tray = f"box{letters}", f"tray{letters}"
    return f"There are {number} pens in {box} and 5 in {tray}. How many are in {box} and {tray}?", str(number + 5)


def answer(number: int, wording: int = 0, slip: int = 0) -> Answer:
    """Make an answer to a problem, in one of several wordings; wrong where it slips."""
    total = number + 5 + slip
    steps = (f"{number} + 5 = {total}", f"5 + {number} = {total}", f"{number} + 2 + 3 = {total}")
    return ask(number)[0], f"Wording {wording}: {steps[wording % len(steps)]}. The answer is {total}.", slip == 0


def write_recipe(
    folder: Path,
    sources: Mapping[str, Sequence[Problem]],
    answers: Sequence[Answer | str],
    formats: Sequence[str] = FORMATS,
    **keys: Any,
) -> Path:
    """Write a recipe with its files. An answer that is a text stands in the file as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, problems in sources.items():
        rows = [json.dumps({"question": question, "answer": gold}) for question, gold in problems]
        (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n")
    names = ("q", "said", "right")
    lines = [line if isinstance(line, str) else json.dumps(dict(zip(names, line, strict=True))) for line in answers]
    (folder / "answers.jsonl").write_text("\n".join(lines) + "\n")
    fields = {"question": "question", "answer": "answer"}
    completions = [{"column": "said", "teacher": "t", "labels": {"right": "right"}}]
    recipe = {
        "name": "small",
        "version": "1.0.0",
        "sources": [{"name": name, "kind": "file", "path": f"{name}.jsonl", "fields": fields} for name in sources],
        "split": {"test": 0.2},
        "teacher": {
            "backend": "recorded",
            "answers": {"path": "answers.jsonl", "problem": "q", "completions": completions},
        },
        "formats": [{"name": name} for name in formats],
        **keys,
    }
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(recipe))
    return path


def run(path: Path, store: Path, *changes: str, **runtime: Any) -> Built:
    """Build a recipe in this process, whatever is kept of it."""
    usual = {"workers": 1, "allow_empty": True}
    return build(load_recipe(str(path), changes), Runtime(store=store, **{**usual, **runtime}))
