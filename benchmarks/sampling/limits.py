"""A server with a limit: how long a whole run takes beside what the limit alone would take, and how many 429s."""

import sys
from collections.abc import Iterator, Mapping

from page import Section, show, show_share
from sizes import Size
from trials import ANSWER_WORDS, PROMPT_WORDS, Job, Trial, run_client

from tests.teacher.chat_service import Answers, Latency, Limit, Settings
from tests.teacher.chat_service.settings import Throttling

AT_ONCE, LATENCY_S = 64, 0.2
TOKENS = PROMPT_WORDS + ANSWER_WORDS + 8
"""About what one request comes to."""
THROTTLING: Mapping[str, Throttling] = {
    "with headers": Throttling(headers=True, retry_after="exact"),
    "Retry-After alone": Throttling(),
    "without a word": Throttling(retry_after=None),
}


def measure_limits(size: Size) -> Iterator[Section]:
    """Measure runs under a request limit and under a token limit."""
    rows = []
    for of, amount in (("requests", size.limit), ("tokens", size.limit * TOKENS)):
        for name, throttling in THROTTLING.items():
            limit = Limit(of=of, amount=amount, per_s=1.0)
            rows.append([f"{of}, {name}", *_describe(_run(limit, throttling, size), limit, size)])
    window = Limit(of="requests", amount=size.limit * 3, per_s=3.0, kind="sliding")
    rows.append(
        [
            "requests of the last 3 s, with headers",
            *_describe(_run(window, THROTTLING["with headers"], size), window, size),
        ]
    )
    yield Section(
        title="Under a limit",
        text=f"{size.limited} requests, {AT_ONCE} at once, to a server that serves {size.limit:g} a second, or so many"
        " tokens as that comes to. The time is that from the first request to the last reply, beside what the limit"
        " alone would take: what is left of the amount once the bucket, full at the beginning, is empty.",
        header=["limit", "ended", "answers", "seconds", "of the limit alone", "429s", "of all requests"],
        rows=rows,
    )


def _run(limit: Limit, throttling: Throttling, size: Size) -> Trial:
    settings = Settings(
        latency=Latency(fixed_s=LATENCY_S), limits=(limit,), throttling=throttling,
        answers=Answers(tokens=ANSWER_WORDS), lifetime_s=3_600,
    )  # fmt: skip
    trial = run_client("ours", Job(requests=size.limited, at_once=AT_ONCE), settings)
    print(f"  {limit.of}: {trial.busy.total_s:.1f} s, {trial.outcomes}", file=sys.stderr)
    return trial


def _describe(trial: Trial, limit: Limit, size: Size) -> list[str]:
    outcomes, requests = trial.outcomes, trial.statistics["requests"]
    answered = [request for request in trial.requests if request.outcome == "answered"]
    needed = size.limited if limit.of == "requests" else sum(request.tokens for request in answered)
    if limit.kind == "bucket":
        alone = (needed - limit.amount) / limit.amount * limit.per_s + LATENCY_S
    else:
        alone = (needed // limit.amount - (needed % limit.amount == 0)) * limit.per_s + LATENCY_S
    is_whole = not trial.error and len(answered) == size.limited
    return [
        trial.error or ("well" if is_whole else f"{size.limited - len(answered)} requests failed"),
        f"{len(answered)} of {size.limited}",
        show(trial.busy.total_s, 1),
        f"{show(trial.busy.total_s / alone, 2)} ×" if is_whole else "not finished",
        show(outcomes.get("throttled", 0)),
        show_share(outcomes.get("throttled", 0) / requests),
    ]
