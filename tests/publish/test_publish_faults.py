"""Publishing to a Hub on which things go wrong: what was sent is not sent again, and no half dataset stays behind."""

import os
import traceback

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.publish.files.layout import Layout
from cotloom.builder.publish.hub import errors as hub_errors
from cotloom.builder.publish.hub.errors import Remote, retry, translate_errors
from cotloom.builder.publish.hub.verify_upload import start_loader
from cotloom.schemas.manifest import File
from tests.conftest import PATIENCE_S
from tests.publish.hub import ALL_WELL, Fault
from tests.publish.program import TOKEN

pytestmark = pytest.mark.usefixtures("version")
PUT, COMMIT, TAG = "^PUT /lfs/", "^POST .*/commit/", "^POST .*/tag/"


@pytest.fixture
def proven(hub, repo):
    """Whether there is one commit with one tag, and every file that the list of files tells of."""

    def holds(commits: int = 2) -> bool:
        there = hub.repos[repo]
        return len(there.history()) == commits and there.tags == {"v1.0.0": there.branches["main"]}

    return holds


def test_an_upload_that_was_killed_goes_on_and_sends_nothing_twice(publish, ask, hub, repo, proven):
    def kill():
        hub.stored.wait(PATIENCE_S)  # another upload arrives whole; this one is held, so that no commit is made
        ask.kill()

    hub.faults.append(Fault(PUT, skip=1, then=kill))
    killed = publish()
    arrived, files = set(hub.objects), hub.repos[repo].files()
    hub.seen.clear()

    again = publish()

    assert killed.code < 0
    assert set(files) == {".gitattributes"}
    assert (again.code, again.json["status"], proven()) == (0, "published", True)
    sent = {line.rpartition("/")[2] for line in hub.lines(PUT)}
    assert (arrived & sent, bool(arrived), bool(sent)) == (set(), True, True)


def test_a_connection_that_is_cut_in_the_middle_of_an_upload_is_taken_up_again(publish, hub, proven):
    hub.faults.append(Fault(PUT, times=2))

    assert (publish().code, proven()) == (0, True)
    assert len(hub.lines(PUT)) == len(hub.objects) + 2


def test_a_command_that_was_killed_before_the_tag_makes_no_second_commit(publish, ask, hub, repo, proven):
    hub.faults.append(Fault(TAG, then=ask.kill))
    killed = publish()
    tags = dict(hub.repos[repo].tags)

    again = publish()

    assert (killed.code < 0, tags) == (True, {})
    assert (again.json["status"], proven()) == ("published", True)


def test_answers_that_get_lost_are_not_asked_for_twice(publish, hub, proven):
    hub.faults += [Fault(at, after=True) for at in ("^POST /api/repos/create", COMMIT, TAG)]

    assert (publish().code, proven()) == (0, True)


@pytest.mark.usefixtures("first")
def test_a_branch_that_moved_is_read_again_and_what_others_put_there_stays(publish, take, hub, repo):
    take("1.1.0")
    there = hub.repos[repo]
    hub.faults.append(Fault(COMMIT, ALL_WELL, then=lambda: there.commit({**there.files(), "notes.md": b"mine"})))

    done = publish("sums@1.1.0")

    assert done.code == 0, done
    assert there.files("v1.1.0")["notes.md"] == b"mine"
    assert len(hub.lines(COMMIT)) == 2
    assert len(there.history()) == 4


def test_a_branch_that_never_rests_stops_the_command(publish, hub, repo):
    def move():
        there = hub.repos[repo]
        there.commit({"README.md": str(len(there.commits)).encode()})

    hub.faults.append(Fault(COMMIT, ALL_WELL, times=4, then=move))

    done = publish()

    assert (done.code, done.json["error"]["kind"]) == (3, "Stopped")
    assert "moved 4 times" in done.json["error"]["message"]
    assert hub.repos[repo].tags == {}


def test_a_conflict_of_commits_is_tried_again(publish, hub, proven):
    hub.faults.append(Fault(COMMIT, 409))

    assert (publish().code, proven()) == (0, True)


def test_a_tag_that_somebody_else_made_meanwhile_is_left_to_them(publish, hub, repo):
    there = hub.repos
    hub.faults.append(Fault(TAG, ALL_WELL, then=lambda: there[repo].tags.update({"v1.0.0": there[repo].history()[-1]})))

    done = publish()

    assert (done.code, done.json["error"]["kind"]) == (2, "InputError")
    assert "is at another commit" in done.json["error"]["message"]
    assert there[repo].tags == {"v1.0.0": there[repo].history()[-1]}


def test_trouble_that_passes_is_waited_for(publish, hub, proven):
    hub.faults += [
        Fault("^GET .*/refs"),
        Fault("^POST /api/repos/create", 429, headers={"Retry-After": "1"}),
        Fault("^POST .*/preupload/", 429, headers={"Retry-After": "0"}),
        Fault("^POST .*/lfs/objects/batch", 500),
        Fault(COMMIT, 500, times=2),
        Fault(TAG, 503),
    ]

    assert (publish().code, proven()) == (0, True)


@pytest.mark.parametrize("status", [429, 500])
def test_trouble_that_stays_stops_the_command_and_the_same_command_goes_on(publish, hub, repo, proven, status):
    hub.faults.append(Fault(TAG, status, times=3))

    stopped = publish()
    tags = dict(hub.repos[repo].tags)

    assert (stopped.code, stopped.json["error"]["kind"], tags) == (3, "Stopped", {})
    assert f"can't be tagged: {status}, scripted" in stopped.json["error"]["message"]
    assert "same command again" in stopped.json["error"]["hint"]
    assert (publish().code, proven()) == (0, True)


def test_a_hub_that_asks_for_a_long_rest_is_not_waited_for(publish, hub):
    hub.faults.append(Fault("^POST /api/repos/create", 429, headers={"Retry-After": "3600"}))

    done = publish()

    assert (done.code, "asks to wait 3600 s" in done.json["error"]["message"]) == (3, True)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("^POST /api/repos/create", 403), "can't be created: the Hub answered 403"),
        (Fault("^POST .*/preupload/", 403), "can't be written: the Hub answered 403"),
        (Fault("^PUT /lfs/", 403, times=9), "can't be written: the Hub answered 403"),
        (Fault(COMMIT, 401), "can't be written: the Hub answered 401"),
        (Fault(COMMIT, 403), "can't be written: the Hub answered 403"),
        (Fault(TAG, 403), "can't be tagged: the Hub answered 403"),
    ],
    ids=lambda value: value.at if isinstance(value, Fault) else "",
)
def test_a_refusal_says_which_permission_the_token_needs(publish, hub, fault, told):
    hub.faults.append(fault)

    done = publish()
    fault.times = 0

    assert (done.code, done.json["error"]["kind"]) == (2, "InputError")
    assert told in done.json["error"]["message"]
    assert "write access to the datasets of people into HF_TOKEN" in done.json["error"]["hint"]
    assert [tag for repo in hub.repos.values() for tag in repo.tags] == []


def test_what_arrived_otherwise_than_it_was_sent_gets_no_tag(publish, hub, repo):
    def tamper():
        there = hub.repos[repo]
        there.commits[there.branches["main"]]["README.md"] += b"more"

    hub.faults.append(Fault("^GET .*/tree/", ALL_WELL, skip=1, then=tamper))

    done = publish()

    assert (done.code, done.json["error"]["kind"]) == (3, "Stopped")
    assert "differs from the upload: README.md" in done.json["error"]["message"]
    assert hub.repos[repo].tags == {}
    assert publish().code == 0


@pytest.mark.parametrize("at", ["^GET .*/tree/", "^GET .*/resolve/.*parquet"])
def test_reading_back_that_fails_stops_the_command_without_a_tag(publish, hub, repo, proven, at):
    hub.faults.append(Fault(at, 403, skip=1 if "tree" in at else 0))

    done = publish()

    assert (done.code, hub.repos[repo].tags) == (2, {})
    assert "can't be downloaded" in done.json["error"]["message"]
    assert (publish().code, proven()) == (0, True)


@pytest.fixture
def own_endpoint(hub, monkeypatch):
    """Lead processes that this one starts to the test Hub."""
    for name, value in {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("own_endpoint", "published")
def test_a_config_that_does_not_load_as_it_was_sent_stops_the_command(repo, tmp_path):
    files = {"data/x/train.parquet": File(sha256="", bytes=0, rows=5)}
    remote = Remote(repo=repo, writes=True, token=TOKEN)

    for config, told in {
        "problems": "the config problems has 24 rows instead of 5",
        "no": "BuilderConfig 'no'",
    }.items():
        laid = Layout(folder=tmp_path, files=files, configs={config: "data/x/*.parquet"})
        with start_loader(remote, laid) as load, pytest.raises(Stopped) as caught:
            load("v1.0.0")
        assert told in caught.value.message


def test_a_loading_process_that_is_killed_stops_the_command_with_the_likely_cause(hub, repo, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "if any('load_worker' in word for word in sys.orig_argv):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    layout = Layout(folder=tmp_path, files={}, configs={})
    remote = Remote(repo=repo, writes=False, token=None)
    with start_loader(remote, layout) as load, pytest.raises(Stopped, match="memory ran out"):
        load("v1.0.0")
    assert hub.seen == []


ECHO = "you sent {token}"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("^GET /api/whoami", 403, says=ECHO),
        Fault("^GET .*/refs", 401, says=ECHO),
        Fault("^POST /api/repos/create", 400, says=ECHO),
        Fault("^POST /api/validate-yaml", 400, says=ECHO),
        Fault("^POST .*/preupload/", 422, says=ECHO),
        Fault("^POST .*/lfs/objects/batch", 403, says=ECHO),
        Fault("^POST /verify/", 401, says=ECHO, times=9),
        Fault(COMMIT, 400, says=ECHO),
        Fault(TAG, 500, says=ECHO, times=3),
        Fault("^GET .*/resolve/.*README", 403, says=ECHO),
        Fault("^HEAD .*/resolve/.*README", 404, says=ECHO, headers={"X-Error-Message": ECHO}, times=2),
    ],
    ids=lambda fault: fault.at,
)
def test_the_token_is_nowhere_even_where_a_server_echoes_it(publish, ask, version, hub, fault):
    fault.headers = {name: text.replace("{token}", TOKEN) for name, text in fault.headers.items()}
    hub.faults.append(fault)

    done = publish()
    fault.times = 0

    assert done.code in {2, 3}, done
    assert "Traceback" not in done.err
    written = {**ask.written(), **{str(path): path.read_bytes() for path in version.path.rglob("*") if path.is_file()}}
    assert TOKEN not in done.out + done.err
    assert [name for name, content in written.items() if TOKEN.encode() in content] == []


def test_the_token_is_nowhere_after_all_went_well(publish, ask, version, hub, repo):
    done = publish()

    written = {**ask.written(), **{str(path): path.read_bytes() for path in version.path.rglob("*") if path.is_file()}}
    assert done.code == 0
    assert TOKEN not in done.out + done.err
    sent = hub.repos[repo].files("v1.0.0")
    assert [name for name, content in {**written, **sent}.items() if TOKEN.encode() in content] == []


def test_what_is_raised_is_free_of_the_token_with_all_that_is_printed_of_it():
    remote = Remote(repo="a/b", writes=True, token=TOKEN)
    request = httpx2.Request("GET", "http://127.0.0.1/x")
    response = httpx2.Response(400, request=request)

    with pytest.raises(InputError) as caught, translate_errors(remote, "x"):
        raise HfHubHTTPError(f"you sent {TOKEN}", response=response, server_message=f"you sent {TOKEN}")

    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert TOKEN not in repr(remote)
    assert caught.value.message == "x: the Hub answered 400, you sent ***"


def test_a_fault_of_ours_is_not_told_as_trouble_with_the_hub():
    with pytest.raises(RuntimeError, match="ours"), translate_errors(Remote(repo="a/b", writes=True, token=None), "x"):
        raise RuntimeError("ours")


def test_what_can_not_pass_is_not_asked_again(monkeypatch):
    monkeypatch.setattr(hub_errors, "WAITS_S", (0.0, 0.0))
    asked = []

    def ask(status: int):
        asked.append(status)
        response = httpx2.Response(status, request=httpx2.Request("GET", "http://127.0.0.1/x"))
        raise HfHubHTTPError("no", response=response)

    for status in (403, 500):
        with pytest.raises(HfHubHTTPError):
            retry(lambda status=status: ask(status))

    assert asked == [403, 500, 500, 500]
