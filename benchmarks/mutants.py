"""Plant mistakes in the data rooms, one at a time, and count how many a room's own tests notice.

    python benchmarks/mutants.py [--rooms verify,mix] [--per-room 12] [--seed 0]

Each mutant is one small change of one expression, drawn by a seed, in a copy of the repository. A mutant is noticed
where the room's tests fail, crash or do not end in time. Messages for people are left alone. Writes docs/mutants.md.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "mutants.md"
ROOMS = ("sources", "text", "teacher", "verify", "select", "format", "mix", "store", "engine", "audit")
LIMIT_S = 240
"""Longer than any room's tests take alone: a mutant that hangs is noticed too."""
TOPS = (
    "cotloom",
    "builder",
    "schemas",
    "recipes",
    "tests",
    "docs",
    "cli.py",
    "pyproject.toml",
    "README.md",
    "Makefile",
)

SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
}  # fmt: skip
"""What each operator becomes."""

EQUIVALENT = (
    ("text/overlap.py", "counts + len(known) - rare", "bounds =", "an upper bound: a looser one only reads more texts"),
    (
        "verify/compare.py",
        "abs(exact - decimal) < Fraction(1, 10**decimals)",
        "",
        "never equal: one side repeats for ever",
    ),
    ("verify/numbers.py", "200", "", "a limit on the length of a number's text"),
    ("mix/quotas.py", "40", "len(share)", "a limit on the length of a fraction's text"),
    ("mix/quotas.py", "count >= examples.height", "", "selecting all rows by rank gives all rows"),
    ("select/choice.py", "1", "gaps[selected] = -1", "any gap below zero marks a selected path"),
    ("engine/local.py", "process.stdin is None or process.stdout is None", "", "for the type checker: never true"),
    ("", "True", "strict=True", "`zip(strict=True)` is an assertion"),
)
"""Changes that no test can notice: end of the path, expression, part of its line, reason. Listed, and not counted."""

FOR_PEOPLE = {
    "track",
    "bar",
    "InputError",
    "Stopped",
    "CotloomError",
    "RuntimeError",
    "ValueError",
    "TypeError",
    "warn",
}
"""Calls whose arguments are progress bars and messages."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted mistake."""

    room: str
    path: Path
    line: int
    before: str
    after: str
    text: str
    """The whole file, changed."""


def list_mutants(room: str) -> list[Mutant]:
    """All mistakes that can be planted in a room, in order of file and line."""
    found = []
    for path in sorted((ROOT / "builder" / room).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for node in walk(ast.parse(source)):
            after = mutate(node)
            before = ast.get_source_segment(source, node)
            if after is not None and before is not None and after != before:
                text = splice(source, node, f"({after})" if isinstance(node, ast.BoolOp | ast.BinOp) else after)
                found.append(Mutant(room, path.relative_to(ROOT), node.lineno, before, after, text))
    return found


def walk(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that decide something: no annotations, decorators, messages, f-strings or type checks."""
    if isinstance(node, ast.JoinedStr | ast.Raise | ast.Import | ast.ImportFrom | ast.Assert):
        return
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in FOR_PEOPLE:
        return
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    if isinstance(node, ast.expr):
        yield node
    skipped = {"annotation", "returns", "decorator_list", "bases", "keywords" if isinstance(node, ast.ClassDef) else ""}
    for name, value in ast.iter_fields(node):
        if name in skipped:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from walk(child)


def mutate(node: ast.expr) -> str | None:
    """The source of an expression with one mistake in it; None where there is none to make."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            changed: ast.expr = ast.Compare(node.left, [SWAPS[type(op)]()], node.comparators)
        case ast.BoolOp(op=op) if type(op) in SWAPS:
            changed = ast.BoolOp(SWAPS[type(op)](), node.values)
        case ast.BinOp(op=op) if type(op) in SWAPS:
            changed = ast.BinOp(node.left, SWAPS[type(op)](), node.right)
        case ast.UnaryOp(op=ast.Not()):
            changed = node.operand
        case ast.Constant(value=bool(value)):
            changed = ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            changed = ast.Constant(value + 1 if isinstance(value, int) else value * 1.5 + 0.1)
        case ast.IfExp():
            changed = ast.IfExp(node.test, node.orelse, node.body)
        case _:
            return None
    return ast.unparse(ast.fix_missing_locations(changed))


def splice(source: str, node: ast.expr, after: str) -> str:
    """The source with one expression replaced. Positions are in UTF-8 bytes."""
    lines = source.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or node.lineno) - 1])) + (node.end_col_offset or 0)
    whole = source.encode()
    return (whole[:start] + after.encode() + whole[end:]).decode()


def order_tests(mutant: Mutant) -> list[str]:
    """Put the tests named after the changed file first: most mutants are noticed there, and the rest is not run."""
    folder = ROOT / "tests" / mutant.room
    stems = {mutant.path.stem, mutant.path.parent.name} - {mutant.room, "__init__"}
    own = sorted(path for path in folder.rglob("test_*.py") if any(stem in path.stem for stem in stems))
    others = sorted(path for path in folder.rglob("test_*.py") if path not in own)
    return [str(path.relative_to(ROOT)) for path in [*own, *others]]


def is_noticed(mutant: Mutant, copy: Path) -> bool:
    """Run the room's tests over a copy of the repository with the mutant in it."""
    target = copy / mutant.path
    original = target.read_text(encoding="utf-8")
    target.write_text(mutant.text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *order_tests(mutant)]
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return True
    finally:
        target.write_text(original, encoding="utf-8")
    return done.returncode != 0


def draw_mutants(room: str, count: int, seed: int) -> list[Mutant]:
    """Some of a room's mutants, drawn by the seed."""
    mutants = list_mutants(room)
    return random.Random(f"{seed}:{room}").sample(mutants, min(count, len(mutants)))


def copy_repository(folder: Path) -> Path:
    """Copy what tests need; the copy is imported instead of the checkout, by PYTHONPATH."""
    folder.mkdir()
    for name in TOPS:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, folder / name)
    return folder


def explain_equivalence(mutant: Mutant) -> str | None:
    """Say why no test can notice a mutant; None where one should."""
    line = (ROOT / mutant.path).read_text(encoding="utf-8").splitlines()[mutant.line - 1]
    for path, before, part, why in EQUIVALENT:
        if mutant.path.match(f"*{path}") and mutant.before == before and part in line:
            return why
    return None


def plant(rooms: list[str], per_room: int, seed: int, folder: Path) -> dict[Mutant, bool | None]:
    """Plant mutants, two at a time, each in a copy of its own. None stands for an equivalent one."""
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(2):
        copies.put(copy_repository(folder / str(number)))
    mutants = [mutant for room in rooms for mutant in draw_mutants(room, per_room, seed)]

    def judge(mutant: Mutant) -> bool | None:
        if explain_equivalence(mutant):
            return None
        copy = copies.get()
        try:
            noticed = is_noticed(mutant, copy)
        finally:
            copies.put(copy)
        print(
            f"{'noticed ' if noticed else 'SURVIVED'}  {mutant.path}:{mutant.line}  {mutant.before} -> {mutant.after}"
        )
        return noticed

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(mutants, pool.map(judge, mutants), strict=True))


def render_page(results: dict[Mutant, bool | None], seed: int) -> str:
    """The score of each room, every survivor, and what was not counted."""
    rooms = list(dict.fromkeys(mutant.room for mutant in results))
    rows = []
    for room in [*rooms, "all"]:
        outcomes = [
            noticed for mutant, noticed in results.items() if room in {mutant.room, "all"} and noticed is not None
        ]
        rows.append(f"| {room} | {len(outcomes)} | {sum(outcomes)} | {sum(outcomes) / max(1, len(outcomes)):.0%} |")
    survivors = [describe(mutant) for mutant, noticed in results.items() if noticed is False]
    equivalent = [
        f"{describe(mutant)}: {explain_equivalence(mutant)}" for mutant in results if explain_equivalence(mutant)
    ]
    head = ["# Mutation score", "", f"Written by `make test-mutants` (seed {seed}). One mistake is planted at a time;"]
    head += ["the score is the share that the room's own tests notice.", ""]
    table = ["| room | planted | noticed | score |", "|---|---|---|---|", *rows, ""]
    lists = [
        "## Not noticed",
        "",
        *(survivors or ["None."]),
        "",
        "## Equivalent, not counted",
        "",
        *(equivalent or ["None."]),
    ]
    return "\n".join([*head, *table, *lists, ""])


def describe(mutant: Mutant) -> str:
    """One line of a list."""
    return f"- `{mutant.path}:{mutant.line}`: `{mutant.before}` became `{mutant.after}`".replace("\n", " ")


def main() -> None:
    """Read the command line, plant the mutants, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rooms", default=",".join(ROOMS))
    parser.add_argument("--per-room", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = plant(options.rooms.split(","), options.per_room, options.seed, Path(folder))
    page = render_page(results, options.seed)
    print(page)
    if options.rooms == ",".join(ROOMS):
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
