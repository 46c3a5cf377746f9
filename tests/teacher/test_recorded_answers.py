"""Recorded answers: read in chunks, matched to problems bucket by bucket, known by what was recorded."""

import json
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cotloom.builder import files
from cotloom.builder.errors import InputError
from cotloom.builder.recipe import load_recipe
from cotloom.builder.store.pieces import read_bucket
from cotloom.builder.teacher import count_unmatched, match_answers, read_answers
from cotloom.schemas.frames import from_frame, to_frame
from cotloom.schemas.problem import Problem, make_problem_id
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Sample

QUESTIONS = ("What is 2 + 3?", "What is 4 + 3?", "Is it?")
PROBLEMS = [
    Problem(problem_id=make_problem_id(question), source="own", origin=f"own:{n}", question=question, answer="5")
    for n, question in enumerate(QUESTIONS[:2])
]


@pytest.fixture(scope="module")
def read(tmp_path_factory, write_recipe):
    """Read some rows of recorded answers, in chunks of so many bytes; returns what belongs to the problems."""

    def matched(rows, chunk_bytes=2**24, forgotten=(), labels=()):
        folder = tmp_path_factory.mktemp("recorded")
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        (folder / "answers.jsonl").write_text("".join(f"{line}\n" for line in lines))
        completions = [{"column": "text", "teacher": "someone", "labels": {name: name for name in labels}}]
        answers = {"path": "answers.jsonl", "problem": "q", "completions": completions}
        loaded = load_recipe(str(write_recipe(folder, teacher={"backend": "recorded", "answers": answers})))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files, "CHUNK_BYTES", chunk_bytes)
            found = read_answers(loaded, folder, None, Runtime(store=folder))
        answers, problems = read_bucket(found.pieces), to_frame(PROBLEMS, Problem)
        return SimpleNamespace(
            samples=match_answers(answers, problems, forgotten), unmatched=count_unmatched(answers, problems)
        )

    return matched


def answer(question, text, **labels):
    return {"q": QUESTIONS[question], "text": text, **labels}


def test_every_answer_to_a_problem_is_a_sample_and_the_others_are_counted(read):
    found = read([answer(0, "It is 5."), answer(0, "It is 6."), answer(1, "It is 7."), answer(2, "Yes.")])
    assert sorted(found.samples["text"]) == ["It is 5.", "It is 6.", "It is 7."]
    assert found.unmatched == 1


def test_a_list_of_answers_is_one_sample_for_each_with_its_label(read):
    rows = [{"q": QUESTIONS[0], "text": ["a", None, "b"], "ok": [True, False, False]}]
    samples = read(rows, labels=["ok"]).samples.sort("text")
    assert samples.select("text", "labels").rows() == [("a", '{"ok":true}'), ("b", '{"ok":false}')]


def test_answers_to_a_forgotten_problem_have_no_text(read):
    samples = read([answer(0, "secret"), answer(1, "It is 7.")], forgotten=[PROBLEMS[0].problem_id]).samples
    rows = {row.problem_id: (row.text, row.fate, row.reason) for row in from_frame(samples, Sample)}
    assert rows == {
        PROBLEMS[0].problem_id: (None, "dropped", "request_failed"),
        PROBLEMS[1].problem_id: ("It is 7.", "kept", None),
    }


def test_a_column_that_no_row_has_is_the_recipes_mistake(read):
    with pytest.raises(InputError, match="no row has the column text"):
        read([{"q": QUESTIONS[0], "said": "It is 5."}])


def test_a_file_without_rows_is_the_users_mistake(read):
    with pytest.raises(InputError, match="is empty"):
        read([])


ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["It is 5.", "It is 6.", "\u4e94", ""])).map(lambda row: answer(*row))
    | st.sampled_from(['{"q": ', "[]", '{"text": "x"}']),
    max_size=20,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS.filter(lambda rows: any(isinstance(row, dict) for row in rows)), st.integers(1, 400), st.randoms())
def test_samples_depend_neither_on_chunks_nor_on_the_order_of_the_file(read, rows, chunk_bytes, random):
    shuffled = random.sample(rows, len(rows))
    whole, parts = read(rows).samples, read(shuffled, chunk_bytes).samples
    columns = [name for name in whole.columns if name != "detail"]  # it names the line
    assert whole["sample_id"].n_unique() == whole.height
    assert set(map(str, whole.select(columns).rows())) == set(map(str, parts.select(columns).rows()))


def test_answers_that_are_added_at_the_end_leave_the_chunks_before_them_known(tmp_path, write_recipe, monkeypatch):
    monkeypatch.setattr(files, "CHUNK_BYTES", 300)
    rows = [answer(number % 3, f"It is {number}.") for number in range(40)]

    def read_known(count):
        (tmp_path / "answers.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows[:count]))
        completions = [{"column": "text", "teacher": "someone"}]
        answers = {"path": "answers.jsonl", "problem": "q", "completions": completions}
        loaded = load_recipe(str(write_recipe(tmp_path, teacher={"backend": "recorded", "answers": answers})))
        found = read_answers(loaded, tmp_path / "stage", None, Runtime(store=tmp_path))
        return found.rows, [chunk.known for chunk in found.chunks]

    rows_first, first = read_known(30)
    rows_then, then = read_known(40)

    assert (rows_first, rows_then) == (30, 40)
    assert not any(first)
    assert all(then[: len(first) - 1])
    assert not any(then[len(first) :])
    assert 3 < len(first) < len(then)


LINES = st.sampled_from([
    json.dumps(answer(0, "It is 5.", ok=True)),
    json.dumps(answer(0, ["It is 5.", None, "It is 6."], ok=[True, None, False])),
    json.dumps(answer(1, "It is 7.", ok=False)),
    json.dumps(answer(2, None)),
    json.dumps({"q": None, "text": "Nothing was asked.", "ok": True}),
    "{not JSON",
    "",
])  # fmt: skip


@given(first=st.lists(LINES, min_size=1, max_size=12), then=st.lists(LINES, min_size=1, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_of_which_lines_are_known_gives_what_it_gives_alone(tmp_path_factory, write_recipe, first, then):
    folder = tmp_path_factory.mktemp("lines")
    labelled = json.dumps(answer(0, "It is 4.", ok=True))
    completions = [{"column": "text", "teacher": "someone", "labels": {"ok": "ok"}}]
    answers = {"path": "answers.jsonl", "problem": "q", "completions": completions}
    loaded = load_recipe(str(write_recipe(folder, teacher={"backend": "recorded", "answers": answers})))
    aliases = folder / "aliases.arrow"
    ids = [make_problem_id(QUESTIONS[0])]
    pl.DataFrame({"question_id": 2 * ids, "alias": ["p_a", "p_b"]}).write_ipc(aliases)

    def read_lines(lines, stage):
        (folder / "answers.jsonl").write_text("".join(f"{line}\n" for line in [labelled, *lines]))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files, "CHUNK_BYTES", 200)
            found = read_answers(loaded, folder / stage, aliases, Runtime(store=folder, workers=1))
        return read_bucket(found.pieces), found.rows, found.input

    read_lines(first, "warm")
    warm, cold = read_lines(then, "warm"), read_lines(then, "cold")
    assert warm[0].equals(cold[0])
    assert warm[1:] == cold[1:]
