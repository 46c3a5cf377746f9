"""The source `reasoning_gym`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.sources.gym import HASH_DEPENDENT, hash_gym_release, make_gym_problems
from cotloom.schemas.source import GymSource
from tests.conftest import ROOT


def source(task: str = "chain_sum", **keys) -> GymSource:
    return GymSource(name="gym", kind="reasoning_gym", task=task, **{"problems": 5, **keys})


def test_without_the_library_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)

    for used in (hash_gym_release, lambda given: make_gym_problems(given, 0)):
        with pytest.raises(InputError, match="source gym needs reasoning-gym, which is not installed") as caught:
            used(source())
        assert caught.value.hint == "pip install 'cotloom[gym]'"


class TestInstalled:
    """With the library."""

    @pytest.fixture(autouse=True)
    def _library(self):
        pytest.importorskip("reasoning_gym")

    def test_a_task_makes_problems_with_the_gold_as_text_and_the_release_as_input(self):
        problems, made = make_gym_problems(source(answer_type="number"), 0)

        assert [problem.origin for problem in problems] == [f"chain_sum:{number}" for number in range(1, 6)]
        assert {(problem.task, problem.category, problem.fate) for problem in problems} == {
            ("chain_sum", "arithmetic", "kept")
        }
        assert all(float(problem.answer) is not None for problem in problems)
        assert json.loads(problems[0].metadata)["source_dataset"] == "chain_sum"
        assert made.file.startswith("reasoning-gym==")
        assert made.sha256 == hash_gym_release(source())

    def test_the_first_problems_are_the_same_whatever_number_is_asked_for(self):
        few, _ = make_gym_problems(source(problems=3), 7)
        many, _ = make_gym_problems(source(problems=9), 7)
        other, _ = make_gym_problems(source(problems=3), 8)

        assert many[:3] == few
        assert other != few

    @pytest.mark.parametrize("task", sorted(HASH_DEPENDENT))
    def test_a_task_that_varies_with_the_hash_seed_is_refused(self, task):
        with pytest.raises(InputError, match="generates different problems in every process"):
            make_gym_problems(source(task), 0)

    @pytest.mark.parametrize(
        ("given", "message", "hint"),
        [
            (source("chain_summ"), "has no task chain_summ", "nearest: chain_sum"),
            (source(settings={"terms": 3}), "rejects these settings of chain_sum: .*'terms'", None),
            (source(settings={"min_terms": -1}), "rejects these settings of chain_sum: min_terms", None),
        ],
    )
    def test_an_unknown_task_or_setting_is_the_users_mistake(self, given, message, hint):
        with pytest.raises(InputError, match=message) as caught:
            make_gym_problems(given, 0)
        assert hint is None or hint in caught.value.hint

    def test_a_gold_that_does_not_fit_the_answer_type_drops_the_row(self):
        problems, _ = make_gym_problems(source(answer_type="boolean"), 0)

        assert {problem.reason for problem in problems} == {"gold_unreadable"}
        assert problems[0].detail.endswith("is neither yes nor no")

    @pytest.mark.parametrize("seed", ["1", "2"])
    def test_the_same_problems_come_out_under_another_hash_seed(self, seed, tmp_path):
        code = (
            "from cotloom.builder.sources.gym import make_gym_problems\n"
            "from cotloom.schemas.source import GymSource\n"
            "source = GymSource(name='gym', kind='reasoning_gym', task='leg_counting', problems=5)\n"
            "made, _ = make_gym_problems(source, 0)\n"
            "print([problem.problem_id for problem in made])"
        )
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        words = [sys.executable, "-c", code]
        done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment, cwd=tmp_path)
        here, _ = make_gym_problems(source("leg_counting"), 0)
        assert done.stdout.strip() == str([problem.problem_id for problem in here])


def test_scorers_of_the_library_are_called_behind_the_guard_only():
    """Law 7: several of its scorers execute the answer they are given."""
    texts = {path.name: path.read_text() for path in Path(ROOT / "builder").rglob("*.py")}

    assert [name for name, text in texts.items() if ".score_answer(" in text] == ["worker.py"]
    assert not any("get_score_answer_fn" in text for text in texts.values())
