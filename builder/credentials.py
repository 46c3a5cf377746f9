"""Names and values of environment variables that hold secrets: which they are, and what a header can carry."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)S?(_|$)", re.IGNORECASE)
"""What the name of a variable with a secret contains."""

SHORTEST = 12
"""Characters of the shortest secret; `local` and `none` are common in place of a key."""


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret.

    >>> [is_secret_name(name) for name in ("AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "KEYBOARD", "DATA_DIR")]
    [True, True, False, False]
    """
    return _SECRET_NAME.search(name) is not None


def find_secrets(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Find the environment variables whose value is a secret, as pairs of name and value."""
    for name, value in environment.items():
        if is_secret_name(name) and len(value) >= SHORTEST and not is_path(value):
            yield name, value


def is_path(value: str) -> bool:
    """Whether a value is the path of something that exists: that is the place of a secret, not the secret."""
    try:
        return Path(value).exists()
    except (OSError, ValueError):  # too long for a path, or a character that no path has
        return False


def is_header_value(value: str) -> bool:
    """Whether a text can be sent in a header as it is: visible ASCII characters, without a space or a line end."""
    return value != "" and all("!" <= character <= "~" for character in value)
