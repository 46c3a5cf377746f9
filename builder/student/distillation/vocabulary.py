"""The student's vocabulary as text: which text each token stands for, and which token stands for a text.

Vocabularies write the space before a word in different ways, or not at all. They are compared by the text that a token
adds in the middle of a text.
"""

from collections.abc import Sequence
from typing import Any


def decode_vocabulary(tokenizer: Any) -> dict[int, str]:
    """Decode every token: the text that it adds in the middle of a text, by id.

    Args:
        tokenizer: a fast tokenizer of transformers.

    Returns:
        Texts by token id, without special tokens and tokens that are part of a character.
    """
    special = {token_id for token_id, token in tokenizer.added_tokens_decoder.items() if token.special}
    ids = sorted(set(tokenizer.get_vocab().values()) - special - set(tokenizer.all_special_ids))
    before = (tokenizer.encode("a", add_special_tokens=False) or ids)[-1]
    decode = tokenizer.backend_tokenizer.decode_batch
    (prefix,) = decode([[before]], skip_special_tokens=False)
    texts = decode([[before, token] for token in ids], skip_special_tokens=False)
    added = {token: text[len(prefix) :] for token, text in zip(ids, texts, strict=True) if text.startswith(prefix)}
    return {token: text for token, text in added.items() if text and "\ufffd" not in text}


def make_token_lookup(tokenizer: Any) -> dict[str, int]:
    """Map each text that is a single token in the middle of a text to the id of the token.

    Where several tokens decode to it, it is the one that the tokenizer itself gives, else the lowest id.

    Args:
        tokenizer: a fast tokenizer of transformers.
    """
    tokens: dict[str, list[int]] = {}
    for token, text in decode_vocabulary(tokenizer).items():
        tokens.setdefault(text, []).append(token)
    return {text: _choose_token(tokenizer, text, ids) if len(ids) > 1 else ids[0] for text, ids in tokens.items()}


def _choose_token(tokenizer: Any, text: str, ids: Sequence[int]) -> int:
    encoded = (tokenizer.encode(before + text, add_special_tokens=False)[-1:] for before in ("\n", ".", "a"))
    return next((last[0] for last in encoded if last and last[0] in ids), min(ids))
