"""Small caches and outputs of other tools, in the shapes that their documentation and code describe."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PARAMETERS = {"temperature": 1, "max_tokens": 64}
"""Generation parameters, as a user of curator gives them."""
SAMPLING = {"temperature": 1.0, "max_tokens": 64}
"""The same in a recipe."""


def ask(question: str) -> list[dict[str, str]]:
    """The prompt that the recipe of these tests makes of a question."""
    return [{"role": "user", "content": f"{question}\n\nThink, then answer."}]


def reply(*texts: str, number: int = 0, finish_reason: str = "stop", model: str = "m") -> dict[str, Any]:
    """A chat completion, as a server sends it."""
    choices = [
        {"index": place, "finish_reason": finish_reason, "message": {"role": "assistant", "content": text}}
        for place, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 5 * len(texts), "total_tokens": 10 + 5 * len(texts)}
    return {"id": f"c{number}", "object": "chat.completion", "model": model, "choices": choices, "usage": usage}


def write_lines(path: Path, rows: Sequence[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def make_curator_row(question: str, completion: Any, number: int = 0, **changes: Any) -> dict[str, Any]:
    """A line of an online run of curator 0.1.2x."""
    request = {
        "model": "m",
        "messages": ask(question),
        "response_format": None,
        "original_row": {"problem": question},
        "original_row_idx": number,
        "generation_params": PARAMETERS,
        "is_multimodal_prompt": False,
        **changes.pop("request", {}),
    }
    choices = completion["choices"] if completion else []
    return {
        "response_message": choices[0]["message"]["content"] if choices else None,
        "parsed_response_message": None,
        "response_errors": None if completion else ["API Error: 500(x10)"],
        "raw_response": completion,
        "raw_request": {"model": "m", "messages": ask(question), **PARAMETERS},
        "generic_request": request,
        "created_at": "2026-01-01 10:00:00.000000",
        "finished_at": "2026-01-01 10:00:01.000000",
        "token_usage": {"input": 10, "output": 5, "total": 15} if completion else None,
        "response_cost": 0.001 if completion else None,
        "finish_reason": "stop" if completion else None,
        **changes,
    }


def make_batch_row(question: str, completion: Any, number: int = 0) -> dict[str, Any]:
    """A line of a batch run of curator: the server's response is inside the line of the batch's output file."""
    raw = {"id": f"b{number}", "custom_id": str(number), "response": {"status_code": 200, "body": completion}}
    return make_curator_row(question, completion, number, raw_response=raw, raw_request=None)


def make_early_row(question: str, completion: Any, number: int = 0) -> dict[str, Any]:
    """A line of an early release of curator: parameters in the request as sent, tokens under the server's names."""
    row = make_curator_row(question, completion, number, token_usage=completion["usage"])
    del row["generic_request"]["generation_params"]
    del row["generic_request"]["is_multimodal_prompt"]
    del row["finish_reason"]
    return row


def make_messages_row(question: str, text: str, number: int = 0) -> dict[str, Any]:
    """A line of curator with another service's response, which is no chat completion."""
    raw = {"id": f"msg{number}", "type": "message", "content": [{"type": "text", "text": text}], "usage": {}}
    row = make_curator_row(question, reply(text), number, raw_response=raw)
    return {**row, "finish_reason": "end_turn"}


def make_distilabel_row(question: str, text: str | None, **changes: Any) -> dict[str, Any]:
    """A row of distilabel 1.5."""
    metadata = {
        "raw_input_text_generation_0": ask(question),
        "raw_output_text_generation_0": text,
        "statistics_text_generation_0": {"input_tokens": 10, "output_tokens": 5},
    }
    return {
        "instruction": question,
        "generation": text,
        "distilabel_metadata": metadata,
        "model_name": "m",
        **changes,
    }


def make_grouped_row(question: str, *texts: str) -> dict[str, Any]:
    """A row with several generations in lists (`group_generations`)."""
    metadata = [make_distilabel_row(question, text)["distilabel_metadata"] for text in texts]
    return {"instruction": question, "generation": [*texts], "distilabel_metadata": metadata, "model_name": "m"}


def make_rawless_row(question: str, text: str) -> dict[str, Any]:
    """A row of distilabel 1.2, without the raw input."""
    metadata = {"raw_output_text_generation_0": text}
    return {"instruction": question, "generation": text, "distilabel_metadata": metadata, "model_name": "m"}


def write_batch(path: Path, rows: Sequence[Any]) -> Path:
    """A batch of a pipeline's cache (`steps_data/STEP_SIGNATURE/batch_N.json`)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    batch = {"seq_no": 0, "step_name": "text_generation_0", "last_batch": True, "data": [rows], "size": len(rows)}
    path.write_text(json.dumps({**batch, "type_info": {"module": "distilabel.pipeline.batch", "name": "_Batch"}}))
    return path


def write_parquet(path: Path, rows: Sequence[Any]) -> Path:
    """The output of a pipeline's last step, in its cache or on the Hub."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([*rows]), path)
    return path


def write_arrow(path: Path, rows: Sequence[Any]) -> Path:
    """A dataset that was saved to disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist([*rows])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    return path


def make_nemo_row(question: str, text: str, **changes: Any) -> dict[str, Any]:
    """A line of `ns generate`: the row of the input with the generation."""
    return {
        "generation": text,
        "num_generated_tokens": 5,
        "num_input_tokens": 10,
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        "finish_reason": "stop",
        "serialized_output": [{"role": "assistant", "content": text}],
        "generation_time": 1.5,
        "problem": question,
        "expected_answer": "5",
        **changes,
    }


def make_early_nemo_row(question: str, text: str) -> dict[str, Any]:
    """A line of an early release of NeMo-Skills: the generation and the row."""
    return {"generation": text, "problem": question, "expected_answer": "5"}
