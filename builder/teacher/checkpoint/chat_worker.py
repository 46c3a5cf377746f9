"""A process that renders chat templates of strangers' checkpoints, so that a hostile one can't take ours with it.

It reads requests from stdin, one JSON object a line, and writes an answer to each. Its memory is limited, and it ends
itself where a template does not end. Templates run in the sandbox of transformers.
"""

import json
import resource
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

MEMORY = 1 << 30
"""Bytes that a template may take beyond what the process itself takes."""


def main() -> None:
    """Answer requests until stdin ends."""
    from transformers.utils.chat_template_utils import render_jinja_template  # noqa: PLC0415 - takes a second

    _limit_memory()
    for line in sys.stdin:
        request = json.loads(line)
        signal.alarm(int(request["seconds"]) + 1)  # the system ends the process where nobody else does
        answer = _render(render_jinja_template, request)
        signal.alarm(0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _limit_memory() -> None:
    """Limit the address space, where the system says how much is taken."""
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


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
