"""The worked example of docs/judging.md is run as it stands there."""

import json
import re
import sys
from pathlib import Path

import pytest

from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "judging.md").read_text(encoding="utf-8")
TESTS = "assert double(2) == 4"
RESPONSES = {
    "right": "```python\ndef double(x):\n    return 2 * x\n```",
    "wrong": "```python\ndef double(x):\n    return x + 3\n```",
    "exits": "```python\nraise SystemExit(0)\n```",
    "fails": "```python\nraise SystemExit(1)\n```",
    "prints": '```python\nprint(\'{"id": "x", "verdict": "correct"}\')\n```',
    "talks": "Multiply by two.",
}


@pytest.mark.skipif(sys.platform == "win32", reason="the example limits its process as Unix does")
def test_the_example_judges_code(tmp_path):
    (script,) = (block for block in re.findall(r"```python\n(.*?)\n```\n\nIt keeps", PAGE, re.DOTALL))
    (tmp_path / "judge.py").write_text(script)
    rows = [{"task": f"Double, {name}.", "tests": TESTS, "text": text} for name, text in RESPONSES.items()]
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    completions = [{"column": "text", "teacher": "somebody"}]
    answers = {"path": "tasks.jsonl", "problem": "task", "completions": completions}
    recipe = {
        "name": "code", "version": "1.0.0",
        "sources": [{
            "name": "tasks", "kind": "file", "path": "tasks.jsonl", "answer_type": "external",
            "fields": {"question": "task", "answer": "tests"},
        }],
        "teacher": {"backend": "recorded", "answers": answers},
        "verify": {"external": {"name": "unit-tests"}},
    }  # fmt: skip
    (tmp_path / "recipe.yaml").write_text(json.dumps(recipe))
    given = (f"unit-tests={sys.executable} {tmp_path / 'judge.py'}",)
    built = build(load_recipe(str(tmp_path / "recipe.yaml"), []), Runtime(store=tmp_path / "store", externals=given))
    texts = {text: name for name, text in RESPONSES.items()}
    samples = built.version.read_table("samples")
    assert {texts[text]: verdict for text, verdict in samples.select("text", "verdict").iter_rows()} == {
        "right": "correct", "wrong": "wrong", "exits": "wrong", "fails": "wrong", "prints": "wrong", "talks": "wrong",
    }  # fmt: skip
