"""Pulling: a published version comes into another store as the version that it was, or not at all."""

import json

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.store import digest_tables, find_version, read_version
from cotloom.builder.store.tables import EVIDENCE, name_evidence
from cotloom.schemas.manifest import digest_manifest
from tests.publish.conftest import TAG
from tests.publish.hub import Fault
from tests.publish.program import FILES, READER, manifest_with, validation

EVIDENCE_FILES = {name_evidence(name) for name in EVIDENCE}
"""Files beside the tables that are not published: they quote evaluation sets."""


@pytest.fixture
def pull(ask, tmp_path, repo):
    """Pull into a store of its own."""

    def pulled(ref: str = f"hf://datasets/{repo}@{TAG}", store: str = "other"):
        return ask("pull", ref, "--store", tmp_path / store, "--json", HF_TOKEN=READER)

    return pulled


@pytest.mark.usefixtures("published")
def test_a_pulled_version_is_the_version_that_was_published(pull, version, ask, tmp_path, repo, hub):
    done = pull()

    assert (done.code, done.json["status"]) == (0, "pulled"), done
    pulled = read_version(tmp_path / "other" / "versions" / "sums" / "1.0.0")
    tables_only = {name: file for name, file in version.manifest.files.items() if name not in EVIDENCE_FILES}
    alike = {"manifest_digest": None, "files": tables_only}
    assert pulled.manifest.model_copy(update={"manifest_digest": None}) == version.manifest.model_copy(update=alike)
    names = ("problems", "samples", "examples")
    assert all(pulled.read_table(name).equals(version.read_table(name)) for name in names)
    tables = {name: pulled.read_table(name) for name in names}
    assert digest_tables(tables, pulled.manifest.bucket_bits) == version.manifest.content_digest
    (told,) = pulled.read_beside("publications.json")["publications"]
    assert (told["repo"], told["tag"], told["commit"]) == (repo, TAG, hub.repos[repo].tags[TAG])
    counted = ask("sql", "sums", "SELECT count(*) AS n FROM problems", "--store", tmp_path / "other", "--json")
    assert counted.json["rows"] == [{"n": 24}]
    assert ask("show", "sums", "--store", tmp_path / "other").code == 0


@pytest.mark.usefixtures("published")
def test_pulling_again_is_nothing_to_do(pull, tmp_path):
    pull()
    folder = tmp_path / "other" / "versions" / "sums" / "1.0.0"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    assert pull().json["status"] == "unchanged"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.usefixtures("published")
def test_a_version_with_other_content_in_the_store_is_a_conflict(pull, version, tmp_path):
    pull()
    path = tmp_path / "other" / "versions" / "sums" / "1.0.0" / "manifest.json"
    values = {**json.loads(path.read_text()), "content_digest": "ab" * 32}
    path.write_text(json.dumps({**values, "manifest_digest": digest_manifest(values)}))

    done = pull()

    assert (done.code, done.json["error"]["kind"]) == (2, "VersionConflict")
    assert "abababababababab" in done.json["error"]["message"]
    assert version.manifest.content_digest[:16] in done.json["error"]["message"]


def test_the_validation_comes_along_and_replaces_none_that_is_there(publish, pull, version, tmp_path):
    (version.path / "validation.json").write_text(validation(version.manifest.content_digest, passed=True))
    publish()
    own = tmp_path / "other" / "versions" / "sums" / "1.0.0" / "validation.json"

    pull()
    came = json.loads(own.read_text())
    own.write_text("{}")
    pull()

    assert (came["summary"], own.read_text()) == ("it was tried", "{}")


def test_a_file_that_was_changed_on_the_hub_is_not_taken_in(pull, published, tmp_path):
    name = next(name for name in published if name.startswith("data/problems"))
    published[name] += b"x"

    done = pull()

    assert (done.code, done.json["error"]["kind"]) == (2, "InputError")
    assert f"is damaged: {name}" in done.json["error"]["message"]
    assert not (tmp_path / "other").exists()


def test_rows_that_the_manifest_does_not_speak_of_are_not_taken_in(pull, published, tmp_path):
    manifest_with(published, content_digest="00" * 32)

    done = pull()

    assert (done.code, "do not have the content digest of its manifest" in done.json["error"]["message"]) == (2, True)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "changes", [{"name": "../../away"}, {"name": "a/b"}, {"version": "../../../away"}, {"version": "dev"}]
)
def test_a_name_from_the_hub_leads_nowhere_but_into_the_store(pull, published, tmp_path, changes):
    manifest_with(published, **changes)

    done = pull()

    assert (done.code, done.json["error"]["kind"]) == (2, "InputError")
    assert not (tmp_path / "other").exists()
    assert list(tmp_path.rglob("*away*")) == []


def test_a_list_of_files_that_leads_out_of_the_folder_is_damaged(pull, published):
    listed = json.loads(published[FILES])
    listed["data/../../../../etc/hostname"] = {"sha256": "00" * 32, "bytes": 1, "rows": 1}
    published[FILES] = json.dumps(listed).encode()

    done = pull()

    assert (done.code, "names 'data/../.." in done.json["error"]["message"]) == (2, True)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"train.csv": b"a\n"}, "was not published by Cotloom"),
        ({FILES: b"[1]"}, "can't be read"),
        ({FILES: b"{}"}, "has no published version"),
    ],
)
def test_what_is_no_published_version_is_told_so(pull, hub, repo, files, told):
    there = hub.make(repo)
    there.tags[TAG] = there.commit(files)

    done = pull()

    assert (done.code, done.json["error"]["kind"]) == (2, "InputError")
    assert told in done.json["error"]["message"]


@pytest.mark.parametrize(
    ("ref", "told", "hint"),
    [
        ("sums@1.0.0", "is no version on the Hub", "hf://datasets/USER/NAME@TAG"),
        ("hf://datasets/sums@v1", "is no version on the Hub", "hf://datasets/USER/NAME@TAG"),
        (
            "hf://datasets/people/none",
            "the dataset people/none does not exist, or this token may not read it",
            "into HF_TOKEN",
        ),
        ("hf://datasets/people/sums@v9", "answered 404", "the dataset has: v1.0.0, main"),
        ("hf://datasets/people/none@v1", "answered 404", "read access to people/none into HF_TOKEN"),
    ],
)
@pytest.mark.usefixtures("published")
def test_what_is_not_there_is_told_with_what_is(pull, ref, told, hint):
    done = pull(ref)

    assert (done.code, done.json["error"]["kind"]) == (2, "InputError")
    assert told in done.json["error"]["message"]
    assert hint in done.json["error"]["hint"]


def test_without_a_tag_the_newest_version_is_pulled(ask, published, hub, repo, tmp_path):
    manifest_with(published, version="1.10.0")
    tags = hub.repos[repo].tags
    tags["v1.10.0"] = tags.pop(TAG)
    tags |= {"v1.9.0": hub.repos[repo].history()[-1], "best": hub.repos[repo].history()[-1]}

    done = ask("pull", f"hf://datasets/{repo}", "--store", tmp_path / "other", "--json", HF_TOKEN=READER)

    assert (done.code, done.json["version"]) == (0, "1.10.0"), done
    (told,) = read_version(tmp_path / "other/versions/sums/1.10.0").read_beside("publications.json")["publications"]
    assert told["tag"] == "v1.10.0"


@pytest.mark.usefixtures("published")
def test_without_a_tag_there_must_be_one_that_names_a_version(pull, hub, repo):
    tags = hub.repos[repo].tags
    tags["best"] = tags.pop(TAG)

    done = pull(f"hf://datasets/{repo}")

    assert (done.code, "no tag of people/sums is a version" in done.json["error"]["message"]) == (2, True)
    assert "its tags are: best" in done.json["error"]["hint"]


@pytest.mark.usefixtures("published")
def test_a_private_dataset_needs_a_token(ask, tmp_path, repo):
    done = ask("pull", f"hf://datasets/{repo}@{TAG}", "--store", tmp_path / "other", "--json", HF_TOKEN=None)

    assert (done.code, "HF_TOKEN" in done.json["error"]["hint"]) == (2, True)


@pytest.mark.parametrize(("at", "status"), [("^GET .*/tree/", 500), ("^GET .*/resolve/.*parquet", None)])
@pytest.mark.usefixtures("published")
def test_trouble_that_passes_is_waited_for(pull, hub, at, status):
    hub.faults.append(Fault(at, status))

    assert pull().code == 0


@pytest.mark.usefixtures("published")
def test_trouble_that_stays_stops_the_command(pull, hub, tmp_path):
    hub.faults.append(Fault("^GET .*/revision/", 500, times=3))

    done = pull()

    assert (done.code, done.json["error"]["kind"]) == (3, "Stopped")
    assert "can't be downloaded: 500, scripted" in done.json["error"]["message"]
    assert not (tmp_path / "other").exists()
    assert pull().code == 0


def test_a_ref_on_the_hub_has_to_be_pulled_first(store):
    with pytest.raises(InputError, match="is on the Hub") as caught:
        find_version(store, "hf://datasets/people/sums@v1.0.0")

    assert "cotloom pull hf://datasets/people/sums@v1.0.0" in caught.value.hint


@pytest.mark.usefixtures("published")
def test_a_published_version_is_compared_where_it_lies(version, ask, tmp_path, repo):
    store = version.path.parents[2]
    ref = f"hf://datasets/{repo}@{TAG}"
    done = ask("diff", "sums", ref, "--store", store, "--exit-code", "--json", HF_TOKEN=READER)
    assert (done.code, done.json["is_empty"]) == (0, True), done
    other = ask("diff", ref, ref, "--store", tmp_path / "none", "--json", HF_TOKEN=READER)
    assert (other.code, (tmp_path / "none").exists()) == (0, False), other
