"""A chat as text: its pieces, put together, are what the student is asked with and what it says."""

import pytest

from cotloom.builder.student.model.chat import CHAT_TEMPLATE, END, render_prompt, split_chat
from tests.student.tiny_students import make_tokenizer

IM_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""As of Qwen and SmolLM: a line end behind the end of a turn."""
FORGETFUL = (
    "{% for message in messages %}<|{{ message.role }}|>"
    "{{ message.content if message.role == 'user' or loop.last else '...' }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
"""A template that leaves earlier answers out, as some leave out earlier reasoning."""
TEMPLATES = {"ours": CHAT_TEMPLATE, "im": IM_TEMPLATE, "none": None}

CHATS = {
    "one turn": [("user", "What is 3 + 4?"), ("assistant", "3 + 4 = 7.")],
    "a system prompt": [("system", "Be short."), ("user", "What is 3 + 4?"), ("assistant", "7")],
    "demonstrations": [
        ("user", "2 + 2?"), ("assistant", "4"), ("user", "4"), ("assistant", "4"),
        ("user", "3 + 4?"), ("assistant", "7"),
    ],
    "an empty answer": [("user", "Say nothing."), ("assistant", ""), ("user", "Again."), ("assistant", "")],
    "line ends": [("user", "A\n\nB\n"), ("assistant", "\nC\n"), ("user", "D"), ("assistant", "E\n")],
    "a special token": [
        ("user", "What is <|end|>?"), ("assistant", "An end."), ("user", "2?"), ("assistant", "<|end|>"),
    ],
}  # fmt: skip


@pytest.fixture(params=TEMPLATES, scope="module")
def tokenizer(request):
    made = make_tokenizer(TEMPLATES[request.param])
    if request.param == "im":
        made.add_special_tokens({"eos_token": "<|im_end|>"})
    return made


@pytest.fixture(params=CHATS)
def chat(request):
    return [{"role": role, "content": content} for role, content in CHATS[request.param]]


def join_segments(tokenizer, pieces):
    """The pieces as one text, with the ends of turns that the student says too."""
    return "".join(piece.text + tokenizer.eos_token * piece.ends_turn for piece in pieces)


def escape(text):
    return text.replace("<|end|>", "< |end|>")


@pytest.mark.parametrize("every_turn", [True, False])
def test_the_pieces_put_together_are_the_prompt_and_the_answer(tokenizer, chat, every_turn):
    whole = render_prompt(tokenizer, chat[:-1]) + escape(chat[-1]["content"]) + tokenizer.eos_token
    assert join_segments(tokenizer, split_chat(tokenizer, chat, every_turn=every_turn)) == whole


def test_what_is_said_is_what_the_assistant_says(tokenizer, chat):
    said = [piece.text for piece in split_chat(tokenizer, chat, every_turn=True) if piece.has_loss]
    assert said == [escape(message["content"]) for message in chat if message["role"] == "assistant"]


def test_only_the_last_answer_is_said_where_others_carry_no_loss(tokenizer, chat):
    pieces = split_chat(tokenizer, chat, every_turn=False)
    assert [piece.has_loss for piece in pieces] == [False, True]
    assert pieces[0].text == render_prompt(tokenizer, chat[:-1])


def test_a_turn_ends_where_the_template_ends_it(tokenizer, chat):
    ended = [piece.ends_turn for piece in split_chat(tokenizer, chat, every_turn=True) if piece.has_loss]
    assert ended == [bool(tokenizer.chat_template)] * (len(ended) - 1) + [True]


def test_an_answer_that_the_template_writes_differently_later_on_is_only_read():
    tokenizer = make_tokenizer(FORGETFUL)
    chat = [{"role": role, "content": content} for role, content in CHATS["demonstrations"]]
    pieces = split_chat(tokenizer, chat, every_turn=True)
    assert [piece.text for piece in pieces if piece.has_loss] == ["7"]
    assert join_segments(tokenizer, pieces) == render_prompt(tokenizer, chat[:-1]) + "7" + END


def test_without_a_template_messages_stand_one_after_the_other():
    tokenizer = make_tokenizer(None)
    assert render_prompt(
        tokenizer, [{"role": "system", "content": "Be short."}, {"role": "user", "content": "2 + 2?"}]
    ) == ("Be short.\n\n2 + 2?\n")
