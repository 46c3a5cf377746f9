"""The process that proves: it is killed where it must be, replaced, asked from anywhere, and never left behind."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cotloom.builder.verify import ComparisonOutcome
from cotloom.builder.verify.answers.expressions import compare_expressions
from cotloom.builder.verify.symbolic import scalars
from cotloom.builder.verify.symbolic.grammar.reading import read_symbolic
from cotloom.builder.verify.symbolic.proof import prover
from cotloom.builder.verify.symbolic.proof.latex import write_pairs

ROOT = Path(__file__).resolve().parents[2]
PROVED = (r"\sin 2x", r"2\sin x\cos x")


@pytest.fixture
def fresh():
    """A process of this test's own, and nothing remembered."""
    scalars.match_scalars.cache_clear()
    prover.prove_pair.cache_clear()
    prover.stop_prover()
    yield
    scalars.match_scalars.cache_clear()
    prover.prove_pair.cache_clear()
    prover.stop_prover()


def compare(pair):
    return compare_expressions(*pair)


@pytest.mark.usefixtures("fresh")
def test_a_process_that_was_killed_is_replaced():
    assert compare(PROVED).outcome is ComparisonOutcome.EQUAL
    first = prover._PROVER.pid
    os.kill(first, signal.SIGKILL)
    select.select([prover._PROVER._process.stdout], [], [], 30.0)
    assert compare((r"\cos 2x", r"2\cos^2 x-1")).outcome is ComparisonOutcome.EQUAL
    assert prover._PROVER.pid != first


@pytest.mark.usefixtures("fresh")
def test_a_proof_that_takes_too_long_has_failed_and_stays_so(monkeypatch):
    long = (r"\sin 3x", r"3\sin x-4\sin^3 x")
    assert compare(PROVED).outcome is ComparisonOutcome.EQUAL
    monkeypatch.setattr(prover, "SECONDS", 0.001)
    found = compare(long)
    assert found.outcome is ComparisonOutcome.FAILED
    assert "seconds" in found.detail
    monkeypatch.undo()
    assert compare((r"\cos 2x", r"1-2\sin^2 x")).outcome is ComparisonOutcome.EQUAL
    assert compare(long).outcome is ComparisonOutcome.FAILED  # what was said of a pair is not said otherwise


def test_without_the_extra_it_is_undecided_and_says_what_to_install(monkeypatch):
    monkeypatch.setattr(prover, "is_installed", lambda: False)
    prover.prove_pair.cache_clear()
    scalars.match_scalars.cache_clear()
    found = compare((r"\sin 4x", r"2\sin 2x\cos 2x"))
    assert found.outcome is ComparisonOutcome.UNDECIDED
    assert "cotloom[math]" in found.detail
    assert compare(("x^2-1", "(x-1)(x+1)")).outcome is ComparisonOutcome.EQUAL
    assert compare((r"\sqrt{8}", r"2\sqrt{3}")).outcome is ComparisonOutcome.DIFFERENT
    prover.prove_pair.cache_clear()
    scalars.match_scalars.cache_clear()


def run_code(code):
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_comparing_imports_no_algebra_into_this_process():
    code = (
        "import sys\nfrom cotloom.builder.verify import compare\n"
        "from cotloom.schemas.problem import AnswerType\n"
        r"print(compare(r'\sin 2x', r'2\sin x\cos x', AnswerType.EXPRESSION).outcome.value)"
        "\n"
        "print([name for name in ('sympy', 'mpmath', 'math_verify', 'multiprocessing') if name in sys.modules])"
    )
    assert run_code(code) == ["equal", "[]"]


DAEMON = r"""
import multiprocessing
from cotloom.builder.verify.answers.expressions import compare_expressions
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.apply(compare_expressions, (r"\sin 2x", r"2\sin x\cos x")).outcome.value)
"""


def test_a_daemonic_worker_may_ask(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(DAEMON)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout.strip()) == (0, "equal"), done.stderr


def test_it_ends_with_the_process_that_asked():
    code = (
        "import os, signal\n"
        "from cotloom.builder.verify.answers.expressions import compare_expressions as compare\n"
        "from cotloom.builder.verify.symbolic.proof import prover\n"
        r"compare(r'\sin 2x', r'2\sin x\cos x')"
        "\n"
        "print(prover._PROVER.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    for _ in range(600):
        if not is_alive(pid):
            return
        time.sleep(0.1)
    pytest.fail("it is still there")


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("text", [r"\sin(q)+\alpha_{qqq}^2-q'", r"q_{\import}+1", "q_{'); q('}+2"])
def test_what_is_sent_is_written_by_us(text):
    """A name of the model's own is not in it: variables are renamed, and nothing else has names."""
    tree = read_symbolic(text, lambda _: False).tree
    assert tree is not None
    for left, right in write_pairs(tree, tree):
        assert left == right
        assert "q" not in left
