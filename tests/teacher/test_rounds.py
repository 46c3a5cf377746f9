import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.costs import FREE, Cost, Price
from cotloom.builder.errors import Stopped
from cotloom.builder.recipe import load_recipe
from cotloom.builder.teacher import BACKENDS
from cotloom.builder.teacher.backends.protocol import (
    Books,
    CompletionRequest,
    FailedRequest,
    OpenedBackend,
    PaidModel,
    Results,
    make_received,
    record_results,
)
from cotloom.builder.teacher.ledger import Ledger, open_ledger, open_recorder
from cotloom.builder.teacher.request import Answer, Request
from cotloom.builder.teacher.sampling.completing import Calls, Completer, Stop
from cotloom.builder.teacher.sampling.path_counts import PathCounts
from cotloom.builder.teacher.sampling.queues import open_queue
from cotloom.builder.teacher.sampling.rounds import AskedTeacher, estimate_chance, sample_problem
from cotloom.builder.teacher.sampling.turns import Turns
from cotloom.schemas.example import Message, Role
from cotloom.schemas.problem import Problem
from cotloom.schemas.prompt import HintPolicy, Paths
from cotloom.schemas.sample import Hint, Sample, Usage

from .purses import make_books, make_price

PROBLEMS = [Problem(problem_id=f"p_{n}", source="s", origin=f"s:{n}", question=f"q{n}", answer="1") for n in range(3)]
UNCOUNTED, COUNTED = Usage(), Usage(prompt_tokens=10, completion_tokens=20)


@dataclass(slots=True)
class Scripted:
    """A teacher that says what a function tells it, and remembers what it was asked."""

    say: Callable[[CompletionRequest], str | None] = lambda item: f"{item.problem.problem_id} {item.sample_index}"
    usage: Usage = UNCOUNTED
    delay: Callable[[CompletionRequest], int] = lambda _item: 0
    until: Callable[["Scripted", CompletionRequest], bool] = lambda _teacher, _item: True
    """Whether it is time to answer."""
    fatal: None = None
    asked: list[tuple[str, Hint, int]] = field(default_factory=list)

    def list_requests(self, problem: Problem, hint: Hint, indexes: range) -> list[CompletionRequest]:
        message = Message(role=Role.USER, content=f"{problem.question} {hint}")
        request = Request(
            problem_id=problem.problem_id, messages=(message,), model="m", endpoint="e", sampling={}, hint=hint
        )
        return [CompletionRequest(problem, request, index) for index in indexes]

    def make_follow_up(self, _request: CompletionRequest, _answer: Answer) -> None:
        """One call is enough."""

    def open_sender(self) -> AbstractAsyncContextManager["Scripted"]:
        return nullcontext(self)

    async def send(self, group: Sequence[CompletionRequest], books: Books) -> Results:
        answered, failed = [], []
        for item in group:
            self.asked.append((item.problem.problem_id, item.request.hint, item.sample_index))
            for _ in range(self.delay(item)):
                await asyncio.sleep(0)
            while not self.until(self, item):  # noqa: ASYNC110 - a test's clock
                await asyncio.sleep(0.001)
            text = self.say(item)
            if text is None:
                failed.append(FailedRequest(item, Stopped("nothing came")))
            else:
                answered.append((item, Answer(text=text, usage=self.usage)))
        return await record_results([*make_received(answered), *failed], books)

    def describe(self) -> Mapping[str, int]:
        return {}


@dataclass(slots=True)
class PathCounter:
    """Counts a sample as a path where its text begins with `good`, and remembers what it was shown."""

    shown: list[Counter] = field(default_factory=list)

    def __call__(self, problems: Sequence[Problem], samples: Sequence[Sample]) -> Mapping[str, PathCounts]:
        self.shown.append(Counter(sample.problem_id for sample in samples))
        paths = defaultdict(list)
        for sample in samples:
            if (sample.text or "").startswith("good"):
                paths[sample.problem_id].append(sample.text)
        return {
            problem.problem_id: PathCounts(
                correct=len(paths[problem.problem_id]),
                distinct=len(set(paths[problem.problem_id])),
                once=sum(number == 1 for number in Counter(paths[problem.problem_id]).values()),
            )
            for problem in problems
        }


def sample_rounds(  # noqa: PLR0913 - what a test varies
    problems: Sequence[Problem],
    backend: Scripted,
    ledger: Ledger,
    count_paths: PathCounter,
    *,
    paths: Paths,
    hints: HintPolicy,
    price: Price | None = FREE,
) -> tuple[list[Sample], Calls]:
    """Sample all problems at once, each on its own way."""

    async def run() -> tuple[list[Sample], Calls]:
        async with open_recorder(ledger.path) as recorder, open_queue(count_paths) as queue:
            complete = Completer(
                ledger=ledger,
                books=make_books(recorder, price),
                sender=backend,
                forgotten=frozenset(),
                take_turn=Turns(ledger, ()).take,
                stop=Stop(),
            )
            teacher = AskedTeacher(backend=backend, complete=complete, paths=paths, hints=hints)
            parts = await asyncio.gather(*(sample_problem(each, [teacher], queue.find) for each in problems))
            return [sample for part in parts for sample in part], complete.calls

    return asyncio.run(run())


@pytest.fixture
def ledger(store):
    with open_ledger(store / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def sample_problems(ledger):
    """Sample with a ledger that lasts through the test."""

    def run(
        backend: Scripted,
        paths: Paths,
        hints: HintPolicy | None = None,
        count_paths: PathCounter | None = None,
        price: Price | None = FREE,
    ):
        hints, counter = hints or HintPolicy(), count_paths or PathCounter()
        return sample_rounds(PROBLEMS, backend, ledger, counter, paths=paths, hints=hints, price=price)

    return run


def per_problem(samples: Sequence[Sample]) -> dict[str, list[tuple[int, int]]]:
    found = defaultdict(list)
    for sample in samples:
        found[sample.problem_id].append((sample.round, sample.sample_index))
    return dict(found)


def good_from(problem: str, index: int) -> Callable[[CompletionRequest], str]:
    """Say something new and good about one problem from an index on, and nothing good about the others."""

    def say(request: CompletionRequest) -> str:
        good = request.problem.problem_id == problem and request.sample_index >= index
        return f"{'good' if good else 'bad'} {request.sample_index}"

    return say


def test_without_more_to_say_one_round_is_asked(sample_problems):
    backend = Scripted()

    samples, calls = sample_problems(backend, Paths(round=2))

    assert per_problem(samples) == {problem.problem_id: [(0, 0), (0, 1)] for problem in PROBLEMS}
    assert calls == Calls(new=6, ledger=0, failed=0)


def test_only_problems_short_of_the_target_are_asked_again(sample_problems):
    backend = Scripted(good_from("p_1", 1))

    samples, _ = sample_problems(backend, Paths(round=2, max=6, target=1))

    assert per_problem(samples) == {
        "p_0": [(0, 0), (0, 1), (1, 2), (2, 3), (3, 4), (4, 5)],
        "p_1": [(0, 0), (0, 1)],
        "p_2": [(0, 0), (0, 1), (1, 2), (2, 3), (3, 4), (4, 5)],
    }


def test_a_later_round_asks_for_as_many_as_are_missing(sample_problems):
    """The first three answers are one path; two of four are missing then, and one of them comes with each answer."""
    backend = Scripted(lambda item: f"good {max(item.sample_index - 2, 0)}")

    samples, _ = sample_problems(backend, Paths(round=3, max=20, target=4))

    assert per_problem(samples)["p_0"] == [(0, 0), (0, 1), (0, 2), (1, 3), (1, 4), (1, 5)]
    samples, _ = sample_problems(backend, Paths(round=2, max=20, target=4))
    assert per_problem(samples)["p_0"] == [(0, 0), (0, 1), (1, 2), (1, 3), (2, 4), (2, 5)]


def test_the_same_path_again_brings_the_target_no_nearer(sample_problems):
    samples, _ = sample_problems(Scripted(lambda _request: "good"), Paths(round=2, max=4, target=2))

    assert Counter(sample.problem_id for sample in samples) == {"p_0": 4, "p_1": 4, "p_2": 4}


def test_without_a_target_the_most_is_asked_and_never_more(sample_problems):
    backend = Scripted()

    samples, _ = sample_problems(backend, Paths(round=4, max=6))

    assert Counter(sample.problem_id for sample in samples) == {"p_0": 6, "p_1": 6, "p_2": 6}
    assert {index for _, _, index in backend.asked} == set(range(6))


def test_a_most_below_one_round_is_never_passed(sample_problems):
    samples, _ = sample_problems(Scripted(), Paths(round=4, max=2))

    assert Counter(sample.problem_id for sample in samples) == {"p_0": 2, "p_1": 2, "p_2": 2}


def test_a_round_is_examined_when_it_is_complete_and_with_all_before_it(sample_problems):
    count_paths = PathCounter()

    sample_problems(Scripted(good_from("p_1", 0)), Paths(round=2, max=6, target=1), count_paths=count_paths)

    shown = sorted((problem, count) for batch in count_paths.shown for problem, count in batch.items())
    later = [(problem, count) for problem in ("p_0", "p_2") for count in (3, 4, 5)]
    assert shown == sorted([("p_0", 2), ("p_1", 2), ("p_2", 2), *later])  # after the sixth nothing is decided


def test_a_problem_goes_on_while_another_waits_for_its_answer(sample_problems):
    """The first answer to one problem comes when the last of the others was asked for."""

    def wait(teacher: Scripted, item: CompletionRequest) -> bool:
        others = sum(problem != "p_1" for problem, _, _ in teacher.asked)
        return item.problem.problem_id != "p_1" or item.sample_index > 0 or others == 2 * 4

    backend = Scripted(until=wait)

    sample_problems(backend, Paths(round=1, max=4, target=9))

    assert [problem for problem, _, _ in backend.asked][-3:] == ["p_1"] * 3


def test_fallback_hints_the_unsolved_only_and_says_so(sample_problems):
    backend = Scripted(good_from("p_1", 3))

    samples, _ = sample_problems(backend, Paths(round=2, max=4), HintPolicy(mode="fallback"))

    hinted = [sample for sample in samples if sample.hint is Hint.HINTED]
    assert per_problem(hinted) == {"p_0": [(2, 0), (2, 1)], "p_2": [(2, 0), (2, 1)]}
    assert {(problem, index) for problem, hint, index in backend.asked if hint is Hint.HINTED} == {
        ("p_0", 0),
        ("p_0", 1),
        ("p_2", 0),
        ("p_2", 1),
    }


def test_fallback_hints_problems_that_were_left_behind_in_an_earlier_round(sample_problems):
    def say(request: CompletionRequest) -> str:
        return {"p_0": "good", "p_1": "good 1"}.get(request.problem.problem_id, "bad")

    samples, _ = sample_problems(Scripted(say), Paths(round=1, max=3, target=1), HintPolicy(mode="fallback"))

    assert [sample.problem_id for sample in samples if sample.hint is Hint.HINTED] == ["p_2"]


def test_a_hinted_round_is_the_last(sample_problems):
    samples, _ = sample_problems(
        Scripted(lambda _request: "bad"), Paths(round=2, max=2, target=1), HintPolicy(mode="fallback")
    )

    assert Counter((sample.hint, sample.round) for sample in samples) == {(Hint.NONE, 0): 6, (Hint.HINTED, 1): 6}


def test_always_hints_every_sample(sample_problems):
    samples, _ = sample_problems(Scripted(), Paths(round=2, max=4), HintPolicy(mode="always"))

    assert {sample.hint for sample in samples} == {Hint.HINTED}
    assert len(samples) == 12


def test_what_the_ledger_has_is_never_asked_again(sample_problems):
    backend = Scripted()
    first, _ = sample_problems(backend, Paths(round=2))
    asked = list(backend.asked)

    again, calls = sample_problems(backend, Paths(round=2))

    assert (again, calls) == (first, Calls(new=0, ledger=6, failed=0))
    assert backend.asked == asked


def test_a_longer_round_asks_for_what_is_missing_only(sample_problems):
    backend = Scripted()
    sample_problems(backend, Paths(round=2))
    backend.asked.clear()

    samples, calls = sample_problems(backend, Paths(round=3))

    assert (len(samples), calls.new, calls.ledger) == (9, 3, 6)
    assert {index for _, _, index in backend.asked} == {2}


def test_answers_beyond_the_round_are_ignored(sample_problems):
    sample_problems(Scripted(), Paths(round=4))

    samples, calls = sample_problems(Scripted(), Paths(round=2))

    assert (len(samples), calls.new, calls.ledger) == (6, 0, 6)


def test_an_answer_that_never_comes_is_a_sample_that_says_so_and_is_asked_for_again(sample_problems):
    failing = Scripted(lambda request: None if request.sample_index == 1 else "good")

    samples, calls = sample_problems(failing, Paths(round=2))

    assert [(s.sample_index, s.reason, s.text) for s in samples] == [(0, None, "good"), (1, "request_failed", None)] * 3
    assert (calls.new, calls.ledger, calls.failed, calls.cost) == (3, 0, 3, Cost())
    whole, calls = sample_problems(Scripted(), Paths(round=2))
    assert {sample.reason for sample in whole} == {None}
    assert (calls.new, calls.ledger, calls.failed) == (3, 3, 0)
    assert [sample.sample_id for sample in whole] == [sample.sample_id for sample in samples]


def test_a_cost_that_is_unknown_stays_unknown(sample_problems):
    _, calls = sample_problems(Scripted(usage=COUNTED), Paths(round=2, max=4), price=None)
    _, uncounted = sample_problems(Scripted(), Paths(round=6), price=make_price())

    assert (calls.cost.usd, calls.cost) == (None, Cost(unknown=6))  # a response for each round of three problems
    assert (uncounted.cost, uncounted.total) == (Cost(unknown=3), Cost(unknown=9))


def test_costs_that_are_known_add_up_over_rounds(sample_problems):
    teacher, price = Scripted(usage=COUNTED), make_price("50000", "25000")
    _, calls = sample_problems(teacher, Paths(round=2, max=4), price=price)
    _, again = sample_problems(teacher, Paths(round=2, max=4), price=make_price("1", "1"))

    assert (calls.new, calls.cost.usd, calls.total.usd) == (12, 12.0, 12.0)
    assert (again.ledger, again.cost.usd, again.total.usd) == (12, 0.0, 12.0)  # what was paid, whatever it costs now


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_answers_come_changes_no_sample(sample_problems, tmp_path, seed):
    paths, hints = Paths(round=2, max=6, target=1), HintPolicy(mode="fallback")
    one, _ = sample_problems(Scripted(good_from("p_1", 1)), paths, hints)
    delays = random.Random(seed)
    shuffled = Scripted(good_from("p_1", 1), delay=lambda _item: delays.randrange(50))
    with open_ledger(tmp_path / "other.sqlite") as other:
        many, _ = sample_rounds(PROBLEMS, shuffled, other, PathCounter(), paths=paths, hints=hints)

    assert many == one
    assert len(many) == 6 + 2 + 6 + 2 * 2


def test_a_problem_that_is_unlikely_to_bring_another_path_is_given_up(sample_problems):
    """One path that every answer takes: the chance of another falls with each answer."""
    samples, _ = sample_problems(Scripted(lambda _item: "good"), Paths(round=4, max=40, target=2, give_up=0.05))

    assert Counter(sample.problem_id for sample in samples) == {"p_0": 10, "p_1": 10, "p_2": 10}
    assert estimate_chance(0, 9) >= 0.05 > estimate_chance(0, 10)


def test_a_problem_whose_paths_were_each_seen_once_is_asked_on(sample_problems):
    samples, _ = sample_problems(
        Scripted(lambda item: f"good {item.sample_index}"), Paths(round=4, max=40, target=20, give_up=0.5)
    )

    assert Counter(sample.problem_id for sample in samples) == {"p_0": 20, "p_1": 20, "p_2": 20}


def test_a_problem_that_was_given_up_without_a_path_gets_its_fallback_hint(sample_problems):
    samples, _ = sample_problems(Scripted(), Paths(round=4, max=40, give_up=0.08), HintPolicy(mode="fallback"))

    assert Counter((sample.hint, sample.round) for sample in samples) == {
        (Hint.NONE, 0): 12, (Hint.NONE, 1): 12, (Hint.HINTED, 2): 12,
    }  # fmt: skip


@given(once=st.integers(0, 9), answered=st.integers(1, 99))
def test_the_chance_of_another_path_is_a_chance_and_falls_with_answers_that_bring_none(once, answered):
    chance = estimate_chance(min(once, answered), answered)

    assert 0.0 < chance < 1.0
    assert estimate_chance(min(once, answered), answered + 1) < chance


@pytest.fixture
def failing_recipe(write_recipe, tmp_path, monkeypatch):
    """A recipe whose teacher gives every other answer only."""

    def open_backend(*_options):
        return OpenedBackend(
            Scripted(lambda request: None if request.sample_index % 2 else "It is 4. The answer is 4."),
            PaidModel(model="m", endpoint="e"),
        )

    monkeypatch.setitem(BACKENDS, "simulated", open_backend)
    teacher = {"backend": "simulated", "paths": {"round": 2}}
    return write_recipe(tmp_path, teacher=teacher)


def test_failed_requests_stop_the_build_and_leave_no_version(failing_recipe, store, build_recipe):
    with pytest.raises(Stopped, match="8 requests failed in every try; 8 answers are in the ledger") as caught:
        build_recipe(failing_recipe, store)

    assert caught.value.exit_code == 3
    assert list(store.glob("versions/*/*")) == []


def test_failed_requests_that_are_accepted_are_dropped_samples_with_their_reason(failing_recipe, store, build_recipe):
    built = build_recipe(failing_recipe, store, accept_failures=True)

    samples = built.version.read_table("samples")
    assert Counter(samples["reason"].to_list())["request_failed"] == 8
    assert set(samples.filter(samples["reason"] == "request_failed")["stage"]) == {"teacher"}
    assert (built.calls.new, built.calls.failed) == (8, 8)


def test_a_build_with_failed_requests_says_so_on_the_command_line(failing_recipe, store, run):
    ran = run("build", failing_recipe, "--store", store, "--workers", 1, "--json")

    assert ran.code == 3
    assert ran.json["error"]["kind"] == "Stopped"
    assert "--accept-failures" in ran.json["error"]["hint"]


def test_a_recipe_file_asks_for_rounds_as_it_says(write_recipe, tmp_path):
    teacher = {"backend": "simulated", "paths": {"round": 2, "max": 6, "target": 3}}

    assert load_recipe(str(write_recipe(tmp_path, teacher=teacher))).recipe.teacher.paths == Paths(**teacher["paths"])
    assert json.loads((tmp_path / "recipe.yaml").read_text())["teacher"] == teacher


def test_a_build_runs_in_a_notebook_too_where_an_event_loop_runs_already(write_recipe, tmp_path, store, build_recipe):
    teacher = {"backend": "simulated", "paths": {"round": 2, "max": 4, "target": 2}}
    recipe = write_recipe(tmp_path, teacher=teacher)

    async def run_cell():
        return build_recipe(recipe, store)

    assert asyncio.run(run_cell()).calls.new > 0
