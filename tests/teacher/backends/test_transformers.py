"""The transformers backend: a real checkpoint, made here, sampled in this process."""

import json
import shutil
from dataclasses import replace
from itertools import takewhile

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration, set_seed

from cotloom.builder.errors import InputError
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.sources import load_problems
from cotloom.builder.teacher import AskedProblems
from cotloom.builder.teacher.backends import open_backend
from cotloom.builder.teacher.backends.row_sampling import RowNoise, rank_tokens
from cotloom.builder.teacher.backends.token_texts import make_token_logprobs
from cotloom.builder.teacher.checkpoint import load_pretrained
from cotloom.builder.teacher.checkpoint.provenance import FILE, Provenance, write_provenance
from cotloom.builder.verify import IS_READABLE
from cotloom.schemas.frames import from_frame
from cotloom.schemas.ids import rank
from cotloom.schemas.problem import Problem
from cotloom.schemas.recipe import extract_identity
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Hint
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
    built = build(recipe(checkpoint, batch_size=3), Runtime(allow_empty=True, store=tmp_path / "store"))
    samples = built.version.read_table("samples")
    assert (built.calls.new, samples.height, built.calls.cost.usd) == (10, 10, 0.0)
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


def sample_rows(loaded, store):
    """The samples of a build, by the ledger key of each."""
    samples = build(loaded, Runtime(allow_empty=True, store=store)).version.read_table("samples").to_dicts()
    return {(row["request_digests"][0], row["sample_index"]): row for row in samples}


def check_alike(rows, others):
    """Hold rows against others of the same keys: the same texts, and log probabilities that differ by rounding."""
    assert rows.keys() == others.keys()
    for key, row in rows.items():
        assert row["text"] == others[key]["text"]
        for one, other in zip(row["token_logprobs"], others[key]["token_logprobs"], strict=True):
            assert (one["token"], len(one["top"])) == (other["token"], len(other["top"]))
            assert one["logprob"] == pytest.approx(other["logprob"], abs=1e-4)


SAMPLED = {"max_tokens": 24, "temperature": 0.9, "top_p": 0.95, "top_logprobs": 2}


def test_a_row_does_not_depend_on_what_shares_its_batch(recipe, checkpoint, tmp_path):
    rows = [
        sample_rows(recipe(checkpoint, sampling=SAMPLED, paths={"round": 4}, batch_size=size), tmp_path / str(size))
        for size in (1, 4, 16)
    ]
    assert len({row["text"] for row in rows[0].values()}) == len(rows[0]) == 20
    check_alike(rows[0], rows[1])
    check_alike(rows[0], rows[2])


def test_a_build_that_is_resumed_samples_the_same_answers(recipe, checkpoint, tmp_path):
    one_round = recipe(checkpoint, sampling=SAMPLED, paths={"round": 1})
    begun = replace(one_round, recipe=one_round.recipe.model_copy(update={"limit": 3, "version": "0.1.0"}))
    first = sample_rows(begun, tmp_path / "resumed")
    whole = recipe(checkpoint, sampling=SAMPLED, paths={"round": 3})
    resumed = sample_rows(whole, tmp_path / "resumed")
    assert len(first) == 3
    check_alike(first, {key: resumed[key] for key in first})
    check_alike(resumed, sample_rows(whole, tmp_path / "at_once"))


def test_the_size_of_a_batch_is_identity_and_asks_for_nothing_again(recipe, checkpoint, tmp_path):
    runtime = Runtime(allow_empty=True, store=tmp_path / "store")
    one, other = recipe(checkpoint), recipe(checkpoint, batch_size=2)
    assert extract_identity(one.recipe) != extract_identity(other.recipe)
    assert build(one, runtime).calls.new == 10
    other = replace(other, recipe=other.recipe.model_copy(update={"version": "1.0.1"}))
    made = build(other, runtime).calls
    assert (made.new, made.ledger) == (0, 10)


def test_the_second_call_is_sampled_with_its_own_parameters(recipe, checkpoint, tmp_path):
    second = {"temperature": 0.0, "max_tokens": 3}
    prompt = {"template": "cot_two_call", "second_call": second}
    rows = sample_rows(recipe(checkpoint, prompt=prompt), tmp_path / "store").values()
    assert max(row["usage"]["completion_tokens"] for row in rows) == 12 + 3
    answers = {row["request_digests"][1]: row["text"].rpartition("Answer: ")[2] for row in rows}
    assert len(set(answers.values())) > 1


def make_t5(folder):
    """A model with an encoder and a decoder, untrained, with the tokenizer of the other one."""
    make_checkpoint(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    (folder / "generation_config.json").unlink()
    set_seed(1)
    small = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2, "vocab_size": len(tokenizer)}
    ids = {"eos_token_id": 0, "pad_token_id": 1, "decoder_start_token_id": 1}
    T5ForConditionalGeneration(T5Config(**small, **ids)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("make", [make_checkpoint, make_t5])
@pytest.mark.parametrize("sampling", [{}, {"temperature": 0.0}, {"temperature": 2.0, "repetition_penalty": 1.5}])
def test_log_probabilities_are_those_of_the_model_itself(recipe, tmp_path, make, sampling):
    """Held against a pass over the answer, alone and without padding: no temperature, no penalty.

    An answer is compared up to its first special token, which has no text.
    """
    folder = make(tmp_path / "checkpoint")
    loaded = recipe(folder, sampling={"max_tokens": 12, "top_logprobs": 4, **sampling})
    version = build(loaded, Runtime(allow_empty=True, store=tmp_path / "store")).version
    problems, prompts = version.read_table("problems"), {}
    asked = AskedProblems(load_problems(loaded, IS_READABLE, folder=tmp_path).pieces, tuple({*problems["source"]}))
    backend = open_backend(loaded, "teacher", loaded.recipe.teacher, asked, Runtime()).backend
    for problem in from_frame(problems, Problem):
        prompts |= {request.key: request for request in backend.list_requests(problem, Hint.NONE, range(2))}
    compared, model = 0, load_pretrained(str(folder), key="teacher.model", dtype="float32")
    for row in version.read_table("samples").to_dicts():
        messages = prompts[row["request_digests"][0], row["sample_index"]].request.messages
        chat = [{"role": message.role.value, "content": message.content} for message in messages]
        text = model.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        spelled = list(takewhile(lambda item: item["token"], row["token_logprobs"]))
        compared += len(spelled)
        expected = score_tokens(model, text, [item["token"] for item in spelled])
        assert [item["logprob"] for item in spelled] == pytest.approx(expected, abs=1e-4)
    assert compared > 20


def score_tokens(checkpoint, prompt, tokens):
    """The log probability of each token behind a prompt, by one pass of the model."""
    pieces = [token.replace(" ", "Ġ").replace("\n", "Ċ") for token in tokens]
    answer = checkpoint.tokenizer.convert_tokens_to_ids(pieces)
    ids = checkpoint.tokenizer(prompt, return_tensors="pt")["input_ids"]
    answered = torch.tensor([answer], dtype=torch.long)
    with torch.inference_mode():
        if checkpoint.model.config.is_encoder_decoder:
            start = torch.tensor([[checkpoint.model.config.decoder_start_token_id]])
            logits = checkpoint.model(input_ids=ids, decoder_input_ids=torch.cat([start, answered], 1)).logits[:, :-1]
        else:
            logits = checkpoint.model(torch.cat([ids, answered], 1)).logits[:, ids.shape[1] - 1 : -1]
    return logits.log_softmax(-1)[0].gather(1, answered.T)[:, 0].tolist()


def test_noise_of_a_row_draws_tokens_by_their_probability():
    probabilities = torch.tensor([0.5, 0.3, 0.15, 0.05, 0.0])
    rows = 4000
    noise = RowNoise([rank("test", str(row)) for row in range(rows)], "cpu")
    drawn = torch.stack([noise(None, probabilities.log().repeat(rows, 1)).argmax(-1) for _ in range(2)])
    for draws in drawn:
        shares = draws.bincount(minlength=5) / rows
        assert (shares - probabilities).abs().max() < 4 * (0.25 / rows) ** 0.5
        assert shares[4] == 0
    both = ((drawn[0] == 0) & (drawn[1] == 0)).float().mean()
    assert abs(float(both) - 0.25) < 4 * (0.1875 / rows) ** 0.5  # one token of a row says nothing of the next


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
    return list(make_token_logprobs(tokenizer, ids, rank_tokens(logprobs, torch.tensor(ids), top=len(tokenizer))))


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
