"""Ask a process of its own, line by line: what hangs, crashes or takes too much there is killed, and we live on.

process = LineProcess([sys.executable, "-m", "some.worker"])
process.ask(request, patience_s=60)   # the line that answers, or None: it was killed, or had ended

The process starts at the first question, and again at the first one after its end.
"""

import atexit
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from .credentials import is_secret_name

LONGEST = 1 << 28
"""Bytes of the longest answer that is read."""

_CHUNK = 1 << 16


class LineProcess:
    """A process that answers each line that it is sent with a line. Threads take turns; a fork starts its own.

    It leads a session of its own, so that whatever it started is killed with it, and it is told no secret of the
    environment.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None, *, longest: int = LONGEST
    ) -> None:
        """Remember what to start.

        Args:
            command: the program and its arguments.
            environment: variables besides those of this process.
            longest: the bytes of the longest answer; a longer one ends the process.
        """
        self._command, self._environment, self._longest = [*command], dict(environment or {}), longest
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = Lock()

    @property
    def pid(self) -> int | None:
        """The id of the process; None before it is started, and after its end."""
        return None if self._process is None else self._process.pid

    def ask(self, line: bytes, patience_s: float) -> bytes | None:
        """Send a line, and return the line that answers it; None where the process ended or was killed instead.

        Args:
            line: the question, with the newline at its end.
            patience_s: seconds until a process that does not answer is killed; its start is a part of them.

        Raises:
            OSError: the program can't be started.
        """
        with self._lock:
            try:
                return self._send_and_read(self._start(), line, time.monotonic() + patience_s)
            except (BrokenPipeError, TimeoutError):
                self._end()
                return None
            except BaseException:
                self._end()  # its answer may still come: the next question must not read it
                raise

    def ask_object(self, request: Mapping[str, Any], patience_s: float) -> dict[str, Any] | None:
        """Send a JSON object to a worker of ours, and return the one that answers it; None as `ask` does."""
        line = self.ask(json.dumps(request, default=str).encode() + b"\n", patience_s)
        if line is None:
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process, if there is one. The next question starts another."""
        with self._lock:
            self._end()

    def _start(self) -> "subprocess.Popen[bytes]":
        """Start the process, unless this process has one that waits for a question."""
        if self._process is not None and self._owner == os.getpid():
            if not select.select([_list_pipes(self._process)[1]], [], [], 0)[0]:
                return self._process
            self._end()  # it has ended, or says what nobody asked: that would be taken for the next answer
        inherited = {name: value for name, value in os.environ.items() if not is_secret_name(name)}
        self._process = subprocess.Popen(  # noqa: S603 - ours, or one that the user named
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**inherited, **self._environment},
            start_new_session=True,
        )
        if self._owner != os.getpid():
            atexit.register(self.close)
        self._owner = os.getpid()
        for pipe in _list_pipes(self._process):
            os.set_blocking(pipe, False)
        return self._process

    def _send_and_read(self, process: "subprocess.Popen[bytes]", line: bytes, until: float) -> bytes:
        """Write the question while the process takes it, and read until its answer is whole.

        Raises:
            BrokenPipeError: it has ended, or its answer is too long, or has more than one line.
            TimeoutError: it is too late.
        """
        given, taken = _list_pipes(process)
        rest, answer = memoryview(line), bytearray()
        while not answer.endswith(b"\n"):
            readable, writable, _ = select.select(
                [taken], [given] if rest else [], [], max(0.0, until - time.monotonic())
            )
            if not readable and not writable:
                raise TimeoutError
            if writable:
                rest = rest[os.write(given, rest[:_CHUNK]) :]
            if readable:
                answer += _read_part(taken)
            if len(answer) > self._longest or answer.count(b"\n") > 1:
                raise BrokenPipeError
        return bytes(answer)

    def _end(self) -> None:
        """Kill the process and what it started, unless it is that of the process that this one was forked from."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        process.wait()


def _list_pipes(process: "subprocess.Popen[bytes]") -> tuple[int, int]:
    """List the descriptors that a process is written to and read from."""
    if process.stdin is None or process.stdout is None:
        raise BrokenPipeError
    return process.stdin.fileno(), process.stdout.fileno()


def _read_part(descriptor: int) -> bytes:
    """Read what is there.

    Raises:
        BrokenPipeError: the other side has ended.
    """
    part = os.read(descriptor, _CHUNK)
    if not part:
        raise BrokenPipeError
    return part


# The other side: what a worker of ours does


def serve_lines(answer: Callable[[Any], Mapping[str, Any]], memory: int) -> None:
    """Answer each line of stdin, which is a JSON object, with one, until stdin ends.

    The system ends this process where an answer takes more processor time than its request allows: `seconds`. That
    does not depend on how busy the machine is. What a library prints is no answer.

    Args:
        answer: makes an answer of a request.
        memory: bytes that answers may take beyond what this process takes now.
    """
    limit_memory(memory)
    with _take_stdout() as out:
        for line in sys.stdin:
            request = json.loads(line)
            signal.setitimer(signal.ITIMER_PROF, request["seconds"])
            text = json.dumps(answer(request))
            signal.setitimer(signal.ITIMER_PROF, 0)
            out.write(f"{text}\n")
            out.flush()


@contextmanager
def _take_stdout() -> Iterator[Any]:
    """Take stdout for answers; what is printed goes to stderr."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        yield out


def limit_memory(beyond: int) -> None:
    """Limit the address space of this process, where the system says how much is taken.

    Args:
        beyond: bytes that it may take beyond what it takes now.
    """
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + beyond
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
