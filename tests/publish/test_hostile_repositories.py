"""A repository whose publisher means harm: what it names, announces and holds brings nothing out of its place."""

import io
import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.parquet import measure_memory, write_parquet
from cotloom.builder.publish.hub import listing
from tests.publish.conftest import TAG
from tests.publish.program import FILES, MANIFEST, READER, listed_anew, manifest_with, validation

HUGE = 10**15
"""Bytes that no disk of a test machine has room for."""


@pytest.fixture
def pull(ask, tmp_path, repo):
    """Pull into a store of its own; nothing but this store is written, and it is written only where that went well."""
    (tmp_path / "outside").write_text("as it was")

    def pulled():
        before = {path for path in tmp_path.rglob("*") if "other" not in path.relative_to(tmp_path).parts}
        done = ask("pull", f"hf://datasets/{repo}@{TAG}", "--store", tmp_path / "other", "--json", HF_TOKEN=READER)
        after = {path for path in tmp_path.rglob("*") if "other" not in path.relative_to(tmp_path).parts}
        assert after == before
        assert (tmp_path / "outside").read_text() == "as it was"
        assert done.code == 0 or not (tmp_path / "other").exists(), done
        assert "Traceback" not in done.err
        return done

    return pulled


def refuses(done, *words: str, code: int = 2) -> None:
    assert (done.code, done.json["error"]["kind"]) == (code, {2: "InputError", 3: "Stopped"}[code]), done
    assert all(word in done.json["error"]["message"] for word in words), done.json["error"]
    assert done.json["error"]["hint"]


HARMFUL = (
    "data/../../outside",
    "data/../../../../../../../../outside",
    "data//etc/outside",
    "data/..\\..\\outside",
    "data/C:outside",
    "data/\x1b[2Joutside",
    "data/a\nb",
    "data/\u202eoutside",
    "data/./outside",
)


@pytest.mark.parametrize("name", HARMFUL, ids=range(len(HARMFUL)))
def test_a_name_that_is_none_of_a_plain_file_is_not_downloaded(pull, published, hub, name):
    listed_anew_or_new(published, name, b"harm")

    refuses(pull(), "is no name of a file of a version")
    assert hub.lines("/resolve/") == []


@pytest.mark.parametrize("name", [*HARMFUL, "/etc/passwd", "../../x", ""], ids=range(len(HARMFUL) + 3))
def test_a_list_of_files_with_such_a_name_is_damaged(pull, published, name):
    listed = json.loads(published[FILES])
    listed[name] = {"sha256": "00" * 32, "bytes": 1, "rows": 1}
    published[FILES] = json.dumps(listed).encode()

    refuses(pull(), "is damaged", "is no file of a version")


def listed_anew_or_new(files: dict[str, bytes], name: str, content: bytes) -> None:
    files[FILES] = json.dumps({name: {"rows": 0}, **json.loads(files[FILES])}).encode()
    listed_anew(files, name, content)


def test_more_bytes_than_the_disk_has_room_for_are_not_downloaded(pull, published, hub):
    hub.announced[next(name for name in published if name.startswith("data/problems"))] = HUGE

    refuses(pull(), f"{HUGE:,}"[:5], "has room for", code=3)
    assert hub.lines("/resolve/") == []


@pytest.mark.parametrize("name", [MANIFEST, FILES, "README.md", "cotloom/validation.json", "figures/a.svg"])
def test_a_text_of_a_gigabyte_is_not_downloaded(pull, published, hub, name):
    published.setdefault(name, b"{}")
    hub.announced[name] = 2**30

    refuses(pull(), name, "only tables may have more")
    assert hub.lines("/resolve/") == []


@pytest.mark.parametrize("folder", ["data", "elsewhere"])
def test_a_hundred_thousand_files_are_not_downloaded(pull, published, hub, folder):
    published |= {f"{folder}/{number}.parquet": b"" for number in range(100_000)}

    refuses(pull(), f"has more than {listing.MAX_ENTRIES:,} files")
    assert hub.lines("/resolve/") == []


def test_more_files_than_a_version_has_are_not_downloaded(pull, published, hub):
    published |= {f"data/{number}.parquet": b"" for number in range(listing.MAX_FILES)}

    refuses(pull(), f"has at most {listing.MAX_FILES:,} files")
    assert hub.lines("/resolve/") == []


@pytest.mark.parametrize("announced", [10, 10**12])
def test_a_list_of_files_that_lies_about_sizes_is_damaged(pull, published, announced):
    name = next(name for name in published if name.startswith("data/problems"))
    listed = json.loads(published[FILES])
    listed[name]["bytes"] = announced
    published[FILES] = json.dumps(listed).encode()

    refuses(pull(), f"is damaged: {name}")


def test_a_file_that_is_longer_than_announced_is_not_taken_in(pull, published, hub):
    name = next(name for name in published if name.startswith("data/problems"))
    hub.announced[name] = 10
    published[name] += bytes(2**20)

    assert pull().code == 2


def bomb(rows: int, text: str) -> bytes:
    """A file of a few kB whose one text stands in every row."""
    content = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
    pq.write_table(pa.table({"text": column}), content, compression="zstd")
    return content.getvalue()


def test_a_small_table_that_stands_for_many_gigabytes_is_not_read(pull, published):
    name = next(name for name in published if name.startswith("data/problems"))
    content = bomb(100_000, "x" * 1_000_000)
    assert len(content) < 50_000
    listed_anew(published, name, content)

    refuses(pull(), name.rpartition("/")[2], "need more than", "bytes of memory")


SHAPES = {
    "text": lambda rows: pa.array(["x" * 1000] * rows),
    "large text": lambda rows: pa.array(["x" * 1000] * rows, pa.large_string()),
    "bytes": lambda rows: pa.array([b"x" * 1000] * rows),
    "list": lambda rows: pa.array([["x" * 500, "y" * 500]] * rows),
    "messages": lambda rows: pa.array([[{"role": "user", "content": "x" * 1000}]] * rows),
    "numbers": lambda rows: pa.array([[7] * 125] * rows),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_memory_of_a_table_is_measured_whatever_its_columns_are(tmp_path, shape):
    table = pa.table({"a": SHAPES[shape](5000)})
    write_parquet(table, tmp_path / "a.parquet")

    measured = measure_memory(tmp_path / "a.parquet")

    assert (tmp_path / "a.parquet").stat().st_size < table.nbytes / 100
    assert table.nbytes * 0.9 <= measured <= table.nbytes * 2 + 500_000
    with pytest.raises(InputError, match="need more than"):
        measure_memory(tmp_path / "a.parquet", limit=table.nbytes // 2)


def test_a_table_of_text_that_shares_its_beginnings_is_not_expanded(tmp_path):
    table = pa.table({"a": ["x" * 10_000 + str(number) for number in range(5000)]})
    encoding = {"use_dictionary": False, "column_encoding": {"a": "DELTA_BYTE_ARRAY"}}
    pq.write_table(table, tmp_path / "a.parquet", **encoding)

    assert (tmp_path / "a.parquet").stat().st_size < table.nbytes / 100
    with pytest.raises(InputError):
        measure_memory(tmp_path / "a.parquet", limit=table.nbytes // 2)


def test_nulls_and_empty_tables_need_little(tmp_path):
    frame = pl.DataFrame({"a": [None, None, "x"], "b": [[], None, ["y"]]})
    write_parquet(frame, tmp_path / "a.parquet")
    write_parquet(frame.clear(), tmp_path / "b.parquet")

    assert measure_memory(tmp_path / "a.parquet") < 1000
    assert measure_memory(tmp_path / "b.parquet") < 1000


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "content",
    [b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b'{"a":' + DEEP + b"}", DEEP, b'{"a": NaN}', b'"\\ud800"', b"\xff"],
    ids=["objects", "lists in an object", "lists", "no number", "half a letter", "no text"],
)
@pytest.mark.parametrize("name", [FILES, MANIFEST, "cotloom/validation.json"])
def test_texts_that_can_not_be_read_are_a_sentence(pull, published, name, content):
    if name == FILES:
        published[name] = content
    else:
        listed_anew_or_new(published, name, content)

    done = pull()

    refuses(done)
    assert len(done.json["error"]["message"]) < 2000


def test_a_validation_that_nobody_listed_is_not_taken_in(pull, published):
    digest = json.loads(published[MANIFEST])["content_digest"]
    published["cotloom/validation.json"] = validation(digest, passed=True).encode()

    refuses(pull(), "cotloom/validation.json", "is not in the list of files")


def test_a_validation_of_other_content_is_not_taken_in(pull, published):
    listed_anew_or_new(published, "cotloom/validation.json", validation("ab" * 32, passed=True).encode())

    refuses(pull(), "cotloom/validation.json", "belongs to other content")


def test_files_that_nobody_listed_are_left_where_they_are(pull, published, tmp_path):
    published |= {"data/more/train-0.parquet": b"harm", "cotloom/x.py": b"harm", "run.py": b"harm"}

    done = pull()

    assert done.code == 0, done
    names = {path.name for path in (tmp_path / "other" / "versions" / "sums" / "1.0.0").iterdir()}
    assert names == {
        "manifest.json", "build.json", "publications.json", "problems.parquet", "samples.parquet", "examples.parquet",
        "mixture.parquet",
    }  # fmt: skip


def test_no_link_of_a_download_reaches_the_store(pull, published, tmp_path):
    assert published
    assert pull().code == 0

    files = list((tmp_path / "other").rglob("*"))
    assert files
    assert [path for path in files if path.is_symlink()] == []


def test_a_manifest_with_another_name_is_a_version_of_that_name_alone(pull, published, tmp_path):
    manifest_with(published, name="others")

    done = pull()

    assert done.code == 0, done
    assert [path.name for path in (tmp_path / "other" / "versions").iterdir()] == ["others"]


def test_a_table_whose_dictionary_gave_way_to_plain_pages_is_measured(tmp_path):
    texts = [[{"content": f"{number} " * 400}] for number in range(4_000)]
    path = tmp_path / "long.parquet"
    write_parquet(pa.table({"messages": texts}), path)

    needed = measure_memory(path, 2**30)

    assert needed > sum(len(row[0]["content"]) for row in texts)
