"""What overlaps an evaluation set is dropped before sampling or after it, and the evidence lies beside the version."""

import json
import random
from pathlib import Path

import polars as pl
import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.inspect.explanation import explain
from cotloom.builder.inspect.sql import query
from cotloom.builder.store.reading import read_evidence

BOXES = "A clerk stacks nine red boxes on a shelf. Then he moves four of them to the yard before noon. How many stay?"
BREAD = "Ann bakes 12 loaves of rye bread each morning and sells all of them at the market for $4. How much is it?"
BUS = "A bus leaves the old station with 30 passengers, and at the first stop 5 of them get off. How many stay?"
OWN = [
    ("Seven ducks swim on a pond and two fly off. How many ducks are left?", "5"),
    ("Kim reads 3 books a week. How many books is that in four weeks?", "12"),
    ("A rope of 20 metres is cut into 4 equal pieces. How long is each?", "5"),
]


def write_lines(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


@pytest.fixture
def build(tmp_path, write_recipe, build_recipe):
    """Build a recipe with recorded answers; each row is question, answer, rationale and recorded response."""

    def built(rows, tests=(BOXES, BREAD, BUS), *, name="store", more=None, workers=1, **policy):
        folder = tmp_path / name
        folder.mkdir()
        write_lines(folder / "s.jsonl", [dict(zip("qarc", row, strict=True)) for row in rows])
        write_lines(folder / "e.jsonl", [{"q": question, "a": "1"} for question in tests])
        write_lines(folder / "f.jsonl", [{"q": question, "a": "1"} for question in more or ["zero?"]])
        fields = {"question": "q", "answer": "a"}
        recipe = write_recipe(
            folder,
            sources=[
                {"name": "s", "kind": "file", "path": "s.jsonl", "fields": {**fields, "reference_rationale": "r"}},
                *(
                    {"name": n, "kind": "file", "path": f"{n}.jsonl", "fields": fields, "role": "evaluate"}
                    for n in "ef"
                ),
            ],
            decontaminate={"against": ["e", "f"] if more else ["e"], **policy},
            teacher={
                "backend": "recorded",
                "answers": {"path": "s.jsonl", "problem": "q", "completions": [{"column": "c", "teacher": "t"}]},
            },
            split={"test": 0.0},
        )
        return build_recipe(recipe, folder / "versions", workers=workers).version

    return built


def make_rows() -> list[tuple[str, str, str, str]]:
    rows = [(question, answer, "It is so.", f"The answer is {answer}.") for question, answer in OWN]
    rows[1] = (*rows[1][:3], f"This is like: {BREAD} But here 3 * 4 = 12. The answer is 12.")
    rows[2] = (
        *rows[2][:2],
        f"Compare with this one. {BUS.replace('30', '44').replace('5', '7')} So it is 5.",
        rows[2][3],
    )
    return [*rows, (BOXES.replace("nine", "17").replace("clerk", "guard"), "13", "17 - 4 = 13", "The answer is 13.")]


def test_a_changed_question_a_rationale_and_a_response_that_quotes_one_are_dropped(build):
    version = build(make_rows())

    problems = query(version, "SELECT reason, detail FROM problems WHERE source = 's' ORDER BY origin").rows()
    assert [reason for reason, _ in problems] == [None, None, "evaluation_overlap", "evaluation_overlap"]
    assert "reference rationale: masked" in problems[2][1]
    samples = query(version, "SELECT stage, reason, detail FROM samples WHERE fate = 'dropped'").rows()
    assert [row[:2] for row in samples] == [("select", "evaluation_overlap")]
    assert "13-gram shared with e e.jsonl:2" in samples[0][2]
    (certificate,) = version.manifest.contamination
    assert (certificate.overlaps, certificate.samples, certificate.masked) == (2, 1, 0.45)
    assert sum(certificate.measures.values()) == 2


def test_the_evidence_names_both_texts_the_measure_and_the_nearest_that_stayed(build):
    version = build(make_rows())

    rows = query(version, "FROM evaluation_overlaps ORDER BY dropped DESC, score DESC").to_dicts()

    dropped = [row for row in rows if row["dropped"]]
    assert {(row["part"], row["evaluation_origin"]) for row in dropped} == {
        ("question", "e e.jsonl:1"),
        ("reference_rationale", "e e.jsonl:3"),
        ("response", "e e.jsonl:2"),
    }
    assert {row["evaluation_text"] for row in dropped} == {BOXES, BREAD, BUS}
    assert all(row["text"] and row["set_digest"] == version.manifest.contamination[0].digest for row in rows)
    stayed = [row for row in rows if not row["dropped"]]
    assert {row["measure"] for row in stayed} == {"words", "masked"}
    assert {row["problem_id"] for row in stayed} <= set(
        query(version, "FROM problems WHERE fate = 'kept'")["problem_id"]
    )
    certificate = version.manifest.contamination[0]
    assert max(row["score"] for row in stayed if row["measure"] == "words") == certificate.highest_similarity
    assert max(row["score"] for row in stayed if row["measure"] == "masked") == certificate.highest_masked


def test_explain_shows_the_evaluation_question_of_a_dropped_problem(build, run):
    version = build(make_rows())
    (dropped,) = query(version, "FROM problems WHERE starts_with(question, 'A guard')")["problem_id"]

    assert {item["evaluation_text"] for item in explain(version, dropped)["overlaps"]} == {BOXES}
    shown = run("explain", version.path, dropped)
    assert "overlaps   e, e e.jsonl:1 (masked" in shown.out
    assert "nine red boxes" in shown.out
    assert "overlap    with e: 2 problems dropped, 1 samples that quote it" in run("show", version.path).out


def test_law_5_order_repetition_and_workers_change_no_evidence(build):
    rows = make_rows()
    shuffled = random.Random(3).sample([*rows, rows[0]], len(rows) + 1)
    one = build(rows, name="one")
    two = build(shuffled, (BUS, BOXES, BREAD, BUS), name="two", workers=2)

    names = ["against", "problem_id", "sample_id", "part", "evaluation_id", "measure", "score", "dropped", "text"]
    left, right = (read_evidence(version, "evaluation_overlaps").select(names).sort(names) for version in (one, two))
    assert left.equals(right)


def test_law_9_another_evaluation_set_displaces_only_what_it_overlaps(build):
    rows = make_rows()
    one = build(rows, name="one")
    two = build(rows, name="two", more=["Seven ducks swim on a pond and two fly off. How many ducks remain?"])

    def list_kept(version):
        return set(query(version, "SELECT sample_id FROM samples WHERE fate = 'kept'")["sample_id"])

    gone = list_kept(one) - list_kept(two)
    assert list_kept(two) < list_kept(one)
    ducks = query(two, "FROM problems WHERE starts_with(question, 'Seven')").row(0, named=True)
    assert (ducks["reason"], len(gone)) == ("evaluation_overlap", 1)
    assert "with f f.jsonl:1" in ducks["detail"]
    before = read_evidence(one, "evaluation_overlaps").filter("dropped").drop("origin")
    after = (
        read_evidence(two, "evaluation_overlaps").filter(pl.col("dropped") & (pl.col("against") == "e")).drop("origin")
    )
    assert before.equals(after)


def test_without_masks_only_words_and_runs_count(build):
    version = build(make_rows(), masked=None, similarity=0.95)

    reasons = query(version, "SELECT reason FROM problems WHERE source = 's' ORDER BY origin")["reason"].to_list()
    assert reasons == [None, None, None, "evaluation_overlap"]
    assert version.manifest.contamination[0].highest_masked is None


def test_law_10_damaged_evidence_is_noticed(build):
    version = build(make_rows())
    path = version.path / "evaluation_overlaps.parquet"
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.unlink()
    path.write_bytes(whole)

    with pytest.raises(InputError, match=r"evaluation_overlaps\.parquet differs from the manifest"):
        query(version, "FROM evaluation_overlaps")
