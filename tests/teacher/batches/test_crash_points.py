"""A build that ends at each step of a batch's way, before and after it: what it had sent is never sent twice."""

import pytest

from cotloom.builder.teacher.batches import courier, sender
from cotloom.builder.teacher.batches.harvest import Harvester
from cotloom.builder.teacher.batches.service import BatchService

from ..chat_service import Answers, Batches, Settings, running
from ..live_builds import list_words, write_recipe

FAST = ("--batch", "--batch-poll", "0.05", "--batch-requests", "20")
POINTS = {
    "the journal": (courier, "write_state"),
    "a batch that is forgotten": (courier, "forget_batch"),
    "an upload": (BatchService, "upload_file"),
    "a creation": (BatchService, "create_batch"),
    "a look": (BatchService, "get_batch"),
    "a download": (BatchService, "download_file"),
    "a line": (Harvester, "read_line"),
    "an answer that is handed out": (sender.BatchFileSender, "_settle"),
}


class CrashError(Exception):
    """Ends a build as no error of ours does."""


def crash_at(monkeypatch, home, name, number, *, after):
    """Raise at the n-th call of a function, before it or after it, and at every later one: the process is gone."""
    real, calls = getattr(home, name), []

    def call(*arguments, **options):
        calls.append(name)
        if len(calls) < number:
            return real(*arguments, **options)
        if after and len(calls) == number:
            result = real(*arguments, **options)
            if hasattr(result, "__await__"):
                return finish_and_crash(result)
        raise CrashError

    async def finish_and_crash(result):
        await result
        raise CrashError

    monkeypatch.setattr(home, name, call)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_a_build_that_ends_at_any_step_is_taken_up(tmp_path, run, monkeypatch, point, number, after):
    recipe = write_recipe(tmp_path, 30, paths={"round": 2, "max": 4, "target": 2})
    store = tmp_path / "store"
    settings = Settings(batches=Batches(script={"2": "partial"}), answers=Answers(wrong_share=0.4))
    with running(settings) as service:
        with monkeypatch.context() as patch:
            crash_at(patch, *point, number, after=after)
            with pytest.raises(SystemExit):
                run(*list_words(recipe, store, service.url), *FAST)
        done = run(*list_words(recipe, store, service.url), *FAST)
        again = run(*list_words(recipe, store, service.url), *FAST, "--version", "2.0.0")
    assert done.code == 0, done.err[-2000:]
    assert again.json["calls"]["new"] == 0
    assert set(service.read_batches()["answered"].values()) == {1}
    assert run("ledger", "check", "--store", str(store)).code == 0
    assert count_responses(run, store) == len(service.read_batches()["answered"])


def count_responses(run, store):
    """Count the responses in the ledger: one that is recorded twice would be counted as paid twice."""
    return run("ledger", "stats", "--store", str(store), "--json").json["responses"]
