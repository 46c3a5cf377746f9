"""The floors: imports go down only, rooms on one floor never meet, and each heavy library has few homes."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parent.parent

FLOORS = {
    "schemas": 0, "builder.errors": 0, "builder.plain_json": 0, "builder.parquet": 0, "builder.credentials": 0,
    "builder.terminal": 0, "builder.languages": 0,
    "builder.marked_yaml": 1, "builder.files": 1, "builder.cells": 1,
    "builder.templates": 1, "builder.progress": 1, "builder.recipe": 1,
    "builder.patterns": 1, "builder.line_process": 1,
    "builder.text": 1, "builder.engine": 1, "builder.costs": 1, "builder.report": 1, "builder.store": 1,
    "builder.sources": 2, "builder.teacher": 2, "builder.verify": 2, "builder.select": 2, "builder.format": 2,
    "builder.mix": 2,
    "builder.audit": 3, "builder.diff": 3, "builder.run_record": 3, "builder.inspect": 3, "builder.student": 3,
    "builder.export": 3, "builder.review": 3,
    "builder.passes": 4, "builder.publish": 4, "builder.pipeline": 5, "builder.access": 4, "builder.infer": 4,
    "builder.pilot": 6, "builder.starter": 6, "builder.plan": 7,
    "builder.commands": 8, "builder.api": 8,
    "builder": 9, "recipes": 9, "cli": 10, "cotloom": 10,
}  # fmt: skip

SHARED = {
    "builder.credentials",
    "builder.errors",
    "builder.cells",
    "builder.files",
    "builder.marked_yaml",
    "builder.parquet",
    "builder.patterns",
    "builder.plain_json",
    "builder.progress",
    "builder.recipe",
    "builder.templates",
    "builder.terminal",
    "schemas",
}
"""What a neighbour on the same floor may use: single files without a room's work in them."""

INNER_FLOORS = {
    "builder.teacher": [
        {"asked"},
        {
            "request",
            "chat_usage",
            "demonstrations",
            "shares",
            "recorded_rows",
            "pacing",
        },
        {"logprob_columns", "grading_prompts"},
        {"prompts", "chat_responses", "simulated", "checkpoint", "recorded_chunks"},
        {"responses", "recorded"},
        {"ledger", "backends"},
        {"batches"},
        {"sampling", "spending", "estimate", "imports"},
    ],
    "builder.student": [
        {"model", "statistics"},
        {"distillation", "evaluation", "report"},
        {"training"},
        {"experiment"},
        {"command"},
    ],
    "builder.verify": [
        {"symbolic"},
        {"answers", "steps"},
        {"gym"},
        {"reading"},
        {"blind", "consensus", "external", "graded", "hint_leakage", "order", "samples"},
        {"rationale", "verdict"},
        {"judge"},
    ],
    "builder.publish": [
        {"card", "publications"},
        {"files"},
        {"hub", "checks"},
        {"publish", "pull", "audit_published"},
        {"render"},
    ],
}
"""Rooms within rooms, from the lowest floor up. Those on one floor never import each other."""

HOMES = {
    "openai": {"builder.teacher"},
    "rapidfuzz": {"builder.text"},
    "rensa": {"builder.text"},
    "ray": {"builder.engine"},
    "torch": {"builder.student", "builder.teacher"},
    "transformers": {"builder.student", "builder.teacher"},
    "peft": {"builder.student"},
    "accelerate": {"builder.student"},
    "tokenizers": {"builder.student", "builder.text"},
    "datasets": {"builder.sources", "builder.export", "builder.publish"},
    "duckdb": {"builder.store", "builder.inspect", "builder.audit"},
    "sqlite3": {"builder.teacher"},
    "filelock": {"builder.store"},
    "huggingface_hub": {"builder.recipe", "builder.sources", "builder.publish"},
    "reasoning_gym": {"builder.sources", "builder.verify"},
    "re2": {"builder.patterns"},
    "jinja2": {"builder.templates", "builder.report", "builder.teacher"},
    "ruamel": {"builder.marked_yaml", "builder.sources"},
    "math_verify": {"builder.verify"},
    "latex2sympy2_extended": {"builder.verify"},
    "mpmath": {"builder.verify"},
    "genai_prices": {"builder.costs"},
}

FILES = sorted(
    [ROOT / "cli.py", *(path for top in ("cotloom", "builder", "schemas") for path in (ROOT / top).rglob("*.py"))]
)


def room_of(module: str) -> str:
    """The room that a module is in: the longest known name that it begins with."""
    return max((room for room in FLOORS if f"{module}.".startswith(f"{room}.")), key=len)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Every module that a file imports, at the top or inside a function; our own without `cotloom.`."""
    found = set()
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names if own(module) or node.level)}
    return frozenset(found - {""})


def own(module: str) -> bool:
    return module.split(".", 1)[0] in {"builder", "schemas", "cli", "recipes"}


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_go_down_only_and_neighbours_never_meet(path):
    here = room_of(module_of(path))
    for module in filter(own, imports_of(path)):
        there = room_of(module)
        if there in {here, "builder"}:
            continue
        allowed = FLOORS[there] < FLOORS[here] or (FLOORS[there] == FLOORS[here] and there in SHARED)
        assert allowed, f"{module_of(path)} ({here}, floor {FLOORS[here]}) imports {module} (floor {FLOORS[there]})"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_each_heavy_library_has_few_homes(path):
    here = room_of(module_of(path))
    for module in imports_of(path):
        homes = HOMES.get(module.split(".", 1)[0])
        assert homes is None or here in homes, f"{module_of(path)} imports {module}, whose homes are {sorted(homes)}"


PARQUET = re.compile(r"(read|scan|write|sink|from)_parquet|ParquetFile|read_table|write_table|ParquetDataset")
"""What libraries name reading and writing Parquet."""


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_parquet_is_read_and_written_in_one_place(path):
    """Others read damaged pages without a word; `builder.parquet` verifies their checksums."""
    source = path.read_text()
    if module_of(path) == "builder.parquet" or not re.search("arquet|_table", source):
        return
    tree = ast.parse(source)
    modules = {module for module in imports_of(path) if module.startswith(("pyarrow.parquet", "pyarrow.dataset"))}
    assert modules == set()
    libraries = {"pl", "pa", "pq", "ds", "polars", "pyarrow", "duckdb", "duck", "connection", "datasets"}
    calls = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and PARQUET.fullmatch(node.attr)
        and (node.attr not in {"read_table", "write_table"} or ast.unparse(node.value) in libraries)
        and ast.unparse(node.value) != "parquet"
    }
    assert calls == set()
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert [text for text in texts if re.search(r"(read_parquet|parquet_scan)\(", text)] == []


def test_whatever_is_written_has_page_checksums(quickstart, tmp_path):
    for path in quickstart.path.glob("*.parquet"):
        whole, place = path.read_bytes(), 300
        damaged = tmp_path / path.name
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(OSError, match=r"(?i)crc|checksum|deserialize"):
            pq.ParquetFile(damaged, page_checksum_verification=True).read()


def list_crossings(room: str, floors: list[set[str]]) -> list[str]:
    """Imports inside a room that do not go down."""
    level = {name: number for number, names in enumerate(floors) for name in names}
    crossings = []
    for path in (path for path in FILES if module_of(path).startswith(f"{room}.")):
        here = module_of(path).split(".")[2]
        for module in (module for module in imports_of(path) if module.startswith(f"{room}.")):
            there = module.split(".")[2]
            if there in level and there != here and level[there] >= level[here]:
                crossings.append(f"{module_of(path)} imports {module}")
    return crossings


@pytest.mark.parametrize("room", INNER_FLOORS)
def test_imports_inside_a_room_go_down_too(room):
    parts = {path.stem if path.is_file() else path.name for path in (ROOT / room.replace(".", "/")).iterdir()}
    assert parts - {"__init__", "__pycache__"} == set().union(*INNER_FLOORS[room])
    assert list_crossings(room, INNER_FLOORS[room]) == []


def test_no_folder_is_a_hall():
    folders = {path.parent for path in FILES}
    sizes = {str(folder.relative_to(ROOT)): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: size for name, size in sizes.items() if size > 18} == {}


def test_every_folder_of_the_builder_is_a_known_room_with_a_docstring():
    rooms = sorted(path.parent for path in (ROOT / "builder").glob("*/__init__.py"))
    assert {f"builder.{room.name}" for room in rooms} <= set(FLOORS)
    assert [room.name for room in rooms if not ast.get_docstring(ast.parse((room / "__init__.py").read_text()))] == []


def test_the_rooms_have_no_import_cycles():
    graph = {module_of(path): {m for m in imports_of(path) if own(m)} for path in FILES}
    seen: dict[str, int] = {}

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail, module])
        if seen.get(module) or module not in graph:
            return
        for other in graph[module] - {module, module.rsplit(".", 1)[0], "builder", "schemas"}:
            visit(other, (*trail, module))
        seen[module] = 1

    for module in graph:
        visit(module, ())


def test_no_function_catches_everything_but_where_law_2_asks_for_it():
    broad = []
    for path in FILES:
        handlers = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ExceptHandler)]
        broad += [(module_of(path), _raises(node)) for node in handlers if _is_broad(node)]
    swallowing = sorted(module for module, raises in broad if not raises)
    assert swallowing == [
        "builder.engine.calls",
        "builder.verify.answers.compare",
        "builder.verify.gym.worker",
        "builder.verify.symbolic.proof.worker",
    ]


PRINTING = {
    "builder.terminal": "the one place",
    "builder.report.console": "its consoles for tables and progress",
    "builder.engine.worker": "a pipe to the parent process, no terminal",
    "builder.progress": "a warning above the bars, through their console",
    "builder.publish.hub.load_worker": "a pipe to the parent process, no terminal",
    "builder.line_process": "a pipe to the parent process, no terminal",
}
"""What may name standard output, standard error or a console, and why."""

WRITERS = {
    "print", "Console", "echo", "secho", "print_exc", "print_exception", "print_stack", "pprint", "get_console",
    "StreamHandler", "basicConfig", "showwarning",
}  # fmt: skip
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def list_printing(path: Path) -> list[str]:
    """What of a file writes to the terminal by itself."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            is_method = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).endswith("console()")
            found += [f"{module_of(path)}:{node.lineno} {name}"] if name in WRITERS and not is_method else []
        if isinstance(node, ast.Attribute) and node.attr in STREAMS and ast.unparse(node.value) == "sys":
            found.append(f"{module_of(path)}:{node.lineno} sys.{node.attr}")
    return found


def test_one_place_writes_to_the_terminal():
    others = [path for path in FILES if module_of(path) not in PRINTING]
    asking = {"builder.publish.hub.client"}  # whether stderr is a terminal
    assert [found for path in others if module_of(path) not in asking for found in list_printing(path)] == []
    assert [found for path in others for found in list_printing(path) if not found.endswith("sys.stderr")] == []


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(inner, ast.Raise) for inner in ast.walk(handler))


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )


def test_the_public_names_can_be_imported_and_are_these():
    from cotloom import builder

    assert all(getattr(builder, name) for name in builder.__all__)
    assert builder.__all__ == [
        "Built", "CotloomError", "InputError", "RecipeError", "Stopped", "VersionConflict", "build", "find_version",
        "load_recipe",
    ]  # fmt: skip


def test_help_imports_nothing_heavy():
    heavy = ["polars", "pyarrow", "duckdb", "datasets", "openai", "torch", "transformers", "pydantic", "jinja2"]
    code = (
        "import sys\nfrom cotloom import cli\n"
        "try:\n    cli._run(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_version_is_built_and_looked_into_without_torch_or_pandas(tmp_path):
    heavy = ["torch", "transformers", "peft", "pandas", "datasets", "cotloom.builder.student"]
    code = (
        "import sys\n"
        "from cotloom import cli\n"
        "from cotloom.builder import export, pipeline, plan, publish, starter\n"
        "from cotloom.builder.inspect import render\n"
        f"words = ['build', 'quickstart', '--store', {str(tmp_path)!r}, '--set', 'sources.0.problems=20']\n"
        "assert cli._run(words) == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_generated_pages_and_schemas_are_up_to_date():
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
