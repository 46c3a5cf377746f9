"""The floors inside the room `publish`: imports go down only, and rooms on one floor do not import each other."""

import ast
from pathlib import Path

import pytest

PUBLISH = Path(__file__).resolve().parents[2] / "builder" / "publish"
PREFIX = "cotloom.builder.publish."
FLOORS = {
    "card": 0,
    "publications": 0,
    "files": 1,
    "checks": 2,
    "hub": 2,
    "publish": 3,
    "pull": 3,
    "audit_published": 3,
    "render": 4,
}


def find_room(path: Path) -> str:
    return path.relative_to(PUBLISH).with_suffix("").parts[0]


@pytest.mark.parametrize("path", sorted(PUBLISH.rglob("*.py")), ids=lambda path: str(path.relative_to(PUBLISH)))
def test_imports_inside_publish_go_down_only(path):
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    room = find_room(path)
    for module in modules:
        if module.startswith(PREFIX):
            imported = module.removeprefix(PREFIX).partition(".")[0]
            assert imported == room or FLOORS[imported] < FLOORS[room], f"{path.name} imports {module}"


def test_every_room_of_publish_has_a_floor():
    assert {find_room(path) for path in PUBLISH.rglob("*.py")} - {"__init__"} == set(FLOORS)
