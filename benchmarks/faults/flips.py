"""Random bit flips in every file of a store: each is noticed, mended, or without effect on any row."""

import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from trials import Deadline, Outcome, Trial, record_notices

from cotloom.builder.audit import run_checks
from cotloom.builder.errors import CotloomError
from cotloom.builder.export import export
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.store import find_version
from cotloom.schemas.runtime import Runtime

TABLES = ("problems", "samples", "examples")
RECIPE = """
name: flipped
version: 1.0.0
sources:
  - {name: made, kind: arithmetic, problems: 12}
split: {test: 0.2}
teacher: {backend: simulated, sampling: {top_logprobs: 2}, paths: {round: 3}}
"""


def flip_bits(folder: Path, chance: random.Random, deadline: Deadline) -> Iterator[Trial]:
    """Flip one bit of one file of a store, and use the store in every way that reads the file."""
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    whole = folder / "whole"
    _build(recipe, whole, "1.0.0")
    expected = _use_store(recipe, Path(shutil.copytree(whole, folder / "expected")))
    files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    for kind, group in _group_files(files).items():
        for _ in deadline.share(len(_group_files(files))):
            copy = folder / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(whole, copy)
            path = copy / chance.choice(group)
            if _flip(path, chance):
                yield Trial(kind, _try_store(recipe, copy, expected))


def _group_files(files: list[Path]) -> Mapping[str, list[Path]]:
    groups: dict[str, list[Path]] = {}
    for path in files:
        kind = path.parts[0] if path.parts[0] == "stages" else path.name
        groups.setdefault(kind, []).append(path)
    return groups


def _flip(path: Path, chance: random.Random) -> bool:
    content = bytearray(path.read_bytes())
    if not content:
        return False
    position = chance.randrange(len(content) * 8)
    content[position // 8] ^= 1 << position % 8
    path.write_bytes(content)
    return True


def _use_store(recipe: Path, store: Path) -> dict[str, object]:
    """Build, read, export, and build another version; what came of each, the errors among it."""
    uses: dict[str, Callable[[], object]] = {
        "build": lambda: _build(recipe, store, "1.0.0"),
        "read": lambda: [find_version(store, "flipped@1.0.0").read_table(name).to_dicts() for name in TABLES],
        "export": partial(_export, store),
        "manifest": lambda: find_version(store, "flipped@1.0.0").manifest,
        "record": lambda: find_version(store, "flipped@1.0.0").read_build().calls,
        "rebuild": lambda: _build(recipe, store, "1.0.1"),
    }
    return {name: _run(use) for name, use in uses.items()}


def _build(recipe: Path, store: Path, version: str) -> object:
    built = build(load_recipe(str(recipe), [f"version={version}"]), Runtime(store=store))
    tables = [built.version.read_table(name).to_dicts() for name in TABLES]
    return built.version.manifest.content_digest, tables


def _export(store: Path) -> object:
    target = store / "export"
    shutil.rmtree(target, ignore_errors=True)
    export(find_version(store, "flipped@1.0.0"), "jsonl", target)
    return sorted((path.name, path.read_text(encoding="utf-8")) for path in target.glob("*.jsonl"))


def _run(use: Callable[[], object]) -> object:
    try:
        return use()
    except CotloomError as error:
        return error


def _try_store(recipe: Path, store: Path, expected: Mapping[str, object]) -> Outcome:
    with record_notices() as notices:
        found = _use_store(recipe, store)
    errors = {name for name, value in found.items() if isinstance(value, CotloomError)}
    if any(value != expected[name] for name, value in found.items() if name not in errors):
        return Outcome.SILENT
    if errors:
        return Outcome.NOTICED
    if notices:
        return Outcome.MENDED
    try:
        report = run_checks(find_version(store, "flipped@1.0.0"))
    except CotloomError:
        return Outcome.NOTICED
    return Outcome.NOTICED if report.findings else Outcome.HARMLESS
