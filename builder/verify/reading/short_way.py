r"""The short way to a number: a text that ends on a mark and one plain number, as most do.

Nothing stands behind such a number, so nothing can withdraw it, and no later mark can replace it.
"""

import re

from ....schemas.sample import Span
from .candidates import Reading

_LINE = re.compile(
    r"[ \t]*(?:(?:A|Ans|Answer|Final Answer):|(?P<hashes>####))[ \t]*([0-9]{1,15}(?:\.[0-9]{1,15})?)\.?\s*",
    re.IGNORECASE,
)
"""A last line that is a mark and a number."""
_SENTENCE = re.compile(
    r"(?:So |Thus,? |Therefore,? |Hence,? )?the (?:final )?answer is ([0-9]{1,15}(?:\.[0-9]{1,15})?)\.?\s*", re.IGNORECASE
)
"""A last sentence that is."""
_HASHES, _COLON = "hashes", "answer_colon"
_LONGEST = 60


def read_shortly(text: str) -> Reading | None:
    """Read a text that ends on a mark and a plain number; None for all others."""
    stop = len(text)
    while stop and text[stop - 1] in "\n ":
        stop -= 1
    begin = text.rfind("\n", max(0, stop - 400), stop) + 1
    if begin == 0 and stop > 400:
        return None
    match = _LINE.match(text, begin, stop)
    if match is not None and match.end() == stop:
        return Reading(answer=match[2], span=Span(start=match.start(2), end=match.end(2)), rule=_HASHES if match["hashes"] else _COLON)
    return _read_sentence(text, begin, stop)


def _read_sentence(text: str, begin: int, stop: int) -> Reading | None:
    start = max(text.rfind(". ", begin, stop) + 2, begin)
    if stop - start > _LONGEST:
        return None
    match = _SENTENCE.fullmatch(text, start, stop)
    if match is None:
        return None
    return Reading(answer=match[1], span=Span(start=match.start(1), end=match.end(1)), rule="answer_is")
