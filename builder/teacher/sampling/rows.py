"""Samples on their way to disk: rows are collected and written as pieces, so that memory stays flat."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from ....schemas.frames import to_frame
from ....schemas.sample import Sample
from ...store.pieces import add_cell, write_piece

FRAME_ROWS = 128
"""Samples that become a table together; few enough that nothing waits for it."""

PIECE_ROWS = 65_536
"""The most samples of a piece."""

PIECE_BYTES = 8 * 2**20
"""About the most bytes that wait to be written; samples with log probabilities are long."""


class SampleWriter:
    """Writes samples to pieces in a folder."""

    def __init__(self, folder: Path) -> None:
        """Write to a folder that exists."""
        self._folder = folder
        self._samples: list[Sample] = []
        self._frames: list[pl.DataFrame] = []
        self._bytes = 0
        self._lock = asyncio.Lock()
        self.pieces: list[Path] = []
        self.rows = 0

    async def add(self, samples: Sequence[Sample]) -> None:
        """Add samples. It waits while a piece is written."""
        self.rows += len(samples)
        self._samples += samples
        if len(self._samples) >= FRAME_ROWS:
            self._convert()
        if self._bytes >= PIECE_BYTES or sum(frame.height for frame in self._frames) >= PIECE_ROWS:
            await self.flush()

    def _convert(self) -> None:
        samples, self._samples = self._samples, []
        frame = to_frame(samples, Sample)
        self._frames.append(frame)
        self._bytes += int(frame.estimated_size())

    async def flush(self) -> None:
        """Write what was added so far."""
        async with self._lock:
            self._convert()
            frames, self._frames, self._bytes = self._frames, [], 0
            if sum(frame.height for frame in frames):
                path = self._folder / f"samples-{len(self.pieces):05}.arrow"
                self.pieces.append(path)
                await asyncio.to_thread(_write, frames, path)


def _write(frames: Sequence[pl.DataFrame], path: Path) -> None:
    write_piece(add_cell(pl.concat(frames)), path)


def write_samples(samples: Iterable[Sample], path: Path) -> Path:
    """Write samples as a piece. Returns its path."""
    write_piece(add_cell(to_frame(samples, Sample)), path)
    return path
