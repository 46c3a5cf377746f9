"""Backend `transformers`: a local checkpoint, sampled in this process, in batches, with log probabilities."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....schemas.ids import digest, format_canonical, rank
from ....schemas.prompt import LocalSampling
from ....schemas.runtime import Runtime
from ....schemas.sample import Usage
from ....schemas.teacher import TransformersTeacher
from ...errors import InputError
from ...files import digest_file
from ...progress import track
from ...recipe import LoadedRecipe
from ..asked import AskedProblems
from ..checkpoint import get_device, load_pretrained
from ..checkpoint.chat_templates import render_chat
from ..checkpoint.provenance import Provenance, read_provenance
from ..request import Answer
from .batching import open_batches
from .prompted import open_prompted
from .protocol import CompletionRequest, OpenedBackend, Results, Sender, make_received
from .token_texts import make_token_logprobs

if TYPE_CHECKING:
    from .row_sampling import LogprobRecorder, RankedTokens

MAX_TOKENS = 512
"""The longest answer where the recipe names none, in tokens."""

CONTENT = frozenset({".safetensors", ".bin", ".json", ".jinja", ".model", ".txt"})
"""Endings of the files in a checkpoint's folder that decide its answers."""

_CHECKPOINT = "checkpoint"
"""What the digest of the files is called among the sampling parameters."""

PromptedRequest = tuple[str, CompletionRequest]
"""A rendered prompt, and the request that it is of."""


@dataclass(frozen=True, slots=True)
class LocalCheckpoint:
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
    loaded: LoadedRecipe,
    key: str,
    teacher: TransformersTeacher,
    problems: AskedProblems,
    runtime: Runtime,  # noqa: ARG001 - for live teachers
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
        open_sender=lambda: open_sender(teacher),
        longest=teacher.sampling.max_tokens or MAX_TOKENS,
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
    return {**parameters, _CHECKPOINT: _digest_files(folder)} if folder.is_dir() else parameters


def _digest_files(folder: Path) -> str:
    """Digest the weights, the settings and the tokenizer in a folder."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in CONTENT and path.is_file())
        return digest([[path.name, *digest_file(path)] for path in track(files, "reading the checkpoint", every=1)])
    except OSError as error:
        raise InputError(f"the checkpoint can't be read: {error}", keys=("teacher.model",)) from error


@asynccontextmanager
async def open_sender(teacher: TransformersTeacher) -> AsyncIterator[Sender]:
    """Open what samples answers in batches, the longest prompts first."""
    async with open_batches(lambda requests: complete_requests(requests, teacher), teacher.batch_size) as sender:
        yield sender


def complete_requests(requests: Sequence[CompletionRequest], teacher: TransformersTeacher) -> Results:
    """Sample one answer to each request.

    The answer to a request does not depend on what shares its batch, but for rounding: see `row_sampling`. So a build
    that is resumed, which has other batches, samples the same answers.

    Raises:
        InputError: torch and transformers are not installed, the checkpoint can't be loaded, or its provenance file
            can't be read.
    """
    checkpoint = load_checkpoint(teacher)
    prompts = [(_render_prompt(checkpoint.tokenizer, request), request) for request in requests]
    batches = split_batches(prompts, teacher.batch_size)
    return [result for sampling, batch in batches for result in complete_batch(checkpoint, batch, sampling)]


def split_batches(
    prompts: Sequence[PromptedRequest], size: int
) -> Iterator[tuple[LocalSampling, Sequence[PromptedRequest]]]:
    """Split requests into batches of the same sampling parameters, the longest prompts first.

    The batches do not depend on the order of the requests.
    """
    groups: dict[str, list[PromptedRequest]] = {}
    for pair in prompts:
        groups.setdefault(format_canonical(dict(pair[1].request.sampling)), []).append(pair)
    for _, group in sorted(groups.items()):
        known = {name: value for name, value in group[0][1].request.sampling.items() if name != _CHECKPOINT}
        group.sort(key=lambda pair: (-len(pair[0]), pair[1].key))
        for start in range(0, len(group), size):
            yield LocalSampling(**known), group[start : start + size]


def load_checkpoint(teacher: TransformersTeacher) -> LocalCheckpoint:
    """Load the checkpoint of a teacher; once, whoever asks for it again.

    Raises:
        InputError: torch and transformers are not installed, the checkpoint can't be loaded, or its provenance file
            can't be read.
    """
    return _load_checkpoint(teacher.model, read_provenance(teacher.model))


@lru_cache(maxsize=1)
def _load_checkpoint(name: str, provenance: Provenance | None) -> LocalCheckpoint:
    device = get_device()
    loaded = load_pretrained(
        name, key="teacher.model", dtype="bfloat16" if device == "cuda" else "float32", padding_side="left"
    )
    simulated = provenance is not None and provenance.simulated
    return LocalCheckpoint(loaded.model.to(device), loaded.tokenizer, device, simulated=simulated)


def _render_prompt(tokenizer: Any, request: CompletionRequest) -> str:
    """Render messages with the chat template; without one, join them."""
    chat = [{"role": message.role.value, "content": message.content} for message in request.request.messages]
    if tokenizer.chat_template:
        return render_chat(tokenizer, chat)
    return "\n\n".join(message["content"] for message in chat) + "\n"


def complete_batch(checkpoint: LocalCheckpoint, prompts: Sequence[PromptedRequest], sampling: LocalSampling) -> Results:
    """Sample one answer to each prompt that fits into the window; the others are refused."""
    max_tokens = sampling.max_tokens or MAX_TOKENS
    lengths = [len(ids) for ids in checkpoint.tokenizer([prompt for prompt, _ in prompts])["input_ids"]]
    fits = [length + max_tokens <= checkpoint.window for length in lengths]
    detail = f"the prompt is too long: {{}} tokens, and {max_tokens} for the answer, of {checkpoint.window}"
    refused = [
        (request, Answer(text=None, refusal=detail.format(length)))
        for (_, request), length, fit in zip(prompts, lengths, fits, strict=True)
        if not fit
    ]
    fitting = [pair for pair, fit in zip(prompts, fits, strict=True) if fit]
    answers = _generate(checkpoint, fitting, sampling, max_tokens) if fitting else []
    completed = ((request, answer) for (_, request), answer in zip(fitting, answers, strict=True))
    return [*make_received([*refused, *completed])]


def _generate(
    checkpoint: LocalCheckpoint, prompts: Sequence[PromptedRequest], sampling: LocalSampling, max_tokens: int
) -> list[Answer]:
    """Sample an answer to each prompt. The seed of a row comes from its ledger key."""
    from .row_sampling import LogprobRecorder, list_processors  # noqa: PLC0415 - torch is heavy

    encoded = checkpoint.tokenizer([prompt for prompt, _ in prompts], return_tensors="pt", padding=True)
    encoded = {name: encoded[name].to(checkpoint.device) for name in ("input_ids", "attention_mask")}
    seeds = [rank("row", f"{request.request.digest}/{request.sample_index}") for _, request in prompts]
    processors = list_processors(sampling, seeds, checkpoint.device)
    recorder = LogprobRecorder(sampling.top_logprobs) if sampling.top_logprobs else None
    if recorder:
        processors.append(recorder)
    answers = _generate_ids(checkpoint, encoded, sampling, max_tokens, processors, recorder)
    ranked = recorder.collect_rows() if recorder else [None] * len(prompts)
    prompt_tokens = encoded["attention_mask"].sum(dim=1).tolist()
    return [_make_answer(checkpoint, *row) for row in zip(answers, prompt_tokens, ranked, strict=True)]


def _generate_ids(
    checkpoint: LocalCheckpoint,
    encoded: Mapping[str, Any],
    sampling: LocalSampling,
    max_tokens: int,
    processors: Any,
    recorder: "LogprobRecorder | None",
) -> list[list[int]]:
    """Generate the tokens of each answer. transformers takes the greatest score; the processors make it a sample."""
    import torch  # noqa: PLC0415 - heavy

    penalty = {} if sampling.repetition_penalty is None else {"repetition_penalty": sampling.repetition_penalty}
    hook = checkpoint.model.register_forward_hook(recorder.read_logits) if recorder else None
    try:
        with torch.inference_mode():
            output = checkpoint.model.generate(
                **encoded,
                max_new_tokens=max_tokens,
                pad_token_id=checkpoint.tokenizer.pad_token_id,
                do_sample=False,
                num_beams=1,
                logits_processor=processors,
                **penalty,
            )
    finally:
        if hook:
            hook.remove()
    begin = 1 if checkpoint.model.config.is_encoder_decoder else encoded["input_ids"].shape[1]
    ids: list[list[int]] = output[:, begin:].tolist()
    return ids


def _make_answer(
    checkpoint: LocalCheckpoint, ids: list[int], prompt_tokens: int, ranked: "RankedTokens | None"
) -> Answer:
    tokenizer = checkpoint.tokenizer
    stop_ids = _find_stop_ids(checkpoint)
    end = next((position for position, token in enumerate(ids) if token in stop_ids), None)
    kept = ids if end is None else ids[:end]
    return Answer(
        text=tokenizer.decode(kept, skip_special_tokens=True),
        finish_reason="length" if end is None else "stop",
        usage=Usage(prompt_tokens=prompt_tokens, completion_tokens=len(kept)),
        token_logprobs=None if ranked is None else tuple(make_token_logprobs(tokenizer, kept, ranked)),
        simulated=checkpoint.simulated,
    )


def _find_stop_ids(checkpoint: LocalCheckpoint) -> set[int]:
    """Find the tokens that end an answer."""
    eos = checkpoint.model.generation_config.eos_token_id
    ids = (
        *(eos if isinstance(eos, list) else [eos]),
        checkpoint.tokenizer.eos_token_id,
        checkpoint.tokenizer.pad_token_id,
    )
    return {token for token in ids if token is not None}
