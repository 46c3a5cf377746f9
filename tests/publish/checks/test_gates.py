"""Gates before the Hub: a checkpoint is named in a way that means the same elsewhere, or the version stays here."""

import json

import pytest

from cotloom.builder.publish.checks.gates import PublishCheck, run_gates
from cotloom.builder.store import Version
from tests.teacher.tiny import make_checkpoint


@pytest.fixture
def sampled(tmp_path, monkeypatch, write_recipe, build_recipe):
    """Build a version with a checkpoint whose folder the recipe names in some way."""
    folder = make_checkpoint(tmp_path / "runs" / "student")
    monkeypatch.chdir(tmp_path)

    def built(model: str) -> Version:
        teacher = {"backend": "transformers", "model": model, "sampling": {"max_tokens": 4}, "paths": {"round": 1}}
        sources = [{"name": "made", "kind": "arithmetic", "problems": 2}]
        path = write_recipe(tmp_path, teacher=teacher, sources=sources)
        return build_recipe(path, tmp_path / "store").version

    return folder, built


def failed(version: Version) -> list[PublishCheck]:
    return [check for check in run_gates(version) if not check.passed]


def test_an_absolute_folder_of_a_checkpoint_is_refused_with_the_key_and_the_way_out(sampled):
    folder, built = sampled

    told = {check.message: check for check in failed(built(str(folder)))}

    (message,) = (message for message in told if "recipe.teacher.model" in message)
    assert message.startswith("paths: manifest.json: recipe.teacher.model is a path of one machine; give the folder")
    assert "relative to where the command runs, or a name on the Hub" in message
    assert told[message].check == "audit"
    assert "build it again under another version" in told[message].hint


@pytest.mark.parametrize("model", ["runs/student", "./runs/student"])
def test_a_relative_folder_of_a_checkpoint_stays_as_it_was_written_and_passes(sampled, model):
    _, built = sampled

    version = built(model)

    assert version.manifest.recipe["teacher"]["model"] == model
    assert version.manifest.teachers == ("student",)
    assert failed(version) == []


@pytest.fixture
def personal(tmp_path, write_recipe, build_recipe):
    """A version whose questions hold somebody's address and telephone number."""
    question = "Ann (ann@mail.org, +1 212 555 0123) has 2 eggs and buys 3. How many has she?"
    (tmp_path / "p.jsonl").write_text(json.dumps({"q": question, "a": "5", "t": "2 + 3 = 5. The answer is 5."}) + "\n")
    source = {"name": "mine", "kind": "file", "path": "p.jsonl", "fields": {"question": "q", "answer": "a"}}
    answers = {"path": "p.jsonl", "problem": "q", "completions": [{"column": "t", "teacher": "somebody"}]}
    teacher = {"backend": "recorded", "answers": answers}
    path = write_recipe(tmp_path, sources=[source], teacher=teacher, license="mit", split={"test": 0.0})
    return build_recipe(path, tmp_path / "store").version


def test_personal_data_is_refused_with_counts_and_rows_unless_allowed(personal, run):
    words = ("publish", personal.path, "--repo", "somebody/eggs", "--dry-run", "--json")

    refused, allowed = run(*words), run(*words, "--allow-personal-data")

    failed = [check for check in refused.json["checks"] if not check["passed"]]
    assert (refused.code, {check["check"] for check in failed}) == (1, {"personal_data"})
    assert any("problems.question contains an e-mail address, in 1 texts of 1 rows: p_" in c["message"] for c in failed)
    assert any("a phone number" in check["message"] for check in failed)
    assert "--allow-personal-data" in failed[0]["hint"]
    assert "ann@mail.org" not in str(failed)
    assert (allowed.code, allowed.json["status"]) == (0, "dry_run")


@pytest.mark.usefixtures("personal")
def test_a_key_in_the_texts_is_refused_and_no_option_allows_it(tmp_path, build_recipe, run):
    text = (tmp_path / "p.jsonl").read_text().replace("+1 212 555 0123", "sk_live_" + "aB3" * 9)
    (tmp_path / "p.jsonl").write_text(text)
    version = build_recipe(tmp_path / "recipe.yaml", tmp_path / "other").version

    refused = run(
        "publish", version.path, "--repo", "somebody/eggs", "--dry-run", "--json", "--allow-personal-data",
        "--allow-simulated", "--allow-regression",
    )  # fmt: skip

    failed = [check["message"] for check in refused.json["checks"] if not check["passed"]]
    assert refused.code == 1
    assert any(message.startswith("secrets: problems.question contains a Stripe key, in 1 texts") for message in failed)
    assert "aB3aB3" not in refused.out


def test_audit_finds_personal_data_too(personal, run):
    audited = run("audit", personal.path)

    assert (audited.code, "finding      personal_data: problems.question contains an e-mail" in audited.out) == (
        1,
        True,
    )
