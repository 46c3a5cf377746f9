"""Builds with batches that are killed, interrupted and taken up again: nothing is submitted twice."""

import json
import random
import signal
import subprocess
import time

import pytest

from cotloom.builder.teacher.batches import journal

from ..chat_service import Batches, Settings, running
from ..live_builds import kill_build, list_words, start_build, write_recipe

FAST = ("--batch", "--batch-poll", "0.05", "--batch-requests", "40")
ROUNDS = {"round": 2, "max": 6, "target": 2}
PROBLEMS = 120


@pytest.fixture
def finish(run):
    """Build in this process, which must succeed. Returns what was printed."""

    def finished(recipe, store, url, *words):
        done = run(*list_words(recipe, store, url), *words)
        assert done.code == 0, f"exit {done.code}: {done.out[-2000:]}\n{done.err[-2000:]}"
        return done.json

    return finished


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_build_that_is_killed_again_and_again_submits_nothing_twice(tmp_path, seed, finish):
    recipe = write_recipe(tmp_path, PROBLEMS, paths=ROUNDS)
    with running() as live:
        expected = finish(recipe, tmp_path / "live", live.url)
    chance = random.Random(seed)
    script = {
        str(number): chance.choice(["completed", "partial", "expired", "cancelled"]) for number in range(2, 40, 3)
    }
    kills = 0
    with running(Settings(batches=Batches(run_s=0.3, script=script))) as service:
        for _ in range(6):
            process = start_build(recipe, tmp_path / "store", service.url, *FAST)
            try:
                process.communicate(timeout=chance.uniform(1.5, 5.0))
            except subprocess.TimeoutExpired:
                kill_build(process)
                kills += 1
        last = finish(recipe, tmp_path / "store", service.url, *FAST)
    found = service.read_batches()
    assert kills
    assert last["content_digest"] == expected["content_digest"]
    assert set(found["answered"].values()) == {1}  # nothing was paid twice
    names = [batch["metadata"]["cotloom"] for batch in found["batches"]]
    assert len(set(names)) == len(names)
    assert not [*(tmp_path / "store" / "batches").glob("*/*")]


PRICES = "prices:\n  - {model: m, input: 2000, output: 2000, batch: {input: 1000, output: 1000}}\n"


def bill(service):
    """What the service charges, in US dollars."""
    found = service.read_batches()
    return sum(found["tokens"][body] * count for body, count in found["answered"].items()) / 1000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_limit_holds_through_kills_and_batches_that_end_early(tmp_path, seed, finish, run):
    recipe = write_recipe(tmp_path, PROBLEMS, paths=ROUNDS, sampling={"max_tokens": 40})
    prices, store = tmp_path / "prices.yaml", tmp_path / "store"
    prices.write_text(PRICES)
    words = ("--prices", str(prices))
    with running() as live:
        expected = finish(recipe, tmp_path / "live", live.url, *words)
    chance = random.Random(seed)
    limit = expected["cost_usd"] / 2 * chance.choice([0.2, 0.5, 0.8])
    script = {str(number): chance.choice(["partial", "expired", "cancelled"]) for number in range(1, 60, 3)}
    options = (*FAST, *words, "--max-usd", f"{limit:.6f}")
    with running(Settings(batches=Batches(run_s=0.3, script=script))) as service:
        kills = 0
        for _ in range(4):
            process = start_build(recipe, store, service.url, *options)
            try:
                process.communicate(timeout=chance.uniform(1.5, 5.0))
            except subprocess.TimeoutExpired:
                kill_build(process)
                kills += 1
            assert bill(service) <= limit
        stopped = run(*list_words(recipe, store, service.url), *options)
        assert (stopped.code, bill(service) <= limit) == (3, True), stopped.out
        built = finish(recipe, store, service.url, *FAST, *words, "--max-usd", "1000")
    lines = run("ledger", "costs", "--store", str(store), "--json").json
    assert built["content_digest"] == expected["content_digest"]
    assert set(service.read_batches()["answered"].values()) == {1}
    assert sum(line["usd"] for line in lines) == pytest.approx(bill(service), abs=1e-9)
    # a kill between the reservation of a file and its place in the journal leaves it reserved
    assert sum(line["reserved_requests"] for line in lines) <= 40 * kills


def test_ctrl_c_ends_at_once_and_the_same_command_takes_the_batch_up(tmp_path, finish):
    recipe = write_recipe(tmp_path, 30)
    with running(Settings(batches=Batches(run_s=6))) as service:
        process = start_build(recipe, tmp_path / "store", service.url, "--batch", "--batch-poll", "0.2")
        while process.poll() is None and not service.read_batches()["calls"].get("look"):
            time.sleep(0.02)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        took_s = time.monotonic() - began
        built = finish(recipe, tmp_path / "store", service.url, *FAST)
    assert process.returncode == 130, err
    assert took_s < 5
    assert json.loads(out)["error"]["kind"] == "Interrupted"
    assert "1 batch of 30 requests" in err
    assert "the same command takes it up" in err
    assert built["calls"]["new"] == 30
    assert len(service.read_batches()["batches"]) == 1


STAGES = {
    "the file was not uploaded": ("upload:1", "dropped"),
    "the file was uploaded, and nobody heard of it": ("upload:1", "lost"),
    "no batch was created": ("create:1", "dropped"),
    "a batch was created, and nobody heard of it": ("create:1", "lost"),
}


@pytest.mark.parametrize("fault", STAGES.values(), ids=STAGES)
def test_a_build_that_dies_while_it_submits_is_taken_up(tmp_path, fault, finish):
    """The call hangs on after the fault, since no list is given; so the build dies in the midst of it."""
    recipe = write_recipe(tmp_path, 30)
    calls = {fault[0]: fault[1], "list:1": "500", "list:2": "500", "upload:2": "500", "create:2": "500"}
    with running(Settings(batches=Batches(call_faults=calls))) as service:
        process = start_build(recipe, tmp_path / "store", service.url, *FAST)
        kind = fault[0].partition(":")[0]
        while process.poll() is None and not service.read_batches()["calls"].get(kind):
            time.sleep(0.002)
        kill_build(process)
        time.sleep(0.1)
        built = finish(recipe, tmp_path / "store", service.url, *FAST)
    assert built["calls"]["new"] == 30
    assert set(service.read_batches()["submitted"].values()) == {1}


def test_what_a_batch_brings_that_nobody_asks_for_any_more_is_in_the_ledger(tmp_path, finish):
    recipe = write_recipe(tmp_path, 30)
    store = tmp_path / "store"
    with running(Settings(batches=Batches(run_s=0.5))) as service:
        process = start_build(recipe, store, service.url, *FAST)
        while process.poll() is None and not service.read_batches()["calls"].get("look"):
            time.sleep(0.01)
        kill_build(process)
        time.sleep(0.6)
        part = finish(recipe, store, service.url, *FAST, "--limit", "4")
        whole = finish(recipe, store, service.url, "--concurrency", "4")
    assert part["calls"]["new"] == 4
    assert (whole["calls"]["new"], whole["calls"]["ledger"]) == (0, 30)
    assert len(service.read_batches()["batches"]) == 1
    assert service.read_statistics()["requests"] == 0


def test_more_problems_than_before_wait_for_their_batch_and_send_only_the_rest(tmp_path, finish):
    recipe = write_recipe(tmp_path, 30, paths={"round": 3})
    store = tmp_path / "store"
    with running(Settings(batches=Batches(run_s=1.5))) as service:
        process = start_build(recipe, store, service.url, *FAST, "--limit", "10", "--set", "teacher.paths.round=2")
        while process.poll() is None and not service.read_batches()["calls"].get("look"):
            time.sleep(0.01)
        kill_build(process)
        built = finish(recipe, store, service.url, *FAST)
    batches = service.read_batches()["batches"]
    assert built["calls"]["new"] == 90
    assert [batch["request_counts"]["total"] for batch in batches] == [10, 30]
    assert set(service.read_batches()["answered"].values()) == {1}


def test_a_batch_that_the_service_does_not_know_is_not_paid_again_without_a_word(tmp_path, run):
    recipe = write_recipe(tmp_path, 10)
    store = tmp_path / "store"
    with running(Settings(batches=Batches(run_s=60))) as first:
        process = start_build(recipe, store, first.url, *FAST)
        while process.poll() is None and not first.read_batches()["calls"].get("look"):
            time.sleep(0.01)
        kill_build(process)
    with running() as other:
        done = run(*list_words(recipe, store, other.url), *FAST, "--retries", "0")
        assert done.code == 2
        assert "knows no batch batch_1" in done.out
        assert other.read_batches()["batches"] == []
        listed = run("ledger", "batches", "--store", str(store), "--json").json
        (name,) = (batch["name"] for batch in listed["batches"])
        assert run("ledger", "batches", "--store", str(store), "--forget", name).code == 0
        assert run(*list_words(recipe, store, other.url), *FAST).json["calls"]["new"] == 10


@pytest.mark.parametrize("file", [journal.STATE, journal.ROWS])
def test_a_damaged_journal_is_an_error_that_names_the_batch(tmp_path, file, run):
    recipe = write_recipe(tmp_path, 10)
    store = tmp_path / "store"
    with running(Settings(batches=Batches(run_s=60))) as service:
        process = start_build(recipe, store, service.url, *FAST)
        while process.poll() is None and not service.read_batches()["calls"].get("look"):
            time.sleep(0.01)
        kill_build(process)
        (path,) = (store / "batches").glob(f"*/*/{file}")
        content = path.read_bytes()
        path.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
        done = run(*list_words(recipe, store, service.url), *FAST)
    assert done.code == 2
    assert f"the journal of the batch {path.parent.name} is damaged" in done.out
    assert len(service.read_batches()["batches"]) == 1


def test_a_forgotten_problem_gets_no_answer_from_a_batch(tmp_path, run, finish):
    recipe = write_recipe(tmp_path, 6)
    store = tmp_path / "store"
    with running(Settings(batches=Batches(run_s=0.5))) as service:
        first = finish(recipe, store, service.url, "--limit", "1")
        process = start_build(recipe, store, service.url, *FAST, "--set", "teacher.sampling.temperature=0.5")
        while process.poll() is None and not service.read_batches()["calls"].get("look"):
            time.sleep(0.01)
        kill_build(process)
        time.sleep(0.6)
        (row,) = run("sql", f"live@{first['version']}", "select problem_id from samples", "--format", "json",
                     "--store", str(store)).json  # fmt: skip
        assert run("ledger", "forget", "--problem", row["problem_id"], "--store", str(store)).code == 0
        built = finish(recipe, store, service.url, *FAST, "--set", "teacher.sampling.temperature=0.5",
                       "--version", "2.0.0")  # fmt: skip
    counted = run("ledger", "stats", "--store", str(store), "--json").json
    assert built["calls"]["refused"] == 1
    assert sum(model["answers"] for model in counted["models"]) == 5
