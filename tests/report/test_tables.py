from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from cotloom.builder.report.sentences import describe_condition
from cotloom.builder.report.tables import indent, make_table
from cotloom.schemas.student import Against

HOSTILE = "\x1b[31mred\x1b[0m [bold]x[/bold] [red] \x07\x9b2J\u202egold\r"


def show(renderable) -> str:
    console = Console(file=StringIO(), width=200, highlight=False, force_terminal=True, color_system=None)
    console.print(renderable)
    return console.file.getvalue()


@pytest.mark.parametrize("renderable", [make_table([HOSTILE], [[HOSTILE]]), indent(HOSTILE, "italic")])
def test_a_text_can_not_paint_the_terminal_or_be_read_as_markup(renderable):
    text = show(renderable)

    assert not set(text) & set("\x1b\x07\x9b\u202e\r")
    assert "[bold]x[/bold] [red]" in text


def test_numbers_are_set_to_the_right_and_a_styled_cell_stays():
    lines = show(make_table(("name", "count"), [("x", "1"), (Text("null", style="dim"), "23")], " r")).splitlines()

    assert [line.rstrip() for line in lines] == ["name  count", "x         1", "null     23"]


@pytest.mark.parametrize("condition", ["version", *Against.__args__])
def test_every_condition_has_words(condition):
    assert " " in describe_condition(condition)


def test_an_unknown_condition_is_shown_by_its_name():
    assert describe_condition("half_of_it") == "half of it"
