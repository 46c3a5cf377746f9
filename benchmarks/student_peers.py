"""The alternatives in `benchmarks/student.py`: a plain training loop, TRL's trainer, and transformers' generation."""

import tempfile
from collections.abc import Sequence

import torch
from torch.optim import AdamW
from torch.utils.data import DataLoader
from transformers import PrinterCallback, get_cosine_schedule_with_warmup, set_seed

from cotloom.builder.student.model.batching import make_batch
from cotloom.builder.student.model.generate import encode_prompt
from cotloom.builder.student.model.student import Student
from cotloom.builder.student.training.collate import Feature, make_collator
from cotloom.schemas.student import TrainStage


def train_bare_loop(student: Student, features: Sequence[Feature], stage: TrainStage) -> None:
    """A plain training loop: AdamW, warm-up and cosine schedule, gradient clipping, loss on the completion."""
    set_seed(0)
    optimizer = AdamW(student.model.parameters(), lr=stage.learning_rate, weight_decay=0.0)
    schedule = get_cosine_schedule_with_warmup(optimizer, max(1, stage.steps // 20), stage.steps)
    rows = DataLoader(list(features), batch_size=stage.batch_size, shuffle=True, collate_fn=make_collator(student))
    student.model.train()
    for batch in rows:
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "labels")}
        student.model(**inputs).loss.backward()
        torch.nn.utils.clip_grad_norm_(student.model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def train_with_trl(student: Student, features: Sequence[Feature], stage: TrainStage) -> None:
    """TRL's SFTTrainer on tokenized rows, without saving and gradient checkpointing."""
    from datasets import Dataset  # noqa: PLC0415 - only where TRL is there
    from trl import SFTConfig, SFTTrainer  # noqa: PLC0415 - it may be missing

    rows = Dataset.from_list([{"input_ids": one["input_ids"], "labels": one["labels"]} for one in features])
    with tempfile.TemporaryDirectory() as folder:
        arguments = SFTConfig(
            output_dir=folder,
            max_steps=stage.steps,
            per_device_train_batch_size=stage.batch_size,
            learning_rate=stage.learning_rate,
            lr_scheduler_type="cosine",
            warmup_steps=max(1, stage.steps // 20),
            weight_decay=0.0,
            bf16=False,
            activation_checkpointing=False,
            max_length=None,
            logging_steps=max(1, stage.steps // 10),
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=False,
        )
        trainer = SFTTrainer(
            model=student.model, args=arguments, train_dataset=rows, processing_class=student.tokenizer
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()


def generate_with_transformers(student: Student, prompts: Sequence[str], most: int, batch: int) -> list[str]:
    """Generate with `model.generate`: a batch ends with its longest answer."""
    ids = [encode_prompt(student.tokenizer, prompt) for prompt in prompts]
    order = sorted(range(len(ids)), key=lambda index: -len(ids[index]))
    answers = [""] * len(prompts)
    student.model.eval()
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            indices = order[start : start + batch]
            inputs = make_batch(student, [ids[index] for index in indices])
            inputs.pop("position_ids")  # computed by `generate`
            generated = student.model.generate(**inputs, max_new_tokens=most, do_sample=False)
            for index, row in zip(indices, generated[:, inputs["input_ids"].shape[1] :], strict=True):
                answers[index] = student.tokenizer.decode(row, skip_special_tokens=True)
    return answers
