import json
import subprocess
import sys
from io import StringIO

import duckdb
import polars as pl
import pytest
from rich.console import Console

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.inspect import explain, query, write_database
from cotloom.builder.inspect.explanation import render_explanation
from cotloom.builder.inspect.listing import render_list
from cotloom.builder.inspect.render import render_version
from cotloom.builder.inspect.sql import FirstRows
from cotloom.builder.inspect.sql.cells import render_head
from cotloom.builder.store import Version

HOSTILE = "\x1b[31mred\x1b[0m [bold]x[/bold] [red] \x07\x9b2J\u202egold\r 2 + 2 = 4. The answer is 4."


def shown(renderable, **options) -> str:
    console = Console(file=StringIO(), width=200, highlight=False, **options)
    console.print(renderable)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, build_recipe) -> Version:
    """A version whose question, teacher, answer and labels try to paint the terminal."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        {"q": f"{HOSTILE} {n}?", "a": "4", "c": [HOSTILE, f"{HOSTILE} No: 5"], "ok": [True, HOSTILE]} for n in range(3)
    ]
    (folder / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    completion = {"column": "c", "teacher": HOSTILE, "labels": {"is_correct": "ok"}}
    recipe = {
        "name": "hostile",
        "version": "1.0.0",
        "sources": [
            {"name": "s", "kind": "file", "path": "s.jsonl", "fields": {"question": "q", "answer": "a", "group": "q"}}
        ],
        "teacher": {
            "backend": "recorded",
            "answers": {"path": "s.jsonl", "problem": "q", "completions": [completion]},
        },
    }
    (folder / "r.yaml").write_text(json.dumps(recipe))
    return build_recipe(folder / "r.yaml", folder / "store").version


def test_sql_sees_the_four_views(quickstart):
    counts = quickstart.manifest.counts

    for name in ("problems", "samples", "examples"):
        assert query(quickstart, f"SELECT count(*) AS n FROM {name}")["n"].to_list() == [counts[name]]  # noqa: S608
    rows = query(quickstart, "FROM funnel").to_dicts()
    assert rows == [row.model_dump(mode="json") for row in quickstart.manifest.funnel]


def test_sql_reads_labels_as_json(hostile):
    rows = query(
        hostile, "SELECT labels->>'is_correct' AS label, count(*) AS n FROM samples GROUP BY ALL ORDER BY n, 1"
    )

    assert set(rows["label"]) == {"true", HOSTILE}


def test_sql_reaches_into_nested_columns(quickstart):
    rows = query(quickstart, "SELECT messages[1].role AS first, messages[-1].role AS last FROM examples LIMIT 1")

    assert rows.to_dicts() == [{"first": "user", "last": "assistant"}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('{folder}/manifest.json')",
        "SELECT * FROM read_json('{folder}/build.json')",
        "SELECT * FROM glob('/*')",
        "COPY samples TO '{folder}/out.csv'",
        "COPY samples TO '{elsewhere}/out.parquet'",
        "COPY samples TO '{folder}/samples.parquet'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/out.duckdb' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM read_parquet('https://127.0.0.1:9/x.parquet')",
        "SET enable_external_access = true",
        "SET allowed_paths = ['/etc/passwd']",
        "SET lock_configuration = false",
        "RESET enable_external_access",
        "PRAGMA enable_external_access = true",
        "SELECT getenv('HOME')",
        "DROP TABLE problems",
        "INSERT INTO samples SELECT * FROM samples",
        "SELEC 1",
        "SELECT nothing FROM samples",
    ],
)
def test_sql_can_read_no_other_file_write_nothing_and_change_no_setting(quickstart, tmp_path, sql):
    before = {path.name: path.read_bytes() for path in quickstart.path.iterdir()}

    with pytest.raises(InputError, match="the query failed"):
        query(quickstart, sql.replace("{folder}", str(quickstart.path)).replace("{elsewhere}", str(tmp_path)))

    assert {path.name: path.read_bytes() for path in quickstart.path.iterdir()} == before
    assert list(tmp_path.iterdir()) == []


def test_sql_of_several_statements_can_not_unlock_either(quickstart):
    with pytest.raises(InputError, match="the query failed"):
        query(quickstart, "SELECT 1; SET enable_external_access = true; SELECT * FROM read_csv('/etc/passwd')")


@pytest.mark.parametrize("sql", ["", "-- nothing", ";"])
def test_no_statement_gives_an_empty_table(quickstart, sql):
    assert query(quickstart, sql).is_empty()


def test_sql_works_on_a_folder_with_a_quote_in_its_name(quickstart, tmp_path):
    folder = tmp_path / "it's; here"
    folder.mkdir()
    for path in quickstart.path.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())

    rows = query(Version(path=folder, manifest=quickstart.manifest), "SELECT count(*) AS n FROM problems")

    assert rows["n"].to_list() == [quickstart.manifest.counts["problems"]]


def test_a_database_file_opens_with_duckdb_and_holds_every_table(quickstart, tmp_path):
    write_database(quickstart, tmp_path / "x.duckdb")

    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as connection:
        for name in ("problems", "samples", "examples"):
            (count,) = connection.execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608
            assert count == quickstart.manifest.counts[name]
        assert connection.execute("SELECT count(*) FROM funnel").fetchone() == (len(quickstart.manifest.funnel),)
    assert [path.name for path in tmp_path.iterdir()] == ["x.duckdb"]


def test_a_database_file_is_never_written_over(quickstart, tmp_path):
    (tmp_path / "x.duckdb").write_text("mine")

    with pytest.raises(InputError, match="exists"):
        write_database(quickstart, tmp_path / "x.duckdb")

    assert (tmp_path / "x.duckdb").read_text() == "mine"


def test_a_database_file_in_a_folder_that_is_not_there_is_told(quickstart, tmp_path):
    with pytest.raises(Stopped, match="can't be written"):
        write_database(quickstart, tmp_path / "nowhere" / "x.duckdb")


def test_a_problems_story_brings_all_its_samples(quickstart):
    problem = quickstart.read_table("problems")[0, "problem_id"]
    samples = quickstart.read_table("samples").filter(pl.col("problem_id") == problem)

    story = explain(quickstart, problem)

    assert (story["kind"], story["id"], story["problem"]["problem_id"]) == ("problem", problem, problem)
    assert {sample["sample_id"] for sample in story["samples"]} == set(samples["sample_id"])


def test_a_samples_story_brings_its_problem_and_examples(quickstart):
    sample = quickstart.read_table("samples").filter(pl.col("fate") == "kept").row(0, named=True)

    story = explain(quickstart, sample["sample_id"])

    assert story["problem"]["problem_id"] == sample["problem_id"]
    assert {example["sample_id"] for example in story["examples"]} == {sample["sample_id"]}
    assert story["sample"]["tokens_with_logprobs"] == len(sample["token_logprobs"])


def test_an_examples_story_goes_back_to_its_problem(quickstart):
    example = quickstart.read_table("examples").row(0, named=True)

    story = explain(quickstart, example["example_id"])

    assert (story["sample"]["sample_id"], story["problem"]["problem_id"]) == (
        example["sample_id"],
        example["problem_id"],
    )


def test_every_story_can_be_told_and_written_as_json(quickstart):
    for table, column in (("problems", "problem_id"), ("samples", "sample_id"), ("examples", "example_id")):
        for wanted in quickstart.read_table(table)[column].head(12):
            story = explain(quickstart, wanted)
            assert wanted in shown(render_explanation(story))
            assert json.loads(json.dumps(story, allow_nan=False))["id"] == wanted


def test_the_beginning_of_an_id_is_enough_where_it_fits_one(quickstart):
    problem = quickstart.read_table("problems")[0, "problem_id"]

    assert explain(quickstart, problem[:12])["id"] == problem


def test_a_beginning_that_fits_several_is_told_with_some_of_them(quickstart):
    with pytest.raises(InputError, match="40 problems begin with p_: p_") as caught:
        explain(quickstart, "p_")

    assert caught.value.hint == "give more of the id"


@pytest.mark.parametrize("wanted", ["p_zzz", "s_zzz", "e_zzz", "s_%", "p_.*"])
def test_an_id_that_no_row_has_is_told_with_where_to_look(quickstart, wanted):
    with pytest.raises(InputError, match="has the id") as caught:
        explain(quickstart, wanted)

    assert "cotloom sql quickstart@1.0.0" in caught.value.hint


@pytest.mark.parametrize("wanted", ["", "x", "q_1", "P_1", "[red]"])
def test_what_is_no_id_is_told_with_what_ids_look_like(quickstart, wanted):
    with pytest.raises(InputError, match="is no id"):
        explain(quickstart, wanted)


def test_a_version_at_a_glance_shows_funnel_paths_and_a_sample_of_each_fate(quickstart):
    text = shown(render_version(quickstart))

    assert text.startswith("quickstart@1.0.0\nSimulated: a program wrote these rationales, not a language model.\n")
    for word in ("sources", "teacher", "verify", "select", "format", "mix", "Kept  s_", "Dropped as wrong_step  s_"):
        assert word in text
    assert sum(quickstart.manifest.paths_per_problem.values()) == 40


def test_a_list_names_every_version(quickstart, hostile):
    text = shown(render_list([quickstart, hostile]))

    assert [line.split()[0] for line in text.splitlines()] == ["version", "quickstart@1.0.0", "hostile@1.0.0"]


@pytest.mark.parametrize("terminal", [{}, {"force_terminal": True, "color_system": None}])
def test_model_text_can_not_paint_the_terminal_or_be_read_as_markup(hostile, terminal):
    samples = hostile.read_table("samples")
    wanted = [
        *hostile.read_table("problems")["problem_id"],
        *samples["sample_id"],
        *hostile.read_table("examples")["example_id"],
    ]
    told = [render_explanation(explain(hostile, item)) for item in wanted]
    told += [
        render_version(hostile),
        render_list([hostile]),
        render_head(
            FirstRows(rows=query(hostile, "SELECT text FROM samples").with_columns(pl.lit(1).alias(HOSTILE))), 160
        ),
    ]

    for renderable in told:
        text = shown(renderable, **terminal)
        assert not set(text) & set("\x1b\x07\x9b\u202e\r")
    assert "[bold]x[/bold] [red]" in shown(told[0], **terminal)
    assert "[bold]x[/bold] [red]" in shown(told[-1], **terminal)


def test_the_list_needs_neither_polars_nor_pyarrow():
    code = (
        "import sys\n"
        "from cotloom.builder.inspect.listing import render_list\n"
        "from cotloom.builder.report.console import make_console\n"
        "print([name for name in ('polars', 'pyarrow', 'duckdb', 'pydantic', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_list_names_teacher_and_date_or_says_that_they_are_unknown(quickstart, tmp_path):
    manifest = quickstart.manifest.model_copy(update={"teachers": ("org/ckpt",)})

    (_, line) = shown(render_list([Version(path=tmp_path, manifest=manifest)])).splitlines()

    assert line.split()[:4] == ["quickstart@1.0.0", "unknown", "org/ckpt", "(simulated)"]


def test_show_names_the_parent(quickstart):
    manifest = quickstart.manifest.model_copy(update={"parent": "0.9.0"})

    assert "\nparent     0.9.0\n" in shown(render_version(Version(path=quickstart.path, manifest=manifest)))
