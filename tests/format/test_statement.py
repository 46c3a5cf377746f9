"""The statement of an answer is found as by a search through the whole text before it."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.format.statements import _STATEMENT, find_statement

WORDS = [
    *[
        "so",
        "Thus",
        "therefore",
        "Therefore, ",
        "hence",
        "and",
        "the",
        "The ",
        "final",
        "final ",
        "answer",
        "answer is",
    ],
    *[
        "Answer:",
        "a:",
        "A: ",
        "ans:",
        "anſ: ",
        "ıs",
        "####",
        "#### ",
        "\\boxed{",
        "option ",
        "choice ",
        "$",
        "**",
        "= ",
    ],
    *[" ", "  ", "\n", ", ", ": ", "x", "apple", "18", "_", "é", "pens are left", "####", " " * 70, ", " * 40, "is "],
]
WHOLE = re.compile(_STATEMENT.pattern.removeprefix(r"(?=[sthaf#\\])(?:\b|(?=[#\\]))"), re.IGNORECASE)


@given(st.lists(st.sampled_from(WORDS), max_size=25).map("".join), st.integers(0, 5))
@settings(max_examples=500, deadline=None)
def test_a_statement_is_found_as_by_a_search_through_the_whole_text(text, behind):
    end = max(len(text) - behind, 0)
    found, expected = find_statement(text, end), WHOLE.search(text, 0, end)

    assert WHOLE.pattern != _STATEMENT.pattern
    assert (found and found.span()) == (expected and expected.span())
