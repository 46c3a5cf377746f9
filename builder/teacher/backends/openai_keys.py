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
class SentSecret:
    """What is sent in a header, and is read from the environment."""

    variable: str
    """The environment variable."""
    recipe_key: str
    """The recipe key that names it."""
    is_set: bool
    """Whether the variable is set."""
    is_allowed: bool
    """Whether it may be sent to the host; true where it is not set."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where a teacher's requests go, and with which secrets."""

    url: str
    """The server's address, up to `/v1`."""
    host: str
    """Its host."""
    is_encrypted: bool
    """Whether requests go over https."""
    secrets: tuple[SentSecret, ...]
    """The key and the headers that are read from the environment."""


def resolve_base_url(teacher: OpenAITeacher) -> str:
    """Resolve the address of the server: the recipe's base_url, else $OPENAI_BASE_URL, else OpenAI's own.

    Raises:
        InputError: it is no address, or holds a secret. It names the server in the ledger, which may hold no secret.
    """
    url = (teacher.base_url or os.environ.get(URL_VARIABLE) or DEFAULT_URL).rstrip("/")
    parse_address(url)
    return url


def find_destination(teacher: OpenAITeacher, runtime: Runtime) -> Destination:
    """Find where the requests of a teacher would go, and whether its secrets may go there. Nothing is sent.

    Raises:
        InputError: the address, an option `--allow-key` or the file of what was allowed can't be read.
    """
    for text in runtime.allow_keys:
        parse_permission(text)
    url = resolve_base_url(teacher)
    address = parse_address(url)
    secrets = tuple(
        SentSecret(
            variable=variable,
            recipe_key=key,
            is_set=bool(os.environ.get(variable)),
            is_allowed=not os.environ.get(variable)
            or is_allowed(address, variable, runtime, is_own=_is_own_url(teacher)),
        )
        for variable, key in list_secret_variables(teacher)
    )
    return Destination(url=url, host=address.host, is_encrypted=address.scheme == "https", secrets=secrets)


def find_secrets(teacher: OpenAITeacher, runtime: Runtime) -> dict[str, str]:
    """Find the secrets for a teacher's server, by environment variable. A key that is not set is left out.

    A pair of variable and host that `--allow-key` names is remembered.

    Raises:
        InputError: one may not go to this host or can't be sent in a header, or the variable of a header is not set.
    """
    destination, address = find_destination(teacher, runtime), parse_address(resolve_base_url(teacher))
    found = {}
    for secret in destination.secrets:
        if not secret.is_allowed:
            raise _make_refusal(destination, secret, address)
        if not secret.is_set and secret.recipe_key != _KEY:
            raise InputError(
                f"{secret.recipe_key} is read from ${secret.variable}, which is not set",
                hint=f"export {secret.variable}=..., or leave the header out",
                keys=(secret.recipe_key,),
            )
        if secret.is_set:
            found[secret.variable] = _read_secret(secret)
            if is_given(address, secret.variable, runtime):
                remember_allowed(address, secret.variable)
    return found


def _read_secret(secret: SentSecret) -> str:
    value = os.environ[secret.variable]
    is_right = is_header_value(value if secret.recipe_key == _KEY else value.strip().replace(" ", ""))
    if not is_right or value != value.strip():
        raise InputError(
            f"the value of ${secret.variable} is no key: it holds a space, a line end or a character beyond ASCII",
            hint=f"set ${secret.variable} to the key alone",
            keys=(secret.recipe_key,),
        )
    return value


_KEY = "teacher.api_key_env"


def list_secret_variables(teacher: OpenAITeacher) -> Iterator[tuple[str, str]]:
    """List the environment variables whose values are sent, each with the recipe key that names it."""
    if teacher.api_key_env is not None:
        yield teacher.api_key_env, _KEY
    for name, variable in teacher.headers.items():
        yield variable, f"teacher.headers.{name}"


def list_key_variables(teacher: OpenAITeacher) -> Iterator[tuple[str, str]]:
    """List the environment variables that a teacher reads, each with the recipe key that it is read for."""
    yield from list_secret_variables(teacher)
    if teacher.base_url is None:
        yield URL_VARIABLE, "teacher.base_url"


def _is_own_url(teacher: OpenAITeacher) -> bool:
    """Whether the address comes from the user's own environment."""
    return teacher.base_url is None and bool(os.environ.get(URL_VARIABLE))


def _make_refusal(destination: Destination, secret: SentSecret, address: Address) -> InputError:
    host, variable = destination.host, secret.variable
    why = f"is not known to belong to {host}"
    if host in KNOWN_HOSTS.get(variable, ()):
        why = f"would go to {host} unencrypted, over http"
    instead = f"leave {secret.recipe_key} out"
    if secret.recipe_key == _KEY:
        instead = "write api_key_env: null" if destination.secrets[1:] else f"unset {variable}"
    return InputError(
        f"the recipe sends the key in ${variable} to {host}, and the key {why}; nothing was sent",
        hint=f"if that is what you want, add --allow-key {variable}@{address.host}; it is remembered. If the server"
        f" needs no key, {instead}",
        keys=("teacher.base_url", secret.recipe_key),
    )
