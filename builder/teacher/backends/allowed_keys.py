"""Which key may go to which host: what belongs together, and what the user has allowed.

A recipe names a server and the environment variable of its key, and a recipe may come from a stranger. So a key goes
only to a host that it is known to belong to, to this machine, or where the user has said so. What the user has said is
remembered in the user's own configuration folder: a stranger's folder could bring along a store or a file beside the
recipe.
"""

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from ....schemas.runtime import Runtime
from ...errors import InputError, Stopped
from ...store.atomic import replace_file

KNOWN_HOSTS: Mapping[str, frozenset[str]] = {
    "ANTHROPIC_API_KEY": frozenset({"api.anthropic.com"}),
    "CEREBRAS_API_KEY": frozenset({"api.cerebras.ai"}),
    "DEEPSEEK_API_KEY": frozenset({"api.deepseek.com"}),
    "FIREWORKS_API_KEY": frozenset({"api.fireworks.ai"}),
    "GEMINI_API_KEY": frozenset({"generativelanguage.googleapis.com"}),
    "GROQ_API_KEY": frozenset({"api.groq.com"}),
    "HF_TOKEN": frozenset({"router.huggingface.co"}),
    "MISTRAL_API_KEY": frozenset({"api.mistral.ai"}),
    "NVIDIA_API_KEY": frozenset({"integrate.api.nvidia.com"}),
    "OPENAI_API_KEY": frozenset({"api.openai.com", "eu.api.openai.com", "us.api.openai.com"}),
    "OPENROUTER_API_KEY": frozenset({"openrouter.ai"}),
    "TOGETHER_API_KEY": frozenset({"api.together.xyz", "api.together.ai"}),
    "XAI_API_KEY": frozenset({"api.x.ai"}),
}
"""Hosts that a variable's key belongs to, each written in full: where customers name their own hosts, as on Azure, a
stranger can have one too."""

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[\w.~%!$&'()*+,;:=/-]*)?",
    re.IGNORECASE | re.ASCII,
)
"""Addresses that all parsers read alike: no spaces, backslashes, names, queries, or letters beyond ASCII."""

_HIGHEST_PORT = 65_535
_PERMISSION = re.compile(r"(?P<variable>[^@\s]+)@(?P<host>[^@\s]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a server is."""

    scheme: str
    """`http` or `https`."""
    host: str
    """Its name or number, in lower case, without a dot at the end."""

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine: `localhost`, 127.0.0.0/8 or ::1, and no other spelling."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(url: str) -> Address:
    """Parse the address of a server.

    Raises:
        InputError: it is no plain http or https address. The message never quotes a name, password or query.
    """
    match = _URL.fullmatch(url)
    host = normalize_host(match["host"]) if match else None
    if match is None or host is None or int(match["port"] or 0) > _HIGHEST_PORT:
        raise InputError(
            "teacher.base_url is no address of a server, or holds a name, a password or a query",
            hint="write it as https://HOST/v1 or http://127.0.0.1:PORT/v1, in ASCII letters; a key goes into the"
            " variable that teacher.api_key_env names",
            keys=("teacher.base_url",),
        )
    return Address(scheme=match["scheme"].lower(), host=host)


def normalize_host(host: str) -> str | None:
    """Write a host in the one form that is compared; None where it is none.

    >>> normalize_host("API.OpenAI.com."), normalize_host("[0:0::1]"), normalize_host("a..b")
    ('api.openai.com', '::1', None)
    """
    host = host.lower().removesuffix(".")
    if host.startswith("[") or ":" in host:
        try:
            return str(IPv6Address(host.strip("[]")))
        except ValueError:
            return None
    return host if re.fullmatch(r"[a-z0-9._-]+", host) and "" not in host.split(".") else None


def is_allowed(address: Address, variable: str, runtime: Runtime, *, is_own: bool) -> bool:
    """Whether the key in a variable may be sent to an address.

    Args:
        address: where it would be sent.
        variable: the environment variable.
        runtime: what the user allows on this run.
        is_own: whether the address is in the user's own environment, beside OpenAI's key.

    Raises:
        InputError: `--allow-key` is no pair, or the file of what was allowed can't be read.
    """
    if address.is_loopback or (is_own and variable == "OPENAI_API_KEY"):
        return True
    if address.scheme == "https" and address.host in KNOWN_HOSTS.get(variable, ()):
        return True
    return is_given(address, variable, runtime) or _format_entry(address, variable) in read_allowed()


def is_given(address: Address, variable: str, runtime: Runtime) -> bool:
    """Whether `--allow-key` names the pair.

    Raises:
        InputError: `--allow-key` is no pair.
    """
    return (variable, address.host) in {parse_permission(text) for text in runtime.allow_keys}


def parse_permission(text: str) -> tuple[str, str]:
    """Parse `VARIABLE@HOST`.

    Raises:
        InputError: it is not of this form.
    """
    match = _PERMISSION.fullmatch(text)
    host = normalize_host(match["host"]) if match else None
    if match is None or host is None:
        raise InputError(
            f"--allow-key {text!r} is no pair of a variable and a host",
            hint="write --allow-key VARIABLE@HOST, with the host alone: MY_API_KEY@llm.example.com",
        )
    return match["variable"].removeprefix("$"), host


def find_memory() -> Path | None:
    """Find the file of what the user has allowed: `cotloom/allowed_keys.json` in $XDG_CONFIG_HOME, else in ~/.config.

    A relative $XDG_CONFIG_HOME is ignored: it would mean the folder that the command runs in.
    """
    folder = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if not folder.is_absolute():
        try:
            folder = Path.home() / ".config"
        except RuntimeError:  # a user without a home
            return None
    return folder / "cotloom" / "allowed_keys.json"


def read_allowed() -> frozenset[str]:
    """Read what the user has allowed before: texts `VARIABLE@SCHEME://HOST`.

    Raises:
        InputError: the file is damaged.
    """
    path = find_memory()
    if path is None or not path.is_file():
        return frozenset()
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["allowed"]
        if not (isinstance(entries, list) and all(isinstance(entry, str) for entry in entries)):
            raise TypeError("`allowed` is no list of texts")  # noqa: TRY301 - one message for every kind of damage
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{path} can't be read: {error}", hint="delete it, and allow keys again") from error
    return frozenset(entries)


def remember_allowed(address: Address, variable: str) -> None:
    """Remember that a key may go to an address. Where nothing can be written, it is asked for again the next time."""
    path, allowed = find_memory(), read_allowed()
    if path is None or (entry := _format_entry(address, variable)) in allowed:
        return
    with suppress(OSError, Stopped):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replace_file(path) as side:
            side.touch(mode=0o600)
            side.write_text(json.dumps({"allowed": sorted({*allowed, entry})}, indent=1) + "\n", encoding="utf-8")


def _format_entry(address: Address, variable: str) -> str:
    """The scheme is part of it: who allowed https did not allow that the key goes over the net unencrypted."""
    return f"{variable}@{address.scheme}://{address.host}"
