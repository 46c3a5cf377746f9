"""Asking in batches: the same as asking one by one, whatever stands beside a prompt."""

import random
from dataclasses import replace

import pytest
import torch

from cotloom.builder.student.model.generate import Generation, compute_log_likelihood, encode_prompt, generate
from tests.student.tiny_students import (
    TAUGHT,
    add_soft_prompt,
    make_prompt,
    make_student,
    make_tokenizer,
    make_trained_student,
)

FOREIGN = ["Who?", "9 eggs of 7 boxes, or 12 boxes of pens: " * 4, "12", "What is 3 + 4? " * 9]


@pytest.fixture(scope="module", params=["llama", "t5"])
def student(request):
    return make_trained_student(request.param)


@pytest.fixture(scope="module")
def llama():
    return make_trained_student("llama")


@pytest.fixture(scope="module", params=["llama", "t5"])
def prompted(request):
    return add_soft_prompt(make_trained_student(request.param))


def make_prompts(student, *more):
    return [make_prompt(student, question) for question in (*TAUGHT, *more)]


def get_texts(said):
    return [one.text for one in said]


def generate_greedy(student, prompts, batch_size=4, max_tokens=48):
    return generate(student, prompts, max_tokens=max_tokens, batch_size=batch_size)


def test_a_student_says_what_it_was_taught(llama):
    assert get_texts(generate_greedy(llama, make_prompts(llama))) == list(TAUGHT.values())


def test_answers_in_batches_are_those_given_one_by_one(student):
    prompts = make_prompts(student, *FOREIGN)
    alone = [generate_greedy(student, [text], 1)[0] for text in prompts]
    assert len({one.tokens for one in alone}) > 3
    for batch_size in (3, 64):
        assert generate_greedy(student, prompts, batch_size) == alone


def test_answers_stand_in_the_order_of_the_prompts_and_the_order_changes_none(student):
    prompts = make_prompts(student, *FOREIGN)
    told = dict(zip(prompts, generate_greedy(student, prompts), strict=True))
    mixed = random.Random(0).sample(prompts, len(prompts))
    assert generate_greedy(student, mixed) == [told[text] for text in mixed]


def test_the_answers_are_those_that_the_library_gives(student):
    text = make_prompts(student, *FOREIGN)[-1]
    ids = torch.tensor([encode_prompt(student.tokenizer, text)])
    given = student.model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=30, do_sample=False
    )
    written = given[0, 1 if student.has_encoder else ids.shape[1] :]
    (said,) = generate_greedy(student, [text], max_tokens=30)
    assert said.text == student.tokenizer.decode(written, skip_special_tokens=True)


def test_positions_are_counted_from_the_first_token_of_a_prompt():
    student = make_student("gpt2", window=300)
    prompts = make_prompts(student, *FOREIGN)
    answers = ["The answer is 7."] * len(prompts)
    assert generate_greedy(student, prompts, 64) == [generate_greedy(student, [text], 1)[0] for text in prompts]
    alone = [compute_alone(student, text, answer) for text, answer in zip(prompts, answers, strict=True)]
    assert compute_log_likelihood(student, prompts, answers, batch_size=64) == pytest.approx(alone, abs=1e-4)


def test_rows_that_can_not_leave_the_batch_change_no_answer(student, monkeypatch):
    prompts = make_prompts(student)
    told = generate_greedy(student, prompts)
    monkeypatch.setattr("cotloom.builder.student.model.generate._has_removable_rows", lambda _cache: False)
    assert generate_greedy(student, prompts) == told


def test_an_answer_that_does_not_end_is_truncated_and_one_that_ends_is_not(llama):
    question = next(iter(TAUGHT))
    whole = TAUGHT[question]
    (said,) = generate_greedy(llama, [make_prompt(llama, question)])
    assert said == Generation(text=whole, tokens=said.tokens, truncated=False)
    (cut,) = generate_greedy(llama, [make_prompt(llama, question)], max_tokens=said.tokens)
    assert cut == replace(said, truncated=True)
    (short,) = generate_greedy(llama, [make_prompt(llama, question)], max_tokens=3)
    assert (short.tokens, short.truncated) == (3, True)
    assert whole.startswith(short.text)


def test_a_prompt_that_fills_the_window_is_truncated_and_its_neighbours_are_answered():
    student = make_student(window=60)
    long, short = make_prompt(student, "What is 3 + 4? " * 20), make_prompt(student, "Say it.")
    assert len(encode_prompt(student.tokenizer, long)) > 60
    said = generate(student, [long, short], max_tokens=8, batch_size=2)
    assert said[0] == Generation(text="", tokens=0, truncated=True)
    assert said[1].tokens > 0
    assert generate(student, [long], max_tokens=8, batch_size=2) == said[:1]


def test_an_answer_ends_where_the_window_ends():
    student = make_student(window=16)
    text = make_prompt(student, "Say it.")
    left = 16 - len(encode_prompt(student.tokenizer, text))
    (said,) = generate(student, [text], max_tokens=100, batch_size=1)
    assert (said.tokens, said.truncated) == (left, True)


def test_every_token_that_ends_an_answer_ends_it(llama, monkeypatch):
    full_stop = llama.tokenizer(".", add_special_tokens=False)["input_ids"]
    monkeypatch.setattr(llama.model.generation_config, "eos_token_id", [*full_stop, llama.tokenizer.eos_token_id])
    (said,) = generate_greedy(llama, [make_prompt(llama, "What is 3 + 4?")])
    assert (said.text, said.truncated) == ("3 + 4 = 7", False)


def test_no_prompts_give_no_answers(llama):
    assert generate_greedy(llama, []) == []
    assert compute_log_likelihood(llama, [], [], batch_size=4) == []


def test_nothing_of_the_model_changes(llama):
    weights = {name: value.clone() for name, value in llama.model.state_dict().items()}
    for training in (True, False):
        llama.model.train(training)
        generate_greedy(llama, make_prompts(llama))
        compute_log_likelihood(llama, make_prompts(llama), list(TAUGHT.values()), batch_size=4)
        assert llama.model.training is training
    assert all(torch.equal(value, weights[name]) for name, value in llama.model.state_dict().items())
    llama.model(input_ids=torch.tensor([[1, 2, 3]]), labels=torch.tensor([[1, 2, 3]])).loss.backward()
    llama.model.zero_grad()


def test_done_rows_leave_the_batch(llama, monkeypatch):
    sizes = []
    forward = llama.model.forward

    def counted(**arguments):
        sizes.append(len(arguments["input_ids"]))
        return forward(**arguments)

    monkeypatch.setattr(llama.model, "forward", counted)
    generate_greedy(llama, make_prompts(llama), batch_size=6)
    assert sizes[0] == 6
    assert sizes[-1] == 1
    assert sizes == sorted(sizes, reverse=True)


def test_the_longest_prompts_are_answered_first(llama, monkeypatch):
    widths = []
    forward = llama.model.forward

    def counted(**arguments):
        widths.extend([arguments["input_ids"].shape[1]] if arguments["input_ids"].shape[1] > 1 else [])
        return forward(**arguments)

    monkeypatch.setattr(llama.model, "forward", counted)
    generate_greedy(llama, make_prompts(llama), batch_size=2)
    assert len(widths) == 3
    assert widths == sorted(widths, reverse=True)


# Sampling


def generate_sampled(student, prompts, seed=0, batch_size=4, temperature=2.0):
    return generate(student, prompts, max_tokens=24, batch_size=batch_size, temperature=temperature, seed=seed)


def test_sampled_answers_follow_from_seed_and_prompts_not_from_their_order(student):
    prompts = make_prompts(student, "What is 4 + 3?", "What is 7 + 4?", "What is 9 + 2?")  # some of one length
    told = generate_sampled(student, prompts)
    torch.manual_seed(99)
    assert generate_sampled(student, prompts) == told
    assert generate_sampled(student, prompts[::-1]) == told[::-1]
    assert get_texts(generate_sampled(student, prompts, seed=1)) != get_texts(told)


def test_a_prompt_that_is_asked_several_times_gets_several_answers(llama):
    assert len({one.text for one in generate_sampled(llama, [make_prompts(llama)[0]] * 8, batch_size=8)}) > 1


def test_sampling_leaves_the_chance_of_others_alone(llama):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    generate_sampled(llama, make_prompts(llama))
    assert torch.equal(torch.rand(3), expected)


def test_a_low_temperature_comes_to_the_greedy_answer(llama):
    prompts = make_prompts(llama)
    assert generate_sampled(llama, prompts, temperature=0.01) == generate_greedy(llama, prompts, max_tokens=24)


# Log-likelihood


def compute_alone(student, text, answer):
    """Sum of the log probabilities of one answer, with nothing beside it."""
    ids = encode_prompt(student.tokenizer, text)
    said = [*student.tokenizer(answer, add_special_tokens=False)["input_ids"], student.tokenizer.eos_token_id]
    with torch.no_grad():
        if student.has_encoder:
            begun = torch.tensor([[student.tokenizer.pad_token_id, *said[:-1]]])
            logits = student.model(input_ids=torch.tensor([ids]), decoder_input_ids=begun).logits[0]
        else:
            logits = student.model(input_ids=torch.tensor([ids + said])).logits[
                0, len(ids) - 1 + student.prompt_tokens : -1
            ]
    return float(logits.log_softmax(-1)[torch.arange(len(said)), torch.tensor(said)].sum())


def test_the_log_likelihood_is_the_one_worked_out_without_a_batch(student):
    prompts = make_prompts(student, *FOREIGN)
    answers = [*TAUGHT.values(), "The answer is 7.", "12", "No. " * 12, ""]
    alone = [compute_alone(student, text, answer) for text, answer in zip(prompts, answers, strict=True)]
    for batch_size in (1, 3, 64):
        assert compute_log_likelihood(student, prompts, answers, batch_size=batch_size) == pytest.approx(
            alone, abs=1e-4
        )
    assert max(alone) < 0.0
    assert min(alone) < -5.0


def test_what_was_taught_is_likelier_than_anything_else(llama):
    text = make_prompt(llama, "What is 3 + 4? Give the answer only.")
    right, wrong = compute_log_likelihood(llama, [text] * 2, ["The answer is 7.", "The answer is 9."], batch_size=2)
    assert right > -0.5
    assert wrong < -3.0


def test_an_answer_that_does_not_fit_the_window_has_no_likelihood():
    student = make_student(window=60)
    long, short = make_prompt(student, "What is 3 + 4? " * 20), make_prompt(student, "Say it.")
    found = compute_log_likelihood(student, [short, long, short], ["It", "It", "eggs " * 60], batch_size=2)
    assert found[0] == pytest.approx(compute_alone(student, short, "It"), abs=1e-4)
    assert found[1:] == [None, None]


# A soft prompt


def test_a_soft_prompt_is_read_behind_the_padding(prompted):
    prompts = make_prompts(prompted, *FOREIGN)
    alone = [generate_greedy(prompted, [text], 1)[0] for text in prompts]
    assert generate_greedy(prompted, prompts, 64) == alone
    assert get_texts(alone) != get_texts(
        generate_greedy(replace(prompted, model=prompted.model.get_base_model(), prompt_tokens=0), prompts)
    )


def test_behind_a_soft_prompt_answers_are_as_likely_as_in_training(prompted):
    prompts, answers = make_prompts(prompted), list(TAUGHT.values())
    alone = [compute_alone(prompted, text, answer) for text, answer in zip(prompts, answers, strict=True)]
    assert compute_log_likelihood(prompted, prompts, answers, batch_size=64) == pytest.approx(alone, abs=1e-4)


def test_a_soft_prompt_takes_its_room_of_the_window():
    student = add_soft_prompt(make_student(window=16), tokens=4)
    text = make_prompt(student, "Say it.")
    (said,) = generate(student, [text], max_tokens=100, batch_size=1)
    assert (said.tokens, said.truncated) == (16 - 4 - len(encode_prompt(student.tokenizer, text)), True)


# Tokens of a prompt


def test_a_tokenizer_adds_its_tokens_only_where_no_chat_template_writes_them():
    from tokenizers.processors import TemplateProcessing

    for template, added in ((None, 1), ("{{ messages }}", 0)):
        tokenizer = make_tokenizer(template)
        end = tokenizer.eos_token
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single=f"$A {end}", special_tokens=[(end, tokenizer.eos_token_id)]
        )
        plain = tokenizer("What is 3 + 4?", add_special_tokens=False)["input_ids"]
        assert encode_prompt(tokenizer, "What is 3 + 4?") == plain + [tokenizer.eos_token_id] * added
