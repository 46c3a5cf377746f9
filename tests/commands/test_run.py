"""How commands end: one message, one exit code, and with `--json` one object, whatever happened."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest
import typer

from cotloom import cli
from cotloom.builder.commands.run import describe_failure, is_json_requested
from cotloom.builder.errors import Stopped


def patch(folder: Path, code: str) -> dict[str, str]:
    """The environment in which a command that lists versions runs some code first."""
    lines = "".join(f"        {line}\n" for line in code.splitlines())
    (folder / "sitecustomize.py").write_text(
        "import os, pathlib, signal, sys, time\nown = pathlib.Path.is_dir\n"
        f"def is_dir(path):\n    if path.name == 'versions':\n{lines}    return own(path)\n"
        "pathlib.Path.is_dir = is_dir\n"
    )
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}


@pytest.fixture
def run_patched(command, tmp_path):
    """Run `list` in a process of its own, with some code in the midst of it."""

    def run(code: str, *words: str, **options) -> subprocess.CompletedProcess:
        environment = {**patch(tmp_path, code), **options.pop("environment", {})}
        options.setdefault("preexec_fn", _hear_a_closed_terminal)
        return subprocess.run(
            [*command, "list", "--store", str(tmp_path), *words],
            env=environment, capture_output=True, text=True, check=False, **options,
        )  # fmt: skip

    return run


def _hear_a_closed_terminal():
    """Undo what `nohup` hands down: a program that is told to stay does not end when its terminal closes."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


PANIC = "class PanicException(BaseException): pass\nraise PanicException('index out of bounds')"
ENDINGS = {
    "a panic": (PANIC, 70, "PanicException"),
    "a real panic": ("import polars as pl\nraise pl.exceptions.PanicException('x')", 70, "PanicException"),
    "an exit deep in a library": ("sys.exit(5)", 70, "SystemExit"),
    "a success deep in a library": ("sys.exit(0)", 70, "SystemExit"),
    "words of a library": ("sys.exit('no')", 70, "SystemExit"),
    "a pipe of ours that broke": ("raise BrokenPipeError(32, 'Broken pipe')", 70, "BrokenPipeError"),
    "an early end of a file": ("raise EOFError('Ran out of input')", 70, "EOFError"),
    "recursion": ("raise RecursionError('too deep')", 70, "RecursionError"),
    "a cancelled task": ("import asyncio\nraise asyncio.CancelledError", 70, "CancelledError"),
    "a group": ("raise ExceptionGroup('two', [ValueError(1), KeyError(2)])", 70, "ExceptionGroup"),
    "words that can't be shown": (
        "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd", 70, "Odd",
    ),
    "memory": ("raise MemoryError", 3, "Stopped"),
    "Ctrl-C": ("raise KeyboardInterrupt", 130, "Interrupted"),
    "Ctrl-C by signal": ("os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)", 130, "Interrupted"),
    "Ctrl-C twice": (
        "try:\n    raise KeyboardInterrupt\nfinally:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(60)",
        130, "Interrupted",
    ),
    "SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)", 143, "Interrupted"),
    "SIGHUP": ("os.kill(os.getpid(), signal.SIGHUP)\ntime.sleep(60)", 129, "Interrupted"),
}  # fmt: skip


IN_WORDS = ("memory", "Ctrl-C", "SIGTERM")
"""Endings that are also looked at without `--json`."""


@pytest.mark.parametrize(
    ("name", "form"), [*((name, ["--json"]) for name in ENDINGS), *((name, []) for name in IN_WORDS)]
)
def test_every_end_has_its_code_and_its_message(name, form, run_patched):
    code, exit_code, kind = ENDINGS[name]

    done = run_patched(code, *form, timeout=60)

    assert done.returncode == exit_code
    assert ("Traceback" in done.stderr) == (exit_code == 70)
    if form:
        assert json.loads(done.stdout)["error"]["kind"] == kind
    else:
        assert (done.stdout, "cotloom: " in done.stderr) == ("", True)


def test_the_commands_of_a_group_keep_standard_output_for_their_result(command, tmp_path, build_recipe, write_recipe):
    build_recipe(write_recipe(tmp_path), tmp_path / "versions-of-a-user")
    environment = patch(tmp_path, "")
    (tmp_path / "sitecustomize.py").write_text(
        "import pathlib\nown = pathlib.Path.is_file\n"
        "def is_file(path):\n    if path.name == 'ledger.sqlite':\n"
        "        print('words of a library')\n    return own(path)\n"
        "pathlib.Path.is_file = is_file\n"
    )
    words = ["ledger", "check", "--json", "--store", str(tmp_path / "versions-of-a-user")]

    done = subprocess.run([*command, *words], env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, "words of a library" in done.stderr) == (0, True)
    assert json.loads(done.stdout)["damaged"] == []


@pytest.mark.parametrize(
    ("words", "is_asked"),
    [
        (["ledger", "check", "--json"], True),
        (["ledger", "forget", "--problem", "--json"], False),
        (["ledger", "--json"], True),
        (["list", "--store", "--json"], False),
        (["nonsense", "--json"], True),
    ],
)
def test_json_is_asked_for_by_the_commands_of_a_group_too(words, is_asked):
    assert is_json_requested(cli.app, words) is is_asked


def test_an_ignored_interrupt_does_not_keep_a_command_from_being_ended(run_patched):
    """A shell's background job ignores Ctrl-C; SIGTERM ends it all the same."""
    code = "signal.signal(signal.SIGINT, signal.SIG_IGN)\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)"

    assert run_patched(code, timeout=60).returncode == 143


def test_a_hangup_that_was_ignored_stays_ignored(run_patched):
    done = run_patched(
        "os.kill(os.getpid(), signal.SIGHUP)", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )

    assert done.returncode == 0


def test_a_build_that_is_asked_to_end_can_be_resumed(command, write_recipe, tmp_path, store):
    sources = [{"name": "made", "kind": "arithmetic", "problems": 1_500}]
    words = ["build", str(write_recipe(tmp_path, sources=sources)), "--store", str(store), "--workers", "1", "--json"]
    process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (store / "ledger.sqlite").exists():
        time.sleep(0.01)
    process.terminate()
    out, err = process.communicate()

    assert (process.returncode, err) == (143, "")
    assert json.loads(out)["error"]["message"] == "interrupted by SIGTERM"
    assert not (store / "versions").exists()


NOISE = (
    "import warnings\nprint('a stray print')\nos.write(1, b'from below Python')\nos.system('echo from a child')\n"
    "warnings.warn('a warning')\nsys.stdout.write('half a line')"
)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_nothing_but_the_result_is_on_stdout(form, run_patched):
    done = run_patched(NOISE, *form)

    assert done.returncode == 0
    assert json.loads(done.stdout) == {"versions": []} if form else done.stdout.startswith("No versions in ")
    for words in ("a stray print", "from below Python", "from a child", "a warning", "half a line"):
        assert words in done.stderr


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (["build", "--json"], 2),
        (["bild", "--json"], 2),
        (["--json"], 2),
        (["--json", "list"], 2),
        (["build", "nothing", "--json", "--nothing"], 2),
        (["build", "nothing", "--nothing", "--json"], 2),
        (["build", "nothing", "--json", "--limit"], 2),
        (["list", "--json=1"], 2),
        (["show", "--json", "a", "b"], 2),
        (["show", "nothing", "--json"], 2),
    ],
    ids=str,
)
def test_a_mistake_in_the_words_is_one_object_too(words, exit_code, run):
    ran = run(*words)

    assert (ran.code, set(ran.json), ran.err) == (exit_code, {"error"}, "")


@pytest.mark.parametrize(
    ("words", "is_requested"),
    [
        (["list", "--json"], True),
        (["sql", "x", "--format", "--json"], False),
        (["build", "x", "--set", "--json"], False),
        (["build", "x", "--set", "--json", "--json"], True),
        (["build", "x", "--accept-failures", "--json"], True),
        (["show", "--", "--json"], False),
        (["show", "--jso"], False),
        (["bild", "--json"], True),
        (["build", "x", "--store=--json"], False),
    ],
    ids=str,
)
def test_json_is_requested_by_the_option_alone(words, is_requested):
    assert is_json_requested(cli.app, words) == is_requested


def test_the_value_of_an_option_is_no_request_for_json(run):
    ran = run("build", "nothing", "--set", "--json")

    assert (ran.code, ran.out, ran.err.startswith("cotloom: ")) == (2, "", True)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_reader_that_has_gone_changes_no_exit_code(form, command, quickstart, tmp_path):
    for file in quickstart.path.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "samples.parquet").write_bytes((quickstart.path / "examples.parquet").read_bytes())
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*command, "audit", str(tmp_path), *form], stdout=write, stderr=subprocess.PIPE, check=False, text=True
    )
    os.close(write)

    assert (done.returncode in {1, 2}, "Traceback" in done.stderr) == (True, False)


@pytest.mark.parametrize("closed", [[1], [0, 1, 2]])
def test_closed_streams_do_no_harm(closed, command, quickstart, tmp_path, write_recipe):
    words = [*command, "build", str(write_recipe(tmp_path)), "--store", str(tmp_path / "store"), "--workers", "2"]

    done = subprocess.run(words, preexec_fn=lambda: [os.close(number) for number in closed], check=False)
    query = subprocess.run(
        [*command, "sql", str(quickstart.path)], preexec_fn=lambda: [os.close(number) for number in closed],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip

    assert (done.returncode, query.returncode) == (0, query.returncode)
    assert query.returncode in {0, 2}
    assert (tmp_path / "store/versions/tiny/1.0.0/manifest.json").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_full_disk_behind_stdout_stops_the_command(form, command, tmp_path):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, "list", "--store", str(tmp_path), *form],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )  # fmt: skip

    assert (done.returncode, "can't be written" in done.stderr, "Traceback" in done.stderr) == (3, True, False)


@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_terminal_without_unicode_gets_escapes_and_exact_json(environment, command, quickstart):
    words = [*command, "sql", str(quickstart.path), "SELECT chr(233) || chr(215) || chr(128512) || chr(155) AS x"]
    environment = {**os.environ, **environment}

    done = subprocess.run([*words, "--format", "table"], env=environment, capture_output=True, check=False)
    assert done.returncode == 0
    for form in (["--json"], ["--format", "jsonl"]):
        done = subprocess.run([*words, *form], env=environment, capture_output=True, check=True)
        found = json.loads(done.stdout.decode("ascii"))
        rows = found["rows"] if form == ["--json"] else found if isinstance(found, list) else [found]
        assert rows == [{"x": "é×😀\x9b"}]


def test_a_query_that_is_no_text_is_told(command, quickstart):
    done = subprocess.run(
        [*command, "sql", str(quickstart.path)], input=b"SELECT '\xff'", capture_output=True, check=False
    )

    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_what_ends_a_command_is_described_by_what_it_is():
    assert describe_failure(Stopped("no room", hint="make room")).code == 3
    assert describe_failure(typer.Abort()).code == 70
    assert describe_failure(pl.exceptions.PanicException("x")).kind == "PanicException"
    assert describe_failure(Stopped("a worker was ended"), [signal.SIGTERM]).code == 143
