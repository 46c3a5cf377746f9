"""Pairs of words that answers choose from beside yes and no: valid or invalid, possible or impossible."""

from collections.abc import Mapping
from functools import cache

PAIRS: Mapping[str, tuple[str, str]] = {
    "validity": ("valid", "invalid"),
    "plausibility": ("plausible", "implausible"),
    "possibility": ("possible", "impossible"),
    "likelihood": ("likely", "unlikely"),
    "consistency": ("consistent", "inconsistent"),
    "entailment": ("entailed", "not entailed"),
    "entailing": ("entailment", "non-entailment"),
    "support": ("supported", "refuted"),
    "agreement": ("agree", "disagree"),
    "acceptability": ("acceptable", "unacceptable"),
    "grammar": ("grammatical", "ungrammatical"),
    "sense": ("sensible", "nonsensical"),
    "equivalence": ("equivalent", "not equivalent"),
    "sentiment": ("positive", "negative"),
    "truthfulness": ("truthful", "untruthful"),
    "legality": ("legal", "illegal"),
    "morality": ("moral", "immoral"),
    "relevance": ("relevant", "irrelevant"),
    "safety": ("safe", "unsafe"),
    "humour": ("sarcastic", "not sarcastic"),
    "logic": ("logical", "illogical"),
    "reason": ("reasonable", "unreasonable"),
    "efficacy": ("有效", "无效"),
    "plausible": ("合理", "不合理"),
    "possible": ("可能", "不可能"),
    "holding": ("成立", "不成立"),
    "legal": ("合法", "违法"),
}
"""Pairs of words beside yes and no. The first of each is the affirmative one."""


@cache
def list_pair_words() -> Mapping[str, tuple[str, bool]]:
    """List the words of all pairs: the pair, and whether the word is the affirmative one.

    >>> list_pair_words()["invalid"]
    ('validity', False)
    """
    return {word: (pair, not index) for pair, words in PAIRS.items() for index, word in enumerate(words)}
