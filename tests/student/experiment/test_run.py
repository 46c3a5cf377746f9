"""Runs and jobs: what is done once is read, what is damaged is made again, and workers change nothing."""

import json
import os
import shutil
from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest
import torch

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.student.evaluation.sets import make_eval_sets
from cotloom.builder.student.experiment import jobs
from cotloom.builder.student.experiment import run as running
from cotloom.builder.student.experiment.base_model import prepare_start
from cotloom.builder.student.experiment.conditions import make_condition
from cotloom.builder.student.experiment.jobs import Job, count_workers, list_texts, run_jobs
from cotloom.builder.student.experiment.run import HELD_BACK, digest_run, list_libraries, run_student, schedule_stages
from cotloom.builder.student.model.loading import load_saved_student
from cotloom.schemas.ids import rank
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.student import BaseTraining, CheckpointModel, Evaluation, StudentRecipe, TinyModel, TrainStage
from tests.student.tiny_checkpoints import write_checkpoint

MODEL = TinyModel(width=16, layers=1, heads=2, base=None)
STAGE = TrainStage(name="train", steps=4, batch_size=4)
ASKED = Evaluation(problems=2, max_tokens=6, formats=("zero_shot_cot", "zero_shot_answer"))
RECIPE = StudentRecipe(name="small", model=MODEL, stages=(STAGE,), seeds=1, evaluation=ASKED)


@pytest.fixture(autouse=True)
def _one_thread():
    """Several threads cost more than they bring."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def given(staged):
    """What a run needs beside its recipe: an arm, a start and the sets."""
    start = prepare_start(MODEL, list_texts((str(staged.path),)), staged.path)
    return SimpleNamespace(condition=make_condition("version", staged), start=start, sets=make_eval_sets(staged, ASKED))


def ran(given, store, recipe=RECIPE, seed=0, **keys):
    return run_student(given.condition, seed, recipe=recipe, start=given.start, sets=given.sets, store=store, **keys)


@pytest.fixture(scope="module")
def first(given, tmp_path_factory):
    """A store with one run in it, and the run."""
    store = tmp_path_factory.mktemp("first")
    return store, ran(given, store)


def recipe_of(**keys):
    return RECIPE.model_copy(update={"stages": (STAGE.model_copy(update=keys),)})


# What a run is


def test_a_run_has_an_outcome_for_each_problem_and_way_of_asking(first, given):
    _, done = first
    problems = {problem.problem_id for one in given.sets for problem in one.problems}
    assert done.outcomes.height == len(problems) * 2
    assert set(done.outcomes["problem_id"]) == problems
    assert (done.rows, done.too_long, done.soft_share) == (given.condition.rows.height, 0, None)
    assert [curve.stage for curve in done.curves] == ["train-specialise", "train-restore"]


def test_a_run_that_was_done_is_read_and_not_trained_again(first, given, monkeypatch):
    store, done = first
    monkeypatch.setattr(running, "train", None)
    again = ran(given, store)
    assert again.outcomes.equals(done.outcomes)
    assert again.curves == done.curves
    assert (again.rows, again.too_long, again.soft_share, again.folder) == (done.rows, 0, None, done.folder)


@pytest.mark.parametrize(("file", "damage"), [("run.json", b"[]"), ("outcomes.arrow", b"no table")])
def test_a_run_whose_files_are_damaged_is_made_again_and_is_the_same(given, first, tmp_path, file, damage):
    store, done = first
    shutil.copytree(store, tmp_path / "store")
    path = tmp_path / "store" / done.folder.relative_to(store) / file
    path.write_bytes(damage)
    assert ran(given, tmp_path / "store").outcomes.equals(done.outcomes)
    assert path.read_bytes() != damage


def test_a_number_that_was_changed_in_a_stored_run_is_noticed(given, first, tmp_path, capsys):
    store, done = first
    shutil.copytree(store, tmp_path / "store")
    path = tmp_path / "store" / done.folder.relative_to(store) / "run.json"
    path.write_bytes(path.read_bytes().replace(b'"too_long":0', b'"too_long":7'))

    assert ran(given, tmp_path / "store").too_long == 0
    assert "a kept result is damaged and is made again" in capsys.readouterr().err


def test_nothing_of_a_training_is_left_when_it_is_done(first):
    _, done = first
    assert sorted(path.name for path in done.folder.iterdir()) == ["outcomes.arrow", "run.json"]


def test_a_student_is_kept_where_that_is_asked_for_though_the_run_was_done(given, first, tmp_path):
    store, done = first
    shutil.copytree(store, tmp_path / "store")
    kept = ran(given, tmp_path / "store", save=True)
    assert kept.folder.name == done.folder.name
    assert load_saved_student(kept.folder / "student").model.config.hidden_size == 16
    assert kept.outcomes.equals(done.outcomes)


def test_the_untrained_student_is_asked_and_not_trained(given, staged, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "train", None)
    given = SimpleNamespace(condition=make_condition("untrained", staged), start=given.start, sets=given.sets)
    done = ran(given, tmp_path)
    assert (done.curves, done.rows) == ((), 0)
    assert done.outcomes.height > 0


def test_a_full_disk_stops_the_run(given, tmp_path, monkeypatch):
    def full(*_arguments, **_keys):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cotloom.builder.store.checked._seal", full)
    with pytest.raises(Stopped, match="No space left") as error:
        ran(given, tmp_path)
    assert "same command again" in error.value.hint
    assert not list(tmp_path.rglob("run.json"))


# What decides a run


def digest_of(given, recipe=RECIPE, seed=0, **keys):
    there = SimpleNamespace(**{**vars(given), **keys})
    return digest_run(there.condition, seed, recipe, there.start, there.sets)


def changed(sets, **keys):
    """The sets with the first problem of the first one changed."""
    one, *others = sets[0].problems
    return (replace(sets[0], problems=(replace(one, **keys), *others)), *sets[1:])


def test_a_run_is_another_when_anything_that_decides_it_is(given, staged):
    whole = digest_of(given)
    assert whole == digest_of(given)
    others = {
        "seed": digest_of(given, seed=1),
        "rows": digest_of(given, condition=make_condition("single_path", staged)),
        "steps": digest_of(given, recipe_of(steps=5)),
        "asked": digest_of(given, RECIPE.model_copy(update={"evaluation": ASKED.model_copy(update={"max_tokens": 7})})),
        "start": digest_of(given, start=replace(given.start, digest="another")),
        "gold answer": digest_of(given, sets=changed(given.sets, answer="-1")),
        "choices": digest_of(given, sets=changed(given.sets, choices=("a", "b"))),
        "fewer problems": digest_of(given, sets=(replace(given.sets[0], problems=given.sets[0].problems[:1]),)),
    }
    assert len({whole, *others.values()}) == 1 + len(others), others


def test_what_is_shown_decides_a_run_only_where_something_is_shown(given):
    fewer = given.sets[0].demonstrations[1:]
    shown = (replace(given.sets[0], read_demonstrations=lambda: fewer), *given.sets[1:])
    assert digest_of(given, sets=shown) == digest_of(given)
    evaluation = ASKED.model_copy(update={"formats": ("in_context_cot",)})
    showing = RECIPE.model_copy(update={"evaluation": evaluation})
    assert digest_of(given, showing, sets=shown) != digest_of(given, showing)


def test_a_run_does_not_depend_on_the_name_of_its_arm_or_student(given):
    renamed = replace(given.condition, name="another")
    assert digest_of(given, condition=renamed) == digest_of(given)
    assert digest_of(given, RECIPE.model_copy(update={"name": "another", "seeds": 5})) == digest_of(given)


def test_other_libraries_are_another_run(given, monkeypatch):
    whole = digest_of(given)
    monkeypatch.setattr(running, "list_libraries", lambda: {**list_libraries(), "torch": "0"})
    assert digest_of(given) != whole


# The schedule


def planned(recipe, arm):
    return [
        (stage.name, sorted(set(rows["mixture_stage"])), rows.height) for stage, rows in schedule_stages(recipe, arm)
    ]


def test_a_stage_that_names_no_mixture_stage_is_done_for_each_in_order(given):
    by_stage = {name: given.condition.rows.filter(mixture_stage=name).height for name in given.condition.stages}
    assert planned(RECIPE, given.condition) == [
        ("train-specialise", ["specialise"], by_stage["specialise"]),
        ("train-restore", ["restore"], by_stage["restore"]),
    ]


def test_a_stage_takes_the_mixture_stages_and_formats_that_it_names(given):
    recipe = recipe_of(take=("restore", "specialise"), formats=("zero_shot_cot",))
    ((stage, rows),) = schedule_stages(recipe, given.condition)
    assert stage.name == "train"
    assert set(rows["format"]) == {"zero_shot_cot"}
    assert set(rows["mixture_stage"]) == {"restore", "specialise"}


@pytest.mark.parametrize(
    ("keys", "named"),
    [({"take": ("polish",)}, "stages.train.take"), ({"formats": ("fine_tune_cot",)}, "stages.train.formats")],
)
def test_what_a_stage_asks_for_and_the_version_has_not_is_named_with_what_there_is(given, keys, named):
    (missing,) = next(iter(keys.values()))
    with pytest.raises(InputError, match=missing) as error:
        schedule_stages(recipe_of(**keys), given.condition)
    assert error.value.keys == (named,)
    assert "specialise" in error.value.hint or "zero_shot_cot" in error.value.hint


def test_early_stopping_holds_back_whole_problems(given, tmp_path, monkeypatch):
    works = []
    plain = running.train

    def watched(student, given_works, **keys):
        works.extend(given_works)
        return plain(student, given_works, **keys)

    monkeypatch.setattr(running, "train", watched)
    done = ran(given, tmp_path, recipe_of(patience=1, take=("specialise",), formats=("zero_shot_cot",)))
    rows = given.condition.rows.filter(mixture_stage="specialise", format="zero_shot_cot")
    held_back = [rank("held_back", problem) % HELD_BACK == 0 for problem in rows["problem_id"]]
    assert 0 < sum(held_back) < rows.height
    assert (len(works[0].eval_features), len(works[0].features)) == (sum(held_back), rows.height - sum(held_back))
    assert done.curves[0].steps <= STAGE.steps


# Soft targets


def told(arm):
    """The arm as if its teacher had said how likely it held each word."""

    def tokens(text):
        pieces = [piece for part in text.split(" ") for piece in (part, " ")][:-1]
        return [{"token": piece, "logprob": -0.1, "top": [{"token": piece, "logprob": -0.1}]} for piece in pieces]

    logprobs = pl.Series([tokens(text) for text in arm.samples["text"]], dtype=arm.samples.schema["token_logprobs"])
    return replace(arm, samples=arm.samples.with_columns(token_logprobs=logprobs))


@pytest.mark.parametrize("objective", ["forward_kl", "reverse_kl", "fu"])
def test_soft_targets_are_learnt_from_where_the_teacher_said_them(given, tmp_path, objective):
    soft = SimpleNamespace(**{**vars(given), "condition": told(given.condition)})
    recipe = recipe_of(objective=objective, take=("specialise",), formats=("zero_shot_cot",), loss_on="last")
    done = ran(soft, tmp_path, recipe)
    assert 0 < done.soft_share <= 1
    assert ran(soft, tmp_path, recipe).soft_share == done.soft_share


def test_soft_targets_that_no_sample_has_are_asked_for_in_the_datasets_recipe(given, tmp_path):
    with pytest.raises(InputError, match="forward_kl") as error:
        ran(given, tmp_path, recipe_of(objective="forward_kl"))
    assert "top_logprobs" in error.value.hint


def test_the_samples_decide_a_run_only_where_the_objective_reads_them(given):
    soft = told(given.condition)
    assert digest_of(given, condition=soft) == digest_of(given)
    assert digest_of(given, recipe_of(objective="forward_kl"), condition=soft) != digest_of(
        given, recipe_of(objective="forward_kl")
    )


# A soft prompt


def test_general_problems_are_asked_without_the_soft_prompt(given, tmp_path, monkeypatch):
    asked = []
    plain = running.evaluate

    def watched(student, sets, *arguments, **keys):
        asked.append((student.prompt_tokens, {one.kind for one in sets}))
        return plain(student, sets, *arguments, **keys)

    monkeypatch.setattr(running, "evaluate", watched)
    general = replace(given.sets[0], name="general", kind=SetKind.GENERAL)
    given = SimpleNamespace(**{**vars(given), "sets": (given.sets[0], general)})
    done = ran(given, tmp_path, recipe_of(parameters="prompt", prompt_tokens=3, take=("specialise",)))
    assert asked == [(3, {SetKind.TARGET}), (0, {SetKind.GENERAL})]
    assert set(done.outcomes["set"]) == {"held_out", "general"}


# Where a student starts


def test_a_base_is_trained_once_and_then_read(staged, tmp_path, monkeypatch):
    model = MODEL.model_copy(update={"base": BaseTraining(problems=100, steps=3, batch_size=4)})
    texts = list_texts((str(staged.path),))
    one = prepare_start(model, texts, tmp_path)
    monkeypatch.setattr("cotloom.builder.student.experiment.base_model.train", None)
    other = prepare_start(model, texts, tmp_path)
    assert (one.digest, one.folder) == (other.digest, other.folder)
    more = prepare_start(model, [*texts, "Elmwick"], tmp_path)
    assert more.digest != one.digest
    students = [start.load_student(seed) for start, seed in ((one, 0), (one, 1), (more, 0))]
    weights = [student.model.get_input_embeddings().weight for student in students]
    assert torch.equal(weights[0], weights[1])
    shared = len(set(students[0].tokenizer.get_vocab()) & set(students[2].tokenizer.get_vocab()))
    assert shared == len(students[0].tokenizer)


def test_a_student_without_a_base_is_drawn_anew_for_each_seed(given):
    weights = [given.start.load_student(seed).model.get_input_embeddings().weight for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_student_whose_heads_do_not_divide_its_width_is_refused(tmp_path):
    start = prepare_start(MODEL.model_copy(update={"width": 18}), ["a"], tmp_path)
    with pytest.raises(InputError, match="2 attention heads"):
        start.load_student(0)


def test_a_checkpoint_that_is_not_there_is_an_error_of_the_user(tmp_path):
    start = prepare_start(CheckpointModel(kind="checkpoint", path=str(tmp_path / "nowhere")), [], tmp_path)
    with pytest.raises(InputError, match="can't be loaded") as error:
        start.load_student(0)
    assert error.value.keys == ("model.path",)


# Jobs


def job_of(version, arm="version", seed=0, student=RECIPE, **keys):
    folder = str(version.path)
    return Job(
        version_path=folder,
        condition=arm,
        seed=seed,
        recipe=student,
        eval_path=folder,
        vocabulary_paths=(folder,),
        **keys,
    )


def test_two_workers_find_what_one_finds_though_two_arms_are_one_run(staged, tmp_path):
    student = recipe_of(take=("specialise",), formats=("zero_shot_answer",), steps=2)
    parts = [("version", {}), ("parent", {}), ("version", {"share": 0.5, "label": "1/2"})]
    wanted = [job_of(staged, arm, student=student, **keys) for arm, keys in parts]
    one = run_jobs(wanted, tmp_path / "one", 1)
    two = run_jobs(wanted, tmp_path / "two", 2)
    assert [run.condition for run in two] == ["version", "parent", "1/2"]
    assert all(mine.outcomes.equals(theirs.outcomes) for mine, theirs in zip(one, two, strict=True))
    assert [set(run.outcomes["condition"]) for run in two] == [{"version"}, {"parent"}, {"1/2"}]
    assert [run.rows for run in one] == [run.rows for run in two]
    assert two[0].folder == two[1].folder
    assert two[2].rows < two[0].rows


def test_what_a_user_can_act_on_comes_out_of_a_worker_as_words(staged, tmp_path):
    job = job_of(staged, student=recipe_of(take=("polish",)))
    with pytest.raises(InputError, match="polish") as error:
        run_jobs([job, job], tmp_path, 2)
    assert "specialise" in error.value.hint
    assert error.value.keys == ("stages.train.take",)


def test_a_training_that_is_killed_stops_the_validation_with_the_likely_cause(staged, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "if any('engine.worker' in word for word in sys.orig_argv):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    with pytest.raises(Stopped, match="memory ran out") as error:
        run_jobs([job_of(staged), job_of(staged, label="again")], tmp_path / "store", 2)
    assert "fewer --workers" in error.value.hint


def test_a_job_comes_out_of_its_words_as_it_went_in(staged):
    job = job_of(staged, cut_to=(str(staged.path), "parent"), share=0.25, label="1/4", save=True, n_general=3)
    assert jobs._load_job(json.loads(json.dumps(jobs._dump_job(job)))) == job


def test_a_job_that_is_cut_says_to_whose_size(staged):
    assert job_of(staged, cut_to=(str(staged.path), "single_path")).condition_name == "version_as_single_path"
    assert job_of(staged, label="1/4").condition_name == "1/4"
    assert job_of(staged).condition_name == "version"


def test_an_arm_is_cut_to_the_size_of_another_before_it_is_trained(staged, tmp_path):
    cut, single = run_jobs(
        [job_of(staged, cut_to=(str(staged.path), "single_path")), job_of(staged, "single_path")], tmp_path, 1
    )
    assert cut.rows == single.rows


def test_one_student_is_trained_at_a_time_on_a_card(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert count_workers(8) == 1
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert count_workers(8) == 8


def test_a_checkpoint_is_a_student_too(staged, tmp_path):
    path = write_checkpoint(tmp_path / "checkpoint")
    student = RECIPE.model_copy(update={"model": CheckpointModel(kind="checkpoint", path=str(path))})
    (done,) = run_jobs([job_of(staged, student=student)], tmp_path, 1)
    assert done.outcomes.height > 0
