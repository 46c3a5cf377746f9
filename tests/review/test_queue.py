"""The queue finds errors sooner than chance, and a random sample measures them."""

import random

import polars as pl
import pytest

from cotloom.builder.review.doubts import score_doubts
from cotloom.builder.review.queue import draw_random, find_chosen, list_doubtful
from cotloom.builder.review.rates import compute_kappa, count_needed, estimate_rate
from cotloom.builder.review.summary import measure_agreement, measure_errors
from cotloom.builder.store import find_version
from cotloom.schemas.ids import rank_all
from cotloom.schemas.review import Decision, Draw
from tests.passes.builds import run, write_recipe

ROWS, ERRORS, READ = 2_000, 200, 200
THINGS = "apples pears books stamps coins pens cups shells".split()
NAMES = "Ana Ben Cleo Dan Eva Finn Gus Hana".split()


def make_row(number, chance):
    """A question of two steps, its answer, and a right solution."""
    name, thing = NAMES[number % 8], THINGS[number // 8 % 8]
    bags, each, gone = chance.randint(11, 99), chance.randint(13, 47), chance.randint(101, 140)
    question = f"{name} fills {bags} bags with {each} {thing} and gives {gone} away (case {number}). How many stay?"
    total = bags * each
    lines = [f"All bags: {bags} * {each} = {total}.", f"What stays: {total} - {gone} = {total - gone}."]
    return question, total - gone, lines


def spoil(lines, kind, chance, other):
    """A wrong solution whose final answer is right, which no check of answers or of arithmetic can tell."""
    if kind == "operand":
        left, right = chance.randint(11, 99), chance.randint(13, 47)
        return [f"All bags: {left} * {right} = {left * right}.", lines[1]]
    if kind == "left_out":
        return lines[1:]
    if kind == "other_problem":
        return other
    return [lines[0], "The rest is what is left of them."]


KINDS = ("operand", "left_out", "other_problem", "no_step")


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A version of 2,000 rows of which 200 are wrong, and the texts of these."""
    folder, chance = tmp_path_factory.mktemp("planted"), random.Random(7)
    rows = [make_row(number, chance) for number in range(ROWS)]
    bad = set(chance.sample(range(ROWS), ERRORS))
    answers, wrong = [], set()
    for number, (question, gold, lines) in enumerate(rows):
        written = lines
        if number in bad:
            written = spoil(lines, KINDS[number % 4], chance, rows[number - 7][2])
        text = f"{' '.join(written)} The answer is {gold}."
        answers.append((question, text, True))
        wrong |= {text} if number in bad else set()
    problems = [(question, str(gold)) for question, gold, _ in rows]
    path = write_recipe(folder, {"a": problems}, answers, ("zero_shot_cot",), split={"test": 0.0})
    run(path, folder / "store")
    version = find_version(folder / "store", "small")
    kept = version.read_table("samples", ["text", "fate"]).filter(fate="kept")["text"]
    assert (kept.len(), sum(text in wrong for text in kept)) == (ROWS, ERRORS)
    return version, wrong


def test_the_queue_finds_three_times_as_many_errors_as_chance(planted):
    version, wrong = planted
    queue = list_doubtful(version, READ)
    found = sum(row.sample["text"] in wrong for row in queue)
    assert found >= 3 * READ * ERRORS / ROWS
    assert all(row.why for row in queue if row.sample["text"] in wrong)
    assert [row.doubt for row in queue] == sorted((row.doubt for row in queue), reverse=True)


def test_the_interval_of_a_random_sample_holds_the_truth(planted):
    version, wrong = planted
    drawn = draw_random(version, READ)
    errors = sum(row.sample["text"] in wrong for row in drawn)
    low, high = estimate_rate(errors, len(drawn))
    assert low <= ERRORS / ROWS <= high
    assert len({row.sample["sample_id"] for row in drawn}) == READ


def test_nineteen_of_twenty_intervals_hold_the_truth(planted):
    version, wrong = planted
    samples = version.read_table("samples", ["sample_id", "text"]).to_dicts()
    is_wrong = {row["sample_id"]: row["text"] in wrong for row in samples}
    held = 0
    for seed in range(200):
        lowest = sorted(zip(rank_all(f"review:{seed}", is_wrong), is_wrong, strict=True))[:READ]
        low, high = estimate_rate(sum(is_wrong[sample] for _, sample in lowest), READ)
        held += low <= ERRORS / ROWS <= high
    assert held >= 190


def test_a_larger_sample_holds_the_smaller_one(planted):
    version, _ = planted
    few, many = ([row.sample["sample_id"] for row in draw_random(version, count)] for count in (20, 50))
    assert many[:20] == few


def test_a_named_sample_is_read_and_a_missing_one_is_told(planted):
    version, _ = planted
    ids = [row.sample["sample_id"] for row in draw_random(version, 3)]
    assert [row.sample["sample_id"] for row in find_chosen(version, ids)] == ids
    with pytest.raises(Exception, match="has no sample s_0000"):
        find_chosen(version, ["s_0000"])


def test_a_right_sample_has_no_doubt_of_a_number(planted):
    version, wrong = planted
    problems, samples = version.read_table("problems"), version.read_table("samples")
    scored = score_doubts(problems, samples).join(samples.select("sample_id", "text"), on="sample_id")
    right = scored.filter(~pl.col("text").is_in(list(wrong)))
    assert right["doubt"].max() < scored.filter(pl.col("text").is_in(list(wrong)))["doubt"].median()


@pytest.mark.parametrize("errors", [0, 1, 10, 199, 200])
def test_the_interval_is_that_of_clopper_and_pearson(errors):
    low, high = estimate_rate(errors, 200)

    def at_most(most, share):
        from math import comb

        return sum(comb(200, k) * share**k * (1 - share) ** (200 - k) for k in range(most + 1))

    if errors:
        assert 1 - at_most(errors - 1, low) == pytest.approx(0.025, abs=1e-6)
    if errors < 200:
        assert at_most(errors, high) == pytest.approx(0.025, abs=1e-6)
    assert low <= errors / 200 <= high


def test_few_rows_are_needed_for_a_wide_interval():
    assert count_needed(0.02) > count_needed(0.05) > 0


def decide(row, by, action, draw=Draw.RANDOM, **more):
    return Decision(
        row=f"s_{row:024x}", problem=f"p_{row:024x}", read="0", action=action, by=by, at="", version="a@1.0.0",
        content="c", draw=draw, **more,
    )  # fmt: skip


def test_errors_are_counted_by_row_and_the_last_word_counts():
    decisions = [
        decide(1, "ada", "accept"), decide(2, "ada", "reject"), decide(2, "ada", "accept"), decide(3, "ada", "accept"),
        decide(3, "bob", "gold", answer="7"), decide(4, "ada", "unsure"), decide(5, "ada", "reject", Draw.DOUBTFUL),
    ]  # fmt: skip
    (measured,) = measure_errors(decisions)
    assert (measured.read, measured.errors, measured.unsure) == (4, 1, 1)
    (agreement,) = measure_agreement(decisions)
    assert (agreement.rows, agreement.same) == (1, 0)


def test_agreement_beyond_chance_needs_two_answers():
    assert compute_kappa([(True, True)] * 3) is None
    assert compute_kappa([(True, True), (False, False), (True, False), (False, True)]) == 0.0
    assert compute_kappa([]) is None
