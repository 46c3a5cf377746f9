"""Bespoke curator as a client. It runs with a Python of its own: `--curator-python`."""

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from usage import measuring, read_job, report

JOB = read_job()
SPEC = find_spec("litellm")
if SPEC is None or SPEC.origin is None:
    raise ImportError("curator comes with litellm, whose table of tokens is needed where there is no network")
os.environ |= {
    "OPENAI_API_KEY": "none",
    "TELEMETRY_ENABLED": "false",
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "CURATOR_CACHE_DIR": JOB["store"],
    "HF_HUB_OFFLINE": "1",
    "TIKTOKEN_CACHE_DIR": str(Path(SPEC.origin).parent / "litellm_core_utils" / "tokenizers"),
    "LITELLM_LOCAL_MODEL_COST_MAP": "true",
}

from bespokelabs import curator  # noqa: E402 - reads the environment as it is imported

UNLIMITED = 10**9


class Asker(curator.LLM):
    """Asks the question of a row."""

    def prompt(self, row: dict[str, Any]) -> str:
        """Write the prompt."""
        return f"{row['q']}\n\nThink."

    def parse(self, row: dict[str, Any], response: str) -> dict[str, Any]:
        """Keep the answer."""
        return {"question": row["q"], "response": response}


def main() -> None:
    """Ask and measure."""
    rows = [json.loads(line) for line in Path(JOB["questions"]).read_text(encoding="utf-8").splitlines()]
    told: dict[str, Any] = {}
    asker = Asker(
        model_name="gpt-4o-mini",
        backend="openai",
        backend_params={
            "base_url": JOB["url"],
            "max_requests_per_minute": UNLIMITED,
            "max_tokens_per_minute": UNLIMITED,
            "max_concurrent_requests": JOB["at_once"],
            "request_timeout": max(1, round(JOB["timeout_s"])),
            "require_all_responses": False,
        },
    )
    with measuring(told):
        answered = asker(rows)
        told["answers"] = len(getattr(answered, "dataset", answered))
    report(told)


if __name__ == "__main__":
    main()
