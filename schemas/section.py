"""Sections of a recipe: strict, frozen, each key declared as identity or circumstance."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from .problem import AnswerType


def declare_identity(default: Any = ..., **rules: Any) -> Any:
    """Declare a key that can change a row of the dataset."""
    return Field(default, json_schema_extra={"identity": True}, **rules)


def declare_circumstance(default: Any = ..., **rules: Any) -> Any:
    """Declare a key that can't change a row: it is not part of the fingerprint."""
    return Field(default, json_schema_extra={"identity": False}, **rules)


class Section(BaseModel):
    """A part of a recipe: no unknown keys, no conversions, no changes after reading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"
"""The pattern of names."""

SEMVER = r"^(dev|\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?)$"
"""The pattern of versions."""

Name = Annotated[str, StringConstraints(pattern=NAME)]
"""Small letters, digits, `-` and `_`, at most 64."""

SemVer = Annotated[str, StringConstraints(pattern=SEMVER)]
"""MAJOR.MINOR.PATCH, or `dev`, which may be overwritten."""

Column = Annotated[str, StringConstraints(min_length=1)]
"""A column (`question`), a nested key (`meta.answer`), or a template (`{{ Body }} {{ Question }}`, see Templates)."""

Columns = Column | Annotated[tuple[Column, ...], Field(strict=False, min_length=1)]
"""A column, or several in order: their texts stand below one another."""


def _get_value(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else value


Words = Annotated[AnswerType, Field(strict=False), PlainSerializer(_get_value)]
"""An answer type by its name in YAML."""
