"""How much of a version is sent again when the next one has 1 % more problems.

    python benchmarks/chunks.py [--problems 4000] [--store FOLDER]

The Hub stores files in chunks that their content decides: a chunk that is there already is not sent again. Measured
here is how many bytes of version 2 lie in chunks that version 1 did not have. Nothing is uploaded. The chunking is that
of https://huggingface.co/docs/xet/chunking (a gear hash over the last 64 bytes, a boundary where its 16 highest bits
are zero, chunks of 8 to 128 KiB, 64 KiB more or less), with a table of numbers of our own: boundaries fall elsewhere
than on the Hub, and as often. Each file is chunked by itself, as there. Writes docs/benchmark-publish.md.
"""

import argparse
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cotloom.builder.pipeline import build
from cotloom.builder.publish.files.layout import write_layout
from cotloom.builder.recipe import load_recipe
from cotloom.builder.store import Version
from cotloom.schemas.runtime import Runtime

ROOT = Path(__file__).resolve().parent.parent
SHORTEST, LONGEST, WINDOW = 8 * 1024, 128 * 1024, 64
"""Bytes of the shortest and the longest chunk, and of the window that decides where one ends."""
BLOCK = 4 * 2**20
GROUP = 2**16
DEMONSTRATIONS = "default/in_context_cot"
TABLE = np.random.default_rng(64).integers(0, 2**64, 256, dtype=np.uint64)

RECIPE = """
name: chunks
version: 1.0.0
sources: [{name: made, kind: arithmetic, problems: PROBLEMS}]
split: {test: 0.1}
teacher: {backend: simulated, sampling: {top_logprobs: 3}, paths: {round: 4}}
formats: [{name: zero_shot_cot}, {name: zero_shot_answer}, {name: in_context_cot, shots: [1, 3]}]
"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    total: int
    new: int


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a table is written again."""

    change: Callable[[pl.DataFrame], pl.DataFrame] = pl.DataFrame.clone
    merged: bool = False
    chunked: bool = True


def _by_id(frame: pl.DataFrame) -> pl.DataFrame:
    key = next(name for name in ("example_id", "sample_id", "problem_id") if name in frame.columns)
    return frame.sort(key, maintain_order=True)


WAYS = {
    "without content-defined chunks in Parquet": Way(chunked=False),
    "new rows last, but in the row groups of the old ones": Way(merged=True),
    "in the order of their ids": Way(change=_by_id, merged=True),
    "in the order of their ids, without content-defined chunks": Way(change=_by_id, merged=True, chunked=False),
}


def boundaries(data: bytes) -> list[int]:
    """Where the chunks of some bytes end.

    Args:
        data: the bytes of a file.
    """
    hits = _hits(np.frombuffer(data, dtype=np.uint8))
    ends, start = [], 0
    while len(data) - start > SHORTEST:
        place = int(np.searchsorted(hits, start + SHORTEST - 1))
        end = int(hits[place]) + 1 if place < len(hits) else len(data)
        start = min(end, start + LONGEST, len(data))
        ends.append(start)
    return ends if ends and ends[-1] == len(data) else [*ends, len(data)]


def _hits(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Every byte after which a chunk may end: the hash of the 64 bytes up to it begins with 16 zeros.

    The hash is shifted by one at each byte, so that what is older than 64 bytes is gone, and it needs no memory of
    where the chunk began: no chunk is shorter than that.
    """
    found = [np.zeros(0, dtype=np.int64)]
    for start in range(0, len(data), BLOCK):
        first = max(0, start - WINDOW + 1)
        gear = TABLE[data[first : start + BLOCK]]
        hashes = np.zeros(len(gear), dtype=np.uint64)
        for age in range(WINDOW):
            hashes[age:] += gear[: len(gear) - age] << np.uint64(age)
        (hits,) = np.nonzero(hashes >> np.uint64(48) == 0)
        found.append(hits[hits + first >= start] + first)
    return np.concatenate(found)


def chunks(files: list[Path]) -> dict[str, int]:
    """Digest and size of every chunk of some files."""
    sizes = {}
    for path in files:
        data = path.read_bytes()
        for start, end in pairwise([0, *boundaries(data)]):
            sizes[hashlib.sha256(data[start:end]).hexdigest()] = end - start
    return sizes


def compared(what: str, old: list[Path], new: list[Path]) -> Row:
    """Bytes of the new files, and those of them in chunks that the old files do not have."""
    before, after = chunks(old), chunks(new)
    fresh = sum(size for digest, size in after.items() if digest not in before)
    return Row(what, sum(after.values()), fresh)


def main() -> None:
    """Build, lay out, compare, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=4000)
    parser.add_argument("--store", type=Path, help="where to build; what is there is not built again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        more = given.problems + given.problems // 100
        counts = {"1.0.0": given.problems, "1.1.0": more}
        versions = [_built(folder, given.store or folder / "store", *pair) for pair in counts.items()]
        old, new = (_laid(version, folder) for version in versions)
        tables = list(_by_config(old, new))
        page = ROOT / "docs" / "benchmark-publish.md"
        page.write_text(_page(given.problems, tables, list(_otherwise(folder, old, new))))
    print(page.read_text())


def _otherwise(folder: Path, old: Path, new: Path) -> Iterator[Row]:
    """The same rows, written in other ways; and other rows."""
    for what, way in WAYS.items():
        sides = [folder / f"{what}-{place}" for place in range(2)]
        for source, side in zip((old, new), sides, strict=True):
            for path in _counted(source):
                _copy(path, side / path.relative_to(source), way)
        yield compared(f"all of these, {what}", *map(_tables, sides))
    yield _other_verdicts(folder, old)
    shown = [_tables(side / "data" / DEMONSTRATIONS) for side in (old, new)]
    yield compared("`in_context_cot`, where some old rows show other demonstrations and so are other rows", *shown)


def _built(folder: Path, store: Path, version: str, problems: int) -> Version:
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.replace("PROBLEMS", str(problems)))
    return build(load_recipe(str(path), [f'version="{version}"']), Runtime(store=store, workers=1)).version


def _laid(version: Version, folder: Path) -> Path:
    return write_layout(version, folder / version.manifest.version).folder


def _tables(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.parquet"))


def _counted(folder: Path) -> list[Path]:
    """All tables but those with demonstrations."""
    return [path for path in _tables(folder) if DEMONSTRATIONS not in str(path)]


def _by_config(old: Path, new: Path) -> Iterator[Row]:
    for name in sorted({str(path.parent.relative_to(new / "data")) for path in _counted(new)}):
        yield compared(f"`{name}`", _tables(old / "data" / name), _tables(new / "data" / name))
    texts = [[path for path in _counted(side) if "logprobs" not in str(path)] for side in (old, new)]
    yield compared("all of these but `logprobs`", *texts)
    yield compared("**all of these**", _counted(old), _counted(new))


def _other_verdicts(folder: Path, old: Path) -> Row:
    """Compare the candidates with the same ones, of which 1 % have another verdict."""

    def changed(frame: pl.DataFrame) -> pl.DataFrame:
        some = pl.col("sample_id").hash(seed=0) % 100 == 0
        return frame.with_columns(
            pl.when(some).then(pl.lit("unverifiable")).otherwise(pl.col("verdict")).alias("verdict")
        )

    before = _tables(old / "data" / "candidates")
    after = [folder / "verdicts" / path.name for path in before]
    for path, place in zip(before, after, strict=True):
        _copy(path, place, Way(change=changed))
    return compared("`candidates` after another verdict on 1 % of the samples", before, after)


def _copy(path: Path, place: Path, way: Way) -> None:
    """Write a table again as `write_layout` does, but for one thing or another."""
    file = pq.ParquetFile(path)
    groups = [file.read()] if way.merged else [file.read_row_group(group) for group in range(file.num_row_groups)]
    place.parent.mkdir(parents=True, exist_ok=True)
    options = {"compression": "zstd", "use_content_defined_chunking": way.chunked, "write_page_index": True}
    with pq.ParquetWriter(place, file.schema_arrow, **options) as writer:
        for group in groups:
            table = way.change(pl.DataFrame(group)).to_arrow().cast(group.schema)
            writer.write_table(table, row_group_size=GROUP)


def _page(problems: int, rows: list[Row], others: list[Row]) -> str:
    lines = [
        "# Benchmark: what a new version sends",
        "",
        f"Made by `python benchmarks/chunks.py`. Version 1 has {problems:,} made problems, version 2 has",
        f"{problems // 100:,} more; both were laid out as `cotloom publish` does. The Hub stores chunks by their",
        "content ([how it chunks](https://huggingface.co/docs/xet/chunking)) and is not sent those that it has.",
        "Counted are the bytes of version 2 in chunks that version 1 does not have. The chunking is imitated, with",
        "another table of random numbers; nothing was uploaded.",
        "",
        *_table("config", rows),
        "",
        "A chunk has some 64 KiB, and the end of each file changes. So each file costs about a chunk or two, however",
        "large it is: the larger a version, the smaller the share.",
        "",
        *_table("otherwise", others),
        "",
        "Rows lie in the order of (version introduced, id), and the rows of each version are row groups of their own,",
        "so that the bytes of the old ones stay as they were. Verdicts and texts of the candidates are columns of one",
        "file: Parquet keeps each column apart, so that other verdicts leave the texts as they are, and nobody has to",
        "join files. A format with demonstrations is sent again nearly as a whole: a few of its old rows show other",
        "demonstrations, so that they are other rows, and those that went are scattered over all chunks.",
        "",
    ]
    return "\n".join(lines)


def _table(head: str, rows: list[Row]) -> list[str]:
    lines = [f"| {head} | bytes | new bytes | share |", "|---|---:|---:|---:|"]
    return lines + [f"| {row.what} | {row.total:,} | {row.new:,} | {row.new / row.total:.1%} |" for row in rows]


if __name__ == "__main__":
    main()
