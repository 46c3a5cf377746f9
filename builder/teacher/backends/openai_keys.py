"""The key of an OpenAI teacher: from which variable to which host it goes, and that it goes nowhere else."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from ....schemas.runtime import Runtime
from ....schemas.teacher import OpenAITeacher
from ...credentials import is_header_value
from ...errors import InputError
from .allowed_keys import KNOWN_HOSTS, Address, is_allowed, is_given, parse_address, parse_permission, remember_allowed

DEFAULT_URL = "https://api.openai.com/v1"
"""The address of a teacher without base_url."""

URL_VARIABLE = "OPENAI_BASE_URL"
"""The user's own variable for the address of a teacher without base_url."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where a teacher's requests go, and with which key."""

    url: str
    """The server's address, up to `/v1`."""
    host: str
    """Its host."""
    variable: str
    """The environment variable of the key."""
    is_set: bool
    """Whether the variable is set. Without it, no key is sent."""
    is_encrypted: bool
    """Whether requests go over https."""
    is_allowed: bool
    """Whether the key may be sent there; true where none is sent."""


def resolve_base_url(teacher: OpenAITeacher) -> str:
    """Resolve the address of the server: the recipe's base_url, else $OPENAI_BASE_URL, else OpenAI's own.

    Raises:
        InputError: it is no address, or holds a secret. It names the server in the ledger, which may hold no secret.
    """
    url = (teacher.base_url or os.environ.get(URL_VARIABLE) or DEFAULT_URL).rstrip("/")
    parse_address(url)
    return url


def find_destination(teacher: OpenAITeacher, runtime: Runtime) -> Destination:
    """Find where the requests of a teacher would go, and whether its key may go there. Nothing is sent.

    Raises:
        InputError: the address, an option `--allow-key` or the file of what was allowed can't be read.
    """
    for text in runtime.allow_keys:
        parse_permission(text)
    url = resolve_base_url(teacher)
    address, variable = parse_address(url), teacher.api_key_env
    is_set = bool(os.environ.get(variable))
    return Destination(
        url=url,
        host=address.host,
        variable=variable,
        is_set=is_set,
        is_encrypted=address.scheme == "https",
        is_allowed=not is_set or is_allowed(address, variable, runtime, is_own=_is_own_url(teacher)),
    )


def find_key(teacher: OpenAITeacher, runtime: Runtime) -> str | None:
    """Find the key for a teacher's server; None where the variable is not set.

    A pair of variable and host that `--allow-key` names is remembered.

    Raises:
        InputError: the key may not go to this host, or can't be sent in a header.
    """
    destination, address = find_destination(teacher, runtime), parse_address(resolve_base_url(teacher))
    if not destination.is_allowed:
        raise _make_refusal(destination, address)
    key, variable = os.environ.get(teacher.api_key_env), teacher.api_key_env
    if not key:
        return None
    if not is_header_value(key):
        raise InputError(
            f"the value of ${variable} is no key: it holds a space, a line end or a character beyond ASCII",
            hint=f"set ${variable} to the key alone",
            keys=("teacher.api_key_env",),
        )
    if is_given(address, variable, runtime):
        remember_allowed(address, variable)
    return key


def list_key_variables(teacher: OpenAITeacher) -> Iterator[tuple[str, str]]:
    """List the environment variables that a teacher reads, each with the recipe key that it is read for."""
    yield teacher.api_key_env, "teacher.api_key_env"
    if teacher.base_url is None:
        yield URL_VARIABLE, "teacher.base_url"


def _is_own_url(teacher: OpenAITeacher) -> bool:
    """Whether the address comes from the user's own environment."""
    return teacher.base_url is None and bool(os.environ.get(URL_VARIABLE))


def _make_refusal(destination: Destination, address: Address) -> InputError:
    host, variable = destination.host, destination.variable
    why = f"is not known to belong to {host}"
    if host in KNOWN_HOSTS.get(variable, ()):
        why = f"would go to {host} unencrypted, over http"
    return InputError(
        f"the recipe sends the key in ${variable} to {host}, and the key {why}; nothing was sent",
        hint=f"if that is what you want, add --allow-key {variable}@{address.host}; it is remembered. If the server"
        f" needs no key, unset {variable}",
        keys=("teacher.base_url", "teacher.api_key_env"),
    )
