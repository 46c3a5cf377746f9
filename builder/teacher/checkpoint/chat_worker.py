"""A process that renders chat templates of strangers' checkpoints, so that a hostile one can't take ours with it.

It reads requests from stdin, one JSON object a line, and writes an answer to each. Its memory is limited, and it ends
itself where a template does not end. Templates run in the sandbox of transformers.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import TemplateError

from ...line_process import serve_lines

MEMORY = 1 << 30
"""Bytes that a template may take beyond what the process itself takes."""


def main() -> None:
    """Answer requests until stdin ends."""
    from transformers.utils.chat_template_utils import render_jinja_template  # noqa: PLC0415 - takes a second

    serve_lines(partial(_render, render_jinja_template), MEMORY)


def _render(render: Any, request: Mapping[str, Any]) -> dict[str, str]:
    try:
        (text,), _ = render(
            conversations=[request["messages"]],
            chat_template=request["template"],
            add_generation_prompt=True,
            **request["variables"],
        )
    except (TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    except (TypeError, ValueError, AssertionError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    return {"text": text} if len(text) <= request["longest"] else {"error": f"it renders {len(text):,} characters"}


if __name__ == "__main__":
    main()
