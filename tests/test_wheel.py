"""The wheel, installed into an empty environment outside the checkout: what users get is what was tested."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "tests", "build", "dist", "*.egg-info", "__pycache__", "shared")
FEW = ["--set", "sources.arithmetic.problems=20", "--workers", "2", "--json"]


def run(*command, cwd, **variables):
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "COTLOOM_STORE"}}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**environment, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=LEFT_OUT)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel"]
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    run(*pip, *offline, "--wheel-dir", folder, folder / "source", cwd=folder)
    (path,) = folder.glob("cotloom-*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel):
    """An environment with Cotloom's wheel in it; its dependencies are those that are there, nothing is fetched."""
    folder = wheel.parent
    run(sys.executable, "-m", "venv", "--without-pip", folder / "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "--quiet", "install"]
    run(*pip, "--no-deps", "--no-index", wheel, cwd=folder)
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "env"


@pytest.fixture
def project(tmp_path):
    """A user's project whose own modules have the names of our folders."""
    for name in ("schemas", "builder", "recipes"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OWNER = 'the user'\n")
    (tmp_path / "cli.py").write_text("OWNER = 'the user'\n")
    return tmp_path


def test_the_wheel_installs_one_name(wheel):
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"cotloom"}


@pytest.mark.parametrize("variables", [{}, {"PYTHONPATH": "."}], ids=["plain", "PYTHONPATH=."])
def test_a_project_with_folders_of_the_same_names_is_left_alone(environment, project, variables):
    python, cotloom = environment / "bin" / "python", environment / "bin" / "cotloom"
    owners = (
        "import builder, cli, recipes, schemas; print(builder.OWNER == cli.OWNER == recipes.OWNER == schemas.OWNER)"
    )
    assert run(python, "-c", owners, cwd=project, **variables).split() == ["True"]
    built = json.loads(run(cotloom, "build", "quickstart", *FEW, cwd=project, **variables))
    assert (built["status"], built["counts"]["problems"]) == ("built", 20)
    script = "import cotloom; print(cotloom.load('quickstart').problems.height, cotloom.__file__)"
    rows, home = run(python, "-c", script, cwd=project, **variables).split()
    assert (rows, Path(home).is_relative_to(environment)) == ("20", True)


def test_the_wheel_brings_recipes_demonstrations_and_schemas(environment):
    (package,) = environment.glob("lib/python*/site-packages/cotloom")
    wanted = [
        *(ROOT / "recipes").rglob("*.yaml"),
        *(ROOT / "recipes").rglob("*.jsonl"),
        *(ROOT / "schemas").glob("*.json"),
        *(path for path in (ROOT / "builder").rglob("*.*") if path.suffix not in {".py", ".pyc"}),
    ]
    assert [str(path) for path in wanted if not (package / path.relative_to(ROOT)).is_file()] == []
