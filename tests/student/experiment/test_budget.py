"""The budget: what is cut, in which order, and what never is."""

from types import SimpleNamespace

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.student.experiment import budget
from cotloom.builder.student.experiment.budget import (
    LEAST_STEPS,
    StudentTimings,
    estimate_seconds,
    fit_to_budget,
    parse_duration,
)
from cotloom.schemas.student import CheckpointModel, Evaluation, StudentRecipe, TinyModel, TrainStage

STUDENT = StudentRecipe(
    name="small",
    model=TinyModel(width=96, heads=4, base=None),
    stages=(TrainStage(name="one", steps=400), TrainStage(name="two", steps=200)),
    seeds=5,
    evaluation=Evaluation(problems=400),
)
JOBS = tuple(SimpleNamespace(condition=arm) for arm in ["version"] * 5 + ["answer_only"] * 5 + ["untrained"])
VERSION = SimpleNamespace(manifest=SimpleNamespace(content_digest="c"))


def plan(student=STUDENT):
    return SimpleNamespace(recipe=student, jobs=JOBS, curve_jobs=(), version=VERSION)


@pytest.fixture
def speeds(monkeypatch):
    """Machines whose speed is known: a step costs its width in milliseconds, a problem ten."""

    def measured(student, _plan, _store):
        width = student.model.width if isinstance(student.model, TinyModel) else 96
        return StudentTimings(seconds_per_step=width / 1000, seconds_per_problem=0.01, base_seconds=0.0)

    monkeypatch.setattr(budget, "measure_timings", measured)


def whole(student=STUDENT):
    return estimate_seconds(
        student, JOBS, StudentTimings(seconds_per_step=0.096, seconds_per_problem=0.01, base_seconds=0.0), 1
    )


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("10m", 600), ("1.5h", 5400), (" 2 m ", 120)])
def test_a_time_is_read(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "10", "0m", "-5m", "5 minutes", "1e3s", "nan s", "10m30s"])
def test_what_is_no_time_is_refused_with_an_example(text):
    with pytest.raises(InputError, match="no duration") as error:
        parse_duration(text)
    assert "10m" in error.value.hint


def test_the_time_is_that_of_all_students_and_of_all_they_are_asked():
    speed = StudentTimings(seconds_per_step=0.1, seconds_per_problem=0.01, base_seconds=30.0)
    assert estimate_seconds(STUDENT, JOBS, speed, 1) == pytest.approx(30 + 10 * 600 * 0.1 + 11 * 400 * 0.01)
    assert estimate_seconds(STUDENT, JOBS, speed, 2) == pytest.approx(30 + (10 * 600 * 0.1 + 11 * 400 * 0.01) / 2)


@pytest.mark.usefixtures("speeds")
def test_what_fits_is_not_cut(tmp_path):
    student, notes = fit_to_budget(plan(), tmp_path, 1, whole() + 1)
    assert student == STUDENT
    assert len(notes) == 1


@pytest.mark.usefixtures("speeds")
def test_steps_are_cut_before_problems_and_problems_before_the_width(tmp_path):
    limits = [whole() * share for share in (1.01, 0.8, 0.5, 0.27, 0.24, 0.2)]
    found = [fit_to_budget(plan(), tmp_path, 1, limit)[0] for limit in limits]
    steps = [sum(stage.steps for stage in one.stages) for one in found]
    assert steps[0] == 600
    assert found[1].evaluation == found[2].evaluation == STUDENT.evaluation
    assert steps[1] > steps[2]
    assert found[-1].evaluation.problems == 200
    assert [one.model.width for one in found] == sorted((one.model.width for one in found), reverse=True)
    assert found[-1].model.width < STUDENT.model.width


@pytest.mark.usefixtures("speeds")
@pytest.mark.parametrize("share", [1.01, 0.8, 0.5, 0.3, 0.24, 0.2])
def test_seeds_gate_and_questions_are_never_cut(share, tmp_path):
    student, notes = fit_to_budget(plan(), tmp_path, 1, whole() * share)
    assert student.seeds == STUDENT.seeds
    assert student.gate == STUDENT.gate
    kept = {"problems"}
    assert student.evaluation.model_dump(exclude=kept) == STUDENT.evaluation.model_dump(exclude=kept)
    assert all(stage.steps >= LEAST_STEPS for stage in student.stages)
    assert (student == STUDENT) == (len(notes) == 1)


@pytest.mark.usefixtures("speeds")
def test_what_was_cut_is_said(tmp_path):
    _, notes = fit_to_budget(plan(), tmp_path, 1, whole() * 0.2)
    told = " ".join(notes)
    assert "instead of 600" in told
    assert "instead of 400" in told
    assert "wide" in told


@pytest.mark.usefixtures("speeds")
def test_where_nothing_fits_the_hint_says_how_long_the_least_takes(tmp_path):
    with pytest.raises(InputError, match="fits into 1 seconds") as error:
        fit_to_budget(plan(), tmp_path, 1, 1.0)
    least = float(error.value.hint.split("about ")[1].split(" ")[0])
    assert fit_to_budget(plan(), tmp_path, 1, least + 1)[0].seeds == STUDENT.seeds


@pytest.mark.usefixtures("speeds")
def test_a_checkpoint_is_never_made_another_model(tmp_path):
    student = STUDENT.model_copy(update={"model": CheckpointModel(kind="checkpoint", path="somewhere")})
    limit = whole() * 0.36
    assert fit_to_budget(plan(student), tmp_path, 1, limit)[0].model == student.model


@pytest.mark.usefixtures("speeds")
def test_a_width_that_is_cut_still_suits_the_heads():
    for width, heads in ((96, 4), (64, 2), (72, 6), (128, 8)):
        model = TinyModel(width=width, heads=heads, base=None)
        slim = list(budget._list_smaller_recipes(STUDENT.model_copy(update={"model": model})))[-1].model.width
        assert slim < width
        assert slim % (2 * heads) == 0


def test_short_schedules_are_not_cut():
    short = STUDENT.model_copy(update={"stages": (TrainStage(name="one", steps=LEAST_STEPS // 2),)})
    assert budget._scale_steps(short, 0.25) == short


def test_the_same_budget_gives_the_same_recipe_though_the_machine_is_busier(tmp_path, monkeypatch):
    speeds = iter([0.096, 0.5])
    monkeypatch.setattr(
        budget,
        "measure_timings",
        lambda *_: StudentTimings(seconds_per_step=next(speeds), seconds_per_problem=0.01, base_seconds=0.0),
    )
    first = fit_to_budget(plan(), tmp_path, 1, whole() * 0.6)
    assert fit_to_budget(plan(), tmp_path, 1, whole() * 0.6) == first
    assert first[0] != STUDENT


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"step": 1}'])
@pytest.mark.usefixtures("speeds")
def test_a_speed_that_can_not_be_read_is_measured_again(tmp_path, damage):
    first = fit_to_budget(plan(), tmp_path, 1, whole() * 0.6)
    for path in tmp_path.glob("students/speeds/*.json"):
        path.write_bytes(damage)
    assert fit_to_budget(plan(), tmp_path, 1, whole() * 0.6) == first
