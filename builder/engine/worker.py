"""One worker process: it reads tables from stdin and writes results to stdout, until stdin ends."""

import json
import os
import signal
import sys
import traceback

from . import import_function
from .local import FAULT, TABLE, pack_frame, receive_message, send_message, unpack_frame


def main(address: str, settings: str) -> None:
    """Run a function on each table until stdin ends. Ctrl-C is handled by the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not reach the parent as a table
    function = import_function(address)
    values = json.loads(settings)
    while message := receive_message(sys.stdin.buffer):
        try:
            result = pack_frame(function(unpack_frame(message[1]), values))
        except Exception:  # noqa: BLE001 - whatever it is, the parent raises it
            send_message(out, FAULT, traceback.format_exc().encode())
        else:
            send_message(out, TABLE, result)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
