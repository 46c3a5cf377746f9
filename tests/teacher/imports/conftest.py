"""A recipe over sums, a server that solves them, and an import by the real command."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.teacher.chat_server import Reply
from tests.teacher.imports.shapes import SAMPLING, reply

QUESTIONS = [f"What is {number} + {number + 1}?" for number in range(2, 8)]


def solve_text(question: str) -> str:
    one, other = map(int, re.search(r"(\d+) \+ (\d+)\?", question).groups())
    return f"{one} + {other} = {one + other}. The answer is {one + other}."


def solve(body: dict[str, Any]) -> Reply:
    """Answer every sum rightly, always in the same words."""
    text = solve_text(body["messages"][-1]["content"])
    return Reply(reply(*[text] * body.get("n", 1), number=0))


@pytest.fixture
def recipe(tmp_path) -> Callable[..., Path]:
    rows = [{"question": text, "answer": str(2 * number + 1)} for number, text in enumerate(QUESTIONS, 2)]
    (tmp_path / "sums.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    def write(url: str = "http://127.0.0.1:9/v1", **teacher: Any) -> Path:
        prompt = {"cue": "Think, then answer."}
        own = {
            "backend": "openai",
            "model": "m",
            "base_url": url,
            "endpoint": "house",
            "prompt": prompt,
            "sampling": SAMPLING,
            "paths": {"round": 1},
            **teacher,
        }
        fields = {"question": "question", "answer": "answer"}
        source = {"name": "sums", "kind": "file", "path": "sums.jsonl", "fields": fields}
        path = tmp_path / "recipe.yaml"
        path.write_text(json.dumps({"name": "sums", "version": "1.0.0", "sources": [source], "teacher": own}))
        return path

    return write


@pytest.fixture
def take(run, store) -> Callable[..., Any]:
    """Import by the command; returns what it printed, after a check of its exit code."""

    def call(*words: object, code: int = 0) -> Any:
        ran = run("ledger", "import", *words, "--store", store, "--json")
        assert ran.code == code, ran.err + ran.out
        return ran.json

    return call
