"""Load a checkpoint: the one place that calls transformers for it, and never runs code of the checkpoint's own."""

from dataclasses import dataclass
from typing import Any

from ...errors import InputError
from .chat_templates import check_chat_template
from .files import check_checkpoint


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """A model and its tokenizer."""

    model: Any
    """The model, on the processor."""
    tokenizer: Any
    """Its tokenizer, with a padding token."""


def load_pretrained(name: str, *, key: str, dtype: str, revision: str | None = None, **options: Any) -> Checkpoint:
    """Load a checkpoint from a folder or from the Hub.

    Args:
        name: the folder, or the name on the Hub.
        key: the recipe key that names it, for messages.
        dtype: of the weights, by its name in torch.
        revision: branch, tag or commit on the Hub; None for `main`.
        options: of the tokenizer.

    Raises:
        InputError: torch and transformers are not installed, or the checkpoint can't be loaded: it asks for code, its
            weights are a pickle, a file is damaged or hostile, or its chat template does not render.
    """
    _check_libraries()
    try:
        check_checkpoint(name, revision, key)
        checkpoint = _load(name, revision or "main", dtype, options)
        _check_generation(checkpoint)
    except InputError:
        raise
    except Exception as error:  # whatever a damaged file makes the libraries raise
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise InputError(
            f"the checkpoint {name} can't be loaded: {reason[:300]}",
            hint=f"{key} is a folder with a model and its tokenizer, or a name on the Hub",
            keys=(key,),
        ) from error
    check_chat_template(checkpoint.tokenizer, name, key)
    return checkpoint


def get_device() -> str:
    """`cuda` where there is a GPU, else `cpu`.

    Raises:
        InputError: torch and transformers are not installed.
    """
    _check_libraries()
    import torch  # noqa: PLC0415 - see below

    return "cuda" if torch.cuda.is_available() else "cpu"


def _check_libraries() -> None:
    try:
        import torch  # noqa: F401, PLC0415 - heavy, and only checkpoints need it
        import transformers  # noqa: F401, PLC0415 - same
    except ImportError as error:
        raise InputError("a checkpoint needs torch and transformers", hint="pip install 'cotloom[train]'") from error


def _load(name: str, revision: str, dtype: str, options: dict[str, Any]) -> Checkpoint:
    import torch  # noqa: PLC0415 - see above
    import transformers  # noqa: PLC0415 - see above

    safe: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
    config = transformers.AutoConfig.from_pretrained(name, **safe)
    kind: Any = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
    tokenizer = transformers.AutoTokenizer.from_pretrained(name, **safe, **options)
    model = kind.from_pretrained(name, **safe, use_safetensors=True, dtype=getattr(torch, dtype))
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return Checkpoint(model=model.eval(), tokenizer=tokenizer)


def _check_generation(checkpoint: Checkpoint) -> None:
    """Generate one token, so that settings that no answer can be sampled with are found before anything is."""
    import torch  # noqa: PLC0415 - see above

    encoded = checkpoint.tokenizer("2 + 3", return_tensors="pt")
    inputs = {name: encoded[name] for name in ("input_ids", "attention_mask")}
    with torch.inference_mode():
        checkpoint.model.generate(
            **inputs, max_new_tokens=1, do_sample=False, pad_token_id=checkpoint.tokenizer.pad_token_id
        )
