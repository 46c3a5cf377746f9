"""What the README says is what happens."""

import re
from pathlib import Path

import pytest
from rich.console import Console
from ruamel.yaml import YAML

from builder.inspect.tell import tell_version
from builder.pipeline import build
from builder.recipe import load_recipe
from schemas.recipe import Recipe
from schemas.runtime import Runtime

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    return build(load_recipe("quickstart"), Runtime(store=tmp_path_factory.mktemp("store"), workers=2)).version


def shown(version):
    console = Console(width=160)
    with console.capture() as captured:
        console.print(tell_version(version))
    return {line.rstrip() for line in captured.get().splitlines()}


def test_the_funnel_in_the_readme_is_the_quickstarts(version):
    block = next(block for block in re.findall(r"```\n(.*?)```", README, re.DOTALL) if "hint_parroted" in block)
    assert [line for line in block.splitlines() if line != "..." and line not in shown(version)] == []


def test_the_sample_that_the_readme_explains_is_in_the_quickstart(version):
    (sample,) = re.findall(r"cotloom explain quickstart (s_\w+)", README)
    assert version.table("samples").filter(version.table("samples")["sample_id"] == sample)["reason"].to_list() == [
        "wrong_step"
    ]


def test_the_whole_recipe_in_the_readme_is_a_recipe():
    (text,) = (block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if block.startswith("name:"))
    assert Recipe.model_validate(YAML(typ="safe", pure=True).load(text)).name == "gsm8k-paths"


def test_every_page_that_the_docs_link_to_is_there():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    links = [
        (page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()) if "://" not in link
    ]
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []
