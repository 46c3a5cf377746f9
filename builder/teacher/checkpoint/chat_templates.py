"""Chat templates of checkpoints, rendered in a process of its own with bounded time, memory and output."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import InputError
from ...line_process import LineProcess

OWN_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message.role + '|>' + message.content + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
"""Chat template of students from scratch: the role, the content, an end token. It is ours, and rendered here."""

SECONDS = 5
"""The longest that a template may take for one chat: real ones take a millisecond."""
_PATIENCE_S = 120.0
"""How long the process may take to start and to answer. It ends itself before."""
LONGEST = 2_000_000
"""Characters of text around the messages that a template may write."""

_PROBE = ({"role": "user", "content": "What is 2 + 3?"},)
_WORKER = LineProcess([sys.executable, "-P", "-m", "cotloom.builder.teacher.checkpoint.chat_worker"])


def check_chat_template(tokenizer: Any, name: str, key: str) -> None:
    """Check that a tokenizer's chat template, if it has one, renders a chat of one question.

    Args:
        tokenizer: the tokenizer of a checkpoint.
        name: the checkpoint, for the message.
        key: the recipe key that names it.

    Raises:
        InputError: it doesn't, or it takes too long, or too much memory.
    """
    if not tokenizer.chat_template:
        return
    try:
        text = render_chat(tokenizer, _PROBE)
    except InputError as error:
        raise InputError(f"the checkpoint {name}: {error.message}", hint=error.hint, keys=(key,)) from error
    if not text.strip():
        raise InputError(f"the checkpoint {name}: its chat template renders nothing", hint=_HINT, keys=(key,))


_HINT = "take another checkpoint, or delete its chat template: the messages are then joined by blank lines"


def render_chat(tokenizer: Any, messages: Sequence[Mapping[str, str]]) -> str:
    """Render a chat with the chat template of a tokenizer, up to where the next answer of the assistant begins.

    Raises:
        InputError: the template fails, takes longer than `SECONDS`, or takes too much memory.
    """
    if tokenizer.chat_template == OWN_TEMPLATE:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    request = {
        "template": _get_template(tokenizer),
        "messages": [dict(message) for message in messages],
        "variables": {name: value for name, value in tokenizer.special_tokens_map.items() if value is not None},
        "seconds": SECONDS,
        "longest": LONGEST + 8 * sum(len(message["content"]) for message in messages),
    }
    answer = _WORKER.ask_object(request, _PATIENCE_S)
    if answer is None:
        answer = {"error": f"it does not end within {SECONDS} seconds, or takes too much memory"}
    if "text" not in answer:
        raise InputError(f"its chat template can't render a chat: {answer['error']}", hint=_HINT)
    return str(answer["text"])


def _get_template(tokenizer: Any) -> str:
    """Get the text of a chat template: of several, the one without a name of its own."""
    template = tokenizer.chat_template
    if isinstance(template, Mapping):
        template = template.get("default")
    if not isinstance(template, str):
        raise InputError("its chat template is no text", hint=_HINT)
    return template
