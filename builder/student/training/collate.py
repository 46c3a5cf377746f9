"""Rows as tensors: what a batch of training rows looks like to the model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import torch
from cotloom.builder.errors import InputError
from cotloom.builder.progress import track
from cotloom.builder.student.distillation.targets import Target
from cotloom.builder.student.model.batching import padded
from cotloom.builder.student.model.chat import as_text, pieces_of
from cotloom.builder.student.model.generate import encode_prompt
from cotloom.builder.student.model.student import Student
from cotloom.builder.student.model.tokenizer import check_represents
from cotloom.builder.student.training.losses import IGNORED
from cotloom.schemas.student import TrainStage

Soft = Callable[[Mapping[str, Any], Sequence[tuple[int, int]], Sequence[int]], list[Target | None]]
"""Soft targets of a row's last answer, from the spans and ids of the student's tokens in it."""

Feature = dict[str, Any]
"""One row: `input_ids`, `labels` (of the same length where there is no encoder), `weight`, and `soft`: a target or
null for each label, and nothing at all where the objective has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """Training rows, as the model reads them."""

    features: tuple[Feature, ...]
    """The rows."""
    too_long: int
    """Rows left out because they are longer than the student's window."""
    soft_share: float | None
    """Share of the positions with loss that have a soft target; null where none were asked for."""


def encode(student: Student, rows: pl.DataFrame, stage: TrainStage, soft: Soft | None = None) -> Encoded:
    """Write training rows as tokens.

    Args:
        student: whose tokenizer and window count.
        rows: examples with `messages` and `weight`.
        stage: says which answers carry loss.
        soft: gives the soft targets of a row's last answer; None for none.

    Raises:
        InputError: the tokenizer loses characters, or no row fits the window.
    """
    said = (as_text(student.tokenizer, row[-1]["content"]) for row in rows["messages"])
    check_represents(student.tokenizer, said, "what it is to say")
    dicts = track(rows.to_dicts(), "reading the rows", every=200)
    every = [_feature(student, row, stage, soft) for row in dicts]
    window = student.window - student.prompt_tokens
    features = tuple(one for one in every if _fits(student, one, window))
    if not features:
        raise InputError(
            f"none of the {rows.height} training rows fits the student's window of {student.window} tokens",
            hint="take a student with a larger window, or rows with fewer demonstrations",
            keys=("model.window",),
        )
    return Encoded(features=features, too_long=len(every) - len(features), soft_share=_share(features, soft))


def _fits(student: Student, feature: Feature, window: int) -> bool:
    return student.has_encoder or student.window == 0 or len(feature["input_ids"]) <= window


def _share(features: Sequence[Feature], soft: Soft | None) -> float | None:
    if soft is None:
        return None
    said = sum(label != IGNORED for one in features for label in one["labels"])
    softly = sum(target is not None for one in features for target in one["soft"])
    return float(softly / max(1, said))


def _feature(student: Student, row: Mapping[str, Any], stage: TrainStage, soft: Soft | None) -> Feature:
    every_turn = stage.loss_on == "turns" and not student.has_encoder
    *read, last = pieces_of(student.tokenizer, row["messages"], every_turn=every_turn)
    ids, labels = _read_ids(student, read)
    said = student.tokenizer(last.text, add_special_tokens=False, return_offsets_mapping=True)
    end = student.tokenizer.eos_token_id
    answer = [*said["input_ids"], end]
    targets = soft(row, said["offset_mapping"], said["input_ids"]) if soft else []
    before = 0 if student.has_encoder else len(ids)
    softly: list[Target | None] = [*[None] * before, *targets, None] if soft else []  # the Trainer walks every list
    if student.has_encoder:
        return {"input_ids": ids, "labels": answer, "weight": row["weight"], "soft": softly}
    return {"input_ids": [*ids, *answer], "labels": [*labels, *answer], "weight": row["weight"], "soft": softly}


def _read_ids(student: Student, pieces: Sequence[Any]) -> tuple[list[int], list[int]]:
    """Tokens and labels of everything before the last answer; earlier answers that the student says are labelled."""
    ids: list[int] = []
    labels: list[int] = []
    for place, piece in enumerate(pieces):
        if place == 0:
            own = encode_prompt(student.tokenizer, piece.text)
        else:
            own = student.tokenizer(piece.text, add_special_tokens=False)["input_ids"]
        if piece.said and piece.ended:
            own = [*own, student.tokenizer.eos_token_id]
        ids += own
        labels += own if piece.said else [IGNORED] * len(own)
    return ids, labels


def collate(student: Student) -> Callable[[Sequence[Feature]], dict[str, Any]]:
    """Make the function that lays features side by side, padded on the right.

    Returns:
        A function from features to `input_ids`, `attention_mask` and `labels` of shape (rows, tokens), `weights` of
        shape (rows,), and `soft`: the targets by row.
    """
    pad = student.tokenizer.pad_token_id

    def collated(features: Sequence[Feature]) -> dict[str, Any]:
        ids = padded([one["input_ids"] for one in features], pad, left=False)
        return {
            "input_ids": ids,
            "attention_mask": padded([[1] * len(one["input_ids"]) for one in features], 0, left=False),
            "labels": padded([one["labels"] for one in features], IGNORED, left=False),
            "weights": torch.tensor([one["weight"] for one in features], dtype=torch.float32),
            "soft": [one["soft"] for one in features],
        }

    return collated
