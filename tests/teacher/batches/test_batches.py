"""Builds with batches: the same version as live, whatever becomes of single batches and rows."""

import gzip
import json

import pytest

from cotloom.builder.pipeline import build as build_version
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime

from ..chat_service import Answers, Batches, Settings, running
from ..live_builds import list_words, write_recipe

FAST = ("--batch", "--batch-poll", "0.05")
ROUNDS = {"round": 2, "max": 6, "target": 2}


@pytest.fixture
def build(run):
    """Build in this process, which must succeed. Returns what was printed."""

    def built(recipe, store, url, *words):
        done = run(*list_words(recipe, store, url), *words)
        assert done.code == 0, f"exit {done.code}: {done.out[-2000:]}\n{done.err[-2000:]}"
        return done.json

    return built


@pytest.fixture
def build_live(build, tmp_path):
    """Build the same recipe live. Returns what was printed."""

    def built(recipe, answers=None):
        with running(Settings(answers=answers or Answers())) as service:
            return build(recipe, tmp_path / "live", service.url)

    return built


@pytest.fixture
def build_with(tmp_path):
    """Build through the Python interface, with keys of the runtime that are no options."""

    def built(recipe, url, **keys):
        loaded = load_recipe(str(recipe), [f"teacher.base_url={url}"])
        return build_version(loaded, Runtime(store=tmp_path / "store", batch=True, batch_poll_s=0.05, **keys))

    return built


def test_a_build_in_batches_is_the_build_that_is_sent_live(tmp_path, build, build_live):
    recipe = write_recipe(tmp_path, 60, paths=ROUNDS)
    live = build_live(recipe)
    with running() as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST)
    found = service.read_batches()
    assert built["content_digest"] == live["content_digest"]
    assert built["calls"]["new"] == live["calls"]["new"]
    assert service.read_statistics()["requests"] == 0  # nothing was sent live
    assert len(found["batches"]) <= 5  # a round each: as many as the slowest problem needs
    assert set(found["answered"].values()) == {1}


PRICES = "prices:\n  - {model: m, input: 2000, output: 4000, batch: {input: 1000, output: 2000}}\n"


def test_what_came_in_a_batch_is_paid_at_its_price(tmp_path, build, run):
    recipe, prices = write_recipe(tmp_path, 30, paths=ROUNDS), tmp_path / "prices.yaml"
    prices.write_text(PRICES)
    words = ("--prices", str(prices))
    with running() as service:
        live = build(recipe, tmp_path / "live", service.url, *words)
        batched = build(recipe, tmp_path / "store", service.url, *words, *FAST)
    lines = run("ledger", "costs", "--store", str(tmp_path / "store"), "--json").json
    assert batched["content_digest"] == live["content_digest"]
    assert batched["cost_usd"] == pytest.approx(live["cost_usd"] / 2, abs=1e-12)
    assert batched["total_cost_usd"] == pytest.approx(batched["cost_usd"], abs=1e-12)
    assert [(line["delivery"], line["usd"]) for line in lines] == [("batch", pytest.approx(batched["cost_usd"]))]


def bill(service):
    """What the service charges: each row that it answered, at the price of batches."""
    found = service.read_batches()
    return sum(found["tokens"][body] * count * 1000 for body, count in found["answered"].items()) / 10**6


LIMITED = {"paths": ROUNDS, "sampling": {"max_tokens": 40}}


@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 20])
def test_a_limit_holds_for_batches_and_the_same_command_goes_on_with_a_higher_one(tmp_path, build, run, share):
    recipe, prices = write_recipe(tmp_path, 40, **LIMITED), tmp_path / "prices.yaml"
    prices.write_text(PRICES.replace("4000", "2000").replace("output: 2000}}", "output: 1000}}"))
    words = ("--prices", str(prices))
    with running() as calm:
        expected = build(recipe, tmp_path / "calm", calm.url, *words)
    limit = f"{share * expected['cost_usd'] / 2:.6f}"
    with running() as service:
        store = tmp_path / "store"
        stopped = run(*list_words(recipe, store, service.url), *words, *FAST, "--max-usd", limit)
        spent = bill(service)
        built = build(recipe, store, service.url, *words, *FAST, "--max-usd", "100")
    assert stopped.code == (0 if share > 1 else 3), stopped.out
    assert spent <= float(limit)
    assert spent > 0 or share < 0.1
    assert set(service.read_batches()["answered"].values()) == {1}
    assert built["content_digest"] == expected["content_digest"]
    assert built["total_cost_usd"] == pytest.approx(bill(service), abs=1e-9)


ENDINGS = {
    "expired": {"1": "expired", "2": "expired"},
    "cancelled": {"1": "cancelled", "3": "cancelled"},
    "partial": {"1": "partial", "2": "partial"},
    "all of them": {"1": "partial", "2": "cancelled", "3": "expired", "4": "partial"},
}


@pytest.mark.parametrize("script", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("share", [0.0, 0.6])
def test_what_a_batch_finished_is_kept_and_only_the_rest_is_sent_again(tmp_path, script, share, build, build_live):
    recipe = write_recipe(tmp_path, 40, paths=ROUNDS)
    live = build_live(recipe)
    with running(Settings(batches=Batches(script=script, share=share))) as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST)
    found = service.read_batches()
    assert built["content_digest"] == live["content_digest"]
    assert set(found["answered"].values()) == {1}
    assert max(found["submitted"].values()) > 1


def test_errors_of_single_rows_are_treated_as_the_same_status_is_live(tmp_path, build, build_live):
    recipe = write_recipe(tmp_path, 80, paths=ROUNDS)
    live = build_live(recipe)
    with running(Settings(batches=Batches(row_faults={"500": 0.2, "429": 0.1}))) as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST, "--retries", "12")
    assert built["content_digest"] == live["content_digest"]
    assert set(service.read_batches()["answered"].values()) == {1}


def test_a_row_that_is_withheld_is_refused_for_good(tmp_path, build):
    recipe = write_recipe(tmp_path, 60)
    with running(Settings(batches=Batches(row_faults={"filter": 0.3}))) as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST)
        again = build(recipe, tmp_path / "store", service.url, *FAST, "--version", "2.0.0")
    found = service.read_batches()
    assert built["calls"]["refused"] == 60 - len(found["answered"]) > 0
    assert again["calls"]["new"] == 0
    assert len(found["batches"]) == 1


def test_a_row_that_fails_in_every_batch_fails_as_it_would_live(tmp_path, run):
    recipe = write_recipe(tmp_path, 10)
    with running(Settings(batches=Batches(row_faults={"500": 1.0}))) as service:
        done = run(*list_words(recipe, tmp_path / "store", service.url), *FAST, "--retries", "1")
        accepted = run(
            *list_words(recipe, tmp_path / "store", service.url), *FAST, "--retries", "0", "--accept-failures",
            "--allow-empty",
        )  # fmt: skip
    assert done.code == 3
    assert "The server had an error" in done.out
    assert accepted.json["calls"]["failed"] == 10
    assert len(service.read_batches()["batches"]) == 3


def test_a_model_that_the_service_does_not_have_ends_the_build(tmp_path, run):
    recipe = write_recipe(tmp_path, 10)
    with running(Settings(batches=Batches(row_faults={"404": 1.0}))) as service:
        done = run(*list_words(recipe, tmp_path / "store", service.url), *FAST)
    assert done.code == 2
    assert "knows no model m" in done.out
    assert len(service.read_batches()["batches"]) == 1


@pytest.mark.parametrize("answers", [Answers(n="ignored"), Answers(n="refused")], ids=["one choice", "no n"])
def test_a_service_that_returns_one_choice_a_row(tmp_path, answers, build, build_live):
    recipe = write_recipe(tmp_path, 20, paths=ROUNDS)
    live = build_live(recipe, answers)
    refused = ("n",) if answers.n == "refused" else ()
    with running(Settings(answers=answers, batches=Batches(refused=refused))) as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST)
    assert built["content_digest"] == live["content_digest"]
    assert set(service.read_batches()["answered"].values()) == {1}


def test_files_keep_within_the_limits_of_the_service(tmp_path, build, build_live):
    recipe = write_recipe(tmp_path, 70)
    live = build_live(recipe)
    with running(Settings(batches=Batches(most_rows=16))) as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST, "--batch-requests", "16")
    batches = service.read_batches()["batches"]
    assert built["content_digest"] == live["content_digest"]
    assert sorted(batch["request_counts"]["total"] for batch in batches) == [6, 16, 16, 16, 16]


def test_a_file_takes_no_more_bytes_than_the_runtime_says(tmp_path, build_with):
    recipe = write_recipe(tmp_path, 30, filler=50)
    with running(Settings(batches=Batches(most_bytes=4_000))) as service:
        build_with(recipe, service.url, batch_mb=0.004)
    assert len(service.read_batches()["batches"]) > 2


def test_only_so_many_problems_wait_at_once(tmp_path, build, build_live):
    recipe = write_recipe(tmp_path, 200)
    live = build_live(recipe)
    with running() as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST, "--batch-problems", "20")
    batches = service.read_batches()["batches"]
    assert built["content_digest"] == live["content_digest"]
    assert [batch["request_counts"]["total"] for batch in batches] == [84, 84, 32]  # 64 more than was asked for


@pytest.mark.parametrize("most", [7, 40])
def test_a_service_that_takes_less_at_once_gets_less(tmp_path, most, build, build_live):
    recipe = write_recipe(tmp_path, 60)
    live = build_live(recipe)
    with running(Settings(batches=Batches(most_waiting=most))) as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST, "--batch-requests", "30")
    assert built["content_digest"] == live["content_digest"]
    assert set(service.read_batches()["answered"].values()) == {1}


def test_lines_that_the_service_finds_faulty_fail_alone(tmp_path, run):
    recipe = write_recipe(tmp_path, 10)
    with running(Settings(batches=Batches(script={"1": "invalid_lines"}))) as service:
        done = run(*list_words(recipe, tmp_path / "store", service.url), *FAST, "--accept-failures")
    assert done.code == 0
    assert (done.json["calls"]["new"], done.json["calls"]["failed"]) == (9, 1)
    assert "the line is not well" in done.err


def test_a_file_that_the_service_refuses_ends_the_build(tmp_path, run):
    recipe = write_recipe(tmp_path, 10)
    with running(Settings(batches=Batches(script={"*": "invalid"}))) as service:
        done = run(*list_words(recipe, tmp_path / "store", service.url), *FAST)
    assert done.code == 2
    assert "the file is not well" in done.out
    assert not [*(tmp_path / "store" / "batches").glob("*/*")]


def test_a_server_without_batches_is_an_error_that_says_what_to_do(tmp_path, run):
    recipe = write_recipe(tmp_path, 5)
    with running(Settings(batches=Batches(enabled=False))) as service:
        done = run(*list_words(recipe, tmp_path / "store", service.url), *FAST)
        live = run(*list_words(recipe, tmp_path / "store", service.url))
    assert done.code == 2
    assert "has no batch service (404)" in done.json["error"]["message"]
    assert "without --batch" in done.json["error"]["hint"]
    assert live.code == 0


CALLS = {
    "uploads that fail": {"upload:1": "500", "upload:2": "dropped", "upload:3": "429"},
    "looks that fail": {"look:1": "500", "look:2": "429", "look:3": "dropped", "look:5": "503"},
    "batches that are not created": {"create:1": "500", "create:2": "429", "create:3": "dropped"},
    "batches that are created and nobody hears of it": {"create:1": "lost", "create:2": "lost"},
    "downloads that fail": {"download:1": "500", "download:2": "dropped"},
}


@pytest.mark.parametrize("faults", CALLS.values(), ids=CALLS)
def test_calls_that_fail_are_repeated_and_nothing_is_submitted_twice(tmp_path, faults, build, build_live):
    recipe = write_recipe(tmp_path, 20, paths=ROUNDS)
    live = build_live(recipe)
    with running(Settings(batches=Batches(call_faults=faults))) as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST)
    assert built["content_digest"] == live["content_digest"]
    assert set(service.read_batches()["submitted"].values()) == {1}


def test_a_service_that_never_says_how_a_batch_goes_ends_the_build_and_the_batch_is_taken_up(tmp_path, run, build):
    recipe = write_recipe(tmp_path, 10)
    faults = {f"look:{number}": "500" for number in range(1, 6)}
    with running(Settings(batches=Batches(call_faults=faults))) as service:
        done = run(*list_words(recipe, tmp_path / "store", service.url), *FAST, "--retries", "0")
        built = build(recipe, tmp_path / "store", service.url, *FAST)
    assert done.code == 3
    assert "goes on there" in done.err
    assert built["calls"]["new"] == 10
    assert set(service.read_batches()["submitted"].values()) == {1}


def test_a_key_that_is_refused_ends_the_build(tmp_path, run):
    recipe = write_recipe(tmp_path, 5)
    with running(Settings(batches=Batches(call_faults={"upload:*": "401"}))) as service:
        done = run(*list_words(recipe, tmp_path / "store", service.url), *FAST)
    assert done.code == 2
    assert "refuses the key (401)" in done.out


def test_few_requests_are_sent_live_where_the_user_says_so(tmp_path, build, build_live):
    recipe = write_recipe(tmp_path, 40, paths=ROUNDS)
    live = build_live(recipe)
    with running() as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST, "--live-below", "30")
    assert built["content_digest"] == live["content_digest"]
    assert len(service.read_batches()["batches"]) == 1
    assert service.read_statistics()["requests"] > 0


def test_what_expired_is_finished_live_where_the_user_says_so(tmp_path, build, build_live):
    recipe = write_recipe(tmp_path, 40)
    live = build_live(recipe)
    with running(Settings(batches=Batches(script={"1": "expired"}))) as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST, "--finish-live")
    assert built["content_digest"] == live["content_digest"]
    assert len(service.read_batches()["batches"]) == 1
    assert service.read_statistics()["requests"] == 20


GRADER = {"teacher": {"backend": "openai", "model": "judge", "endpoint": "live"}}
FOLLOWING = {
    "hints and blind checks": ({"hint": {"mode": "fallback"}}, {"verify": {"blind_check": "hinted"}}),
    "two calls": ({"prompt": {"template": "cot_two_call"}}, {}),
    "a grader at the same endpoint": ({}, {"grader": {**GRADER, "votes": 2}, "answer_type": "model_graded"}),
    "a grader of its own": ({}, {"grader": {"teacher": {**GRADER["teacher"], "endpoint": "judges"}},
                                 "answer_type": "model_graded"}),
}  # fmt: skip


@pytest.mark.parametrize(("teacher", "keys"), FOLLOWING.values(), ids=FOLLOWING)
def test_what_follows_an_answer_is_sent_in_further_batches(tmp_path, teacher, keys, build):
    recipe = write_recipe(tmp_path, 25, paths={"round": 2}, **teacher)
    whole = json.loads(recipe.read_text())
    whole["sources"][0]["answer_type"] = keys.get("answer_type", "number")
    recipe.write_text(json.dumps({**whole, **{key: keys[key] for key in keys if key != "answer_type"}}))
    answers = Answers(wrong_share=0.8)

    def built_at(service, store, *words):
        grader = [f"grader.teacher.base_url={service.url}"] if "grader" in keys else []
        words += tuple(word for change in grader for word in ("--set", change))
        return build(recipe, tmp_path / store, service.url, "--allow-empty", *words)

    with running(Settings(answers=answers)) as service:
        live = built_at(service, "live")
        expected = service.read_statistics()["requests"]
    with running(Settings(answers=answers, batches=Batches(script={"2": "partial"}))) as service:
        built = built_at(service, "store", *FAST)
    found = service.read_batches()
    assert built["content_digest"] == live["content_digest"]
    assert built["calls"]["new"] == live["calls"]["new"]
    assert len(found["answered"]) == expected
    assert service.read_statistics()["requests"] == 0
    assert all(len({row["model"] for row in rows}) == 1 for rows in found["bodies"])
    assert len(found["batches"]) <= 6


def test_several_teachers_at_one_endpoint_share_a_journal_and_no_file(tmp_path, run):
    recipe = write_recipe(tmp_path, 20)
    whole = json.loads(recipe.read_text())
    one = whole["teacher"]
    whole["teacher"] = [{**one, "model": name} for name in ("small", "large")]
    recipe.write_text(json.dumps(whole))

    def built_at(store, *words):
        with running() as service:
            changes = [f"teacher.{place}.base_url={service.url}" for place in (0, 1)]
            words += tuple(word for change in changes for word in ("--set", change))
            done = run("build", recipe, "--store", tmp_path / store, "--json", "--workers", "1", *words)
            assert done.code == 0, done.err
            return done.json, service

    live, _ = built_at("live")
    built, service = built_at("store", *FAST)
    assert built["content_digest"] == live["content_digest"]
    assert all(len({row["model"] for row in rows}) == 1 for rows in service.read_batches()["bodies"])


def test_a_key_that_the_service_echoes_is_nowhere_on_disk(tmp_path, build, run, monkeypatch):
    key = "sk-0123456789abcdef"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    recipe = write_recipe(tmp_path, 20)
    with running(Settings(batches=Batches(row_faults={"echo": 0.5}, script={"1": "expired"}))) as service:
        build(recipe, tmp_path / "store", service.url, *FAST)
    assert service.read_batches()["keys"] == [f"Bearer {key}"]
    run("ledger", "export", tmp_path / "answers.jsonl.gz", "--store", tmp_path / "store")
    exported = gzip.decompress((tmp_path / "answers.jsonl.gz").read_bytes()).decode()
    assert "$OPENAI_API_KEY is withheld" in exported
    assert key not in exported
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if key.encode() in path.read_bytes()]


def test_a_teacher_without_a_server_is_asked_as_ever(tmp_path, run):
    words = ("build", "quickstart", "--set", "sources.0.problems=4", "--json")
    plain = run(*words, "--store", tmp_path / "plain")
    done = run(*words, "--store", tmp_path / "store", "--batch")
    assert done.json["content_digest"] == plain.json["content_digest"]
    assert "teacher is asked without batches" in done.err


def test_progress_says_what_the_batch_does(tmp_path, run):
    recipe = write_recipe(tmp_path, 20)
    with running(Settings(batches=Batches(validate_s=1.2, run_s=2.5))) as service:
        done = run(*list_words(recipe, tmp_path / "store", service.url), *FAST, "--progress", "json")
    events = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    states = {event.get("batch") for event in events if event.get("stage") == "sampling the teacher"}
    assert {"batch validating 0/20", "batch in_progress 0/20"} <= states


def test_the_store_is_private_while_a_batch_is_on_its_way(tmp_path, run):
    recipe = write_recipe(tmp_path, 5)
    faults = {"look:*": "500"}
    with running(Settings(batches=Batches(call_faults=faults))) as service:
        run(*list_words(recipe, tmp_path / "store", service.url), *FAST, "--retries", "0")
    paths = [*(tmp_path / "store" / "batches").rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}
    assert len(paths) == 5
