"""What the tests of the engine run in other processes; it imports no test library, so that workers start fast."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from time import sleep

from cotloom.builder.engine import mark_row
from cotloom.builder.errors import RecipeError

RISKY = 7
"""Number of the item at which something happens."""


def double(item, settings):
    return {"twice": settings["times"] * item["number"]}


def echo(item, settings):
    return [item, settings]


def spoil(item, settings):
    """Change what it was given; the next call must not see it."""
    settings["list"].append(item["number"])
    return settings["list"]


def get_process(_item, _settings):
    return os.getpid()


def get_threads(_item, _settings):
    return os.environ.get("POLARS_MAX_THREADS")


def sleep_longer_first(item, settings):
    sleep((settings["items"] - item["number"]) * 0.02)
    return item["number"]


def speak(item, _settings):
    print("a stray word" * 1_000)  # noqa: T201 - what the test is about
    os.write(1, b"a stray byte")
    with suppress(EOFError):
        input()
    return item["number"]


def fail(item, _settings):
    if item["number"] == RISKY:
        message = "this item is too much for me"
        raise ValueError(message)
    return item["number"]


def refuse(item, _settings):
    if item["number"] == RISKY:
        message = "the recipe is wrong"
        raise RecipeError(message, hint="correct it", keys=("verify.pattern",))
    return item["number"]


def run_out_of_memory(item, _settings):
    if item["number"] == RISKY:
        raise MemoryError
    return item["number"]


def panic(item, _settings):
    class PanicException(BaseException):
        pass

    if item["number"] == RISKY:
        message = "index out of bounds"
        raise PanicException(message)
    return item["number"]


def give_no_json(_item, _settings):
    return {1, 2}


def leave(item, _settings):
    if item["number"] == RISKY:
        os._exit(3)
    return item["number"]


def die_once(item, settings):
    """Be killed at one item, at the first try only."""
    died = Path(settings["died"])
    if item["number"] == RISKY and not died.exists():
        died.touch()
        os.kill(os.getpid(), settings["signal"])
        signal.pause()
    return item["number"]


def die_at_a_row(item, settings):
    for row in range(3):
        mark_row(f"s_{item['number']}_{row}")
        if item["number"] == RISKY and row == 1:
            os.kill(os.getpid(), settings["signal"])
            signal.pause()
    return item["number"]


def die_after_rows(item, settings):
    """Be killed at an item that marks no row, after one that did."""
    if item["number"] == RISKY:
        os.kill(os.getpid(), settings["signal"])
        signal.pause()
    mark_row(f"s_{item['number']}")
    return item["number"]


def die_while_another_works(item, settings):
    """One worker waits for ever, until it is ended; the other is killed."""
    waiting = Path(settings["waiting"])
    if item["number"] == 0:
        waiting.touch()
        signal.pause()
    while not waiting.exists():
        sleep(0.01)
    os.kill(os.getpid(), settings["signal"])
    signal.pause()


def write_process_and_wait(_item, settings):
    (Path(settings["folder"]) / f"{os.getpid()}.pid").touch()
    signal.pause()


def burn(_item, settings):
    """Use processor time and memory."""
    held = bytearray(settings["bytes"])
    for place in range(0, len(held), 4096):
        held[place] = 1
    return sum(range(2_000_000)) > 0
