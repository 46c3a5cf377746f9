"""However the rows are cut, the passes give what one look at all rows gives."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cotloom.builder import files
from cotloom.builder.errors import InputError
from cotloom.builder.files import read_rows
from cotloom.builder.languages import detect_language
from cotloom.builder.recipe import LoadedRecipe
from cotloom.builder.sources import Problems, chunks, load_problems
from cotloom.builder.sources.clusters import INPUT_COLUMNS, assign_sides
from cotloom.builder.sources.columns import TableReading, read_problems
from cotloom.builder.sources.split import drop_problem
from cotloom.builder.store import pieces
from cotloom.builder.text.content import find_most_contained, find_rare_run, index_content, list_stems
from cotloom.builder.text.normalizing import normalize
from cotloom.builder.text.overlap import find_nearest, find_shared_run, index_texts, split_words
from cotloom.builder.text.variations import read_template
from cotloom.builder.verify import IS_READABLE, is_readable
from cotloom.schemas.frames import to_frame
from cotloom.schemas.ids import rank
from cotloom.schemas.problem import Problem, Split
from cotloom.schemas.reasons import Fate, Reason
from tests.sources.test_load import FIELDS, recipe
from tests.text.test_overlap import texts

anew = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])

SOURCES: dict[str, dict[str, Any]] = {
    "s": {},
    "e": {"role": "evaluate"},
    "r": {"role": "reference", "fields": {"question": "q", "responses": ["r"]}},
    "f": {"role": "evaluate"},
    "z": {"fields": {**FIELDS, "group": "g"}},
}
rows = st.fixed_dictionaries(
    {
        "q": texts | st.sampled_from(["What is one?", "what is one?", "What is 2 + 2?", "What is 3 + 2?"]),
        "a": st.sampled_from(["1", "2", "a pair", None]),
        "r": st.lists(st.sampled_from(["one", "two"]), max_size=2),
        "g": st.sampled_from(["g1", "g2", None]),
    }
)
ONE = {"q": "zero zero zero", "a": "0", "r": ["0"], "g": None}
ALONE = {"q": "a question that no set has, at all", "a": "1"}
tables = st.fixed_dictionaries({name: st.lists(rows, max_size=12) for name in SOURCES})


def join_text(problem: Problem) -> str:
    return " ".join([problem.question or "", *problem.choices])


def load_at_once(loaded: LoadedRecipe) -> tuple[pl.DataFrame, list[tuple[int, int, float]]]:
    """Load the problems of file sources, all in memory and rule by rule: the table, and the certificates."""
    given = loaded.recipe
    roles = {source.name: source.role for source in given.sources}
    problems = [
        problem
        for source in given.sources
        for problem in read_problems(source, read_rows(loaded.resolve(source.path)), TableReading())
    ]
    problems = [add_language(problem) for problem in problems]
    problems = merge_questions([check_gold(problem) for problem in problems], roles)
    problems, certificates = drop_overlaps(problems, given.decontaminate, roles)
    problems = list(split_problems(problems, given, roles))
    return to_frame(problems, Problem), certificates


def merge_questions(problems, roles):
    """Keep one row of each question, of the earlier source first, and drop the others."""
    order, merged = list(roles), list(problems)

    def list_content(place):
        problem, parts = problems[place], ("answer", "reference_rationale", "metadata")
        texts = [getattr(problem, name) for name in parts]
        return order.index(problem.source), *((text is None, text or "") for text in texts), place

    questions = defaultdict(list)
    for place, problem in enumerate(problems):
        is_evaluated = roles[problem.source] == "evaluate"
        forms = tuple(map(normalize, (problem.question or "", *problem.choices)))
        if problem.fate is Fate.KEPT:
            questions[is_evaluated, problem.problem_id if is_evaluated or not forms[0] else forms].append(place)
    for places in questions.values():
        earliest = {}
        for place in sorted(places, key=list_content):
            earliest.setdefault(problems[place].problem_id, order.index(problems[place].source))
        name = min(earliest, key=lambda each: (earliest[each], each))
        first, *others = sorted(places, key=lambda at: (problems[at].problem_id != name, list_content(at)))
        others.sort(key=lambda at: (problems[at].problem_id != name, problems[at].problem_id, list_content(at)))
        own = [problems[at] for at in others if problems[at].source == problems[first].source]
        added = [text for problem in own for text in problem.responses]
        merged[first] = replace(problems[first], responses=(*problems[first].responses, *added))
        for each in others:
            merged[each] = repeat_question(problems[each], problems[first])
    return merged


def repeat_question(problem, kept):
    is_equal = problem.problem_id == kept.problem_id
    differs = None not in {problem.answer, kept.answer} and problem.answer != kept.answer
    detail = f"{problem.origin} repeats the question of {kept.origin}{'' if is_equal else ' in another writing'}"
    detail += f", with a different answer: {problem.answer}, not {kept.answer}" if differs else ""
    where = "its responses were added there" if problem.source == kept.source else "its responses are not used"
    detail += f"; {where}" if problem.responses else ""
    return replace(
        drop_problem(problem, Reason.DUPLICATE_PROBLEM, detail), duplicate_of=kept.problem_id,
        duplicate_by="exact" if is_equal else "normalized", kept_answer=kept.answer if differs else None,
    )  # fmt: skip


def add_language(problem: Problem) -> Problem:
    text = " ".join([problem.question or "", *problem.choices])
    return problem if problem.question is None else replace(problem, language=detect_language(text))


def check_gold(problem: Problem) -> Problem:
    if problem.fate is Fate.DROPPED or problem.answer is None or is_readable(problem.answer, problem.answer_type):
        return problem
    detail = f"{problem.origin}: {problem.answer!r} can't be read as a {problem.answer_type}"
    return drop_problem(problem, Reason.GOLD_UNREADABLE, detail)


def drop_overlaps(problems, policy, roles):
    """Compare each problem with each evaluation set."""
    evaluated = {item.problem_id: item for item in problems if roles[item.source] == "evaluate"}
    held, counts = [], []
    for name in policy.against if policy else ():
        mine = [item for item in problems if item.source == name and item.question is not None]
        ordered = sorted(mine, key=lambda item: (item.problem_id, item.origin), reverse=True)
        held.append(sorted({item.problem_id: item for item in ordered}.values(), key=lambda item: item.problem_id))
        counts.append([len(mine), 0, 0.0])
    indexes = [index_texts([join_text(item) for item in mine], policy.ngram) for mine in held]
    contents = [index_content([join_text(item) for item in mine], policy.ngram) for mine in held]
    checked = []
    for problem in problems:
        if problem.fate is Fate.DROPPED or roles[problem.source] == "evaluate":
            checked.append(problem)
            continue
        faults, highest = [], []
        for mine, index, content, count in zip(held, indexes, contents, counts, strict=True):
            match = find_nearest(index, split_words(join_text(problem)))
            highest.append(match[1] if match else 0.0)
            fault = describe_overlap(problem, mine, index, content, policy)
            faults += [fault] if fault else []
            count[1] += fault is not None
        same = evaluated.get(problem.problem_id)
        if same is not None and not faults:
            faults = [f"same question as {same.source} {same.origin}"]
        elif not faults:
            for count, value in zip(counts, highest, strict=True):
                count[2] = max(count[2], value)
        detail = f"{problem.origin}: {'; also '.join(faults)}"
        checked.append(drop_problem(problem, Reason.EVALUATION_OVERLAP, detail) if faults else problem)
    return checked, [(size, overlaps, round(highest, 6)) for size, overlaps, highest in counts]


def describe_overlap(problem, mine, index, content, policy):
    """Say how a problem overlaps an evaluation set, by the strictest measure."""
    words, stems = split_words(join_text(problem)), list_stems(join_text(problem))
    names = [f"{item.source} {item.origin}" for item in mine]
    ids = [item.problem_id for item in mine]
    if problem.problem_id in ids:
        return f"same question as {names[ids.index(problem.problem_id)]}"
    if run := find_shared_run(index, words):
        return f"{policy.ngram}-gram shared with {names[run[0]]}: {run[1][:60]!r}"
    match = find_nearest(index, words)
    if match and match[1] >= policy.similarity:
        return f"word similarity {match[1]:.0%} to {names[match[0]]}"
    if masked_run := find_rare_run(content, stems):
        return f"masked {policy.ngram}-gram shared with {names[masked_run[0]]}: {masked_run[1][:60]!r}"
    masked = find_most_contained(content, stems)
    if masked and masked[1] >= policy.masked:
        return f"masked similarity {masked[1]:.0%} to {names[masked[0]]}"
    return None


def split_problems(problems, given, roles) -> Iterator[Problem]:
    taken = set()
    for role in ("sample", "reference"):
        kept = [item.problem_id for item in problems if item.fate is Fate.KEPT and roles[item.source] == role]
        taken.update(sorted(kept, key=lambda item: rank(f"limit:{given.seed}", item))[: given.limit])
    problems = [add_group(problem) for problem in problems]
    is_put = {
        problem.problem_id: problem
        for problem in problems
        if problem.fate is Fate.KEPT and roles[problem.source] != "evaluate" and problem.problem_id in taken
    }
    found = assign_sides(make_rows(is_put.values()), given.split, given.seed, None)
    sides = {problem: (cluster, split) for problem, cluster, split, _ in found.rows.iter_rows()}
    for problem in problems:
        if problem.fate is Fate.DROPPED or roles[problem.source] == "evaluate":
            yield problem
        elif problem.problem_id not in taken:
            yield drop_problem(problem, Reason.OVER_CAP, f"beyond the recipe's limit of {given.limit} problems")
        else:
            cluster, split = sides[problem.problem_id]
            yield replace(problem, cluster=cluster, split=Split(split))


def add_group(problem: Problem) -> Problem:
    if problem.question is None:
        return problem
    return replace(problem, group=problem.group or read_template(problem.question, problem.choices).key)


def make_rows(problems) -> pl.DataFrame:
    """Make the rows from which clusters are made."""
    made = [(item, read_template(item.question, item.choices)) for item in problems]
    values = [(item.problem_id, item.source, item.group, found.key, found.words) for item, found in made]
    schema = [*((name, pl.String) for name in INPUT_COLUMNS[:-1]), (INPUT_COLUMNS[-1], pl.List(pl.UInt32))]
    return pl.DataFrame(values, schema=schema, orient="row")


def write_sources(folder: Path, given: dict[str, list[Any]]) -> None:
    for name, table in given.items():
        lines = [json.dumps(row) for row in [ONE, *table]]
        (folder / f"{name}.jsonl").write_text("\n".join([*lines[:1], "{broken", "", *lines[1:]]))


@anew
@given(
    given=tables,
    bucket_rows=st.sampled_from([1, 4, 16_384]),
    chunk_bytes=st.sampled_from([1, 200, 2**24]),
    piece_rows=st.sampled_from([1, 5, 2**14]),
    keys=st.fixed_dictionaries(
        {
            "limit": st.sampled_from([None, 1, 3, 8]),
            "split": st.sampled_from([{"test": 0.0}, {"test": 0.4}]),
            "decontaminate": st.sampled_from([None, {"against": ["f", "e"], "ngram": 4, "similarity": 0.7}]),
            "seed": st.integers(0, 5),
        }
    ),
)
def test_the_passes_give_what_one_look_at_all_rows_gives(tmp_path, given, bucket_rows, chunk_bytes, piece_rows, keys):
    write_sources(tmp_path, {**given, "s": [*given["s"], ALONE]})
    loaded = recipe(tmp_path, SOURCES, **keys)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "BUCKET_ROWS", bucket_rows)
        patch.setattr(files, "CHUNK_BYTES", chunk_bytes)
        patch.setattr(chunks, "PIECE_ROWS", piece_rows)
        found = load_problems(loaded, IS_READABLE)

    expected, certificates = load_at_once(loaded)
    assert found.frame.to_dicts() == expected.to_dicts()
    assert found.frame.schema == expected.schema
    assert [(each.problems, each.overlaps, each.highest_similarity) for each in found.contamination] == certificates
    training = (pl.col("fate") == "kept") & ~pl.col("source").is_in(["e", "f"])
    assert (found.rows, found.kept) == (expected.height, expected.filter(training).height)
    assert [item.rows for item in found.inputs] == [expected.filter(source=name).height for name in SOURCES]


@pytest.fixture
def many(tmp_path) -> LoadedRecipe:
    lines = [json.dumps({"q": f"What is {number} of all?", "a": str(number)}) for number in range(300)]
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    return recipe(tmp_path, {"s": {}}, split={"test": 0.2}, limit=200)


def read_pieces(problems: Problems) -> pl.DataFrame:
    return pieces.read_bucket(problems.pieces, 0, 0)


def test_each_piece_is_a_bucket_and_the_order_can_be_found_again(many, monkeypatch):
    monkeypatch.setattr(pieces, "BUCKET_ROWS", 40)

    problems = load_problems(many, IS_READABLE)

    assert (len(problems.pieces), problems.bits) == (8, 3)
    table = read_pieces(problems)
    assert set(table.columns) == {*problems.frame.columns, "source_index", "position", "cell"}
    assert table.sort("source_index", "position").select(problems.frame.columns).equals(problems.frame)
    for bucket, path in enumerate(problems.pieces):
        assert {cell >> 13 for cell in pieces.read_bucket([path], 0, 0)["cell"]} == {bucket}


def test_a_folder_holds_the_pieces_of_each_run_and_nothing_else(many, tmp_path):
    one = load_problems(many, IS_READABLE, folder=tmp_path / "work")
    two = load_problems(many, IS_READABLE, folder=tmp_path / "work")

    assert one.pieces != two.pieces
    assert read_pieces(one).equals(read_pieces(two))
    assert sorted(path for path in (tmp_path / "work").rglob("*.arrow")) == sorted([*one.pieces, *two.pieces])


def test_a_load_that_fails_leaves_no_pieces(tmp_path):
    (tmp_path / "s.jsonl").write_text('{"q": "one?", "a": "a pair"}\n')

    with pytest.raises(InputError, match="all 1 problems were dropped"):
        load_problems(recipe(tmp_path, {"s": {}}), IS_READABLE, folder=tmp_path / "work")

    assert list((tmp_path / "work").iterdir()) == []


def test_a_column_that_is_in_one_chunk_only_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "CHUNK_BYTES", 1)
    (tmp_path / "s.jsonl").write_text('[]\n{"q": "one?"}\n{"q": "two?", "a": "2"}\n')

    frame = load_problems(recipe(tmp_path, {"s": {}}), IS_READABLE).frame

    assert frame["reason"].to_list() == ["malformed", "malformed", None]


def test_a_column_that_no_chunk_has_is_told_with_the_columns_of_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "CHUNK_BYTES", 1)
    (tmp_path / "s.jsonl").write_text('[]\n{"question": "one?"}\n{"b": "2"}\n')

    with pytest.raises(InputError, match=r"s\.jsonl: no row has the column q") as caught:
        load_problems(recipe(tmp_path, {"s": {}}), IS_READABLE)

    assert caught.value.hint == "the columns are: question"
