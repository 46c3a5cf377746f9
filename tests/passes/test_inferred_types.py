"""`answer_type: auto`: the type is inferred from the golds of a source, and said; unreadable golds are dropped."""

import json
from io import StringIO

import pytest
from rich.console import Console

from cotloom.builder.audit import run_checks
from cotloom.builder.commands.output import describe_builds, describe_plan, render_builds
from cotloom.builder.errors import InputError
from cotloom.builder.inspect.render import render_version
from cotloom.builder.plan import plan_build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime
from tests.passes.builds import run


@pytest.fixture
def write(tmp_path):
    """Write a recipe whose source says `auto`; its path."""

    def written(golds, said=None, kind="auto", **fields):
        rows = [{"q": f"How is it in box{n}?", "a": gold, **fields} for n, gold in enumerate(golds)]
        (tmp_path / "s.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        answers = [{"q": row["q"], "said": said or f"The answer is {row['a']}."} for row in rows]
        (tmp_path / "answers.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in answers))
        named = {"question": "q", "answer": "a", **({"choices": "c"} if "c" in fields else {})}
        recipe = {
            "name": "small",
            "version": "1.0.0",
            "sources": [{"name": "s", "kind": "file", "path": "s.jsonl", "answer_type": kind, "fields": named}],
            "teacher": {
                "backend": "recorded",
                "answers": {
                    "path": "answers.jsonl",
                    "problem": "q",
                    "completions": [{"column": "said", "teacher": "t"}],
                },
            },
            "formats": [{"name": "zero_shot_cot"}],
        }
        path = tmp_path / "recipe.yaml"
        path.write_text(json.dumps(recipe))
        return path

    return written


@pytest.mark.parametrize(
    ("golds", "fields", "kind"),
    [
        (["18", "1,000", "3.5"], {}, "number"),
        ([18, 7, 3], {}, "number"),
        (["yes", "no", "yes"], {}, "boolean"),
        (["valid", "invalid", "valid"], {}, "boolean"),
        (["B", "A", "A"], {"c": ["pear", "7"]}, "choice"),
        ([1, 0, 0], {"c": ["pear", "7"]}, "choice"),
        (["2020-01-02", "1999-12-31", "2001-05-06"], {}, "date"),
        (["2:3", "4:5", "1:2"], {}, "ratio"),
        (["\\frac{1}{2}", "x^2", "7"], {}, "expression"),
        (["Paris", "Rome", "Bonn"], {}, "text"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_type_is_that_of_the_golds(write, tmp_path, golds, fields, kind):
    version = run(write(golds, **fields), tmp_path / "store").version
    assert set(version.read_table("problems")["answer_type"]) == {kind}
    (inferred,) = version.manifest.inferred
    assert (inferred.source, inferred.answer_type, inferred.golds) == ("s", kind, len(golds))
    assert run_checks(version).findings == ()


def test_what_was_inferred_is_said_everywhere(write, tmp_path):
    path = write(["18", "7", "5"])
    line = "s: answer_type number, since of the first 3 gold answers the answers are numbers"
    plan = plan_build(load_recipe(str(path)), Runtime(store=tmp_path / "store", workers=1))
    assert describe_plan(plan)["inferred"][0]["answer_type"] == "number"
    built = run(path, tmp_path / "store")
    assert line in render_builds([built])
    assert describe_builds([built])["inferred"][0]["why"] == "the answers are numbers"
    console = Console(file=StringIO(), width=200)
    console.print(render_version(built.version))
    assert line in console.file.getvalue()
    again = run(path, tmp_path / "store", "version=1.0.1")
    assert again.version.manifest.inferred == built.version.manifest.inferred


def test_a_gold_of_another_type_is_a_dropped_problem_and_no_pass(write, tmp_path):
    golds = [*(str(number) for number in range(20)), "a pear"]
    version = run(write(golds), tmp_path / "store").version
    dropped = version.read_table("problems").filter(fate="dropped")
    assert dropped.select("reason", "answer").rows() == [("gold_unreadable", "a pear")]
    assert version.read_table("samples")["problem_id"].is_in(dropped["problem_id"].implode()).sum() == 0


def test_the_answer_type_is_read_where_the_pattern_finds_it(write, tmp_path):
    path = write(["2 + 2 = 4 #### 4", "It is 7. #### 7"], "The answer is 4.")
    path.write_text(path.read_text().replace('"answer_type"', '"answer_pattern": "#### (.+)", "answer_type"'))
    assert set(run(path, tmp_path / "store").version.read_table("problems")["answer"]) == {"4", "7"}


def test_a_stated_type_is_not_inferred(write, tmp_path):
    version = run(write(["18", "7"], kind="text"), tmp_path / "store").version
    assert version.manifest.inferred == ()
    assert set(version.read_table("problems")["answer_type"]) == {"text"}


def test_without_golds_nothing_can_be_inferred(write, tmp_path):
    with pytest.raises(InputError, match="no row has one"):
        run(write(["", None]), tmp_path / "store")
    path = write(["18"])
    path.write_text(
        path.read_text()
        .replace(', "answer": "a"', "")
        .replace('"name": "small"', '"name": "small", "verify": {"consensus": {}}')
    )
    with pytest.raises(InputError, match="it must be said"):
        run(path, tmp_path / "store")


def test_another_name_is_refused_with_the_nearest(write):
    with pytest.raises(InputError, match="did you mean number"):
        load_recipe(str(write(["18"], kind="numbr")))
