"""The recorded backend alone: every recorded answer is requested once, in the first round, without a hint."""

import json

import pytest

from cotloom.builder.recipe import load_recipe
from cotloom.builder.sources import load_problems
from cotloom.builder.teacher.backends import open_backend
from cotloom.builder.teacher.responses import read_choices
from cotloom.builder.verify import IS_READABLE
from cotloom.schemas.frames import from_frame
from cotloom.schemas.problem import Problem
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Hint

ROWS = [{"q": "What is 2 + 3?", "gold": "5"}, {"q": "What is 4 + 3?", "gold": "7"}]
ANSWERS = [
    {"q": "What is 2 + 3?", "text": "It is 5."},
    {"q": "What is 2 + 3?", "text": "It is 6."},
    {"q": "What is 4 + 3?", "text": "It is 7."},
]


@pytest.fixture
def opened(tmp_path, write_recipe):
    for name, rows in {"rows": ROWS, "answers": ANSWERS}.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    source = {"name": "own", "kind": "file", "path": "rows.jsonl", "fields": {"question": "q", "answer": "gold"}}
    completions = [{"column": "text", "teacher": "someone"}]
    answers = {"path": "answers.jsonl", "problem": "q", "completions": completions}
    teacher = {"backend": "recorded", "answers": answers}
    loaded = load_recipe(str(write_recipe(tmp_path, sources=[source], teacher=teacher)))
    problems = load_problems(loaded, IS_READABLE).frame
    return open_backend(loaded, problems, Runtime(store=tmp_path)), list(from_frame(problems, Problem))


def test_all_recorded_answers_are_requested_in_the_first_round(opened):
    opened, problems = opened
    backend = opened.backend
    requests = [request for problem in problems for request in backend.list_requests(problem, Hint.NONE, range(1))]
    received = [item for group in backend.request_completions(requests) for item in group]
    answers = [answer for item in received for answer in read_choices(item.response)]
    assert sorted(answer.text for answer in answers) == ["It is 5.", "It is 6.", "It is 7."]
    assert [file.rows for file in opened.inputs] == [3]


def test_later_rounds_and_hints_bring_nothing(opened):
    opened, problems = opened
    assert opened.backend.list_requests(problems[0], Hint.NONE, range(4, 8)) == []
    assert opened.backend.list_requests(problems[0], Hint.HINTED, range(4)) == []
