"""Progress for machines: events on stderr, one JSON object a line."""

import json

import pytest

from cotloom.builder import progress
from cotloom.builder.progress import ProgressKind, note, show_bar, show_progress, warn
from cotloom.builder.report.console import make_progress_console


@pytest.fixture
def events(capsys):
    """Read the events that were written so far."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_events_say_what_is_done_and_what_was_reported(events, monkeypatch):
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    with show_progress(make_progress_console(), ProgressKind.JSON), show_bar("sampling", 4) as bar:
        bar(1)
        bar.report({"new": 7, "throttled": 2})
        bar(3)

    seen = events()
    assert [event["done"] for event in seen] == [1, 1, 4, 4]
    assert {event["event"] for event in seen} == {"progress"}
    assert (seen[0]["total"], seen[-1]["left_s"], seen[-1]["new"], seen[-1]["throttled"]) == (4, 0.0, 7, 2)
    assert "new" not in seen[0]


def test_many_items_are_few_events_and_the_last_is_always_written(events):
    with show_progress(make_progress_console(), ProgressKind.JSON), show_bar("judging", 10_000) as bar:
        for _ in range(10_000):
            bar(1)

    seen = events()
    assert len(seen) < 100
    assert seen[-1]["done"] == 10_000


def test_warnings_and_notes_are_events_too(events):
    with show_progress(make_progress_console(), ProgressKind.JSON):
        warn("two\nlines")
        note("a note")

    assert events() == [{"event": "warning", "message": "two lines"}, {"event": "note", "message": "a note"}]


def test_what_is_part_of_something_shown_is_not_shown_itself(events):
    with show_progress(make_progress_console(), ProgressKind.JSON), show_bar("", 4) as bar:
        bar(4)

    assert events() == []


def test_without_progress_a_warning_is_still_a_line(capsys):
    with show_progress(make_progress_console(), ProgressKind.NONE), show_bar("judging", 1) as bar:
        bar(1)
        warn("mind the gap")

    assert capsys.readouterr().err == "cotloom: mind the gap\n"


def test_a_build_writes_events_and_one_object_on_stdout(run, write_recipe, tmp_path, store):
    teacher = {"backend": "simulated", "paths": {"round": 2, "max": 8, "target": 2}}
    ran = run("build", write_recipe(tmp_path, teacher=teacher), "--store", store, "--progress", "json", "--json")

    events = [json.loads(line) for line in ran.err.splitlines()]
    sampled = [event for event in events if event.get("stage") == "sampling the teacher"][-1]
    assert (ran.code, sampled["done"]) == (0, sampled["total"])
    assert sampled["new"] == ran.json["calls"]["new"]
    assert 0 < sampled["right"] <= 1
    assert ran.json["calls"]["saved"] == 8 * sampled["total"] - sampled["new"]
