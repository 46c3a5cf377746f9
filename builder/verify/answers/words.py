"""Compare short texts, and read yes or no, without regard to case, markup and wording around the answer."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from ...languages import has_unspaced, list_readings

MAX_EXTRA_WORDS = 8
"""The most words that an answer may have besides the gold text that it contains."""

MAX_WRAPPERS = 4
"""The most layers of emphasis and quotes that are removed."""

# Texts

_PAIRS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\*\*(.+)\*\*", r"\*(.+)\*", r"__(.+)__", r"`(.+)`", r"\$(.+)\$", r'"(.+)"', r"'(.+)'", "“(.+)”", "‘(.+)’",
        "「(.+)」", "『(.+)』", "《(.+)》",
        r"\\(?:text|mathrm|textbf|mathbf|mbox|boxed)\s?\{(.+)\}",
    )
)  # fmt: skip
"""What a whole text may be wrapped in."""

_FULL_STOP = re.compile(r"(?<=[^\s.,;:])(?:[.,;:]+|(?<=[^\W\d])[!?]+|[。，；：！？、]+)$")
_ENDS = frozenset(".,;:!?*_`$\"'”’}。，；：！？、」』》")
"""The last characters of what `_PAIRS` and `_FULL_STOP` match."""
_ARTICLE = re.compile(r"^(?:an? |the )(?=\S)|(?<= )the (?=\S)")
_PAUSE = re.compile(r"[.!?](?=\s)|,?\s(?=(?:because|since)\b)|[\n。！？；]|，(?=因)", re.IGNORECASE)
_TAKEN_BACK = "wait|actually|sorry|correction|i mean"
_CORRECTIONS = "|".join(
    re.escape(words) if has_unspaced(words) else rf"(?<!\w){re.escape(words)}(?!\w)"
    for reading in list_readings()
    for words in reading.corrections
)
_RETRACTION = re.compile(rf"\bno(?=\s?[,.:–—-]|\s+wait\b)|\b(?:{_TAKEN_BACK}|instead)\b|{_CORRECTIONS}", re.IGNORECASE)
_CORRECTION = re.compile(rf"(?:\b(?:no,?\s)?(?:{_TAKEN_BACK})\b|{_CORRECTIONS})[\s,:.!…，。：！-]*", re.IGNORECASE)
_HEDGE = re.compile(
    r"[,/;=+|]|n['’]t\b|\b(?:not|no|never|neither|nor|or|and|but|except|unlike|rather|instead|either|both|minus)\b",
    re.IGNORECASE,
)
_EDGES = ".,;:\"'“”‘’*_`()[]"


def cut_withdrawn(answer: str) -> str:
    """Cut what an answer takes back: all before its last correction.

    >>> cut_withdrawn("no, wait, yes"), cut_withdrawn("A，不对，B")
    ('yes', 'B')
    """
    *_, last = _CORRECTION.split(answer)
    return last


def normalize_answer(text: str) -> str:
    """Remove case, extra spaces, emphasis, quotes, punctuation at the end, and articles.

    >>> normalize_answer(" **The capital of  the world.** ")
    'capital of world'
    """
    text = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    for _ in range(MAX_WRAPPERS):
        if text[-1:] not in _ENDS:  # there is nothing to remove
            break
        text = _FULL_STOP.sub("", text)
        text = next((match[1].strip() for pair in _PAIRS if (match := pair.fullmatch(text))), text)
    return _ARTICLE.sub("", text)


def cut_at_pause(text: str) -> str:
    """Cut an answer at its first pause, unless it is corrected behind it."""
    text = text.strip()
    pause = _PAUSE.search(text)
    return text if pause is None or _RETRACTION.search(text, pause.end()) else text[: pause.start()]


def match_text(gold: str, answer: str) -> bool | None:
    """Whether an answer equals a gold text; None where it contains it among other words and may mean another.

    >>> match_text("Paris", "The capital is Paris"), match_text("Paris", "not Paris"), match_text("Paris", "London")
    (True, None, False)
    """
    head = cut_at_pause(answer)
    gold, answer = " ".join(gold.split()), " ".join(answer.split())
    if not gold or not answer:
        return False
    if not re.search(r"\w", gold):
        return _match_signs(gold, answer)
    gold, answer = normalize_answer(gold), normalize_answer(answer)
    if gold in {answer, normalize_answer(head)}:
        return True
    if has_unspaced(gold):
        return _match_characters(gold, answer)
    if _strip_marks(gold) == _strip_marks(answer):  # naïve and naive
        return None
    found = _match_contained(gold.split(), answer.split())
    return None if found is False and has_unspaced(answer) and gold in answer else found


def _match_signs(gold: str, answer: str) -> bool | None:
    """Match a gold text that is made of signs, such as brackets; blanks, quotes and a full stop don't count.

    >>> [_match_signs("] ) }", answer) for answer in ("])}.", '"] ) }"', "] )", "pop ] ) }")]
    [True, True, False, None]
    """
    bare_gold = "".join(gold.split())
    bare = "".join(answer.split())
    for _ in range(MAX_WRAPPERS):
        if bare == bare_gold:
            return True
        bare = bare.removesuffix(".") if bare.endswith(".") else bare.strip("\"'`*“”‘’$")
    return None if re.search(r"\w", bare) and bare_gold in bare else False


def _strip_marks(text: str) -> str:
    """Strip accents, and write digits below the line as others."""
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _match_characters(gold: str, answer: str) -> bool | None:
    """Match texts without blanks between words: blanks don't count, and a gold text among others decides nothing.

    >>> _match_characters("北 京", "北京"), _match_characters("北京", "是北京"), _match_characters("北京", "上海")
    (True, None, False)
    """
    bare_gold, bare = "".join(gold.split()), "".join(answer.split())
    return True if bare_gold == bare else None if bare_gold in bare else False


def _find_words(part: list[str], words: list[str]) -> int | None:
    """Find where a list of words stands in another; as lines, because searching a text takes linear time."""
    lines = "".join(f"\n{word}" for word in words) + "\n"
    place = lines.find("".join(f"\n{word}" for word in part) + "\n")
    return None if place < 0 else lines.count("\n", 0, place)


_LIST_WORDS = 3
_SMALL = frozenset(
    "a an the of in on at to is are was were be it this that which who as for by with from and because since so thus"
    " answer text words word order list sorted spelled called named therefore hence then first last".split()
)
"""Words that may stand beside a text without being a part of it."""


def _is_continued(answer: list[str], start: int, size: int) -> bool:
    """Whether a word beside a text may be one of its own: `ant bee cat` among `ant bee cat dog`."""
    before, last = answer[start - 1] if start else "", answer[start + size - 1]
    behind = answer[start + size] if start + size < len(answer) else ""
    is_parted = last[-1:] in _EDGES or behind[:1] in _EDGES
    return (bool(behind) and not is_parted and behind.strip(_EDGES) not in _SMALL) or (
        bool(before) and before[-1] not in _EDGES and before not in _SMALL
    )


def _match_contained(gold: list[str], answer: list[str]) -> bool | None:
    """Whether an answer contains the words of a gold text, with few words around them and no hedge."""
    gold_words, words = ([word.strip(_EDGES) for word in side] for side in (gold, answer))
    size = len(gold_words)
    start = _find_words(gold_words, words)
    if start is None:
        return False
    if size >= _LIST_WORDS and _is_continued(answer, start, size):
        return None
    if len("".join(gold_words)) < 2:  # many answers contain a lone character
        return None
    last = answer[start + size - 1]
    behind = last[len(last.rstrip(_EDGES)) :] if last.rstrip(_EDGES) else ""
    rest = [*answer[:start], behind, *answer[start + size :]]
    is_plain = len(words) - size <= MAX_EXTRA_WORDS and not _HEDGE.search(" ".join(rest))
    return True if is_plain else None


# Yes or no

_VALUES: Mapping[str, bool] = {
    "yes": True,
    "true": True,
    "correct": True,
    "no": False,
    "false": False,
    "incorrect": False,
    "untrue": False,
}
_BOOLEAN = re.compile(rf"\b((?:not|isn['’]t)\s{{1,3}})?({'|'.join(_VALUES)})\b", re.IGNORECASE)
_LEADING_WORDS = re.compile(
    r"[\W_]*(?:(?:so|then|therefore|thus|hence|well|ok|okay|the|this|that|it|answer|final|statement|claim|sentence|is|was"
    r"|s|must|would|be|clearly|definitely|certainly|probably|likely|most|text|boxed)\b[\W_]*)*",
    re.IGNORECASE,
)
_BOOLEAN_END = re.compile(
    r"[\W_]*$|\s*[^\w\s?]|\s*\n|\s+(?:because|since|as|it|he|she|they|we|you|i|this|that|there|but|not|and|or|if)\b",
    re.IGNORECASE,
)
"""What may follow no, true and the rest: `no one` and `true love` are not answers."""

_OTHER_VALUES: Mapping[str, bool] = {
    word: value
    for reading in list_readings()
    for value, words in ((True, reading.yes), (False, reading.no))
    for word in words
}
"""What says yes and no in other languages. Only a whole clause counts: `是` is in most Chinese sentences."""
_OTHER_BOOLEAN = re.compile(
    rf"(?P<lead>[\W_]*)(?P<value>{'|'.join(sorted(map(re.escape, _OTHER_VALUES), key=len, reverse=True))})"
    r"(?:的|です|だ|定的)?(?=[\W_]*(?:$|[.,;:!\n。，；：！]))(?!\s*[/／或か])(?!\s*(?:还是|還是|oder|ou|o)\b)",
    re.IGNORECASE,
)
_SECOND_BOOLEAN = re.compile(rf"[\s,/*]{{0,4}}(?:\b(?:or|and)\s{{1,3}}|/\s?)({'|'.join(_VALUES)})\b", re.IGNORECASE)
_NEGATION = re.compile(
    r"n['’]t\b|\b(?:not|no|never|cannot|hardly|unlikely|neither|nor|without|doubt\w*)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class BooleanMention:
    """A mention of yes or no in an answer."""

    value: bool
    """True for yes."""
    start: int
    """First character."""
    end: int
    """One past the last."""


def find_leading_boolean(text: str) -> BooleanMention | None:
    """Find the yes or no at the beginning of a text, after words like `so the answer is`; None for `yes and no`.

    >>> find_leading_boolean("Yes, because no one left.").value, find_leading_boolean("No one left.")
    (True, None)
    """
    opening = _LEADING_WORDS.match(text)
    match = _BOOLEAN.match(text, opening.end() if opening else 0)
    if match is None or not _is_answer(text, match):
        return _find_other_boolean(text)
    second = _SECOND_BOOLEAN.match(text, match.end())
    mention = _make_mention(match)
    return None if second and _VALUES[second[1].lower()] is not mention.value else mention


def find_boolean(text: str) -> BooleanMention | None:
    """Find the yes or no of an answer: the leading one, else the only one where nothing is negated."""
    leading = find_leading_boolean(text)
    if leading is not None:
        return leading
    matches = list(_BOOLEAN.finditer(text))
    mentions = [_make_mention(match) for match in matches if _is_answer(text, match)]
    has_no = any(match[2].lower() == "no" and not _is_answer(text, match) for match in matches)  # no one
    is_negated = has_no or _NEGATION.search(_BOOLEAN.sub(" ", text))
    return mentions[0] if len({mention.value for mention in mentions}) == 1 and not is_negated else None


def _find_other_boolean(text: str) -> BooleanMention | None:
    """Find the yes or no of another language than English at the beginning of a text."""
    match = _OTHER_BOOLEAN.match(text)
    return None if match is None else BooleanMention(_OTHER_VALUES[match["value"].lower()], *match.span("value"))


def _is_answer(text: str, match: re.Match[str]) -> bool:
    return match[2].lower() == "yes" or _BOOLEAN_END.match(text, match.end()) is not None


def _make_mention(match: re.Match[str]) -> BooleanMention:
    return BooleanMention(_VALUES[match[2].lower()] is not bool(match[1]), *match.span())
