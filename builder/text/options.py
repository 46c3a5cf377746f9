"""The options of a multiple-choice question, lettered."""

from collections.abc import Sequence
from string import ascii_uppercase

LETTERS = ascii_uppercase
"""Options are lettered from A; more than these can't be asked."""


def asked(question: str, choices: Sequence[str] = ()) -> str:
    """A question with its options below, as it is put to teacher and student.

    >>> asked("Which is a number?", ["pear", "7"]).splitlines()
    ['Which is a number?', '(A) pear', '(B) 7']
    """
    return "\n".join([question, *(f"({letter}) {choice}" for letter, choice in zip(LETTERS, choices, strict=False))])
