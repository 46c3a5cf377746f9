import json
import sys
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from cotloom.builder.report.console import make_console
from cotloom.builder.terminal import (
    UNSAFE,
    clean_standard_streams,
    encode_json,
    escape_json,
    escape_terminal,
    print_data,
    print_error,
    print_text,
)
from tests.hostile import HOSTILE

TEXTS = st.text(st.characters())  # with halves of surrogate pairs


@given(TEXTS)
def test_nothing_unsafe_is_left_of_any_text(text):
    assert UNSAFE.search(escape_terminal(text)) is None


@given(st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)), st.booleans())
def test_json_is_safe_and_decodes_to_the_same(value, only_ascii):
    text = escape_json(json.dumps(value, ensure_ascii=False), only_ascii=only_ascii)

    assert UNSAFE.search(text) is None
    assert text.isascii() or not only_ascii
    assert json.loads(text) == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    "text", ["می\u200cخواهم", "👩\u200d👩\u200d👧", "Sil\u00adbe", "❤\ufe0f", "a\tb\nc", "日本語", "العربية"]
)
def test_what_languages_need_stays(text):
    assert escape_terminal(text) == text


def test_everything_that_is_printed_is_clean(capsys):
    print_text(HOSTILE)
    print_error(HOSTILE)
    make_console().print(Text(HOSTILE), HOSTILE)

    out, err = capsys.readouterr()
    assert UNSAFE.findall(out + err) == []
    assert "[bold red]x[/bold red]" in out


def test_data_is_exact_where_no_terminal_is(capsys):
    print_data(iter([f"{HOSTILE}\r\n", "b\n"]))

    assert capsys.readouterr().out.endswith(f"{HOSTILE[-20:]}\r\nb\n")


def test_what_libraries_write_is_clean_and_a_bar_may_begin_its_line_again(capsys):
    with clean_standard_streams():
        sys.stderr.write("\r 50%")
        sys.stderr.write(f"\r{HOSTILE}")

    err = capsys.readouterr().err
    assert err.startswith("\r 50%\r\\x1b[38;5;201m")
    assert UNSAFE.findall(err.replace("\r 50%\r", "")) == []


def test_a_stream_without_an_encoding_is_taken_for_utf8(monkeypatch):
    monkeypatch.setattr(sys, "stdout", StringIO())

    assert encode_json({"é": "\x9b"}, indent=None) == '{"é": "\\u009b"}'
