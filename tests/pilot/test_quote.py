"""A quote holds the true cost as often as it says, whatever the rounds and hints depend on."""

import json
import random
from decimal import Decimal
from pathlib import Path

import pytest

from cotloom.builder.costs import Cost, Delivery, Price, Rates
from cotloom.builder.costs.quote import compare_ratio, predict_sum
from cotloom.builder.pilot import QuoteBasis, guess_quote, make_quote
from cotloom.builder.pilot.run import look_at_problems
from cotloom.builder.recipe import load_recipe
from cotloom.builder.teacher import CallEstimate
from cotloom.builder.teacher.backends.protocol import PaidModel
from cotloom.builder.teacher.estimate import TeacherVolume
from cotloom.schemas.runtime import Runtime

from ..teacher.chat_service import running
from ..teacher.live_builds import list_words
from ..teacher.live_builds import write_recipe as write_live_recipe

PRICES = "prices:\n  - {model: simulated, input: 0.15, output: 0.6, batch: {input: 0.075, output: 0.3}}\n"
BUILDS, PILOTS, ASKED, PROBLEMS = 4, 25, 20, 80


@pytest.fixture
def prices(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES)
    return path


def write_adaptive(folder, seed):
    """A recipe of rounds and fallback hints on sums of its own seed."""
    recipe = {
        "name": "adaptive",
        "version": "1.0.0",
        "seed": seed,
        "sources": [{"name": "sums", "kind": "arithmetic", "problems": PROBLEMS}],
        "teacher": {
            "backend": "simulated",
            "paths": {"round": 2, "max": 12, "target": 3},
            "hint": {"mode": "fallback"},
            "slips": {"wrong_operand": 0.3, "wrong_arithmetic": 0.3},
        },
        "verify": {"blind_check": "hinted"},
    }
    path = folder / f"{seed}.yaml"
    path.write_text(json.dumps(recipe))
    return path


@pytest.mark.slow
def test_the_range_of_a_pilot_holds_the_true_cost_in_90_of_100_builds(tmp_path, store, prices):
    chance, held, widths = random.Random(19), 0, []
    for seed in range(BUILDS):
        loaded = load_recipe(str(write_adaptive(tmp_path, seed)))
        look = look_at_problems(loaded, Runtime(store=store / str(seed), workers=2, prices=prices), PROBLEMS)
        assert len(look.uses) == look.problems == PROBLEMS
        assert len({use.requests for use in look.uses}) > 2  # rounds and hints differ from problem to problem
        total = sum((use.costs[Delivery.LIVE] for use in look.uses), Cost())
        assert total == look.spent  # what the problems took is what was paid
        for _ in range(PILOTS):
            asked = chance.sample(look.uses, ASKED)
            quote = make_quote(QuoteBasis.PILOT, asked, PROBLEMS, Cost())
            rest = total.usd - sum(use.costs[Delivery.LIVE].usd for use in asked)
            found, batch = quote.usd[Delivery.LIVE], quote.usd[Delivery.BATCH]
            held += found.low <= rest <= found.high
            widths.append((found.high - found.low) / found.expected)
            assert batch.expected == pytest.approx(found.expected / 2)
    assert held >= 90
    assert sorted(widths)[len(widths) // 2] < 0.5  # a range that says something


@pytest.mark.slow
def test_a_pilot_is_paid_once_and_the_ledger_then_knows_the_same(run, tmp_path, store, prices):
    recipe = str(write_adaptive(tmp_path, 3))
    words = ("--store", str(store), "--prices", str(prices), "--json", "--workers", "2")
    guessed = run("plan", recipe, *words).json["quote"]
    asked = run("plan", recipe, *words, "--pilot", str(ASKED)).json["quote"]
    known = run("plan", recipe, *words).json["quote"]
    built = run("build", recipe, *words).json

    assert (guessed["basis"], asked["basis"], known["basis"]) == ("guess", "pilot", "ledger")
    assert (asked["looked"], asked["remaining"], asked["spent"]["unknown"]) == (ASKED, PROBLEMS - ASKED, 0)
    assert known["usd"] == asked["usd"]
    assert known["usd_for_path"] == asked["usd_for_path"]
    assert asked["spent"]["usd"] + built["cost_usd"] == pytest.approx(built["total_cost_usd"], abs=1e-12)
    assert guessed["usd"]["live"]["low"] <= built["total_cost_usd"] <= guessed["usd"]["live"]["high"]


def test_without_a_price_tokens_are_quoted_and_money_is_unknown(run, tmp_path, store):
    recipe = write_live_recipe(tmp_path, 40, paths={"round": 2})
    with running() as service:
        address = list_words(recipe, store, service.url)[-2:]
        words = (str(recipe), *address, "--store", str(store))
        planned = run("plan", *words, "--pilot", "10")
        stopped = run("plan", *words, "--pilot", "20", "--max-usd", "1", "--json")
        assert service.read_statistics()["requests"] == 10

    assert "cost       unknown: no price is known; --prices FILE gives one" in planned.out
    assert "for 30 more problems, measured on 10 that are asked for it" in planned.out
    assert "30 (30 to 30) requests" in planned.out
    assert stopped.code == 2


@pytest.mark.slow
def test_recipes_are_compared_by_what_a_distinct_path_costs(run, tmp_path, store, prices, monkeypatch):
    cheap, dear = write_adaptive(tmp_path, 1), tmp_path / "dear.yaml"
    recipe = json.loads(cheap.read_text())
    recipe["name"] = "one-way"
    recipe["teacher"]["methods"] = 1
    dear.write_text(json.dumps(recipe))
    monkeypatch.chdir(tmp_path)
    words = ("plan", dear.name, cheap.name, "--store", str(store), "--prices", str(prices))

    refused = run(*words)
    compared = run(*words, "--pilot", "20", "--json").json["recipes"]
    shown = run(*words, "--pilot", "20").out

    assert refused.code == 2
    assert "several recipes are compared by a pilot" in refused.err
    costs = {name: quote["usd_for_path"]["expected"] for name, quote in compared.items()}
    assert costs[dear.name] > costs[cheap.name]  # one method gives fewer distinct paths
    assert shown.index("1.yaml") < shown.index("dear.yaml")


def test_a_guess_spans_from_few_short_answers_to_many_long_ones():
    volume = TeacherVolume(paid=PaidModel(model="m", endpoint="e", longest=500), new=10, most=40, prompt_bytes=400)
    estimate = CallEstimate(problems=10, new=10, ledger=0, most=40, calls=1, paid=True, request=None, volumes=(volume,))
    price = Price(rates=Rates(input=Decimal(1), output=Decimal(10)), source="")

    found = guess_quote(estimate, [dict.fromkeys(Delivery, price)]).usd[Delivery.LIVE]
    unknown = guess_quote(estimate, [dict.fromkeys(Delivery)]).usd[Delivery.LIVE]

    assert found.low == pytest.approx(10 * (100 + 50 * 10) / 10**6)
    assert found.high == pytest.approx(40 * (400 + 500 * 10) / 10**6)
    assert found.low < found.expected < found.high
    assert unknown is None


def test_a_sum_is_predicted_with_both_kinds_of_chance():
    chance, held = random.Random(7), 0
    for _ in range(400):
        values = [chance.expovariate(1.0) + 0.2 for _ in range(240)]
        found = predict_sum(values[:40], 200)
        held += found.low <= sum(values[40:]) <= found.high
    assert 360 <= held <= 397


def test_a_ratio_without_a_gain_is_no_number():
    assert compare_ratio([1.0] * 9, [0] * 9) is None
    assert compare_ratio([1.0] * 3, [1] * 3) is None
    found = compare_ratio([1.0] * 20, [2] * 20)
    assert (found.low, found.expected, found.high) == (0.5, 0.5, 0.5)


@pytest.mark.slow
def test_rounds_with_a_limit_give_the_same_paths_for_at_most_six_tenths_of_the_money(tmp_path, store, prices, run):
    target, problems = 3, 200

    def build(name, paths, *words):
        recipe = json.loads(write_adaptive(tmp_path, 5).read_text())
        recipe |= {"name": name, "verify": {}, "seed": 0}
        recipe["sources"][0]["problems"] = problems
        recipe["teacher"] = {"backend": "simulated", "paths": paths}
        path = tmp_path / f"{name}.yaml"
        path.write_text(json.dumps(recipe))
        options = ("--store", str(store / name), "--prices", str(prices), "--json", "--workers", "2")
        built = run("build", str(path), *options, *words).json
        manifest = json.loads((Path(built["path"]) / "manifest.json").read_text())
        found = sum(min(int(count), target) * number for count, number in manifest["paths_per_problem"].items())
        return built["cost_usd"], found

    fixed, all_paths = build("fixed", {"round": 16, "max": 16})
    paid, paths = build("rounds", {"round": 4, "max": 16, "target": target, "give_up": 0.035}, "--max-usd", "50")

    assert paths >= 0.99 * all_paths
    assert paid <= 0.6 * fixed
