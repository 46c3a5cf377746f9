"""Encode training rows as token ids and labels, and collate them into batches."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import torch

from ....schemas.student import TrainStage
from ...errors import InputError
from ...progress import track
from ..distillation.targets import SoftTarget, SoftTargetFunction
from ..model.batching import IGNORE_INDEX, pad_rows
from ..model.chat import ChatSegment, escape_special_tokens, split_chat
from ..model.generate import encode_prompt
from ..model.student import Student
from ..model.tokenizer import check_round_trip

Feature = dict[str, Any]
"""One row: `input_ids`, `labels` (of the same length for a decoder-only model), `weight`, `task` (null where no soft
prompt depends on it), and `soft_targets`: a soft target or null for each label, and an empty list where the objective
has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodedRows:
    """Training rows as features."""

    features: tuple[Feature, ...]
    """The rows."""
    too_long: int
    """Number of rows left out because they do not fit the student's window."""
    soft_share: float | None
    """Share of the positions with loss that have a soft target; null where the objective has none."""


def encode_rows(
    student: Student, rows: pl.DataFrame, stage: TrainStage, soft_target_function: SoftTargetFunction | None = None
) -> EncodedRows:
    """Encode training rows as token ids and labels.

    Args:
        student: the student; its tokenizer and window are used.
        rows: examples with the columns `messages` and `weight`, and `task` where soft prompts depend on it.
        stage: the stage; `loss_on` decides which answers have loss.
        soft_target_function: gives the soft targets of a row's last answer; None for none.

    Raises:
        InputError: the tokenizer loses characters, or no row fits the window.
    """
    targets = (escape_special_tokens(student.tokenizer, row[-1]["content"]) for row in rows["messages"])
    check_round_trip(student.tokenizer, targets, "the training targets")
    dicts = track(rows.to_dicts(), "encoding the rows", every=200)
    encoded = [_make_feature(student, row, stage, soft_target_function) for row in dicts]
    window = student.window - student.prompt_tokens
    features = tuple(feature for feature in encoded if _is_within_window(student, feature, window))
    if not features:
        raise InputError(
            f"none of the {rows.height} training rows fits the student's window of {student.window} tokens",
            hint="use a student with a larger window, or rows with fewer demonstrations",
            keys=("model.window",),
        )
    return EncodedRows(
        features=features,
        too_long=len(encoded) - len(features),
        soft_share=_measure_soft_share(features) if soft_target_function else None,
    )


def _is_within_window(student: Student, feature: Feature, window: int) -> bool:
    return student.has_encoder or student.window == 0 or len(feature["input_ids"]) <= window


def _measure_soft_share(features: Sequence[Feature]) -> float:
    labelled = sum(label != IGNORE_INDEX for feature in features for label in feature["labels"])
    soft = sum(target is not None for feature in features for target in feature["soft_targets"])
    return float(soft / max(1, labelled))


def _make_feature(
    student: Student, row: Mapping[str, Any], stage: TrainStage, soft_target_function: SoftTargetFunction | None
) -> Feature:
    every_turn = stage.loss_on == "turns" and not student.has_encoder
    *context, last = split_chat(student.tokenizer, row["messages"], every_turn=every_turn)
    ids, labels = _encode_context(student, context)
    encoding = student.tokenizer(last.text, add_special_tokens=False, return_offsets_mapping=True)
    answer = [*encoding["input_ids"], student.tokenizer.eos_token_id]
    soft_targets: list[SoftTarget | None] = []  # the Trainer walks through every list, so none where there are none
    if soft_target_function:
        padding = 0 if student.has_encoder else len(ids)
        targets = soft_target_function(row, encoding["offset_mapping"], encoding["input_ids"])
        soft_targets = [*[None] * padding, *targets, None]
    further = {"weight": row["weight"], "soft_targets": soft_targets, "task": row.get("task")}
    if student.has_encoder:
        return {"input_ids": ids, "labels": answer, **further}
    return {"input_ids": [*ids, *answer], "labels": [*labels, *answer], **further}


def _encode_context(student: Student, segments: Sequence[ChatSegment]) -> tuple[list[int], list[int]]:
    """Token ids and labels of everything before the last answer; earlier answers with loss have labels."""
    ids: list[int] = []
    labels: list[int] = []
    for index, segment in enumerate(segments):
        if index == 0:
            tokens = encode_prompt(student.tokenizer, segment.text)
        else:
            tokens = student.tokenizer(segment.text, add_special_tokens=False)["input_ids"]
        if segment.has_loss and segment.ends_turn:
            tokens = [*tokens, student.tokenizer.eos_token_id]
        ids += tokens
        labels += tokens if segment.has_loss else [IGNORE_INDEX] * len(tokens)
    return ids, labels


def make_collator(student: Student) -> Callable[[Sequence[Feature]], dict[str, Any]]:
    """Make the data collator, which pads features on the right.

    Returns:
        A function from features to `input_ids`, `attention_mask` and `labels` of shape (rows, tokens), `weights` of
        shape (rows,), and `soft_targets` and `tasks`: a list and a name or null for each row.
    """
    pad = student.tokenizer.pad_token_id

    def collate(features: Sequence[Feature]) -> dict[str, Any]:
        return {
            "input_ids": pad_rows([feature["input_ids"] for feature in features], pad, left=False),
            "attention_mask": pad_rows([[1] * len(feature["input_ids"]) for feature in features], 0, left=False),
            "labels": pad_rows([feature["labels"] for feature in features], IGNORE_INDEX, left=False),
            "weights": torch.tensor([feature["weight"] for feature in features], dtype=torch.float32),
            "soft_targets": [feature["soft_targets"] for feature in features],
            "tasks": [feature["task"] for feature in features],
        }

    return collate
