"""Completion: what Tab offers."""

import pytest

from cotloom.builder.inspect.sql import connect
from cotloom.builder.inspect.sql.completion import complete
from cotloom.builder.inspect.sql.describe import read_catalog


@pytest.fixture(scope="module")
def catalog(quickstart):
    with connect(quickstart, {"old": quickstart}) as connection:
        return read_catalog(connection)


def offer(text: str, catalog) -> list[str]:
    """What is offered at the mark | of a text."""
    before, _, after = text.partition("|")
    found = complete(before, before + after, catalog, ["help", "exit", r"\d"])
    assert all(item.start == 0 or before[item.start :].lower() == item.text[: -item.start].lower() for item in found)
    return [item.text for item in found]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("SELECT pass_r|", ["pass_rate"]),
        ("SELECT pass_r| FROM problems", ["pass_rate"]),
        ("SELECT pass_r| FROM samples", []),
        ("SELECT * FROM pro|", ["problems"]),
        ("FROM samples JOIN pro|", ["problems"]),
        ("FROM samples, pro|", ["problems"]),
        ("FROM old.tr|", ["old.training"]),
        ("from SAM|", ["samples"]),
        ("FROM samples AS s WHERE s.verd|", ["s.verdict"]),
        ("FROM samples s WHERE s.verd|", ["s.verdict"]),
        ("SELECT samples.verd| FROM samples", ["samples.verdict"]),
        ("SELECT o.pass_r| FROM old.problems AS o", ["o.pass_rate"]),
        (r"\d samp|", ["samples"]),
        (r"\d old.samp|", ["old.samples"]),
        ("hel|", ["help"]),
        ("FROM samples WHERE text ilik|", ["ilike"]),
        ("FROM samples WHERE text ILIK|", ["ILIKE"]),
        ("FROM samples WHERE zzz|", []),
        ("SELECT 1 |", []),
    ],
)
def test_what_may_stand_there_is_offered(text, offered, catalog):
    assert offer(text, catalog) == offered


def test_every_view_is_offered_behind_from_and_no_column(catalog):
    assert offer("FROM |", catalog) == [*catalog, "old."]


def test_each_offer_comes_once_and_says_what_it_is(catalog):
    found = complete("SELECT problem_i", "SELECT problem_i", catalog)

    assert [item.text for item in found] == ["problem_id"]
    assert found[0].meaning
