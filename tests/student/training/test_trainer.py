"""Training: the loss falls, interrupted trainings come to the same weights, each stage changes what it should."""

import math
from dataclasses import replace

import polars as pl
import pytest
import torch
from transformers import AutoModelForCausalLM

from cotloom.builder.errors import InputError
from cotloom.builder.student.model.loading import (
    add_lora,
    add_soft_prompt,
    load_saved_student,
    merge_lora,
    save_student,
)
from cotloom.builder.student.training import trainer as training
from cotloom.builder.student.training.collate import encode_rows
from cotloom.builder.student.training.trainer import LossCurve, StageData, train
from cotloom.schemas.student import Lora, TrainStage
from tests.student.tiny_checkpoints import write_checkpoint
from tests.student.tiny_students import TAUGHT, make_student

ROWS = pl.DataFrame(
    {
        "messages": [
            [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
            for asked, said in TAUGHT.items()
        ],
        "weight": [1.0] * len(TAUGHT),
    }
)


def make_stage(**keys):
    return TrainStage(**{"name": "train", "steps": 10, "batch_size": 4, "learning_rate": 5e-3, **keys})


def make_stage_data(student, stage, rows=ROWS, held_back=None):
    kept = encode_rows(student, held_back, stage).features if held_back is not None else ()
    return StageData(stage=stage, features=encode_rows(student, rows, stage).features, eval_features=kept)


def train_student(student, folder, *stages, seed=0):
    return train(student, [make_stage_data(student, stage) for stage in stages], seed=seed, folder=folder)


def copy_weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def is_same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "t5"])
def test_the_loss_falls(kind, tmp_path):
    _, (curve,) = train_student(make_student(kind), tmp_path, make_stage(steps=30))
    assert curve.losses[-1] < curve.losses[0] - 0.5
    assert (curve.stage, curve.steps, len(curve.losses)) == ("train", 30, 10)
    assert curve.tokens > 0


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path):
    one, other, third = (
        train_student(make_student("llama"), tmp_path / str(place), make_stage(), seed=seed)[0]
        for place, seed in enumerate([0, 0, 1])
    )
    assert is_same(copy_weights(one.model), copy_weights(other.model))
    assert not is_same(copy_weights(one.model), copy_weights(third.model))


def test_a_loss_that_is_no_number_stops_the_training_and_says_what_to_do(tmp_path):
    student = make_student("llama")
    with torch.no_grad():
        student.model.lm_head.weight[0, 0] = math.inf
    with pytest.raises(InputError, match="not finite") as error:
        train_student(student, tmp_path, make_stage())
    assert "learning_rate" in error.value.hint
    assert error.value.keys == ("stages.learning_rate",)


def test_the_loss_of_rows_that_count_twice_counts_twice():
    student = make_student("llama")
    light, heavy = (ROWS.with_columns(weight=pl.Series([weight, *[1.0] * (len(TAUGHT) - 1)])) for weight in (1.0, 3.0))
    losses = [
        compute_loss(student, make_stage_data(student, make_stage(), rows), training._compute_all_logits)
        for rows in (light, heavy)
    ]
    assert losses[0] != losses[1]


def compute_loss(student, work, scores):
    arguments = training._make_arguments(work, 0, "/nowhere", (), "cpu", resumable=False)
    trainer = training._ObjectiveTrainer(
        objective="completion", student=student, args=arguments, train_dataset=list(work.features),
        data_collator=training.make_collator(student),
    )  # fmt: skip
    trainer.compute_logits = scores
    batch = training.make_collator(student)(work.features)
    with torch.no_grad():
        return trainer.compute_loss(student.model.eval(), batch).item()


def test_scores_worked_out_where_there_is_loss_are_those_of_the_whole_model():
    student = make_student("llama")
    work = make_stage_data(student, make_stage())
    whole = student.model.eval()(**{
        name: value for name, value in training.make_collator(student)(work.features).items()
        if name in {"input_ids", "attention_mask", "labels"}
    }).loss.item()  # fmt: skip
    chosen, every = (
        compute_loss(student, work, scores)
        for scores in (training._compute_selected_logits, training._compute_all_logits)
    )
    assert chosen == pytest.approx(every, abs=1e-6)
    assert chosen == pytest.approx(whole, abs=1e-5)


@pytest.mark.parametrize(("kind", "selects"), [("llama", True), ("gpt2", False), ("t5", False)])
def test_only_models_known_for_it_have_their_scores_chosen(kind, selects, tmp_path):
    student = make_student(kind)
    work = make_stage_data(student, make_stage())
    arguments = training._make_arguments(work, 0, tmp_path, (), "cpu", resumable=False)
    trainer = training._ObjectiveTrainer(objective="completion", student=student, args=arguments)
    assert trainer.compute_logits is (training._compute_selected_logits if selects else training._compute_all_logits)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_half_precision_is_for_cards_alone(device, monkeypatch, tmp_path):
    monkeypatch.setattr(training, "TrainingArguments", lambda **keys: keys)
    work = make_stage_data(make_student("llama"), make_stage())
    keys = training._make_arguments(work, 0, tmp_path, (), device, resumable=True)
    assert keys["bf16"] == keys["dataloader_pin_memory"] == (device == "cuda")


# PlugPulledError and resumed


class PlugPulledError(Exception):
    """What stops a training from outside."""


def interrupt(monkeypatch, after):
    """Pull the plug after so many steps of all stages together."""
    plain, steps = training._ProgressCallback.on_step_end, []

    def counted(self, *arguments, **keys):
        plain(self, *arguments, **keys)
        steps.append(1)
        if len(steps) == after:
            raise PlugPulledError

    monkeypatch.setattr(training._ProgressCallback, "on_step_end", counted)


STAGES = [make_stage(name="one"), make_stage(name="two", learning_rate=1e-3)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Weights and curves of two stages of training, by kind."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return {kind: train_student(make_student(kind), folder / kind, *STAGES) for kind in ("llama", "t5")}


@pytest.mark.parametrize(("kind", "after"), [("llama", 17), ("t5", 8)])
def test_a_training_that_was_interrupted_comes_to_the_same_weights(kind, after, undisturbed, tmp_path, monkeypatch):
    whole, curves = undisturbed[kind]
    with monkeypatch.context() as patched:
        interrupt(patched, after)
        with pytest.raises(PlugPulledError):
            train_student(make_student(kind), tmp_path / "again", *STAGES)
    resumed, again = train_student(make_student(kind), tmp_path / "again", *STAGES)
    assert is_same(copy_weights(resumed.model), copy_weights(whole.model))
    assert [curve.losses for curve in again] == [curve.losses for curve in curves]
    assert [curve.steps for curve in again] == [10, 10]


def test_an_interrupted_training_with_lora_comes_to_the_same_weights(tmp_path, monkeypatch):
    def student():
        return add_lora(make_student("llama"), Lora(rank=2))

    torch.manual_seed(5)
    begin = copy_weights(student().model)

    def again():
        made = student()
        made.model.load_state_dict(begin)
        return made

    whole, _ = train_student(again(), tmp_path / "whole", make_stage())
    with monkeypatch.context() as patched:
        interrupt(patched, 8)
        with pytest.raises(PlugPulledError):
            train_student(again(), tmp_path / "again", make_stage())
    resumed, _ = train_student(again(), tmp_path / "again", make_stage())
    assert is_same(copy_weights(resumed.model), copy_weights(whole.model))


def test_an_interrupted_two_stage_tuning_comes_to_the_same_weights(tmp_path, monkeypatch):
    stages = [
        make_stage(name="format", parameters="prompt", prompt_tokens=4, steps=10),
        make_stage(name="content", steps=10),
    ]
    whole, _ = train_student(make_student("llama"), tmp_path / "whole", *stages)
    with monkeypatch.context() as patched:
        interrupt(patched, 14)
        with pytest.raises(PlugPulledError):
            train_student(make_student("llama"), tmp_path / "again", *stages)
    resumed, _ = train_student(make_student("llama"), tmp_path / "again", *stages)
    assert is_same(copy_weights(resumed.model), copy_weights(whole.model))


# What a stage tunes


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_a_soft_prompt_is_tuned_alone_and_then_left_alone(kind, tmp_path):
    student = make_student(kind)
    model = copy_weights(student.model)
    prompted, _ = train_student(
        student, tmp_path, make_stage(name="format", parameters="prompt", prompt_tokens=4, learning_rate=0.05)
    )
    drawn = add_soft_prompt(make_student(kind), 4, 0).model.prompt_encoder["default"].embedding.weight
    prompt = prompted.model.prompt_encoder["default"].embedding.weight.detach().clone()
    assert prompted.prompt_tokens == 4
    assert is_same(copy_weights(prompted.model.get_base_model()), model)
    assert not torch.equal(prompt, drawn)
    both, _ = train_student(prompted, tmp_path, make_stage(name="content"))
    assert torch.equal(both.model.prompt_encoder["default"].embedding.weight, prompt)
    assert not is_same(copy_weights(both.model.get_base_model()), model)


def test_a_soft_prompt_that_is_tuned_again_stays_one_prompt(tmp_path):
    one = make_stage(name="one", parameters="prompt", prompt_tokens=4, steps=5)
    student, _ = train_student(make_student("llama"), tmp_path, one, make_stage(name="two", steps=5))
    model = copy_weights(student.model.get_base_model())
    prompt = student.model.prompt_encoder["default"].embedding.weight.detach().clone()
    again, _ = train_student(student, tmp_path, one.model_copy(update={"name": "three"}))
    assert again.prompt_tokens == 4
    assert is_same(copy_weights(again.model.get_base_model()), model)
    assert not torch.equal(again.model.prompt_encoder["default"].embedding.weight, prompt)


def test_a_soft_prompt_and_lora_do_not_go_together(tmp_path):
    with pytest.raises(InputError, match="LoRA") as error:
        train_student(add_lora(make_student("llama"), Lora()), tmp_path, make_stage(parameters="prompt"))
    assert error.value.hint


def test_a_student_with_a_soft_prompt_is_saved_and_read_back(tmp_path):
    stages = [
        make_stage(name="format", parameters="prompt", prompt_tokens=4, steps=5),
        make_stage(name="content", steps=5),
    ]
    student, _ = train_student(make_student("llama"), tmp_path / "run", *stages)
    save_student(student, tmp_path / "saved")
    read = load_saved_student(tmp_path / "saved")
    assert read.prompt_tokens == 4
    assert is_same(copy_weights(read.model), copy_weights(student.model))


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_lora_leaves_the_weights_and_is_added_to_them_at_the_end(kind, tmp_path):
    student = add_lora(make_student(kind), Lora(rank=2))
    before = {name: value for name, value in copy_weights(student.model).items() if "lora" not in name}
    tuned, (curve,) = train_student(student, tmp_path / "run", make_stage(learning_rate=2e-2))
    assert curve.losses[-1] < curve.losses[0]
    assert is_same({name: value for name, value in copy_weights(tuned.model).items() if "lora" not in name}, before)
    whole = merge_lora(tuned)
    assert not is_same(copy_weights(whole.model), copy_weights(make_student(kind).model))
    assert not any("lora" in name for name in copy_weights(whole.model))


def test_a_merged_student_is_loaded_as_any_other_checkpoint(tmp_path):
    tuned, _ = train_student(add_lora(make_student("llama"), Lora(rank=2)), tmp_path / "run", make_stage(steps=5))
    save_student(tuned, tmp_path / "saved")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "saved", dtype=torch.float32)
    assert is_same(copy_weights(loaded), copy_weights(merge_lora(tuned).model))


def test_a_student_that_is_written_and_read_is_the_same_student(tmp_path):
    for kind in ("llama", "t5"):
        assert is_same(
            copy_weights(load_saved_student(write_checkpoint(tmp_path / kind, kind)).model),
            copy_weights(make_student(kind).model),
        )


# Early stopping


OTHER = pl.DataFrame(
    {"messages": [[{"role": "user", "content": "?"}, {"role": "assistant", "content": "9 eggs."}]], "weight": [1.0]}
)
"""What training does not help with, from some step on."""


def train_with_early_stopping(folder, steps=100):
    student = make_student("llama")
    stage = make_stage(steps=steps, patience=2, learning_rate=3e-2)
    trained, (curve,) = train(student, [make_stage_data(student, stage, held_back=OTHER)], seed=0, folder=folder)
    return copy_weights(trained.model), curve


def test_a_training_that_no_longer_helps_stops_early(tmp_path):
    assert train_with_early_stopping(tmp_path)[1].steps < 100


def test_a_training_that_stops_early_ends_with_its_best_weights(tmp_path, monkeypatch):
    student, losses = make_student("llama"), []
    plain = training._ObjectiveTrainer.evaluate
    monkeypatch.setattr(
        training._ObjectiveTrainer,
        "evaluate",
        lambda self, **keys: losses.append(plain(self, **keys)["eval_loss"]) or {"eval_loss": losses[-1]},
    )
    work = make_stage_data(student, make_stage(steps=100, patience=2, learning_rate=3e-2), held_back=OTHER)
    train(student, [work], seed=0, folder=tmp_path)
    best = compute_loss(student, StageData(stage=work.stage, features=work.eval_features), training._compute_all_logits)
    assert best == pytest.approx(min(losses), abs=1e-5)
    assert losses[-1] > min(losses)


@pytest.mark.parametrize("after", [25, 1000])
def test_a_training_that_was_interrupted_stops_as_early(after, tmp_path, monkeypatch):
    whole, curve = train_with_early_stopping(tmp_path / "whole")
    with monkeypatch.context() as patched:
        interrupt(patched, min(after, curve.steps))
        with pytest.raises(PlugPulledError):
            train_with_early_stopping(tmp_path / "again")
    resumed, again = train_with_early_stopping(tmp_path / "again")
    assert again.steps == curve.steps
    assert is_same(resumed, whole)


def test_a_stage_that_has_ended_is_not_trained_again(tmp_path, monkeypatch):
    whole, curve = train_with_early_stopping(tmp_path)
    monkeypatch.setattr(training._ObjectiveTrainer, "train", None)
    again = train_with_early_stopping(tmp_path)
    assert is_same(again[0], whole)
    assert again[1] == curve


def test_a_training_without_rows_held_back_takes_all_its_steps(tmp_path):
    student = make_student("llama")
    _, (curve,) = train(student, [make_stage_data(student, make_stage(patience=1))], seed=0, folder=tmp_path)
    assert curve.steps == 10


@pytest.mark.parametrize(
    ("losses", "converged"),
    [
        ((5.0, 3.0, 2.0, 1.5, 1.2, 1.1, 1.05, 1.02, 1.01, 1.0), True),
        ((5.0, 4.5, 4.0, 3.5, 3.0, 2.5, 2.0, 1.5, 1.0, 0.5), False),
        ((5.0, 1.0), False),
        ((), False),
    ],
)
def test_a_loss_has_converged_where_its_end_brought_little(losses, converged):
    assert LossCurve(stage="train", steps=10, losses=losses, tokens=0, seconds=0.0).converged == converged


def test_nothing_of_a_training_moves_what_it_began_with(tmp_path):
    path = write_checkpoint(tmp_path / "checkpoint")
    before = copy_weights(load_saved_student(path).model)
    train_student(replace(load_saved_student(path), device="cpu"), tmp_path / "run", make_stage(steps=5))
    assert is_same(copy_weights(load_saved_student(path).model), before)
