"""Law 7: whatever a text holds, it is shown as text."""

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cotloom.builder.report.escape import escape_html, escape_markdown, escape_terminal, mask_controls
from cotloom.builder.report.markdown import fold_lines, format_code, format_fence

HOSTILE = "<script>alert(1)</script> `x` | [a](javascript:1) ![b](http://x/y.png) $z$ <!-- \u202e **b** _i_"
CONTROLS = "\x1b\x00\x07\x08\x7f\x9b\u2028\u2029\u202e\u2066\r"


def to_html(markdown: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)


def list_tags(html: str) -> set[str]:
    tags = set()

    class Parser(HTMLParser):
        def handle_starttag(self, tag, _attributes):
            tags.add(tag)

    Parser().feed(html)
    return tags


def test_control_characters_become_visible_and_lines_and_tabs_stay():
    assert (
        escape_terminal("a\x1b[31m\x07\x7f\x9b\u202e\u2066b\nc\td") == "a\\x1b[31m\\x07\\x7f\\x9b\\u202e\\u2066b\nc\td"
    )


@pytest.mark.parametrize("escape", [escape_terminal, escape_markdown, escape_html, format_code])
def test_no_control_character_is_left(escape):
    assert not set(escape(f"a{CONTROLS}b")) & set(CONTROLS)


def test_masked_controls_keep_every_position():
    masked = mask_controls(f"a{CONTROLS}b")

    assert masked == "a" + "\N{REPLACEMENT CHARACTER}" * len(CONTROLS) + "b"


@pytest.mark.parametrize(
    "hostile", [HOSTILE, "````\n</details># head", "1. x", "- x", "# x", "===", "a\n\n<b>", "\\|`", "__a__", "a *b*"]
)
def test_a_hostile_text_has_no_effect_in_markdown(hostile):
    for written in (escape_markdown(hostile), format_code(hostile), "\n".join(format_fence(hostile))):
        assert list_tags(to_html(written)) <= {"p", "code", "pre"}
    row = [escape_markdown(hostile), format_code(hostile)]
    table = to_html("\n".join(["| a | b |", "|---|---|", f"| {' | '.join(row)} |", ""]))
    assert (table.count("<td>"), list_tags(table)) == (2, {"table", "thead", "tbody", "tr", "th", "td"} | ({"code"}))


@given(st.text())
def test_any_text_is_one_paragraph_of_markdown_without_markup(text):
    assert list_tags(to_html(escape_markdown(text))) <= {"p"}


@given(st.text(alphabet=st.sampled_from("_*`[]()!<>|~$\\#-+=&a1. \n")))
def test_any_markup_is_one_paragraph_without_markup(text):
    assert list_tags(to_html(escape_markdown(text))) <= {"p"}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\f\x1c\x1d\x1e\x85\u2028\u2029")))
def test_a_fence_ends_where_it_should(text):
    html = to_html("\n".join([*format_fence(text), "", "behind"]))

    assert html.endswith("</code></pre>\n<p>behind</p>\n")
    assert list_tags(html) == {"pre", "code", "p"}


def test_names_with_underscores_stay_readable_in_markdown():
    assert escape_markdown("held_out (zero_shot_cot) _x_ a__b") == "held_out (zero_shot_cot) \\_x\\_ a\\_\\_b"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")))
def test_any_text_is_the_content_and_the_attribute_of_an_element(text):
    written = escape_html(text)
    root = ET.fromstring(f'<a b="{written}">{written}</a>')  # noqa: S314 - our own text

    assert root.text == (escape_terminal(text) or None)
    assert len(root) == 0


def test_long_lines_are_folded_between_words():
    assert fold_lines("short\n" + "word " * 40 + "\n" + "x" * 200) == "\n".join(
        ["short", " ".join(["word"] * 19), " ".join(["word"] * 19), "word word", "x" * 200]
    )
