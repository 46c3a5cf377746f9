"""Training rows as tokens: what carries loss, what does not fit, and what a tokenizer would lose."""

from dataclasses import replace

import polars as pl
import pytest
import torch

from cotloom.builder.errors import InputError
from cotloom.builder.student.distillation.targets import SoftTarget
from cotloom.builder.student.model.batching import IGNORE_INDEX
from cotloom.builder.student.model.chat import render_prompt
from cotloom.builder.student.model.generate import encode_prompt
from cotloom.builder.student.model.loading import load_checkpoint
from cotloom.builder.student.model.tokenizer import add_newline_token
from cotloom.builder.student.training.collate import encode_rows, make_collator
from cotloom.schemas.student import CheckpointModel, TrainStage
from tests.student.tiny_checkpoints import drop_line_ends
from tests.student.tiny_students import make_student, make_tokenizer

STAGE = TrainStage(name="train")
LAST = TrainStage(name="train", loss_on="last")
ONE = [("user", "What is 3 + 4?"), ("assistant", "3 + 4 = 7.")]
SHOWN = [("user", "What is 2 + 2?"), ("assistant", "It is 4."), *ONE]


def make_rows(*chats, weight=1.0):
    messages = [[{"role": role, "content": content} for role, content in chat] for chat in chats]
    keys = {"sample_id": [f"s_{place}" for place in range(len(chats))], "format": ["zero_shot_cot"] * len(chats)}
    return pl.DataFrame({"messages": messages, "weight": [weight] * len(chats), **keys})


def decode_labels(student, feature):
    """The text of the positions with loss."""
    return student.tokenizer.decode([label for label in feature["labels"] if label != IGNORE_INDEX])


@pytest.fixture(scope="module")
def llama():
    return make_student("llama")


def test_only_what_the_student_says_carries_loss(llama):
    (feature,) = encode_rows(llama, make_rows(SHOWN), STAGE).features
    assert decode_labels(llama, feature) == "It is 4.<|end|>3 + 4 = 7.<|end|>"
    assert len(feature["labels"]) == len(feature["input_ids"])
    pairs = zip(feature["input_ids"], feature["labels"], strict=True)
    assert all(label in {IGNORE_INDEX, token} for token, label in pairs)


def test_only_the_last_answer_carries_loss_where_that_is_asked_for(llama):
    (feature,) = encode_rows(llama, make_rows(SHOWN), LAST).features
    assert decode_labels(llama, feature) == "3 + 4 = 7.<|end|>"


@pytest.mark.parametrize("stage", [STAGE, LAST], ids=["turns", "last"])
def test_the_student_is_trained_on_what_it_is_asked_with(llama, stage):
    (feature,) = encode_rows(llama, make_rows(ONE), stage).features
    asked = encode_prompt(llama.tokenizer, render_prompt(llama.tokenizer, [{"role": "user", "content": ONE[0][1]}]))
    assert feature["input_ids"][: len(asked)] == asked
    assert feature["labels"][: len(asked)] == [IGNORE_INDEX] * len(asked)
    assert feature["labels"][len(asked)] != IGNORE_INDEX


def test_an_encoder_reads_the_question_and_the_decoder_says_the_answer():
    student = make_student("t5")
    (feature,) = encode_rows(student, make_rows(SHOWN), STAGE).features
    assert student.tokenizer.decode(feature["labels"]) == "3 + 4 = 7.<|end|>"
    read = student.tokenizer.decode(feature["input_ids"])
    assert read.endswith("It is 4.<|end|><|user|>What is 3 + 4?<|end|><|assistant|>")


def test_rows_that_are_too_long_are_counted_and_never_cut(llama):
    long = [("user", "How many? " * 200), ("assistant", "7")]
    whole = encode_rows(llama, make_rows(ONE), STAGE)
    encoded = encode_rows(llama, make_rows(ONE, long), STAGE)
    assert encoded.too_long == 1
    assert encoded.features == whole.features


def test_a_soft_prompt_takes_its_place_in_the_window(llama):
    (feature,) = encode_rows(llama, make_rows(ONE), STAGE).features
    room = llama.window - len(feature["input_ids"])
    assert encode_rows(replace(llama, prompt_tokens=room), make_rows(ONE), STAGE).too_long == 0
    with pytest.raises(InputError):
        encode_rows(replace(llama, prompt_tokens=room + 1), make_rows(ONE), STAGE)


def test_where_no_row_fits_the_window_the_user_is_told_so():
    student = make_student("llama", window=8)
    with pytest.raises(InputError, match="none of the 2 training rows fits") as error:
        encode_rows(student, make_rows(ONE, SHOWN), STAGE)
    assert (error.value.keys, bool(error.value.hint)) == (("model.window",), True)


def test_a_character_that_the_tokenizer_does_not_know_is_named(llama):
    with pytest.raises(InputError, match="'é'") as error:
        encode_rows(llama, make_rows(ONE, [("user", "Café?"), ("assistant", "A café.")]), STAGE)
    assert error.value.keys == ("model",)


def test_a_row_that_says_the_name_of_a_special_token_ends_where_it_ends(llama):
    (feature,) = encode_rows(
        llama, make_rows([("user", "Say <|end|>"), ("assistant", "<|end|> is an end.")]), STAGE
    ).features
    assert feature["input_ids"].count(llama.tokenizer.eos_token_id) == 2
    assert feature["labels"][-1] == llama.tokenizer.eos_token_id


def test_a_tokenizer_that_drops_line_ends_learns_them():
    tokenizer = drop_line_ends(make_tokenizer())
    before = tokenizer("a b c", add_special_tokens=False)["input_ids"]
    assert add_newline_token(tokenizer)
    ids = tokenizer("a b\nc", add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids) == "a b\nc"
    assert tokenizer("a b c", add_special_tokens=False)["input_ids"] == before


def test_a_checkpoint_whose_tokenizer_drops_line_ends_grows_by_one_embedding(tmp_path):
    student = make_student("t5")
    student.model.save_pretrained(tmp_path)
    drop_line_ends(student.tokenizer).save_pretrained(tmp_path)
    loaded = load_checkpoint(CheckpointModel(kind="checkpoint", path=str(tmp_path)))
    assert loaded.model.get_input_embeddings().weight.shape[0] == len(student.tokenizer) + 1
    (feature,) = encode_rows(
        loaded, make_rows([("user", "How?"), ("assistant", "3 + 4 = 7.\nIt is 7.")]), STAGE
    ).features
    assert decode_labels(loaded, feature) == "3 + 4 = 7.\nIt is 7.<|end|>"
    assert torch.isfinite(loaded.model.get_input_embeddings().weight).all()


def test_the_share_of_soft_targets_is_of_all_positions_with_loss(llama):
    def every_other(_row, _spans, ids):
        return [
            SoftTarget(ids=(token,), probs=(1.0,), rest=0.0) if place % 2 else None for place, token in enumerate(ids)
        ]

    encoded = encode_rows(llama, make_rows(ONE), STAGE, every_other)
    (feature,) = encoded.features
    carried = [
        target
        for label, target in zip(feature["labels"], feature["soft_targets"], strict=True)
        if label != IGNORE_INDEX
    ]
    assert encoded.soft_share == sum(target is not None for target in carried) / len(carried)
    assert carried[-1] is None
    pairs = zip(feature["labels"], feature["soft_targets"], strict=True)
    assert all(target is None or target.ids == (label,) for label, target in pairs)
    assert encode_rows(llama, make_rows(ONE), STAGE).soft_share is None


def test_rows_side_by_side_are_padded_on_the_right(llama):
    features = encode_rows(llama, make_rows(ONE, SHOWN, weight=0.5), STAGE).features
    batch = make_collator(llama)(features)
    lengths = [len(one["input_ids"]) for one in features]
    assert batch["input_ids"].shape == batch["labels"].shape == batch["attention_mask"].shape == (2, max(lengths))
    assert batch["attention_mask"].sum(dim=1).tolist() == lengths
    assert (batch["labels"][0, lengths[0] :] == IGNORE_INDEX).all()
    assert (batch["input_ids"][0, lengths[0] :] == llama.tokenizer.pad_token_id).all()
    assert batch["weights"].tolist() == [0.5, 0.5]
