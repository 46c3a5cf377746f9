"""By what variations of one problem are known: its template key, and the words that say what it is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

from ...schemas.ids import make_content_id, rank
from ..languages import has_unspaced
from .masking import DAY, NAME, NUMBER, SIGNS, mask_sentences

_FREQUENT = frozenset(
    "s a an the of to in on at for from with and or but if then there is are was were be been has have had do "
    "does did he his they their it its how many much more less fewer than each every some any all total "
    "altogether now still left after before that this those these who which what when where while by as can could "
    "will would not no into out up off per same other another only also so you your we our i my me us them most "
    "few both such just because during until since about over between again through too very own being itself "
    "himself themselves get got make made take took give gave need needs want wants put go went come came let "
    "find answer question following".split()
)
"""Words that say nothing of what a problem is about. What every second problem of a set says is discounted there."""


@dataclass(frozen=True, slots=True)
class Template:
    """A problem with its numbers and names masked."""

    key: str
    """The same for problems that differ in numbers, names and days only."""
    words: tuple[int, ...]
    """Hashes of its words that are no masks and not among the most frequent of all, in order of the hashes. Where words
    are not spaced, of its pairs of letters."""


def read_template(question: str, choices: tuple[str, ...] = ()) -> Template:
    """Mask a question and its options.

    >>> left, right = read_template("Ann has 3 pens."), read_template("bob has 1,250 pens.")
    >>> left.key == right.key, len(left.words)
    (True, 1)
    """
    sentences = [sentence for text in (question, *choices) for sentence in mask_sentences(text)]
    key = make_content_id("g", " . ".join(map(" ".join, sentences)))
    words = set(chain.from_iterable(sentences))
    if has_unspaced("".join(words)):
        words = set(_list_pairs(sentences))
    return Template(key, tuple(sorted({number for word in words if (number := _hash_word(word)) is not None})))


def _list_pairs(sentences: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the words of sentences, and pairs of letters where words are not spaced."""
    for sentence in sentences:
        for word, following in pairwise([*sentence, ""]):
            if word.isascii() or not has_unspaced(word):
                yield word
            elif has_unspaced(following):
                yield word + following


@lru_cache(maxsize=2**16)
def _hash_word(word: str) -> int | None:
    """Hash a word without its ending in 32 bits; None where it says nothing."""
    if word in _FREQUENT or word in _MASKS:
        return None
    return rank("word", _cut_ending(word)) >> 32


_MASKS = SIGNS | {NUMBER, NAME, DAY}


def _cut_ending(word: str) -> str:
    """Cut the ending of a plural, so that one box and three boxes are the same word.

    >>> [_cut_ending(word) for word in ("boxes", "cookies", "pens", "glass", "bus")]
    ['box', 'cooky', 'pen', 'glass', 'bus']
    """
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("ses", "xes", "zes", "hes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
