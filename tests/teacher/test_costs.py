"""What answers cost, from the price to the version: recorded when they are paid, and never again."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

from cotloom.builder.costs import Cost, Delivery, Limits, Payment, Reservation, ResponseTokens, Spent, Terms
from cotloom.builder.costs.amounts import format_usd, parse_usd
from cotloom.builder.teacher.ledger import open_ledger, open_recorder
from cotloom.builder.teacher.ledger.check import check_ledger, drop_damaged
from cotloom.builder.teacher.ledger.compact import compact_ledger
from cotloom.builder.teacher.ledger.forget import forget_problem
from cotloom.builder.teacher.ledger.layout import FORMAT, INDEXES, TABLES, TRIGGERS
from cotloom.builder.teacher.ledger.payments import Settlement, WantedReservation
from cotloom.builder.teacher.ledger.transfer import export_ledger, import_answers
from cotloom.builder.teacher.request import Answer, ReceivedResponse, Request
from cotloom.builder.teacher.responses import encode_answers
from cotloom.schemas.example import Message, Role

from .chat_service import Answers, Faults, Settings, running
from .live_builds import list_words, write_recipe
from .purses import make_price

PROBLEMS = 12
OTHER = ("--version", "2.0.0", "--set", "teacher.sampling.temperature=0.5")
"""Another version, whose requests are others."""
PRICES = "prices:\n  - {model: m, input: 3000, output: 3000, as_of: 2026-11-01}\n"
TERMS = Terms(version="a@1.0.0", model="m", endpoint="e", price=make_price())
TOKENS = ResponseTokens(prompt=10, cached=3, completion=20)


@pytest.fixture
def recipe(tmp_path):
    return write_recipe(tmp_path, PROBLEMS, paths={"round": 2}, sampling={"max_tokens": 60})


@pytest.fixture
def prices(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES)
    return str(path)


@pytest.fixture
def build(run, recipe, store):
    """Build against a server; returns how the command ended."""

    def built(service, *words, into=store):
        return run(*list_words(recipe, into, service.url), *words)

    return built


def bill(service):
    """What the server charges for what it answered, in US dollars."""
    return sum(each.tokens * 3000 for each in service.read_requests() if each.outcome == "answered") / 10**6


def test_a_version_says_what_it_cost_when_it_was_paid_rebuilt_or_not(build, prices, tmp_path, run, store, recipe):
    with running() as service:
        built = build(service, "--prices", prices).json
        dearer = tmp_path / "dearer.yaml"
        dearer.write_text(PRICES.replace("3000", "9000"))
        again = run(*list_words(recipe, store, service.url), "--version", "1.0.1", "--prices", str(dearer)).json
        whole = bill(service)

    assert built["cost_usd"] == built["total_cost_usd"] == pytest.approx(whole, abs=1e-12)
    assert (again["cost_usd"], again["total_cost_usd"]) == (0.0, built["total_cost_usd"])
    shown = run("show", "live@1.0.1", "--store", str(store)).out
    assert "of that $0.00 in this build" in shown
    assert "for each kept path" in shown
    assert "for each distinct path" in shown


def test_a_price_changes_no_digest(build, prices, tmp_path):
    with running() as service:
        without = build(service, into=tmp_path / "a").json
        priced = build(service, "--prices", prices, into=tmp_path / "b").json
        limited = build(service, "--prices", prices, "--max-usd", "1000", into=tmp_path / "c").json

    assert without["cost_usd"] is None
    assert without["content_digest"] == priced["content_digest"] == limited["content_digest"]
    assert without["fingerprint"] == priced["fingerprint"] == limited["fingerprint"]


def test_a_limit_ends_in_a_state_that_says_what_is_missing_and_goes_on_with_a_higher_one(build, prices, tmp_path):
    with running() as calm:
        expected = build(calm, "--prices", prices, into=tmp_path / "calm").json
    with running() as service:
        limit = "2"  # a request may cost $1.2: two answers of 60 tokens, and a token for each byte of the prompt
        first = build(service, "--prices", prices, "--max-usd", limit, "--concurrency", "4")
        spent = bill(service)
        second = build(service, "--prices", prices, "--max-usd", limit)
        asked = len(service.read_requests())
        last = build(service, "--prices", prices, "--max-usd", "100").json

    assert (first.code, second.code) == (3, 3)
    assert spent <= 2
    assert spent > 2 - 1.2  # another request would not have fitted
    error = json.loads(first.out)["error"]
    assert f"the limit is reached (--max-usd): {format_usd(parse_usd(spent))} of $2.00" in error["message"]
    assert f"of {PROBLEMS} problems have all their answers" in error["message"]
    assert "a higher limit goes on from here" in error["hint"]
    assert len({request.digest for request in service.read_requests()[:asked]}) == asked  # nothing was asked twice
    assert last["content_digest"] == expected["content_digest"]
    assert last["total_cost_usd"] == pytest.approx(expected["total_cost_usd"], abs=1e-12)


def test_what_is_there_at_a_limit_can_be_built(build):
    with running() as service:
        built = build(service, "--max-requests", "5", "--accept-failures").json

    assert service.read_statistics()["requests"] == 5
    assert (built["calls"]["new"], built["calls"]["failed"]) == (10, 2 * (PROBLEMS - 5))
    reasons = {row["reason"]: row["dropped"] for row in built["funnel"] if row["stage"] == "teacher"}
    assert reasons == {"request_failed": 2 * (PROBLEMS - 5)}


@pytest.mark.parametrize("option", [("--max-requests", "0"), ("--max-tokens", "0")])
def test_a_limit_of_nothing_asks_nothing_and_a_ledger_is_enough(build, option):
    with running() as service:
        assert build(service, *option).code == 3
        assert service.read_statistics()["requests"] == 0
        build(service)
        built = build(service, *option, "--version", "1.0.1").json

    assert built["calls"]["new"] == 0


def test_builds_of_one_version_share_a_limit_and_another_version_has_its_own(build):
    with running() as service:
        for _ in range(3):
            assert build(service, "--max-requests", "4").code == 3
        assert service.read_statistics()["requests"] == 4
        assert build(service, "--max-requests", "4", *OTHER).code == 3
        assert service.read_statistics()["requests"] == 8


def test_refused_requests_cost_nothing_but_count_as_requests(build, prices):
    script = {"1": "throttled", "2": "throttled"}
    with running(Settings(faults=Faults(script=script, retry_after_s=0.01))) as service:
        built = build(service, "--prices", prices, "--max-usd", "100", "--concurrency", "1").json
        assert built["cost_usd"] == pytest.approx(bill(service), abs=1e-12)
    with running(Settings(faults=Faults(script=script, retry_after_s=0.01))) as service:
        assert build(service, "--max-requests", str(PROBLEMS + 1), *OTHER).code == 3
        assert service.read_statistics()["requests"] == PROBLEMS + 1


def test_a_server_that_counts_more_than_it_may_is_found_out(build, prices):
    with running(Settings(answers=Answers(tokens=400))) as service:
        stopped = build(service, "--prices", prices, "--max-usd", "9", "--concurrency", "1")
        spent = bill(service)

    assert stopped.code == 3
    assert "counts more tokens than a request permits" in stopped.err
    assert spent <= 9


@pytest.mark.parametrize(
    ("words", "meaning", "keys"),
    [
        (("--max-usd", "1"), "no price is known for m at http://127", ["teacher.model"]),
        (("--max-usd", "1e3"), "no amount in US dollars", None),
        (("--max-usd", "-1"), "no amount in US dollars", None),
        (("--prices", "nowhere.yaml"), "nowhere.yaml", None),
    ],
)
def test_a_limit_that_can_not_be_held_is_refused_before_anything_is_asked(build, words, meaning, keys):
    with running() as service:
        refused = build(service, *words)

    assert refused.code == 2
    assert meaning in refused.out + refused.err
    assert keys is None or json.loads(refused.out)["error"]["keys"] == keys
    assert service.read_statistics()["requests"] == 0


@pytest.mark.parametrize("limit", [("--max-usd", "1"), ("--max-tokens", "1000")])
def test_without_a_longest_answer_money_and_tokens_can_not_be_limited(run, tmp_path, store, prices, limit):
    unbounded = write_recipe(tmp_path, 3, name="unbounded")
    with running() as service:
        words = list_words(unbounded, store, service.url)
        refused = run(*words, "--prices", prices, *limit)
        counted = run(*words, "--max-requests", "3")

    assert refused.code == 2
    assert json.loads(refused.out)["error"]["keys"] == ["teacher.sampling.max_tokens"]
    assert counted.code == 0


def ask(number):
    """The request for a problem."""
    message = Message(role=Role.USER, content=f"Problem {number}?")
    return Request(problem_id=f"p_{number}", messages=(message,), model="m", endpoint="e", sampling={})


def pay(ledger, number, payment):
    """Record a response of two answers with what was paid for it."""
    response = encode_answers([Answer(text="4"), Answer(text="5")])
    ledger.record([ReceivedResponse(ask(number), response, {0: 0, 1: 1}, payment=payment)])


@pytest.fixture
def paid(store):
    """A ledger with three responses of one problem each: one paid, one of unknown price, one with no payment."""
    path = store / "ledger.sqlite"
    with open_ledger(path) as ledger:
        pay(ledger, 0, Payment(terms=TERMS, tokens=TOKENS, picodollars=50, paid_at=1_700_000_000))
        pay(ledger, 1, Payment(terms=TERMS, tokens=ResponseTokens(), picodollars=None))
        pay(ledger, 2, None)
    return path


def list_costs(path):
    with open_ledger(path) as ledger:
        return [ledger.count_costs({(ask(number).digest, index) for index in range(2)}) for number in range(3)]


def test_a_response_is_counted_once_with_the_first_of_its_answers(paid):
    with open_ledger(paid) as ledger:
        digest = ask(0).digest
        assert ledger.count_costs({(digest, 0)}) == Cost(50)
        assert ledger.count_costs({(digest, 1)}) == Cost()
    assert list_costs(paid) == [Cost(50), Cost(unknown=1), Cost(unknown=1)]


def test_payments_travel_with_an_export_and_with_a_ledger(paid, tmp_path):
    export_ledger(paid, tmp_path / "all.jsonl.gz")
    for name, source in (("file", tmp_path / "all.jsonl.gz"), ("ledger", paid)):
        other = tmp_path / name / "ledger.sqlite"
        with open_ledger(other) as ledger:
            import_answers(ledger, source)
            assert ledger.count_spent("a@1.0.0") == Spent(picodollars=50, requests=2, tokens=30)
        assert list_costs(other) == list_costs(paid)
        export_ledger(other, tmp_path / f"{name}.jsonl.gz")
        assert read_payments(other)[0][-2] == 1_700_000_000


def read_payments(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM payments ORDER BY payment").fetchall()


def test_compacting_keeps_the_books(paid):
    compact_ledger(paid)

    assert check_ledger(paid).is_intact
    assert list_costs(paid) == [Cost(50), Cost(unknown=1), Cost(unknown=1)]


def test_what_was_paid_for_a_problem_that_is_erased_stays_in_the_sum(paid, store):
    with open_ledger(paid) as ledger:
        forget_problem(ledger, store, ask(0).problem_id)
        assert ledger.count_spent("a@1.0.0") == Spent(picodollars=50, requests=2, tokens=30)
    assert check_ledger(paid).is_intact
    assert [row[1] for row in read_payments(paid)] == [None, 2]


@pytest.mark.parametrize("table", ["payments", "reservations", "settlements"])
def test_a_damaged_row_of_the_books_is_found_and_never_counted(paid, table):
    async def reserve():
        async with open_recorder(paid) as recorder:
            amount = Reservation(picodollars=7, tokens=5)
            wanted = WantedReservation(terms=TERMS, amount=amount, limits=Limits(requests=9))
            for _ in range(2):
                await recorder.reserve(wanted)
            await recorder.settle(Settlement(reservation=1, spent=Spent(requests=1)))

    asyncio.run(reserve())
    with open_ledger(paid) as ledger:
        assert ledger.count_spent("a@1.0.0") == Spent(picodollars=57, requests=4, tokens=35)
    with closing(sqlite3.connect(paid)) as connection, connection:
        connection.execute(f"DROP TRIGGER {table}_update")
        connection.execute(f"UPDATE {table} SET picodollars = 1 WHERE rowid = 1")  # noqa: S608 - our own
        connection.execute(TRIGGERS[f"{table}_update"])

    assert not check_ledger(paid).is_intact
    with open_ledger(paid) as ledger, pytest.raises(Exception, match="is damaged"):
        ledger.count_spent("a@1.0.0")
    drop_damaged(paid)
    assert check_ledger(paid).is_intact


def test_a_ledger_without_payments_gets_them_when_it_is_opened(paid):
    with closing(sqlite3.connect(paid)) as connection:
        for name in ("payments", "reservations", "settlements"):
            connection.execute(f"DROP TABLE {name}")
        connection.execute("PRAGMA user_version = 3")

    with open_ledger(paid) as ledger:
        assert ledger.connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
        found = dict(ledger.connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    assert found == TABLES | INDEXES | TRIGGERS
    assert list_costs(paid) == [Cost(unknown=1)] * 3
    assert check_ledger(paid).is_intact


def test_deliveries_are_told_apart_in_the_terms():
    batch = Terms(version="a@1.0.0", model="m", endpoint="e", delivery=Delivery.BATCH, price=None)

    assert batch.encode() != Terms(version="a@1.0.0", model="m", endpoint="e").encode()
