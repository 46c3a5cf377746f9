"""Pick the number that a passage states: not the first one, the one that is asked for.

Each number of a sentence is weighed by the words around it. Negated ones are excluded. A number behind the words of a
result (`which is`, `=`) comes first, then one that the passage begins with, then the only one that is not an aside
(`after 3 days`). Where several are left, the text leaves its answer open, and all of them are the answer.
"""

import re
from dataclasses import replace
from itertools import pairwise

from ....schemas.sample import LAST_RESORT
from ..answers.numbers import find_quantities, to_plain_text
from .candidates import Candidate, Passage
from .number_items import NumberItem, Sentence, list_items, make_sentence
from .number_words import find_number_words
from .sentences import is_remark, list_sentences

_PLAIN = re.compile(r"[ \t]*([0-9]{1,15}(?:\.[0-9]{1,15})?)\.?\s*")
"""A passage that is one number and no more, as most are."""
_WHOLE_ANSWERS = frozenset({"answer_colon", "heading"})
"""The rules whose passage may be a whole solution that begins with its first step."""
_HAS_NUMBER = re.compile(r"\d|[½-¾⅐-⅞]")
_JOIN = re.compile(
    r"[*_\s)}$]*(?:[^\W\d_]{1,20}[*_\s]{0,3})?[,(]?\s?"
    r"(?:(?:or|and|to|&|ou|et|à|oder|und|bis|o|y|或者?|或是|和|与|到|至|か|または|と|から|[-–—/~～、])\s?)?"
    r"(?:(?:maybe|even|perhaps|possibly|also|or|or even)\s)?[\s$(*_{]*"
)
"""What stands between two numbers that make a hedge or a range, with a noun at most."""
_LIST = re.compile(r"[*_\s)}$]*[,，、]?[\s$(*_{]*")
_JOINING = re.compile(
    r"[-–—/~～、&]|\b(?:or|and|to|ou|et|à|oder|und|bis|o|y|maybe|perhaps|possibly)\b|[或和与到至かと]|から"
)
_NOUN = re.compile(r"\s[^\W\d_]{2,12}\s")
"""A noun alone: 5 pounds 3 ounces."""
_NAME = re.compile(r"(?<![A-Za-z\\])[A-Za-z]\s?=\s?\$?$")
_NAMED = re.compile(r"(?<![A-Za-z\\])[A-Za-z]\s?=")
_LONGEST_JOIN = 40
_OPERATOR = re.compile(
    r"[\s)}$]*(?:[-+*/×÷·^−±]|\\(?:times|cdot|div)|\b(?:times|plus|minus|x)\b)[\s({$]*", re.IGNORECASE
)


def pick_number(passage: Passage) -> Candidate | None:
    """Pick the number that a passage states; a negated one where it states no other; None where it has none."""
    plain = _PLAIN.fullmatch(passage.text, passage.start, passage.end)
    if plain is not None:
        start, end = plain.span(1)
        return Candidate(answer=plain[1], start=start, end=end, rule=passage.rule, is_direct=True)
    turn = passage.cues.turn.search(passage.text, passage.start + 1, passage.end)
    before = _pick_in_sentences(replace(passage, end=turn.start())) if turn is not None else None
    return _pick_in_sentences(passage) if before is None or before.is_negated else before


def _pick_in_sentences(passage: Passage) -> Candidate | None:
    spans = list_sentences(passage.text, passage.start, passage.end)
    negated = None
    for place, span in enumerate(spans):
        if place and is_remark(passage, span):
            continue
        found = _pick_in_sentence(passage, *span, is_first=place == 0)
        if found is None:
            if place and negated is None and passage.rule != "boxed":
                break  # an answer stands in the first sentence or the next
            continue
        if not found.is_negated:
            return _choose_conclusion(passage, spans[place + 1 :], found)
        negated = found
    return negated


def _choose_conclusion(passage: Passage, later: list[tuple[int, int]], found: Candidate) -> Candidate:
    """Prefer the conclusion of a solution that stands whole behind its mark, as in `Answer: He has 12. So 5 stay.`."""
    if found.is_direct or found.is_stated or passage.rule not in _WHOLE_ANSWERS:
        return found
    for span in reversed(later):
        if is_remark(passage, span):
            continue
        conclusion = _pick_in_sentence(passage, *span, is_first=False)
        if conclusion is None or conclusion.is_negated:
            continue
        if conclusion.is_stated or conclusion.is_concluded:
            return conclusion
    return found


def pick_in_sentence(passage: Passage) -> Candidate | None:
    """Pick the number of a passage that is one sentence."""
    return _pick_in_sentence(passage, passage.start, passage.end, is_first=False)


def _pick_in_sentence(passage: Passage, start: int, end: int, *, is_first: bool) -> Candidate | None:
    sentence = make_sentence(passage, start, end)
    if not _HAS_NUMBER.search(sentence.plain):
        return find_number_words(sentence)
    found = _pick_last_result(sentence, is_first=is_first) if "=" in sentence.plain else None
    return found or _pick_among_all(sentence, list_items(sentence), is_first=is_first)


def _pick_last_result(sentence: Sentence, *, is_first: bool) -> Candidate | None:
    """Pick the number behind the last equal sign where `_choose` would, without a look at those before it.

    Nothing before such a sign is joined to what stands behind it.
    """
    if _NAMED.search(sentence.plain):
        return None
    items = list_items(sentence, sentence.plain.rindex("=") + 1)
    if not items or not _is_plain_result(items[0]) or any(map(_is_plain_result, items[1:])):
        return None
    return _widen(sentence, items, items[0], is_first=is_first)


def _is_plain_result(item: NumberItem) -> bool:
    return item.is_result and not item.is_negated and not item.is_aside


def _pick_among_all(sentence: Sentence, items: list[NumberItem], *, is_first: bool) -> Candidate | None:
    if not items:
        return find_number_words(sentence)
    live = [item for item in items if not item.is_negated]
    if not live:
        return replace(_make_candidate(sentence, items[0], items[0]), is_negated=True)
    main = [item for item in live if not item.is_aside] or live
    chosen = _choose(sentence, main, live)
    if chosen is None:
        return replace(_make_candidate(sentence, main[0], main[-1]), is_hedged=True)
    return _widen(sentence, items, chosen, is_first=is_first)


def _choose(sentence: Sentence, main: list[NumberItem], live: list[NumberItem]) -> NumberItem | None:
    """Choose the number that is asked for; None where nothing tells it from others."""
    results = [item for item in main if item.is_result]
    named = [item for item in results if _has_name(sentence, item)]
    if len({item.value for item in named}) > 1:
        return None  # x = 14 and y = 3
    if results and not _is_remarked(sentence, live, results[-1]):
        return results[-1]
    if _is_compound(sentence, main):
        return main[0]
    is_first = (main[0].is_direct and sentence.passage.rule != LAST_RESORT) or sentence.passage.rule == "boxed"
    return main[0] if is_first or len({item.value for item in main}) == 1 else None


def _has_name(sentence: Sentence, item: NumberItem) -> bool:
    """Whether a number is said to be what a letter stands for."""
    return _NAME.search(sentence.plain, max(0, item.start - 8), item.start) is not None


def _is_remarked(sentence: Sentence, live: list[NumberItem], result: NumberItem) -> bool:
    """Whether a result is only said of the number that the sentence begins with: 24 seats, which is two rows."""
    if result is live[0] or result is not live[1] or not live[0].is_direct:
        return False
    between = sentence.plain[live[0].end : result.start]
    return "=" not in between and sentence.passage.cues.relative.search(between) is not None


def _widen(sentence: Sentence, items: list[NumberItem], chosen: NumberItem, *, is_first: bool) -> Candidate:
    """Widen a number to what it is a part of: a hedge, a calculation, a length of 5 feet 3 inches."""
    place = items.index(chosen)
    joined = [chosen]
    for item in reversed(items[:place]):
        if not item.is_negated:
            if not _is_joined(sentence, item, joined[0]):
                break
            joined.insert(0, item)
    for item in items[place + 1 :]:
        if not item.is_negated:
            if not _is_joined(sentence, joined[-1], item):
                break
            joined.append(item)
    candidate = _make_candidate(sentence, joined[0], joined[-1])
    is_hedged = any(_is_hedge(sentence, *pair) for pair in pairwise(joined)) and not _is_compound(sentence, joined)
    return replace(
        candidate,
        is_hedged=is_hedged or chosen.is_bound,
        is_direct=is_first and joined[0].is_direct,
        is_stated=chosen.is_result,
        is_concluded=chosen.is_concluded,
        is_aside=chosen.is_aside,
    )


def _is_joined(sentence: Sentence, left: NumberItem, right: NumberItem) -> bool:
    between = sentence.plain[left.end : right.start]
    if "=" in between and left.is_result is not right.is_result:
        return False
    if between == "," or (not between.strip() and sentence.plain[right.start] == "+"):  # 1,5 or the sign of 5 + 3
        return True
    if _OPERATOR.fullmatch(between) and "=" not in between:
        return not right.is_result
    return _is_hedge(sentence, left, right) or _is_compound(sentence, [left, right])


def _is_hedge(sentence: Sentence, left: NumberItem, right: NumberItem) -> bool:
    between = sentence.plain[left.end : right.start]
    if len(between) > _LONGEST_JOIN or between == "," or not _is_open_gap(sentence, between, left, right):
        return False  # 1,5 may be one number
    if left.value == right.value or left.is_percent is not right.is_percent:
        return False
    if "," in between and left.is_aside and not right.is_aside:  # after 5 hours, 3 trains
        return False
    return left.size is None or left.size != right.size


def _is_open_gap(sentence: Sentence, between: str, left: NumberItem, right: NumberItem) -> bool:
    """Whether two numbers with this between them may be a hedge or a range."""
    if not between.strip() and sentence.plain[right.start] == "-":
        return True
    if _JOIN.fullmatch(between) is not None and _JOINING.search(between) is not None:
        return True
    if _NOUN.fullmatch(between) is not None and not (left.is_aside or right.is_aside or right.is_result):
        return True
    return ("," in between or "，" in between) and _LIST.fullmatch(between) is not None


def _is_compound(sentence: Sentence, items: list[NumberItem]) -> bool:
    """Whether several numbers make one: 2 hours and 30 minutes."""
    is_same = len(items) > 1 and all(item.measure and item.measure == items[0].measure for item in items)
    gaps = (sentence.plain[left.end : right.start] for left, right in pairwise(items))
    return (
        is_same
        and len({item.unit for item in items}) == len(items)
        and all(gap.strip(" ,") in {"", "and", "y", "et", "und"} for gap in gaps)
    )


def _make_candidate(sentence: Sentence, first: NumberItem, last: NumberItem) -> Candidate:
    """Make a candidate from the first to the last number; the span the sentence's where signs were rewritten."""
    answer = sentence.plain[first.start : last.end].strip().rstrip(".,;: ")
    start, end = sentence.locate(answer, first.start)
    answer = " ".join(answer.split()) if "  " in answer else answer
    return Candidate(answer=answer, start=start, end=end, rule=sentence.passage.rule)


def list_values(text: str) -> list[tuple[str, bool]]:
    """List the values of the numbers of a text, as comparable text."""
    return [(str(quantity.value), quantity.percent) for quantity, _, _ in find_quantities(to_plain_text(text))]
