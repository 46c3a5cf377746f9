"""The transformers backend: a real checkpoint, made here, sampled in this process."""

import json

import pytest

from builder.errors import InputError
from builder.pipeline import build
from builder.recipe import load_recipe
from schemas.runtime import Runtime
from tests.teacher.tiny import make_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return make_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def recipe(tmp_path):
    def write(model, **teacher):
        given = {
            "backend": "transformers",
            "model": str(model),
            "sampling": {"max_tokens": 12},
            "paths": {"round": 2},
            **teacher,
        }
        source = {"name": "sums", "kind": "arithmetic", "problems": 5}
        whole = {"name": "local", "version": "1.0.0", "sources": [source], "teacher": given}
        (tmp_path / "recipe.yaml").write_text(json.dumps(whole))
        return load_recipe(str(tmp_path / "recipe.yaml"))

    return write


def test_a_local_checkpoint_answers_in_batches_and_each_answer_is_a_sample(recipe, checkpoint, tmp_path):
    built = build(recipe(checkpoint), Runtime(store=tmp_path / "store", batch_size=3))
    samples = built.version.table("samples")
    assert (built.calls.new, samples.height, set(samples["cost_usd"])) == (10, 10, {0.0})
    assert set(samples["finish_reason"]) <= {"stop", "length"}
    assert (samples["usage"].struct.field("completion_tokens") <= 12).all()


def test_its_log_probabilities_spell_the_answer_and_are_probabilities(recipe, checkpoint, tmp_path):
    loaded = recipe(checkpoint, sampling={"max_tokens": 12, "top_logprobs": 3})
    samples = build(loaded, Runtime(store=tmp_path / "store")).version.table("samples")
    whole = [row for row in samples.to_dicts() if "\ufffd" not in row["text"]]
    assert whole
    for row in whole:
        assert "".join(item["token"] for item in row["token_logprobs"]) == row["text"]
        assert all(item["logprob"] <= 0 and len(item["top"]) == 3 for item in row["token_logprobs"])
        assert all(item["top"][0]["logprob"] >= item["logprob"] for item in row["token_logprobs"])


def test_the_same_build_samples_alike_in_another_store(recipe, checkpoint, tmp_path):
    loaded = recipe(checkpoint)
    one, other = (build(loaded, Runtime(store=tmp_path / name)) for name in ("one", "other"))
    assert one.version.manifest.content_digest == other.version.manifest.content_digest


def test_a_prompt_beyond_the_window_fails_alone(recipe, checkpoint, tmp_path):
    loaded = recipe(checkpoint, sampling={"max_tokens": 450})
    built = build(loaded, Runtime(store=tmp_path / "store", accept_failures=True))
    failed = built.version.table("samples").filter(built.version.table("samples")["reason"] == "request_failed")
    assert failed.height == built.calls.failed > 0
    assert "too long" in failed["detail"][0]


def test_a_folder_without_a_model_is_the_users_mistake(recipe, tmp_path):
    with pytest.raises(InputError, match="can't be loaded"):
        build(recipe(tmp_path), Runtime(store=tmp_path / "store"))
