"""Inspect: look into a version. SQL over its tables, and the story of one of its rows. Nothing here writes to it."""

from cotloom.builder.inspect.explain import explain
from cotloom.builder.inspect.sql import query, write_database

__all__ = ["explain", "query", "write_database"]
