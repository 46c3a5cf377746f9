"""Tokens and log probabilities of the simulated teacher: likely where it is right, unlikely where it slips."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, islice
from math import log

from cotloom.builder.teacher.simulated import phrases
from cotloom.schemas.chance import share
from cotloom.schemas.ids import rank
from cotloom.schemas.sample import Alternative, TokenLogprob

NEAR = tuple(off for far in (*range(1, 21), 50, 100) for off in (far, -far))
"""How far other likely numbers are off."""

_TOKEN = re.compile(r"\n| ?[^\W\d_]+(?:'[^\W\d_]+)?| ?\d+| ?[^\w\s]|.", re.DOTALL)


def tokens(text: str) -> list[str]:
    """Part a text into words, numbers and marks, each with the space before it; together they spell the text.

    >>> tokens("So 4 + 5 = 9.")
    ['So', ' 4', ' +', ' 5', ' =', ' 9', '.']
    """
    return _TOKEN.findall(text)


def logprobs(words: Sequence[str], marks: Mapping[int, str], top: int, key: str) -> tuple[TokenLogprob, ...]:
    """Give every token of a text its log probability and alternatives.

    Args:
        words: the tokens.
        marks: where a slip ends in the text, and what should stand there.
        top: how many alternatives.
        key: decides every draw.
    """
    ends = accumulate(map(len, words))
    return tuple(_likely(word, marks.get(end), top, f"{key}/{end}") for word, end in zip(words, ends, strict=True))


def _likely(token: str, right: str | None, top: int, key: str) -> TokenLogprob:
    """Give a token and its alternatives probabilities: it is likely, unless it is a slip."""
    sure = share(key, "sure")
    chances = {token: 0.55 + 0.43 * sure}
    if right is not None:
        lead = token[: len(token) - len(token.lstrip())]
        chances = {lead + right: 0.6 + 0.25 * sure, token: 0.005 + 0.08 * share(key, "slip")}
    rest = 0.95 * (1 - sum(chances.values()))
    others = (other for other in _others(token, key) if other not in chances)
    chances |= {other: rest * 0.4 * 0.6**place for place, other in enumerate(islice(others, top))}
    logprobs = {word: round(log(chance), 4) for word, chance in chances.items()}
    ranked = sorted(logprobs, key=lambda word: (-logprobs[word], word))[:top]
    alternatives = tuple(Alternative(token=word, logprob=logprobs[word]) for word in ranked)
    return TokenLogprob(token=token, logprob=logprobs[token], top=alternatives)


def _others(token: str, key: str) -> Iterator[str]:
    """What else might stand where a token stands: more than enough for the most alternatives, in a drawn order."""
    word = token.lstrip(" ")
    lead = token[: len(token) - len(word)]
    choices: Sequence[str] = phrases.MARKS
    if word.isdigit():
        choices = [str(int(word) + off) for off in NEAR if int(word) + off >= 0]
    elif word[:1].isalpha():
        choices = [other.capitalize() for other in phrases.WORDS] if word.istitle() else phrases.WORDS
    start = rank(key, "others") % len(choices)
    return (lead + other for other in (*choices[start:], *choices[:start]))
