"""Training: the stages of a schedule, one after the other, through transformers' Trainer with our loss and our rows."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.progress import bar
from cotloom.builder.student.model.loading import freeze_prompt, thaw_prompt, with_soft_prompt
from cotloom.builder.student.model.student import Student
from cotloom.builder.student.training.checkpoints import Order, keep_end, last_checkpoint, read_end
from cotloom.builder.student.training.collate import Feature, collate
from cotloom.builder.student.training.losses import IGNORED, objective_loss
from cotloom.schemas.student import Objective, TrainStage
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.utils.logging import disable_progress_bar, set_verbosity_error

set_verbosity_error()  # type: ignore[no-untyped-call]  # its warnings are about files that are ours to mind
disable_progress_bar()  # type: ignore[no-untyped-call]  # ours says how far a training is

CHECKS = 10
"""How often in a stage the loss is written down and, for early stopping, held-back rows are looked at."""

FLAT = 0.1
"""A stage has converged where its last fifth brought less than this share of the whole fall of the loss."""

SELECTS = frozenset({"llama", "qwen2", "qwen3", "smollm3", "mistral"})
"""Models whose scores are one linear layer over the last hidden states: they are worked out where there is loss, and
nowhere else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One stage with its rows."""

    stage: TrainStage
    """What is done."""
    features: tuple[Feature, ...]
    """The rows that are trained on."""
    held_back: tuple[Feature, ...] = ()
    """The rows that early stopping looks at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """How the loss of one stage went."""

    stage: str
    """Name of the stage."""
    steps: int
    """Steps that were taken."""
    losses: tuple[float, ...]
    """Mean loss of each tenth of the steps."""
    tokens: int
    """Tokens that were read, padding left out."""
    seconds: float
    """Time that it took, from where it was last interrupted."""

    @property
    def converged(self) -> bool:
        """Whether the last fifth of the steps brought little."""
        if len(self.losses) < 5:
            return False
        last = self.losses[-1 - max(1, len(self.losses) // 5)] - self.losses[-1]
        return last < FLAT * (self.losses[0] - self.losses[-1])


def train(
    student: Student, works: Sequence[Work], *, seed: int, folder: Path, report_to: Sequence[str] = ()
) -> tuple[Student, list[Curve]]:
    """Train a student stage by stage; one that was interrupted goes on from its last checkpoint.

    Args:
        student: what to start from; its model is changed.
        works: the stages with their rows.
        seed: key of the order of rows, and of a soft prompt.
        folder: where checkpoints lie until the training is done.
        report_to: trackers that transformers knows (`tensorboard`, `wandb`, ...).

    Raises:
        InputError: the loss is no number any more, or a soft prompt is asked for beside LoRA.
        Stopped: the disk is full.
    """
    curves = []
    for work in works:
        set_seed(seed)
        student = _ready(student, work.stage, seed)
        curves.append(_stage(student, work, seed, folder / work.stage.name, report_to))
    return student, curves


def _ready(student: Student, stage: TrainStage, seed: int) -> Student:
    """Choose what is tuned: a soft prompt with the model frozen, or the model behind a frozen one."""
    if stage.parameters == "prompt":
        return thaw_prompt(student) if student.prompt_tokens else with_soft_prompt(student, stage.prompt_tokens, seed)
    return freeze_prompt(student) if student.prompt_tokens else student


def _stage(student: Student, work: Work, seed: int, folder: Path, report_to: Sequence[str]) -> Curve:
    ended = read_end(student.model, folder, student.device)
    if ended is not None:
        return Curve(**ended)
    resumable = not (student.prompt_tokens and work.stage.parameters == "all")  # peft would save the prompt alone
    arguments = _arguments(work, seed, folder, report_to, student.device, resumable=resumable)
    with bar(f"training, {work.stage.name}", work.stage.steps) as advance:
        watch, last = _Watch(advance), last_checkpoint(folder)
        trainer = _Trainer(
            objective=work.stage.objective,
            student=student,
            began=last,
            args=arguments,
            train_dataset=list(work.features),
            eval_dataset=list(work.held_back) or None,
            data_collator=collate(student),
            callbacks=[watch, *_stopping(work)],
        )
        trainer.remove_callback(PrinterCallback)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=".*pin_memory.*")  # there is no card to pin it for
                done = trainer.train(resume_from_checkpoint=last)
                curve = Curve(
                    stage=work.stage.name,
                    steps=int(trainer.state.global_step),
                    losses=tuple(float(entry["loss"]) for entry in trainer.state.log_history if "loss" in entry),
                    tokens=int(trainer.state.num_input_tokens_seen),
                    seconds=float(done.metrics.get("train_runtime", 0.0)),
                )
                keep_end(student.model, asdict(curve), folder)
        except OSError as error:
            raise Stopped(
                f"the student can't be written: {error}", hint="make room and run the same command again"
            ) from error
    return curve


def _stopping(work: Work) -> list[TrainerCallback]:
    """What ends a stage early, where rows are held back for it."""
    return [EarlyStoppingCallback(work.stage.patience)] if work.held_back and work.stage.patience else []


def _arguments(
    work: Work, seed: int, folder: Path, report_to: Sequence[str], device: str, *, resumable: bool
) -> TrainingArguments:
    stage = work.stage
    every = max(1, stage.steps // CHECKS)
    stopping = bool(work.held_back)
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=stage.steps,
        per_device_train_batch_size=min(stage.batch_size, len(work.features)),
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
        save_total_limit=1,
        restore_callback_states_from_checkpoint=stopping,
        include_num_input_tokens_seen="non_padding",
        report_to=list(report_to) or "none",
        disable_tqdm=True,
        dataloader_pin_memory=device == "cuda",
    )


class _Trainer(Trainer):
    """Transformers' trainer with the loss of an objective."""

    def __init__(self, *, objective: Objective, student: Student, began: str | None = None, **rest: Any) -> None:
        super().__init__(model=student.model, **rest)
        self.began = Path(began) if began else None
        self.objective: Objective = objective
        self.student = student
        self.model_accepts_loss_kwargs = False
        self.loss_is_scaled_for_ga = False
        selects = student.model.config.model_type in SELECTS and not student.prompt_tokens
        self.scores: Callable[[Any, Mapping[str, Any]], Any] = _selected_scores if selects else _all_scores

    def _get_train_sampler(self, train_dataset: Any = None) -> Order:
        """Rows of like length together, in an order that a resumed training finds again."""
        rows = train_dataset if train_dataset is not None else self.train_dataset
        self.order = Order(self.args.train_batch_size, rows)
        if self.began is not None:
            self.order.read(self.began)
        return self.order

    def _save_rng_state(self, output_dir: str) -> None:
        super()._save_rng_state(output_dir)
        self.order.write(Path(output_dir), self.state.global_step)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,  # noqa: ARG002 - the Trainer passes it
    ) -> Any:
        """Mean loss over the label positions of a batch."""
        labels = inputs["labels"] if self.student.has_encoder else _next(inputs["labels"])
        rows, places = torch.nonzero(labels != IGNORED, as_tuple=True)
        logits = self.scores(model, {**inputs, "rows": rows, "places": places})
        shift = 0 if self.student.has_encoder else 1
        wanted = zip(rows.tolist(), places.tolist(), strict=True)
        soft = [inputs["soft"][row][place + shift] for row, place in wanted] if self.objective != "completion" else []
        loss = objective_loss(self.objective, logits, labels[rows, places], soft, inputs["weights"][rows])
        return (loss, {"logits": logits}) if return_outputs else loss


def _next(labels: torch.Tensor) -> torch.Tensor:
    """Labels moved to the position before them, which is the one that says them."""
    return torch.cat([labels[:, 1:], labels.new_full((len(labels), 1), IGNORED)], dim=1)


def _all_scores(model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
    """Scores at the label positions, shape (positions, vocabulary), of any model."""
    extra = {"labels": inputs["labels"]} if model.config.is_encoder_decoder else {}
    logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], **extra).logits
    chosen: torch.Tensor = logits[:, -inputs["labels"].shape[1] :][inputs["rows"], inputs["places"]]
    return chosen


def _selected_scores(model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
    """Scores at the label positions, worked out there alone: most positions of a row are its prompt."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = inner.model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).last_hidden_state
    scores: torch.Tensor = inner.lm_head(hidden[inputs["rows"], inputs["places"]])
    return scores


class _Watch(TrainerCallback):
    """Moves the progress bar, and stops a training whose loss is no number."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self.advance = advance

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002 - the Trainer's
        """Another step."""
        self.advance(1)

    def on_log(
        self,
        args: Any,  # noqa: ARG002 - the Trainer's
        state: Any,
        control: Any,  # noqa: ARG002 - the Trainer's
        logs: Mapping[str, Any] | None = None,
        **kwargs: Any,  # noqa: ARG002 - the Trainer's
    ) -> None:
        """A loss was written down."""
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            raise InputError(
                f"the student's loss is no number any more at step {state.global_step}",
                hint="take a lower learning_rate in the student recipe",
                keys=("stages.learning_rate",),
            )
