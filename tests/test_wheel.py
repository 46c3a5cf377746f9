"""The wheel, installed into an empty environment outside the checkout: what users get is what was tested."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "tests", "build", "dist", "*.egg-info", "__pycache__", "shared")


def run(*command, cwd):
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "COTLOOM_STORE"}}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """An environment with Cotloom's wheel in it; its dependencies are those that are there, nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=LEFT_OUT)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run(
        *pip,
        "wheel",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
        folder / "source",
        cwd=folder,
    )
    (wheel,) = folder.glob("cotloom-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "--quiet",
        "install",
        "--no-deps",
        "--no-index",
        wheel,
        cwd=folder,
    )
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "env"


def test_the_wheel_builds_the_quickstart_from_its_own_files(environment, tmp_path):
    names = "builder, cli, recipes, schemas"
    where = f"import {names}\nfor module in ({names}): print(module.__file__)"
    homes = run(environment / "bin" / "python", "-c", where, cwd=tmp_path).split()
    assert all(Path(home).is_relative_to(environment) for home in homes)
    few = ["--set", "sources.arithmetic.problems=20"]
    built = json.loads(run(environment / "bin" / "cotloom", "build", "quickstart", *few, "--json", cwd=tmp_path))
    assert (built["status"], built["counts"]["problems"]) == ("built", 20)
    assert (
        json.loads(run(environment / "bin" / "cotloom", "list", "--json", cwd=tmp_path))["versions"][0]["name"]
        == "quickstart"
    )


def test_the_wheel_brings_recipes_demonstrations_and_schemas(environment):
    (packages,) = environment.glob("lib/python*/site-packages")
    wanted = [
        *(ROOT / "recipes").rglob("*.yaml"),
        *(ROOT / "recipes").rglob("*.jsonl"),
        *(ROOT / "schemas").glob("*.json"),
        *(ROOT / "builder").rglob("*.yaml"),
    ]
    assert [str(path) for path in wanted if not (packages / path.relative_to(ROOT)).is_file()] == []
