from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.costs import (
    FREE,
    PICO,
    Delivery,
    Price,
    Rates,
    ResponseTokens,
    Terms,
    compute_cost,
    compute_most,
    find_price,
)
from cotloom.builder.costs.listed import find_listed_price
from cotloom.builder.costs.price import decode_terms
from cotloom.builder.errors import InputError
from cotloom.builder.plain_json import parse_object

OPENAI = "https://api.openai.com/v1"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta/openai"
ANTHROPIC = "https://api.anthropic.com/v1"

BY_HAND = [
    ("gpt-4o-mini", OPENAI, Delivery.LIVE, "0.15", "0.60", "0.075"),
    ("gpt-4o-mini", OPENAI, Delivery.BATCH, "0.075", "0.30", "0.075"),
    ("gpt-4o", OPENAI, Delivery.LIVE, "2.50", "10", "1.25"),
    ("gpt-4.1-mini", OPENAI, Delivery.LIVE, "0.40", "1.60", "0.10"),
    ("o3-mini", OPENAI, Delivery.LIVE, "1.10", "4.40", "0.55"),
    ("claude-sonnet-4-5", ANTHROPIC, Delivery.LIVE, "3", "15", "0.30"),
    ("claude-3-haiku-20240307", ANTHROPIC, Delivery.LIVE, "0.25", "1.25", "0.03"),
    ("gemini-2.5-pro", GOOGLE, Delivery.LIVE, "1.25", "10", "0.125"),
    ("gemini-2.5-flash", GOOGLE, Delivery.BATCH, "0.15", "1.25", "0.03"),
    ("gpt-4.1", OPENAI, Delivery.LIVE, "2", "8", "0.50"),
    ("llama-3.3-70b-versatile", "https://api.groq.com/openai/v1", Delivery.LIVE, "0.59", "0.79", None),
]
"""US dollars for a million tokens that the services publish: of requests, of answers, of cached requests."""


@pytest.mark.parametrize(("model", "url", "delivery", "given", "written", "cached"), BY_HAND)
def test_the_listed_prices_are_those_that_the_services_publish(model, url, delivery, given, written, cached):
    price = find_listed_price(model, url, delivery)

    tokens = ResponseTokens(prompt=1_000_000 // 10, cached=20_000, completion=5_000)
    rate = Decimal(cached or given)
    expected = 80_000 * Decimal(given) + 20_000 * rate + 5_000 * Decimal(written)
    assert compute_cost(price, tokens) == expected * (PICO // 1_000_000)
    assert price.source.startswith("http")
    assert price.as_of.startswith("genai-prices ")


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("no-such-model", OPENAI),
        ("gpt-4o", "http://127.0.0.1:8000/v1"),
        ("gpt-4o", "http://10.0.0.7:8000/v1"),
        ("gpt-4o", "https://models.example.org/v1"),
    ],
)
def test_what_the_table_does_not_know_has_no_price(model, url):
    assert find_listed_price(model, url, Delivery.LIVE) is None


def test_a_batch_without_a_price_of_its_own_has_none():
    assert find_listed_price("deepseek-reasoner", "https://api.deepseek.com/v1", Delivery.BATCH) is None


def test_long_prompts_have_the_price_of_their_tier():
    price = find_listed_price("gemini-2.5-pro", GOOGLE, Delivery.LIVE)

    short = compute_cost(price, ResponseTokens(prompt=200_000, completion=1_000))
    long = compute_cost(price, ResponseTokens(prompt=200_001, completion=1_000))

    assert short == (200_000 * Decimal("1.25") + 1_000 * 10) * 1_000_000
    assert long == (200_001 * Decimal("2.5") + 1_000 * 15) * 1_000_000


rates = st.decimals(0, 200, places=6)
counts = st.integers(0, 10**6)
some_rates = st.builds(Rates, input=rates, output=rates, cached_input=st.none() | rates, reasoning=st.none() | rates)
prices = st.builds(
    Price,
    rates=some_rates,
    tiers=st.lists(st.tuples(counts, some_rates), max_size=2, unique_by=lambda tier: tier[0]).map(
        lambda tiers: tuple(sorted(tiers, key=lambda tier: tier[0]))
    ),
    source=st.text(max_size=5),
    as_of=st.none() | st.text(max_size=5),
)
tokens = st.builds(
    ResponseTokens, prompt=counts, cached=st.none() | counts, completion=counts, reasoning=st.none() | counts
)


@given(prices, tokens)
def test_a_response_never_costs_more_than_the_most_that_its_tokens_can(price, counted):
    assert 0 <= compute_cost(price, counted) <= compute_most(price, counted.prompt, counted.completion)


@given(some_rates, tokens)
def test_every_token_is_paid_once_and_exactly(own, counted):
    cost = compute_cost(Price(rates=own, source=""), counted)

    cached, reasoning = min(counted.cached or 0, counted.prompt), min(counted.reasoning or 0, counted.completion)
    parts = [
        (counted.prompt - cached, own.input),
        (cached, own.input if own.cached_input is None else own.cached_input),
        (counted.completion - reasoning, own.output),
        (reasoning, own.output if own.reasoning is None else own.reasoning),
    ]
    assert cost == sum(count * rate * 1_000_000 for count, rate in parts)


@given(prices, st.sampled_from(Delivery), st.text(max_size=8))
def test_terms_come_back_as_they_were_written(price, delivery, name):
    terms = Terms(version="a@1.0.0", model=name, endpoint="e", delivery=delivery, price=price)

    assert decode_terms(parse_object(terms.encode())) == terms
    assert decode_terms(parse_object(replace(terms, price=None).encode())).price is None


@pytest.mark.parametrize("unknown", [ResponseTokens(prompt=5), ResponseTokens(completion=5), ResponseTokens()])
def test_what_was_not_counted_has_no_known_cost(unknown):
    assert compute_cost(Price(rates=Rates(input=Decimal(1), output=Decimal(1)), source=""), unknown) is None
    assert compute_cost(None, ResponseTokens(prompt=1, completion=1)) is None
    assert compute_cost(FREE, unknown) == 0


OWN = """
prices:
  - {model: m, endpoint: lab, input: 7, output: 8}
  - model: m
    input: 0.1       # a float in YAML, and yet exact
    cached_input: 0.05
    output: 0.3
    batch: {input: 0.05, output: 0.15}
    source: our contract
    as_of: 2026-11-01
  - {model: gpt-4o, input: 1, output: 1}
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(OWN)
    return path


def test_prices_of_ones_own_come_first_and_are_exact(own):
    def find(model, endpoint="e", url="http://127.0.0.1:1/v1", delivery=Delivery.LIVE):
        return find_price(model, endpoint, url, delivery, own)

    assert find("m").rates == Rates(input=Decimal("0.1"), output=Decimal("0.3"), cached_input=Decimal("0.05"))
    assert (find("m").source, find("m").as_of) == ("our contract", "2026-11-01")
    assert find("m", delivery=Delivery.BATCH).rates.output == Decimal("0.15")
    assert (find("m", "lab").rates.input, find("m", "lab").source) == (7, "prices.yaml")
    assert find("gpt-4o", url=OPENAI).rates.input == 1
    assert find("gpt-4o", url=OPENAI, delivery=Delivery.BATCH) is None  # the file says nothing of batches
    assert find("other") is None
    assert find("local", url=None) is FREE


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("prices:\n  - {model: m, input: -1, output: 1}\n", r"prices\.0\.input.*greater than or equal to 0"),
        ("prices:\n  - {model: m, output: 1}\n", r"prices\.0\.input: Field required"),
        ("prices:\n  - {model: m, input: .nan, output: 1}\n", r"prices\.0\.input"),
        ("prices:\n  - {model: m, input: 1, output: 1, per: 1000}\n", r"prices\.0\.per: Extra inputs"),
        ("price: []\n", "prices: Field required"),
        ("- a\n", "mapping"),
    ],
)
def test_a_file_that_is_none_is_an_error_that_names_line_and_key(tmp_path, text, meaning):
    path = tmp_path / "prices.yaml"
    path.write_text(text)

    with pytest.raises(InputError, match=meaning):
        find_price("m", "e", None, Delivery.LIVE, path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.yaml"):
        find_price("m", "e", None, Delivery.LIVE, tmp_path / "nowhere.yaml")
