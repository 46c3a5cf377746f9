"""Train a student stage by stage, with transformers' Trainer and the loss of each stage's objective."""

import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR
from transformers.utils.logging import disable_progress_bar, set_verbosity_error

from ....schemas.student import Objective, TrainStage
from ...errors import InputError
from ...progress import show_bar
from ...store.atomic import stop_if_unwritable
from ..distillation.targets import SoftTarget
from ..model.batching import IGNORE_INDEX
from ..model.loading import add_soft_prompt, freeze_soft_prompt, unfreeze_soft_prompt
from ..model.soft_prompts import embed_prompts, keep_prompt, start_prompt
from ..model.student import Student
from .checkpoints import (
    ResumableSampler,
    find_last_checkpoint,
    load_stage_end,
    remove_old_checkpoints,
    save_stage_end,
    seal_checkpoint,
)
from .collate import Feature, make_collator
from .losses import compute_objective_loss

set_verbosity_error()  # type: ignore[no-untyped-call]  # its warnings are about settings made here on purpose
disable_progress_bar()  # type: ignore[no-untyped-call]  # replaced by our own

CHECKS = 10
"""How often in a stage the loss is logged and, for early stopping, the evaluation loss is computed."""

FLAT = 0.1
"""A stage has converged where its last fifth contributed less than this share of the total decrease of the loss."""

SELECTABLE = frozenset({"llama", "qwen2", "qwen3", "smollm3", "mistral"})
"""Model types whose logits are one linear layer over the last hidden states: logits are computed only at positions with
a label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageData:
    """A stage with its encoded rows."""

    stage: TrainStage
    """The stage."""
    features: tuple[Feature, ...]
    """Training rows."""
    eval_features: tuple[Feature, ...] = ()
    """Rows that early stopping computes the evaluation loss on."""
    task: str | None = None
    """The task whose soft prompt is trained; null for one of all tasks, and for the model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LossCurve:
    """The training loss of one stage."""

    stage: str
    """Name of the stage."""
    steps: int
    """Number of optimizer steps."""
    losses: tuple[float, ...]
    """Mean loss of each tenth of the steps."""
    tokens: int
    """Number of input tokens, without padding."""
    seconds: float
    """Training time since the last resume."""

    @property
    def converged(self) -> bool:
        """Whether the last fifth of the steps hardly decreased the loss."""
        if len(self.losses) < 5:
            return False
        last_decrease = self.losses[-1 - max(1, len(self.losses) // 5)] - self.losses[-1]
        return last_decrease < FLAT * (self.losses[0] - self.losses[-1])


def train(
    student: Student, stages: Sequence[StageData], *, seed: int, folder: Path, report_to: Sequence[str] = ()
) -> tuple[Student, list[LossCurve]]:
    """Train a student stage by stage; an interrupted training resumes from its last checkpoint.

    Args:
        student: the initial student; its model is changed.
        stages: the stages with their rows.
        seed: seed of the order of rows, and of a soft prompt.
        folder: folder of the checkpoints.
        report_to: experiment trackers of transformers (`tensorboard`, `wandb`, ...).

    Raises:
        InputError: the loss is not finite, or a soft prompt is combined with LoRA.
        Stopped: the disk is full.
    """
    curves = []
    for data in stages:
        set_seed(seed)
        student = _prepare_student(student, data, seed)
        curves.append(_train_stage(student, data, seed, folder / data.stage.name, report_to))
        if data.task is not None:
            student = keep_prompt(student, data.task)
    return student, curves


def _prepare_student(student: Student, data: StageData, seed: int) -> Student:
    """Choose the trainable parameters: a soft prompt with the model frozen, or the model after a frozen soft prompt."""
    stage = data.stage
    if data.task is not None:
        return start_prompt(student, data.task, stage.prompt_tokens, seed)
    if stage.parameters == "prompt":
        if student.prompt_tokens:
            return unfreeze_soft_prompt(student)
        return add_soft_prompt(student, stage.prompt_tokens, seed)
    return freeze_soft_prompt(student) if student.prompt_tokens else student


def _train_stage(student: Student, data: StageData, seed: int, folder: Path, report_to: Sequence[str]) -> LossCurve:
    finished = load_stage_end(student.model, folder, student.device)
    if finished is not None:
        return LossCurve(**finished)
    resumable = not (student.prompt_tokens and data.stage.parameters == "all")  # peft would save the soft prompt alone
    arguments = _make_arguments(data, seed, folder, report_to, student.device, resumable=resumable)
    with show_bar(f"training, {data.stage.name}", data.stage.steps) as advance:
        checkpoint = find_last_checkpoint(folder)
        trainer = _ObjectiveTrainer(
            objective=data.stage.objective,
            student=student,
            resume_from=checkpoint,
            args=arguments,
            train_dataset=list(data.features),
            eval_dataset=list(data.eval_features) or None,
            data_collator=make_collator(student),
            callbacks=[_ProgressCallback(advance), *_make_early_stopping(data)],
        )
        trainer.remove_callback(PrinterCallback)
        started = time.monotonic()  # transformers measures with the time of day, which can be set back
        with stop_if_unwritable("the student"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*pin_memory.*")  # it has no effect without a GPU
            trainer.train(resume_from_checkpoint=checkpoint)
            curve = LossCurve(
                stage=data.stage.name,
                steps=int(trainer.state.global_step),
                losses=tuple(float(entry["loss"]) for entry in trainer.state.log_history if "loss" in entry),
                tokens=int(trainer.state.num_input_tokens_seen),
                seconds=time.monotonic() - started,
            )
            save_stage_end(student.model, asdict(curve), folder)
    return curve


def _make_early_stopping(data: StageData) -> list[TrainerCallback]:
    """The callback for early stopping, where there are rows for evaluation."""
    return [EarlyStoppingCallback(data.stage.patience)] if data.eval_features and data.stage.patience else []


def _make_arguments(
    data: StageData, seed: int, folder: Path, report_to: Sequence[str], device: str, *, resumable: bool
) -> TrainingArguments:
    stage = data.stage
    every = max(1, stage.steps // CHECKS)
    stopping = bool(data.eval_features)
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=stage.steps,
        per_device_train_batch_size=min(stage.batch_size, len(data.features)),
        per_device_eval_batch_size=stage.batch_size,
        learning_rate=stage.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, stage.steps // 20),
        weight_decay=0.0,
        bf16=device == "cuda",
        seed=seed,
        data_seed=seed,
        train_sampling_strategy="group_by_length",
        remove_unused_columns=False,
        label_names=["labels"],
        logging_steps=every,
        logging_nan_inf_filter=False,
        eval_strategy="steps" if stopping else "no",
        eval_steps=every if stopping else None,
        prediction_loss_only=True,
        load_best_model_at_end=stopping and resumable,
        metric_for_best_model="loss" if stopping else None,
        save_strategy="steps" if resumable else "no",
        save_steps=every if stopping else max(1, stage.steps // 2),
        restore_callback_states_from_checkpoint=stopping,
        include_num_input_tokens_seen="non_padding",
        report_to=list(report_to) or "none",
        disable_tqdm=True,
        dataloader_pin_memory=device == "cuda",
    )


class _ObjectiveTrainer(Trainer):
    """Transformers' Trainer with the loss of an objective."""

    def __init__(self, *, objective: Objective, student: Student, resume_from: str | None = None, **rest: Any) -> None:
        super().__init__(model=student.model, **rest)
        self.resume_from = Path(resume_from) if resume_from else None
        self.objective: Objective = objective
        self.student = student
        self.model_accepts_loss_kwargs = False
        self.loss_is_scaled_for_ga = False
        self.compute_logits = _choose_logits(student)

    def _get_train_sampler(self, train_dataset: Any = None) -> ResumableSampler:
        """Group rows of similar length, in an order that a resumed training restores."""
        rows = train_dataset if train_dataset is not None else self.train_dataset
        self.sampler = ResumableSampler(self.args.train_batch_size, rows)
        if self.resume_from is not None:
            self.sampler.load_state(self.resume_from)
        return self.sampler

    def _save_rng_state(self, output_dir: str) -> None:
        super()._save_rng_state(output_dir)
        self.sampler.save_state(Path(output_dir), self.state.global_step)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        folder = str(self.args.output_dir)
        seal_checkpoint(Path(folder) / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}")
        remove_old_checkpoints(folder, self.state.best_model_checkpoint)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,  # noqa: ARG002 - passed by the Trainer
    ) -> Any:
        """Mean loss over the label positions of a batch."""
        labels = inputs["labels"] if self.student.has_encoder else _shift_labels(inputs["labels"])
        rows, positions = torch.nonzero(labels != IGNORE_INDEX, as_tuple=True)
        logits = self.compute_logits(model, {**inputs, "rows": rows, "positions": positions})
        soft_targets: list[SoftTarget | None] = []
        if self.objective != "completion":
            shift = 0 if self.student.has_encoder else 1
            pairs = zip(rows.tolist(), positions.tolist(), strict=True)
            soft_targets = [inputs["soft_targets"][row][position + shift] for row, position in pairs]
        weights = inputs["weights"][rows]
        loss = compute_objective_loss(self.objective, logits, labels[rows, positions], soft_targets, weights)
        return (loss, {"logits": logits}) if return_outputs else loss


def _choose_logits(student: Student) -> Callable[[Any, Mapping[str, Any]], Any]:
    """Choose how logits are computed: behind the soft prompts of tasks, at label positions only, or for any model."""
    if student.prompts and not student.prompt_tokens:
        return partial(_compute_prompted_logits, student)
    is_selectable = student.model.config.model_type in SELECTABLE and not student.prompt_tokens
    return _compute_selected_logits if is_selectable else _compute_all_logits


def _shift_labels(labels: torch.Tensor) -> torch.Tensor:
    """Move each label to the position before it, whose logits predict it."""
    return torch.cat([labels[:, 1:], labels.new_full((len(labels), 1), IGNORE_INDEX)], dim=1)


def _compute_all_logits(model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
    """Logits at the label positions, shape (positions, vocabulary), for any model."""
    extra = {"labels": inputs["labels"]} if model.config.is_encoder_decoder else {}
    logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], **extra).logits
    selected: torch.Tensor = logits[:, -inputs["labels"].shape[1] :][inputs["rows"], inputs["positions"]]
    return selected


def _compute_prompted_logits(student: Student, model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
    """Logits at the label positions, each row behind the soft prompt of its task."""
    tensors = {name: inputs[name] for name in ("input_ids", "attention_mask")}
    extra = {"labels": inputs["labels"]} if student.has_encoder else {}
    logits = model(**embed_prompts(student, tensors, inputs["tasks"]), **extra).logits
    selected: torch.Tensor = logits[:, -inputs["labels"].shape[1] :][inputs["rows"], inputs["positions"]]
    return selected


def _compute_selected_logits(model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
    """Logits computed at the label positions only: most positions of a row belong to its prompt."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = inner.model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).last_hidden_state
    logits: torch.Tensor = inner.lm_head(hidden[inputs["rows"], inputs["positions"]])
    return logits


class _ProgressCallback(TrainerCallback):
    """Advances the progress bar, and stops a training whose loss is not finite."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self.advance = advance

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002 - a hook
        """Advance the progress bar by one step."""
        self.advance(1)

    def on_log(
        self,
        args: Any,  # noqa: ARG002 - a hook of the Trainer
        state: Any,
        control: Any,  # noqa: ARG002 - a hook of the Trainer
        logs: Mapping[str, Any] | None = None,
        **kwargs: Any,  # noqa: ARG002 - a hook of the Trainer
    ) -> None:
        """Check a logged loss."""
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            raise InputError(
                f"the student's loss is not finite at step {state.global_step}",
                hint="lower learning_rate in the student recipe",
                keys=("stages.learning_rate",),
            )
