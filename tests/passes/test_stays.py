"""Law 9, what stays, stays: an id depends on its own row, and a row on its problem, its quota and its ring alone."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cotloom.builder import format as formats
from cotloom.builder import verify
from cotloom.builder.store import pieces
from tests.passes.builds import FORMATS, answer, ask, run, write_recipe

SLOW = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TABLES = {"problems": "problem_id", "samples": "sample_id", "examples": "example_id"}

ANSWERS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.sampled_from([0, 0, 1])), min_size=6, max_size=30)
BROKEN = ('{"q": ', "[1, 2]", '{"said": "x"}')


def read(built):
    return {name: built.version.read_table(name).sort(key) for name, key in TABLES.items()}


def build_with(folder, sources, answers, formats=FORMATS, **keys):
    return read(run(write_recipe(folder, sources, answers, formats, **keys), folder / "store"))


def identify(table: pl.DataFrame) -> dict:
    """The id of each sample by what it should be made from: its content, and the number of its like before it."""
    rows = table.select("problem_id", "teacher", "text", "labels", "sample_index", "sample_id").iter_rows()
    return {tuple(content): name for *content, name in rows}


@SLOW
@given(ANSWERS, ANSWERS, st.sampled_from(BROKEN), st.data())
def test_another_answer_problem_source_or_format_changes_no_other_id_and_no_other_row(
    tmp_path_factory, some, more, broken, data
):
    folder = tmp_path_factory.mktemp("stays")
    few, others = [ask(number) for number in range(10)], [ask(number) for number in range(20, 26)]
    before = [answer(*each) for each in some]
    added = [answer(*each) for each in more]
    mixed = data.draw(st.permutations([*before, *added, broken]))
    base = build_with(folder / "base", {"a": few}, [*before, broken])
    more_sources = {"z": others, "a": data.draw(st.permutations([*few, ask(90)]))}
    changed = build_with(folder / "more", more_sources, [*mixed, answer(21), answer(90)], [*FORMATS, "cot_collection"])

    kept = identify(base["samples"])
    found = identify(changed["samples"])
    assert {key: found.get(key) for key in kept} == kept

    touched = {ask(number)[0] for number, *_ in more}
    same = base["problems"].filter(~pl.col("question").is_in(list(touched)))["problem_id"]
    ours = pl.col("problem_id").is_in(same.implode())
    assert_frame_equal(base["samples"].filter(ours), changed["samples"].filter(ours))
    plain = ours & ~pl.col("format").str.contains("in_context") & pl.col("format").is_in(FORMATS)
    assert_frame_equal(base["examples"].filter(plain), changed["examples"].filter(plain))
    columns = ["problem_id", "question", "answer", "split", "fate"]
    assert_frame_equal(
        base["problems"].select(columns),
        changed["problems"].select(columns).join(base["problems"].select("problem_id"), on="problem_id", how="semi"),
    )


@SLOW
@given(ANSWERS, st.sampled_from([30, 60]), st.sampled_from([None, "1/2", 7]))
def test_rows_do_not_depend_on_the_number_of_buckets(tmp_path_factory, some, bucket_rows, share):
    folder = tmp_path_factory.mktemp("buckets")
    problems = [ask(number) for number in range(40)]
    answers = [answer(*each) for each in some]
    answers += [answer(number, wording) for number in range(40) for wording in range(2)]
    stage = {"name": "one", "take": {"a": share}, "cap": {"problem": 2}}
    keys = {} if share is None else {"mixture": {"stages": [stage]}}
    path = write_recipe(folder, {"a": problems}, answers, **keys)
    one = run(path, folder / "one")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "BUCKET_ROWS", bucket_rows)
        many = run(path, folder / "many")

    assert one.version.manifest.bucket_bits == 0 < many.version.manifest.bucket_bits
    for name, table in read(one).items():
        assert_frame_equal(read(many)[name], table)
    same = ("fingerprint", "counts", "funnel", "splits", "paths_per_problem", "teachers")
    assert [getattr(one.version.manifest, key) for key in same] == [getattr(many.version.manifest, key) for key in same]


@SLOW
@given(ANSWERS, ANSWERS)
def test_a_store_that_knows_other_builds_gives_the_same_version(tmp_path_factory, some, more):
    folder = tmp_path_factory.mktemp("warm")
    problems = {"a": [ask(number) for number in range(10)]}
    first = write_recipe(folder / "first", problems, [answer(*each) for each in some])
    second = write_recipe(folder / "second", problems, [answer(*each) for each in (*some, *more)], version="2.0.0")
    run(first, folder / "warm")
    warm, cold = run(second, folder / "warm"), run(second, folder / "cold")

    assert warm.version.manifest == cold.version.manifest


def test_two_answers_of_one_text_with_other_labels_keep_their_ids(tmp_path):
    question, gold = ask(1)
    right, wrong = (question, "It is 6.", True), (question, "It is 6.", False)
    path = {"a": [(question, gold), ask(2)]}
    few = build_with(tmp_path / "few", path, [right, wrong])["samples"]
    many = build_with(tmp_path / "many", path, [wrong, right, wrong, right, answer(2)])["samples"]

    kept = dict(few.select("sample_id", "labels").iter_rows())
    assert {name: labels for name, labels in many.select("sample_id", "labels").iter_rows() if name in kept} == kept
    assert many["sample_id"].n_unique() == 5


def test_rows_that_can_not_be_read_are_known_by_what_they_hold(tmp_path):
    problems = {"a": [ask(1), ask(2)]}
    few = build_with(tmp_path / "few", problems, [answer(1), *BROKEN])["samples"]
    many = build_with(tmp_path / "many", problems, [BROKEN[1], answer(2), *BROKEN, answer(1)])["samples"]

    assert few.filter(pl.col("reason") == "malformed").height == len(BROKEN)
    assert set(few["sample_id"]) <= set(many["sample_id"])
    assert many["sample_id"].n_unique() == many.height


def test_broken_problems_are_known_by_what_they_hold(tmp_path):
    def build_problems(folder: Path, lines: list[str]):
        path = write_recipe(folder, {"a": [ask(1)]}, [answer(1)])
        with (folder / "a.jsonl").open("a") as file:
            file.write("\n".join(lines))
        return read(run(path, folder / "store"))["problems"]

    few = build_problems(tmp_path / "few", list(BROKEN))
    many = build_problems(tmp_path / "many", [BROKEN[2], "", *BROKEN])
    assert set(few["problem_id"]) == set(many["problem_id"])
    assert few.filter(pl.col("fate") == "dropped").height == len(BROKEN)


def test_a_new_problem_and_a_new_answer_touch_no_other_problem(tmp_path, monkeypatch):
    judged, rendered = [], []
    real_judge, real_render = verify.judge, formats.render_texts

    def judge(problem, text, **rest):
        judged.append(problem.question)
        return real_judge(problem, text, **rest)

    def render(rows, names, seed):
        rendered.extend(rows["question"])
        return real_render(rows, names, seed)

    monkeypatch.setattr(verify, "judge", judge)
    monkeypatch.setattr(formats, "render_texts", render)
    answers = [answer(number, wording) for number in range(80) for wording in range(3)]
    questions = [ask(number) for number in range(80)]
    run(write_recipe(tmp_path, {"a": questions[:-1]}, answers[:-3]), tmp_path / "store")
    judged.clear()
    rendered.clear()

    slip = answer(5, slip=1)
    more = run(write_recipe(tmp_path, {"a": questions}, [*answers, slip]), tmp_path / "store", "version=1.1.0")

    assert set(judged) == {questions[-1][0], questions[5][0]}
    assert set(rendered) == {questions[-1][0], questions[5][0]}
    cold = run(write_recipe(tmp_path, {"a": questions}, [*answers, slip]), tmp_path / "cold", "version=1.1.0")
    assert more.version.manifest.content_digest == cold.version.manifest.content_digest
