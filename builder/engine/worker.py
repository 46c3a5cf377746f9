"""One worker process: it reads items from stdin and writes answers to stdout, a line of JSON each, until stdin ends.

Before the first item of a task come three lines: `TASK`, the address of the function, and the settings.
"""

import os
import signal
import sys
from threading import Thread
from time import sleep

from ..terminal import clean_standard_streams
from .calls import TASK, make_answer
from .collecting import collect_seldom
from .current_row import mark_row, use_mark


def main(mark: int) -> None:
    """Call a function with each item until stdin ends.

    Ctrl-C is handled by the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_exit_without_parent, args=(os.getppid(),), daemon=True).start()
    use_mark(mark)
    lines, out = os.fdopen(os.dup(sys.stdin.fileno()), "rb"), os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with open(os.devnull, "rb") as null:  # noqa: PTH123 - a device
        os.dup2(null.fileno(), sys.stdin.fileno())  # what asks for input must not take an item
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not reach the parent as an answer
    address, settings = "", b""
    for line in lines:
        if line == TASK:
            address, settings = lines.readline().decode().strip(), lines.readline()
            continue
        mark_row("")
        out.write(make_answer(address, line, settings).encode() + b"\n")
        out.flush()


def _exit_without_parent(parent: int) -> None:
    """End this process when its parent is gone: nobody waits for a training that may take minutes."""
    while os.getppid() == parent:
        sleep(1)
    os._exit(1)


if __name__ == "__main__":
    with clean_standard_streams(), collect_seldom():
        main(int(sys.argv[1]))
