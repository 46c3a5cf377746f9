"""The skeleton of a rationale that has no equations: what its sentences say, one after the other.

Left out is what says nothing: articles, connectives such as `so` and `first,`, announcements, layout, case, quotation
marks, and the statement of the answer at the end. The words and numbers of the question are named by their places in
it. All else stays as it is and where it is: negation, left and right, brackets, arrows, each noun and verb. So two
texts with one skeleton say the same. Two texts that say the same in other words mostly have two.

Options are named by their letters, and dates written one way, so that what begins a skeleton for a person to read is
the order in which options are considered, or the dates that a text goes through.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import xxhash

from ...languages import UNDETERMINED, UNSPACED, detect_language, has_unspaced
from .dates import replace_dates
from .fillers import ANYWHERE, BEFORE_COMMA, CONTRACTIONS, LANGUAGES, OPENINGS, PRONOUNS, STARTS, UNSPACED_STARTS

FEWEST_WORDS = 3
"""A text that says less has no skeleton."""

MAX_SHOWN = 8
"""How many options or dates are shown."""

_OPEN, _CLOSE = "\x02", "\x03"
"""Around what stands for something: no text has them."""
_OPTION_MARK = f"{_OPEN}option:"

_MARKUP = re.compile(
    r"^[ \t]*(?:(?:#{1,6}|[-*•>])[ ](?=\D)|\(?\d{1,2}[.)][ ]|step \d{1,2}[:.)][ ])+", re.MULTILINE | re.IGNORECASE
)
_LIST = re.compile(_MARKUP.pattern.replace(r"(?=\D)", ""), re.MULTILINE)
"""Before a number, a dash or a star is the mark of a list where there are several."""

_HEADING = re.compile(
    r"^\W*(?:solution|explanation|reasoning|analysis|steps|step[ -]by[ -]step(?: solution)?|解|解答|解析|分析)\W*$",
    re.MULTILINE | re.IGNORECASE,
)
_EMPHASIS = re.compile(r"(?<![\w)*])(\*{1,3})(?=[^\s*])([^*\n]{1,300}?)(?<=\S)\1(?![\w(*])|`")
_OPTION = re.compile(
    r"(?:\b(?i:option|choice)[ ])?(?:\(([A-Z])\)|(?<!\S)\[([A-Z])\](?!\S)|^[ \t]*([A-Z])[.):](?=[ ]))", re.MULTILINE
)
_NAMED_OPTION = re.compile(r"\b(?i:option|choice) ([A-Z])\b")
_WRAPPED = re.compile(r"(?<![\w)])\((\w+)\)(?!\w)")
_NO_REASON = r"(?:(?!\b(?:because|since|as|for|due|if)\b)[^.!?\n]){1,80}"
_ANSWER = re.compile(
    r"(?:^|[.!?。！？\n])\W*(?:(?:so|therefore|thus|hence|and),?[ ])?(?:(?:the|our|my)[ ])?"
    rf"(?:(?:final|correct|right)[ ])?answer(?:[ ]is|:){_NO_REASON}[.!]?\s*$"
    r"|(?:^|[。！？\n])\W*(?:所以|因此)?[，,]?(?:最终|正确)?答案(?:是|为|：|:)[^，。！？\n]{1,40}。?\s*$",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    rf"\x02[^\x02\x03]+\x03|\d+(?:[.,:/]\d+)*|[{UNSPACED}]|[^\W\d_{UNSPACED}]+(?:['’][^\W\d_{UNSPACED}]+)*|[^\s]|\n"
)
_QUOTES = frozenset('"“”„«»「」『』')
_ENDS = frozenset(".!?;\n。！？；")
_COMMAS = frozenset(",，、:：")
_CAPITAL = re.compile(r"\b[A-Z][^\W\d_]*|(?<![\w.])\d+(?:[.,]\d+)*")


_KINDS = ("options ", "dates ", "sentences ")
"""How the text of a skeleton begins."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What a rationale says."""

    text: str
    """Equal for rationales that say the same in the same order; what begins it is for a person to read."""
    statements: frozenset[str]
    """What each sentence says."""


def read_skeleton(
    text: str, question: str | None = None, choices: Sequence[str] = (), language: str | None = None
) -> Skeleton | None:
    r"""Read what a rationale says; None where it says nothing, or in a language whose words are not known well.

    >>> one = read_skeleton("First, Jan is taller than Kim. So the shortest is Kim.")
    >>> one == read_skeleton("- Jan is taller than Kim\n- Therefore, shortest is Kim")
    True
    >>> one == read_skeleton("First, Kim is taller than Jan. So the shortest is Kim.")
    False
    """
    if (language or detect_language(text)) not in LANGUAGES | {UNDETERMINED, None}:
        return None
    clean = _clean_text(text, has_options=bool(choices) or _has_options(question))
    places = _place_words(question)
    sentences = [words for words in _list_sentences(clean, places) if words]
    if sum(word.isalpha() for words in sentences for word in words) < FEWEST_WORDS:
        return None
    statements = [" ".join(words) for words in sentences]
    digest = xxhash.xxh3_64_hexdigest("\n".join(statements).encode())
    return Skeleton(
        f"{_describe(sentences)} #{digest}", frozenset(xxhash.xxh3_64_hexdigest(each.encode()) for each in statements)
    )


def is_skeleton(signature: str) -> bool:
    """Whether a signature is the text of a skeleton."""
    return signature.startswith(_KINDS)


def _describe(sentences: Sequence[Sequence[str]]) -> str:
    """Describe for a person what options are considered or what dates are gone through, else how many sentences."""
    for name, sign in (("options", "option:"), ("dates", "date:")):
        marked = [word[1:-1].removeprefix(sign) for words in sentences for word in words if word[1:].startswith(sign)]
        shown = [mark for place, mark in enumerate(marked) if place == 0 or marked[place - 1] != mark]
        if len(shown) > 1:
            return f"{name} {' '.join(shown[:MAX_SHOWN])}{' ...' if len(shown) > MAX_SHOWN else ''}"
    return f"sentences {len(sentences)}"


@lru_cache(maxsize=1024)
def _has_options(question: str | None) -> bool:
    return question is not None and "(A)" in question and "(B)" in question


@lru_cache(maxsize=1024)
def _place_words(question: str | None) -> Mapping[str, str]:
    """Name the capitalised words and the numbers of a question by their places, so that a template's problems agree."""
    places: dict[str, str] = {}
    for match in _CAPITAL.finditer(question or ""):
        places.setdefault(match[0].lower(), f"{_OPEN}{len(places) + 1}{_CLOSE}")
    return places


def _clean_text(text: str, *, has_options: bool) -> str:
    """Take layout, the statement of the answer and other ways to write options and dates from a text."""
    text = text.replace(_OPEN, " ").replace(_CLOSE, " ").strip()
    text = _HEADING.sub("", _EMPHASIS.sub(r"\2", text))
    text = _ANSWER.sub(lambda match: match[0][:1] if match[0][:1] in _ENDS else "", text)
    if has_options:
        text = _OPTION.sub(lambda match: _mark("option", match[1] or match[2] or match[3]), text)
        text = _NAMED_OPTION.sub(lambda match: _mark("option", match[1]), text)
    text = (_LIST if len(_LIST.findall(text)) > 1 else _MARKUP).sub("", text)
    text = _WRAPPED.sub(r"\1", text)
    if has_unspaced(text):
        text = UNSPACED_STARTS.sub("", text)
    return replace_dates(OPENINGS.sub("", text), lambda date: _mark("date", date))


def _mark(kind: str, name: str) -> str:
    return f" {_OPEN}{kind}:{name}{_CLOSE} "


def _list_sentences(text: str, places: Mapping[str, str]) -> Iterator[list[str]]:
    """List the words of each sentence that say something."""
    words: list[str] = []
    pieces = _TOKEN.findall(text)
    has_letters = "B" in pieces
    is_start = True
    for place, piece in enumerate(pieces):
        if piece in _ENDS:
            yield [*_drop_commas(words), "?"] if piece in "?？" else _drop_commas(words)
            words, is_start = [], True
            continue
        if piece in _QUOTES:
            continue
        lower = piece.lower()
        following = pieces[place + 1] if place + 1 < len(pieces) else ""
        if _is_filler(piece, lower, following, is_start=is_start, has_letters=has_letters):
            continue
        is_start = piece in _COMMAS
        if piece[0] == _OPEN:
            words.append(piece)
        elif is_start:
            words.append("," if piece in ",，、" else ":")
        else:
            word = PRONOUNS.get(lower, lower) if following in {"is", "was"} else lower
            words += [places.get(part, part) for part in CONTRACTIONS.get(lower) or _part_owner(word)]
    yield _drop_commas(words)


def _part_owner(word: str) -> tuple[str, ...]:
    """Part a name from the sign that something is its: Ann's."""
    return (word[:-2], "'s") if word.endswith(("'s", "’s")) else (word,)


def _is_filler(piece: str, lower: str, following: str, *, is_start: bool, has_letters: bool) -> bool:
    if lower in ANYWHERE:
        return lower not in {"a", "an"} or (not (piece == "A" and has_letters) and following not in {"few", "little"})
    return is_start and (lower in STARTS or (lower in BEFORE_COMMA and following in _COMMAS))


def _drop_commas(words: list[str]) -> list[str]:
    """Drop commas and colons at the beginning and the end of a sentence, and behind an option."""
    kept: list[str] = []
    for word in words:
        if word in {",", ":"} and (not kept or kept[-1] in {",", ":"} or kept[-1].startswith(_OPTION_MARK)):
            continue
        kept.append(word)
    while kept and kept[-1] in {",", ":"}:
        kept.pop()
    return kept
