"""What the README says is what happens."""

import re
import shlex
from pathlib import Path

import pytest
from rich.console import Console
from ruamel.yaml import YAML
from typer.main import get_command

from cotloom import cli
from cotloom.builder.inspect.render import render_version
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe, load_student
from cotloom.schemas.formats import Mixture
from cotloom.schemas.recipe import Recipe
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.student import StudentRecipe

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    return build(load_recipe("quickstart"), Runtime(store=tmp_path_factory.mktemp("store"), workers=2)).version


def shown(version):
    console = Console(width=160)
    with console.capture() as captured:
        console.print(render_version(version))
    return {line.rstrip() for line in captured.get().splitlines()}


def test_the_funnel_in_the_readme_is_the_quickstarts(version):
    block = next(block for block in re.findall(r"```\n(.*?)```", README, re.DOTALL) if "hint_parroted" in block)
    assert [line for line in block.splitlines() if line != "..." and line not in shown(version)] == []


def test_the_sample_that_the_readme_explains_is_in_the_quickstart(version):
    (sample,) = re.findall(r"cotloom explain quickstart (s_\w+)", README)
    assert version.read_table("samples").filter(version.read_table("samples")["sample_id"] == sample)[
        "reason"
    ].to_list() == ["wrong_step"]


def test_the_whole_recipe_in_the_readme_is_a_recipe():
    (text,) = (block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if block.startswith("name:"))
    assert Recipe.model_validate(YAML(typ="safe", pure=True).load(text)).name == "gsm8k-paths"


def test_every_page_that_the_docs_link_to_is_there():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    links = [
        (page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()) if "://" not in link
    ]
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


STUDENT_PAGE = (ROOT / "docs" / "student.md").read_text()
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "recipes").rglob("*.yaml")])


def told_commands():
    """Every `cotloom ...` line of the docs, and of the comments in recipes, that is whole."""
    found = []
    for page in PAGES:
        lines = re.findall(r"^(?:#\s+|\$ )?cotloom ((?:[a-z]+) [^\n|]*)$", page.read_text(), re.MULTILINE)
        found += [pytest.param(line, id=f"{page.name}: {line}") for line in lines if _is_whole(line)]
    return found


def _is_whole(line):
    return "..." not in line and line.count('"') % 2 == 0


@pytest.mark.parametrize("line", told_commands())
def test_every_command_that_the_docs_tell_is_one(line):
    name, *words = shlex.split(line, comments=True)
    command = get_command(cli.app).commands[name]
    given = command.make_context(name, words, resilient_parsing=False).params
    student = given.get("student")
    if student is not None and not student.endswith(".yaml"):
        assert load_student(student, given["changes"] or []).name == student


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", STUDENT_PAGE, re.DOTALL))
def test_every_recipe_on_the_students_page_is_one(text):
    keys = YAML(typ="safe", pure=True).load(text)
    if "mixture" in keys:
        assert Mixture.model_validate(keys["mixture"]).stages
    else:
        assert StudentRecipe.model_validate({"name": "some", **keys}).name


def test_the_tests_that_decisions_name_are_there():
    texts = {path.name: path.read_text() for path in (ROOT / "docs" / "decisions").glob("*.md")}
    named = [(name, test) for name, text in texts.items() for test in re.findall(r"`(tests/[\w/.]+)`", text)]
    assert len(named) > 12
    assert [f"{name}: {test}" for name, test in named if not (ROOT / test).exists()] == []
