"""Answers of two words: yes or no, true or false, valid or invalid. The gold's own pair of words is the vocabulary."""

import re
from collections.abc import Mapping
from functools import cache

from ...text.word_pairs import PAIRS, list_pair_words
from .outcomes import Comparison, call_hedged, decide_equality, leave_undecided
from .words import cut_withdrawn, find_boolean, find_leading_boolean, normalize_answer

_NEGATED = (
    r"(?P<negation>\b(?:not|never|isn['’]t|is\s?n['’]?t|wasn['’]t|hardly|cannot be|can['’]t be)\s{1,3}"
    r"(?:\w{2,20}ly\s|a\s|an\s|the\s){0,2}|[不非]是?|并非|並非)?"
)
_HEDGE = re.compile(
    r"^[\s\W_]*(?:it is |it's |maybe |both |perhaps |partly )?(?:yes|no|true|false|correct|incorrect)[\s*_,;.…/&-]{0,6}"
    r"(?:(?:and|or|but|then|also|maybe|perhaps|possibly)[\s,*]{1,3}){0,3}"
    r"(?:yes|no|true|false|correct|incorrect)\b[\s\W_]*$",
    re.IGNORECASE,
)
_LEADING_PAIR = re.compile(
    r"^[\W_]*(?P<first>yes|no|true|false)[\s*_]*[,;./…&-]{0,3}[\s*_]*(?:(?:and|or|but|then|also|maybe)\s){0,2}[\s*_]*(?P<second>yes|no|true|false)"
    r"(?=[\W_]*$|[,.;!…])",
    re.IGNORECASE,
)
_POSITIVE = frozenset({"yes", "true", "correct"})
_OTHER_HEDGE = re.compile(
    r"^\W*(?:[是对對能会會有]\W{0,3}(?:也|又|或者?|还是|和|与)?\W{0,3}(?:[否不错錯]|不是|没有|不对)|[否不错錯]\W{1,3}[是对對])\W*$"
)


_NOT_OPPOSITES = frozenset({"sentiment", "likelihood", "agreement"})
"""Pairs between whose words there is something: what is not positive may be neutral."""


@cache
def _compile_pair(pair: str) -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, PAIRS[pair]), key=len, reverse=True))
    word = rf"(?<![\w-])(?:{words})(?!\w)" if PAIRS[pair][0].isascii() else words
    return re.compile(rf"{_NEGATED}(?P<word>{word})", re.IGNORECASE)


def find_pair(gold: str) -> tuple[str, bool] | None:
    """Find the pair that a gold answer is of, and whether it is the affirmative word; None for yes and no.

    >>> find_pair("Invalid."), find_pair("yes")
    (('validity', False), None)
    """
    return list_pair_words().get(normalize_answer(gold))


def compare_booleans(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two answers of the gold's pair of words."""
    pair = find_pair(gold)
    if pair is not None:
        return _compare_pair(*pair, answer)
    gold_boolean = find_boolean(gold)
    if gold_boolean is None or _is_hedged(gold):
        return leave_undecided(f"the gold answer is neither yes nor no: {gold}")
    if _is_hedged(cut_withdrawn(answer)):
        return call_hedged(answer)
    value = _find_value(answer)
    if value is None:
        return leave_undecided(f"neither yes nor no, or both: {answer[:80]}")
    return decide_equality(gold_boolean.value is value)


_SHORT: Mapping[str, bool] = {
    **dict.fromkeys("y t yeah yep yup affirmative absolutely certainly indeed".split(), True),
    **dict.fromkeys(("n", "f", "nope", "nah", "not at all", "no way"), False),
}
"""What says yes and no where it is the whole answer."""


def _find_value(answer: str) -> bool | None:
    """Find the yes or no of an answer; of one that corrects itself, the last."""
    short = _SHORT.get(normalize_answer(answer))
    if short is not None:
        return short
    last = cut_withdrawn(answer)
    mention = find_boolean(last) if last.strip() else None
    mention = find_boolean(answer) if mention is None and last == answer else mention
    return None if mention is None else mention.value


def _is_hedged(answer: str) -> bool:
    """Whether an answer says yes and no."""
    if _HEDGE.search(answer) or _OTHER_HEDGE.search(answer):
        pair = _LEADING_PAIR.match(answer)
        return pair is None or (pair["first"].casefold() in _POSITIVE) is not (pair["second"].casefold() in _POSITIVE)
    pair = _LEADING_PAIR.match(answer)
    return pair is not None and (pair["first"].casefold() in _POSITIVE) is not (pair["second"].casefold() in _POSITIVE)


def _compare_pair(pair: str, wanted: bool, answer: str) -> Comparison:
    """Compare with an answer in the words of a pair; a denied word is the other one."""
    values = list_pair_words()
    answer = cut_withdrawn(answer)
    denied = [match for match in _compile_pair(pair).finditer(answer) if match["negation"]]
    if denied and pair in _NOT_OPPOSITES:
        return leave_undecided(f"denied, which is not the opposite: {answer[:80]}")
    found = [
        values[match["word"].casefold()][1] is not bool(match["negation"])
        for match in _compile_pair(pair).finditer(answer)
    ]
    if len(set(found)) > 1:
        return call_hedged(answer)
    if not found:
        leading = find_leading_boolean(answer)
        kind = "yes or no" if leading is not None else "neither word"
        return leave_undecided(f"{kind}, where the answer is {' or '.join(PAIRS[pair])}: {answer[:80]}")
    return decide_equality(found[0] is wanted)
