"""The command `validate`, from a version to a report, and how it is stopped, resumed and refused."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from cotloom.builder.recipe import list_packaged_recipes, load_student
from cotloom.builder.store import find_version
from cotloom.builder.store.versions import open_sealed
from cotloom.builder.student.experiment import plan as planning
from cotloom.builder.student.experiment.jobs import list_texts
from cotloom.builder.student.model.loading import make_tiny, save_student
from cotloom.builder.student.model.tokenizer import make_tokenizer
from cotloom.schemas.student import StudentRecipe, TinyModel
from cotloom.schemas.validation import Validation
from tests.conftest import ROOT

STUDENT = {
    "name": "small",
    "model": {"kind": "tiny", "width": 16, "layers": 1, "heads": 2, "base": None},
    "stages": [{"name": "train", "steps": 4, "batch_size": 8}],
    "seeds": 1,
    "evaluation": {"problems": 20, "max_tokens": 8},
}


@pytest.fixture(autouse=True)
def _one_thread():
    """Several threads cost more than they bring."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the student recipe lies."""
    folder = tmp_path_factory.mktemp("validate")
    (folder / "small.yaml").write_text(json.dumps(STUDENT))
    return folder


@pytest.fixture(scope="module")
def built(folder, build_recipe):
    """A store with a small quickstart."""
    build_recipe("quickstart", folder / "store", "sources.0.problems=40")
    return folder / "store"


@pytest.fixture
def validate(run, folder, built):
    """Validate the quickstart, in one process."""

    def ran(*words, ref="quickstart", store=built, student=folder / "small.yaml", workers=1):
        return run("validate", ref, "--store", store, "--student", student, "--workers", workers, *words)

    return ran


@pytest.fixture
def validated(validate, built):
    """The folder of a version that was validated; the first test that asks for it has it done."""
    path = find_version(built, "quickstart").path
    if not (path / "validation.json").exists():
        done = validate()
        assert done.code == 0, done.err
    return path


def found_in(path):
    return Validation.model_validate(open_sealed((path / "validation.json").read_bytes()))


@pytest.fixture
def beside(validated, monkeypatch):
    """Leave what lies beside the version as it was, and train no students of parts."""
    monkeypatch.setattr(planning, "CURVE_SHARES", ())
    before = (validated / "validation.json").read_bytes()
    yield
    (validated / "validation.json").write_bytes(before)


# What comes out


def test_a_validation_lies_beside_the_version_and_speaks_of_its_content(validated, built):
    found, version = found_in(validated), find_version(built, "quickstart")
    assert (found.ref, found.content_digest) == (version.ref, version.manifest.content_digest)
    assert [arm.condition for arm in found.training_runs] == ["version", "answer_only", "untrained"]
    assert [arm.steps for arm in found.training_runs] == [4, 4, 0]
    assert {one.against for one in found.differences} == {"answer_only", "untrained"}
    assert [point.at for point in found.data_curve] == [1 / 16, 1 / 4, 1.0]
    assert found.gate.passed is None
    assert "3 are needed" in " ".join(found.differences[0].notes)


@pytest.mark.usefixtures("validated")
def test_a_validation_does_not_change_the_version(built, quickstart):
    assert find_version(built, "quickstart").manifest == quickstart.manifest


def test_the_reports_and_the_outcomes_are_there(validated):
    html, markdown = ((validated / "validation" / f"report.{end}").read_text() for end in ("html", "md"))
    assert "quickstart@1.0.0" in html
    assert "quickstart@1.0.0" in markdown
    outcomes = pl.read_parquet(validated / "validation" / "outcomes.parquet")
    assert set(outcomes["condition"]) == {"version", "answer_only", "untrained"}
    assert set(outcomes["format"]) == {"zero_shot_cot", "zero_shot_answer"}


def test_that_the_rationales_are_simulated_is_said_everywhere(validated, validate, tmp_path):
    told = validate("--save", tmp_path / "student")
    assert "imulated" in told.out
    assert validate("--json").json["simulated"] is True
    for path in (validated / "validation" / "report.html", validated / "validation" / "report.md",
                 tmp_path / "student" / "README.md"):  # fmt: skip
        assert "imulated" in path.read_text(), path


def test_the_answer_as_json_is_the_validation_and_nothing_else(validated, validate):
    assert validate("--json").json == open_sealed((validated / "validation.json").read_bytes())


def test_show_shows_the_validation(validated, run, built):
    assert run("show", "quickstart", "--store", built, "--json").json["validation"]["ref"] == "quickstart@1.0.0"
    summary = found_in(validated).summary
    told = " ".join(run("show", "quickstart", "--store", built).out.split())
    assert " ".join(summary.split()) in told


def test_a_second_validation_trains_nothing_and_finds_the_same(validated, validate, monkeypatch):
    before = (validated / "validation.json").read_bytes()
    monkeypatch.setattr("cotloom.builder.student.experiment.run.train", None)
    assert validate().code == 0
    assert (validated / "validation.json").read_bytes() == before


@pytest.mark.usefixtures("validated")
def test_the_gate_lets_nothing_through_that_says_nothing(validate):
    assert validate("--gate").code == 1
    assert validate("--gate", "--json").json["gate"]["passed"] is None
    assert validate().code == 0


def test_a_saved_student_is_loaded_as_any_other_and_has_a_card(validated, validate, tmp_path):
    assert validate("--save", tmp_path / "student").code == 0
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "student")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "student")
    assert model.config.vocab_size == len(tokenizer)
    card = (tmp_path / "student" / "README.md").read_text()
    assert found_in(validated).content_digest in card
    assert "AutoModelForCausalLM" in card


def test_a_folder_with_something_in_it_is_not_written_over(validate, tmp_path):
    (tmp_path / "mine").write_text("")
    done = validate("--save", tmp_path)
    assert done.code == 2
    assert "--save" in done.err


# Every control


@pytest.mark.usefixtures("beside")
def test_all_controls_are_trained_and_compared(validate):
    done = validate("--controls", "all", "--json")
    assert done.code == 0, done.err
    names = [arm["condition"] for arm in done.json["training_runs"]]
    assert {"single_path", "shuffled", "version_as_single_path"} <= set(names)
    pairs = [(one["condition"], one["against"]) for one in done.json["differences"]]
    assert ("version_as_single_path", "single_path") in pairs


def test_the_version_before_is_the_parent_and_equal_rows_are_compared(folder, build_recipe, validate, monkeypatch):
    monkeypatch.setattr(planning, "CURVE_SHARES", ())
    store = folder / "two"
    build_recipe("quickstart", store, "sources.0.problems=40")
    build_recipe("quickstart", store, "sources.0.problems=40", "select.keep=1", "version=1.1.0")
    done = validate("--json", store=store)
    assert done.code == 0, done.err
    assert done.json["parent"] == "quickstart@1.0.0"
    rows = {arm["condition"]: arm["rows"] for arm in done.json["training_runs"]}
    assert rows["version"] == rows["parent_as_version"] < rows["parent"]
    pairs = {(one["condition"], one["against"]) for one in done.json["differences"]}
    assert {("version", "parent"), ("parent_as_version", "version")} <= pairs


# Stopped and refused


@pytest.fixture
def killed(command, folder, tmp_path, build_recipe):
    """A store with a validation that was killed as soon as its first student was done."""
    store = tmp_path / "store"
    build_recipe("quickstart", store, "sources.0.problems=40")
    words = ["validate", "quickstart", "--store", str(store), "--student", str(folder / "small.yaml"), "--workers", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([*command, *words], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:
        while not list(store.glob("students/runs/*/run.json")):
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    return store


def test_a_validation_that_was_killed_goes_on_and_finds_the_same(killed, validated, validate):
    path = find_version(killed, "quickstart").path
    assert not (path / "validation.json").exists()
    assert validate(store=killed).code == 0
    assert (path / "validation.json").read_bytes() == (validated / "validation.json").read_bytes()


def test_a_version_without_problems_to_ask_is_refused(tmp_path, write_recipe, build_recipe, validate):
    build_recipe(write_recipe(tmp_path, split={"test": 0}), tmp_path / "store")
    done = validate(ref="tiny", store=tmp_path / "store")
    assert done.code == 2
    assert "split: {test: 0.1}" in done.err


def test_a_budget_that_nothing_fits_into_says_how_long_the_least_takes(validate, validated):
    before = (validated / "validation.json").read_bytes()
    done = validate("--budget", "0.001s")
    assert done.code == 2
    assert "the shortest takes about" in done.err
    assert (validated / "validation.json").read_bytes() == before


def test_a_budget_that_is_large_enough_cuts_nothing(validate, validated):
    before = (validated / "validation.json").read_bytes()
    done = validate("--budget", "2h")
    assert done.code == 0, done.err
    assert (validated / "validation.json").read_bytes() == before


@pytest.mark.parametrize("budget", ["soon", "0s", "10", "10d", ""])
def test_a_budget_that_is_no_time_is_refused(validate, budget):
    done = validate("--budget", budget)
    assert done.code == 2
    assert "--budget" in done.err


def test_a_student_that_is_not_known_brings_the_nearest_name(validate):
    done = validate(student="tinny")
    assert done.code == 2
    assert "did you mean tiny?" in done.err


def test_a_key_of_the_student_recipe_that_is_wrong_is_named(validate):
    done = validate("--set", "stages.train.step=5")
    assert done.code == 2
    assert "did you mean steps?" in done.err
    assert "docs/student-recipe.md" in done.err


@pytest.mark.usefixtures("beside")
def test_a_key_of_the_student_recipe_is_changed_from_the_command_line(validate):
    done = validate("--set", "stages.train.steps=2", "--json")
    assert {arm["steps"] for arm in done.json["training_runs"]} == {2, 0}


@pytest.mark.usefixtures("beside")
def test_answers_alone_are_asked_for_though_other_formats_are_named(validate):
    done = validate("--set", "evaluation.formats=[in_context_cot]", "--json")
    assert done.code == 0, done.err
    formats = {one["setting"]["format"] for one in done.json["scores"]}
    assert formats == {"in_context_cot", "zero_shot_answer", "as_trained"}


@pytest.mark.usefixtures("beside")
def test_the_vote_of_several_answers_stands_beside_the_greedy_one(validate):
    done = validate("--set", "evaluation.samples=2", "--json")
    assert {one["setting"]["decoding"] for one in done.json["scores"]} == {"greedy", "majority"}


@pytest.mark.usefixtures("beside")
def test_a_loss_that_is_no_number_is_an_error_of_the_student_recipe(validate):
    done = validate("--set", "stages.train.learning_rate=1e9")
    assert done.code == 2
    assert "lower learning_rate" in done.err


@pytest.mark.parametrize("tracker", ["nonsense", "tensorboard"])
def test_a_tracker_that_is_not_there_is_refused_before_anything_is_trained(validate, tracker, monkeypatch):
    monkeypatch.setattr("transformers.integrations.integration_utils.is_tensorboard_available", lambda: False)
    monkeypatch.setattr("cotloom.builder.student.command.validate", None)
    done = validate("--report-to", tracker)
    assert done.code == 2
    assert "--report-to" in done.err


def test_a_stage_that_the_version_has_not_is_refused_with_what_there_is(validate):
    done = validate("--set", "stages.train.take=[polish]")
    assert done.code == 2
    assert "available: train" in done.err


# Pretrained checkpoints


@pytest.fixture(params=["llama", "t5"])
def checkpoint(request, built, tmp_path):
    """The folder of a checkpoint that knows the version's characters, and the class that loads it."""
    texts = list_texts((str(find_version(built, "quickstart").path),))
    model = TinyModel(architecture=request.param, width=16, layers=1, heads=2, base=None)
    save_student(make_tiny(model, make_tokenizer(texts, 500, "whole"), 0), tmp_path / "checkpoint")
    return tmp_path / "checkpoint", AutoModelForCausalLM if request.param == "llama" else AutoModelForSeq2SeqLM


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize("lora", [None, {"rank": 2}], ids=["whole", "lora"])
def test_a_pretrained_checkpoint_is_a_student(checkpoint, lora, validate, tmp_path):
    path, loader = checkpoint
    model = {"kind": "checkpoint", "path": str(path), "lora": lora}
    student = tmp_path / "student.yaml"
    student.write_text(json.dumps({**STUDENT, "model": model, "evaluation": {"problems": 2, "max_tokens": 4}}))
    done = validate("--save", tmp_path / "saved", student=student)
    assert done.code == 0, done.err
    before, after = (loader.from_pretrained(there).state_dict() for there in (path, tmp_path / "saved"))
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    card = (tmp_path / "saved" / "README.md").read_text()
    assert loader.__name__ in card
    assert str(path) not in card


def test_the_packaged_students_are_student_recipes():
    names = list_packaged_recipes("students")
    assert "tiny" in names
    assert all(isinstance(load_student(name), StudentRecipe) for name in names)
    assert all(Path(ROOT / "recipes" / "students" / f"{name}.yaml").exists() for name in names)


# Evaluation sets of the student recipe


def test_sets_of_the_student_recipe_are_asked_and_averaged(validate, built, folder, monkeypatch):
    monkeypatch.setattr(planning, "CURVE_SHARES", ())
    made = [{"q": f"A box has {n} pens and {n + 1} cups. How many things?", "a": str(2 * n + 1)} for n in range(4)]
    trained = find_version(built, "quickstart").read_table("problems").filter(split="train", fate="kept")
    asked = [*made, {"q": trained["question"][0], "a": "1"}]
    fields = {"question": "q", "answer": "a"}
    tasks = [{"kind": "file", "name": f"{name}", "path": f"{name}.jsonl", "fields": fields} for name in ("one", "two")]
    for name, rows in (("one", asked[:2]), ("two", asked[2:])):
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    sources = [{"kind": "tasks", "name": "boxes", "tasks": tasks}, {"kind": "skills", "name": "short", "problems": 3}]
    evaluation = {"problems": 3, "max_tokens": 6, "sources": sources, "demos": {"boxes": "arithmetic"}, "shots": 1}
    evaluation |= {"formats": ["zero_shot_cot", "in_context_cot"], "general_formats": ["as_is", "zero_shot_answer"]}
    (folder / "sets.yaml").write_text(json.dumps({**STUDENT, "evaluation": evaluation}))
    done = validate("--json", student=folder / "sets.yaml")
    assert done.code == 0, done.err
    found = Validation.model_validate(done.json)
    sets = {one.name: one for one in found.sets}
    assert list(sets) == ["held_out", "boxes", "short"]
    assert (sets["boxes"].problems, sets["boxes"].tasks, sets["boxes"].trained_on) == (3, 2, 1)
    assert len(sets["boxes"].demos) >= 1
    assert "evaluation.sources.boxes" in found.student["inputs"]
    settings = {(score.setting.set, score.setting.format, str(score.setting.average)) for score in found.scores}
    assert {("boxes", name, "tasks") for name in ("as_trained", "zero_shot_cot", "in_context_cot")} <= settings
    assert {("short", "as_is", "problems"), ("short", "zero_shot_answer", "problems")} <= settings
    assert {loss.setting.format for loss in found.retention} == {"as_is", "zero_shot_answer"}
    report = (find_version(built, "quickstart").path / "validation" / "report.md").read_text()
    assert "boxes, mean over tasks" in report
    assert "left out: trained on" in report


def test_a_student_with_a_soft_prompt_is_saved_with_it(validate, folder, monkeypatch, tmp_path):
    monkeypatch.setattr(planning, "CURVE_SHARES", ())
    stages = [{"name": "prompt", "parameters": "prompt", "prompt_tokens": 2, "steps": 2}, {"name": "train", "steps": 2}]
    (folder / "prompted.yaml").write_text(json.dumps({**STUDENT, "stages": stages}))
    done = validate("--save", tmp_path / "saved", student=folder / "prompted.yaml")
    assert done.code == 0, done.err
    assert (tmp_path / "saved" / "prompt" / "adapter_model.safetensors").is_file()
    assert (tmp_path / "saved" / "model.safetensors").is_file()
