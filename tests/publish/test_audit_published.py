"""Audit of what lies on the Hub: anybody who may read it can check it, without a store."""

import io
import json

import polars as pl
import pytest

from cotloom.builder.audit import CHECKS
from tests.publish.conftest import TAG
from tests.publish.program import FILES, READER, listed_anew, manifest_with, validation

ALL = ["files", "schemas", *CHECKS]
PROBLEMS = "data/problems/train-00000-of-00001.parquet"


@pytest.fixture
def check(ask, repo):
    """Audit what lies at a tag, with a token that may read."""

    def checked(ref: str = f"hf://datasets/{repo}@{TAG}", *words: str):
        return ask("audit", ref, "--json", *words, HF_TOKEN=READER)

    return checked


def told(done) -> dict[str, str]:
    """What each check found."""
    assert done.code == 1, done
    found: dict[str, str] = {}
    for finding in done.json["findings"]:
        found[finding["check"]] = f"{found.get(finding['check'], '')}{finding['message']}\n"
    return found


def flipped(content: bytes) -> bytes:
    """The same with one bit changed in the middle."""
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.usefixtures("published")
def test_a_published_version_passes_every_check_and_leaves_nothing_behind(check, ask, repo):
    before = set(ask.home.rglob("*"))

    done = check()

    assert done.code == 0, done
    assert done.json == {
        "version": f"hf://datasets/{repo}@{TAG}",
        "passed": True,
        "findings": [],
        "checks": {"passed": ALL, "skipped": {}},
    }
    assert {path.name for path in set(ask.home.rglob("*")) - before if "cotloom" in path.name} == set()


@pytest.mark.usefixtures("published")
def test_it_is_told_in_words_as_for_a_version_of_the_store(ask, repo):
    done = ask("audit", f"hf://datasets/{repo}@{TAG}", HF_TOKEN=READER)

    assert (done.code, done.out) == (
        0,
        f"hf://datasets/{repo}@{TAG}: no findings; passed: {', '.join(ALL)}.\n",
    )


def test_everyone_may_check_a_public_one_without_a_token(ask, published, hub, repo):
    hub.repos[repo].private = False

    assert published
    assert ask("audit", f"hf://datasets/{repo}@{TAG}", "--json", HF_TOKEN=None).code == 0


def test_a_flipped_byte_in_any_file_is_named(check, published):
    for name in sorted(set(published) - {".gitattributes", FILES}):
        whole = published[name]
        published[name] = flipped(whole)

        found = told(check())

        assert f"{name} is missing, or differs from the list of files" in found["files"]
        published[name] = whole


def test_of_rows_that_are_damaged_nothing_more_is_said(check, published):
    published[PROBLEMS] = flipped(published[PROBLEMS])

    checks = check().json["checks"]

    assert checks["passed"] == []
    assert checks["skipped"] == dict.fromkeys(("schemas", *CHECKS), "needs files that are damaged")


def test_a_card_that_was_changed_is_named_and_the_rows_are_checked_all_the_same(check, published):
    published["README.md"] += b"Better than any other.\n"

    done = check()

    assert told(done) == {"files": "README.md is missing, or differs from the list of files\n"}
    assert done.json["checks"] == {"passed": [name for name in ALL if name != "files"], "skipped": {}}


def test_a_file_that_is_gone_is_named(check, published):
    published.pop(PROBLEMS)

    assert f"{PROBLEMS} is missing" in told(check())["files"]


def test_a_file_that_nobody_vouches_for_is_named(check, published):
    published["data/problems/train-more.parquet"] = published[PROBLEMS]
    published["notes.md"] = b"mine"

    assert told(check()) == {"files": "data/problems/train-more.parquet is not in the list of files\n"}


def rewritten(published: dict[str, bytes], name: str, change) -> None:
    """Change the rows of a file, and the list of files with it."""
    out = io.BytesIO()
    change(pl.read_parquet(io.BytesIO(published[name]), use_pyarrow=True)).write_parquet(out)
    listed_anew(published, name, out.getvalue())


def test_rows_that_were_changed_together_with_the_list_are_named_by_their_digest_and_the_laws(check, published):
    rewritten(published, PROBLEMS, lambda rows: rows.with_columns(answer=pl.lit("7")))

    found = told(check())

    assert "files" not in found
    assert "the rows have the content digest" in found["digest"]
    assert "judged again, it is wrong" in found["judgements"]


def test_rows_that_fit_no_record_are_named(check, published):
    rewritten(published, PROBLEMS, lambda rows: rows.drop("answer"))

    done = check()

    assert "has no published version that can be read" in told(done)["schemas"]
    assert done.json["checks"]["skipped"] == dict.fromkeys(CHECKS, "needs tables that can't be read")


def test_text_that_is_no_unicode_is_not_believed(check, published):
    out = io.BytesIO()
    rows = pl.read_parquet(io.BytesIO(published[PROBLEMS]), use_pyarrow=True)
    rows.write_parquet(out, compression="uncompressed", statistics=False, use_pyarrow=True)
    listed_anew(published, PROBLEMS, out.getvalue().replace(b"What is", b"\xff" * 7))

    assert "schemas" in told(check())


def test_a_manifest_that_says_what_is_not_so_is_named(check, published):
    manifest_with(published, content_digest="00" * 32, counts={})

    assert {"digest", "counts"} <= set(told(check()))


def test_a_validation_that_speaks_of_other_content_is_named(check, published):
    name = "cotloom/validation.json"
    listed = json.loads(published[FILES])
    published[FILES] = json.dumps({**listed, name: {"sha256": "", "bytes": 0, "rows": 0}}).encode()
    listed_anew(published, name, validation("00" * 32, passed=True).encode())

    assert "belongs to other content" in told(check())["validation"]


def test_without_a_tag_it_is_the_newest_version(check, published, hub, repo):
    hub.repos[repo].tags["v0.9.0"] = hub.repos[repo].history()[-1]

    assert published
    assert check(f"hf://datasets/{repo}").json["version"] == f"hf://datasets/{repo}@{TAG}"


@pytest.mark.parametrize(
    ("ref", "told", "hint"),
    [
        ("hf://datasets/people/sums@v9", "answered 404", "the dataset has: v1.0.0, main"),
        ("hf://datasets/people/none@v1.0.0", "answered 404", "read access to people/none into HF_TOKEN"),
        ("hf://models/people/sums", "is no version on the Hub", "cotloom audit hf://datasets/USER/NAME@TAG"),
    ],
)
@pytest.mark.usefixtures("published")
def test_what_is_not_there_is_the_users_input_and_told_with_what_is(check, ref, told, hint):
    done = check(ref)

    assert (done.code, done.json["error"]["kind"]) == (2, "InputError")
    assert told in done.json["error"]["message"]
    assert hint in done.json["error"]["hint"]


def test_a_dataset_that_was_not_published_by_cotloom_is_checked_up_as_a_dataset(check, hub, repo):
    there = hub.make(repo)
    there.tags[TAG] = there.commit({"train.csv": b"question,answer\nWhat is 3 + 4?,7\nWhat is 3 + 4?,7\n"})

    done = check()

    assert (done.code, done.json["dataset"].startswith("hf://datasets/people/"), done.json["counts"]["rows"]) == (
        1,
        True,
        2,
    )
    assert [finding["check"] for finding in done.json["findings"]] == ["repeated_rows"]


@pytest.mark.usefixtures("published")
def test_a_store_is_neither_needed_nor_made(check, tmp_path):
    assert check(f"hf://datasets/people/sums@{TAG}", "--store", str(tmp_path / "none")).code == 0
    assert not (tmp_path / "none").exists()
