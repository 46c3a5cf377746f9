"""The student: a model with its tokenizer, on the device that there is."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Student:
    """A model that can be trained and asked."""

    model: Any
    """A transformers model, decoder only or with an encoder; one of peft's where it has a soft prompt or LoRA."""
    tokenizer: Any
    """Its fast tokenizer. It has `eos_token_id` and `pad_token_id`."""
    device: str
    """`cpu` or `cuda`."""
    prompt_tokens: int = 0
    """Length of the soft prompt before its input; 0 for none."""

    @property
    def has_encoder(self) -> bool:
        """Whether it reads with an encoder and says with a decoder."""
        return bool(self.model.config.is_encoder_decoder)

    @property
    def window(self) -> int:
        """Tokens that question and answer may have together; 0 where there is no limit."""
        return int(getattr(self.model.config, "max_position_embeddings", None) or 0)
