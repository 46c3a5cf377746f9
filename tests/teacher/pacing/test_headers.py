"""What servers say about their limits is read in every form they use, and nonsense is left out."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.teacher.pacing.headers import NO_LIMITS, Quota, ServerLimits, read_limits

NOON = "Thu, 21 Aug 2025 12:00:00 GMT"


def test_the_headers_of_openai_are_read():
    found = read_limits(
        {
            "X-RateLimit-Limit-Requests": "600",
            "x-ratelimit-remaining-requests": "599",
            "x-ratelimit-reset-requests": "100ms",
            "x-ratelimit-limit-tokens": "20000",
            "x-ratelimit-remaining-tokens": "19650",
            "x-ratelimit-reset-tokens": "1m1.5s",
        }
    )

    assert found == ServerLimits(Quota(600, 599, 0.1), Quota(20000, 19650, 61.5))


def test_the_headers_of_anthropic_are_read_by_the_servers_own_clock():
    found = read_limits(
        {
            "date": NOON,
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "49",
            "anthropic-ratelimit-requests-reset": "2025-08-21T12:00:01Z",
            "anthropic-ratelimit-tokens-limit": "96000",
            "anthropic-ratelimit-tokens-remaining": "96000",
            "anthropic-ratelimit-tokens-reset": "2025-08-21T11:59:59Z",
        },
        wall_s=0.0,
    )

    assert found == ServerLimits(Quota(50, 49, 1.0), Quota(96000, 96000, 0.0))


@pytest.mark.parametrize(
    "headers",
    [
        {"ratelimit-limit": "100", "ratelimit-remaining": "40", "ratelimit-reset": "7", "ratelimit-policy": "100;w=60"},
        {"RateLimit": "limit=100, remaining=40, reset=7", "RateLimit-Policy": "1000;w=3600, 100;w=60"},
        {"RateLimit": '"minute";r=40;t=7', "RateLimit-Policy": '"minute";q=100;w=60'},
        {"X-RateLimit-Limit": "100, 100;window=60", "X-RateLimit-Remaining": "40", "X-RateLimit-Reset": "7"},
    ],
    ids=["apart", "together", "structured", "plain"],
)
def test_the_forms_of_the_drafts_say_the_same(headers):
    assert read_limits(headers).requests == Quota(100, 40, 7, 60)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1", 1), ("0.5", 0.5), ("1s", 1), ("20ms", 0.02), ("6m0s", 360), ("1h2m3s", 3723), ("2m59.56s", 179.56),
        ("1d", 86400), ("500us", 0.0005), ("1755777605", 5), ("1755777605000", 5), ("2025-08-21T12:00:05+00:00", 5),
        ("2025-08-21T12:00:05", 5), ("Thu, 21 Aug 2025 12:00:05 GMT", 5), ("1755777000", 0),
        ("-1", None), ("nan", None), ("inf", None), ("1e9", None), ("soon", None), ("", None), ("٣", None),
        ("1s!", None),
    ],
)  # fmt: skip
def test_a_reset_is_a_span_or_a_moment(text, seconds):
    headers = {"date": NOON, "x-ratelimit-limit-requests": "9", "x-ratelimit-reset-requests": text}

    assert read_limits(headers).requests.reset_s == (None if seconds is None else pytest.approx(seconds))


def test_a_moment_is_read_by_our_clock_where_the_server_has_none():
    headers = {"retry-after": formatdate(1000, usegmt=True)}

    assert read_limits(headers, wall_s=990.0).retry_after_s == 10.0
    assert read_limits(headers | {"date": formatdate(997, usegmt=True)}, wall_s=0.0).retry_after_s == 3.0
    assert read_limits(headers) == NO_LIMITS


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after": "1", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "tomorrow"}, None),
    ],
)
def test_a_wait_is_in_seconds_or_milliseconds(headers, seconds):
    assert read_limits(headers).retry_after_s == seconds


def test_headers_about_other_things_say_nothing():
    assert read_limits({"content-type": "application/json", "date": NOON}) is NO_LIMITS


NAMES = [
    "date", "retry-after", "retry-after-ms", "ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-reset",
    "x-ratelimit-limit-requests", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens", "x-ratelimit-reset",
    "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-reset",
]  # fmt: skip
ODD = st.text() | st.from_regex(r"[0-9.msh;=qwrt\",: TZ+-]{0,40}", fullmatch=True) | st.floats().map(str)


@given(st.dictionaries(st.sampled_from(NAMES), ODD))
def test_whatever_stands_there_what_is_read_is_a_number_that_is_not_negative_or_nothing(headers):
    found = read_limits(headers, wall_s=1.7e9)

    for quota in (found.requests, found.tokens):
        for value in (quota.limit, quota.remaining, quota.reset_s, quota.window_s, found.retry_after_s):
            assert value is None or 0 <= value < 1e18
