import re

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from cotloom.builder.report.pages import render_page

HOSTILE = '<script>alert(1)</script> `x` "quoted" *b* \x1b[31m'


def write(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def test_every_value_is_escaped_for_the_kind_of_page(tmp_path):
    html = render_page(write(tmp_path, "a.html.j2", '<p title="{{ x }}">{{ x }}</p>'), x=HOSTILE)
    markdown = render_page(write(tmp_path, "a.md.j2", "{{ x }}"), x=HOSTILE)

    assert "<script>" not in html + markdown
    assert '"quoted"' not in html
    assert "\x1b" not in html + markdown
    assert "\\*b\\*" in markdown


@pytest.mark.parametrize("name", ["a.html.j2", "a.md.j2"])
def test_a_block_that_was_escaped_before_stays_as_it_is(tmp_path, name):
    assert render_page(write(tmp_path, name, "{{ x }}"), x=Markup("<svg/> *")) == "<svg/> *"


@pytest.mark.parametrize("name", ["a.html.j2", "a.md.j2"])
def test_a_macro_escapes_once(tmp_path, name):
    text = render_page(write(tmp_path, name, "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(x) }}"), x="a & b")

    assert text == "<a &amp; b>"


def test_a_missing_value_is_an_error(tmp_path):
    with pytest.raises(UndefinedError):
        render_page(write(tmp_path, "a.html.j2", "{{ nothing }}"))


def test_a_page_loads_and_runs_nothing(tmp_path):
    text = '{% extends "page.html.j2" %}{% from "parts.html.j2" import items, table %}{% block body %}{{ items(x) }}{{ table([x, x]) }}{% endblock %}'  # noqa: E501
    page = render_page(write(tmp_path, "a.html.j2", text), title=HOSTILE, x=[HOSTILE, "b"])

    assert "default-src 'none'" in page
    assert re.findall(r"<script|<link|<img|<iframe|(?:src|href)=|url\(|@import|\son\w+=", page) == []
    assert page.count("<li>") == page.count("<td>") == page.count("<th ") == 2
