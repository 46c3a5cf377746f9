"""Backend `transformers`: a local checkpoint, sampled in this process, in batches, with log probabilities."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cotloom.builder.errors import InputError
from cotloom.builder.files import file_digest
from cotloom.builder.progress import track
from cotloom.builder.teacher.backends.protocol import Answered, Failed, Wanted
from cotloom.builder.teacher.provenance import Origin, read_origin
from cotloom.builder.teacher.request import LEAST_LOGPROB, Answer
from cotloom.schemas.ids import digest, rank
from cotloom.schemas.recipe import Sampling, TransformersTeacher
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Alternative, TokenLogprob, Usage

MAX_TOKENS = 512
"""The longest answer where the recipe names none."""

CONTENT = frozenset({".safetensors", ".bin", ".json", ".jinja", ".model", ".txt"})
"""Endings of the files in a checkpoint's folder that decide what it answers."""

HALF = "\ufffd"
"""What a text ends on in the middle of a character: the next token brings the whole of it."""


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """A model and its tokenizer, on the device that there is."""

    model: Any
    tokenizer: Any
    device: str
    simulated: bool
    """Whether it was trained on the words of the simulated teacher."""

    @property
    def window(self) -> int:
        """Tokens that prompt and answer may have together."""
        return int(getattr(self.model.config, "max_position_embeddings", None) or 1_000_000)


def name_of(teacher: TransformersTeacher) -> str:
    """What samples call the teacher: its name on the Hub, or of a local folder the last part of its path alone."""
    return Path(teacher.model).resolve().name if Path(teacher.model).is_dir() else teacher.model


def sampling_of(teacher: TransformersTeacher) -> dict[str, Any]:
    """The sampling parameters that decide an answer; of a local checkpoint, also a digest of its files.

    One folder may hold another checkpoint tomorrow, which must not be taken to have answered already; and the same
    checkpoint may be named by another path, which must not be asked again.

    Raises:
        InputError: a file of the checkpoint can't be read.
    """
    given = {name: value for name, value in teacher.sampling.model_dump().items() if value is not None}
    folder = Path(teacher.model)
    return {**given, "checkpoint": _content(folder)} if folder.is_dir() else given


def _content(folder: Path) -> str:
    """A digest of the weights, the settings and the tokenizer in a folder."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in CONTENT and path.is_file())
        return digest([[path.name, *file_digest(path)] for path in track(files, "reading the checkpoint", every=1)])
    except OSError as error:
        raise InputError(f"the checkpoint can't be read: {error}", keys=("teacher.model",)) from error


def ask(wanted: Sequence[Wanted], teacher: TransformersTeacher, runtime: Runtime) -> Iterator[list[Answered | Failed]]:
    """Sample answers, the longest prompts first.

    The chance of a batch is drawn from the keys in it, so that the same build samples alike; a build that goes on
    after a kill has other batches, and other answers for what it had not recorded.

    Raises:
        InputError: torch and transformers are not installed, the checkpoint can't be loaded, or it is a student that
            does not say where it comes from.
    """
    if not wanted:
        return
    checkpoint = _loaded(teacher.model, read_origin(teacher.model))
    prompts = [(_prompt(checkpoint.tokenizer, item), item) for item in wanted]
    prompts.sort(key=lambda pair: -len(pair[0]))
    for start in range(0, len(prompts), runtime.batch_size):
        yield _batch(checkpoint, prompts[start : start + runtime.batch_size], teacher.sampling)


@lru_cache(maxsize=1)
def _loaded(name: str, origin: Origin | None) -> _Checkpoint:
    try:
        import torch  # noqa: PLC0415 - heavy, and only this backend needs it
        import transformers  # noqa: PLC0415 - same
    except ImportError as error:
        raise InputError(
            "the backend transformers needs torch and transformers", hint="pip install 'cotloom[train]'"
        ) from error
    try:
        config = transformers.AutoConfig.from_pretrained(name)
        kind = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, padding_side="left")
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        model: Any = kind.from_pretrained(name, dtype=dtype)
        model = model.to(device).eval()
    except (OSError, ValueError) as error:
        raise InputError(
            f"the checkpoint {name} can't be loaded: {str(error).splitlines()[0]}",
            hint="teacher.model is a folder with a model and its tokenizer, or a name on the Hub",
            keys=("teacher.model",),
        ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return _Checkpoint(model, tokenizer, device, simulated=origin is not None and origin.simulated)


def _prompt(tokenizer: Any, wanted: Wanted) -> str:
    """The chat as the model knows it: by its chat template, else the messages one after the other."""
    chat = [{"role": message.role.value, "content": message.content} for message in wanted.request.messages]
    if tokenizer.chat_template:
        return str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))
    return "\n\n".join(message["content"] for message in chat) + "\n"


def _batch(
    checkpoint: _Checkpoint, prompts: Sequence[tuple[str, Wanted]], sampling: Sampling
) -> list[Answered | Failed]:
    longest = sampling.max_tokens or MAX_TOKENS
    lengths = [len(ids) for ids in checkpoint.tokenizer([text for text, _ in prompts])["input_ids"]]
    fits = [length + longest <= checkpoint.window for length in lengths]
    detail = f"the prompt is too long: {{}} tokens, and {longest} for the answer, of {checkpoint.window}"
    failed = [
        Failed(item, detail.format(length))
        for (_, item), length, fit in zip(prompts, lengths, fits, strict=True)
        if not fit
    ]
    fitting = [pair for pair, fit in zip(prompts, fits, strict=True) if fit]
    answers = _generated(checkpoint, fitting, sampling, longest) if fitting else []
    return [*failed, *(Answered(item, answer) for (_, item), answer in zip(fitting, answers, strict=True))]


def _generated(
    checkpoint: _Checkpoint, prompts: Sequence[tuple[str, Wanted]], sampling: Sampling, longest: int
) -> list[Answer]:
    import torch  # noqa: PLC0415 - see above

    encoded = checkpoint.tokenizer([text for text, _ in prompts], return_tensors="pt", padding=True)
    encoded = {name: encoded[name].to(checkpoint.device) for name in ("input_ids", "attention_mask")}
    keys = [f"{item.request.digest}{item.sample_index}" for _, item in prompts]
    torch.manual_seed(rank("batch", "".join(keys)) % 2**31)
    greedy = sampling.temperature == 0
    chance = {"do_sample": True, "temperature": sampling.temperature or 1.0, "top_p": sampling.top_p or 1.0, "top_k": 0}
    with torch.inference_mode():
        output = checkpoint.model.generate(
            **encoded,
            max_new_tokens=longest,
            pad_token_id=checkpoint.tokenizer.pad_token_id,
            **({"do_sample": False} if greedy else chance),
        )
        decoder_only = not checkpoint.model.config.is_encoder_decoder
        begin = encoded["input_ids"].shape[1] if decoder_only else 1
        logprobs = _logprobs(checkpoint, encoded, output, begin) if sampling.top_logprobs else None
    return [
        _answer(
            checkpoint,
            output[row, begin:].tolist(),
            int(encoded["attention_mask"][row].sum()),
            None if logprobs is None else logprobs[row],
            sampling.top_logprobs,
        )
        for row in range(len(prompts))
    ]


def _logprobs(checkpoint: _Checkpoint, encoded: Any, output: Any, begin: int) -> Any:
    """Log probabilities of every token at every generated position, shape (rows, positions, vocabulary).

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


def _answer(checkpoint: _Checkpoint, ids: list[int], prompt_tokens: int, logprobs: Any, top: int) -> Answer:
    tokenizer = checkpoint.tokenizer
    stops = _stops(checkpoint)
    end = next((place for place, token in enumerate(ids) if token in stops), None)
    kept = ids if end is None else ids[:end]
    return Answer(
        text=tokenizer.decode(kept, skip_special_tokens=True),
        finish_reason="length" if end is None else "stop",
        usage=Usage(prompt_tokens=prompt_tokens, completion_tokens=len(kept)),
        cost_usd=0.0,
        token_logprobs=None if logprobs is None else tuple(_tokens(tokenizer, kept, logprobs, top)),
        simulated=checkpoint.simulated,
    )


def _stops(checkpoint: _Checkpoint) -> set[int]:
    """Tokens that end an answer."""
    given = checkpoint.model.generation_config.eos_token_id
    ends = given if isinstance(given, list) else [given]
    every = (*ends, checkpoint.tokenizer.eos_token_id, checkpoint.tokenizer.pad_token_id)
    return {token for token in every if token is not None}


def _tokens(tokenizer: Any, ids: list[int], logprobs: Any, top: int) -> Iterator[TokenLogprob]:
    """Each token with what it adds to the text, so that the tokens spell it, and what its alternatives would add."""
    text, begin, whole = "", 0, 0  # the last token that brought text is at `begin`, and ends before `whole`
    for place, token in enumerate(ids):
        longer = tokenizer.decode(ids[: place + 1], skip_special_tokens=True)
        if longer.endswith(HALF):
            longer = text
        added = longer[len(text) :]
        values, others = logprobs[place].topk(top)
        listed = others.tolist()
        spelled = _added(tokenizer, ids[begin:place], whole - begin, listed)
        yield TokenLogprob(
            token=added,
            logprob=round(float(logprobs[place, token]), 5),
            top=tuple(
                Alternative(token=added if other == token else piece, logprob=round(value, 5))
                for other, piece, value in zip(listed, spelled, values.tolist(), strict=True)
            ),
        )
        text = longer
        begin, whole = (place, place + 1) if added else (begin, whole)


def _added(tokenizer: Any, before: list[int], whole: int, others: Sequence[int]) -> list[str]:
    """What each of some tokens would add behind the tokens before it; a special one, its name.

    Tokenizers that write the space before a word into the word drop it where a text begins, so no token is spelled
    alone. The last one that brought text stands for all before it.

    Args:
        tokenizer: the checkpoint's.
        before: the last token that brought text, and halves of a character behind it.
        whole: how many of these are text already.
        others: the tokens.
    """
    lead = tokenizer.decode(before[:whole], skip_special_tokens=True)
    special = set(tokenizer.all_special_ids)
    names = {other: tokenizer.convert_ids_to_tokens(other) for other in others if other in special}
    texts = [tokenizer.decode([*before, other], skip_special_tokens=True)[len(lead) :] for other in others]
    return [names.get(other, "" if text.endswith(HALF) else text) for other, text in zip(others, texts, strict=True)]
