r"""The tokenizer of a student from scratch: whole words, numbers as one token or by digit, and no text that it loses.

    "He has 12 pens.\nSo 12 - 3 = 9."
    He| has| |12| pens|.|\n|So| |12| - |3| = |9|.

A number never carries its space, so that it is one and the same token wherever it stands. What is not in the vocabulary
is spelled, character by character.
"""

import string
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from cotloom.builder.errors import InputError
from cotloom.builder.student.model.chat import CHAT_TEMPLATE, END, PAD, SPECIAL, UNKNOWN
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

CONTINUED = "\ue000"
"""Marks a character that goes on with a word; of Unicode's private area, so that no text holds it."""

ALPHABET = frozenset(string.ascii_letters + string.digits + string.punctuation + " \n\t")
"""Characters that every tokenizer knows."""

LONGEST_WORD = 200
"""Characters of a piece that is still spelled rather than unknown."""

_WHOLE, _DIGIT = r"\d+", r"\d"
_WORD = r" ?[^\W\d_]+"
_MARK = r" ?[^\w\s]+(?: (?=\d))?"
_REST = r"\s|\w"


def make_tokenizer(texts: Iterable[str], size: int, numbers: str) -> PreTrainedTokenizerFast:
    """Make a tokenizer whose words are those of some texts.

    Args:
        texts: what it should read well.
        size: at most so many tokens; the most frequent words are in, and every character.
        numbers: `whole` or `digits`.
    """
    splitter = _splitter(numbers)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(piece for piece, _ in splitter.pre_tokenize_str(text))
    letters = sorted(ALPHABET.union(*counts))
    tokens = [*SPECIAL, *letters, *(CONTINUED + letter for letter in letters)]
    frequent = sorted(counts, key=lambda piece: (-counts[piece], piece))
    tokens += [piece for piece in frequent if len(piece) > 1][: max(0, size - len(tokens))]
    return _tokenizer(tokens, splitter)


def widened(tokenizer: Any, texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """The tokenizer with the words of further texts behind its own, whose ids stay as they are.

    Args:
        tokenizer: one that `make_tokenizer` made.
        texts: what it should read well too.
        size: at most so many tokens more.
    """
    splitter = tokenizer.backend_tokenizer.pre_tokenizer
    known = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    there = set(known)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(piece for piece, _ in splitter.pre_tokenize_str(text))
    letters = sorted(ALPHABET.union(*counts))
    spelled = [token for letter in letters for token in (letter, CONTINUED + letter) if token not in there]
    frequent = sorted(counts, key=lambda piece: (-counts[piece], piece))
    words = [piece for piece in frequent if len(piece) > 1 and piece not in there]
    return _tokenizer([*known, *spelled, *words[: max(0, size - len(spelled))]], splitter)


def _splitter(numbers: str) -> Any:
    number = _WHOLE if numbers == "whole" else _DIGIT
    pattern = Regex(f"{number}|{_WORD}|{_MARK}|{_REST}")
    return pre_tokenizers.Split(pattern, behavior="isolated")


def _tokenizer(tokens: Sequence[str], splitter: Any) -> PreTrainedTokenizerFast:
    vocabulary = {token: place for place, token in enumerate(dict.fromkeys(tokens))}
    model = models.WordPiece(
        vocab=vocabulary, unk_token=UNKNOWN, continuing_subword_prefix=CONTINUED, max_input_chars_per_word=LONGEST_WORD
    )
    whole = Tokenizer(model)
    whole.pre_tokenizer = splitter
    whole.decoder = decoders.Sequence([decoders.Replace(CONTINUED, ""), decoders.Fuse()])
    whole.add_special_tokens(list(SPECIAL))
    made: Any = PreTrainedTokenizerFast  # transformers leaves it without types
    tokenizer: PreTrainedTokenizerFast = made(tokenizer_object=whole, eos_token=END, pad_token=PAD, unk_token=UNKNOWN)
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.clean_up_tokenization_spaces = False
    return tokenizer


def check_represents(tokenizer: Any, texts: Iterable[str], what: str) -> None:
    """Hold the texts that a student is to say against its tokenizer.

    Raises:
        InputError: one of them comes out of the tokenizer with characters lost.
    """
    for text in texts:
        back = tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"], skip_special_tokens=True)
        if _bare(back) != _bare(text):
            lost = sorted(set(text) - set(back) - {" "})
            told = f"it loses {' '.join(map(repr, lost[:5]))}" if lost else f"it reads back {back[:60]!r}"
            raise InputError(
                f"the student's tokenizer can't represent {what}: of {text[:60]!r} {told}",
                hint="take a checkpoint whose tokenizer knows these characters, or the student from scratch",
                keys=("model",),
            )


def _bare(text: str) -> str:
    """A text without spaces: tokenizers put them back in ways of their own."""
    return "".join(text.split(" "))


def with_newline(tokenizer: Any) -> bool:
    """Teach a tokenizer that drops line ends to keep them (T5's does), so that steps stay apart.

    Returns:
        Whether a token was added; the model's embeddings must then grow.
    """
    kept = "\n" in tokenizer.decode(tokenizer("a\nb", add_special_tokens=False)["input_ids"])
    line_end = AddedToken("\n", normalized=False)  # found before the normaliser makes a space of it
    return not kept and bool(tokenizer.add_tokens([line_end]))
