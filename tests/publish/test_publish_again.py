"""Publishing under a tag that is there: the same version is left as it is, anything else is refused."""

import json
import shutil
from collections.abc import Mapping

import pytest

from cotloom.schemas.manifest import digest_manifest
from tests.publish.conftest import TAG
from tests.publish.program import FILES, MANIFEST, manifest_with, validation


@pytest.fixture
def untouched(hub, repo):
    """Remember the dataset, and hold it against what is there in the end."""
    before = []

    def holds() -> bool:
        there = hub.repos[repo]
        before.append((dict(there.branches), dict(there.tags), json.dumps(sorted(there.commits))))
        return before[0] == before[-1] and not hub.lines("^PUT|/commit/|/tag/")

    def begun() -> None:
        hub.seen.clear()
        assert holds()

    return begun, holds


def validated(version, **keys: object) -> None:
    """Put a validation beside a version."""
    text = json.loads(validation(version.manifest.content_digest, passed=True))
    (version.path / "validation.json").write_text(json.dumps({**text, **keys}))


def test_a_version_that_was_validated_since_is_the_same_and_what_differs_is_said(publish, first, version, untouched):
    begin, is_untouched = untouched
    recorded = version.read_beside("publications.json")
    validated(version)
    begin()

    done = publish()

    assert (done.code, done.json["status"], done.json["commit"]) == (0, "unchanged", first["commit"]), done
    assert done.json["differs"] == {
        "card": ["README.md"],
        "validation": ["cotloom/validation.json"],
    }
    assert done.json["files"] == first["files"]
    assert is_untouched()
    assert version.read_beside("publications.json") == recorded


@pytest.mark.usefixtures("first")
def test_what_differs_and_what_to_do_is_told_in_words(ask, version, store, repo):
    validated(version)

    done = ask("publish", "sums", "--repo", repo, "--store", store)

    assert done.code == 0
    assert "sums@1.0.0 is already published" in done.out
    assert "the validation differs, or exists only locally or only on the Hub: cotloom/validation.json" in done.out
    assert "the card has other text: README.md" in done.out
    assert "give another tag with --tag, or publish the next version" in done.out


@pytest.mark.usefixtures("first")
def test_what_did_not_change_is_not_told_to_differ(publish, ask, version, store, repo):
    done = ask("publish", version.ref, "--repo", repo, "--store", store)

    assert "nothing to do" in done.out
    assert "would differ now" not in done.out
    assert publish().json["differs"] == {}


def test_the_new_validation_goes_to_the_hub_under_a_tag_of_its_own(publish, first, version, hub, repo):
    validated(version)

    done = publish("sums@1.0.0", "--tag", "v1.0.0+validated")

    assert (done.code, done.json["status"], done.json["differs"]) == (0, "published", {}), done
    there = hub.repos[repo]
    assert there.tags == {TAG: first["commit"], "v1.0.0+validated": done.json["commit"]}
    assert "cotloom/validation.json" not in there.files(TAG)
    assert json.loads(there.files("v1.0.0+validated")["cotloom/validation.json"])["summary"] == "it was tried"
    told = {one["tag"]: one["commit"] for one in version.read_beside("publications.json")["publications"]}
    assert told == there.tags


@pytest.mark.usefixtures("first")
def test_other_options_for_the_card_are_no_other_version(publish, version, untouched):
    begin, is_untouched = untouched
    begin()

    done = publish(version.ref, "--language", "en", "--teacher-terms", "none")

    assert (done.code, done.json["status"], done.json["differs"]) == (0, "unchanged", {"card": ["README.md"]}), done
    assert is_untouched()


@pytest.mark.parametrize("elsewhere", [False, True], ids=["where it was published from", "in another store"])
def test_a_version_without_its_ancestors_is_the_same_in_another_order(publish, take, store, hub, untouched, elsewhere):
    begin, is_untouched = untouched
    take("1.0.0")
    version = take("1.1.0")
    publish("sums@1.1.0")
    shutil.rmtree(store / "versions/sums/1.0.0")
    recorded = version.read_beside("publications.json")
    if elsewhere:
        (version.path / "publications.json").unlink()
    begin()

    done = publish("sums@1.1.0")

    assert (done.code, done.json["status"]) == (0, "unchanged"), done
    assert set(done.json["differs"]) == {"card", "layout"}
    assert "data/problems/train-00000-of-00001.parquet" in done.json["differs"]["layout"]
    assert is_untouched()
    assert bool(hub.lines("^GET .*/resolve/.*parquet")) == elsewhere  # what nobody wrote down is proven anew
    assert version.read_beside("publications.json") == recorded


@pytest.mark.usefixtures("first")
def test_what_no_fingerprint_speaks_of_is_no_other_content(publish, version):
    path = version.path / "manifest.json"
    around = {"parent": "0.9.0", "languages": ["en"], "teacher_terms": "none"}
    values = {**json.loads(path.read_text()), **around}
    path.write_text(json.dumps({**values, "manifest_digest": digest_manifest(values)}))

    done = publish()

    assert (done.code, done.json["status"]) == (0, "unchanged"), done
    assert done.json["differs"]["manifest"] == [MANIFEST, "cotloom/recipe.json"]


# Something else


def refused(done) -> Mapping[str, str]:
    assert (done.code, done.json["error"]["kind"]) == (2, "InputError"), done
    assert "a tag never moves" in done.json["error"]["hint"]
    assert "--tag" in done.json["error"]["hint"]
    return done.json["error"]


@pytest.mark.usefixtures("first")
def test_a_tag_that_names_other_content_is_an_error_that_says_what_differs(publish, take, untouched):
    begin, is_untouched = untouched
    take("1.1.0")
    begin()

    error = refused(publish("sums@1.1.0", "--tag", TAG))

    assert error["message"].startswith("the tag v1.0.0 of people/sums has other content: README.md, cotloom/")
    assert "more files differ" in error["message"]
    assert is_untouched()


@pytest.mark.usefixtures("version")
def test_the_same_rows_made_from_something_else_are_not_the_same_version(publish, published, untouched):
    begin, is_untouched = untouched
    manifest_with(published, fingerprint="00" * 32, version="1.0.1")
    begin()

    error = refused(publish())

    assert error["message"].endswith("has the same rows, but other inputs: version, fingerprint differ")
    assert is_untouched()


@pytest.mark.parametrize("name", [FILES, MANIFEST])
@pytest.mark.parametrize("content", [None, b"?", b"[]", b"\xff"])
@pytest.mark.usefixtures("version")
def test_a_tag_without_a_manifest_or_list_that_can_be_read_names_other_content(publish, published, name, content):
    published[FILES] = published[FILES].replace(b"{", b"{ ", 1)
    if content is None:
        published.pop(name)
    else:
        published[name] = content

    assert "has other content" in refused(publish())["message"]


@pytest.mark.usefixtures("published")
def test_a_tag_whose_files_are_not_those_of_its_list_is_damaged(publish, version, published, untouched):
    begin, is_untouched = untouched
    published["data/problems/train-00000-of-00001.parquet"] += b"x"
    validated(version)
    begin()

    error = refused(publish())

    assert error["message"] == "the tag v1.0.0 of people/sums is damaged: data/problems/train-00000-of-00001.parquet"
    assert is_untouched()
    assert version.read_beside("publications.json") == {}
