"""What a version promises beyond its laws: no row twice, nothing of its evaluation sets, licences that get along."""

import json

import polars as pl
import pytest

from cotloom.builder.audit import audit
from cotloom.builder.store import Version, read_version
from tests.forged import rewrite, write_manifest

KEPT = pl.col("fate") == "kept"

TRAINED = [
    "A baker sells 12 rolls in the morning and 30 rolls in the afternoon. How many rolls does she sell that day?",
    "Omar reads 14 pages on Monday and twice as many on Tuesday. How many pages does he read on both days together?",
    "A tram carries 45 people; at the market 17 get off and 9 get on. How many people does the tram carry now?",
]
EVALUATED = [
    "Seven hikers share 4 tents and 3 stoves equally among two camps; how many tents are there in each of the camps?",
    "The lighthouse keeper climbs 96 steps twice a day for a week. How many steps does the keeper climb that week?",
]


@pytest.fixture
def find(tmp_path):
    """Audit a copy of a version with changed tables; what each check found."""

    def found(version: Version, name: str, **tables: pl.DataFrame) -> list[str]:
        rewrite(version, tmp_path / "forged", **tables)
        return [each.message for each in audit(read_version(tmp_path / "forged"), only=name)]

    return found


def repeat_example(version: Version) -> pl.DataFrame:
    """The examples, of which the second of a format says what the first says."""
    examples = version.read_table("examples")
    kept = examples.filter(KEPT, pl.col("format") == "zero_shot_cot").sort("example_id")
    first, second = kept.row(0, named=True), kept[1, "example_id"]
    here = pl.col("example_id") == second
    return examples.with_columns(
        pl.when(here).then(pl.lit(first[name], dtype=examples.schema[name])).otherwise(pl.col(name)).alias(name)
        for name in ("messages", "reasoning", "problem_id")
    )


def test_a_row_that_says_the_same_as_another_is_named(quickstart, find):
    (message,) = find(quickstart, "duplicates", examples=repeat_example(quickstart))
    assert message.startswith("1 examples say the same as another one of their format, such as e_")


def test_a_version_whose_recipe_wants_repeats_may_have_them(quickstart, tmp_path):
    version = rewrite(quickstart, tmp_path / "forged", examples=repeat_example(quickstart))
    recipe = version.manifest.recipe
    write_manifest(version, recipe={**recipe, "select": {**recipe["select"], "exact": "keep"}})
    assert audit(read_version(tmp_path / "forged"), only="duplicates") == []


def test_the_same_text_in_two_formats_is_no_duplicate(quickstart, find):
    examples = repeat_example(quickstart)
    kept = examples.filter(KEPT, pl.col("format") == "zero_shot_cot").sort("example_id")
    other = pl.when(pl.col("example_id") == kept[1, "example_id"]).then(pl.lit("zero_shot_answer"))
    assert find(quickstart, "duplicates", examples=examples.with_columns(format=other.otherwise("format"))) == []


@pytest.fixture(scope="module")
def held(tmp_path_factory, build_recipe) -> Version:
    """A version that was decontaminated against a source of its own."""
    folder = tmp_path_factory.mktemp("held")
    for name, questions in (("train", TRAINED), ("exam", EVALUATED)):
        lines = [json.dumps({"q": question, "a": "42", "c": ["The answer is 42."]}) for question in questions]
        (folder / f"{name}.jsonl").write_text("\n".join(lines))
    source = {"kind": "file", "fields": {"question": "q", "answer": "a"}, "license": "MIT"}
    recipe = {
        "name": "held",
        "version": "1.0.0",
        "license": "MIT",
        "sources": [
            {"name": "train", "path": "train.jsonl", **source},
            {"name": "exam", "path": "exam.jsonl", "role": "evaluate", **source},
        ],
        "decontaminate": {"against": ["exam"]},
        "teacher": {
            "backend": "recorded",
            "answers": {"path": "train.jsonl", "problem": "q", "completions": [{"column": "c", "teacher": "people"}]},
        },
    }
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    return build_recipe(folder / "recipe.yaml", folder / "store").version


def ask(version: Version, source: str, question: str) -> pl.DataFrame:
    """The problems, of which the first of a source asks something else."""
    problems = version.read_table("problems")
    place = problems.with_row_index().filter(pl.col("source") == source)[0, "index"]
    here = pl.int_range(pl.len()) == place
    return problems.with_columns(question=pl.when(here).then(pl.lit(question)).otherwise("question"))


def test_a_version_keeps_what_it_promises(held):
    assert audit(held) == []


@pytest.mark.parametrize(
    "question",
    [
        EVALUATED[1],
        EVALUATED[1].upper().replace("?", " ?"),
        EVALUATED[1].replace("lighthouse", "light house").replace("climb that week", "go up that week"),
        EVALUATED[1].replace("96", "75").replace("a week", "a month").replace("that week", "that month"),
    ],
    ids=["same", "another writing", "nearly the same words", "other numbers"],
)
def test_a_kept_question_of_the_versions_own_evaluation_set_is_named(held, find, question):
    (message,) = find(held, "overlap", problems=ask(held, "train", question))
    assert message.startswith("1 problems are kept, and overlap an evaluation set of the recipe, such as p_")


def test_an_evaluation_question_that_nobody_trains_on_may_be_anything(held, find):
    assert find(held, "overlap", problems=ask(held, "exam", "What is 2 + 2, and why is it not five on a Monday?")) == []


@pytest.mark.parametrize(
    ("own", "licenses", "message"),
    [
        (
            "MIT",
            {"train": "CC-BY-NC-4.0", "exam": "MIT"},
            "the licence CC-BY-NC-4.0, which forbids",
        ),
        (None, {"train": "CC-BY-SA-4.0", "exam": "CC-BY-NC-4.0"}, "no licence of a source is compatible with all"),
        ("CC-BY-4.0", {"train": "CC-BY-ND-4.0", "exam": None}, "forbids derived works"),
        ("MIT", {"train": "MIT", "exam": None}, None),
        (None, {"train": None, "exam": None}, None),
    ],
)
def test_licences_that_forbid_each_other_are_named_and_unknown_ones_are_not(held, tmp_path, own, licenses, message):
    version = rewrite(held, tmp_path / "forged")
    write_manifest(version, licenses=licenses, recipe={**version.manifest.recipe, "license": own})
    found = [each.message for each in audit(read_version(tmp_path / "forged"), only="licences")]
    assert [message in each for each in found] == ([True] if message else [])


def test_publishing_under_a_licence_that_suits_the_sources_is_not_held_up_by_the_recipes(held, tmp_path, run):
    version = rewrite(held, tmp_path / "forged")
    write_manifest(version, licenses={"train": "CC-BY-NC-4.0", "exam": "MIT"})
    words = ["publish", tmp_path / "forged", "--repo", "someone/held", "--dry-run", "--json"]
    assert any(check["check"] == "licences" and not check["passed"] for check in run(*words).json["checks"])
    assert all(check["passed"] for check in run(*words, "--license", "cc-by-nc-4.0").json["checks"])


def test_what_comes_near_a_new_set_and_stays_is_named_and_is_no_finding(held, tmp_path, run):
    path = tmp_path / "exam.jsonl"
    near = "A tram carries 45 people; at the harbour 17 leave and 9 more come in. How many does the bus hold at night?"
    path.write_text(json.dumps({"question": near, "answer": "37"}))

    ran = run("audit", held.path, "--against", path, "--json")

    assert (ran.code, ran.json["findings"], ran.json["overlaps"]) == (0, [], [])
    nearest = max(ran.json["near_misses"], key=lambda row: row["score"])
    assert TRAINED[2] == nearest["text"]
    text = run("audit", held.path, "--against", path).out
    assert f"near miss    {nearest['problem_id']}" in text
    assert text.splitlines()[-1] == "held@1.0.0: no findings against exam.jsonl (1 questions)."
