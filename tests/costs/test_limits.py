from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.costs import Cost, Limits, Reservation, Spent, describe_cost, list_exceeded, make_cost, make_limits
from cotloom.builder.costs.amounts import PICO, format_usd, parse_usd
from cotloom.schemas.runtime import Runtime

amounts = st.integers(0, 1_000)
spent = st.builds(Spent, picodollars=amounts, requests=amounts, tokens=amounts)
wanted = st.builds(Reservation, picodollars=amounts, requests=amounts, tokens=amounts)
limits = st.builds(Limits, picodollars=st.none() | amounts, requests=st.none() | amounts, tokens=st.none() | amounts)


@given(limits, st.lists(wanted, max_size=30))
def test_what_is_permitted_never_adds_up_to_more_than_the_limits(own, requests):
    total = Spent()
    for request in requests:
        if not list(list_exceeded(own, total, request)):
            total = total.add(request)

    for name in ("picodollars", "requests", "tokens"):
        most = getattr(own, name)
        assert most is None or getattr(total, name) <= most


@given(limits, spent, wanted)
def test_what_fits_in_what_is_left_is_permitted(own, before, request):
    fits = all(
        most is None or getattr(before, name) + getattr(request, name) <= most
        for name in ("picodollars", "requests", "tokens")
        for most in [getattr(own, name)]
    )
    assert fits == (not list(list_exceeded(own, before, request)))


@given(spent, wanted)
def test_what_is_taken_back_leaves_what_was_before(before, request):
    assert before.add(request).add(request, -1) == before


@given(st.lists(st.none() | st.integers(0, 10**15), max_size=8))
def test_a_sum_is_exact_and_says_how_much_of_it_is_unknown(paid):
    total = sum(map(make_cost, paid), Cost())

    assert total == Cost(sum(each or 0 for each in paid), paid.count(None))
    assert (total.usd is None) == (None in paid)
    assert ("unknown" in describe_cost(total)) == (None in paid)


def test_limits_come_from_the_runtime_without_a_rounding():
    assert make_limits(Runtime()) == Limits()
    assert not make_limits(Runtime()).is_set
    assert make_limits(Runtime(max_usd="0.1", max_tokens=7)) == Limits(picodollars=PICO // 10, tokens=7)


@given(st.integers(0, 10**9), st.integers(0, 99))
def test_whole_cents_are_written_as_they_are(dollars, cents):
    text = format_usd(parse_usd(f"{dollars}.{cents:02}"))

    assert text in {f"${dollars:,}.{cents:02}", f"$0.0{cents % 10}0", f"$0.{cents:03}"}
