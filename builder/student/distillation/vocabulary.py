"""Spelling: which text each token of a student stands for.

Vocabularies write the space before a word each in their own way, or not at all. What a token adds in the middle of a
text is the same thing for all of them.
"""

from collections.abc import Sequence
from typing import Any


def pieces_of(tokenizer: Any) -> dict[int, str]:
    """The text that each token adds in the middle of a text, by id.

    Args:
        tokenizer: a fast tokenizer of transformers.

    Returns:
        Without special tokens, and without tokens that are part of a character.
    """
    special = {place for place, token in tokenizer.added_tokens_decoder.items() if token.special}
    ids = sorted(set(tokenizer.get_vocab().values()) - special - set(tokenizer.all_special_ids))
    before = (tokenizer.encode("a", add_special_tokens=False) or ids)[-1]
    decode = tokenizer.backend_tokenizer.decode_batch
    (lead,) = decode([[before]], skip_special_tokens=False)
    texts = decode([[before, token] for token in ids], skip_special_tokens=False)
    pieces = {token: text[len(lead) :] for token, text in zip(ids, texts, strict=True) if text.startswith(lead)}
    return {token: piece for token, piece in pieces.items() if piece and "\ufffd" not in piece}


def lookup_of(tokenizer: Any) -> dict[str, int]:
    """The one token that spells a piece of text in the middle of a text.

    Of several, it is the one that the tokenizer itself gives there, else the lowest.

    Args:
        tokenizer: a fast tokenizer of transformers.
    """
    spellings: dict[str, list[int]] = {}
    for token, piece in pieces_of(tokenizer).items():
        spellings.setdefault(piece, []).append(token)
    return {piece: _usual(tokenizer, piece, ids) if len(ids) > 1 else ids[0] for piece, ids in spellings.items()}


def _usual(tokenizer: Any, piece: str, ids: Sequence[int]) -> int:
    written = (tokenizer.encode(before + piece, add_special_tokens=False)[-1:] for before in ("\n", ".", "a"))
    return next((last[0] for last in written if last and last[0] in ids), min(ids))
