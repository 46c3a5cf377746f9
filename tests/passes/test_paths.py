"""Judging and choosing a bucket: findings are written into the rows, and found once for each content."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cotloom.builder import verify
from cotloom.builder.passes.judging.samples import PathRules
from cotloom.builder.passes.paths import select_paths
from cotloom.builder.passes.unchanged import BucketSize
from cotloom.schemas.frames import from_frame, to_frame
from cotloom.schemas.problem import Problem, Split, make_problem_id
from cotloom.schemas.reasons import Fate, Reason, Stage
from cotloom.schemas.recipe import Select, Verify
from cotloom.schemas.sample import Hint, Sample

RULES = PathRules(verify=Verify(), select=Select())
ONE = BucketSize(number=0, bits=0, problems=1, answers=1)
HALVES = [BucketSize(number=number, bits=1, problems=1, answers=1) for number in (0, 1)]
RIGHT, LUCKY = "9 * 2 = 18. The answer is 18.", "9 * 2 = 19. The answer is 18."
TEXTS = (RIGHT, LUCKY, "9 + 9 = 18. The answer is 18.", "20 - 2 = 18. The answer is 18.", "It is 17.", "", None)


def problem(number: int, **fields) -> Problem:
    question = f"What is the number {number} of eggs?"
    name = make_problem_id(question)
    return Problem(
        problem_id=name, source="s", origin=f"s:{number}", question=question, answer="18", split=Split.TRAIN, **fields
    )


def sample(name: str, text: str | None, of: Problem, **fields) -> Sample:
    return Sample(sample_id=f"s_{name}", problem_id=of.problem_id, teacher="t", text=text, **fields)


def select(stages, samples, problems, rules=RULES, bucket=ONE):
    return select_paths(stages, rules, to_frame(problems, Problem), to_frame(samples, Sample), bucket)


@pytest.fixture
def judged(monkeypatch):
    """The texts that were judged, one by one."""
    texts: list[str | None] = []
    real = verify.judge

    def count(problem, text, **rest):
        texts.append(text)
        return real(problem, text, **rest)

    monkeypatch.setattr(verify, "judge", count)
    return texts


def test_judgements_are_written_into_the_samples_and_nothing_vanishes(tmp_path):
    dropped_before = {"fate": Fate.DROPPED, "stage": Stage.TEACHER, "reason": Reason.REQUEST_FAILED}
    one = problem(1)
    samples = [sample("2", LUCKY, one), sample("0", RIGHT, one), sample("1", None, one, **dropped_before)]
    found, new = select(tmp_path, samples, [one])
    fates = {row.sample_id: (row.verdict, row.fate, row.stage, row.reason) for row in from_frame(found, Sample)}
    assert fates == {
        "s_0": ("correct", "kept", None, None),
        "s_1": (None, "dropped", "teacher", "request_failed"),
        "s_2": ("correct", "dropped", "verify", "wrong_step"),
    }
    assert new == 2


def test_equal_texts_are_judged_once_and_known_ones_never_again(tmp_path, judged):
    one = problem(1)
    samples = [sample(str(number), RIGHT if number % 2 else LUCKY, one) for number in range(10)]
    first, new = select(tmp_path, samples, [one])
    assert (sorted(judged), new) == ([RIGHT, LUCKY], 2)

    again, new = select(tmp_path, [*samples, sample("x", "It is 17.", one)], [one])

    assert (judged[2:], new) == (["It is 17."], 1)
    assert_frame_equal(again.filter(pl.col("sample_id") != "s_x"), first)


@pytest.mark.parametrize(
    "change",
    [
        lambda of: replace(of, answer="19"),
        lambda of: replace(of, question=f"{of.question} 9 * 2 = 19?"),
    ],
)
def test_another_gold_or_question_is_judged_anew(tmp_path, judged, change):
    one = problem(1)
    select(tmp_path, [sample("0", LUCKY, one)], [one])
    found, _ = select(tmp_path, [sample("0", LUCKY, one)], [change(one)])
    assert judged == [LUCKY, LUCKY]
    assert found["reason"].to_list() != ["wrong_step"]


def test_other_rules_are_other_findings(tmp_path, judged):
    one = problem(1)
    rules = PathRules(verify=Verify(steps="tag"), select=Select())
    kept = [select(tmp_path, [sample("0", LUCKY, one)], [one], each)[0]["fate"].to_list() for each in (RULES, rules)]
    assert (kept, judged) == ([["dropped"], ["kept"]], [LUCKY, LUCKY])


def test_another_keep_judges_nothing(tmp_path, judged):
    one = problem(1)
    samples = [sample(str(number), text, one) for number, text in enumerate(TEXTS[:4])]
    select(tmp_path, samples, [one])
    before = len(judged)
    found, new = select(tmp_path, samples, [one], PathRules(verify=Verify(), select=Select(keep=1)))
    assert (len(judged), new) == (before, 0)
    assert found.filter(pl.col("fate") == "kept").height == 1


def test_what_is_set_aside_is_checked_by_nobody_and_says_so(tmp_path, judged):
    one = problem(1)
    rules = PathRules(verify=Verify(set_aside=("s_0",)), select=Select())
    found, _ = select(tmp_path, [sample("0", RIGHT, one), sample("1", RIGHT, one)], [one], rules)
    rows = {row.sample_id: (row.verdict, row.reason, row.steps == ()) for row in from_frame(found, Sample)}
    assert rows == {"s_0": ("check_failed", "check_failed", True), "s_1": ("correct", None, False)}
    assert judged == [RIGHT]


def test_a_lost_or_damaged_memory_costs_time_alone(tmp_path, judged, capsys):
    one = problem(1)
    samples = [sample(str(number), text, one) for number, text in enumerate(TEXTS)]
    first, _ = select(tmp_path, samples, [one])
    (path,) = (tmp_path / "judge").rglob("*.arrow")
    path.write_bytes(path.read_bytes()[:-9])
    before = len(judged)
    again, _ = select(tmp_path, samples, [one])
    assert_frame_equal(again, first)
    assert len(judged) == 2 * before
    assert "made again" in capsys.readouterr().err


ROWS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(TEXTS), st.booleans()), max_size=14)


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS, st.sampled_from([None, 1, 2]))
def test_findings_do_not_depend_on_what_was_found_before_or_on_the_size_of_buckets(tmp_path_factory, some, more, keep):
    problems = [problem(number) for number in range(6)]
    rules = PathRules(verify=Verify(), select=Select(keep=keep))

    def make(rows):
        return [
            sample(f"{number}", text, problems[of], hint="hinted" if hinted else "none")
            for number, (of, text, hinted) in enumerate(rows)
        ]

    warm, cold = tmp_path_factory.mktemp("warm"), tmp_path_factory.mktemp("cold")
    select(warm, make(some), problems, rules, bucket=HALVES[0])
    select(warm, make(more), problems, rules, bucket=HALVES[1])
    found, _ = select(warm, make([*some, *more]), problems, rules)
    fresh, _ = select(cold, make([*some, *more]), problems, rules)
    assert_frame_equal(found, fresh)


def test_a_worker_notes_each_sample_before_it_is_checked(tmp_path, monkeypatch):
    noted: list[str] = []
    real = verify.judge
    monkeypatch.setattr("cotloom.builder.passes.judging.samples.mark_row", noted.append)
    monkeypatch.setattr(verify, "judge", lambda *args, **rest: (noted.append("judged"), real(*args, **rest))[1])
    one = problem(1)
    select(tmp_path, [sample("0", RIGHT, one), sample("1", LUCKY, one)], [one])
    assert noted == ["s_0", "judged", "s_1", "judged"]


BLIND = PathRules(verify=Verify(blind_check="hinted"), select=Select())


def test_the_blind_check_drops_hinted_samples_and_counts_them_apart(tmp_path):
    one, hinted = problem(1), {"hint": Hint.HINTED}
    samples = [
        sample("0", RIGHT, one, **hinted, blind_text="18"),
        sample("1", "9 + 9 = 18. The answer is 18.", one, **hinted, blind_text="So it is 17."),
        sample("2", "20 - 2 = 18. The answer is 18.", one, **hinted),
        sample("3", "6 * 3 = 18. The answer is 18.", one),
        sample("4", "36 / 2 = 18. The answer is 18.", one, **hinted, blind_text="It is 17 or 18."),
    ]
    rows, _ = select(tmp_path, samples, [one], BLIND)
    found = {row["sample_id"]: (row["reason"], row["blind_predicted"]) for row in rows.to_dicts()}
    failed = Reason.BLIND_CHECK_FAILED
    assert {name: found[name][0] for name in ("s_0", "s_1", "s_2", "s_3", "s_4")} == {
        "s_0": None, "s_1": failed, "s_2": failed, "s_3": None, "s_4": Reason.UNVERIFIABLE,
    }  # fmt: skip
    assert [found[name][1] for name in ("s_0", "s_1", "s_2", "s_3")] == ["18", "17", None, None]
    assert set(rows.filter(pl.col("reason").is_not_null())["stage"]) == {Stage.VERIFY}
    again, new = select(tmp_path, samples, [one], BLIND)
    assert (again.equals(rows), new) == (True, 0)


def test_another_blind_answer_is_judged_anew(tmp_path):
    one = problem(1)
    for blind_text, reason in (("17", Reason.BLIND_CHECK_FAILED), ("18", None)):
        made = sample("0", RIGHT, one, hint=Hint.HINTED, blind_text=blind_text)
        rows, _ = select(tmp_path, [made], [one], BLIND)
        assert rows["reason"].to_list() == [reason]
