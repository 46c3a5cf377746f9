"""Several recipes in one command: one ledger, one report, and a mistake in any of them is told before the first."""

import json

import pytest


@pytest.fixture
def write_both(tmp_path, write_recipe):
    """Two recipes of the same questions and teacher, which keep and format differently."""

    def write(**keys):
        paths = []
        for name, own in (("plain", {}), ("short", {"formats": [{"name": "zero_shot_answer"}], **keys})):
            (tmp_path / name).mkdir()
            paths.append(write_recipe(tmp_path / name, **{"name": name, **own}))
        return paths

    return write


def test_a_family_shares_one_ledger_and_says_what_each_took_from_it(run, write_both, store, tmp_path):
    ran = run("build", *write_both(), "--store", store, "--json", "--profile", tmp_path / "profile.json")

    built = ran.json["builds"]
    assert (ran.code, [each["name"] for each in built]) == (0, ["plain", "short"])
    assert [(each["calls"]["new"] > 0, each["calls"]["ledger"] > 0) for each in built] == [(True, False), (False, True)]
    assert built[0]["calls"]["new"] == built[1]["calls"]["ledger"]
    assert [each["version"] for each in json.loads((tmp_path / "profile.json").read_text())["builds"]] == [
        "plain@1.0.0", "short@1.0.0",
    ]  # fmt: skip


def test_the_report_in_words_has_a_line_for_each_version(run, write_both, store):
    ran = run("build", *write_both(), "--store", store)

    *_, head, plain, short = ran.out.splitlines()
    assert head.split() == ["version", "examples", "new", "answers", "known", "answers"]
    assert (plain.split()[0], short.split()[0]) == ("plain@1.0.0", "short@1.0.0")
    assert (plain.split()[-1], short.split()[-2]) == ("0", "0")


@pytest.mark.parametrize(
    ("keys", "words"),
    [({"formats": [{"name": "nonsense"}]}, "formats"), ({"name": "plain"}, "2 of the recipes build plain@1.0.0")],
)
def test_a_mistake_in_the_last_recipe_is_told_before_the_first_is_built(run, write_both, store, keys, words):
    ran = run("build", *write_both(**keys), "--store", store)

    assert (ran.code, words in ran.err) == (2, True)
    assert not store.exists()
