"""The transformers backend: a real checkpoint, made here, sampled in this process."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from cotloom.builder.errors import InputError
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.teacher.backends.token_texts import make_token_logprobs
from cotloom.builder.teacher.provenance import FILE, Provenance, write_provenance
from cotloom.schemas.runtime import Runtime
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
    built = build(recipe(checkpoint), Runtime(allow_empty=True, store=tmp_path / "store", batch_size=3))
    samples = built.version.read_table("samples")
    assert (built.calls.new, samples.height, set(samples["cost_usd"])) == (10, 10, {0.0})
    assert set(samples["finish_reason"]) <= {"stop", "length"}
    assert (samples["usage"].struct.field("completion_tokens") <= 12).all()


@pytest.mark.parametrize("keys", [{"top_k": 1}, {"min_p": 1.0}])
def test_only_the_most_probable_token_is_the_greedy_answer(recipe, checkpoint, tmp_path, keys):
    texts = []
    for name, sampling in (("greedy", {"temperature": 0.0}), ("filtered", {"temperature": 5.0, **keys})):
        loaded = recipe(checkpoint, sampling={"max_tokens": 12, **sampling})
        samples = build(loaded, Runtime(allow_empty=True, store=tmp_path / name)).version.read_table("samples")
        texts.append(samples.sort("problem_id", "sample_index")["text"].to_list())
    assert texts[0] == texts[1]


def test_a_penalty_on_repetition_changes_greedy_answers(recipe, checkpoint, tmp_path):
    texts = []
    for name, keys in (("none", {}), ("high", {"repetition_penalty": 50.0})):
        loaded = recipe(checkpoint, sampling={"max_tokens": 12, "temperature": 0.0, **keys})
        samples = build(loaded, Runtime(allow_empty=True, store=tmp_path / name)).version.read_table("samples")
        texts.append(samples.sort("problem_id", "sample_index")["text"].to_list())
    assert texts[0] != texts[1]


def test_its_log_probabilities_spell_the_answer_and_are_probabilities(recipe, checkpoint, tmp_path):
    loaded = recipe(checkpoint, sampling={"max_tokens": 12, "top_logprobs": 3})
    samples = build(loaded, Runtime(allow_empty=True, store=tmp_path / "store")).version.read_table("samples")
    whole = [row for row in samples.to_dicts() if "\ufffd" not in row["text"]]
    assert whole
    for row in whole:
        assert "".join(item["token"] for item in row["token_logprobs"]) == row["text"]
        assert all(item["logprob"] <= 0 and len(item["top"]) == 3 for item in row["token_logprobs"])
        assert all(item["top"][0]["logprob"] >= item["logprob"] for item in row["token_logprobs"])


def test_the_same_build_samples_alike_in_another_store(recipe, checkpoint, tmp_path):
    loaded = recipe(checkpoint)
    one, other = (build(loaded, Runtime(allow_empty=True, store=tmp_path / name)) for name in ("one", "other"))
    assert one.version.manifest.content_digest == other.version.manifest.content_digest


def test_a_prompt_beyond_the_window_is_refused_alone(recipe, checkpoint, tmp_path):
    loaded = recipe(checkpoint, sampling={"max_tokens": 450})
    built = build(loaded, Runtime(allow_empty=True, store=tmp_path / "store"))
    failed = built.version.read_table("samples").filter(
        built.version.read_table("samples")["reason"] == "request_failed"
    )
    assert failed.height == built.calls.refused > 0
    assert "too long" in failed["detail"][0]


def test_a_folder_without_a_model_is_the_users_mistake(recipe, tmp_path):
    with pytest.raises(InputError, match="can't be loaded"):
        build(recipe(tmp_path), Runtime(allow_empty=True, store=tmp_path / "store"))


BYTES = [f"<0x{byte:02X}>" for byte in "é€\n".encode()]
WORDS = ["▁cat", "▁cats", "cat", "▁", "▁the", "s", "7", "▁=", "▁7", *BYTES]
"""Words with the space before them, a space alone, bytes that are parts of characters, and one that is a character."""
UNKNOWN, END = "<unk>", "</s>"


def make_sentencepiece_tokenizer():
    """A tokenizer as SentencePiece makes them: the space before a word is part of it, but where a text begins."""
    scores = [(UNKNOWN, 0.0), (END, 0.0), *((word, -1.0) for word in WORDS)]
    whole = Tokenizer(models.Unigram(scores, unk_id=0, byte_fallback=True))
    whole.pre_tokenizer = pre_tokenizers.Metaspace()
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    whole.decoder = decoders.Sequence(steps)
    return PreTrainedTokenizerFast(tokenizer_object=whole, eos_token=END, unk_token=UNKNOWN, pad_token=END)


def make_byte_level_tokenizer():
    """A tokenizer as GPT-2's: every token is bytes, of whole characters or of parts."""
    pieces = [*"ÃâĤ¬", "©", "Ġcat", "cat", "Ġ", "s", "Ċ", "Ã©", "©s"]  # ©s: the end of one character, and another
    vocabulary = {piece: index for index, piece in enumerate([UNKNOWN, END, *pieces])}
    whole = Tokenizer(models.BPE(vocabulary, [], unk_token=UNKNOWN))
    whole.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=whole, eos_token=END, unk_token=UNKNOWN, pad_token=END)


def make_ranked_logprobs(tokenizer, ids):
    """The tokens of an answer with all others as alternatives: the higher the id, the less likely."""
    logprobs = -torch.arange(len(tokenizer), dtype=torch.float32).repeat(len(ids), 1)
    return list(make_token_logprobs(tokenizer, ids, logprobs, top=len(tokenizer)))


def test_an_alternative_has_the_space_that_the_sampled_token_has():
    tokenizer = make_sentencepiece_tokenizer()
    first, second = make_ranked_logprobs(tokenizer, tokenizer.convert_tokens_to_ids(["▁the", "▁cat"]))
    listed = dict(zip(tokenizer.convert_ids_to_tokens(range(len(tokenizer))), second.top, strict=True))
    assert (first.token, second.token) == ("the", " cat")
    assert {word: listed[word].token for word in ("▁cat", "▁cats", "cat", "▁7", "▁", "</s>")} == {
        "▁cat": " cat", "▁cats": " cats", "cat": "cat", "▁7": " 7", "▁": " ", "</s>": "</s>",
    }  # fmt: skip


def test_bytes_that_are_no_character_after_all_belong_to_the_token_that_ends_them():
    tokenizer = make_sentencepiece_tokenizer()
    ids = tokenizer.convert_tokens_to_ids(["<0xC3>", "<0xA9>", "<0xC3>", "▁cat"])
    assert ids == [11, 12, 11, 2]
    tokens = make_ranked_logprobs(tokenizer, ids)
    assert [token.token for token in tokens] == ["", "", "", "\ufffd\ufffd\ufffd cat"]
    listed = dict(zip(tokenizer.convert_ids_to_tokens(range(len(tokenizer))), tokens[3].top, strict=True))
    assert [listed[piece].token for piece in ("▁the", "<0xA9>", "<0xC3>")] == ["\ufffd\ufffd\ufffd the", "éé", ""]


def test_an_answer_that_ends_inside_a_character_is_whole_in_its_tokens():
    tokenizer = make_sentencepiece_tokenizer()
    tokens = make_ranked_logprobs(tokenizer, tokenizer.convert_tokens_to_ids(["▁cat", "<0xE2>", "<0x82>"]))
    assert [token.token for token in tokens] == ["cat", "", "\ufffd\ufffd"]
    assert make_ranked_logprobs(tokenizer, []) == []


def check_texts(tokenizer, ids):
    """Hold every token and alternative against decoding all the tokens before it, without any shortcut."""
    tokens, text = make_ranked_logprobs(tokenizer, ids), ""
    for position, token in enumerate(tokens):
        for candidate, alternative in enumerate(token.top[2:], start=2):
            longer = tokenizer.decode([*ids[:position], candidate])
            added = "" if longer.endswith("\ufffd") else longer[len(text) :]
            assert alternative.token == (token.token if candidate == ids[position] else added)
        text += token.token
        assert tokenizer.decode(ids).startswith(text)
    assert text == tokenizer.decode(ids)


@given(st.lists(st.integers(2, len(WORDS) + 1), min_size=1, max_size=8))
@example([11, 12, 11, 2])
@example([2, 11, 12, 16, 13, 2])
def test_every_alternative_is_what_it_would_add_behind_all_the_tokens_before_it(ids):
    check_texts(make_sentencepiece_tokenizer(), ids)


@given(st.lists(st.integers(2, 13), min_size=1, max_size=8))
def test_every_alternative_of_a_byte_level_tokenizer_is_what_it_would_add_too(ids):
    check_texts(make_byte_level_tokenizer(), ids)


@pytest.mark.parametrize("simulated", [True, False])
def test_the_answers_of_a_student_are_as_simulated_as_what_it_was_trained_on(recipe, tmp_path, simulated):
    student = make_checkpoint(tmp_path / "student")
    write_provenance(
        Provenance(version="v@1.0.0", content_digest="c", student_digest="s", simulated=simulated), student
    )
    built = build(recipe(student), Runtime(allow_empty=True, store=tmp_path / "store")).version
    assert (built.manifest.simulated, set(built.read_table("samples")["simulated"])) == (simulated, {simulated})
    assert built.manifest.teachers == (student.name,)


def test_another_student_in_the_same_folder_is_asked_anew(recipe, tmp_path):
    student, calls = make_checkpoint(tmp_path / "student"), []
    for content in ("one", "other", "one"):
        write_provenance(
            Provenance(version="v@1.0.0", content_digest=content, student_digest="s", simulated=False), student
        )
        runtime = Runtime(allow_empty=True, store=tmp_path / "store")
        loaded = recipe(student)
        version = loaded.recipe.model_copy(update={"version": f"1.0.{len(calls)}"})
        calls.append(build(replace(loaded, recipe=version), runtime).calls)
    assert [(made.new, made.ledger) for made in calls] == [(10, 0), (10, 0), (0, 10)]


def test_other_weights_in_the_same_folder_are_asked_anew_and_the_same_by_another_path_are_not(
    recipe, tmp_path, monkeypatch
):
    folder = make_checkpoint(tmp_path / "here" / "local")
    runtime = Runtime(allow_empty=True, store=tmp_path / "store")

    def calls(model, version):
        loaded = recipe(model)
        made = build(replace(loaded, recipe=loaded.recipe.model_copy(update={"version": version})), runtime).calls
        return made.new, made.ledger

    assert calls(folder, "1.0.0") == (10, 0)
    monkeypatch.chdir(tmp_path)
    assert calls("here/local", "1.0.1") == (0, 10)
    shutil.copytree(folder, tmp_path / "there" / "local")
    assert calls("./there/local", "1.0.2") == (0, 10)
    weights = load_file(folder / "model.safetensors")
    save_file({name: tensor + 0.01 for name, tensor in weights.items()}, folder / "model.safetensors", {"format": "pt"})
    assert calls(folder, "1.0.3") == (10, 0)


@pytest.mark.parametrize("text", ["{", "[1]", '{"simulated": true}', '{"simulated": "no"}'])
def test_a_student_that_does_not_say_where_it_comes_from_is_not_sampled(recipe, tmp_path, text):
    student = make_checkpoint(tmp_path / "student")
    (student / FILE).write_text(text)
    with pytest.raises(InputError, match="does not say where the student comes from"):
        build(recipe(student), Runtime(allow_empty=True, store=tmp_path / "store"))
