r"""The tokenizer of a student from scratch: words, numbers as one token or by digit, lossless for its alphabet.

    "He has 12 pens.\nSo 12 - 3 = 9."
    He| has| |12| pens|.|\n|So| |12| - |3| = |9|.

A number never includes the space before it, so that it is the same token at every position. Words outside the
vocabulary are split into characters.
"""

import string
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from ...errors import InputError
from .chat import CHAT_TEMPLATE, END, PAD, SPECIAL, UNKNOWN

CONTINUATION = "\ue000"
"""Marks a character that continues a word; from Unicode's private use area, so that it does not occur in texts."""

ALPHABET = frozenset(string.ascii_letters + string.digits + string.punctuation + " \n\t")
"""Characters in every vocabulary."""

LONGEST_WORD = 200
"""Maximum characters of a word that is split into characters; a longer one is unknown."""

_WHOLE, _DIGIT = r"\d+", r"\d"
_WORD = r" ?[^\W\d_]+"
_MARK = r" ?[^\w\s]+(?: (?=\d))?"
_REST = r"\s|\w"


def make_tokenizer(texts: Iterable[str], size: int, numbers: str) -> PreTrainedTokenizerFast:
    """Make a tokenizer with a vocabulary from some texts.

    Args:
        texts: texts that the words are taken from.
        size: maximum size of the vocabulary: every character, then the most frequent words.
        numbers: `whole` or `digits`.
    """
    splitter = _make_pre_tokenizer(numbers)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(piece for piece, _ in splitter.pre_tokenize_str(text))
    letters = sorted(ALPHABET.union(*counts))
    tokens = [*SPECIAL, *letters, *(CONTINUATION + letter for letter in letters)]
    frequent = sorted(counts, key=lambda piece: (-counts[piece], piece))
    tokens += [piece for piece in frequent if len(piece) > 1][: max(0, size - len(tokens))]
    return _build_tokenizer(tokens, splitter)


def extend_tokenizer(tokenizer: Any, texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Add the words of further texts to a vocabulary; existing ids do not change.

    Args:
        tokenizer: one that `make_tokenizer` made.
        texts: texts that the new words are taken from.
        size: maximum number of new tokens.
    """
    splitter = tokenizer.backend_tokenizer.pre_tokenizer
    known = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    existing = set(known)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(piece for piece, _ in splitter.pre_tokenize_str(text))
    letters = sorted(ALPHABET.union(*counts))
    characters = [token for letter in letters for token in (letter, CONTINUATION + letter) if token not in existing]
    frequent = sorted(counts, key=lambda piece: (-counts[piece], piece))
    words = [piece for piece in frequent if len(piece) > 1 and piece not in existing]
    return _build_tokenizer([*known, *characters, *words[: max(0, size - len(characters))]], splitter)


def _make_pre_tokenizer(numbers: str) -> Any:
    number = _WHOLE if numbers == "whole" else _DIGIT
    pattern = Regex(f"{number}|{_WORD}|{_MARK}|{_REST}")
    return pre_tokenizers.Split(pattern, behavior="isolated")


def _build_tokenizer(tokens: Sequence[str], splitter: Any) -> PreTrainedTokenizerFast:
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    model = models.WordPiece(
        vocab=vocabulary,
        unk_token=UNKNOWN,
        continuing_subword_prefix=CONTINUATION,
        max_input_chars_per_word=LONGEST_WORD,
    )
    backend = Tokenizer(model)
    backend.pre_tokenizer = splitter
    backend.decoder = decoders.Sequence([decoders.Replace(CONTINUATION, ""), decoders.Fuse()])
    backend.add_special_tokens(list(SPECIAL))
    fast_tokenizer: Any = PreTrainedTokenizerFast  # untyped in transformers
    tokenizer: PreTrainedTokenizerFast = fast_tokenizer(
        tokenizer_object=backend, eos_token=END, pad_token=PAD, unk_token=UNKNOWN
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.clean_up_tokenization_spaces = False
    return tokenizer


def check_round_trip(tokenizer: Any, texts: Iterable[str], what: str) -> None:
    """Check that texts survive encoding and decoding.

    Args:
        tokenizer: the tokenizer.
        texts: the texts.
        what: what the texts are, for the message.

    Raises:
        InputError: characters of a text are lost.
    """
    for text in texts:
        decoded = tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"], skip_special_tokens=True)
        if _remove_spaces(decoded) != _remove_spaces(text):
            lost = sorted(set(text) - set(decoded) - {" "})
            loss = f"loses {' '.join(map(repr, lost[:5]))}" if lost else f"is decoded to {decoded[:60]!r}"
            raise InputError(
                f"the student's tokenizer can't represent {what}: {text[:60]!r} {loss}",
                hint="use a checkpoint whose tokenizer has these characters, or the student from scratch",
                keys=("model",),
            )


def _remove_spaces(text: str) -> str:
    """Remove the spaces of a text: tokenizers differ in how they restore them."""
    return "".join(text.split(" "))


def add_newline_token(tokenizer: Any) -> bool:
    """Add a token for line ends to a tokenizer that drops them, as T5's does, so that steps stay on separate lines.

    Returns:
        Whether a token was added; the model's embeddings must then be resized.
    """
    has_newline = "\n" in tokenizer.decode(tokenizer("a\nb", add_special_tokens=False)["input_ids"])
    newline = AddedToken("\n", normalized=False)  # matched before the normalizer replaces it by a space
    return not has_newline and bool(tokenizer.add_tokens([newline]))
