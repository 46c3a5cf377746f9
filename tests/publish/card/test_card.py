import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard, DatasetCardData
from huggingface_hub.repocard import metadata_load
from markdown_it import MarkdownIt

from cotloom.builder.errors import InputError
from cotloom.builder.publish.card.card import SIMULATED_NOTICE, render_card
from cotloom.builder.publish.card.error_rates import load_error_rates
from cotloom.builder.publish.card.facts import FactCollector
from cotloom.builder.publish.card.figures import draw_figures
from cotloom.builder.publish.card.metadata import CardOptions, build_metadata, get_hub_license
from cotloom.builder.publish.files.layout import Layout, write_layout
from cotloom.builder.publish.files.read import read_validation
from cotloom.builder.report.escape import escape_markdown
from cotloom.builder.report.markdown import fold_lines, format_code, format_fence
from cotloom.builder.store import Version
from cotloom.builder.verify import CODE_VERSION
from cotloom.schemas.manifest import JudgeCount, Manifest, ReadingCount, ServedModel
from cotloom.schemas.validation import Validation
from tests.publish.versions import recorded

HOSTILE = "<script>alert(1)</script> `x` | [a](javascript:1) ![b](http://x/y.png) $z$ <!-- \u202e"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, build_recipe) -> Version:
    folder = tmp_path_factory.mktemp("mixed")
    return build_recipe(recorded(folder), folder / "store").version


@pytest.fixture(scope="module")
def laid(quickstart, mixed, tmp_path_factory) -> dict[str, Layout]:
    folder = tmp_path_factory.mktemp("laid")
    told = CardOptions(repo="me/paths", languages=("en",), teacher_terms="Research only.")
    return {
        "quickstart": write_layout(quickstart, folder / "quickstart"),
        "recorded": write_layout(mixed, folder / "recorded", told),
    }


def text(found: Layout) -> str:
    """The card without its YAML."""
    return re.sub(r"\A---\n.*?\n---\n", "", (found.folder / "README.md").read_text(), flags=re.DOTALL)


def section(found: Layout, title: str) -> str:
    return text(found).partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def facts(version: Version, validation: Validation | None = None):
    tables = {name: version.read_table(name) for name in ("problems", "samples", "examples")}
    collector = FactCollector(version.manifest)
    collector.add(tables)
    return collector.finish(None, validation)


def html(markdown: str) -> str:
    return MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)


# The metadata


def test_the_hub_reads_the_metadata(laid):
    for found in laid.values():
        read = DatasetCard.load(found.folder / "README.md")
        assert isinstance(read.data, DatasetCardData)
        assert metadata_load(found.folder / "README.md") == read.data.to_dict()
        assert read.data.annotations_creators == ["machine-generated"]
        assert {"synthetic", "cotloom"} <= set(read.data.tags)
        assert read.data.task_categories == ["text-generation", "question-answering"]
        assert read.data.size_categories == ["n<1K"]
    quickstart, mixed = (DatasetCard.load(found.folder / "README.md").data for found in laid.values())
    assert ("simulated" in quickstart.tags, "simulated" in mixed.tags) == (True, False)
    assert (quickstart.license, mixed.license) == ("apache-2.0", "mit")
    assert (quickstart.language, mixed.language) == (["en"], ["en"])


def test_language_and_terms_of_the_recipe_are_on_the_card_unless_the_publisher_says_otherwise(tmp_path, build_recipe):
    made = build_recipe(
        recorded(tmp_path, languages=["de", "pt-BR"], teacher_terms="No training without asking."), tmp_path / "store"
    ).version

    own = write_layout(made, tmp_path / "own")
    won = write_layout(made, tmp_path / "won", CardOptions(languages=("fr",), teacher_terms="Research only."))

    cards = [DatasetCard.load(found.folder / "README.md").data for found in (own, won)]
    assert [one.language for one in cards] == [["de", "pt-BR"], ["fr"]]
    assert "(`people`): No training without asking." in section(own, "Licences")
    assert "(`people`): Research only." in section(won, "Licences")
    assert "| Languages | de, pt-BR |" in section(own, "Provenance")
    assert all("language of the texts is not stated" not in section(found, "Limitations") for found in (own, won))


def test_a_version_from_before_these_keys_is_read_and_says_neither(mixed, tmp_path):
    before = mixed.manifest.model_dump(exclude={"languages", "teacher_terms"})  # as it was written before these keys

    found = write_layout(Version(path=mixed.path, manifest=Manifest.model_validate(before)), tmp_path / "out")

    assert DatasetCard.load(found.folder / "README.md").data.language is None
    assert "(`people`): unknown; read them" in section(found, "Licences")
    assert "The language of the texts is not stated." in section(found, "Limitations")


def test_every_config_names_files_that_are_there_and_all_tables_are_named(laid):
    for found in laid.values():
        configs = MetadataConfigs.from_dataset_card_data(DatasetCard.load(found.folder / "README.md").data)
        assert list(found.configs) == [one["config_name"] for one in stated(found)["configs"]]
        assert configs.get_default_config_name() == "default"
        named = set()
        for name, config in configs.items():
            assert name in found.configs
            for split in config["data_files"]:
                files = set(found.folder.glob(split["path"]))
                assert files
                assert {path.name.split("-")[0] for path in files} == {split["split"]}
                named |= files
            assert {path for path in named if path.match(found.configs[name])}
        assert named == set(found.folder.rglob("*.parquet"))


def stated(found: Layout) -> dict:
    return yaml.safe_load((found.folder / "README.md").read_text().split("---\n")[1])


def test_the_rows_and_bytes_of_each_config_are_those_of_its_files(laid):
    for found in laid.values():
        for info in stated(found)["dataset_info"]:
            files = [name for name in found.files if Path(name).match(found.configs[info["config_name"]])]
            assert info["download_size"] == sum(found.files[name].bytes for name in files)
            rows = {split["name"]: split["num_examples"] for split in info["splits"]}
            counted: dict[str, int] = {}
            for name in files:
                split = Path(name).name.split("-")[0]
                counted[split] = counted.get(split, 0) + found.files[name].rows
            assert rows == counted


@pytest.mark.parametrize(
    ("licence", "told"),
    [
        ("MIT", {"license": "mit"}),
        ("CC-BY-SA-4.0", {"license": "cc-by-sa-4.0"}),
        ("My own!", {"license": "other", "license_name": "my-own"}),
        ("§", {"license": "other", "license_name": "custom"}),
        (None, {"license": "unknown"}),
    ],
)
def test_a_licence_is_told_in_the_hubs_words(licence, told):
    assert get_hub_license(licence) == told


@pytest.mark.parametrize(
    ("rows", "size"), [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**9, "1B<n<10B")]
)
def test_the_size_is_told_in_the_hubs_words(mixed, rows, size):
    manifest = mixed.manifest.model_copy(update={"counts": {**mixed.manifest.counts, "examples_kept": rows}})

    assert build_metadata(manifest, [], CardOptions()).size_categories == [size]


def test_datasets_of_the_hub_are_named_as_sources_but_not_those_for_evaluation(mixed):
    sources = [
        {"name": "a", "kind": "hub", "path": "some/set", "role": "sample", "answer_type": "choice"},
        {"name": "b", "kind": "hub", "path": "some/bench", "role": "evaluate"},
    ]
    manifest = mixed.manifest.model_copy(update={"recipe": {**mixed.manifest.recipe, "sources": sources}})

    found = build_metadata(manifest, [], CardOptions())

    assert (found.source_datasets, found.language) == (["some/set"], None)
    assert found.task_categories[-1] == "multiple-choice"


# The text


def test_it_says_how_to_load_each_config_at_the_tag(laid):
    found = text(laid["recorded"])

    assert 'default = load_dataset("me/paths", revision="v1.0.0")' in found
    for config in list(laid["recorded"].configs)[1:]:
        assert f'{config} = load_dataset("me/paths", "{config}", revision="v1.0.0")' in found
    assert 'load_dataset("USER/NAME", revision="v1.0.0")' in text(laid["quickstart"])


def test_simulated_data_says_so_at_the_top_and_other_data_does_not(laid):
    assert SIMULATED_NOTICE in text(laid["quickstart"]).split("## ")[0]
    assert "imulated" not in text(laid["recorded"])


def test_every_number_of_the_funnel_is_there(quickstart, mixed, laid):
    for version in (quickstart, mixed):
        found = section(laid[version.manifest.name], "Data generation")
        for row in version.manifest.funnel:
            reason = f"`{row.reason or 'none'}`"
            assert (
                f"| {row.stage} | {row.unit} | {row.rows_in:,} | {row.dropped:,} | {reason} | {row.kept:,} |" in found
            )


def test_the_hinted_share_is_that_of_the_kept_samples(quickstart, laid):
    samples = quickstart.read_table("samples")
    kept = samples.filter(samples["fate"] == "kept")
    hinted = kept.filter(kept["hint"] == "hinted").height

    told = section(laid["quickstart"], "Data generation")

    assert f"| Kept responses with a hint | {hinted} of {kept.height} ({hinted / kept.height:.1%}) |" in told
    assert hinted > 0
    assert "| Kept responses with a hint | unknown |" in section(laid["recorded"], "Data generation")


def test_error_rates_are_told_only_for_the_checks_that_they_were_measured_on(quickstart):
    assert load_error_rates(CODE_VERSION), "run benchmarks/verifier.py: the verifier has a new code version"
    measured, other = (
        render_card(facts(version), [], [], CardOptions())
        for version in (quickstart, replace(quickstart, manifest=with_rooms(quickstart, verify=CODE_VERSION + 1)))
    )

    assert "0 of 2,640 labelled model solutions of GSM8K | 0.00% (0.00% to 0.14%)" in measured
    assert "2,640" not in other
    assert "The error rates of these checks were not measured" in other


def test_error_rates_name_their_data_and_language_and_what_was_not_measured(quickstart, mixed):
    told = render_card(facts(quickstart), [], [], CardOptions())
    assert "| Verdict on a numeric final answer | en | 0 of 2,640 labelled model solutions of GSM8K |" in told
    assert "| All checks on the sources of this dataset: arithmetic | any | not measured | not measured |" in told
    assert "| Soundness of the reasoning | any | not measured | not measured |" in told

    chinese = render_card(facts(quickstart), [], [], CardOptions(languages=("zh", "en-GB")))
    assert "| All checks | zh | not measured | not measured |" in chinese
    assert "| All checks | en-GB |" not in chinese

    silent = render_card(facts(mixed), [], [], CardOptions())
    assert "| All checks on this dataset | not stated | not measured | not measured |" in silent
    assert "sources of this dataset: s |" in silent  # the others are not judged


def test_answers_that_were_read_as_a_last_resort_are_a_limitation(quickstart):
    guessed = ReadingCount(rule="last_sentence", part="text", samples=9, kept=7)
    manifest = quickstart.manifest.model_copy(update={"readings": (*quickstart.manifest.readings, guessed)})
    told = render_card(facts(replace(quickstart, manifest=manifest)), [], [], CardOptions())
    assert "The final answers of 7 kept responses stand in the last sentence of a text that marks no answer." in told
    assert "marks no answer" not in render_card(facts(quickstart), [], [], CardOptions())


def test_a_blind_check_is_on_the_card_where_the_recipe_asks_for_one(quickstart):
    recipe = {**quickstart.manifest.recipe, "verify": {**quickstart.manifest.recipe["verify"], "blind_check": "hinted"}}
    checked = replace(quickstart, manifest=quickstart.manifest.model_copy(update={"recipe": recipe}))
    words = "shown the reasoning up to the answer"
    assert words in render_card(facts(checked), [], [], CardOptions())
    assert words not in render_card(facts(quickstart), [], [], CardOptions())


def test_a_server_that_changed_is_on_the_card(quickstart):
    models = tuple(ServedModel(teacher="t", model=name, samples=2, fingerprints=0) for name in ("a", "b"))
    changed = replace(quickstart, manifest=quickstart.manifest.model_copy(update={"served_models": models}))
    told = render_card(facts(changed), [], [], CardOptions())
    assert "`t` by `a`: 2 responses; `t` by `b`: 2 responses" in told
    assert "Served as" not in render_card(facts(quickstart), [], [], CardOptions())


@pytest.mark.parametrize("languages", [("en",), ("zh",)])
def test_hints_of_each_source_are_on_the_card(quickstart, languages):
    (hints,) = quickstart.manifest.hints
    told = render_card(facts(quickstart), [], [], CardOptions(languages=languages))
    line = next(line for line in told.splitlines() if "`arithmetic`" in line and str(hints.unhinted_correct) in line)
    assert f"{hints.unhinted_correct / hints.unhinted:.1%}" in line


@pytest.mark.parametrize("kind", ["boolean", "choice", "text"])
def test_other_answer_types_were_not_measured(quickstart, kind):
    other = replace(facts(quickstart), answer_types=(kind,))
    told = render_card(other, [], [], CardOptions())
    assert f"| Verdict on a final answer of type {kind} | any | not measured | not measured |" in told
    assert "2,640" not in told
    both = render_card(replace(other, answer_types=(kind, "number")), [], [], CardOptions())
    assert f"of type {kind} | any | not measured" in both
    assert "2,640" in both


def test_the_dataset_that_was_measured_is_not_listed_as_unmeasured(quickstart):
    sources = [{"name": "g", "kind": "hub", "path": "openai/gsm8k", "role": "sample"}]
    manifest = quickstart.manifest.model_copy(update={"recipe": {**quickstart.manifest.recipe, "sources": sources}})
    told = render_card(facts(replace(quickstart, manifest=manifest)), [], [], CardOptions(languages=("en",)))
    assert "sources of this dataset" not in told


def with_rooms(version: Version, **rooms: int):
    return version.manifest.model_copy(update={"rooms": {**version.manifest.rooms, **rooms}})


def test_the_figures_on_checks_are_in_the_documents():
    root = Path(__file__).resolve().parents[3]
    page = (root / "docs" / "gsm8k.md").read_text()

    *rates, agreed = load_error_rates(CODE_VERSION)
    assert [rate.check for rate in (*rates, agreed)] == ["answer", "step", "consensus"]
    assert f"| {agreed.errors} of {agreed.n}: " in (root / "docs" / "benchmark-consensus.md").read_text()
    for rate in rates:
        assert f"{rate.errors} of {rate.n:,}" in page or (f"{rate.n:,}" in page and f"in {rate.errors} of them" in page)


def test_the_certificate_is_told_or_that_there_is_none(mixed, laid):
    (certificate,) = mixed.manifest.contamination

    told = section(laid["recorded"], "Splits and contamination")

    assert certificate.overlaps > 0
    row = f"| bench | {certificate.problems} | {certificate.overlaps} | {certificate.highest_similarity:.1%} |"
    assert row in told
    assert "Overlap with evaluation sets: unknown" in section(laid["quickstart"], "Splits and contamination")


def test_limits_are_those_of_the_version(laid):
    simulated, mixed = (section(found, "Limitations") for found in laid.values())

    assert ("simulated" in simulated, "simulated" in mixed) == (True, False)
    assert ("argue backwards" in simulated, "argue backwards" in mixed) == (True, False)
    assert (
        "(`verdict: provided`) were not checked" in simulated,
        "(`verdict: provided`) were not checked" in mixed,
    ) == (False, True)
    assert ("benchmarks was not checked" in simulated, "benchmarks was not checked" in mixed) == (True, False)


def test_licences_and_terms_are_told_and_what_is_unknown_is_said(mixed, laid):
    told = section(laid["recorded"], "Licences")

    assert "| s | MIT |" in told
    assert "| bench | unknown |" in told
    assert "Terms of the teacher (`people`): Research only" in told
    assert "unknown; read them before" in render_card(facts(mixed), [], [], CardOptions())
    assert "no provider's terms apply" in section(laid["quickstart"], "Licences")


def test_changes_are_counted_against_the_parent(write_recipe, tmp_path, store, build_recipe):
    old = build_recipe(write_recipe(tmp_path), store).version
    new = build_recipe(write_recipe(tmp_path, select={"keep": 1}), store, 'version="1.1.0"').version

    told = section(write_layout(new, tmp_path / "out"), "Changes")

    before, after = (version.manifest.counts["samples_kept"] for version in (old, new))
    assert "compared with tiny@1.0.0" in told
    assert f"| samples | {before} | 0 | {before - after} | {after} |" in told
    assert before > after
    assert "This is the first version." in section(write_layout(old, tmp_path / "first"), "Changes")


def test_a_parent_that_is_not_there_is_named(mixed):
    manifest = mixed.manifest.model_copy(update={"parent": "0.9.0"})

    told = render_card(facts(replace(mixed, manifest=manifest)), [], [], CardOptions())

    assert "The parent version is 0.9.0. The changes were not counted." in told


def test_it_can_be_cited(mixed, laid):
    told = section(laid["recorded"], "Citation")

    assert "https://huggingface.co/datasets/me/paths" in told
    assert mixed.manifest.content_digest in told


# The validation


def validation(version: Version, **keys) -> Validation:
    asked = {"set": "held_out", "format": "zero_shot_cot", "decoding": "greedy"}
    interval = {"low": 0.4, "high": 0.6, "by_seed": [0.5, 0.5], "problems": 40, "groups": 40}
    standing = {"setting": asked, "kind": "target", "measure": "correct", "mean": 0.5, **interval}
    difference = {
        "condition": "version", "against": "answer_only", "setting": asked, "kind": "target", "difference": 0.2,
        "error": 0.05,
        "verdict": "better", "smallest_effect": 0.1, "low": 0.1, "high": 0.3, "by_seed": [0.2, 0.2], "problems": 40,
        "groups": 40,
    }  # fmt: skip
    found = {
        "ref": version.ref,
        "content_digest": version.manifest.content_digest,
        "parent": None,
        "simulated": False,
        "summary": "The version did better.",
        "student": {"name": "tiny"},
        "student_digest": "f" * 64,
        "training_runs": [],
        "scores": [{"condition": "version", **standing}, {"condition": "answer_only", **standing}],
        "differences": [difference],
        "gate": {"passed": False, "reasons": ["worse than the parent"]},
        "environment": {
            "batch_size": 8, "device": "cpu", "dtype": "float32", "torch": "2", "transformers": "5", "cotloom": "0.1",
        },
        **keys,
    }  # fmt: skip
    return Validation.model_validate(found)


def with_validation(version: Version, folder: Path, **keys) -> Version:
    """A copy of a version with a validation beside it."""
    copy = folder / "copy"
    copy.mkdir()
    for path in version.path.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "validation.json").write_text(validation(version, **keys).model_dump_json())
    return Version(path=copy, manifest=version.manifest)


def test_the_validation_is_told_with_its_interval_and_the_gate(mixed, tmp_path):
    found = write_layout(with_validation(mixed, tmp_path), tmp_path / "out")

    told = section(found, "Evaluation")
    assert "+20.0 points (95 % interval +10.0 to +30.0)" in told
    assert "50.0% | 40.0% to 60.0%" in told
    assert "The gate is not passed: worse than the parent." in told
    assert "![Accuracy of students](figures/validation.svg)" in told
    assert "No student was trained" not in section(found, "Limitations")
    there = json.loads((found.folder / "cotloom/validation.json").read_text())
    assert Validation.model_validate(there) == validation(mixed)


def test_a_validation_of_other_content_is_left_out(mixed, tmp_path):
    found = write_layout(with_validation(mixed, tmp_path, content_digest="0" * 64), tmp_path / "out")

    assert "cotloom/validation.json" not in found.files
    assert "Not measured for this content." in section(found, "Evaluation")


def test_a_validation_that_can_not_be_read_is_an_error(mixed, tmp_path):
    version = with_validation(mixed, tmp_path)
    (version.path / "validation.json").write_text("{}}")

    with pytest.raises(InputError, match=r"validation.json can't be read"):
        read_validation(version)


# Texts of others


@pytest.mark.parametrize(
    "hostile", [HOSTILE, "````\n</details># head", "1. x", "- x", "# x", "===", "a\n\n<b>", "\\|`"]
)
def test_a_hostile_text_is_shown_as_text(hostile):
    for written in (
        escape_markdown(hostile),
        format_code(hostile),
        "\n".join(format_fence(hostile)),
        f"| a |\n|---|\n| {format_code(hostile)} |",
    ):
        shown = html(written)
        assert not re.search(r"<(script|img|a|h\d|b|li|details|hr)\b", shown)
        tags = set(re.findall(r"</?(\w+)", shown))
        assert tags <= {"p", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}
    assert html(f"| a |\n|---|\n| {escape_markdown(hostile)} |").count("<td>") == 1
    assert "\u202e" not in escape_markdown(hostile) + format_code(hostile) + "".join(format_fence(hostile))


def test_hostile_names_and_rows_do_nothing_to_the_card(mixed):
    manifest = mixed.manifest
    recipe = {**manifest.recipe, "license": HOSTILE}
    recipe["teacher"] = {"backend": "openai", "model": HOSTILE, "prompt": {"system": f"```\n{HOSTILE}", "shots": 1}}
    manifest = manifest.model_copy(update={"recipe": recipe, "licenses": {"s": HOSTILE}, "parent": HOSTILE})
    told = replace(
        facts(mixed), manifest=manifest, example=(("user", f"```\n{HOSTILE}"),), row_counts=(("f", HOSTILE, "s", 1),)
    )

    written = render_card(told, [], [], CardOptions(repo="me/x", teacher_terms=HOSTILE))

    body = re.sub(r"\A---\n.*?\n---\n", "", written, flags=re.DOTALL)
    body = re.sub(r"</?(details|summary)>", "", body)
    shown = html(body)
    assert not re.search(r"<(script|img)\b|javascript:1\"|<!--", shown)
    assert set(re.findall(r'href="([^"]*)"', shown)) == {
        f"cotloom/{name}.json" for name in ("recipe", "manifest", "files")
    }
    assert metadata_load_text(written)["license"] == "other"


def metadata_load_text(written: str) -> dict:
    return yaml.safe_load(written.split("---\n")[1])


def test_long_lines_are_folded_between_words():
    assert fold_lines("short\n" + "word " * 40 + "\n" + "x" * 200) == "\n".join(
        ["short", " ".join(["word"] * 19), " ".join(["word"] * 19), "word word", "x" * 200]
    )


# The pictures


def test_every_picture_of_the_card_is_there_and_is_well_formed(laid):
    for found in laid.values():
        named = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text(found))
        assert set(named) == {name for name in found.files if name.startswith("figures/")}
        for name in named:
            root = ET.fromstring((found.folder / name).read_text())  # noqa: S314 - our own file
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert root.find("{http://www.w3.org/2000/svg}title").text


def test_pictures_bring_colours_for_light_and_dark_pages(quickstart):
    for picture in draw_figures(quickstart.manifest.funnel, {0: 1, 2: 3}):
        assert 'class="ground"' in picture.svg
        assert "prefers-color-scheme:dark" in picture.svg
        assert "currentColor" not in picture.svg


def test_the_funnel_shows_every_reason_with_its_rows(quickstart):
    (picture, _) = draw_figures(quickstart.manifest.funnel, {1: 2})

    for row in quickstart.manifest.funnel:
        if row.reason:
            assert f"{row.stage}: {row.reason}".replace("_", " ") in picture.svg
            assert f">{row.dropped:,} (" in picture.svg


def test_nothing_in_a_picture_is_wider_than_it(quickstart):
    for picture in draw_figures(quickstart.manifest.funnel, {1: 123_456, 2: 1}):
        root = ET.fromstring(picture.svg)  # noqa: S314 - our own file
        wide = float(root.get("width"))
        for mark in root.iter("{http://www.w3.org/2000/svg}text"):
            start = float(mark.get("x"))
            length = 7.2 * len(mark.text)
            first, last = (start - length, start) if mark.get("text-anchor") == "end" else (start, start + length)
            assert first >= 0
            assert last <= wide


def test_a_version_without_paths_has_no_picture_of_them(mixed):
    assert [picture.path for picture in draw_figures(mixed.manifest.funnel, {})] == ["figures/funnel.svg"]


@pytest.mark.parametrize("languages", [("en",), ("zh",)])
def test_who_judged_is_on_the_card_and_is_no_comparison(quickstart, languages):
    judges = (
        JudgeCount(kind="external", question="answer", judge="tests", simulated=False, samples=9, kept=8),
        JudgeCount(kind="model_graded", question="answer", judge="court", simulated=False, samples=7, kept=6),
        JudgeCount(kind="model_graded", question="rationale", judge="court", simulated=True, samples=5, kept=4),
    )
    manifest = quickstart.manifest.model_copy(update={"judges": judges})
    options = CardOptions(languages=languages)
    given = replace(facts(replace(quickstart, manifest=manifest)), answer_types=("external", "model_graded"))
    lines = render_card(given, [], [], options).splitlines()
    rows = [line for line in lines if line.startswith("| ") and ("`court`" in line or "`tests`" in line)]
    limits = [line for line in lines if line.startswith("- ") and ("`court`" in line or "`tests`" in line)]
    assert [next(n for n in "975" if n in row) for row in rows] == ["9", "7", "5"]
    assert [next(n for n in "864" if n in row) for row in limits] == ["8", "6", "4"]
    compared = ("The final answer equals the gold answer", "最终答案等于标准答案")
    assert not any(words in line for line in lines for words in compared)
    plain = render_card(facts(quickstart), [], [], options)
    assert any(words in plain for words in compared)
    assert "`court`" not in plain
