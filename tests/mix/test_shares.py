"""Caps over groups, shares between sources, repeats and hinted rows: as asked, from one bucket or from several."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.errors import InputError
from cotloom.builder.mix import MixtureRules, check_mixture
from cotloom.schemas.example import Example, make_example_id
from cotloom.schemas.formats import Caps, FormatSpec, Mixture, MixtureStage
from cotloom.schemas.problem import Split
from cotloom.schemas.reasons import Reason
from tests.mix.mixing import mix_and_count

COT = "zero_shot_cot"
SOURCES = ("math", "code", "chat")
MANY = settings(max_examples=60, deadline=None)
BUCKETS = st.sampled_from([1, 2, 7])


def row(number, source="math", prompt_tokens=None, loss_tokens=None, problem=None):
    sample = f"s_{source}_{number}"
    return Example(
        example_id=make_example_id(COT, sample, (), None),
        sample_id=sample,
        problem_id=f"p_{source}_{number if problem is None else problem}",
        source=source,
        format=COT,
        split=Split.TRAIN,
        prompt_tokens=prompt_tokens,
        loss_tokens=loss_tokens,
    )


def rows(count, source="math", lengths=None):
    tokens = [None] * count if lengths is None else lengths
    return [row(number, source, None if size is None else 3, size) for number, size in enumerate(tokens)]


def mixed(examples, *stages, buckets=1, facts=None):
    rules = MixtureRules(formats=(FormatSpec(name=COT),), mixture=Mixture(stages=stages), sources=SOURCES, seed=0)
    return mix_and_count(examples, rules, buckets, None, facts)


def count_sources(examples, stage="one"):
    return Counter(example.source for example in examples if example.mixture_stage == stage)


def tell(examples, **columns):
    """Facts of examples: a function of each one's number, by column."""
    return {
        example.example_id: {name: value(number) for name, value in columns.items()}
        for number, example in enumerate(examples)
    }


# Caps


@MANY
@given(st.lists(st.integers(0, 3), max_size=40), st.integers(1, 6), st.integers(1, 9), BUCKETS)
def test_no_task_and_no_category_has_more_rows_than_its_cap_and_no_row_is_lost_for_nothing(
    tasks, task, category, buckets
):
    examples = rows(len(tasks))
    facts = tell(examples, task=lambda number: f"t{tasks[number]}", category=lambda number: f"c{tasks[number] % 2}")
    stage = MixtureStage(name="one", take={"math": "all"}, cap=Caps(task=task, category=category))
    table, _ = mixed(examples, stage, buckets=buckets, facts=facts)
    taken = [int(example.sample_id.removeprefix("s_math_")) for example in table if example.mixture_stage]
    sizes = Counter(tasks)
    for name in (0, 1):
        within = {kind: min(size, task) for kind, size in sizes.items() if kind % 2 == name}
        assert Counter(tasks[number] % 2 for number in taken)[name] == min(sum(within.values()), category)
    assert all(count <= task for count in Counter(tasks[number] for number in taken).values())
    dropped = [example for example in table if not example.mixture_stage]
    assert len(dropped) + len(taken) == len(examples)
    assert {example.reason for example in dropped} <= {Reason.OVER_CAP}


def test_a_row_over_a_cap_says_which_one():
    examples = [row(number, problem=number // 4) for number in range(40)]
    facts = tell(examples, task=lambda number: "sums" if number < 20 else None, category=lambda _: "all")
    cap = Caps(problem=3, task=10, category=18, source=17)
    table, counts = mixed(examples, MixtureStage(name="one", take={"math": "all"}, cap=cap), facts=facts)
    details = Counter(example.detail for example in table if example.reason is Reason.OVER_CAP)
    by_problem = {detail: count for detail, count in details.items() if "of the problem" in detail}
    end = "in the mixture stage one"
    assert set(by_problem.values()) == {1}
    assert len(by_problem) == 10
    assert {detail: count for detail, count in details.items() if detail not in by_problem} == {
        f"over the cap of 10 rows of the task sums {end}": 5,
        f"over the cap of 10 rows of the task math without a task {end}": 5,
        f"over the cap of 18 rows of the category all {end}": 2,
        f"over the cap of 17 rows of the source math {end}": 1,
    }
    assert [(item.available, item.rows) for item in counts] == [(17, 17)]


def test_a_row_that_is_too_long_counts_towards_no_cap():
    examples = [row(0, problem=0, prompt_tokens=600, loss_tokens=9), row(1, problem=0, prompt_tokens=3, loss_tokens=9)]
    stage = MixtureStage(name="one", take={"math": "all"}, cap=Caps(problem=1), max_tokens=512)
    table, _ = mixed(examples, stage)
    assert {example.sample_id: (example.reason, example.detail) for example in table} == {
        "s_math_0": (Reason.TOO_LONG, "609 tokens, over the 512 of the mixture stage one"),
        "s_math_1": (None, None),
    }


# Shares between sources


@MANY
@given(st.lists(st.integers(1, 60), min_size=2, max_size=3), st.sampled_from([0.5, 1.0, 1.5, 2.0, 4.0, 1e6]), BUCKETS)
def test_a_temperature_gives_shares_within_one_row(sizes, temperature, buckets):
    examples = [one for size, source in zip(sizes, SOURCES, strict=False) for one in rows(size, source)]
    take = dict.fromkeys(SOURCES[: len(sizes)], "all")
    table, counts = mixed(examples, MixtureStage(name="one", take=take, temperature=temperature), buckets=buckets)
    weights = [Decimal(size) ** (1 / Decimal(str(temperature))) for size in sizes]
    scale = min(size / weight for size, weight in zip(sizes, weights, strict=True))
    taken = count_sources(table)
    for source, weight in zip(take, weights, strict=True):
        assert abs(taken[source] - scale * weight) < 1
    assert max(taken[source] - size for source, size in zip(take, sizes, strict=True)) == 0, "the scarcest is whole"
    assert [item.rows for item in counts] == [taken[item.source] for item in counts]
    assert sum(item.share for item in counts) == pytest.approx(1)


def test_a_temperature_of_two_takes_square_roots():
    examples = [*rows(100), *rows(400, "code"), *rows(900, "chat")]
    table, _ = mixed(examples, MixtureStage(name="one", take=dict.fromkeys(SOURCES, "all"), temperature=2.0))
    assert count_sources(table) == {"math": 100, "code": 200, "chat": 300}


@MANY
@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=40),
    st.lists(st.integers(1, 50), min_size=1, max_size=40),
    st.sampled_from([0.2, 0.5, 0.7]),
    st.sampled_from(["tokens", "loss"]),
    BUCKETS,
)
def test_weights_by_tokens_come_out_within_the_tokens_of_one_row(math, code, weight, by, buckets):
    examples = [*rows(len(math), lengths=math), *rows(len(code), "code", code)]
    weights = {"math": weight, "code": round(1 - weight, 1)}
    stage = MixtureStage(name="one", take={"math": "all", "code": "all"}, weights=weights, by=by)
    table, counts = mixed(examples, stage, buckets=buckets)
    prompt = 3 if by == "tokens" else 0
    sizes = {source: [size + prompt for size in own] for source, own in (("math", math), ("code", code))}
    scale = min(sum(own) / weights[source] for source, own in sizes.items())
    for item in counts:
        came_out = item.tokens if by == "tokens" else item.loss_tokens
        asked = scale * weights[item.source]
        assert asked - max(sizes[item.source]) <= came_out <= asked + 1e-6
        taken = [example for example in table if example.mixture_stage and example.source == item.source]
        assert item.rows == len(taken)
        assert item.tokens == sum(example.prompt_tokens + example.loss_tokens for example in taken)
        assert item.loss_tokens == sum(example.loss_tokens for example in taken)


@MANY
@given(st.integers(1, 100), st.sampled_from([1.0, 2.0, 3.0, 0.3]), st.sampled_from([1.0, 7.0, 0.1]), BUCKETS)
def test_a_total_comes_out_to_the_row(total, math, code, buckets):
    take = {"math": "2/1", "code": "5/2", "chat": "all"}
    weights = {"math": math, "code": code, "chat": 1.0}
    stage = MixtureStage(name="one", take=take, weights=weights, total=total)
    table, _ = mixed([*rows(50), *rows(40, "code"), *rows(100, "chat")], stage, buckets=buckets)
    taken = count_sources(table)
    assert taken.total() == total
    for source, weight in weights.items():
        assert abs(taken[source] - total * weight / sum(weights.values())) < 1


def test_a_total_beyond_a_source_says_by_how_much():
    stage = MixtureStage(name="one", take={"math": "all", "code": "all"}, weights={"math": 3, "code": 1}, total=400)
    with pytest.raises(InputError, match="asks for 300 rows of math, and there are 120: 180 too few") as caught:
        mixed([*rows(120), *rows(500, "code")], stage)
    assert caught.value.hint == "total: 160 is the most that its shares allow; math: 2/1 in take has each row twice"
    again = stage.model_copy(update={"take": {"math": "5/2", "code": "all"}})
    assert count_sources(mixed([*rows(120), *rows(500, "code")], again)[0]) == {"math": 300, "code": 100}


def test_more_rows_than_a_source_has_are_refused_by_how_many():
    with pytest.raises(InputError, match="takes 9 rows of math, and 7 are within its caps: 2 too few"):
        mixed(rows(7), MixtureStage(name="one", take={"math": 9}))


def test_a_weight_without_rows_is_refused():
    stage = MixtureStage(name="one", take={"math": "all", "code": "all"}, weights={"math": 1.0, "code": 1.0})
    with pytest.raises(InputError, match="code has a weight in mixture stage one, and no rows"):
        mixed(rows(7), stage)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"weights": {"math": 1.0, "code": 1.0}, "temperature": 2.0}, "weights and a temperature"),
        ({"weights": {"math": 1.0}}, "different sources: code"),
        ({"weights": {"math": 1.0, "code": 0.0}}, "not above 0"),
        ({"by": "tokens"}, "nothing to measure"),
        ({"by": "loss", "temperature": 2.0}, "needs the lengths"),
        ({"max_tokens": 512}, "max_tokens of mixture stage one needs the lengths"),
    ],
)
def test_keys_that_do_not_go_together_are_refused_before_anything_is_built(fields, message):
    stage = MixtureStage(name="one", take={"math": "all", "code": "all"}, **fields)
    with pytest.raises(InputError, match=message):
        check_mixture(Mixture(stages=(stage,)), SOURCES)


# Repeats


@MANY
@given(st.integers(0, 40), st.sampled_from(["3/2", "2/1", "7/3", "1/256", "255/256", "5/1"]), BUCKETS)
def test_a_repeated_source_has_each_row_so_often_and_ids_tell_all_rows_apart(count, share, buckets):
    table, counts = mixed(rows(count), MixtureStage(name="one", take={"math": share}), buckets=buckets)
    times = Counter(example.sample_id for example in table if example.mixture_stage)
    numerator, denominator = map(int, share.split("/"))
    assert times.total() == count * numerator // denominator
    if times:
        assert max(times.values()) - min(times.get(f"s_math_{number}", 0) for number in range(count)) <= 1
    assert len({example.example_id for example in table}) == len(table)
    told = {(example.sample_id, example.mixture_stage, example.repeat) for example in table}
    assert len(told) == len(table)
    assert counts[0].repeats == sum(most - 1 for most in times.values())
    for example in table:
        stage = example.mixture_stage
        assert example.example_id == make_example_id(COT, example.sample_id, (), stage, example.repeat)


def test_what_a_replay_takes_is_rounded_down():
    for count, expected in ((255, 0), (256, 1), (511, 1), (512, 2)):
        table, _ = mixed(rows(count), MixtureStage(name="one", take={"math": "1/256"}))
        assert count_sources(table)["math"] == expected


# Hinted rows


@MANY
@given(
    st.lists(st.booleans(), max_size=40),
    st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9]),
    st.sampled_from(["all", "1/2", "1/7", "3/2"]),
    BUCKETS,
)
def test_hinted_rows_are_never_more_than_their_share(hinted, limit, share, buckets):
    examples = rows(len(hinted))
    facts = tell(examples, is_hinted=lambda number: hinted[number])
    stage = MixtureStage(name="one", take={"math": share}, hinted=limit)
    table, counts = mixed(examples, stage, buckets=buckets, facts=facts)
    taken = [int(example.sample_id.removeprefix("s_math_")) for example in table if example.mixture_stage]
    first = sum(hinted[number] for number in taken)
    assert first <= Decimal(str(limit)) * len(taken)
    plain = len(hinted) - sum(hinted)
    most = min(sum(hinted), int(plain * Decimal(str(limit)) / (1 - Decimal(str(limit)))))
    assert counts[0].available == plain + most, "as many as the share allows"
    assert counts[0].hinted == first
    if share == "all":
        over = [example for example in table if not example.mixture_stage]
        assert len(over) == len(hinted) - plain - most
        assert {example.detail for example in over} <= {
            f"over the share of hinted rows, {limit}, in the mixture stage one"
        }


# Whatever the order, and whatever the buckets


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(2, 9))
def test_order_and_buckets_take_no_part(random, buckets):
    lengths = [5 + number % 11 for number in range(60)]
    examples = [*rows(60, lengths=lengths), *rows(25, "code", lengths[:25]), *rows(9, "chat", lengths[:9])]
    facts = tell(examples, task=lambda number: f"t{number % 5}", is_hinted=lambda number: number % 3 == 0)
    stages = (
        MixtureStage(name="one", take={"math": "all", "code": "3/2"}, cap=Caps(problem=2, task=9), hinted=0.2),
        MixtureStage(name="two", take=dict.fromkeys(SOURCES, "2/1"), temperature=3.0, by="loss", cap=Caps(source=30)),
    )
    shuffled = random.sample(examples, len(examples))
    told = mixed(shuffled, *stages, buckets=buckets, facts=facts)
    assert (set(told[0]), told[1]) == (
        set(mixed(examples, *stages, facts=facts)[0]),
        mixed(examples, *stages, facts=facts)[1],
    )
