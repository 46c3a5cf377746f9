"""A real model server: a tiny checkpoint behind `transformers serve`, asked through the real openai client."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime
from tests.teacher.tiny import make_checkpoint

PATIENCE_S = 180
"""How long the server may take to come up on a busy machine."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve a tiny checkpoint on a port that the system picks; gives its address and the model's exact name."""
    command = shutil.which("transformers", path=str(Path(sys.executable).parent))
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    if command is None:
        pytest.skip("transformers has no command here")
    home = tmp_path_factory.mktemp("home")
    (home / "hub").mkdir()  # the server lists models from here and fails without it
    model = make_checkpoint(tmp_path_factory.mktemp("checkpoint"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (home / "log").open("wb")
    arguments = [command, "serve", str(model), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    environment = {**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(arguments, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(port, process, home / "log")
        yield f"http://127.0.0.1:{port}/v1", str(model)
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _wait(port, process, log):
    for _ in range(PATIENCE_S * 2):
        if process.poll() is not None:
            pytest.fail(f"the server ended early: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.5)
    pytest.fail("the server did not come up")


def test_a_version_is_built_through_a_real_model_server(served, tmp_path):
    url, model = served
    teacher = {
        "backend": "openai",
        "model": model,
        "base_url": url,
        "endpoint": "tiny",
        "sampling": {"max_tokens": 8, "temperature": 1.0},
        "paths": {"round": 2},
    }
    source = {"name": "sums", "kind": "arithmetic", "problems": 2}
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(json.dumps({"name": "served", "version": "1.0.0", "sources": [source], "teacher": teacher}))
    runtime = Runtime(allow_empty=True, store=tmp_path / "store", concurrency=1, timeout_s=120.0)
    built = build(load_recipe(str(recipe)), runtime)
    samples = built.version.read_table("samples")
    # It gives one choice whatever n says, and no log probabilities: what came back is recorded, not what was asked for.
    assert (built.calls.new, samples.height, samples["token_logprobs"].null_count()) == (4, 4, 4)
    assert set(samples["sample_index"]) == {0, 1}
    assert samples["text"].null_count() == 0
    again = build(load_recipe(str(recipe), ["version=1.0.1"]), runtime)
    assert (again.calls.new, again.calls.ledger) == (0, 4)
