"""SQL over a version: views over its tables, reading queries, their results for a person, and a shell.

A query comes from the user, but the tables may come from strangers: a query reads the tables of the versions that were
opened and nothing else, and writes nothing. What it prints for a person is cleaned (law 7), and damage that it meets is
an error that names the file (law 10).

    views → statements → query → describe → completion, cells → output → editor → shell
"""

from .database import write_database
from .query import Connection, FirstRows, connect, query, read_head, run_query

__all__ = ["Connection", "FirstRows", "connect", "query", "read_head", "run_query", "write_database"]
