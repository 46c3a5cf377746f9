"""Numbers in words as answers: twelve, forty-two apples, 三百二十."""

import re

from ....schemas.sample import LAST_RESORT
from ..answers.numbers import read_quantity
from .candidates import Candidate
from .number_items import Sentence

_OPENING = re.compile(
    r"[\s*_\"'“$(:：]*(?:(?:exactly|only|just|simply|about|a total of|the number|number"
    r"|an?(?!\s(?:dozen|hundred|thousand|million|billion|half|quarter|third|fifth|tenth)\b))\s)?(?:\\text\{)?",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W\d_]+(?:[ -](?!(?:of|in|on|at|for|to|is|are|or)\b)[^\W\d_]+){0,9}")
_NUMERALS = "零〇一二三四五六七八九十百千万亿两"
_MEASURES = "个個名人元块圆毛角只支条张本件箱辆棵岁天年月次位米分倍朵头层页颗把枚匹台套双对种间排组袋盒瓶杯节封门科题幅"
_HAN = re.compile(
    rf"(?:负|第)?[{_NUMERALS}]{{1,12}}(?:分之[{_NUMERALS}]{{1,12}}|[点點][{_NUMERALS}]{{1,8}})?"
    rf"(?=[{_MEASURES}]|[。．.，,；;！!\s*_）)]|$)"
)
_HAN_LAST = re.compile(
    rf"(?<![{_NUMERALS}第分之点點])(?:[{_NUMERALS}]{{2,12}}|[{_NUMERALS}](?=[{_MEASURES}]))"
    rf"(?:分之[{_NUMERALS}]{{1,12}}|[点點][{_NUMERALS}]{{1,8}})?[{_MEASURES}]?[。．.！!]?\s{{0,8}}\Z"
)
"""A number that ends a sentence."""
_DOZENS = re.compile(r"\b(?:half an?|an?|two|three|four|five|six|seven|eight|nine|ten|several) dozen\b", re.IGNORECASE)
_FRACTION = re.compile(
    r"halves|half|(?:third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth|hundredth|thousandth)s?|percent",
    re.IGNORECASE,
)
_INFINITY = re.compile(r"-?(?:infinity\b|inf\b|∞)", re.IGNORECASE)
_BEHIND = re.compile(r"\s+(?:of|or|to|other|another|more|by|could|would|can|may|might|must|should)\b", re.IGNORECASE)
_SHORT_END = re.compile(r"\W{0,4}(?:[^\W\d_]{1,30}\W{1,4}){0,4}(?:[^\W\d_]{1,30})?\W{0,8}\Z")
"""What may follow a number in words of a text that marks no answer: a unit, and hardly more. `One could say ...`"""
_ORDINAL = re.compile(r"first|second|third|once", re.IGNORECASE)
"""Words that begin a sentence and are seldom a number."""
_LONGEST_END = 40
_GUESSED = frozenset({LAST_RESORT, "whole_text"})


def find_number_words(sentence: Sentence) -> Candidate | None:
    """Find a number in words that a sentence begins with, or that stands behind the words of a result."""
    starts = [(_OPENING.match(sentence.plain).end(), True)]  # type: ignore[union-attr]
    starts += [(place, False) for place in _find_results(sentence)]
    starts += [(match.start(), False) for match in _DOZENS.finditer(sentence.plain)]
    last = _HAN_LAST.search(sentence.plain[-_LONGEST_END:])
    starts += [(last.start() + max(0, len(sentence.plain) - _LONGEST_END), False)] if last else []
    for start, is_direct in starts:
        end = _find_sign_end(sentence.plain, start) or _find_words_end(sentence.plain, start)
        if end and _may_be_meant(sentence, start, end):
            return _make_candidate(sentence, start, end, is_direct=is_direct)
    return None


def _may_be_meant(sentence: Sentence, start: int, end: int) -> bool:
    """Whether words may be the answer: where nothing marks it, only at the end of their sentence."""
    if sentence.passage.rule not in _GUESSED:
        return True
    return not _ORDINAL.fullmatch(sentence.plain, start, end) and _SHORT_END.match(sentence.plain, end) is not None


def _find_results(sentence: Sentence) -> list[int]:
    """Find the places of words behind the words of a result, the last first."""
    plain = sentence.plain[:400]
    places = [
        match.start() for match in re.finditer(r"(?<![^\W\d_])[^\W\d_]|(?<=[\u4e00-\u9fff])[\u4e00-\u9fff]", plain)
    ]
    return [
        place for place in reversed(places) if sentence.passage.cues.result.search(plain, max(0, place - 64), place)
    ]


def _find_sign_end(plain: str, start: int) -> int:
    match = _HAN.match(plain, start) or _INFINITY.match(plain, start)
    return match.end() if match else 0


def _find_words_end(plain: str, start: int) -> int:
    """Find the end of the longest number in words that begins here, its unit included where that is known."""
    words = _WORDS.match(plain, start)
    if words is None:
        return 0
    end, known = 0, None
    for match in re.finditer(r"[^\W\d_]+", words[0]):
        if known is not None and _FRACTION.fullmatch(match[0]):
            return start + match.end()  # two thirds
        quantity = read_quantity(words[0][: match.end()])
        if quantity is None and match.start() == 0 and match[0].lower() not in {"minus", "negative", "a", "an"}:
            break
        if quantity is not None and (known is None or (quantity.value, quantity.measure) != known):
            end, known = start + match.end(), (quantity.value, quantity.measure)
    return 0 if end and _BEHIND.match(plain, end) else end


def _make_candidate(sentence: Sentence, start: int, end: int, *, is_direct: bool) -> Candidate:
    answer = sentence.plain[start:end]
    first, last = sentence.locate(answer, start)
    cues = sentence.passage.cues
    window = max(0, start - 32)
    return Candidate(
        answer=answer,
        start=first,
        end=last,
        rule=sentence.passage.rule,
        is_direct=is_direct,
        is_stated=not is_direct,
        is_negated=bool(cues.exclusion.search(sentence.plain, window, start)),
    )
