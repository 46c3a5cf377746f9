"""One worker process: tables come in on stdin, results go out on stdout, until stdin ends."""

import json
import os
import signal
import sys
import traceback

from cotloom.builder.engine import resolve
from cotloom.builder.engine.local import FAULT, TABLE, packed, receive, send, unpacked


def main(address: str, settings: str) -> None:
    """Work until the parent is gone. Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not reach the parent as a table
    function = resolve(address)
    given = json.loads(settings)
    while message := receive(sys.stdin.buffer):
        try:
            result = packed(function(unpacked(message[1]), given))
        except Exception:  # noqa: BLE001 - whatever it is, the parent raises it
            send(out, FAULT, traceback.format_exc().encode())
        else:
            send(out, TABLE, result)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
