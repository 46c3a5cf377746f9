"""Format the options of a multiple-choice question with letters."""

from collections.abc import Sequence
from string import ascii_uppercase

LETTERS = ascii_uppercase
"""Letters of the options, from A; a question can't have more options."""


def format_question(question: str, choices: Sequence[str] = ()) -> str:
    """Format a question with its options below, as in the prompts of teacher and student.

    >>> format_question("Which is a number?", ["pear", "7"]).splitlines()
    ['Which is a number?', '(A) pear', '(B) 7']
    """
    return "\n".join([question, *(f"({letter}) {choice}" for letter, choice in zip(LETTERS, choices, strict=False))])
