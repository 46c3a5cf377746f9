"""One soft prompt for each task: trained apart, put before its own rows, and none where a task has none."""

import polars as pl
import pytest
import torch
from pydantic import ValidationError

from cotloom.builder.student.model.batching import make_batch, unwrap_model
from cotloom.builder.student.model.loading import load_saved_student, save_student
from cotloom.builder.student.model.soft_prompts import embed_prompts, select_prompt
from cotloom.builder.student.training.collate import encode_rows, make_collator
from cotloom.builder.student.training.trainer import StageData, train
from cotloom.schemas.student import StudentRecipe, TrainStage
from tests.student.tiny_students import TAUGHT, make_student

ROWS = pl.DataFrame({
    "messages": [
        [{"role": "user", "content": asked}, {"role": "assistant", "content": said}] for asked, said in TAUGHT.items()
    ],
    "weight": [1.0] * len(TAUGHT),
    "task": ["sums", "sums", "boxes", "boxes", None, None],
})  # fmt: skip
PROMPT = TrainStage(name="prompt", parameters="prompt", prompt_for="task", prompt_tokens=3, steps=6, batch_size=2,
                    learning_rate=0.05)  # fmt: skip
MODEL = TrainStage(name="train", steps=6, batch_size=4, learning_rate=5e-3)


def make_data(student, stage, task=None):
    rows = ROWS if task is None else ROWS.filter(task=task)
    return StageData(stage=stage, features=encode_rows(student, rows, stage).features, task=task)


def train_prompts(folder, *tasks, kind="llama", model=False):
    student = make_student(kind)
    stages = [make_data(student, PROMPT.model_copy(update={"name": f"prompt-{task}"}), task) for task in tasks]
    return train(student, [*stages, *([make_data(student, MODEL)] if model else [])], seed=0, folder=folder)


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_each_task_has_a_prompt_that_the_others_do_not_change(kind, tmp_path):
    both, curves = train_prompts(tmp_path / "both", "boxes", "sums", kind=kind)
    alone, _ = train_prompts(tmp_path / "alone", "sums", kind=kind)
    assert list(both.prompts) == ["boxes", "sums"]
    assert [curve.stage for curve in curves] == ["prompt-boxes", "prompt-sums"]
    assert torch.equal(both.prompts["sums"], alone.prompts["sums"])
    assert not torch.equal(both.prompts["sums"], both.prompts["boxes"])
    fresh = make_student(kind).model.state_dict()
    assert all(torch.equal(value, fresh[name]) for name, value in both.model.state_dict().items())


def test_the_model_learns_behind_frozen_prompts(tmp_path):
    before, _ = train_prompts(tmp_path / "one", "boxes", "sums")
    after, curves = train_prompts(tmp_path / "two", "boxes", "sums", model=True)
    assert all(torch.equal(after.prompts[task], prompt) for task, prompt in before.prompts.items())
    assert not torch.equal(after.model.lm_head.weight, before.model.lm_head.weight)
    assert all(parameter.requires_grad for parameter in after.model.parameters())
    assert curves[-1].steps == MODEL.steps


@pytest.mark.parametrize("kind", ["llama", "gpt2", "t5"])
def test_training_puts_the_prompts_where_generation_puts_them(kind, tmp_path):
    """The logits of a row in a mixed, padded batch are those behind its own prompt, or behind none."""
    student, _ = train_prompts(tmp_path, "boxes", "sums", kind=kind)
    features = make_data(student, MODEL).features
    batch = make_collator(student)(features)
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
    start = {"decoder_input_ids": torch.zeros((len(features), 1), dtype=torch.long)} if student.has_encoder else {}
    student.model.eval()
    with torch.no_grad():
        logits = student.model(**embed_prompts(student, inputs, batch["tasks"]), **start).logits
        for row, (feature, task) in enumerate(zip(features, batch["tasks"], strict=True)):
            alone = select_prompt(student, task) if task in student.prompts else student
            one = {name: value[:1] for name, value in start.items()}
            own = unwrap_model(alone)(**make_batch(alone, [feature["input_ids"]]), **one).logits[0]
            length = 1 if student.has_encoder else len(feature["input_ids"])
            place = slice(0, 1) if student.has_encoder else slice(3, 3 + length)
            assert torch.allclose(logits[row, place], own[-length:], atol=1e-4), task


def test_prompts_are_saved_with_the_student(tmp_path):
    student, _ = train_prompts(tmp_path / "run", "boxes", "sums")
    save_student(student, tmp_path / "saved")
    read = load_saved_student(tmp_path / "saved")
    assert list(read.prompts) == ["boxes", "sums"]
    assert all(torch.equal(read.prompts[task], prompt) for task, prompt in student.prompts.items())


def test_a_student_has_one_prompt_or_one_for_each_task():
    with pytest.raises(ValidationError, match="the same prompt_for"):
        StudentRecipe(name="s", stages=(PROMPT, PROMPT.model_copy(update={"name": "all", "prompt_for": "all"})))
    assert StudentRecipe(name="s", stages=(PROMPT, MODEL)).prompt_for == "task"
