"""The student: a model and its tokenizer on one device."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Student:
    """A language model with its tokenizer."""

    model: Any
    """A transformers model, decoder-only or encoder-decoder; a peft model where it has a soft prompt or LoRA."""
    tokenizer: Any
    """Its fast tokenizer, with `eos_token_id` and `pad_token_id`."""
    device: str
    """`cpu` or `cuda`."""
    prompt_tokens: int = 0
    """Length of the soft prompt before its input; 0 for none."""
    prompts: Mapping[str, Any] = field(default_factory=dict)
    """Soft prompts of tasks, tensors of shape (tokens, width): `soft_prompts` puts them before the input."""

    @property
    def has_encoder(self) -> bool:
        """Whether the model is an encoder-decoder."""
        return bool(self.model.config.is_encoder_decoder)

    @property
    def window(self) -> int:
        """Maximum tokens of prompt and answer together; 0 where there is no limit."""
        return int(getattr(self.model.config, "max_position_embeddings", None) or 0)
