"""Where answers came from, in the manifest: the models that answered, hinted shares and unhinted pass rates."""

import itertools
from dataclasses import replace

import pytest

from cotloom.builder.audit import audit
from cotloom.builder.inspect.render import render_version
from cotloom.schemas.manifest import ServedModel
from tests.inspect.test_inspect import shown
from tests.passes.test_tokens import build_version
from tests.teacher.chat_server import completion, serving

ARITHMETIC = [{"name": "made", "kind": "arithmetic", "problems": 4}]


def make_script(models, fingerprints=(None,)):
    """A server that names these models and fingerprints in turn."""
    names, setups = itertools.cycle(models), itertools.cycle(fingerprints)

    def answer(_body):
        reply = completion("3 + 4 = 7. The answer is 7.")
        reply.body |= {"model": next(names), "system_fingerprint": next(setups)}
        return reply

    return answer


def build_served(tmp_path, store, write_recipe, script, **teacher):
    with serving(script) as server:
        given = {"backend": "openai", "model": "m", "base_url": server.url, "endpoint": "here", "paths": {"round": 1}}
        path = write_recipe(tmp_path, sources=ARITHMETIC, teacher={**given, **teacher})
        return build_version(path, store)


def test_a_sample_names_the_model_that_answered(tmp_path, store, write_recipe):
    version = build_served(tmp_path, store, write_recipe, make_script(["m-0613"], ["fp_1"]))
    samples = version.read_table("samples")
    assert set(samples.select("served_model", "fingerprint", "response_id").iter_rows()) == {("m-0613", "fp_1", "c")}
    expected = ServedModel(teacher="m", model="m-0613", samples=4, fingerprints=1)
    assert version.manifest.served_models == (expected,)


CHANGES = {
    "another model": (["a", "b"], [None], ["a (2 samples)", "b (2 samples)"]),
    "another setup": (["a"], ["x", "y"], ["a (4 samples)", "2 fingerprints"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_server_that_changes_while_it_is_sampled_is_said_once(tmp_path, store, write_recipe, capsys, change):
    models, fingerprints, named = CHANGES[change]
    version = build_served(tmp_path, store, write_recipe, make_script(models, fingerprints))
    said = [line for line in capsys.readouterr().err.splitlines() if "changed while it was sampled" in line]
    assert len(said) == 1
    assert all(words in said[0] for words in named)
    assert "served     m as a" in shown(render_version(version))


def test_a_server_that_stays_the_same_is_not_warned_of(tmp_path, store, write_recipe, capsys):
    version = build_served(tmp_path, store, write_recipe, make_script(["a"], ["x"]))
    assert "changed while" not in capsys.readouterr().err
    assert "served " not in shown(render_version(version))


def test_hinted_shares_and_unhinted_pass_rates_are_in_the_manifest(tmp_path, store, write_recipe):
    path = write_recipe(
        tmp_path,
        sources=[{"name": "made", "kind": "arithmetic", "problems": 30}],
        teacher={"backend": "simulated", "hint": {"mode": "fallback"}, "paths": {"round": 1}},
    )
    version = build_version(path, store)
    (hints,) = version.manifest.hints
    samples = version.read_table("samples")
    unhinted = samples.filter(samples["hint"] == "none")
    correct = unhinted.filter(unhinted["verdict"] == "correct").height
    assert (hints.source, hints.unhinted, hints.unhinted_correct) == ("made", 30, correct)
    assert hints.unhinted_pass_rate == correct / 30
    kept = samples.filter(samples["fate"] == "kept")
    assert hints.kept_hinted == kept.filter(kept["hint"] == "hinted").height > 0
    assert hints.hinted_share == hints.kept_hinted / kept.height
    assert f"{hints.kept_hinted} of {hints.kept} kept are hinted" in shown(render_version(version))


def test_audit_counts_hints_and_served_models_again(tmp_path, store, write_recipe):
    version = build_served(tmp_path, store, write_recipe, make_script(["a"]))
    (hints,), (served,) = version.manifest.hints, version.manifest.served_models
    for keys, words in (
        ({}, None),
        ({"hints": (hints.model_copy(update={"kept_hinted": 3}),)}, "hinted samples"),
        ({"served_models": (served.model_copy(update={"model": "b"}),)}, "served models"),
    ):
        forged = replace(version, manifest=version.manifest.model_copy(update=keys))
        found = [finding.message for finding in audit(forged, only="counts")]
        assert [words in message for message in found] == ([] if words is None else [True])
