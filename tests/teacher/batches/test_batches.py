"""Builds with batches: the same version as live, whatever becomes of single batches and rows."""

import pytest

from ..chat_service import Answers, Batches, Settings, running
from ..live_builds import list_words, write_recipe

FAST = ("--batch", "--batch-poll", "0.05")
ROUNDS = {"round": 2, "max": 6, "target": 2}


@pytest.fixture
def build(run):
    """Build in this process, which must succeed. Returns what was printed."""

    def built(recipe, store, url, *words):
        done = run(*list_words(recipe, store, url), *words)
        assert done.code == 0, f"exit {done.code}: {done.out[-2000:]}\n{done.err[-2000:]}"
        return done.json

    return built


@pytest.fixture
def build_live(build, tmp_path):
    """Build the same recipe live. Returns what was printed."""

    def built(recipe, answers=None):
        with running(Settings(answers=answers or Answers())) as service:
            return build(recipe, tmp_path / "live", service.url)

    return built


def test_a_build_in_batches_is_the_build_that_is_sent_live(tmp_path, build, build_live):
    recipe = write_recipe(tmp_path, 60, paths=ROUNDS)
    live = build_live(recipe)
    with running() as service:
        built = build(recipe, tmp_path / "store", service.url, *FAST)
    found = service.read_batches()
    assert built["content_digest"] == live["content_digest"]
    assert built["calls"]["new"] == live["calls"]["new"]
    assert service.read_statistics()["requests"] == 0  # nothing was sent live
    assert len(found["batches"]) <= 5  # a round each: as many as the slowest problem needs
    assert set(found["answered"].values()) == {1}
