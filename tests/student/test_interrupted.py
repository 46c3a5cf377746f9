"""A validation that is killed, or whose version is built again meanwhile: nothing half-written or mixed is believed."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from cotloom.builder.errors import Stopped
from cotloom.builder.store import find_version, hold_version
from cotloom.builder.student.experiment.jobs import format_address, list_texts
from cotloom.builder.student.training.checkpoints import SEAL, find_last_checkpoint, seal_checkpoint
from tests.conftest import PATIENCE_S, ROOT

STUDENT = {
    "name": "small",
    "model": {"kind": "tiny", "width": 16, "layers": 1, "heads": 2, "base": None},
    "stages": [{"name": "train", "steps": 8, "batch_size": 8}],
    "seeds": 1,
    "evaluation": {"problems": 8, "max_tokens": 8},
}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory, write_recipe) -> Path:
    """A recipe of few problems, with some to evaluate on."""
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "student.json").write_text(json.dumps(STUDENT))
    source = {"name": "made", "kind": "arithmetic", "level": "small", "problems": 24}
    return write_recipe(folder, version="dev", sources=[source], split={"test": 0.2})


@pytest.fixture(scope="module")
def built(recipe, tmp_path_factory, build_recipe) -> Path:
    store = tmp_path_factory.mktemp("built") / "store"
    build_recipe(recipe, store)
    return store


@pytest.fixture
def copy(built, store) -> Path:
    """A store of the test's own with `tiny@dev`."""
    shutil.copytree(built, store)
    return store


@pytest.fixture
def start(command, recipe):
    """Start a validation in a process group of its own."""
    started = []

    def begin(store: Path) -> subprocess.Popen[str]:
        words = ["validate", "tiny", "--store", str(store), "--student", str(recipe.parent / "student.json")]
        process = subprocess.Popen(
            [*command, *words, "--workers", "1", "--json"],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def validate(run, recipe):
    """Validate in this process, which has imported already what takes a new one longer than the rest."""

    def done(store: Path) -> dict:
        student = recipe.parent / "student.json"
        return run("validate", "tiny", "--store", store, "--student", student, "--workers", 1, "--json").json

    return done


def wait_for(process: subprocess.Popen[str], store: Path, pattern: str, count: int = 1) -> None:
    limit = time.monotonic() + PATIENCE_S
    while len(list(store.glob(pattern))) < count:
        assert process.poll() is None, "it ended before"
        assert time.monotonic() < limit
        time.sleep(0.005)


MOMENTS = (
    ("students/runs/*/training/*/checkpoint-*", 1),
    ("students/runs/*/run.json", 1),
    ("students/runs/*/run.json", 3),
)
"""What a validation has just written, and how many of it, when it is killed."""


@pytest.mark.slow
def test_a_validation_that_was_killed_three_times_comes_out_the_same(start, validate, copy, built, tmp_path):
    shutil.copytree(built, tmp_path / "undisturbed")
    validate(tmp_path / "undisturbed")
    for turn, (pattern, count) in enumerate(MOMENTS):
        process = start(copy)
        wait_for(process, copy, pattern, count)
        time.sleep(random.Random(turn).uniform(0, 0.05))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        validation = find_version(copy, "tiny").path / "validation.json"
        assert not validation.exists() or json.loads(validation.read_bytes())["content_digest"]

    validate(copy)

    one, other = (find_version(store, "tiny").path for store in (copy, tmp_path / "undisturbed"))
    assert (one / "validation.json").read_bytes() == (other / "validation.json").read_bytes()
    names = [sorted(path.name for path in folder.iterdir() if path.name[0] != ".") for folder in (one, other)]
    assert names[0] == names[1]
    assert list(copy.glob("students/runs/*/training")) == []


def write_checkpoint(folder: Path, step: int, *, sealed: bool = True) -> Path:
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir(parents=True)
    torch.save({"a": torch.arange(1000)}, checkpoint / "model.pt")
    (checkpoint / "trainer_state.json").write_text(json.dumps({"global_step": step}))
    if sealed:
        seal_checkpoint(checkpoint)
    return checkpoint


def test_a_checkpoint_that_was_half_written_is_not_resumed_from(tmp_path):
    whole = write_checkpoint(tmp_path, 4)
    half = write_checkpoint(tmp_path, 8, sealed=False)

    assert find_last_checkpoint(tmp_path) == str(whole)
    assert not half.exists()


@pytest.mark.parametrize("harm", ["flip", "cut", "gone", "more", "seal"])
def test_a_checkpoint_that_is_damaged_is_not_resumed_from_and_is_named(tmp_path, harm, capsys):
    checkpoint = write_checkpoint(tmp_path, 4)
    path, content = checkpoint / "model.pt", (checkpoint / "model.pt").read_bytes()
    place = len(content) // 2
    if harm == "flip":
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    elif harm == "cut":
        path.write_bytes(content[:place])
    elif harm == "gone":
        path.unlink()
    elif harm == "more":
        (checkpoint / "more.pt").write_bytes(content)
    else:
        (checkpoint / SEAL).write_text("{")

    assert find_last_checkpoint(tmp_path) is None
    assert str(checkpoint) in capsys.readouterr().err.replace("\n", "")


def test_the_last_checkpoint_is_that_of_the_last_step_whatever_the_clock_said(tmp_path):
    older, newer = write_checkpoint(tmp_path, 4), write_checkpoint(tmp_path, 8)
    os.utime(older, (4e9, 4e9))
    os.utime(newer, (0, 0))

    assert find_last_checkpoint(tmp_path) == str(newer)


# A build of the same version


def rebuild(build_recipe, recipe: Path, store: Path, problems: int = 30) -> str:
    return build_recipe(recipe, store, f"sources.0.problems={problems}").version.manifest.content_digest


@pytest.mark.slow
def test_a_version_that_is_built_again_meanwhile_gets_no_validation_of_other_content(
    start, validate, copy, recipe, build_recipe
):
    rebuild(build_recipe, recipe, copy)  # so that its stages are known, and it takes a moment later
    build_recipe(recipe, copy)
    process = start(copy)
    wait_for(process, copy, "students/runs/*/run.json")
    digest = rebuild(build_recipe, recipe, copy)

    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3, err
    stopped = json.loads(out)["error"]

    folder = find_version(copy, "tiny").path
    assert "tiny@dev was built again while it was used" in stopped["message"]
    assert "run the same command again" in stopped["hint"]
    assert not (folder / "validation.json").exists()
    assert not (folder / "validation").exists()
    assert validate(copy)["content_digest"] == digest
    assert json.loads((folder / "validation.json").read_bytes())["content_digest"] == digest


@pytest.mark.slow
def test_a_version_that_is_built_twice_is_validated_twice_in_one_process(validate, copy, recipe, build_recipe):
    before = validate(copy)
    digest = rebuild(build_recipe, recipe, copy)

    after = validate(copy)

    assert after["content_digest"] == digest != before["content_digest"]
    assert after["training_runs"][0]["rows"] > before["training_runs"][0]["rows"]


def test_the_texts_of_a_version_that_was_built_again_are_not_read_for_those_of_the_earlier(copy, recipe, build_recipe):
    earlier = find_version(copy, "tiny")
    rebuild(build_recipe, recipe, copy)

    with pytest.raises(Stopped, match="was built again while it was used"):
        list_texts((format_address(earlier),))
    assert list_texts((format_address(find_version(copy, "tiny")),))


def test_nothing_is_written_beside_a_version_that_was_built_again_or_removed(copy, recipe, build_recipe):
    earlier = find_version(copy, "tiny")
    rebuild(build_recipe, recipe, copy)
    with pytest.raises(Stopped, match="was built again"), hold_version(earlier):
        pytest.fail("it was held")
    shutil.rmtree(earlier.path)
    with pytest.raises(Stopped, match="was removed or replaced"), hold_version(earlier):
        pytest.fail("it was held")
    assert not earlier.path.exists()


def test_a_build_waits_until_what_is_written_beside_the_version_is_written(copy, recipe, build_recipe):
    version = find_version(copy, "tiny")
    with ThreadPoolExecutor(1) as pool:
        with hold_version(version):
            later = pool.submit(rebuild, build_recipe, recipe, copy)
            with pytest.raises(TimeoutError):
                later.result(timeout=3)
            assert find_version(copy, "tiny").manifest == version.manifest
        assert later.result(timeout=PATIENCE_S) != version.manifest.content_digest
