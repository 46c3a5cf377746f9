"""A key that the server writes back, in whatever shape, is never found in anything that is written or printed."""

import gzip
import io
import re
from urllib.parse import unquote

import polars as pl
import pyarrow as pa
import pytest

from .chat_service import Faults, Settings, running
from .chat_service.faults import FAULTS
from .live_builds import list_words, start_build, write_recipe

KEY = "sk-canary/7+Q=x_0123456789"
SHAPES = sorted(name for name in FAULTS if name.startswith("echo"))
VARIABLE = "LIVE_TEST_KEY"


def read_text(path):
    """Read all that a file holds, unpacked."""
    content = path.read_bytes()
    if path.suffix == ".parquet":
        content = pl.read_parquet(path).write_ndjson().encode()
    elif path.suffix == ".arrow":
        content = repr(read_arrow(content)).encode()
    elif path.suffix == ".gz":
        content = gzip.decompress(content)
    return content.decode(errors="replace")


def read_arrow(content):
    opened = pa.ipc.open_file if content.startswith(b"ARROW1") else pa.ipc.open_stream
    return opened(io.BytesIO(content)).read_all().to_pylist()


def unescape(text):
    """Undo the escapes of JSON and of addresses, once and twice: an exported ledger holds JSON in JSON."""
    for _ in range(2):
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
        text = text.replace("\\/", "/").replace('\\"', '"').replace("\\\\", "\\")
    return text + unquote(text)


def find_key(text, key):
    return key in text or key in unescape(text)


def find_files_with(folder, key):
    return [
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and find_key(read_text(path), key)
    ]


@pytest.fixture
def build(run, monkeypatch):
    """Build, and export the ledger, which keeps bodies compressed. Returns what was printed."""
    monkeypatch.setenv(VARIABLE, KEY)

    def built(recipe, store, url, *words):
        done = run(*list_words(recipe, store, url), "--timeout", "5", *words)
        exported = run("ledger", "export", store / "all.jsonl.gz", "--store", store)
        return done.code, done.out + done.err + exported.out + exported.err

    return built


@pytest.fixture
def build_apart(run):
    """The same in a process of its own, all of whose output is seen."""

    def built(recipe, store, url, *words):
        process = start_build(recipe, store, url, "--timeout", "5", *words, environment={VARIABLE: KEY})
        out, err = process.communicate(timeout=120)
        exported = run("ledger", "export", store / "all.jsonl.gz", "--store", store)
        return process.returncode, out + err + exported.out + exported.err

    return built


def test_the_scan_finds_a_key_however_it_is_written(tmp_path):
    pl.DataFrame({"text": [f"so {KEY} it is"]}).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.txt").write_text("".join(f"\\u{ord(letter):04x}" for letter in KEY))
    (tmp_path / "c.gz").write_bytes(gzip.compress(KEY.encode()))
    (tmp_path / "d.txt").write_text("sk-canary")
    assert sorted(find_files_with(tmp_path, KEY)) == ["a.parquet", "b.txt", "c.gz"]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_key_that_a_server_echoes_is_never_written(tmp_path, build, shape):
    recipe = write_recipe(tmp_path, 3, api_key_env=VARIABLE)
    with running(Settings(faults=Faults(script={"*": shape}))) as service:
        _, printed = build(recipe, tmp_path / "store", service.url, "--retries", "1", "--allow-empty")
    assert service.read_statistics()["outcomes"][shape] > 0
    assert not find_key(printed, KEY)
    assert find_files_with(tmp_path, KEY) == []


def test_a_key_that_is_echoed_now_and_then_is_in_no_file_of_the_version(tmp_path, build_apart):
    recipe = write_recipe(tmp_path, 200, api_key_env=VARIABLE)
    with running(Settings(faults=Faults(rates=dict.fromkeys(SHAPES, 0.02)))) as service:
        code, printed = build_apart(recipe, tmp_path / "store", service.url, "--accept-failures", "--retries", "2")
    assert code == 0, printed[-2000:]
    assert {*service.read_statistics()["outcomes"]} >= {*SHAPES}
    assert list((tmp_path / "store").rglob("manifest.json"))
    assert not find_key(printed, KEY)
    assert find_files_with(tmp_path, KEY) == []
