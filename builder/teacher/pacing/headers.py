"""Read what a server's headers say about its rate limits. Values that make no sense are left out, and never raise.

Known are the headers of OpenAI and of servers like it (`x-ratelimit-remaining-requests`, resets such as `6m0s`), of
Anthropic (`anthropic-ratelimit-requests-reset`, a time of RFC 3339), of the drafts of the IETF (`ratelimit-policy:
100;w=60`), the plain `x-ratelimit-remaining`, and `retry-after`, also in milliseconds.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import starmap


@dataclass(frozen=True, slots=True)
class Quota:
    """What a server says about one of its limits; None where it does not."""

    limit: float | None = None
    """The most that it lets through: in a window, or at once."""
    remaining: float | None = None
    """How much it lets through now."""
    reset_s: float | None = None
    """Seconds until the limit is whole again, or until its window ends: servers differ."""
    window_s: float | None = None
    """Seconds in which `limit` comes back, where the server states them."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What the headers of one reply say about limits."""

    requests: Quota = Quota()
    tokens: Quota = Quota()
    retry_after_s: float | None = None
    """Seconds that the server asks to wait for."""


NO_LIMITS = ServerLimits()

_ReadNow = Callable[[], float | None]
"""Reads the present, in seconds since 1970, by the clock of the server. Reading a date takes its time."""

_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,12})?")
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,12})?(?:ms|us|µs|ns|d|h|m|s))+")
_DURATION_PART = re.compile(r"([0-9.]+)(ms|us|µs|ns|d|h|m|s)")
_UNITS_S = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PARAMETER = re.compile(r"\b(limit|remaining|reset|window|q|w|r|t)=\"?([0-9.]{1,20})")
_POLICY_NAMES = frozenset({"ratelimit", "ratelimit-policy", "ratelimit-limit", "x-ratelimit-limit"})
_LONGEST_VALUE = 300
"""Characters; a header with more says nothing about limits."""

_EPOCH_S, _EPOCH_MS = 1e9, 1e12
"""From here on a reset is no span but a moment: seconds, or milliseconds, since 1970."""

_FAMILIES = {
    "requests": (
        "x-ratelimit-{}-requests",
        "anthropic-ratelimit-requests-{}",
        "ratelimit-{}",
        "x-ratelimit-{}",
        "x-rate-limit-{}",
    ),
    "tokens": ("x-ratelimit-{}-tokens", "anthropic-ratelimit-tokens-{}"),
}
"""How headers are named, by what they limit; the first that says anything is believed."""

_NAMES = {
    kind: [tuple(family.format(part) for part in ("limit", "remaining", "reset")) for family in families]
    for kind, families in _FAMILIES.items()
}


def read_limits(headers: Mapping[str, str], wall_s: float | None = None) -> ServerLimits:
    """Read the limits that the headers of a reply state.

    Args:
        headers: the headers, in any case.
        wall_s: seconds since 1970 by our own clock; used for dates where the server has no header `Date`.
    """
    found = {low: value for name, value in headers.items() if _is_about_limits(low := name.lower())}
    if not found:
        return NO_LIMITS
    read_now = partial(_read_now, headers, wall_s)
    found = {name: value.strip() for name, value in found.items() if len(value) <= _LONGEST_VALUE}
    requests = _find_quota(found, "requests", read_now)
    return ServerLimits(
        requests=_add_policy(requests, found),
        tokens=_find_quota(found, "tokens", read_now),
        retry_after_s=_read_retry_after(found, read_now),
    )


def _is_about_limits(name: str) -> bool:
    return "ratelimit" in name or "rate-limit" in name or name.startswith("retry-after")


def _find_quota(found: Mapping[str, str], kind: str, read_now: _ReadNow) -> Quota:
    """Find the first family of headers that says anything about a kind of limit."""
    for limit, remaining, reset in _NAMES[kind]:
        if limit not in found and remaining not in found:
            continue
        quota = Quota(
            limit=_read_first_number(found.get(limit, "")),
            remaining=_read_first_number(found.get(remaining, "")),
            reset_s=_read_span(found.get(reset, ""), read_now),
        )
        if quota.limit is not None or quota.remaining is not None:
            return quota
    return Quota()


def _add_policy(quota: Quota, found: Mapping[str, str]) -> Quota:
    """Add what `RateLimit` and `RateLimit-Policy` say, in the forms of the older and of the newer drafts."""
    if _POLICY_NAMES.isdisjoint(found):
        return quota
    now: dict[str, str] = dict(_PARAMETER.findall(found.get("ratelimit", "").partition(",")[0]))
    now |= {key: value for key, value in _PARAMETER.findall(found.get("ratelimit", "")) if len(key) > 1}
    limit = quota.limit if quota.limit is not None else _read_number(now.get("limit", ""))
    policies = list(starmap(_read_policy, _list_policies(found)))
    window = next((each for each in policies if each[0] == limit), policies[0] if policies else (None, None))
    return Quota(
        limit=window[0] if limit is None else limit,
        remaining=_choose(quota.remaining, _read_number(now.get("remaining", now.get("r", "")))),
        reset_s=_choose(quota.reset_s, _read_number(now.get("reset", now.get("t", "")))),
        window_s=window[1],
    )


def _list_policies(found: Mapping[str, str]) -> list[tuple[str, dict[str, str]]]:
    """List the policies of a server, each its first word and its parameters."""
    texts = [found.get(name, "") for name in ("ratelimit-policy", "ratelimit-limit", "x-ratelimit-limit")]
    parts = [part for text in texts for part in text.split(",") if "=" in part]
    return [(part.partition(";")[0].strip(), dict(_PARAMETER.findall(part))) for part in parts]


def _read_policy(first: str, parameters: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Read the limit and the window of a policy such as `100;w=60` or `"default";q=100;w=60`."""
    window_s = _read_number(parameters.get("w", parameters.get("window", "")))
    return _read_number(parameters.get("q", first)), window_s or None


def _choose(first: float | None, second: float | None) -> float | None:
    return second if first is None else first


def _read_retry_after(found: Mapping[str, str], read_now: _ReadNow) -> float | None:
    """Read how long to wait: milliseconds are more exact than seconds, a date is read by the server's own clock."""
    milliseconds = _read_number(found.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = found.get("retry-after", "")
    seconds = _read_number(value)
    return _measure_from_now(_read_date(value), read_now) if seconds is None and value else seconds


def _read_number(text: str) -> float | None:
    """Read a plain number that is not negative."""
    return float(text) if _NUMBER.fullmatch(text) else None


def _read_first_number(text: str) -> float | None:
    """Read the number that a value begins with: `100, 100;w=60` is 100."""
    return _read_number(text) if text.isdecimal() else _read_number(text.replace(";", ",").partition(",")[0].strip())


def _read_span(text: str, read_now: _ReadNow) -> float | None:
    """Read seconds until a reset: a number, a duration such as `1m30s`, a moment since 1970, or a time of day."""
    if not text:
        return None
    number = _read_number(text)
    if number is not None and number < _EPOCH_S:
        return number
    if _DURATION.fullmatch(text):
        return _read_duration(text)
    if number is not None:
        moment_s: float | None = number / 1000 if number >= _EPOCH_MS else number
    else:
        moment_s = _read_time(text)
    return _measure_from_now(moment_s, read_now)


def _measure_from_now(moment_s: float | None, read_now: _ReadNow) -> float | None:
    """Compute the seconds until a moment; None where the moment or the present is not known."""
    now_s = None if moment_s is None else read_now()
    return None if moment_s is None or now_s is None else max(0.0, moment_s - now_s)


def _read_now(headers: Mapping[str, str], wall_s: float | None) -> float | None:
    """Read the time by the server's clock, or else by ours."""
    date = next((value for name, value in headers.items() if name.lower() == "date"), "")
    now_s = _read_date(date[:_LONGEST_VALUE])
    return wall_s if now_s is None else now_s


def _read_duration(text: str) -> float | None:
    """Read a duration that the pattern has found to be one."""
    seconds = sum(float(number) * _UNITS_S[unit] for number, unit in _DURATION_PART.findall(text))
    return seconds if math.isfinite(seconds) else None


def _read_time(text: str) -> float | None:
    """Read a time of RFC 3339 or a date of HTTP, in seconds since 1970; without a zone it is that of Greenwich."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return _read_date(text)


def _read_date(text: str) -> float | None:
    """Read a date of HTTP, in seconds since 1970; None where it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
