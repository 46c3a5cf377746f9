"""Tables through worker processes: the way before plain items, kept until its last caller has gone.

polars hangs in a forked child, and a spawned one would run an unguarded user script again; `python -m` does neither.
"""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from importlib import import_module
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import IO, Any

import polars as pl

from ..errors import CotloomError, InputError, RecipeError, Stopped, VersionConflict
from ..progress import show_bar
from .exits import LESS_MEMORY, make_exit_error

_LENGTH = struct.Struct(">cQ")
"""Every message: one letter for its kind, its length in bytes, then its bytes."""

TABLE, ERROR, MEMORY, FAULT = b"T", b"E", b"M", b"F"
"""A table, an error that the user can act on, memory that ran out, and a traceback."""

_ERRORS: Mapping[str, type[CotloomError]] = {
    kind.__name__: kind for kind in (InputError, RecipeError, VersionConflict, Stopped)
}


def send_message(pipe: IO[bytes], kind: bytes, content: bytes) -> None:
    """Write one message."""
    pipe.write(_LENGTH.pack(kind, len(content)) + content)
    pipe.flush()


def receive_message(pipe: IO[bytes]) -> tuple[bytes, bytes] | None:
    """Read one message; None where the other process has ended."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    kind, length = _LENGTH.unpack(head)
    content = pipe.read(length)
    return (kind, content) if len(content) == length else None


def pack_frame(frame: pl.DataFrame) -> bytes:
    """Serialize a table."""
    buffer = BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()


def unpack_frame(content: bytes) -> pl.DataFrame:
    """Deserialize a table."""
    return pl.read_ipc(BytesIO(content))


def pack_error(error: CotloomError) -> bytes:
    """Serialize an error that the user can act on."""
    fields = {"kind": type(error).__name__, "message": error.message, "hint": error.hint, "keys": error.keys}
    return json.dumps(fields).encode()


def unpack_error(content: bytes) -> CotloomError:
    """Deserialize an error."""
    fields = json.loads(content)
    return _ERRORS[fields["kind"]](fields["message"], hint=fields["hint"], keys=tuple(fields["keys"]))


def run_in_processes(
    address: str, parts: Sequence[pl.DataFrame], settings: str, workers: int, advance: Callable[[int], None]
) -> list[pl.DataFrame]:
    """Run a function over tables in worker processes; see `cotloom.builder.engine.map_rows`.

    Raises:
        CotloomError: the function raised it.
        Stopped: a worker was killed, or its memory ran out.
        RuntimeError: a worker failed; the message is its traceback.
    """
    queue: SimpleQueue[int] = SimpleQueue()
    for index in range(len(parts)):
        queue.put(index)
    results: dict[int, pl.DataFrame] = {}
    processes = [_start_worker(address, settings) for _ in range(workers)]

    def feed(process: subprocess.Popen[bytes]) -> None:
        while True:
            try:
                index = queue.get_nowait()
            except Empty:
                return
            results[index] = _run_partition(process, parts[index])
            advance(parts[index].height)

    try:
        with ThreadPoolExecutor(workers) as pool:
            try:
                done, _ = wait([pool.submit(feed, process) for process in processes], return_when=FIRST_EXCEPTION)
                for future in done:  # the first that failed; the others may still work
                    future.result()
            except BaseException:
                _stop_workers(processes)  # first, so that no thread waits for a worker for ever
                raise
    finally:
        _stop_workers(processes)
    return [results[index] for index in range(len(parts))]


def _start_worker(address: str, settings: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
    # -P: the working folder stays off the import path, so that no file there is imported instead of ours
    command = [sys.executable, "-P", "-m", "cotloom.builder.engine.tables_worker", address, settings]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603 - ourselves


def _run_partition(process: subprocess.Popen[bytes], part: pl.DataFrame) -> pl.DataFrame:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a worker has no pipes")
    try:
        send_message(process.stdin, TABLE, pack_frame(part))
        answer = receive_message(process.stdout)
    except BrokenPipeError:
        answer = None
    if answer is None:
        raise make_exit_error("a worker process", process.wait())
    kind, content = answer
    if kind != TABLE:
        raise _make_error(kind, content)
    return unpack_frame(content)


def _make_error(kind: bytes, content: bytes) -> Exception:
    if kind == ERROR:
        return unpack_error(content)
    if kind == MEMORY:
        return Stopped("memory ran out in a worker process", hint=LESS_MEMORY)
    return RuntimeError(content.decode())


def _stop_workers(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Close the pipes and end the workers."""
    for process in processes:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None and not pipe.closed:
                with suppress(BrokenPipeError):  # half a message may wait for a worker that is gone
                    pipe.close()
    for process in processes:
        process.wait()


PARTITION_ROWS = 500
"""About how many rows a partition has."""

Function = Callable[[pl.DataFrame, Any], pl.DataFrame]


def import_function(address: str) -> Function:
    """Import a function by its address, `module:name`."""
    module, _, name = address.partition(":")
    function: Function = getattr(import_module(module), name)
    return function


def map_rows(
    address: str, frame: pl.DataFrame, settings: Any, *, key: str, workers: int, description: str
) -> pl.DataFrame:
    """Run a function over all rows.

    Args:
        address: the function, `module:name`; (table, settings) to table.
        frame: the rows.
        settings: plain values for the function.
        key: the column that rows are partitioned by; rows with the same key stay together.
        workers: number of processes; 1 runs in this process.
        description: text of the progress bar.

    Returns:
        The results of all partitions, in order of the key.
    """
    parts = list(cut_partitions(frame.sort(key, maintain_order=True), key))
    text = json.dumps(settings)
    with show_bar(description, frame.height) as advance:
        if workers == 1 or len(parts) < 2:
            results = _run_here(address, parts, text, advance)
        else:
            results = run_in_processes(address, parts, text, min(workers, len(parts)), advance)
    return pl.concat(results, how="vertical")


def _run_here(
    address: str, parts: Sequence[pl.DataFrame], settings: str, advance: Callable[[int], None]
) -> list[pl.DataFrame]:
    function = import_function(address)
    results = []
    for part in parts:
        results.append(function(part, json.loads(settings)))
        advance(part.height)
    return results


def cut_partitions(frame: pl.DataFrame, key: str) -> Iterator[pl.DataFrame]:
    """Cut a sorted table into partitions; rows with the same key stay together."""
    if frame.height == 0:
        yield frame
        return
    changes = frame[key] != frame[key].shift()  # null in the first row, which begins a partition anyway
    starts = [0, *changes.arg_true().to_list()]
    begin = 0
    for start in [*starts[1:], frame.height]:
        if start - begin >= PARTITION_ROWS or start == frame.height:
            yield frame.slice(begin, start - begin)
            begin = start
