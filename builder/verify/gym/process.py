"""A process that answers requests line by line, and is ended where no answer comes."""

import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from ...credentials import is_secret_name

READY = b"ready\n"
"""What the process says once it can be asked."""

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class LineProcess:
    """A process, with its pipes."""

    process: "subprocess.Popen[bytes]"
    """It."""
    owner: int
    """Id of the process that started it: a fork has to start its own."""

    def ask(self, request: bytes, patience: float) -> bytes:
        """Send a request of one line, and read the line that answers it.

        Returns:
            The answer; nothing where the process has ended, or took too long.
        """
        with suppress(BrokenPipeError):
            if self.process.stdin is not None:
                self.process.stdin.write(request)
                self.process.stdin.flush()
                return _read_line(self.process, patience)
        return b""

    def close(self) -> None:
        """End it, unless it is that of the process that this one was forked from."""
        if self.owner != os.getpid():
            return
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                with suppress(BrokenPipeError):
                    pipe.close()
        self.process.wait()


def start_process(module: str, patience: float) -> LineProcess | None:
    """Start a module as a process, and wait until it is ready; None where it does not get so far.

    It knows no secret of the environment.
    """
    environment = {name: value for name, value in os.environ.items() if not is_secret_name(name)}
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    started = LineProcess(process, os.getpid())
    if _read_line(process, patience) == READY:
        return started
    started.close()
    return None


def _read_line(process: "subprocess.Popen[bytes]", patience: float) -> bytes:
    """Read one line; nothing where the process has ended, or nothing came in time."""
    if process.stdout is None:
        return b""
    end, parts = time.monotonic() + patience, [b""]
    while not parts[-1].endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))
        part = os.read(process.stdout.fileno(), _CHUNK) if ready else b""
        if not part:
            return b""
        parts.append(part)
    return b"".join(parts)
