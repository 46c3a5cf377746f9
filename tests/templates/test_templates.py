"""A template understands what stands on its list, and nothing on the list is random, unbounded or a way out."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.errors import InputError
from cotloom.builder.templates import UnfilledError, parse_template, render_template
from cotloom.builder.templates.bounds import MAX_ROW, MAX_STEPS, MAX_TEMPLATE, MAX_TEXT
from cotloom.builder.templates.filters import FILTERS, TESTS

ROW = {"a": "text", "n": 5, "none": None, "list": ["x", "y", "z"], "map": {"k": 1, "items": "two"}}


def loop(depth: int, over: str = "a") -> str:
    return "".join(f"{{% for x{i} in {over} %}}" for i in range(depth)) + "x" + "{% endfor %}" * depth


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ a|upper }} {{ ' B '|trim|lower }} {{ a|capitalize }} {{ 'a b'|title }}", "TEXT b Text A B"),
        ("{{ a|replace('t', 'T') }} {{ a|replace('t', 'T', 1) }} {{ a|replace('', '-') }}", "TexT Text -t-e-x-t-"),
        ("{{ list|join(', ') }} {{ list|first }}{{ list|last }} {{ list|length }} {{ a|count }}", "x, y, z xz 3 4"),
        ("{{ b|default('z') }}{{ none|default('z') }}{{ none|d('z', true) }}{{ map.q|d }}", "zNonez"),
        ("{{ '12'|int + 1 }} {{ 'x'|int(7) }} {{ '2.5'|float }} {{ n|string ~ n }}", "13 7 2.5 55"),
        ("{{ 'ab'|list }}", "['a', 'b']"),
        ("{{ [a, n, none, true]|tojson }} {{ '<&'|tojson }}", '["text", 5, null, true] "\\u003c\\u0026"'),
        ("{% for x in list %}{{ loop.index }}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "1x, 2y, 3z"),
        ("{% for x in list if x != 'y' %}{{ loop.length }}{{ x }}{% else %}-{% endfor %}", "2x2z"),
        ("{% for x in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% if n > 9 %}a{% elif n > 4 %}b{% else %}c{% endif %}{{ 'p' if n else 'q' }}", "bp"),
        ("{{ map.k }}{{ map['k'] }}{{ map.items }}{{ list[0] }}{{ list[1:]|join }}{{ a[-1] }}", "11twoxyzt"),
        ("{{ a is defined and b is undefined and none is none and n is odd and a is string }}", "True"),
        ("{{ a in ['text'] and not (n < 3 or n == 4) }} {{ -n + 2 - 1 }} {{ 'a' + 'b' }}", "True -4 ab"),
        ("{% raw %}{{ a }}{% endraw %}{# no #}{{- ' x' -}}  \n y", "{{ a }} xy"),
    ],
)  # fmt: skip
def test_what_is_on_the_list_means_what_it_means_in_jinja(template, text):
    assert render_template(template, ROW) == text


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("{{ list|random }}", "the filter random"),
        ("{{ list|shuffle }}", "the filter shuffle|No filter"),
        ("{{ a|pprint }}", "the filter pprint"),
        ("{{ '%9999999999d'|format(1) }}", "the filter format"),
        ("{{ a|center(10 ** 9) }}", "the filter center"),
        ("{{ a|indent(999999999) }}", "the filter indent"),
        ("{{ a|wordwrap(1) }}", "the filter wordwrap"),
        ("{{ list|batch(99999999, 'x')|list }}", "the filter batch"),
        ("{{ list|slice(99999999)|list }}", "the filter slice"),
        ("{{ map|xmlattr }}", "the filter xmlattr"),
        ("{{ list|map(attribute='__class__')|list }}", "the filter map"),
        ("{{ list|select('defined')|list }}", "the filter select"),
        ("{{ a|attr('__class__') }}", "the filter attr"),
        ("{{ n|filesizeformat }}", "the filter filesizeformat"),
        ("{{ a is sameas a }}", "the test sameas"),
        ("{{ n is divisibleby 0 }}", "the test divisibleby"),
        ("{{ range(10 ** 9) }}", "a call"),
        ("{{ ''.join(list) }}", "a call"),
        ("{{ a.ljust(10 ** 9) }}", "a call"),
        ("{{ a.__class__.__mro__() }}", "a call"),
        ("{{ lipsum() }}", "a call"),
        ("{{ 1 / 0 }}", "the operator /"),
        ("{{ 1 // 0 }}", "the operator //"),
        ("{{ 1 % 0 }}", "the operator %"),
        ("{{ a * 10000000000 }}", r"the operator \*"),
        ("{{ 10 ** 100000 }}", r"the operator \*\*"),
        ("{% set x = a %}", "{% set %}"),
        ("{% set x %}{{ a }}{% endset %}", "{% set %}"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% macro %}"),
        ("{% call a() %}{% endcall %}", "{% call %}"),
        ("{% filter upper %}a{% endfilter %}", "{% filter %}"),
        ("{% include '/etc/passwd' %}", "{% include %}"),
        ("{% import '/etc/passwd' as x %}", "{% import %}"),
        ("{% from '/etc/passwd' import x %}", "{% from %}"),
        ("{% extends '/etc/passwd' %}", "{% extends %}"),
        ("{% block b %}{% endblock %}", "{% block %}"),
        ("{% with x = a %}{% endwith %}", "{% with %}"),
        ("{% for x in list recursive %}{{ loop(x) }}{% endfor %}", "a recursive loop"),
        ("{% for x, y in map %}{% endfor %}", "a loop over pairs"),
        ("{{ {'a': 1} }}", "a mapping in braces"),
        ("{{ a|join(*list) }}", "other arguments"),
        ("{{ a|trim(1, 2) }}", "other arguments"),
        ("{{ a|default(value=2) }}", "other arguments"),
        ("{{ '\\ud800' }}", "surrogate"),
        (loop(60), "more than 50 levels"),
        ("{{ " + "+".join(["a"] * 500) + " }}", "more than 50 levels"),
    ],
)
def test_what_is_not_on_the_list_is_named(template, named):
    with pytest.raises(InputError, match=named):
        render_template(template, ROW)


@pytest.mark.parametrize(
    "template",
    [
        "{{ " + "(" * 4000,
        "{{ " + "(" * 2000 + "a" + ")" * 2000 + " }}",
        "{{ " + "not " * 2000 + "a }}",
        "{{ " + "-" * 5000 + "n }}",
        "{% if a %}" * 500,
        "{{ " + "9" * 5000 + " }}",
        "{%" * 4000,
        "{#" * 4000,
        "{{ '" + "\\" * 5000,
        "x" * (MAX_TEMPLATE + 1),
    ],
    ids=lambda template: template[:12],
)
def test_a_deep_or_long_template_is_refused_before_it_runs(template):
    with pytest.raises(InputError):
        parse_template(template)


@pytest.mark.parametrize(
    "template",
    [
        loop(12),
        loop(12, "list"),
        "{{ a" + "|replace('', 'xxxxxxxxxx')" * 30 + " }}",
        "{{ a" + "|join(a)" * 40 + " }}",
        "{{ a" + "|replace('t', 'tttttttttt')" * 40 + " }}",
        "{% for x in a %}" * 10 + "{{ [a, a]|tojson }}" + "{% endfor %}" * 10,
        "".join(f"{{% for x{i} in [[x{i - 1}, x{i - 1}]] %}}" if i else "{% for x0 in [[a, a]] %}" for i in range(40))
        + "{{ x39 }}"
        + "{% endfor %}" * 40,
        "".join(f"{{% for x{i} in [[x{i - 1}, x{i - 1}]] %}}" if i else "{% for x0 in [[a, a]] %}" for i in range(40))
        + "{{ x39 == x39 }}{{ x39 in [x39] }}"
        + "{% endfor %}" * 40,
    ],
    ids=lambda template: template[:30],
)
def test_a_template_that_makes_much_of_little_is_at_fault_and_stops_after_counted_steps(template):
    with pytest.raises(InputError, match=f"{MAX_TEXT:,} characters|{MAX_STEPS:,} steps"):
        render_template(template, ROW)


def test_a_long_row_costs_only_itself_and_is_used_up_to_the_limit():
    assert len(render_template("{{ a }}", {"a": "x" * MAX_TEXT})) == MAX_TEXT
    for template in ("{{ a }}{{ a }}", "{% for x in a %}{{ x }}{% endfor %}", "{{ a|list|length }}"):
        with pytest.raises(UnfilledError, match="the row is too long"):
            render_template(template, {"a": "x" * MAX_TEXT})
    with pytest.raises(InputError, match="characters"):
        render_template("{{ a }}" * 20, {"a": "x" * (MAX_ROW - 10)})


@pytest.mark.parametrize(
    "template",
    [
        "{{ b }}", "{{ map.b }}", "{{ a.b }}", "{{ list[9] }}", "{{ a - 1 }}", "{{ a + 1 }}", "{{ none|length }}",
        "{{ a|first|first|first }}{{ ''|first }}", "{{ a if false }}", "{{ a is odd }}", "{{ '%999999999d' is odd }}",
        "{% for x in n %}{% endfor %}", "{{ a < n }}", "{{ map[list] }}", "{{ a[::0] }}", "{{ a.__class__ }}",
        "{{ self }}", "{{ loop }}", "{{ big }}", "{{ big + 0.5 }}", "{{ deep }}", "{{ deep|tojson }}",
        "{{ [odd]|tojson }}",
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_the_rows_fault(template):
    deep = 0
    for _ in range(500):
        deep = [deep]
    with pytest.raises(UnfilledError):
        render_template(template, {**ROW, "big": 10**5000, "deep": deep, "odd": {1, 2}})


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(FILTERS)), st.sampled_from(sorted(TESTS)), PLAIN, PLAIN)
def test_every_filter_and_test_takes_any_value_or_says_that_it_does_not_fit(name, test, one, other):
    for template in (f"{{{{ a|{name} }}}}", f"{{{{ a is {test} }}}}", "{{ a ~ b }}", "{{ a + b }}", "{{ a == b }}"):
        try:
            assert isinstance(render_template(template, {"a": one, "b": other}), str)
        except (UnfilledError, InputError) as error:
            assert isinstance(error, UnfilledError) or "arguments" in error.message  # noqa: PT017 - either is right


def test_a_template_gives_the_same_text_in_every_process():
    rows = {"map": {"b": 1, "a": [1, 2]}, "list": ["x", "y"]}
    template = "{{ map }}{{ map|tojson }}{% for k in map %}{{ k }}{% endfor %}{{ list }}{{ map|first }}"
    code = (
        "import json, sys; from cotloom.builder.templates import render_template;"
        "print(render_template(sys.argv[1], json.loads(sys.argv[2])))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-P", "-c", code, template, json.dumps(rows)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1
