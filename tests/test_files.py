import json

import polars as pl
import pytest

from cotloom.builder.cells import format_cell, list_columns, read_cell
from cotloom.builder.errors import InputError
from cotloom.builder.files import digest_file, read_rows


@pytest.fixture
def rows(tmp_path):
    """Write a file and read its rows."""

    def read(name: str, content: bytes | str):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_rows(path))

    return read


def test_jsonl_rows_know_their_line_and_blank_lines_are_none(rows):
    read = rows("a.jsonl", '\n{"a": 1}\r\n   \n{"a": 2}')

    assert [(row.origin, row.values) for row in read] == [("a.jsonl:2", {"a": 1}), ("a.jsonl:4", {"a": 2})]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'{"a": 1', "not JSON: "),
        (b"[1]", "a list, not an object"),
        (b"null", "a NoneType, not an object"),
        (b'"x"', "a str, not an object"),
        (b'{"a": "\xff"}', "not JSON: "),
        (b'{"a": NaN}', "not JSON: "),
        (b'{"a": 123456789012345678901, "b": NaN}', "not JSON: NaN is no JSON number"),
        (b'{"a": "123456789012345678901 \xff"}', "not JSON: "),
        (b"[" * 100_000, "not JSON: "),
        (b"[" * 100_000 + b"123456789012345678901", "not JSON: nested too deeply"),
    ],
)
def test_a_bad_line_is_a_row_with_its_fault_and_the_others_are_read(rows, line, fault):
    good, bad, last = rows("a.jsonl", b'{"a": 1}\n' + line + b'\n{"a": 3}\n')

    assert (good.values, last.values) == ({"a": 1}, {"a": 3})
    assert (bad.origin, bad.values) == ("a.jsonl:2", None)
    assert bad.fault.startswith(fault)


def test_whole_numbers_past_64_bits_keep_every_digit(rows):
    (row,) = rows("a.jsonl", '{"a": 123456789012345678901234567890, "b": [-98765432109876543210], "c": 1.5}')

    assert row.values == {"a": 123456789012345678901234567890, "b": [-98765432109876543210], "c": 1.5}
    assert format_cell(row.values["a"]) == "123456789012345678901234567890"


@pytest.mark.parametrize("text", ['[{"a": 1}, 2]', '{"data": [{"a": 1}, 2]}', '{"version": 3, "data": [{"a": 1}, 2]}'])
def test_a_json_file_is_a_list_of_rows_or_holds_one(rows, text):
    good, bad = rows("a.json", text)

    assert (good.origin, good.values) == ("a.json:1", {"a": 1})
    assert (bad.origin, bad.fault) == ("a.json:2", "a int, not an object")


def test_a_json_file_may_be_an_object_of_rows(rows):
    read = rows("a.json", '{"7": {"a": 1}, "x": {"a": [2]}}')
    assert [(row.origin, row.values) for row in read] == [("a.json:1", {"a": 1}), ("a.json:2", {"a": [2]})]


@pytest.mark.parametrize("text", ["3", "{}", '{"a": [1], "b": [2]}', "", "[{", "\x00"])
def test_a_json_file_without_one_list_is_the_users_mistake(rows, text):
    with pytest.raises(InputError, match=r"a\.json: "):
        rows("a.json", text)


def test_csv_cells_hold_quotes_commas_and_line_ends(rows):
    read = rows("a.csv", 'q,a\r\n"one, ""two""\nthree",4\r\nfive,6\r\n')

    assert [row.values for row in read] == [{"q": 'one, "two"\nthree', "a": "4"}, {"q": "five", "a": "6"}]
    assert [row.origin for row in read] == ["a.csv:3", "a.csv:4"]


def test_a_csv_mark_of_other_programs_is_no_part_of_the_first_column(rows):
    (row,) = rows("a.csv", "\ufeffq,a\n1,2\n")

    assert row.values == {"q": "1", "a": "2"}


def test_a_ragged_csv_row_is_a_row_with_its_fault(rows):
    short, long, good = rows("a.csv", "q,a\n1\n1,2,3\n1,2\n")

    assert (short.values, short.fault) == (None, "1 cells under 2 columns")
    assert (long.values, long.fault) == (None, "3 cells under 2 columns")
    assert good.values == {"q": "1", "a": "2"}


@pytest.mark.parametrize("content", [b"q,a\n\xff,2\n", b'q,a\n"unclosed,2\n'])
def test_a_csv_file_that_can_not_be_read_is_told_with_its_place(rows, content):
    with pytest.raises(InputError, match=r"a\.csv, line "):
        rows("a.csv", content)


def test_a_csv_cell_may_be_long(rows):
    (row,) = rows("a.csv", "q\n" + "x" * 300_000 + "\n")

    assert len(row.values["q"]) == 300_000


def test_a_csv_file_whose_columns_have_one_name_twice_is_refused(rows):
    with pytest.raises(InputError, match="the column a stands twice"):
        rows("a.csv", "a,b,a\n1,2,3\n")


def test_parquet_rows_keep_nested_values(tmp_path):
    pl.DataFrame({"q": ["a", "b"], "n": [{"x": 1}, {"x": 2}], "l": [[1], []]}).write_parquet(tmp_path / "a.parquet")

    first, second = read_rows(tmp_path / "a.parquet")

    assert (first.origin, first.values) == ("a.parquet:1", {"q": "a", "n": {"x": 1}, "l": [1]})
    assert (second.origin, second.values) == ("a.parquet:2", {"q": "b", "n": {"x": 2}, "l": []})


def test_a_parquet_file_that_is_none_is_the_users_mistake(rows):
    with pytest.raises(InputError, match=r"a\.parquet: "):
        rows("a.parquet", b"PAR1 nothing")


@pytest.mark.parametrize(("name", "text"), [("a.jsonl", ""), ("a.jsonl", "\n \n"), ("a.csv", ""), ("a.json", "[]")])
def test_an_empty_file_has_no_rows(rows, name, text):
    assert rows(name, text) == []


def test_a_missing_file_is_told_with_what_is_there(tmp_path):
    (tmp_path / "there.jsonl").touch()
    with pytest.raises(InputError) as caught:
        list(read_rows(tmp_path / "ther.jsonl"))

    assert caught.value.message == f"{tmp_path}/ther.jsonl: no such file"
    assert caught.value.hint == "available: there.jsonl"


@pytest.mark.parametrize("folder", ["", "nowhere/"])
def test_a_missing_file_in_an_empty_or_missing_folder_is_told_too(tmp_path, folder):
    with pytest.raises(InputError) as caught:
        list(read_rows(tmp_path / f"{folder}a.csv"))

    assert caught.value.hint.endswith("has no .csv file")


@pytest.mark.parametrize("name", ["a.xlsx", "a"])
def test_a_suffix_without_a_reader_is_told_with_those_that_have_one(tmp_path, name):
    with pytest.raises(InputError) as caught:
        list(read_rows(tmp_path / name))

    assert caught.value.hint == "known: .jsonl, .ndjson, .json, .csv, .parquet"


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(InputError, match="no such file"):
        list(read_rows(tmp_path / "a.jsonl"))


def test_a_cell_is_a_column_a_nested_key_or_a_filled_template():
    values = {"a": {"b": {"c": 3}}, "a.b": "dotted", "x": "one", "y": 2}

    assert read_cell(values, "x") == "one"
    assert read_cell(values, "a.b.c") == 3
    assert read_cell(values, "a.b") == "dotted"  # a column of that very name goes first
    assert read_cell(values, "{{ x }}-{{ y + 1 }}") == "one-3"


@pytest.mark.parametrize("column", ["z", "a.z", "x.y", "a.b.c.d", "{{ z }}"])
def test_a_cell_that_is_not_there_is_a_key_error(column):
    with pytest.raises(KeyError):
        read_cell({"a": {"b": {"c": 3}}, "x": "one"}, column)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (51.0, "51"),
        (51.5, "51.5"),
        (-0.0, "0"),
        (1e300, "1e+300"),
        (7, "7"),
        (" 7 ", "7"),
        ("", None),
        (" \n", None),
        (None, None),
        (True, "true"),
        ([1, "a"], '[1,"a"]'),
        ({"b": 1, "a": 2}, '{"a":2,"b":1}'),
        (10**30, str(10**30)),
    ],
)
def test_a_cell_as_text(value, text):
    assert format_cell(value) == text


@pytest.mark.parametrize("value", ["\ud800", float("nan"), float("inf"), ["\ud800"], b"bytes"])
def test_a_cell_that_can_not_be_written_is_a_key_error(value):
    with pytest.raises(KeyError):
        format_cell(value)


def test_columns_are_listed_with_nested_keys():
    assert list_columns({"a": 1, "b": {"c": 2, "d": {"e": 3}}, "f": {}}) == ["a", "b.c", "b.d.e", "f"]


def test_a_files_digest_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([]))

    digest, size = digest_file(tmp_path / "a.json")

    assert (digest, size) == ("4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945", 2)


@pytest.mark.parametrize("digits", [17, 18, 19, 40])
def test_a_long_number_keeps_its_digits_among_others(rows, digits):
    number = "9" * digits

    (row,) = rows("a.jsonl", f'{{"a": {number}, "b": "{number[:9]} {number}", "c": 1}}')

    assert row.values == {"a": int(number), "b": f"{number[:9]} {number}", "c": 1}
