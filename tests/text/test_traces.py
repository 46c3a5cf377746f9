"""Reasoning and response are told apart whichever way a server sends them, and words about tags stay words."""

import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cotloom.builder.text import traces
from cotloom.builder.text.traces import Trace, join_parts, part_trace

REASONING, RESPONSE = "3 boxes of 4 pens: 3 * 4 = 12.", "The answer is 12."

SHAPES = {
    "inline": f"<think>\n{REASONING}\n</think>\n\n{RESPONSE}",
    "one line": f"<think>{REASONING}</think>{RESPONSE}",
    "capitals": f"<THINK>{REASONING}</THINK> {RESPONSE}",
    "thinking": f"<thinking>{REASONING}</thinking>\n{RESPONSE}",
    "reasoning": f"<reasoning>{REASONING}</reasoning>\n{RESPONSE}",
    "scratchpad": f"<scratchpad>\n{REASONING}\n</scratchpad>\n{RESPONSE}",
    "seed": f"<seed:think>{REASONING}</seed:think>{RESPONSE}",
    "brackets": f"[THINK]{REASONING}[/THINK]{RESPONSE}",
    "triangles": f"◁think▷{REASONING}◁/think▷{RESPONSE}",
    "bars": f"<|begin_of_thought|>\n\n{REASONING}\n\n<|end_of_thought|>\n\n{RESPONSE}",
    "start thinking": f"<|START_THINKING|>{REASONING}<|END_THINKING|><|START_RESPONSE|>{RESPONSE}<|END_RESPONSE|>",
    "harmony": f"<|channel|>analysis<|message|>{REASONING}<|end|>"
    f"<|start|>assistant<|channel|>final<|message|>{RESPONSE}<|return|>",
    "beginning in the prompt": f"{REASONING}\n</think>\n\n{RESPONSE}",
    "beginning in the prompt, one line": f"{REASONING}</think>\n{RESPONSE}",
    "answer tags": f"<think>{REASONING}</think>\n<answer>\n{RESPONSE}\n</answer>",
    "solution tags": f"<|begin_of_thought|>{REASONING}<|end_of_thought|>"
    f"<|begin_of_solution|>{RESPONSE}<|end_of_solution|>",
    "empty block first": f"<think>\n\n</think>\n<think>{REASONING}</think>{RESPONSE}",
    "blank lines before": f"\n\n<think>\n{REASONING}</think>\n{RESPONSE}\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_gives_the_same_parts(shape):
    assert part_trace(SHAPES[shape]) == Trace(reasoning=REASONING, response=RESPONSE)


@pytest.mark.parametrize("channel", [REASONING, f"\n{REASONING}\n"])
@pytest.mark.parametrize("text", [RESPONSE, f"\n\n{RESPONSE}", f"<think>\n</think>\n\n{RESPONSE}"])
def test_a_channel_gives_the_same_parts(channel, text):
    assert part_trace(text, channel) == Trace(reasoning=REASONING, response=RESPONSE)


def test_the_channel_comes_before_what_stands_in_the_text():
    assert part_trace("<think>b</think>c", "a") == Trace(reasoning="a\n\nb", response="c")


def test_several_blocks_are_one_reasoning_and_what_is_between_is_the_response():
    text = "<think>a</think>First.\n<think>b</think>\nThe answer is 5."
    assert part_trace(text) == Trace(reasoning="a\n\nb", response="First.\n\nThe answer is 5.")


@pytest.mark.parametrize("text", ["<think>2 + 3", "<think>\n2 + 3", "\n<think>2 + 3\n"])
def test_reasoning_that_never_ends_leaves_no_response(text):
    assert part_trace(text) == Trace(reasoning="2 + 3", response="")


def test_reasoning_that_begins_again_and_never_ends():
    assert part_trace("<think>a</think>\n<think>b") == Trace(reasoning="a\n\nb", response="")


def test_a_block_within_a_block_belongs_to_it():
    assert part_trace("<think>a <think>b</think> c</think>5") == Trace(reasoning="a <think>b</think> c", response="5")


def test_a_beginning_that_is_mentioned_within_reasoning_ends_with_it():
    assert part_trace("<think>I write <think> first.</think>\n5") == Trace(
        reasoning="I write <think> first.", response="5"
    )


MENTIONS = "I end with the </think> tag, not with <think> again."


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{MENTIONS}</think>{RESPONSE}",
        f"<think>\n{MENTIONS}\n</think>\n\n{RESPONSE}",
        f"{MENTIONS}\n</think>\n\n{RESPONSE}",
    ],
)
def test_tags_that_reasoning_mentions_do_not_end_it(text):
    assert part_trace(text) == Trace(reasoning=MENTIONS, response=RESPONSE)


def test_a_tag_between_blanks_ends_reasoning_where_nothing_else_does():
    assert part_trace(f"<think> {REASONING} </think> {RESPONSE}") == Trace(reasoning=REASONING, response=RESPONSE)


def test_a_response_may_mention_tags():
    text = f"<think>{REASONING}</think>{RESPONSE} A model writes <think> first and </think> last."
    assert part_trace(text).reasoning == REASONING


@pytest.mark.parametrize(
    "text",
    [
        RESPONSE,
        "Models write <think> before and </think> after it.",
        "",
        "Put it between `<think>` and `</think>`. The answer is 5.",
        'The tag "<think>" begins it.',
        "Models write <think> before they answer. The answer is 5.",
        "A model ends it with </think> and goes on. The answer is 5.",
        "x <thin> y </thin>",
        "If 3 < think > 2, the answer is 5.",
        "  The answer is 5.\n",
        "<answer>5</answer>",
        f"{RESPONSE}<|end|>",
        f"3 * 4 = 12.<|end|>\n{RESPONSE}",
    ],
)
def test_words_about_tags_stay_words(text):
    assert part_trace(text) == Trace(reasoning=None, response=text)


def test_no_thought_is_no_reasoning():
    assert part_trace("<think>\n\n</think>\n\nThe answer is 5.") == Trace(reasoning=None, response="The answer is 5.")


def test_no_text_is_no_response():
    assert part_trace(None) == Trace(reasoning=None, response=None)
    assert part_trace(None, "a") == Trace(reasoning="a", response=None)


PIECES = st.sampled_from([*traces._TAGS, *traces._TAGS.values(), "a", "\n", " ", "`", "5."])


@given(st.lists(PIECES, max_size=12).map("".join), st.none() | st.sampled_from(["", "why"]))
def test_nothing_but_tags_and_blanks_is_lost_or_made_up(text, channel):
    parts = part_trace(text, channel)
    for sign in "5`w":
        kept = (parts.reasoning or "").count(sign) + (parts.response or "").count(sign)
        assert kept == ((channel or "") + text).count(sign)


@given(st.text(max_size=40), st.text(max_size=40))
def test_what_was_written_with_tags_is_read_again(reasoning, response):
    assume(reasoning.strip() and not traces._ANY.search(reasoning + response))
    parts = part_trace(f"<think>\n{reasoning}\n</think>\n\n{response}")
    assert parts.reasoning == reasoning.strip()
    assert join_parts(None, parts.response) == traces._unwrap(response)


@pytest.mark.parametrize(
    "text",
    ["x <think> ", "<think>", "</think>", "x </think> ", "\n</think>", "<think>a</reasoning>", " <think>a</think>"],
)
def test_many_tags_take_linear_work(text):
    counts = []
    for number in (200, 2_000):
        calls = 0

        def count(_frame, event, _argument):
            nonlocal calls
            calls += event == "line"
            return count

        before = sys.gettrace()
        sys.settrace(count)
        try:
            part_trace(text * number)
        finally:
            sys.settrace(before)
        counts.append(calls)
    assert counts[1] < 12 * counts[0]
