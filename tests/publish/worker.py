"""Runs commands one after the other in one process, as the Hub's libraries take seconds to import: see `program`."""

import json
import os
import sys
import traceback
from tempfile import TemporaryFile

from cotloom import cli
from cotloom.builder.publish.hub import errors

errors.WAITS_S = (0.05, 0.1)  # a Hub of tests recovers soon


def run(words: list[str]) -> int:
    sys.argv = ["cotloom", *words]
    try:
        return cli._run(words)
    except SystemExit as error:
        return int(str(error.code))
    except BaseException:  # noqa: BLE001 - the test sees it as a fault
        traceback.print_exc()
        return 99


def heard(words: list[str]) -> tuple[int, str, str]:
    """Run a command with its output caught below Python, where libraries write too."""
    kept = [os.dup(1), os.dup(2)]
    with TemporaryFile() as out, TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            code = run(words)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            for place, file in enumerate(kept, 1):
                os.dup2(file, place)
                os.close(file)
        out.seek(0)
        err.seek(0)
        return code, out.read().decode(), err.read().decode()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        asked = json.loads(line)
        for name, value in asked["environment"].items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        print(json.dumps(heard(asked["words"])), file=answers, flush=True)
