"""Each format as its trainer reads it: nothing is lost on the way, and the loss falls where it should."""

import json
from itertools import chain
from pathlib import Path

import datasets
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cotloom.builder.errors import InputError
from cotloom.builder.export import EXPORTS, export, make_dataset_dict
from cotloom.builder.export.parts import PROBLEM_COLUMNS, Export, ExportPart
from cotloom.schemas.example import Example, Message
from cotloom.schemas.frames import to_frame
from cotloom.schemas.problem import Split
from tests.forged import rewrite

FORMATS = [{"name": "zero_shot_cot"}, {"name": "in_context_cot", "shots": [1, 2]}, {"name": "zero_shot_answer"}]
STAGES = [
    {"name": "specialise", "take": {"made": "all"}},
    {"name": "restore", "take": {"short": "all", "made": "1/2"}},
]


@pytest.fixture(scope="module")
def staged(tmp_path_factory, write_recipe, build_recipe):
    """A version with two stages, three formats, demonstrations, and finished responses."""
    folder = tmp_path_factory.mktemp("staged")
    sources = [
        {"name": "made", "kind": "arithmetic", "level": "small", "problems": 30},
        {"name": "short", "kind": "skills", "role": "reference", "problems": 10},
    ]
    keys = {"sources": sources, "split": {"test": 0.2}, "formats": FORMATS, "mixture": {"stages": STAGES}}
    return build_recipe(write_recipe(folder, **keys), folder / "store").version


ROLES = ("user", "assistant")


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def plain(messages) -> list[dict]:
    """Only who speaks and what is said."""
    return [{"role": message["role"], "content": message["content"]} for message in messages]


def of_alpaca(row) -> list[dict]:
    """What LLaMA-Factory's README says that it makes of an alpaca row: question and input are joined by a line end."""
    asked = "\n".join(part for part in (row["instruction"], row["input"]) if part)
    turns = [*row["history"], [asked, row["output"]]]
    said = [{"role": role, "content": text} for turn in turns for role, text in zip(ROLES, turn, strict=True)]
    return [{"role": "system", "content": row["system"]}, *said] if row["system"] else said


CHATS = {
    "trl": lambda row: row["prompt"] + row["completion"],
    "trl-messages": lambda row: row["messages"],
    "llama-factory": lambda row: row["messages"],
    "llama-factory-alpaca": of_alpaca,
    "axolotl": lambda row: row["messages"],
    "openai": lambda row: row["messages"],
    "jsonl": lambda row: row["messages"],
    "parquet": lambda row: row["messages"],
    "datasets": lambda row: row["messages"],
}


def chats(form: str, folder: Path, name: str) -> list[list[dict]]:
    """Read the chats of one part back."""
    if form == "datasets":
        found = datasets.load_from_disk(folder)[name.replace("-", "_")].to_list()
    elif form == "parquet":
        found = pl.read_parquet(folder / f"{name}.parquet").to_dicts()
    else:
        found = lines(folder / f"{name}.jsonl")
    return [plain(CHATS[form](row)) for row in found]


def expected(version, name: str) -> pl.DataFrame:
    kept = version.read_table("examples").filter(pl.col("fate") == "kept").sort("example_id")
    stage = name.removeprefix("train-1-").removeprefix("train-2-")
    return kept.filter(pl.col("split") == "test") if name == "test" else kept.filter(pl.col("mixture_stage") == stage)


EXAMPLES = [form for form in EXPORTS if form not in {"trl-steps", "trl-dpo", "trl-grpo"}]
"""The formats of examples; the others have rationales, pairs of them, and problems."""
PARTS = ["train-1-specialise", "train-2-restore", "test"]


@pytest.mark.parametrize("form", EXAMPLES)
def test_from_every_export_prompt_and_answer_of_every_example_can_be_read_back(form, staged, tmp_path):
    done = export(staged, form, tmp_path / "out")

    assert [name.partition(".")[0].replace("_", "-") for name in done.rows] == PARTS
    for name in PARTS:
        assert chats(form, tmp_path / "out", name) == [plain(row) for row in expected(staged, name)["messages"]]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30) | st.sampled_from(
    ['{{ 7 * 7 }} {% raw %}"', "a\u2028b\u2029c\x85d", "\r\n\t\x00\\u0041", "</s><|im_end|>", "2024-01-05", "null"]
)
EXCHANGES = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3)


@pytest.mark.parametrize("form", EXAMPLES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(talks=st.lists(st.tuples(st.none() | TEXTS, EXCHANGES), min_size=1, max_size=4), simulated=st.booleans())
def test_whatever_a_model_wrote_comes_out_as_it_was(form, talks, simulated, staged, tmp_path_factory):
    every = [example(number, system, turns, simulated) for number, (system, turns) in enumerate(talks)]
    rows = to_frame(every, Example).with_columns(pl.lit("text").alias(column) for column in PROBLEM_COLUMNS)
    part = ExportPart(name="train", held_out=False, takes=pl.lit(value=True), count=rows.height)
    folder = tmp_path_factory.mktemp("out")

    halves = [rows.head(rows.height // 2), rows.tail(rows.height - rows.height // 2)]
    content = Export(version=staged, parts=(part,), simulated=simulated, buckets=lambda: iter(halves))
    EXPORTS[form].write(content, folder)

    assert chats(form, folder, "train") == [plain(row) for row in rows["messages"]]


def example(number: int, system: str | None, turns: list[tuple[str, str]], simulated: bool) -> Example:
    said = chain.from_iterable((("user", asked), ("assistant", answered)) for asked, answered in turns)
    spoken = [*([("system", system)] if system else []), *said]
    return Example(
        example_id=f"e_{number}",
        sample_id=None,
        problem_id="p",
        source="s",
        format="f",
        mixture_stage="train",
        split=Split.TRAIN,
        simulated=simulated,
        messages=tuple(Message(role=role, content=content) for role, content in spoken),
    )


def test_llama_factory_finds_every_file_and_how_to_read_it(staged, tmp_path):
    export(staged, "llama-factory", tmp_path)

    info = json.loads((tmp_path / "dataset_info.json").read_text())
    assert list(info) == [f"tiny-{name}" for name in PARTS]
    for description in info.values():
        tags, columns = description["tags"], description["columns"]
        assert description["formatting"] == "sharegpt"
        for row in lines(tmp_path / description["file_name"]):
            roles = [message[tags["role_tag"]] for message in row[columns["messages"]]]
            assert roles == [tags["user_tag"], tags["assistant_tag"]] * (len(roles) // 2)
            assert all(tags["content_tag"] in message for message in row[columns["messages"]])


DOCUMENTED = {
    "llama-factory": {
        "": "file_name formatting columns tags ranking split subset folder num_samples",
        "columns": "prompt query response history messages system tools chosen rejected",
        "tags": "role_tag content_tag user_tag assistant_tag observation_tag function_tag system_tag",
    },
    "axolotl": {
        "": "path ds_type split type field_messages message_property_mappings message_field_training train_on_eos"
        " roles_to_train",
        "message_property_mappings": "role content",
    },
}
"""The keys of a dataset that the documentation of the trainers lists."""


def list_datasets(form, folder):
    if form == "axolotl":
        configs = [YAML(typ="safe", pure=True).load(path) for path in sorted(folder.glob("axolotl*.yaml"))]
        return [dataset for config in configs for listed in config.values() for dataset in listed]
    return list(json.loads((folder / "dataset_info.json").read_text()).values())


@pytest.mark.parametrize("form", ["axolotl", "llama-factory", "llama-factory-alpaca"])
def test_a_trainer_is_given_no_key_that_it_does_not_document(form, staged, tmp_path):
    export(staged, form, tmp_path)
    documented = DOCUMENTED[form.removesuffix("-alpaca")]

    described = list_datasets(form, tmp_path)
    assert described
    for dataset in described:
        for place, keys in documented.items():
            assert set(dataset.get(place, {}) if place else dataset) <= set(keys.split())
        assert (tmp_path / dataset.get("path", dataset.get("file_name"))).is_file()


def test_llama_factory_finds_the_columns_of_alpaca_rows(staged, tmp_path):
    export(staged, "llama-factory-alpaca", tmp_path)

    for description in json.loads((tmp_path / "dataset_info.json").read_text()).values():
        assert description["formatting"] == "alpaca"
        assert set(description["columns"]) == {"prompt", "query", "response", "system", "history"}
        for row in lines(tmp_path / description["file_name"]):
            assert set(description["columns"].values()) <= set(row)
            assert all(len(turn) == 2 for turn in row["history"])


@pytest.mark.parametrize("form", ["trl-messages", "llama-factory", "llama-factory-alpaca"])
def test_loss_that_falls_on_demonstrations_is_told(form, staged, quickstart, tmp_path):
    shown = sum(expected(staged, name)["messages"].list.len().gt(2).sum() for name in PARTS)

    assert shown > 0
    assert any(f"{shown} rows have demonstrations" in note for note in export(staged, form, tmp_path / "a").notes)
    assert not any("demonstrations" in note for note in export(quickstart, "trl", tmp_path / "b").notes)


@pytest.mark.parametrize("form", EXAMPLES)
def test_weights_that_a_format_has_no_word_for_are_told(form, quickstart, tmp_path):
    heavy = pl.when(pl.col("fate") == "kept").then(2.0).otherwise(1.0)
    examples = quickstart.read_table("examples").with_columns(weight=heavy)
    version = rewrite(quickstart, tmp_path / "version", examples=examples)

    notes = " ".join(export(version, form, tmp_path / "out").notes)

    trained = quickstart.manifest.counts["training_examples"]
    assert (f"{trained} rows have a weight other than 1" in notes) == (form not in {"parquet", "jsonl", "datasets"})


def test_axolotl_has_a_stanza_for_each_stage_that_names_its_files_and_the_held_out(staged, tmp_path):
    export(staged, "axolotl", tmp_path)

    for name in PARTS[:2]:
        stanza = YAML(typ="safe", pure=True).load(tmp_path / f"axolotl{name.removeprefix('train')}.yaml")
        ((training,), (test,)) = stanza["datasets"], stanza["test_datasets"]
        assert (training["path"], test["path"]) == (f"{name}.jsonl", "test.jsonl")
        assert {entry["type"] for entry in (training, test)} == {"chat_template"}
        assert training["message_property_mappings"] == {"role": "role", "content": "content"}
        for row in lines(tmp_path / training["path"]):
            marks = [message[training["message_field_training"]] for message in row[training["field_messages"]]]
            assert marks == [False] * (len(marks) - 1) + [True]


def test_axolotl_has_one_stanza_where_there_is_one_stage(quickstart, tmp_path):
    export(quickstart, "axolotl", tmp_path)

    assert "path: train.jsonl" in (tmp_path / "axolotl.yaml").read_text()


def test_openai_rows_hold_its_rules_and_learn_the_last_answer_only(staged, tmp_path):
    done = export(staged, "openai", tmp_path)

    for row in chain.from_iterable(lines(tmp_path / name) for name in done.rows):
        assert set(row) == {"messages"}
        *read, last = row["messages"]
        assert {message["role"] for message in row["messages"]} <= {"system", "user", "assistant"}
        assert all(message["content"].strip() for message in row["messages"])
        assert last["role"] == "assistant"
        answers = [message for message in read if message["role"] == "assistant"]
        assert [message.get("weight") for message in [*answers, last]] == (
            [0] * len(answers) + [1] if answers else [None]
        )
    assert any("tokens" in note and "not checked" in note for note in done.notes)


def test_openai_is_given_no_file_with_fewer_than_ten_rows(tmp_path, write_recipe, build_recipe):
    small = [{"name": "made", "kind": "arithmetic", "problems": 3}]
    version = build_recipe(write_recipe(tmp_path, sources=small), tmp_path / "store").version

    with pytest.raises(InputError, match=r"train\.jsonl would have \d rows; OpenAI's fine-tuning needs at least 10"):
        export(version, "openai", tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_openai_is_given_no_empty_message(staged, tmp_path):
    blank = pl.concat_list(pl.col("messages").list.head(1), pl.col("messages").list.tail(1))
    struct = pl.struct(role=pl.element().struct.field("role"), content=pl.lit(" \n"))
    examples = staged.read_table("examples").with_columns(messages=blank.list.eval(struct))
    version = rewrite(staged, tmp_path / "version", examples=examples)

    with pytest.raises(InputError, match=r"examples have an empty message, such as e_\w+"):
        export(version, "openai", tmp_path / "out")


@pytest.mark.parametrize("form", ["jsonl", "parquet", "datasets"])
def test_tables_have_all_columns_of_examples_and_the_problems_question_and_answer(form, staged, tmp_path):
    export(staged, form, tmp_path / "out")

    if form == "datasets":
        frame = pl.DataFrame(datasets.load_from_disk(tmp_path / "out")["train_2_restore"].to_list())
    else:
        frame = {"jsonl": pl.read_ndjson, "parquet": pl.read_parquet}[form](tmp_path / f"out/train-2-restore.{form}")
    left_out = {"stage", "fate", "reason", "detail"}
    assert set(frame.columns) == {*staged.read_table("examples").columns, *PROBLEM_COLUMNS} - left_out
    problems = staged.read_table("problems").filter(pl.col("fate") == "kept")
    answers = dict(problems.select("problem_id", "answer").iter_rows())
    assert frame["answer"].to_list() == [answers[problem] for problem in frame["problem_id"]]
    assert set(frame["source"]) == {"made", "short"}


def test_tables_have_the_plain_types_of_other_datasets(staged, tmp_path):
    export(staged, "datasets", tmp_path / "disk")
    export(staged, "parquet", tmp_path / "files")

    saved = datasets.load_from_disk(tmp_path / "disk")
    files = {"train": [str(tmp_path / f"files/{name}.parquet") for name in PARTS[:2]]}
    loaded = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.features == saved["test"].features
    assert saved["test"].features["example_id"] == datasets.Value("string")
    assert saved["test"].features["messages"].feature["content"] == datasets.Value("string")
    assert len(loaded) == len(saved["train_1_specialise"]) + len(saved["train_2_restore"])


def test_a_dataset_dict_in_memory_is_the_one_that_is_exported(staged, tmp_path):
    export(staged, "datasets", tmp_path / "disk")

    splits, saved = make_dataset_dict(staged), datasets.load_from_disk(tmp_path / "disk")

    assert list(splits) == list(saved) == ["train_1_specialise", "train_2_restore", "test"]
    for name, rows in saved.items():
        assert splits[name].features == rows.features
        assert splits[name].to_list() == rows.to_list()
