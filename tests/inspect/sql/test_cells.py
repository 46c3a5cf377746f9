"""Results for a person: as wide as the terminal, one line a row; what is left out is said."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cotloom.builder.inspect.sql import FirstRows, connect, read_head
from cotloom.builder.inspect.sql.cells import GAP, TEXT_LINES, choose_columns, render_head, summarise
from cotloom.builder.report.console import CleanConsole
from cotloom.builder.terminal import OutputStream


class Text(OutputStream):
    """What was written."""

    def __init__(self):
        self.parts = []

    def write(self, text):
        self.parts.append(text)
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


def show(head: FirstRows | pl.DataFrame, width: int = 80) -> list[str]:
    stream = Text()
    head = head if isinstance(head, FirstRows) else FirstRows(rows=head)
    CleanConsole(stream, width=width).print(render_head(head, width))
    return [line.rstrip() for line in "".join(stream.parts).splitlines()]


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("table", ["problems", "samples", "examples", "training", "funnel"])
def test_a_row_is_one_line_however_wide_its_cells_are(table, width, quickstart):
    with connect(quickstart) as connection:
        head = read_head(connection, f"FROM {table}", 5)

    lines = show(head, width)

    assert max(map(cell_len, lines)) <= width
    assert next(place for place, line in enumerate(lines) if line.startswith("… ")) == 1 + 5
    assert lines[0].split()[0].rstrip("…") in head.rows.columns[0]
    assert any(line.startswith(f"… {head.more:,} more rows; --rows {head.more + 5} shows all") for line in lines)


def test_columns_that_do_not_fit_are_named(quickstart):
    with connect(quickstart) as connection:
        lines = show(read_head(connection, "FROM samples LIMIT 3", 5), 120)

    assert lines[0].split()[-1] == "detail"
    note = next(line for line in lines if "columns do not fit" in line)
    assert "token_logprobs" in " ".join(lines[lines.index(note) :])


def test_one_row_stands_upright_with_its_texts_in_full():
    text = "A first line.\n\nAnd a second one, " + "which goes on and on, " * 6 + "to its end."
    lines = show(pl.DataFrame({"sample_id": ["s_1"], "text": [text], "detail": [None], "n": [[{"a": 1}]]}))

    assert lines[1].split() == ["sample_id", "s_1"]
    assert " ".join(" ".join(lines).split()).count(" ".join(text.split())) == 1
    assert ["detail", "null"] in [line.split() for line in lines]
    assert any('[{"a": 1}]' in line for line in lines)


def test_an_upright_text_ends_after_some_lines_and_says_so():
    lines = show(pl.DataFrame({"a": ["x"], "text": ["\n".join(f"line {n}" for n in range(100))]}))

    assert len(lines) == 2 + TEXT_LINES + 1
    assert lines[-1].split()[1:] == ["640", "more", "characters"]


def test_a_single_value_and_no_row_are_shown():
    assert show(pl.DataFrame({"n": [42]})) == [" n", "42"]
    assert show(pl.DataFrame({"n": []})) == ["n", "(no rows)"]
    assert show(pl.DataFrame()) == ["(no result)"]


def test_characters_that_paint_the_terminal_are_shown_by_their_escapes():
    rows = pl.DataFrame({"a\x1b[31m": ["x\x1b[2Jy", "\u202e"], "b": [["\x07"], []]})

    for head in (FirstRows(rows=rows), FirstRows(rows=rows.head(1))):
        text = "\n".join(show(head))
        assert not set(text) & set("\x1b\x07\u202e")
        assert "\\x1b[2J" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        ("a\nb", "a ↵ b"),
        ([1, None, "x"], "[1, null, x]"),
        ([], "[]"),
        (list(range(100)), "[0, 1, 2, 3, 4, 5, 6, 7, … 100 in all]"),
        ([{"kind": "x", "at": 1}] * 2, "2 × {kind, at}"),
        ({"a": {"b": [1]}}, "{a: {b: [1]}}"),
        (1.5, "1.5"),
        (True, "True"),
    ],
)
def test_cells_are_summarised(value, shown):
    assert summarise(value) == shown


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60), st.integers(20, 200))
def test_the_columns_that_are_chosen_fit(natural, width):
    kept, widths = choose_columns(natural, width)

    marked = len(kept) < len(natural)
    assert kept == sorted(set(kept))
    assert sum(widths) + GAP * (len(kept) - 1) + marked * (1 + GAP) <= max(width, 20)
    assert all(1 <= given <= natural[index] for index, given in zip(kept, widths, strict=True))
    assert not marked or 0 in kept
    if not marked and sum(natural) + GAP * (len(natural) - 1) <= width:
        assert widths == natural


def test_rows_beyond_those_shown_are_counted_up_to_a_bound(quickstart):
    with connect(quickstart) as connection:
        few = read_head(connection, "FROM range(45)", 40)
        many = read_head(connection, "FROM range(1000000)", 40)
        ordered = read_head(connection, "FROM range(1000) t(i) ORDER BY i DESC", 3)

    assert (few.rows.height, few.more, few.is_bounded) == (40, 5, False)
    assert (many.rows.height, many.more, many.is_bounded) == (40, 100_000, True)
    assert ordered.rows["i"].to_list() == [999, 998, 997]
    assert show(many)[-1] == "… more than 100,000 more rows; --format csv prints all"


def test_what_programs_read_is_never_shortened(run, quickstart):
    query = "SELECT i, repeat('x', 500) AS text, [i, i] AS l FROM range(100) t(i)"
    for words in (["--format", "csv"], ["--format", "jsonl"], ["--format", "json"], ["--json"]):
        out = run("sql", quickstart.path, query, "--rows", 3, *words).out
        assert out.count("x" * 500) == 100
    table = run("sql", quickstart.path, query, "--rows", 3).out
    assert table.splitlines()[-1] == "… 97 more rows; --rows 100 shows all, --format csv prints all"
