"""A licence is given when a version is published, and the hint of a refusal is a command that works."""

import json
import shlex

import pytest
from huggingface_hub import DatasetCard

ROW = {"q": "Ann has 2 eggs and buys 3. How many has she?", "a": "5", "t": "2 + 3 = 5. The answer is 5."}


@pytest.fixture
def version(tmp_path, write_recipe, build_recipe):
    """Build a version whose sources have some licences."""

    def made(own=None, **licenses):
        sources = []
        for number, (name, license_name) in enumerate(licenses.items()):
            row = {**ROW, "q": f"{ROW['q']} Ask {'again ' * number}."}
            (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
            known = {"license": license_name} if license_name else {}
            fields = {"question": "q", "answer": "a"}
            sources.append({"name": name, "kind": "file", "path": f"{name}.jsonl", "fields": fields, **known})
        rows = [json.loads((tmp_path / f"{name}.jsonl").read_text()) for name in licenses]
        (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        answers = {"path": "t.jsonl", "problem": "q", "completions": [{"column": "t", "teacher": "people"}]}
        keys = {"license": own} if own else {}
        path = write_recipe(
            tmp_path, sources=sources, teacher={"backend": "recorded", "answers": answers}, split={"test": 0.0}, **keys
        )
        return build_recipe(path, tmp_path / "a store").version

    return made


def ask_words(version, *more):
    return ["publish", version.ref, "--repo", "me/eggs", "--dry-run", "--store", version.path.parents[2], *more]


def find_command(hint):
    """The command in a hint, as a shell would split it."""
    place = hint.index("cotloom publish")
    return shlex.split(hint[place:])[1:]


@pytest.mark.parametrize(
    ("own", "sources", "suggested"),
    [
        (None, {"s": None}, "cc-by-4.0"),
        (None, {"s": None, "b": "CC-BY-SA-4.0"}, None),
        (None, {"a": "cc-by-nc-4.0", "b": "cc-by-4.0", "c": None}, "cc-by-nc-4.0"),
        ("mit", {"s": "cc-by-sa-4.0"}, "cc-by-sa-4.0"),
    ],
)
def test_the_printed_command_publishes(version, run, own, sources, suggested):
    made = version(own, **sources)

    refused = run(*ask_words(made))
    hint = next(line.strip().removeprefix("-> ") for line in refused.out.splitlines() if "--license" in line)
    again = run(*find_command(hint))

    assert refused.code == 1
    assert again.code == 0, again.out + again.err
    assert "Dry run: nothing was uploaded" in again.out
    if suggested:
        assert hint.endswith(f"--license {suggested}")
    unknown = [name for name, known in sources.items() if known is None]
    assert all(name in hint for name in unknown)


def test_the_command_keeps_all_that_was_asked_but_the_licence(version, run):
    made = version(s="cc-by-sa-4.0")
    words = ask_words(
        made, "--language", "en", "--tag", "v1", "--license=mit", "--teacher-terms", "ask us; first", "--json"
    )
    checks = run(*words).json["checks"]
    (failed,) = (check for check in checks if not check["passed"])
    assert "the chosen licence is mit" in failed["message"]
    again = find_command(failed["hint"])
    assert again == [str(word) for word in words if word != "--license=mit"] + ["--license", "cc-by-sa-4.0"]
    assert run(*again).code == 0


def test_no_licence_is_suggested_where_none_suits(version, run):
    made = version(a="cc-by-nc-sa-4.0", b="cc-by-sa-4.0")
    (failed,) = (check for check in run(*ask_words(made, "--json")).json["checks"] if not check["passed"])
    assert "leave one out" in failed["hint"]
    assert "--license" not in failed["hint"]


def test_the_chosen_licence_is_on_the_card_and_the_version_stays(version, run):
    made = version(s=None)
    told = run(*ask_words(made, "--license", "CC-BY-4.0", "--json"))
    card = DatasetCard(told.json["card"])
    assert card.data.license == "cc-by-4.0"
    assert "This dataset: CC-BY-4.0." in told.json["card"]
    assert "No licence is stated" not in told.json["card"]
    assert "licence of the dataset: CC-BY-4.0" in str(told.json["checks"])
    assert json.loads((made.path / "manifest.json").read_text())["recipe"]["license"] is None


@pytest.mark.parametrize("name", ["", "  ", "---"])
def test_a_licence_without_a_name_is_refused(version, run, name):
    done = run(*ask_words(version(s="mit"), "--license", name))
    assert done.code == 2
    assert "--license names no licence" in done.err
