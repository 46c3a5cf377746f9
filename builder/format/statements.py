"""The statement of the final answer that ends a path: where it begins, and the path without it."""

import re

from ..languages import choose_wording, has_unspaced, list_readings, part_unspaced

MAX_CUT = 80
"""The most characters, from the answer to the end of the text, that are cut with the statement of the answer."""

MAX_BARE_WORDS = 4
"""The most words, from the answer on, of a text that is an answer without reasoning."""


_STATEMENT = re.compile(
    r"(?=[sthaf#\\])(?:\b|(?=[#\\]))"  # how the rest can begin: it is tried at few places
    r"(?:\b(?:so|thus|therefore|hence|and)\b[, ]*)?(?:\bthe\s+)?(?:\bfinal\s+)?"
    r"(?:####|\\boxed\{|\banswer(?:\s+is|\s*:)|\ba:|\bans:)[\s:*$€£=]*(?:\b(?:option|choice)\s+)?$",
    re.IGNORECASE,
)
"""The statement of the final answer, up to where the answer itself begins: `So the answer is `."""

STATEMENT_WINDOW = 64
"""The characters before an answer in which its statement is looked for first."""

_NO_STATEMENT = re.compile(r"(?:[\s,:*$€£=]*[^\s,:*$€£=]){32}")
"""More words than the longest statement has (`therefore the final answer is option`, 31 letters)."""

_STATEMENTS = tuple(
    re.compile(reading.statement, re.IGNORECASE) for reading in list_readings() if reading.statement is not None
)
"""The same in the other languages."""

_REASONS = re.compile(r"=|\b(?:because|since)\b", re.IGNORECASE)
"""Marks the words behind an answer as reasoning."""


def cut_statement(text: str, answer_start: int | None, language: str | None) -> str:
    """Cut the statement of the final answer from the end of a path; a path that goes on behind it stays whole.

    Args:
        text: the text of the path.
        answer_start: first character of the final answer; None where it is not in the text.
        language: the language of the problem.

    >>> cut_statement("3 + 4 = 7. So the answer is 7.", 28, "en")
    '3 + 4 = 7. '
    """
    if answer_start is None:
        return text
    rest = text[answer_start:]
    if len(rest) > MAX_CUT or _has_reason(rest, language):
        return text
    statement = find_statement(text, answer_start)
    if statement is None:
        return text
    before = text[: statement.start()]
    return before if before.strip() or _count_words(rest) <= MAX_BARE_WORDS else text


def find_statement(text: str, end: int) -> re.Match[str] | None:
    """Find the statement that ends where the answer begins. None begins before a window with too many words for one."""
    start = max(end - STATEMENT_WINDOW, 0)
    found = _STATEMENT.search(text, start if _NO_STATEMENT.match(text, start, end) else 0, end)
    others = (statement.search(text, start, end) for statement in _STATEMENTS)
    return min(filter(None, (found, *others)), key=lambda match: match.start(), default=None)


def _count_words(text: str) -> int:
    """Count words; where they are not spaced, two characters are one."""
    if not has_unspaced(text):
        return len(text.split())
    spaced, characters = part_unspaced(text)
    return len(spaced.split()) + len(characters) // 2


def _has_reason(rest: str, language: str | None) -> bool:
    """Whether the words behind an answer are reasoning, by the words of English and of the problem's language."""
    if _REASONS.search(rest):
        return True
    words = rest.casefold()
    return any(
        re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", words) for word in choose_wording(language).reading.because
    )
