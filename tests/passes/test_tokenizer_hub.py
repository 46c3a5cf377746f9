"""A tokenizer of the Hub is downloaded once, by name and revision; what is wrong with it is named."""

import json
import os
import subprocess
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.conftest import PATIENCE_S
from tests.loopback import serve_in_thread
from tests.passes.test_tokens import THOUGHT, make_tokenizer, write_recorded

COMMIT = "f" * 40
NOT_FOUND = {"nobody": "RepoNotFound", "gated": "GatedRepo", "empty": "EntryNotFound"}


@contextmanager
def serve_hub(content):
    """Serve one tokenizer as the model me/words, at main and at v2."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self):
            self._answer(b"")

        def do_GET(self):
            self._answer(content)

        def _answer(self, body):
            asked.append((self.command, self.path))
            owner, _, _, revision, *_ = self.path.strip("/").split("/")
            if owner != "me" or revision not in {"main", "v2", COMMIT}:
                status, code = (
                    (403, NOT_FOUND[owner]) if owner == "gated" else (404, NOT_FOUND.get(owner, "RevisionNotFound"))
                )
                self.send_response(status)
                self.send_header("X-Error-Code", code)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("ETag", f'"{sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with serve_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url, asked


@pytest.fixture
def built(tmp_path, write_recipe, command):
    """Build a recipe in a process of its own, whose Hub is on loopback."""
    path = write_recorded(tmp_path, write_recipe, [[THOUGHT]])

    def build_with(endpoint, name, store="store"):
        home = {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_TELEMETRY": "1"}
        words = [
            *command,
            "build",
            path,
            "--store",
            tmp_path / store,
            "--workers",
            "1",
            "--json",
            "--set",
            f"tokenizer={name}",
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")} | home
        done = subprocess.run(
            [str(word) for word in words],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            timeout=PATIENCE_S,
        )
        return done.returncode, json.loads(done.stdout)

    return build_with


def test_a_tokenizer_of_the_hub_counts_and_its_content_is_identity(tmp_path, built):
    content = (make_tokenizer(tmp_path / "own") / "tokenizer.json").read_bytes()
    with serve_hub(content) as (endpoint, asked):
        code, first = built(endpoint, "me/words")
        code_2, second = built(endpoint, "me/words@v2", "store2")
        downloads = [path for method, path in asked if method == "GET"]
    local_code, local = built("http://127.0.0.1:1", str(tmp_path / "own"), "store3")

    assert (code, code_2, local_code) == (0, 0, 0), (first, second, local)
    assert first["fingerprint"] == second["fingerprint"] == local["fingerprint"]
    assert first["content_digest"] == local["content_digest"]
    assert len(downloads) == 1
    manifest = json.loads((tmp_path / "store" / "versions" / "tiny" / "1.0.0" / "manifest.json").read_text())
    assert [item["file"] for item in manifest["inputs"] if item["name"] == "tokenizer"] == ["me/words/tokenizer.json"]
    assert manifest["tokens"][0]["tokens"] == 10


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody/words", "no model of the Hub that can be read"),
        ("me/words@v9", "no model of the Hub that can be read"),
        ("empty/words", "has no tokenizer.json"),
        ("gated/words", "is gated"),
    ],
)
def test_what_the_hub_lacks_is_named(built, name, words):
    with serve_hub(b"{}") as (endpoint, _):
        code, told = built(endpoint, name)
    assert code == 2, told
    assert words in told["error"]["message"]
    assert told["error"]["keys"] == ["tokenizer"]


def test_a_hub_that_cannot_be_reached_stops_the_build(built):
    code, told = built("http://127.0.0.1:1", "me/words")
    assert code == 3, told
    assert "the Hub can't be reached" in told["error"]["message"]
