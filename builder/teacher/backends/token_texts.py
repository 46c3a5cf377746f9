"""The text of generated tokens and of their alternatives, so that the tokens of an answer join to its decoded text.

A token has no text of its own. SentencePiece tokenizers drop the space before the first word, a character may take
several tokens, and a decoder with byte fallback replaces a whole run of bytes once it is invalid UTF-8, the valid
characters at its beginning too. So a token gets what it adds to the decoded text of all tokens.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ....schemas.sample import Alternative, TokenLogprob

if TYPE_CHECKING:  # torch is heavy
    from .row_sampling import RankedTokens

REPLACEMENT = "\ufffd"
"""What a decoder writes for bytes that are no whole character (yet)."""

_BYTE_TOKEN = re.compile(r"<0x[0-9A-F]{2}>")


def make_token_logprobs(tokenizer: Any, ids: Sequence[int], ranked: "RankedTokens") -> Iterator[TokenLogprob]:
    """Give each token of an answer its text, its log probability and its most likely alternatives.

    Args:
        tokenizer: the tokenizer of the checkpoint.
        ids: the tokens of the answer. Their texts join to `decode(ids)`.
        ranked: the log probabilities of at least so many tokens, and of the most likely ones at each.
    """
    chosen, values, candidates = ranked.chosen.tolist(), ranked.values.tolist(), ranked.candidates.tolist()
    text = _decode(tokenizer, ids)
    ends = _find_text_ends(tokenizer, ids, text)
    starts = _find_window_starts(tokenizer, ids, ends)
    for position, (token, start, (begin, end)) in enumerate(zip(ids, starts, pairwise(ends), strict=True)):
        settled = ends.index(begin)
        texts = _decode_candidates(tokenizer, ids[start:position], settled - start, candidates[position])
        texts[token] = text[begin:end]
        yield TokenLogprob(
            token=text[begin:end],
            logprob=round(chosen[position], 5),
            top=tuple(
                Alternative(token=texts[candidate], logprob=round(value, 5))
                for candidate, value in zip(candidates[position], values[position], strict=True)
            ),
        )


def _decode(tokenizer: Any, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=True))


def _find_text_ends(tokenizer: Any, ids: Sequence[int], text: str) -> list[int]:
    """Find how many characters of the answer the first 0, 1, ... tokens settle, shape (len(ids) + 1,).

    A character is settled once later tokens do not change it. What the last tokens leave open is given to the last.
    """
    ends = [0]
    for count in range(1, len(ids)):
        prefix = _decode(tokenizer, ids[:count])
        is_settled = not prefix.endswith(REPLACEMENT) and text.startswith(prefix)
        ends.append(max(ends[-1], len(prefix)) if is_settled else ends[-1])
    return [*ends, len(text)] if ids else ends


def _find_window_starts(tokenizer: Any, ids: Sequence[int], ends: Sequence[int]) -> list[int]:
    """Find for each position where decoding may begin: what stands before changes no text from there on.

    That is the last token that added text and is no byte of a longer run.
    """
    starts = [0]
    for position, (token, (begin, end)) in enumerate(zip(ids, pairwise(ends), strict=True)):
        is_byte = _BYTE_TOKEN.fullmatch(tokenizer.convert_ids_to_tokens(token))
        starts.append(position if end > begin and not is_byte else starts[-1])
    return starts[:-1]


def _decode_candidates(
    tokenizer: Any, window: Sequence[int], settled: int, candidates: Sequence[int]
) -> dict[int, str]:
    """Decode what each candidate would add after a window of tokens; for special tokens their name.

    Args:
        tokenizer: the tokenizer of the checkpoint.
        window: the tokens before, from where decoding may begin.
        settled: how many tokens of the window have their text already.
        candidates: the ids of the candidates.
    """
    length = len(_decode(tokenizer, window[:settled]))
    special = set(tokenizer.all_special_ids)
    texts = {}
    for candidate in candidates:
        text = _decode(tokenizer, [*window, candidate])[length:]
        name = tokenizer.convert_ids_to_tokens(candidate) if candidate in special else None
        texts[candidate] = name or ("" if text.endswith(REPLACEMENT) else text)
    return texts
