"""Law 7: model text is data. No code of the builder evaluates, executes or starts anything with it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "builder").rglob("*.py"))
STARTS_PROCESSES = {
    "builder/engine/local.py",  # workers
    "builder/publish/hub/verify_upload.py",  # a stranger with an empty cache, who loads what was published
    "builder/line_process.py",  # workers whose memory and time are bounded
}
STARTS_OTHERS = {"builder/report/pager.py"}
"""Starts the pager that the user names, which is no Python; what it shows was cleaned."""
FORBIDDEN = {
    *("eval", "exec", "compile", "__import__", "sympify", "parse_expr", "parse_latex", "literal_eval"),
    *("os.system", "os.popen", "os.execv", "os.spawnv", "pickle.load", "pickle.loads", "marshal.loads", "yaml.load"),
    *("runpy.run_path", "runpy.run_module", "ast.literal_eval", "sympy.sympify", "sympy.parse_expr", "pty.spawn"),
}
LIBRARIES = {"sympy", "code", "codeop", "pickle", "marshal", "pty", "runpy", "dill", "cloudpickle"}


def called(node):
    if isinstance(node, ast.Attribute):
        return f"{called(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def calls(tree):
    return {called(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def faults(source):
    tree = ast.parse(source)
    return sorted((calls(tree) & FORBIDDEN) | (set(imported(tree)) & LIBRARIES))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_of_the_builder_evaluates_or_executes_text(path):
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("eval(text)", ["eval"]),
        ("exec(text)", ["exec"]),
        ("compile(text, '', 'eval')", ["compile"]),
        ("import os\nos.system(text)", ["os.system"]),
        ("from sympy import sympify\nsympify(text)", ["sympify", "sympy"]),
        ("import re\nre.compile(text)", []),
    ],
)
def test_this_test_sees_what_it_looks_for(source, found):
    assert faults(source) == found


def test_processes_are_started_in_few_places():
    starting = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if "subprocess" in set(imported(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert starting <= STARTS_PROCESSES | STARTS_OTHERS


@pytest.mark.parametrize("path", sorted(STARTS_PROCESSES | STARTS_OTHERS))
def test_processes_are_started_without_a_shell(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert "shell" not in {word.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for word in node.keywords}


def test_every_process_that_the_builder_starts_leaves_the_working_folder_off_its_import_path():
    """A user's own `datasets/` or `schemas/` is never imported instead of the library's or ours."""
    commands = [
        [ast.unparse(item) for item in node.elts]
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.List) and node.elts and ast.unparse(node.elts[0]) == "sys.executable"
    ]
    assert len(commands) == len(STARTS_PROCESSES) + 2  # three workers are started by one place
    assert [command for command in commands if command[1] != "'-P'"] == []
