"""A saved student is an ordinary checkpoint: EleutherAI's lm-evaluation-harness runs it as it stands.

The harness is in the extra `eval`; without it these tests are skipped.
"""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from cotloom.builder.student.model.loading import save_student
from tests.student.tiny_students import TAUGHT, make_trained_student

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("lm_eval") is None, reason="pip install 'cotloom[eval]'"),
]

KNOWN = [question for question, answer in TAUGHT.items() if "The answer is" in answer]

TASK = """\
task: taught
dataset_path: json
dataset_kwargs: {data_files: {test: FILE}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["<|end|>"], do_sample: false, max_gen_toks: 40}
filter_list:
  - name: last-number
    filter: [{function: regex, regex_pattern: 'answer is (\\d+)'}, {function: take_first}]
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""
"""A task over a local file: what a user would write."""


def run_harness(folder, golds) -> float:
    """The share of questions whose answer the harness finds right."""
    data = folder / "questions.jsonl"
    data.write_text("".join(json.dumps({"question": one, "answer": golds[one]}) + "\n" for one in KNOWN))
    (folder / "taught.yaml").write_text(TASK.replace("FILE", str(data)))
    command = [
        sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={folder / 'student'}",
        "--tasks", "taught", "--include_path", str(folder), "--apply_chat_template", "--device", "cpu",
        "--batch_size", "1", "--output_path", str(folder / "out"),
    ]  # fmt: skip
    here = {"HF_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env={**os.environ, **here}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    (results,) = (folder / "out").rglob("results_*.json")
    return json.loads(results.read_text())["results"]["taught"]["exact_match,last-number"]


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    save_student(make_trained_student(), folder)
    return folder


def read_last_number(text):
    return text.rpartition("answer is ")[2].rstrip(".")


def test_the_harness_scores_what_the_student_learnt_by_heart(student, tmp_path):
    (tmp_path / "student").symlink_to(student)
    golds = {question: read_last_number(TAUGHT[question]) for question in KNOWN}
    assert run_harness(tmp_path, {**golds, KNOWN[0]: "77"}) == pytest.approx(1 - 1 / len(KNOWN))
