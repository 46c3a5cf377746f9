"""Tokens and log probabilities of the simulated teacher: high where it is right, low where it makes a mistake."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, islice
from math import log

from ....schemas.ids import draw_share, rank
from ....schemas.sample import Alternative, TokenLogprob
from . import phrases

NEAR = tuple(off for far in (*range(1, 21), 50, 100) for off in (far, -far))
"""How far alternative numbers are off."""

_TOKEN = re.compile(r"\n| ?[^\W\d_]+(?:'[^\W\d_]+)?| ?\d+| ?[^\w\s]|.", re.DOTALL)


def split_tokens(text: str) -> list[str]:
    """Split a text into words, numbers and marks, each with the space before it. Joined, they are the text.

    >>> split_tokens("So 4 + 5 = 9.")
    ['So', ' 4', ' +', ' 5', ' =', ' 9', '.']
    """
    return _TOKEN.findall(text)


def make_logprobs(
    tokens: Sequence[str], slips: Mapping[int, str], top: int, key: str, words: Sequence[str] = phrases.WORDS
) -> tuple[TokenLogprob, ...]:
    """Give each token of a text its log probability and alternatives.

    Args:
        tokens: the tokens.
        slips: where mistakes end in the text, each with the right number.
        top: number of alternatives.
        key: key of every draw.
        words: alternatives of a word.
    """
    ends = accumulate(map(len, tokens))
    return tuple(
        _make_logprob(token, slips.get(end), top, f"{key}/{end}", words)
        for token, end in zip(tokens, ends, strict=True)
    )


def _make_logprob(token: str, right: str | None, top: int, key: str, words: Sequence[str]) -> TokenLogprob:
    """Draw the probabilities of a token and its alternatives: high for the token, unless it is a mistake."""
    sure = draw_share(key, "sure")
    chances = {token: 0.55 + 0.43 * sure}
    if right is not None:
        lead = token[: len(token) - len(token.lstrip())]
        chances = {lead + right: 0.6 + 0.25 * sure, token: 0.005 + 0.08 * draw_share(key, "slip")}
    rest = 0.95 * (1 - sum(chances.values()))
    others = (other for other in _list_alternatives(token, key, words) if other not in chances)
    chances |= {other: rest * 0.4 * 0.6**index for index, other in enumerate(islice(others, top))}
    logprobs = {word: round(log(chance), 4) for word, chance in chances.items()}
    ranked = sorted(logprobs, key=lambda word: (-logprobs[word], word))[:top]
    alternatives = tuple(Alternative(token=word, logprob=logprobs[word]) for word in ranked)
    return TokenLogprob(token=token, logprob=logprobs[token], top=alternatives)


def _list_alternatives(token: str, key: str, words: Sequence[str] = phrases.WORDS) -> Iterator[str]:
    """List alternatives of a token in a drawn order, more than `top` can ask for."""
    word = token.lstrip(" ")
    lead = token[: len(token) - len(word)]
    choices: Sequence[str] = phrases.MARKS
    if word.isdigit():
        choices = [str(int(word) + off) for off in NEAR if int(word) + off >= 0]
    elif word[:1].isalpha():
        choices = [other.capitalize() for other in words] if word.istitle() else words
    start = rank(key, "others") % len(choices)
    return (lead + other for other in (*choices[start:], *choices[:start]))
