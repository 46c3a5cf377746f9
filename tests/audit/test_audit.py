import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from cotloom.builder.audit import CHECKS, audit, run_checks
from cotloom.builder.credentials import find_secrets
from cotloom.builder.store import Version, open_version, read_version
from cotloom.builder.verify import CODE_VERSION
from cotloom.schemas.manifest import digest_manifest
from tests.forged import rewrite
from tests.publish.versions import recorded
from tests.test_laws import recipes

TABLES = ("problems", "samples", "examples")
TOKEN = "hf_" + "AbCdEfGhIj" * 3 + "KlMn"
ALL = ("files", "schemas", *CHECKS)

Change = Callable[[pl.DataFrame], pl.DataFrame]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, build_recipe) -> Version:
    """A version with recorded answers, a reference and an evaluation source, demonstrations and two stages."""
    folder = tmp_path_factory.mktemp("mixed")
    return build_recipe(recorded(folder), folder / "store").version


@pytest.fixture
def forged(mixed, tmp_path):
    """Make a version that is whole but for what was changed: files and digest are those of the changed tables."""

    def made(version: Version = mixed, **changes: Change) -> Version:
        tables = {name: changes.get(name, lambda frame: frame)(version.read_table(name)) for name in TABLES}
        return written(version, tmp_path / "forged", tables)

    return made


def written(version: Version, folder: Path, tables: Mapping[str, pl.DataFrame]) -> Version:
    rewrite(version, folder, **tables)
    return read_version(folder)


def copied(version: Version, folder: Path) -> Version:
    shutil.copytree(version.path, folder)
    return read_version(folder)


def told(version: Version) -> dict[str, str]:
    """What each check found."""
    found: dict[str, str] = {}
    for finding in audit(version):
        found[finding.check] = f"{found.get(finding.check, '')}{finding.message}\n"
    return found


def in_row(column: str, value: Any, where: pl.Expr) -> Change:
    """Set a column of the first row that something holds of."""

    def changed(frame: pl.DataFrame) -> pl.DataFrame:
        place = frame.select(where.arg_max())[0, 0]
        assert frame.select(where)[place, 0], "no such row"
        here = pl.int_range(pl.len()) == place
        other = pl.when(here).then(pl.lit(value, dtype=frame.schema[column])).otherwise(pl.col(column))
        return frame.with_columns(other.alias(column))

    return changed


KEPT = pl.col("fate") == "kept"
RIGHT = KEPT & (pl.col("verdict") == "correct")
SIMULATED = True
TRAINED = KEPT & pl.col("mixture_stage").is_not_null()


# A version as it was built


def test_a_version_that_was_built_passes_every_check(quickstart, mixed):
    for version in (quickstart, mixed):
        report = run_checks(version)
        assert report.findings == ()
        assert report.passed == ALL
        assert report.skipped == {}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(keys=recipes)
def test_any_version_that_was_built_passes(tmp_path_factory, write_recipe, build_recipe, keys):
    folder = tmp_path_factory.mktemp("any")

    assert audit(build_recipe(write_recipe(folder, **keys), folder / "store").version) == []


def test_a_forged_version_in_which_nothing_was_changed_passes(forged):
    assert told(forged()) == {}


# Files


def test_a_flipped_byte_is_named_wherever_it_is(mixed, tmp_path):
    for name in TABLES:
        whole = (mixed.path / f"{name}.parquet").read_bytes()
        for place in (10, len(whole) // 3, len(whole) // 2, len(whole) - 20):
            version = copied(mixed, tmp_path / f"{name}{place}")
            flipped = bytearray(whole)
            flipped[place] ^= 1
            (version.path / f"{name}.parquet").write_bytes(flipped)

            assert f"{name}.parquet differs from the manifest" in told(version)["files"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "samples.parquet is missing"),
        (lambda path: path.write_bytes(b""), "samples.parquet can't be read"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), "bytes; the manifest says"),
    ],
)
def test_a_file_that_is_not_there_or_no_table_is_named_and_the_rest_is_checked(mixed, tmp_path, spoil, message):
    version = copied(mixed, tmp_path / "copy")
    spoil(version.path / "samples.parquet")

    report = run_checks(version)

    assert message in told(version)["files"]
    assert "schemas" in {finding.check for finding in report.findings}
    assert {"parent", "secrets", "paths"} <= set(report.passed)
    assert report.skipped["splits"] == "needs tables that can't be read"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"problems.parquet": {"rows": 3}}, "rows; the manifest says 3"),
        ({"../problems.parquet": {}}, "not a file in the folder of the version"),
        ({"samples.parquet": None}, "samples.parquet is not in the manifest"),
    ],
)
def test_a_manifest_that_tells_of_other_files_is_named(mixed, tmp_path, files, message):
    listed = {name: file.model_dump() for name, file in mixed.manifest.files.items()}
    for name, change in files.items():
        listed[name] = {**listed.get(name, listed["problems.parquet"]), **(change or {})}
        if change is None:
            listed.pop(name)

    assert message in told(with_manifest(mixed, tmp_path, files=listed))["files"]


def with_manifest(whole: Version, folder: Path, **keys: Any) -> Version:
    copy = copied(whole, folder / "copy")
    path = copy.path / "manifest.json"
    values = {**json.loads(path.read_text()), **keys}
    path.write_text(json.dumps({**values, "manifest_digest": digest_manifest(values)}))
    return open_version(copy.path)


# Tables


def test_a_changed_row_is_named_by_the_digest_of_the_rows(mixed, tmp_path):
    tables = {name: mixed.read_table(name) for name in TABLES}
    tables["problems"] = in_row("task", "another", KEPT)(tables["problems"])
    version = written(mixed, tmp_path / "forged", tables)

    honest = told(version)
    lying = told(replace(version, manifest=version.manifest.model_copy(update={"content_digest": "0" * 64})))

    assert honest == {}
    assert set(lying) == {"digest"}


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("samples", lambda frame: frame.drop("verdict"), "verdict: None instead of String"),
        ("samples", lambda frame: frame.with_columns(round=pl.col("round").cast(pl.Int32)), "round: Int32"),
        ("samples", in_row("verdict", "splendid", KEPT), "verdict can't be 'splendid'; it is one of correct, wrong"),
        ("examples", in_row("format", None, KEPT), "format is empty in 1 rows"),
        ("problems", lambda frame: frame.with_columns(more=1), "more: Int32 instead of None"),
    ],
)
def test_a_table_that_is_not_of_its_record_is_named(forged, table, change, message):
    found = told(forged(**{table: change}))

    assert message in found["schemas"]


def test_text_that_is_no_unicode_is_named_and_not_believed(mixed, tmp_path):
    version = copied(mixed, tmp_path / "copy")
    path = version.path / "problems.parquet"
    mixed.read_table("problems").write_parquet(path, compression="uncompressed", statistics=False)
    name = mixed.read_table("problems")["source"][0].encode()
    path.write_bytes(path.read_bytes().replace(name, b"\xff" * len(name)))

    assert "files" in told(version)
    assert "schemas" in told(version)


# Laws


@pytest.mark.parametrize(
    ("table", "change", "check", "message"),
    [
        ("samples", in_row("reason", "wrong", KEPT), "fates", "have no clear fate, such as s_"),
        ("samples", in_row("stage", None, ~KEPT), "fates", "have no clear fate, such as s_"),
        ("samples", lambda frame: pl.concat([frame, frame[:1]]), "fates", "an id stands twice among the samples"),
        ("samples", lambda frame: frame[1:], "funnel", "the tables do not"),
        ("examples", in_row("reason", "over_cap", pl.col("reason") == "not_taken"), "funnel", "(over_cap)"),
        ("samples", in_row("teacher", "nobody", KEPT), "counts", "the samples, nobody, people"),
        ("problems", in_row("split", "test", KEPT & (pl.col("split") == "train")), "counts", "splits.test is"),
        ("problems", in_row("split", "test", KEPT & (pl.col("split") == "train")), "sides", "p_"),
        ("problems", in_row("split", "train", pl.col("split") == "test"), "sides", "1 problems are not in the split"),
        ("examples", in_row("split", "test", TRAINED), "splits", "state another split than their problem"),
        ("examples", in_row("mixture_stage", "first", pl.col("split") == "test"), "splits", "of the test split"),
        ("samples", in_row("verdict", "wrong", RIGHT), "verdicts", "not judged correct"),
        ("samples", in_row("verdict", None, KEPT), "verdicts", "not judged correct"),
        ("samples", in_row("verdict", "provided", RIGHT), "verdicts", "verdict `provided`"),
        ("examples", in_row("sample_id", "s_other", KEPT), "verdicts", "were kept, but their sample was not"),
        ("samples", in_row("verdict", "correct", pl.col("verdict") == "wrong"), "judgements", "again, it is wrong"),
        ("samples", in_row("predicted", "-1", RIGHT), "judgements", "judged again"),
        ("samples", in_row("text", "A: 1", RIGHT), "judgements", "it is wrong"),
        ("samples", in_row("reason", "wrong_step", pl.col("reason") == "wrong"), "judgements", "for wrong_step;"),
        ("problems", in_row("answer", "-5", KEPT & (pl.col("split") == "train")), "judgements", "judged again"),
        ("problems", in_row("question", "Another?", KEPT), "ids", "1 problems have an id that does not follow from"),
        ("problems", in_row("choices", ["a", "b"], KEPT), "ids", "1 problems have an id"),
        ("samples", in_row("sample_index", 77, pl.col("verdict") == "correct"), "ids", "1 samples have an id"),
        ("samples", in_row("text", "other", pl.col("verdict") == "provided"), "ids", "1 samples have an id"),
        ("examples", in_row("mixture_stage", "second", pl.col("mixture_stage") == "first"), "ids", "1 examples have"),
        ("examples", in_row("simulated", SIMULATED, KEPT), "simulated", ""),
        ("samples", in_row("simulated", SIMULATED, KEPT), "simulated", "the manifest says simulated: False"),
        ("samples", in_row("simulated", SIMULATED, KEPT), "simulated", "contain simulated text, but are not marked"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_named(forged, table, change, check, message):
    found = told(forged(**{table: change}))

    if message:
        assert message in found[check]
    else:
        assert check not in found  # to say more than is so does no harm


def test_a_sample_whose_verdict_and_reason_both_differ_is_one_finding_about_the_verdict(forged, mixed):
    dropped = mixed.read_table("samples").filter((pl.col("verdict") == "wrong") & (pl.col("reason") == "wrong"))
    sample = dropped[0, "sample_id"]
    is_sample = pl.col("sample_id") == sample

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        frame = in_row("verdict", "no_answer", is_sample)(frame)
        return in_row("reason", "no_answer", is_sample)(frame)

    findings = [finding.message for finding in audit(forged(samples=change)) if finding.check == "judgements"]

    assert findings == [f"{sample} is stored as no_answer; judged again, it is wrong"]


def test_a_sample_whose_answer_and_reason_both_differ_is_two_findings(forged, mixed):
    dropped = mixed.read_table("samples").filter((pl.col("verdict") == "wrong") & (pl.col("reason") == "wrong"))
    sample = dropped[0, "sample_id"]
    is_sample = pl.col("sample_id") == sample

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        frame = in_row("predicted", "-1", is_sample)(frame)
        return in_row("reason", "wrong_step", is_sample)(frame)

    findings = [finding.message for finding in audit(forged(samples=change)) if finding.check == "judgements"]

    assert findings == [
        f"{sample}: judged again, the answer read from its text is not the stored one",
        f"{sample} was dropped by verify for wrong_step; judged again, for wrong",
    ]


def test_a_group_on_both_sides_is_named(forged, mixed):
    problems = mixed.read_table("problems").filter(KEPT & pl.col("split").is_not_null())
    cluster = problems.filter(pl.col("split") == "test")[0, "cluster"]

    found = told(forged(problems=in_row("cluster", cluster, KEPT & (pl.col("split") == "train"))))

    assert f"1 clusters of variations are in both splits, such as '{cluster}'" in found["splits"]


def test_a_row_on_a_problem_for_evaluation_is_named(forged, mixed):
    apart = mixed.read_table("problems").filter(KEPT & pl.col("split").is_null())[0, "problem_id"]

    found = told(forged(examples=in_row("problem_id", apart, TRAINED)))

    assert "train on a problem that was not kept, or is for evaluation" in found["splits"]


@pytest.mark.parametrize("what", ["test side", "own cluster", "dropped"])
def test_a_demonstration_from_where_none_may_come_is_named(forged, mixed, what):
    samples, problems = mixed.read_table("samples"), mixed.read_table("problems").filter(KEPT)
    shows = TRAINED & (pl.col("other_sample_ids").list.len() > 0)
    example = mixed.read_table("examples").filter(shows).row(0, named=True)
    kept = samples.filter(RIGHT).join(problems, on="problem_id", suffix="_asked")
    cluster = problems.filter(pl.col("problem_id") == example["problem_id"])[0, "cluster"]
    choices = {
        "test side": kept.filter(pl.col("split") == "test"),
        "own cluster": kept.filter(pl.col("cluster_asked") == cluster),
        "dropped": samples.filter(~KEPT & pl.col("problem_id").is_not_null()),
    }
    messages = {
        "test side": "show a problem that is not in the training split",
        "own cluster": "show a problem of their own cluster",
        "dropped": "show a sample that is missing or was dropped",
    }
    other = choices[what][0, "sample_id"]

    found = told(forged(examples=in_row("other_sample_ids", [other], shows)))

    assert messages[what] in found["demonstrations"]


def test_simulated_samples_that_do_not_say_so_are_named(forged, quickstart):
    silent = told(forged(quickstart, samples=lambda frame: frame.with_columns(simulated=pl.lit(value=False))))

    assert "were simulated, but are not marked" in silent["simulated"]
    assert "the manifest says simulated: True" in silent["simulated"]


@pytest.mark.parametrize(
    ("keys", "check", "message"),
    [
        ({"simulated": True}, "simulated", "the manifest says simulated: True; the samples, False"),
        ({"parent": "dev"}, "parent", "a dev version, which may be overwritten"),
        ({"parent": "1.0.0"}, "parent", "its own parent"),
        ({"counts": {"problems": 1}}, "counts", "counts.problems is 1 in the manifest and 5"),
        ({"counts": {}}, "counts", "counts.distinct_paths is None in the manifest"),
        ({"splits": {"train": 1}}, "counts", "splits.train is 1"),
        ({"teachers": ["gpt"]}, "counts", "the manifest names the teachers gpt; the samples"),
        ({"funnel": []}, "funnel", "the funnel does not"),
        ({"content_digest": "f" * 64}, "digest", "the manifest says ffffffffffffffff"),
        ({"recipe": {}}, "sides", "can't be checked: KeyError"),
        ({"recipe": {"verify": {"steps": "love"}}}, "judgements", "can't be checked: ValidationError"),
    ],
)
def test_a_manifest_that_says_what_is_not_so_is_named(mixed, tmp_path, keys, check, message):
    assert message in told(with_manifest(mixed, tmp_path, **keys))[check]


def test_a_dev_version_may_follow_a_dev_version(mixed, tmp_path):
    assert "parent" not in told(with_manifest(mixed, tmp_path, parent="dev", version="dev"))


def test_what_other_code_decided_is_not_decided_again(mixed, tmp_path):
    version = with_manifest(mixed, tmp_path, rooms={**mixed.manifest.rooms, "verify": CODE_VERSION + 1})

    report = run_checks(version)

    assert list(report.skipped) == ["judgements"]
    assert f"the installed version is {CODE_VERSION}" in report.skipped["judgements"]
    assert report.findings == ()


def test_a_validation_of_other_content_is_named(mixed, tmp_path):
    from tests.publish.card.test_card import validation

    version = copied(mixed, tmp_path / "copy")
    for found, message in (
        (validation(mixed, content_digest="0" * 64), "belongs to other content"),
        (validation(mixed, ref="other@1.0.0"), "belongs to other@1.0.0"),
        (validation(mixed), None),
    ):
        (version.path / "validation.json").write_text(found.model_dump_json())
        assert message is None or message in told(version)["validation"]
    assert told(version) == {}
    (version.path / "validation.json").write_text('{"ref": 1}')
    assert "can't be checked" in told(version)["validation"]


# What must not be published


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        (TOKEN, "a Hugging Face token"),
        ("sk-proj-" + "aB3" * 12, "an API key"),
        ("sk-" + "aB3" * 16, "an API key"),
        ("AKIA" + "ABCD1234" * 2, "an AWS access key"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("ghp_" + "a1B2" * 9, "a GitHub token"),
    ],
)  # fmt: skip
def test_a_planted_secret_is_named_by_its_kind_and_never_told(forged, mixed, secret, kind):
    text = mixed.read_table("samples").filter(RIGHT)[0, "text"]
    row = KEPT & (pl.col("text") == text)

    found = told(forged(samples=in_row("text", f"{text}\n(with {secret})", row)))

    assert f"samples.text contains {kind}, in 1 texts" in found["secrets"]
    assert secret not in str(found)


@pytest.mark.parametrize("table", TABLES)
def test_a_secret_is_found_in_lists_and_structs_too(forged, table):
    changes = {
        "problems": in_row("responses", ["fine", f"x {TOKEN}"], KEPT),
        "samples": in_row("labels", json.dumps({"key": TOKEN}), KEPT),
        "examples": lambda frame: frame.with_columns(
            messages=pl.col("messages").list.eval(
                pl.struct(pl.element().struct.field("role"), content=pl.element().struct.field("content") + f" {TOKEN}")
            )
        ),
    }

    assert "a Hugging Face token" in told(forged(**{table: changes[table]}))["secrets"]


def test_the_value_of_a_variable_that_holds_a_key_is_found_wherever_it_stands(mixed, tmp_path, monkeypatch):
    canary = "canary-4711-of-our-own"
    monkeypatch.setenv("HOUSE_API_KEY", canary)
    version = copied(mixed, tmp_path / "copy")
    assert told(version) == {}

    (version.path / "build.json").write_text(json.dumps({"note": canary}))

    assert "build.json contains the value of $HOUSE_API_KEY" in told(version)["secrets"]
    assert canary not in str(told(version))


def test_a_secret_in_the_recipe_is_named(mixed, tmp_path):
    recipe = {**mixed.manifest.recipe, "description": f"asked with {TOKEN}"}

    found = told(with_manifest(mixed, tmp_path, recipe=recipe))

    assert "manifest.json contains a Hugging Face token" in found["secrets"]


def test_variables_that_hold_no_secret_are_let_be(tmp_path):
    path = tmp_path / "a-long-file-name"
    path.touch()
    variables = {
        "HOME": "/home/somebody/there", "API_KEY": "none", "KEYBOARD": "a-long-layout-name", "SSH_KEY": str(path),
        "HF_TOKEN": "x" * 12, "DB_PASSWORD": "correct horse", "aws_secret_access_key": "y" * 40,
    }  # fmt: skip

    assert [name for name, _ in find_secrets(variables)] == ["HF_TOKEN", "DB_PASSWORD", "aws_secret_access_key"]


@pytest.mark.parametrize(
    "path", ["/home/USER/model", "file:///x/y", "~/model", "C:\\models\\x", "/srv/x", "from /mnt/y"]
)
def test_a_path_of_one_machine_in_what_would_be_published_is_named(mixed, tmp_path, path):
    recipe = {**mixed.manifest.recipe, "teacher": {**mixed.manifest.recipe["teacher"], "model": path}}

    found = told(with_manifest(mixed, tmp_path, recipe=recipe))

    assert found["paths"] == "manifest.json: recipe.teacher.model is a path of one machine\n"


@pytest.mark.parametrize(
    ("teacher", "way_out"),
    [
        ({"backend": "transformers", "model": "/srv/x"}, "; give the folder relative to where the command runs, or"),
        ({"backend": "openai", "model": "/srv/x"}, "; have the server name the model otherwise"),
        ({"backend": "another", "model": "/srv/x"}, "\n"),
        ({"model": "/srv/x"}, "\n"),
    ],
)
def test_where_the_teacher_is_a_path_the_way_out_is_told(mixed, tmp_path, teacher, way_out):
    found = told(with_manifest(mixed, tmp_path, recipe={**mixed.manifest.recipe, "teacher": teacher}))

    assert f"manifest.json: recipe.teacher.model is a path of one machine{way_out}" in found["paths"]


def test_a_teacher_that_is_no_section_is_no_fault_of_ours(mixed, tmp_path):
    found = told(with_manifest(mixed, tmp_path, recipe={**mixed.manifest.recipe, "teacher": "/srv/x"}))

    assert found["paths"] == "manifest.json: recipe.teacher is a path of one machine\n"


@pytest.mark.parametrize(
    "text", ["a/b", "org/model", "5 / 6", "https://x.org/home/y", "A: (.+)", "/", "and/or", "1/256"]
)
def test_what_only_looks_like_a_path_is_let_be(mixed, tmp_path, text):
    recipe = {**mixed.manifest.recipe, "description": text}

    assert "paths" not in told(with_manifest(mixed, tmp_path, recipe=recipe))


def test_a_path_in_a_column_of_names_is_named_and_in_a_text_it_may_stand(forged):
    where = KEPT & (pl.col("verdict") == "provided")
    named = told(forged(samples=in_row("teacher", "/home/ann/checkpoint", where)))

    assert "samples.teacher contains a path of one machine, in 1 rows" in named["paths"]


def test_a_text_may_speak_of_paths(forged):
    found = told(forged(problems=in_row("reference_rationale", "cd /home/ann/project", KEPT)))

    assert found == {}


# The command


def test_the_command_says_that_all_is_well_and_exits_0(mixed, run):
    told = run("audit", mixed.path)

    assert told.code == 0
    assert "recorded@1.0.0: no findings; passed: files, schemas, digest" in told.out


def test_the_command_names_findings_and_exits_1(forged, run):
    version = forged(samples=in_row("verdict", "wrong", RIGHT))

    told = run("audit", version.path)

    assert told.code == 1
    assert "finding      verdicts: 1 samples were kept, but not judged correct" in told.out


def test_the_command_answers_in_json(mixed, tmp_path, run):
    version = copied(mixed, tmp_path / "copy")
    (version.path / "samples.parquet").unlink()

    well, ill = run("audit", mixed.path, "--json"), run("audit", version.path, "--json")

    assert (well.code, well.json["passed"], well.json["findings"]) == (0, True, [])
    assert well.json["checks"] == {"passed": list(ALL), "skipped": {}}
    assert (ill.code, ill.json["passed"]) == (1, False)
    assert {"check": "files", "message": "samples.parquet is missing"} in ill.json["findings"]
    assert "splits" in ill.json["checks"]["skipped"]


def test_the_command_says_what_it_could_not_check(mixed, tmp_path, run):
    version = with_manifest(mixed, tmp_path, rooms={**mixed.manifest.rooms, "verify": 0})

    told = run("audit", version.path)

    assert (told.code, "not checked  judgements: made by version 0" in told.out) == (0, True)


def test_what_is_no_version_is_told(tmp_path, run):
    told = run("audit", tmp_path)

    assert (told.code, "is no version" in told.err) == (2, True)
