"""Backend `transformers`: a local checkpoint, sampled in this process, in batches, with log probabilities."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from ....schemas.ids import digest, rank
from ....schemas.prompt import LocalSampling
from ....schemas.runtime import Runtime
from ....schemas.sample import Usage
from ....schemas.teacher import TransformersTeacher
from ...errors import InputError
from ...files import digest_file
from ...progress import track
from ...recipe import LoadedRecipe
from ..chat_templates import render_chat
from ..checkpoint import get_device, load_pretrained
from ..provenance import Provenance, read_provenance
from ..request import LEAST_LOGPROB, Answer
from .batching import open_batches
from .prompted import open_prompted
from .protocol import CompletionRequest, OpenedBackend, Results, Sender, make_received
from .token_texts import make_token_logprobs

MAX_TOKENS = 512
"""The longest answer where the recipe names none, in tokens."""

CONTENT = frozenset({".safetensors", ".bin", ".json", ".jinja", ".model", ".txt"})
"""Endings of the files in a checkpoint's folder that decide its answers."""


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """A model and its tokenizer, on a device."""

    model: Any
    tokenizer: Any
    device: str
    simulated: bool
    """Whether it was trained on text of the simulated teacher."""

    @property
    def window(self) -> int:
        """The most tokens of prompt and answer together."""
        return int(getattr(self.model.config, "max_position_embeddings", None) or 1_000_000)


def open_backend(
    loaded: LoadedRecipe, key: str, teacher: TransformersTeacher, problems: pl.DataFrame, runtime: Runtime
) -> OpenedBackend:
    """Open a local checkpoint. The weights are loaded with the first request.

    Raises:
        InputError: a file of the checkpoint or the demonstrations can't be read.
    """
    return open_prompted(
        loaded,
        key,
        teacher,
        problems,
        model=get_model_name(teacher),
        endpoint="transformers",
        sampling=make_sampling_parameters(teacher),
        open_sender=lambda: open_sender(teacher, runtime),
        turn="transformers",
    )


def get_model_name(teacher: TransformersTeacher) -> str:
    """Get the teacher's name in samples: its name on the Hub, or the last part of the path of a local folder."""
    return Path(teacher.model).resolve().name if Path(teacher.model).is_dir() else teacher.model


def make_sampling_parameters(teacher: TransformersTeacher) -> dict[str, Any]:
    """Make the sampling parameters that decide an answer; for a local checkpoint also a digest of its files.

    The digest tells another checkpoint in the same folder apart, and recognizes the same one in another folder.

    Raises:
        InputError: a file of the checkpoint can't be read.
    """
    parameters = {name: value for name, value in teacher.sampling.model_dump().items() if value is not None}
    folder = Path(teacher.model)
    return {**parameters, "checkpoint": _digest_files(folder)} if folder.is_dir() else parameters


def _digest_files(folder: Path) -> str:
    """Digest the weights, the settings and the tokenizer in a folder."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in CONTENT and path.is_file())
        return digest([[path.name, *digest_file(path)] for path in track(files, "reading the checkpoint", every=1)])
    except OSError as error:
        raise InputError(f"the checkpoint can't be read: {error}", keys=("teacher.model",)) from error


@asynccontextmanager
async def open_sender(teacher: TransformersTeacher, runtime: Runtime) -> AsyncIterator[Sender]:
    """Open what samples answers in batches, the longest prompts first.

    Raises:
        InputError: its provenance file can't be read.
    """
    async with open_batches(lambda requests: complete_requests(requests, teacher), runtime.batch_size) as sender:
        yield sender


def complete_requests(requests: Sequence[CompletionRequest], teacher: TransformersTeacher) -> Results:
    """Sample one answer to each request.

    Raises:
        InputError: torch and transformers are not installed, the checkpoint can't be loaded, or its provenance file
            can't be read.
    """
    checkpoint = _load_checkpoint(teacher.model, read_provenance(teacher.model))
    prompts = [(_render_prompt(checkpoint.tokenizer, request), request) for request in requests]
    return _complete_batch(checkpoint, prompts, teacher.sampling)


@lru_cache(maxsize=1)
def _load_checkpoint(name: str, provenance: Provenance | None) -> _Checkpoint:
    device = get_device()
    loaded = load_pretrained(
        name, key="teacher.model", dtype="bfloat16" if device == "cuda" else "float32", padding_side="left"
    )
    simulated = provenance is not None and provenance.simulated
    return _Checkpoint(loaded.model.to(device), loaded.tokenizer, device, simulated=simulated)


def _render_prompt(tokenizer: Any, request: CompletionRequest) -> str:
    """Render messages with the chat template; without one, join them."""
    chat = [{"role": message.role.value, "content": message.content} for message in request.request.messages]
    if tokenizer.chat_template:
        return render_chat(tokenizer, chat)
    return "\n\n".join(message["content"] for message in chat) + "\n"


def _complete_batch(
    checkpoint: _Checkpoint, prompts: Sequence[tuple[str, CompletionRequest]], sampling: LocalSampling
) -> Results:
    """Sample one answer to each prompt that fits into the window; the others are refused."""
    max_tokens = sampling.max_tokens or MAX_TOKENS
    lengths = [len(ids) for ids in checkpoint.tokenizer([prompt for prompt, _ in prompts])["input_ids"]]
    fits = [length + max_tokens <= checkpoint.window for length in lengths]
    detail = f"the prompt is too long: {{}} tokens, and {max_tokens} for the answer, of {checkpoint.window}"
    refused = [
        (request, Answer(text=None, cost_usd=0.0, refusal=detail.format(length)))
        for (_, request), length, fit in zip(prompts, lengths, fits, strict=True)
        if not fit
    ]
    fitting = [pair for pair, fit in zip(prompts, fits, strict=True) if fit]
    answers = _generate(checkpoint, fitting, sampling, max_tokens) if fitting else []
    completed = ((request, answer) for (_, request), answer in zip(fitting, answers, strict=True))
    return [*make_received([*refused, *completed])]


def _generate(
    checkpoint: _Checkpoint, prompts: Sequence[tuple[str, CompletionRequest]], sampling: LocalSampling, max_tokens: int
) -> list[Answer]:
    import torch  # noqa: PLC0415 - see above

    encoded = checkpoint.tokenizer([prompt for prompt, _ in prompts], return_tensors="pt", padding=True)
    encoded = {name: encoded[name].to(checkpoint.device) for name in ("input_ids", "attention_mask")}
    keys = [f"{request.request.digest}{request.sample_index}" for _, request in prompts]
    torch.manual_seed(rank("batch", "".join(keys)) % 2**31)
    with torch.inference_mode():
        output = checkpoint.model.generate(
            **encoded,
            max_new_tokens=max_tokens,
            pad_token_id=checkpoint.tokenizer.pad_token_id,
            **_make_generate_options(sampling),
        )
        decoder_only = not checkpoint.model.config.is_encoder_decoder
        begin = encoded["input_ids"].shape[1] if decoder_only else 1
        logprobs = _compute_logprobs(checkpoint, encoded, output, begin) if sampling.top_logprobs else None
    return [
        _make_answer(
            checkpoint,
            output[row, begin:].tolist(),
            int(encoded["attention_mask"][row].sum()),
            None if logprobs is None else logprobs[row],
            sampling.top_logprobs,
        )
        for row in range(len(prompts))
    ]


def _make_generate_options(sampling: LocalSampling) -> dict[str, Any]:
    penalty = {} if sampling.repetition_penalty is None else {"repetition_penalty": sampling.repetition_penalty}
    if sampling.temperature == 0:
        return {"do_sample": False, **penalty}
    return {
        "do_sample": True,
        "temperature": sampling.temperature or 1.0,
        "top_p": sampling.top_p or 1.0,
        "top_k": sampling.top_k or 0,
        "min_p": sampling.min_p,
        **penalty,
    }


def _compute_logprobs(checkpoint: _Checkpoint, encoded: Any, output: Any, begin: int) -> Any:
    """Compute log probabilities at every generated position, shape (rows, positions, vocabulary).

    They are the model's own, before temperature, as chat servers report them.
    """
    import torch  # noqa: PLC0415 - see above

    if checkpoint.model.config.is_encoder_decoder:
        logits = checkpoint.model(**encoded, decoder_input_ids=output[:, :-1]).logits
    else:
        fill = torch.ones(output.shape[0], output.shape[1] - begin, dtype=encoded["attention_mask"].dtype)
        mask = torch.cat([encoded["attention_mask"], fill.to(checkpoint.device)], dim=1)
        logits = checkpoint.model(input_ids=output, attention_mask=mask).logits[:, begin - 1 : -1]
    return torch.log_softmax(logits.float(), dim=-1).clamp(min=LEAST_LOGPROB)


def _make_answer(checkpoint: _Checkpoint, ids: list[int], prompt_tokens: int, logprobs: Any, top: int) -> Answer:
    tokenizer = checkpoint.tokenizer
    stop_ids = _find_stop_ids(checkpoint)
    end = next((position for position, token in enumerate(ids) if token in stop_ids), None)
    kept = ids if end is None else ids[:end]
    return Answer(
        text=tokenizer.decode(kept, skip_special_tokens=True),
        finish_reason="length" if end is None else "stop",
        usage=Usage(prompt_tokens=prompt_tokens, completion_tokens=len(kept)),
        cost_usd=0.0,
        token_logprobs=None if logprobs is None else tuple(make_token_logprobs(tokenizer, kept, logprobs, top)),
        simulated=checkpoint.simulated,
    )


def _find_stop_ids(checkpoint: _Checkpoint) -> set[int]:
    """Find the tokens that end an answer."""
    eos = checkpoint.model.generation_config.eos_token_id
    ids = (
        *(eos if isinstance(eos, list) else [eos]),
        checkpoint.tokenizer.eos_token_id,
        checkpoint.tokenizer.pad_token_id,
    )
    return {token for token in ids if token is not None}
