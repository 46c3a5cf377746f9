"""The tokenizer of a student from scratch loses nothing, and numbers are one token wherever they stand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from cotloom.builder.errors import InputError
from cotloom.builder.student.model.chat import END, SPECIAL, render_prompt
from cotloom.builder.student.model.tokenizer import (
    add_newline_token,
    check_round_trip,
    extend_tokenizer,
    make_tokenizer,
)
from tests.student.tiny_students import make_tokenizer as make_byte_level

TEXTS = ["He has 12 pens.\nSo 12 - 3 = 9.", "The answer is 9.", "Reason step by step, then give the answer."]
SIZE = 400
TOKENIZER = make_tokenizer(TEXTS, SIZE, "whole")
PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"], include_characters="\n\t"), max_size=60)


def encode(text, tokenizer=TOKENIZER):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def tokenize(text, tokenizer=TOKENIZER):
    return tokenizer.convert_ids_to_tokens(encode(text, tokenizer))


def round_trip(text, tokenizer=TOKENIZER):
    return tokenizer.decode(encode(text, tokenizer), skip_special_tokens=True, clean_up_tokenization_spaces=False)


def select_special(ids):
    return [one for one in ids if one < len(SPECIAL)]


@given(PRINTABLE)
@settings(max_examples=300, deadline=None)
def test_a_text_comes_back_as_it_was_or_is_refused(text):
    try:
        check_round_trip(TOKENIZER, [text], "a text")
    except InputError:
        assert round_trip(text) != text
    else:
        assert round_trip(text) == text


@given(PRINTABLE)
@settings(max_examples=100, deadline=None)
def test_a_tokenizer_made_from_a_text_gives_it_back(text):
    assert round_trip(text, make_tokenizer([text], 64, "whole")) == text


def test_every_character_of_a_keyboard_is_known_whatever_the_texts_were():
    text = "".join(map(chr, range(32, 127))) + "\n\t"
    assert round_trip(text, make_tokenizer([], 64, "whole")) == text


def test_spaces_stay_where_they_were():
    text = "  two  spaces , and\n\n  an indent\n"
    assert round_trip(text) == text


def test_a_text_that_would_lose_a_character_is_refused_and_the_character_named():
    with pytest.raises(InputError, match="'π'") as error:
        check_round_trip(TOKENIZER, ["The answer is 9.", "2 π r"], "what it is to say")
    assert error.value.hint


@pytest.mark.parametrize("text", ["12", " 12", "(12)", "12.", "= 12\n", "x12", "$12", "12 pens", "- 12", "1 + 12"])
def test_a_number_is_one_and_the_same_token_wherever_it_stands(text):
    assert TOKENIZER.convert_tokens_to_ids("12") in encode(text)


def test_numbers_by_digit_are_a_token_for_each_digit():
    digits = make_tokenizer(TEXTS, SIZE, "digits")
    assert tokenize("12 - 3", digits)[:2] == ["1", "2"]
    assert tokenize("12 - 3")[0] == "12"


def test_a_number_that_was_never_seen_is_spelled():
    assert round_trip("98765") == "98765"
    assert len(encode("98765")) == 5


def test_a_tokenizer_is_no_larger_than_was_asked_for_beside_its_characters():
    characters = len(make_tokenizer([], 1, "whole"))
    assert len(make_tokenizer([" ".join(f"word{chr(97 + n)}" for n in range(26))], characters + 3, "whole")) == (
        characters + 3
    )


def test_the_most_frequent_words_are_tokens():
    few = make_tokenizer(["pens pens pens pens", "rare"], len(make_tokenizer([], 1, "whole")) + 1, "whole")
    assert tokenize("a pens", few)[-1] == " pens"
    assert len(tokenize("rare", few)) == 4


@pytest.mark.parametrize("numbers", ["whole", "digits"])
def test_a_widened_tokenizer_keeps_every_id_and_knows_the_new_words(numbers):
    narrow = make_tokenizer(TEXTS, SIZE, numbers)
    wide = extend_tokenizer(narrow, ["Elmwick’s theatre has 345 seats: 2 π r."], 100)
    before, after = narrow.get_vocab(), wide.get_vocab()
    assert {token: after[token] for token in before} == before
    assert sorted(after.values()) == list(range(len(wide)))
    assert " theatre" in tokenize("the theatre", wide)
    assert round_trip("Elmwick’s 2 π r", wide) == "Elmwick’s 2 π r"
    assert (len(tokenize("345", wide)) == 1) == (numbers == "whole")


def test_a_tokenizer_that_is_widened_by_nothing_stays_what_it_is():
    assert extend_tokenizer(TOKENIZER, [], 0).get_vocab() == TOKENIZER.get_vocab()


@pytest.mark.parametrize("special", SPECIAL)
def test_the_name_of_a_special_token_in_a_question_is_text(special):
    there, plain = ({"role": "user", "content": f"What does {name} mean?"} for name in (special, "it"))
    ids, expected = (encode(render_prompt(TOKENIZER, [message])) for message in (there, plain))
    assert select_special(ids) == select_special(expected)
    assert f"What does {special[0]} {special[1:]} mean?" in TOKENIZER.decode(ids)


@pytest.mark.parametrize(
    "tokenizer", [TOKENIZER, extend_tokenizer(TOKENIZER, ["theatre"], 10)], ids=["made", "widened"]
)
def test_a_saved_tokenizer_is_loaded_as_any_other(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    text = "Ann has 12 pens.\n12 - 3 = 9."
    assert encode(text, loaded) == encode(text, tokenizer)
    assert round_trip(text, loaded) == text
    assert (loaded.eos_token, loaded.pad_token_id) == (END, tokenizer.pad_token_id)
    chat = [{"role": "user", "content": "Hello"}]
    assert render_prompt(loaded, chat) == render_prompt(tokenizer, chat)
    assert (
        extend_tokenizer(loaded, ["theatre"], 10).get_vocab()
        == extend_tokenizer(tokenizer, ["theatre"], 10).get_vocab()
    )


def test_a_tokenizer_that_keeps_line_ends_gets_no_token_for_them():
    tokenizer = make_byte_level()
    assert not add_newline_token(tokenizer)
