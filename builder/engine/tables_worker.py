"""One worker process: it reads tables from stdin and writes results to stdout, until stdin ends."""

import json
import os
import signal
import sys
import traceback
from threading import Thread
from time import sleep

from ..errors import CotloomError
from ..terminal import clean_standard_streams
from .tables import (
    ERROR,
    FAULT,
    MEMORY,
    TABLE,
    import_function,
    pack_error,
    pack_frame,
    receive_message,
    send_message,
    unpack_frame,
)


def main(address: str, settings: str) -> None:
    """Run a function on each table until stdin ends. Ctrl-C is handled by the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not reach the parent as a table
    Thread(target=_exit_without_parent, args=(os.getppid(),), daemon=True).start()
    function = import_function(address)
    values = json.loads(settings)
    while message := receive_message(sys.stdin.buffer):
        try:
            result = pack_frame(function(unpack_frame(message[1]), values))
        except CotloomError as error:
            send_message(out, ERROR, pack_error(error))
        except MemoryError:
            send_message(out, MEMORY, b"")
        except BaseException:  # noqa: BLE001 - whatever it is, a library's panic too, the parent raises it
            send_message(out, FAULT, traceback.format_exc().encode(errors="backslashreplace"))
        else:
            send_message(out, TABLE, result)


def _exit_without_parent(parent: int) -> None:
    """End this process when its parent is gone: nobody waits for a training that may take minutes."""
    while os.getppid() == parent:
        sleep(1)
    os._exit(1)


if __name__ == "__main__":
    with clean_standard_streams():
        main(sys.argv[1], sys.argv[2])
