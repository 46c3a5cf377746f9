"""What a line of NeMo-Skills says of an answer, in its newer and older shapes."""

import pytest

from cotloom.builder.teacher.chat_responses import read_chat_choices
from cotloom.builder.teacher.imports.nemo_skills import read_row
from cotloom.builder.teacher.imports.placing import _encode
from cotloom.builder.teacher.imports.records import ForeignResponse, LeftOut, RowContext
from tests.teacher.imports.shapes import ask, make_nemo_row

ASKED = "What is 2 + 3?"


def read(file="output-rs1.jsonl", **changes):
    (response,) = read_row(make_nemo_row(ASKED, "The answer is 5.", **changes), RowContext(file=file))
    return response


def read_answer(**changes):
    response = read(**changes)
    assert isinstance(response, ForeignResponse)
    (answer,) = read_chat_choices(_encode(response.completion))
    return answer


def test_the_reasoning_channel_and_why_it_ended_are_kept():
    answer = read_answer(reasoning_content="2 + 3 = 5", finish_reason="length", num_reasoning_tokens=3)
    assert (answer.text, answer.reasoning, answer.finish_reason) == ("The answer is 5.", "2 + 3 = 5", "length")


def test_the_whole_generation_is_read_where_the_thinking_was_cut_out():
    whole = "<think>2 + 3 = 5</think>\n\nThe answer is 5."
    assert read_answer(_full_generation=whole, _generation_finished_thinking=True).text == whole
    assert read_answer(generation="", _full_generation="<think>2 + ").text == "<think>2 + "


def test_the_whole_generation_of_an_earlier_run_is_not_this_one():
    assert read_answer(_full_generation="<think>x</think>\n\nSomething else.").text == "The answer is 5."


def test_log_probabilities_stand_in_three_lists():
    answer = read_answer(tokens=["5", "."], logprobs=[-0.1, -0.2], top_logprobs=[{"5": -0.1, "6": -2.0}, {".": -0.2}])
    assert [(token.token, token.logprob, len(token.top)) for token in answer.token_logprobs] == [
        ("5", -0.1, 2),
        (".", -0.2, 1),
    ]
    assert read_answer(tokens=["5"], logprobs=[-0.1, -0.2], top_logprobs=[]).token_logprobs is None


def test_an_early_line_has_tokens_where_it_counts_them():
    answer = read_answer(usage=None, num_input_tokens=None)
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (None, 5)


@pytest.mark.parametrize(
    "changes",
    [
        {"generation": ["turn one", "turn two"]},
        {"num_tool_calls": 2, "conversation": []},
        {"tool_calls": [{"id": "1"}]},
        {"code_rounds_executed": 1},
        {"messages": [{"role": "user", "content": [{"type": "audio_url"}]}]},
    ],
)
def test_turns_tools_and_media_are_no_chat_in_text(changes):
    assert read(**changes) is LeftOut.NOT_TEXT


def test_an_error_is_a_failed_request():
    assert read(generation="", error="context_window_exceeded", detailed_error="too long") is LeftOut.FAILED


def test_a_line_without_question_and_messages_answers_nothing_that_is_known():
    assert read(problem=None) is LeftOut.NO_PROMPT
    assert read(problem=None, messages=ask(ASKED)).messages is not None


@pytest.mark.parametrize(
    ("file", "seed"),
    [("output-rs0.jsonl", 0), ("output-rs12_chunk_3.jsonl", 12), ("output-rs5.jsonl-async", 5), ("output.jsonl", None)],
)
def test_the_seed_is_in_the_name_of_the_file(file, seed):
    assert read(file).seed == seed
