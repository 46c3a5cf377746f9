"""Every example in a docstring comes out as it says."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(path for top in ("cotloom", "builder", "schemas") for path in (ROOT / top).rglob("*.py"))
MODULES = [
    ".".join(["cotloom", *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__")
    for path in FILES
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_hold(name):
    found = doctest.testmod(import_module(name))
    assert (found.failed, found.attempted > 0) == (0, True)


def test_the_examples_in_the_python_page_hold(tmp_path, monkeypatch):
    """Each block goes on where the one before ended."""
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / "python.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page.name, str(page), 0)
    found = doctest.DocTestRunner().run(test)
    assert (found.failed, found.attempted > 20) == (0, True)
