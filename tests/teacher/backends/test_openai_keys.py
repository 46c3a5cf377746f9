"""Which key goes to which host: over tables of addresses, and through the real client on loopback."""

import json
import stat
from contextlib import suppress

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from cotloom.builder.errors import CotloomError, InputError
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.teacher.backends.allowed_keys import (
    KNOWN_HOSTS,
    find_memory,
    is_allowed,
    parse_address,
    remember_allowed,
)
from cotloom.builder.teacher.backends.openai_keys import find_destination, find_secrets
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.teacher import OpenAITeacher
from tests.teacher.chat_server import Reply, completion, serving

SECRET = "hush-4c1e-never-leaves"  # noqa: S105 - of this test only
VARIABLE = "AWS_SECRET_ACCESS_KEY"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A configuration folder and an environment of the test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv(VARIABLE, SECRET)
    for name in ("OPENAI_BASE_URL", *KNOWN_HOSTS):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "config"


@pytest.fixture
def runtime(tmp_path):
    return Runtime(store=tmp_path / "store", retries=0, timeout_s=5.0)


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe over one problem; returns a function of the teacher's keys."""
    (tmp_path / "p.jsonl").write_text('{"question": "What is 2 + 3?", "answer": "5"}\n')

    def write(**teacher):
        source = {
            "name": "f",
            "kind": "file",
            "path": "p.jsonl",
            "fields": {"question": "question", "answer": "answer"},
        }
        keys = {"backend": "openai", "model": "m", "paths": {"round": 1}, **teacher}
        (tmp_path / "r.yaml").write_text(
            json.dumps({"name": "x", "version": "1.0.0", "sources": [source], "teacher": keys})
        )
        return load_recipe(str(tmp_path / "r.yaml"))

    return write


def answer(_body):
    return completion("2 + 3 = 5. The answer is 5.")


def make_teacher(**keys):
    return OpenAITeacher(backend="openai", model="m", **keys)


def is_free(teacher, runtime):
    """Whether everything that is sent may be sent."""
    return all(secret.is_allowed for secret in find_destination(teacher, runtime).secrets)


# Addresses


@pytest.mark.parametrize("url", [
    "http://127.0.0.1:8000/v1", "http://127.8.9.1/v1", "http://[::1]:8000/v1", "http://localhost/v1",
    "HTTP://LocalHost:1/v1", "https://localhost./v1", "http://[0:0:0:0:0:0:0:1]/v1",
])  # fmt: skip
def test_any_key_may_stay_on_this_machine(url):
    assert is_allowed(parse_address(url), VARIABLE, Runtime(), is_own=False)


@pytest.mark.parametrize("url", [
    "https://evil.com/v1", "https://localhost.evil.com/v1", "http://127.0.0.1.evil.com/v1", "http://0.0.0.0:8000/v1",
    "http://192.168.1.5/v1", "http://10.0.0.1/v1", "http://169.254.169.254/v1", "http://2130706433/v1",
    "http://0x7f000001/v1", "http://127.1/v1", "http://017700000001/v1", "http://0/v1", "http://[::]/v1",
    "http://[fe80::1]/v1", "http://notlocalhost/v1", "http://127.0.0.01/v1", "https://api.openai.com/v1",
])  # fmt: skip
def test_a_key_goes_to_no_other_host_unasked(url):
    assert not is_allowed(parse_address(url), VARIABLE, Runtime(), is_own=False)
    assert not is_allowed(parse_address(url), VARIABLE, Runtime(), is_own=True)


@pytest.mark.parametrize(
    ("variable", "host"), [(variable, host) for variable, hosts in KNOWN_HOSTS.items() for host in sorted(hosts)]
)
def test_a_key_goes_to_its_own_host_over_https_only(variable, host):
    assert is_allowed(parse_address(f"https://{host}/v1"), variable, Runtime(), is_own=False)
    assert is_allowed(parse_address(f"https://{host.upper()}.:443/v1"), variable, Runtime(), is_own=False)
    for url in (f"http://{host}/v1", f"https://{host}.evil.com/v1", f"https://evil-{host}/v1", f"https://x.{host}/v1"):
        assert not is_allowed(parse_address(url), variable, Runtime(), is_own=False)
    assert not is_allowed(parse_address(f"https://{host}/v1"), VARIABLE, Runtime(), is_own=False)


@pytest.mark.parametrize("url", [
    "https://api.openai.com@evil.com/v1", "https://api.openai.com\\@evil.com/v1", "https://evil.com\\.api.openai.com/v1",
    "https://api.openai.com\n.evil.com/v1", "https://api.openai.com\t/v1", "https://api.openai.com /v1",
    "https://evil.com#@api.openai.com/", "https://evil.com?@api.openai.com", "https://u:p@127.0.0.1/v1",
    "https://api.openai.com%2eevil.com/v1", "https://\u0430pi.openai.com/v1", "https://\uff41pi.openai.com/v1",
    "https://api.openai\u3002com/v1", "https://\u212a.openai.com/v1", "file:///etc/passwd", "ftp://api.openai.com/v1",
    "ws://127.0.0.1/v1", "unix:///run/x", "api.openai.com/v1", "//api.openai.com/v1", "https:///v1", "https://",
    "https://[evil/v1", "https://[::1%25eth0]/v1", "https://[1.2.3.4]/v1", "http://127.0.0.1:99999/v1",
    "http://127.0.0.1:b/v1", "http://a..b/v1", "http://.a/v1", "https://a/v1\r\nX: y", "javascript:alert(1)", "x",
])  # fmt: skip
def test_an_address_that_parsers_read_differently_is_refused(recipe, runtime, url):
    with pytest.raises(InputError, match="no address of a server") as caught:
        parse_address(url)
    assert "p@" not in str(caught.value)
    with pytest.raises(InputError):
        build(recipe(base_url=url, api_key_env=VARIABLE), runtime)


PARTS = st.sampled_from([
    *"/:@.\\#?%[] \n\t-_0", "http", "https", "://", "127.0.0.1", "localhost", "api.openai.com", "evil.com", "::1", "v1",
])  # fmt: skip


@given(parts=st.lists(PARTS, min_size=1, max_size=12))
def test_the_clients_parsers_find_the_host_that_was_judged(parts):
    for url in ("".join(parts), "https://" + "".join(parts)):
        try:
            address = parse_address(url)
        except InputError:
            continue
        try:
            hosts = {httpx2.URL(url).host, URL(url).raw_host}
        except (httpx2.InvalidURL, ValueError):  # the client refuses what we took: nothing is sent
            continue
        assert {str(host).removesuffix(".") for host in hosts} == {address.host}


# Permissions


def test_what_the_user_allows_is_allowed_and_remembered_in_their_own_folder(runtime, home):
    teacher = make_teacher(base_url="https://llm.example.com/v1", api_key_env=VARIABLE)
    with pytest.raises(InputError, match=r"not known to belong to llm\.example\.com") as caught:
        find_secrets(teacher, runtime)
    assert f"--allow-key {VARIABLE}@llm.example.com" in str(caught.value.hint)
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"

    allowed = runtime.model_copy(update={"allow_keys": (f"{VARIABLE}@LLM.example.com.",)})
    assert find_secrets(teacher, allowed) == {VARIABLE: SECRET}
    assert find_secrets(teacher, runtime) == {VARIABLE: SECRET}

    memory = home / "cotloom" / "allowed_keys.json"
    assert json.loads(memory.read_text()) == {"allowed": [f"{VARIABLE}@https://llm.example.com"]}
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600
    assert SECRET not in memory.read_text()


def test_a_permission_holds_for_one_variable_one_host_and_one_scheme(runtime, monkeypatch):
    monkeypatch.setenv("OTHER_SECRET", SECRET)
    allowed = runtime.model_copy(update={"allow_keys": (f"{VARIABLE}@llm.example.com",)})
    find_secrets(make_teacher(base_url="https://llm.example.com/v1", api_key_env=VARIABLE), allowed)

    for url, variable in (
        ("https://llm.example.com/v1", "OTHER_SECRET"),
        ("https://other.example.com/v1", VARIABLE),
        ("http://llm.example.com/v1", VARIABLE),
    ):
        with pytest.raises(InputError):
            find_secrets(make_teacher(base_url=url, api_key_env=variable), runtime)


def test_asking_what_would_be_sent_remembers_nothing(runtime, home):
    teacher = make_teacher(base_url="https://llm.example.com/v1", api_key_env=VARIABLE)
    allowed = runtime.model_copy(update={"allow_keys": (f"{VARIABLE}@llm.example.com",)})

    assert is_free(teacher, allowed)
    assert not is_free(teacher, runtime)
    assert not home.exists()


@pytest.mark.parametrize("text", ["", "X", "X@", "@host", "X@https://host/v1", "X@a b", "X@host:80", "X@a..b", "X Y@h"])
def test_a_permission_that_is_no_pair_is_refused(runtime, text):
    with pytest.raises(InputError, match="no pair of a variable and a host"):
        find_destination(make_teacher(), runtime.model_copy(update={"allow_keys": (text,)}))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"allowed": 1}', '{"allowed": [1]}', "[" * 100_000, "\x00"])
def test_a_damaged_memory_allows_nothing(runtime, home, content):
    (home / "cotloom").mkdir(parents=True)
    (home / "cotloom" / "allowed_keys.json").write_text(content)

    with pytest.raises(InputError, match=r"allowed_keys\.json can't be read"):
        find_secrets(make_teacher(base_url="https://llm.example.com/v1", api_key_env=VARIABLE), runtime)


def test_a_folder_of_the_recipe_never_holds_the_memory(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert find_memory() == tmp_path / "home" / ".config" / "cotloom" / "allowed_keys.json"


def test_a_home_that_can_not_be_written_asks_again_the_next_time(monkeypatch, runtime, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    address = parse_address("https://llm.example.com/v1")

    remember_allowed(address, VARIABLE)

    assert not is_allowed(address, VARIABLE, runtime, is_own=False)


def test_an_address_of_the_users_own_takes_openais_key_and_no_other(monkeypatch, runtime):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gateway.corp/v1")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)

    assert find_secrets(make_teacher(), runtime) == {"OPENAI_API_KEY": SECRET}
    for teacher in (make_teacher(api_key_env=VARIABLE), make_teacher(base_url="http://gateway.corp/v1")):
        with pytest.raises(InputError):
            find_secrets(teacher, runtime)


def test_without_the_variable_no_key_is_sent_and_nothing_needs_allowing(monkeypatch, runtime):
    monkeypatch.delenv(VARIABLE)
    teacher = make_teacher(base_url="https://llm.example.com/v1", api_key_env=VARIABLE)

    assert find_secrets(teacher, runtime) == {}
    assert is_free(teacher, runtime)


def test_a_known_host_over_http_says_why_it_is_refused(monkeypatch, runtime):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)

    with pytest.raises(InputError, match="unencrypted, over http"):
        find_secrets(make_teacher(base_url="http://api.openai.com/v1"), runtime)


@pytest.mark.parametrize("value", ["two\nlines", "hush\r\nX-Evil: 1", "höher", "a b", "tab\there", "\u200bhush"])
def test_a_value_that_no_header_can_carry_is_refused_and_never_shown(recipe, runtime, monkeypatch, value):
    monkeypatch.setenv(VARIABLE, value)
    with serving(answer) as server, pytest.raises(InputError, match=r"\$AWS_SECRET_ACCESS_KEY is no key") as caught:
        build(recipe(base_url=server.url, api_key_env=VARIABLE), runtime)
    assert server.requests == []
    assert value not in f"{caught.value.message} {caught.value.hint}"


# Through the client


def test_a_secret_does_not_leave_for_a_strangers_host(recipe, runtime, monkeypatch):
    with serving(answer) as recorder:  # whatever leaves would pass it
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, recorder.url.removesuffix("/v1"))
        loaded = recipe(base_url="http://evil.example/v1", api_key_env=VARIABLE)
        with pytest.raises(InputError, match="nothing was sent"):
            build(loaded, runtime)

        assert recorder.requests == []

        allowed = runtime.model_copy(update={"allow_keys": (f"{VARIABLE}@evil.example",)})
        assert build(loaded, allowed).calls.new == 1
        assert recorder.keys == [f"Bearer {SECRET}"]


def test_a_redirect_does_not_carry_the_key_to_another_host(recipe, runtime):
    with serving(answer) as other:
        target = f"{other.url}/chat/completions".replace("127.0.0.1", "localhost")
        redirect = Reply({}, status=307, headers={"Location": target})
        with serving(lambda _body: redirect) as server, suppress(CotloomError):  # refusing it is fine too
            build(recipe(base_url=server.url, api_key_env=VARIABLE), runtime)
    assert server.keys == [f"Bearer {SECRET}"]
    assert all(SECRET not in key for key in other.keys)


# Headers


def test_a_header_takes_its_value_from_the_environment_under_the_rule_of_keys(recipe, runtime, monkeypatch):
    monkeypatch.setenv("HOUSE_SECRET", "hush-header-1")
    with serving(answer) as server:
        build(recipe(base_url=server.url, api_key_env=None, headers={"api-key": "HOUSE_SECRET"}), runtime)
    assert [headers["api-key"] for headers in server.headers] == ["hush-header-1"]
    assert server.keys == [""]

    away = make_teacher(base_url="https://llm.example.com/v1", api_key_env=None, headers={"api-key": "HOUSE_SECRET"})
    with pytest.raises(InputError, match="not known to belong") as caught:
        find_secrets(away, runtime)
    assert caught.value.keys == ("teacher.base_url", "teacher.headers.api-key")
    assert "--allow-key HOUSE_SECRET@llm.example.com" in caught.value.hint
    allowed = runtime.model_copy(update={"allow_keys": ("HOUSE_SECRET@llm.example.com",)})
    assert find_secrets(away, allowed) == {"HOUSE_SECRET": "hush-header-1"}


def test_a_key_beside_a_header_can_be_left_out(runtime):
    teacher = make_teacher(
        base_url="https://x.openai.azure.com/openai", api_key_env=VARIABLE, headers={"api-key": "NOT_SET_HERE"}
    )
    with pytest.raises(InputError) as caught:
        find_secrets(teacher, runtime)
    assert "api_key_env: null" in caught.value.hint


def test_a_header_whose_variable_is_not_set_says_so(runtime):
    teacher = make_teacher(base_url="http://127.0.0.1:9/v1", headers={"X-Team": "NOT_SET_HERE"})
    with pytest.raises(InputError, match=r"teacher\.headers\.X-Team is read from \$NOT_SET_HERE, which is not set"):
        find_secrets(teacher, runtime)


def test_a_header_may_hold_words(recipe, runtime, monkeypatch):
    monkeypatch.setenv("APP_TITLE", "My small app")
    with serving(answer) as server:
        build(recipe(base_url=server.url, headers={"X-Title": "APP_TITLE"}), runtime)
    assert {name.lower(): value for name, value in server.headers[0].items()}["x-title"] == "My small app"


@pytest.mark.parametrize("value", ["two\nlines", "a\r\nX-Evil: 1", "höher", " begins", "ends ", "tab\there"])
def test_a_header_that_could_begin_another_is_refused(recipe, runtime, monkeypatch, value):
    monkeypatch.setenv("APP_TITLE", value)
    with serving(answer) as server, pytest.raises(InputError, match="APP_TITLE"):
        build(recipe(base_url=server.url, headers={"X-Title": "APP_TITLE"}), runtime)
    assert server.requests == []


@pytest.mark.parametrize("keys", [
    {"headers": {"Host": "X"}}, {"headers": {"content-length": "X"}}, {"headers": {"a b": "X"}},
    {"headers": {"A\r\nB": "X"}}, {"headers": {"Authorization": "X"}}, {"headers": {"x-a": "X", "X-A": "Y"}},
    {"headers": {"X-Key": "the key itself!"}}, {"query": {"key": "abc"}}, {"query": {"api_key": "abc"}},
    {"query": {"sig": "abc"}}, {"query": {"access-token": "abc"}},
    {"sampling": {"extra_body": {"model": "other"}}}, {"sampling": {"extra_body": {"stream": True}}},
    {"sampling": {"extra_body": {"temperature": 1}}}, {"sampling": {"max_tokens": 5, "max_completion_tokens": 5}},
])  # fmt: skip
def test_what_a_recipe_can_not_send_is_refused(recipe, keys):
    with pytest.raises(InputError):
        recipe(**keys)


def test_only_what_the_recipe_says_is_sent_whatever_the_environment_holds(recipe, runtime, monkeypatch):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer hush-custom\nX-Secret: hush-custom")
    for name in ("OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "hush-custom")
    with serving(answer) as server:
        build(recipe(base_url=server.url, api_key_env=VARIABLE), runtime)
    assert "hush-custom" not in json.dumps([server.headers, server.requests, server.paths])
    assert server.keys == [f"Bearer {SECRET}"]
    sent = {"host", "accept", "accept-encoding", "content-length", "content-type", "user-agent", "authorization"}
    assert {name.lower() for name in server.headers[0]} - {"connection", "transfer-encoding"} == sent


def test_an_echoed_header_reaches_neither_the_ledger_nor_the_version(recipe, runtime, monkeypatch):
    monkeypatch.setenv("HOUSE_SECRET", "hush-header-1")

    def echo(_body):
        return completion("You sent hush-header-1. 2 + 3 = 5. The answer is 5.")

    with serving(echo) as server:
        build(recipe(base_url=server.url, headers={"X-Secret": "HOUSE_SECRET"}), runtime)
    files = [path for path in runtime.store.rglob("*") if path.is_file()]
    assert [path.name for path in files if b"hush-header-1" in path.read_bytes()] == []
