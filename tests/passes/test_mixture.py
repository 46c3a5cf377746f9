"""A mixture through a whole build: what was asked for and what came out, in the manifest, in `show` and in the rows."""

import json
import shutil

import polars as pl
import pytest

from cotloom.builder.audit import audit
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.store import read_version
from cotloom.schemas.manifest import digest_manifest
from cotloom.schemas.runtime import Runtime
from tests.passes.builds import ask
from tests.passes.test_tokens import make_tokenizer

STAGES = [
    {"name": "capped", "take": {"a": "all", "b": "3/2"}, "cap": {"task": 8}, "max_tokens": 60},
    {"name": "weighed", "take": {"a": "all", "b": "2/1"}, "weights": {"a": 3, "b": 1}, "by": "loss"},
]
KEPT = pl.col("fate") == "kept"


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """A recipe of two sources with recorded answers of several lengths and with tasks."""
    folder = tmp_path_factory.mktemp("mixed")
    make_tokenizer(folder / "words")
    recorded, sources = [], []
    for source, numbers in {"a": range(24), "b": range(24, 34)}.items():
        rows = [ask(number) for number in numbers]
        lines = [{"q": q, "a": a, "task": f"t{place % 2}"} for place, (q, a) in enumerate(rows)]
        (folder / f"{source}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        words = [" ".join(f"word{number}" for number in range(3 * place)) for place in range(len(rows))]
        texts = [f"{own} The answer is {a}." for own, (_, a) in zip(words, rows, strict=True)]
        recorded += [{"q": q, "said": [text]} for (q, _), text in zip(rows, texts, strict=True)]
        fields = {"question": "q", "answer": "a", "task": "task"}
        sources.append({"name": source, "kind": "file", "path": f"{source}.jsonl", "fields": fields})
    (folder / "answers.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in recorded))
    answers = {"path": "answers.jsonl", "problem": "q", "completions": [{"column": "said", "teacher": "t"}]}
    path = folder / "recipe.yaml"
    path.write_text(json.dumps({
        "name": "mixed", "version": "1.0.0", "sources": sources, "split": {"test": 0.0}, "tokenizer": "words",
        "teacher": {"backend": "recorded", "answers": answers},
        "select": {"near_duplicate": None, "signature": "none"},
        "mixture": {"stages": STAGES},
    }))  # fmt: skip
    return path


@pytest.fixture(scope="module")
def built(recipe):
    """The version, and the store that it lies in."""
    store = recipe.parent / "store"
    return build(load_recipe(str(recipe), []), Runtime(store=store, workers=1)).version, store


def test_manifest_and_show_say_what_was_asked_for_and_what_came_out(built, run):
    version, store = built
    rows = version.read_table("examples").filter(KEPT & pl.col("mixture_stage").is_not_null())
    for item in version.manifest.mixture:
        own = rows.filter((pl.col("mixture_stage") == item.stage) & (pl.col("source") == item.source))
        assert item.rows == own.height > 0
        assert item.repeats == own.filter(pl.col("repeat") > 0).height
        assert item.tokens == own["prompt_tokens"].sum() + own["loss_tokens"].sum()
        assert item.loss_tokens == own["loss_tokens"].sum()
    asked = {(item.stage, item.source): (item.take, item.share, item.by) for item in version.manifest.mixture}
    assert asked == {
        ("capped", "a"): ("all", None, "rows"),
        ("capped", "b"): ("3/2", None, "rows"),
        ("weighed", "a"): ("all", 0.75, "loss"),
        ("weighed", "b"): ("2/1", 0.25, "loss"),
    }
    shown = " ".join(run("show", "mixed", "--store", store).out.split())
    assert "weighed: all of 24 rows of a, 75.00% of the stage by loss: " in shown


def test_tokens_of_rows_are_those_of_their_messages(built):
    rows = built[0].read_table("examples")
    for row in rows.iter_rows(named=True):
        *prompt, last = (len(message["content"].split()) for message in row["messages"])
        assert (row["prompt_tokens"], row["loss_tokens"]) == (sum(prompt), last)


def test_loss_tokens_come_out_as_asked_within_one_row(built):
    version, _ = built
    a, b = (item for item in version.manifest.mixture if item.stage == "weighed")
    longest = version.read_table("examples")["loss_tokens"].max()
    assert abs(a.loss_tokens - 3 * b.loss_tokens) <= 3 * longest


def test_a_long_row_is_dropped_from_its_stage_and_never_cut(built):
    version, _ = built
    rows = version.read_table("examples")
    long = rows.filter(pl.col("prompt_tokens") + pl.col("loss_tokens") > 60)
    assert long.height > 0
    assert "capped" not in long["mixture_stage"].to_list()
    tasks = version.read_table("problems").select("problem_id", "task")
    capped = rows.filter(pl.col("mixture_stage") == "capped", pl.col("repeat") == 0).join(tasks, on="problem_id")
    assert sorted(capped.group_by("task").len()["len"]) == [8, 8]


def test_show_has_the_lengths_of_rows_and_how_full_packed_sequences_are(built, run):
    version, store = built
    rows = version.read_table("examples").filter(KEPT)
    for item in version.manifest.lengths:
        own = rows.filter(pl.col("mixture_stage") == item.stage)
        tokens = own["prompt_tokens"] + own["loss_tokens"]
        assert (item.rows, item.tokens, item.longest) == (own.height, tokens.sum(), tokens.max())
    capped, weighed = version.manifest.lengths
    assert (capped.length, weighed.length) == (60, 128)
    shown = " ".join(run("show", "mixed", "--store", store).out.split())
    assert f"Tokens of the rows of capped (mean {capped.tokens / capped.rows:,.0f}" in shown
    assert f"packed into {weighed.sequences:,} sequences of 128 tokens" in shown


def test_show_packs_rows_into_sequences_of_the_trainers_length(built, run):
    _, store = built
    known = json.loads(run("show", "mixed", "--store", store, "--length", 64, "--json").out)["lengths"]
    assert [item["length"] for item in known] == [64, 64]
    assert known[0]["packed_rows"] == known[0]["rows"]
    assert known[1]["packed_rows"] < known[1]["rows"]
    shown = " ".join(run("show", "mixed", "--store", store, "--length", 64).out.split())
    assert f"{known[1]['rows'] - known[1]['packed_rows']:,} rows are longer" in shown


def test_lengths_without_a_tokenizer_are_unknown_and_show_says_what_to_do(recipe, tmp_path, run):
    plain = json.dumps([{"name": "s", "take": {"a": "all", "b": "all"}}])
    changes = [f"mixture.stages={plain}", "tokenizer=null"]
    version = build(load_recipe(str(recipe), changes), Runtime(store=tmp_path, workers=1)).version
    assert version.manifest.lengths == ()
    ran = run("show", "mixed", "--store", tmp_path, "--length", 64)
    assert ran.code == 2
    assert "tokenizer" in ran.err


def test_the_audit_finds_nothing(built):
    assert audit(built[0]) == []


@pytest.mark.parametrize(
    ("key", "what", "says"),
    [
        ("mixture", "rows", "rows of a in the stage capped"),
        ("mixture", "tokens", "tokens of a in the stage capped"),
        ("mixture", "repeats", "repeats of a in the stage capped"),
        ("lengths", "sequences", "other lengths of rows in the stage capped"),
        ("lengths", "longest", "other lengths of rows in the stage capped"),
    ],
)
def test_the_audit_counts_what_stages_took(built, tmp_path, key, what, says):
    version, _ = built
    copy = tmp_path / "versions" / "mixed" / "1.0.0"
    shutil.copytree(version.path, copy)
    values = json.loads((copy / "manifest.json").read_text())
    values[key][0][what] += 1
    values["manifest_digest"] = digest_manifest(values)
    (copy / "manifest.json").write_text(json.dumps(values))
    found = audit(read_version(copy))
    assert [finding.check for finding in found] == ["counts"]
    assert says in found[0].message


@pytest.mark.parametrize("workers", [2])
def test_workers_take_no_part(recipe, built, workers, tmp_path):
    again = build(load_recipe(str(recipe), []), Runtime(store=tmp_path, workers=workers)).version
    assert again.manifest.content_digest == built[0].manifest.content_digest
    assert again.manifest.mixture == built[0].manifest.mixture


def test_an_impossible_request_stops_the_build_and_says_by_how_much(recipe, tmp_path, run):
    stages = json.dumps([{"name": "s", "take": {"a": 30, "b": "all"}}])
    ran = run("build", recipe, "--store", tmp_path, "--set", f"mixture.stages={stages}")
    assert ran.code == 2
    assert "takes 30 rows of a, and 24 are within its caps: 6 too few" in " ".join(ran.err.split())


def test_a_format_with_a_limit_shows_fewer_demonstrations_and_the_version_says_so(recipe, tmp_path, run):
    stages = json.dumps([{"name": "s", "take": {"a": "all", "b": "all"}}])
    formats = json.dumps([{"name": "in_context_cot", "shots": [1, 4], "max_tokens": 150}])
    changes = ["--set", f"mixture.stages={stages}", "--set", f"formats={formats}"]
    assert run("build", recipe, "--store", tmp_path, *changes).code == 0
    query = "SELECT min(left_out), max(left_out), max(prompt_tokens + loss_tokens) FROM examples WHERE fate = 'kept'"
    least, most, longest = (
        run("sql", "mixed", query, "--store", tmp_path, "--format", "csv").out.splitlines()[1].split(",")
    )
    assert (int(least), int(most) > 0, int(longest) <= 150) == (0, True, True)
    assert run("audit", "mixed", "--store", tmp_path).code == 0
    assert "too_long" in run("show", "mixed", "--store", tmp_path).out
