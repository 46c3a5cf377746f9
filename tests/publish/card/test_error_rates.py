"""The error rates on the card are those that the benchmark measures, with the code as it is."""

import importlib.util
from pathlib import Path

import pytest

from cotloom.builder.publish.card.error_rates import load_error_rates
from cotloom.builder.verify import CODE_VERSION

BENCHMARK = Path(__file__).resolve().parents[3] / "benchmarks" / "verifier.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("verifier_benchmark", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patched:  # it is run from its folder
        patched.syspath_prepend(str(BENCHMARK.parent))
        spec.loader.exec_module(module)
    return module


def test_the_error_rates_on_the_card_are_those_that_the_benchmark_measures(benchmark, data):
    assert benchmark.measure_verifier(data) == list(load_error_rates(CODE_VERSION))


def test_a_code_version_that_was_not_measured_has_no_error_rates():
    assert load_error_rates(CODE_VERSION + 1) == ()


@pytest.mark.parametrize(
    ("errors", "n", "low", "high"),
    [(0, 2640, 0.0, 0.001396), (1, 10, 0.002529, 0.445016), (5, 10, 0.187086, 0.812914), (10, 10, 0.691503, 1.0)],
)
def test_the_interval_is_that_of_clopper_and_pearson(benchmark, errors, n, low, high):
    assert benchmark.compute_interval(errors, n) == (low, high)
