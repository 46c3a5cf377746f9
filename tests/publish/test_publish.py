"""Publishing: the real clients against a Hub on loopback, and what is refused before it is asked."""

import hashlib
import json
import os
import subprocess
import sys

import polars as pl
import pytest

from tests.forged import rewrite
from tests.publish.program import OWNER, READER, TOKEN, validation

LOAD = """
import json, sys
from datasets import load_dataset
splits = load_dataset(sys.argv[1], sys.argv[2], revision=sys.argv[3])
print(json.dumps([row for split in splits.values() for row in split]))
"""


@pytest.fixture
def loaded(hub, tmp_path):
    """The rows that `load_dataset` reads in a process with a cache of its own."""

    def rows(repo: str, config: str, revision: str) -> list[dict]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        own = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "other"), "HF_TOKEN": READER}
        quiet = {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        words = [sys.executable, "-c", LOAD, repo, config, revision]
        done = subprocess.run(
            words, env={**kept, **own, **quiet}, capture_output=True, text=True, check=True, timeout=120
        )
        return json.loads(done.stdout)

    return rows


def test_a_version_becomes_one_commit_and_one_tag_on_a_private_dataset(publish, version, hub, repo):
    done = publish()

    assert done.code == 0, done
    there = hub.repos[repo]
    head, _made = there.history()
    assert there.tags == {"v1.0.0": head}
    assert (done.json["status"], done.json["commit"], there.private) == ("published", head, True)
    files = there.files("v1.0.0")
    sent = {name: (file["sha256"], file["bytes"]) for name, file in done.json["files"].items()}
    assert sent == {
        name: (hashlib.sha256(content).hexdigest(), len(content))
        for name, content in files.items()
        if name != ".gitattributes"
    }
    (told,) = version.read_beside("publications.json")["publications"]
    assert (told["repo"], told["tag"], told["commit"]) == (repo, "v1.0.0", head)
    assert told["content_digest"] == version.manifest.content_digest
    assert told["files_digest"] == hashlib.sha256(files["cotloom/files.json"]).hexdigest()


@pytest.mark.usefixtures("published")
def test_what_another_cache_loads_at_the_tag_are_the_rows_of_the_version(version, repo, loaded):
    problems = {row["problem_id"]: row["question"] for row in loaded(repo, "problems", "v1.0.0")}
    assert problems == dict(version.read_table("problems").select("problem_id", "question").iter_rows())
    kept = version.read_table("examples").filter(pl.col("fate") == "kept")
    rows = {row["example_id"]: row["messages"] for row in loaded(repo, "default", "v1.0.0")}
    assert rows == dict(kept.select("example_id", "messages").iter_rows())
    assert len(rows) == 48


@pytest.mark.usefixtures("version")
def test_files_go_to_storage_by_lfs_and_the_token_does_not_go_there(publish, hub):
    publish()

    puts = [asked for asked in hub.seen if asked.method == "PUT"]
    assert len(puts) == len(hub.objects) > 0
    assert [asked.token for asked in puts] == [None] * len(puts)
    assert hub.lines("xet") == []


@pytest.mark.usefixtures("version")
def test_a_dry_run_shows_everything_needs_no_token_and_sends_nothing(publish, ask, store, repo, hub):
    done = publish("sums@1.0.0", "--dry-run", HF_TOKEN=None)

    assert (done.code, done.json["status"], done.json["commit"]) == (0, "dry_run", None)
    assert done.json["card"].startswith("---\n")
    assert done.json["files"]["cotloom/manifest.json"]["bytes"] > 0
    assert {check["check"] for check in done.json["checks"]} == {
        "audit",
        "personal_data",
        "licences",
        "simulated",
        "validation",
    }
    told = ask("publish", "sums", "--repo", repo, "--store", store, "--dry-run", HF_TOKEN=None).out
    assert "nothing was uploaded" in told
    assert "cotloom/manifest.json" in told
    assert "pass  audit" in told
    assert (hub.seen, hub.repos) == ([], {})


def test_publishing_again_is_nothing_to_do(publish, first, hub, repo):
    again = publish().json

    assert (again["status"], again["commit"]) == ("unchanged", first["commit"])
    assert hub.lines("^(PUT|POST)") == []
    assert len(hub.repos[repo].history()) == 2


@pytest.mark.usefixtures("first")
def test_publishing_again_without_a_record_reads_everything_back_once_more(publish, version, hub, repo):
    recorded = (version.path / "publications.json").read_bytes()
    (version.path / "publications.json").unlink()

    again = publish().json

    assert again["status"] == "unchanged"
    assert hub.lines(f"^GET /datasets/{repo}/resolve/.*parquet")
    assert hub.lines("/commit/|/tag/") == []
    assert (version.path / "publications.json").read_bytes() == recorded


@pytest.mark.usefixtures("first")
def test_the_next_version_takes_its_place_and_files_that_it_lacks_away(publish, take, hub, repo):
    take("1.1.0")

    done = publish("sums@1.1.0")

    assert done.code == 0, done
    there = hub.repos[repo]
    first, second = (set(there.files(tag)) for tag in ("v1.0.0", "v1.1.0"))
    assert {name.split("/")[2] for name in first - second if name.startswith("data/")} >= {"zero_shot_answer"}
    assert second - {".gitattributes"} == set(done.json["files"])
    assert there.branches["main"] == there.tags["v1.1.0"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"train.csv": b"a,b\n"}, "has other content: train.csv"),
        (
            {"cotloom/files.json": b"{}", "cotloom/manifest.json": b'{"name": "others"}'},
            "has versions of others, not of sums",
        ),
        ({"cotloom/files.json": b"{}", "cotloom/manifest.json": b"?"}, "has versions of None, not of sums"),
    ],
)
@pytest.mark.usefixtures("version")
def test_a_dataset_that_holds_something_else_is_left_alone(publish, hub, repo, files, told):
    hub.make(repo, private=True).commit(files)

    done = publish()

    assert (done.code, done.json["error"]["kind"]) == (2, "InputError")
    assert told in done.json["error"]["message"]
    assert (hub.repos[repo].files(), hub.objects) == (files, {})


@pytest.mark.parametrize(("private", "words", "told"), [(True, ["--public"], "is private"), (False, [], "is public")])
@pytest.mark.usefixtures("version")
def test_who_may_see_a_dataset_that_is_there_must_be_what_was_asked_for(publish, hub, repo, private, words, told):
    hub.make(repo, private=private).commit({"README.md": b""})

    done = publish("sums@1.0.0", *words)

    assert done.code == 2
    assert f"{repo} {told}" in done.json["error"]["message"]
    assert hub.lines("/commit/") == []


@pytest.mark.usefixtures("version")
def test_public_makes_a_new_dataset_that_everyone_may_see(publish, hub, repo):
    assert publish("sums@1.0.0", "--public").json["private"] is False
    assert hub.repos[repo].private is False


@pytest.mark.parametrize(
    ("token", "told"),
    [(None, "there is no token"), ("unknown", "answered 401"), (READER, "is read-only")],
)
@pytest.mark.usefixtures("version")
def test_a_token_that_will_not_do_says_which_one_would_and_where_it_goes(publish, hub, token, told):
    done = publish(HF_TOKEN=token)

    assert (done.code, done.json["error"]["kind"]) == (2, "InputError")
    assert told in done.json["error"]["message"]
    assert "write access to the datasets of people into HF_TOKEN" in done.json["error"]["hint"]
    assert hub.repos == {}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--repo", "sums"], "sums is no valid name of a dataset"),
        (["--repo", "a/b/c"], "a/b/c is no valid name of a dataset"),
        (["--repo", f"{OWNER}/sums", "--tag", "-x"], "-x is no valid tag"),
        (["--repo", f"{OWNER}/sums", "--tag", "a/b"], "a/b is no valid tag"),
    ],
)
@pytest.mark.usefixtures("version")
def test_names_that_are_none_are_refused(ask, store, hub, words, told):
    done = ask("publish", "sums", "--store", store, "--json", *words)

    assert (done.code, done.json["error"]["kind"]) == (2, "InputError")
    assert told in done.json["error"]["message"]
    assert hub.seen == []


def test_simulated_data_are_refused_before_anything_is_asked_unless_allowed(ask, quickstart, hub, repo):
    refused = ask("publish", quickstart.path, "--repo", repo, "--json")
    allowed = ask("publish", quickstart.path, "--repo", repo, "--json", "--dry-run", "--allow-simulated")

    assert (refused.code, refused.json["status"], refused.json["files"]) == (1, "refused", {})
    failed = [check for check in refused.json["checks"] if not check["passed"]]
    assert [check["check"] for check in failed] == ["simulated"]
    assert "--allow-simulated" in failed[0]["hint"]
    assert (allowed.code, allowed.json["status"]) == (0, "dry_run")
    assert hub.seen == []


def test_a_validation_that_did_not_pass_is_refused_unless_allowed(publish, version, hub):
    digest = version.manifest.content_digest
    (version.path / "validation.json").write_text(validation(digest, passed=False))

    refused = publish()
    allowed = publish("sums@1.0.0", "--dry-run", "--allow-regression")

    assert (refused.code, hub.seen) == (1, [])
    (failed,) = (check for check in refused.json["checks"] if not check["passed"])
    assert (failed["check"], "worse than its parent" in failed["message"]) == ("validation", True)
    assert (allowed.code, "cotloom/validation.json" in allowed.json["files"]) == (0, True)


def test_a_validation_that_passed_goes_along(publish, version, hub, repo):
    (version.path / "validation.json").write_text(validation(version.manifest.content_digest, passed=True))

    assert publish().code == 0
    sent = json.loads(hub.repos[repo].files("v1.0.0")["cotloom/validation.json"])
    assert sent["content_digest"] == version.manifest.content_digest


def test_a_version_that_fails_its_audit_is_refused(publish, version, hub):
    rewrite(version, problems=version.read_table("problems").with_columns(question=pl.lit("What is 1 + 1?")))

    done = publish()

    assert (done.code, done.json.get("status"), hub.seen) == (1, "refused", []), done.json
    assert "audit" in {check["check"] for check in done.json["checks"] if not check["passed"]}


def test_a_dev_version_is_refused(ask, write_recipe, build_recipe, tmp_path, store, repo):
    build_recipe(write_recipe(tmp_path, version="dev"), store)

    done = ask("publish", "tiny@dev", "--repo", repo, "--store", store, "--json", "--allow-simulated")

    assert (done.code, "can be overwritten" in done.json["error"]["message"]) == (2, True)


@pytest.mark.usefixtures("version")
def test_a_card_that_holds_the_token_is_not_sent(publish, hub):
    done = publish("sums@1.0.0", "--teacher-terms", f"ask with {TOKEN}")

    assert done.code == 2
    assert "README.md contains the token" in done.json["error"]["message"]
    assert TOKEN not in done.out + done.err
    assert hub.repos == {}
