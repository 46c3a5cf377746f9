"""Faults of rationales in a version: in its samples, its manifest, the funnel, and what the commands show."""

import json

import pytest

from cotloom.builder.inspect.sql import query

GOOD = "Ann begins with three eggs and gets four more, and 3 + 4 = 7. The answer is 7."
ANSWERS = {
    "good": GOOD,
    "early": f"The answer is 7. {GOOD}",
    "looped": "We add the numbers of eggs. " * 9 + GOOD,
    "refused": "I'm sorry, but I can't help with that.",
    "foreign": "安有三个鸡蛋，又从农场得到四个，所以三加四一共是七个。答案是7。",
}


@pytest.fixture(scope="module")
def version(tmp_path_factory, build_recipe):
    folder = tmp_path_factory.mktemp("faults")
    question = "Ann has 3 eggs and gets 4 more from the farm. How many eggs does Ann have?"
    rows = [{"q": f"{question} ({name})", "a": "7", "c": text} for name, text in ANSWERS.items()]
    (folder / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    recipe = {
        "name": "faults",
        "version": "1.0.0",
        "sources": [{"name": "s", "kind": "file", "path": "s.jsonl", "fields": {"question": "q", "answer": "a"}}],
        "teacher": {
            "backend": "recorded",
            "answers": {"path": "s.jsonl", "problem": "q", "completions": [{"column": "c", "teacher": "people"}]},
        },
    }
    (folder / "r.yaml").write_text(json.dumps(recipe))
    return build_recipe(folder / "r.yaml", folder / "store").version


def test_faults_stand_with_the_samples_and_reasons_in_the_funnel(version):
    columns = "text, reason, list_transform(faults, lambda fault: fault.kind) AS kinds"
    found = query(version, f"SELECT {columns} FROM samples").rows()  # noqa: S608 - a constant
    assert {text: (reason, kinds) for text, reason, kinds in found} == {
        ANSWERS["good"]: (None, []),
        ANSWERS["early"]: (None, ["answer_first"]),
        ANSWERS["looped"]: ("degenerate", ["degenerate"]),
        ANSWERS["refused"]: ("refused", ["refused"]),
        ANSWERS["foreign"]: ("other_language", ["other_language"]),
    }
    spans = query(version, "SELECT text, unnest(faults, recursive := true) FROM samples").rows(named=True)
    assert all(0 <= row["start"] < row["end"] <= len(row["text"]) for row in spans)
    assert {row.reason for row in version.manifest.funnel} >= {"degenerate", "refused", "other_language"}


def test_the_manifest_counts_them(version):
    counts = {item.kind: (item.samples, item.kept) for item in version.manifest.faults}
    assert counts == {"answer_first": (1, 1), "degenerate": (1, 0), "refused": (1, 0), "other_language": (1, 0)}


def test_the_commands_show_them(version, run):
    store = str(version.path.parents[2])
    assert "answer_first: 1 (1 kept)" in run("show", "faults", "--store", store).out
    sample = query(version, "SELECT sample_id FROM samples WHERE reason = 'degenerate'").item()
    assert "fault      degenerate: repeated 9 times" in run("explain", "faults", sample, "--store", store).out
    assert run("audit", "faults", "--store", store).code == 0
