"""The answer type `reasoning_gym`: the task's own scorer decides, and it executes nothing."""

import importlib.util
import json
import os
import select
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from cotloom.builder.audit import run_checks
from cotloom.builder.sources.gym import make_gym_problems
from cotloom.builder.verify import ComparisonOutcome, compare, is_readable, judge
from cotloom.builder.verify.gym import scorer
from cotloom.schemas.problem import GYM_ENTRY, AnswerType, Problem
from cotloom.schemas.reasons import Reason, Verdict
from cotloom.schemas.source import GymSource
from tests.passes.builds import run, write_recipe

EQUAL, DIFFERENT, FAILED = ComparisonOutcome.EQUAL, ComparisonOutcome.DIFFERENT, ComparisonOutcome.FAILED
ASIDE = Problem(problem_id="p", source="s", origin="o", question="Why?", answer="7", answer_type="reasoning_gym")


@pytest.fixture(autouse=True, scope="module")
def _end_process():
    yield
    scorer.stop_scorer()


def test_without_how_it_was_made_a_problem_is_never_scored():
    found = judge(ASIDE, "The answer is 7.")
    assert (found.verdict, found.reason) == (Verdict.CHECK_FAILED, Reason.CHECK_FAILED)
    assert "how reasoning-gym made it" in found.detail


def test_without_the_library_nothing_is_scored(monkeypatch):
    made = {"task": "chain_sum", "size": 1, "seed": 1, "settings": {}, "index": 0, "release": "0.1.25"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    found = judge(replace(ASIDE, metadata=json.dumps({GYM_ENTRY: made})), "The answer is 7.")
    assert found.verdict is Verdict.CHECK_FAILED
    assert "pip install" in found.detail


@pytest.mark.parametrize("metadata", ["{}", "[]", "no JSON", '{"reasoning_gym": 5}'])
def test_odd_metadata_is_a_failed_check(metadata):
    assert scorer.score_answer(replace(ASIDE, metadata=metadata), "7").outcome is FAILED


def test_by_itself_an_answer_equals_its_own_spelling_only():
    kind = AnswerType.REASONING_GYM
    assert compare("a b\nc d", " a b\nc d ", kind).outcome is EQUAL
    assert compare("7", "7.0", kind).outcome is ComparisonOutcome.UNDECIDED


class TestInstalled:
    """With the library."""

    @pytest.fixture(autouse=True)
    def _library(self):
        pytest.importorskip("reasoning_gym")

    @pytest.fixture
    def make(self):
        def made(task: str, number: int = 0, **settings) -> Problem:
            source = GymSource(
                name="gym", kind="reasoning_gym", task=task, problems=3, answer_type="reasoning_gym", settings=settings
            )
            return make_gym_problems(source, 0)[0][number]

        return made

    def test_one_is_right_and_everything_else_is_wrong(self, make):
        problem = make("chain_sum", 1)
        gold = int(problem.answer)
        verdicts = [judge(problem, f"The answer is {answer}.").verdict for answer in (gold, gold + 1, "unclear")]
        assert verdicts == [Verdict.CORRECT, Verdict.WRONG, Verdict.WRONG]
        assert judge(problem, "").verdict is Verdict.NO_ANSWER

    def test_another_way_of_saying_it_may_be_right(self, make):
        """What only the task's own scorer knows: the order of the factors does not count."""
        problem = make("prime_factorization", 2, min_value=12, max_value=12)
        assert problem.answer == "2 × 2 × 3"
        assert scorer.score_answer(problem, "2 × 3 × 2").outcome is EQUAL
        assert scorer.score_answer(problem, "2 × 6").outcome is not EQUAL

    def test_a_scorer_that_raises_says_nothing(self, make):
        found = scorer.score_answer(make("prime_factorization"), "foo × bar")
        assert (found.outcome, "raised ValueError" in found.detail) == (FAILED, True)

    def test_nothing_is_executed_and_what_would_be_is_no_wrong_answer(self, make, tmp_path):
        mark = tmp_path / "mark"
        problem = make("spiral_matrix")
        for attack in (f"__import__('pathlib').Path({str(mark)!r}).touch()", f"[open({str(mark)!r}, 'w')]"):
            found = scorer.score_answer(problem, attack)
            assert (found.outcome, "would execute" in found.detail) == (FAILED, True)
        assert not mark.exists()
        assert scorer.score_answer(problem, problem.answer).outcome is EQUAL

    def test_a_task_whose_gold_can_not_be_scored_has_no_readable_golds(self, make):
        problems = [make(task) for task in ("countdown", "simple_integration", "puzzle24", "chain_sum")]
        found = [is_readable(problem.answer, problem.answer_type, (), problem) for problem in problems]
        assert found == [False, False, False, True]

    def test_the_problem_comes_back_from_what_is_stored(self, make):
        problem = make("spell_backward", 2)
        assert is_readable(problem.answer, problem.answer_type, (), problem)
        other = json.loads(problem.metadata)
        other[GYM_ENTRY]["index"] = 0
        assert "another problem" in scorer.score_answer(replace(problem, metadata=json.dumps(other)), "x").detail
        other[GYM_ENTRY] |= {"index": 2, "release": "0.0.1"}
        assert (
            "made by reasoning-gym 0.0.1"
            in scorer.score_answer(replace(problem, metadata=json.dumps(other)), "x").detail
        )
        other[GYM_ENTRY] = {**json.loads(problem.metadata)[GYM_ENTRY], "settings": {"min_word_len": -5}}
        assert scorer.score_answer(replace(problem, metadata=json.dumps(other)), "x").outcome is FAILED

    def test_a_process_that_was_killed_is_replaced(self, make):
        problem = make("chain_sum")
        assert scorer.score_answer(problem, problem.answer).outcome is EQUAL
        first = scorer._SCORER.pid
        os.kill(first, signal.SIGKILL)
        select.select([scorer._SCORER._process.stdout], [], [], 30.0)
        assert scorer.score_answer(problem, problem.answer).outcome is EQUAL
        assert scorer._SCORER.pid != first

    def test_a_build_scores_answers_and_the_audit_scores_them_again(self, tmp_path):
        source = {
            "name": "g",
            "kind": "reasoning_gym",
            "task": "chain_sum",
            "problems": 3,
            "answer_type": "reasoning_gym",
        }
        problems, _ = make_gym_problems(GymSource(**source), 0)
        said = [(p.question, f"The answer is {int(p.answer) + slip}.", True) for p in problems for slip in (0, 1)]
        recipe = write_recipe(tmp_path, {}, said, split={"test": 0.0})
        recipe.write_text(recipe.read_text().replace('"sources": []', f'"sources": [{json.dumps(source)}]'))
        version = run(recipe, tmp_path / "store").version
        assert sorted(version.read_table("samples")["verdict"]) == ["correct"] * 3 + ["wrong"] * 3
        assert run_checks(version).findings == ()


def test_the_worker_is_the_only_file_that_imports_the_library_for_scoring():
    folder = Path(scorer.__file__).parent
    assert [path.name for path in folder.glob("*.py") if "import reasoning_gym" in path.read_text()] == ["worker.py"]
