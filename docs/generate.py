"""Write what is made from the code: JSON Schemas, the recipe reference and the command reference.

python docs/generate.py            writes them
python docs/generate.py --check    says which are out of date, and exits 1
"""

import ast
import inspect
import json
import os
import sys
import textwrap
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import is_dataclass
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, TypeAdapter
from typer.main import get_command

from cotloom import cli
from cotloom.builder.templates.bounds import MAX_ROW, MAX_STEPS, MAX_TEMPLATE, MAX_TEXT
from cotloom.builder.templates.filters import FILTERS, TESTS
from cotloom.schemas.example import Example
from cotloom.schemas.manifest import Manifest
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Reason
from cotloom.schemas.recipe import ADDRESS, Recipe, is_identity
from cotloom.schemas.sample import Sample
from cotloom.schemas.section import Section
from cotloom.schemas.student import StudentRecipe
from cotloom.schemas.validation import Validation

ROOT = Path(__file__).resolve().parent.parent
VERSION = "v1"
"""Of the JSON Schemas: a change of meaning is a new number beside the old."""


def json_schemas() -> Iterator[tuple[Path, str]]:
    """The JSON Schema of everything that travels."""
    models: dict[str, type[BaseModel]] = {
        "recipe": Recipe,
        "manifest": Manifest,
        "student": StudentRecipe,
        "validation": Validation,
    }
    for name, model in models.items():
        describe_fields(model)
        yield _schema(name, model.model_json_schema())
    for name, record in {"problem": Problem, "sample": Sample, "example": Example}.items():
        _with_docstrings(record)
        yield _schema(name, TypeAdapter(record).json_schema())


def describe_fields(model: type[BaseModel]) -> None:
    """Have the fields of a model, and of those in it, the docstrings under them for descriptions.

    pydantic would do so at every start of a command, which has no use for them.
    """
    for info in model.model_fields.values():
        for inner in _parts(info.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                describe_fields(inner)
    for name, text in _read_docstrings(model).items():
        if name in model.model_fields:
            model.model_fields[name].description = text
    model.model_rebuild(force=True)


def _read_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Read the docstrings under the fields of a model, those of its bases too."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base is BaseModel or not issubclass(base, BaseModel):
            continue
        (class_,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        for field, below in pairwise(getattr(class_, "body", ())):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[name] = inspect.cleandoc(text)
    return found


def _with_docstrings(record: Any) -> None:
    """Have pydantic take the docstrings under the fields of a record, and of those in it, for descriptions."""
    record.__pydantic_config__ = {"use_attribute_docstrings": True}
    for hint in get_type_hints(record).values():
        for inner in _parts(hint):
            if is_dataclass(inner):
                _with_docstrings(inner)


def _parts(hint: Any) -> list[Any]:
    return [hint, *(inner for part in get_args(hint) for inner in _parts(part))]


def _schema(name: str, schema: dict[str, Any]) -> tuple[Path, str]:
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return ROOT / "schemas" / f"{name}.{VERSION}.json", json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def recipe_page() -> str:
    """The reference of a recipe's keys."""
    begin = [
        "# Recipe reference",
        "",
        "Generated from the code by `make docs`. A recipe is a YAML file; unknown keys and wrong types are errors.",
        "Keys marked ● are identity: they can change a row, so they are in the fingerprint. Keys marked ○ are not.",
        "Keys marked ◇ are the address: they name the version.",
        "",
        "Editors complete recipes with the JSON Schema `schemas/recipe.v1.json`:",
        "put `# yaml-language-server: $schema=schemas/recipe.v1.json` on the first line.",
        "",
    ]
    reasons = ["## Reasons", "", "Why a row is dropped. If several apply, the first in this order wins.", ""]
    reasons += [", ".join(f"`{reason}`" for reason in Reason), ""]
    return "\n".join([*begin, *_tables(Recipe, "The recipe"), *_template_section(), PATTERNS, *reasons])


PATTERNS = r"""## Patterns

`verify.pattern` and `answer_pattern` are regular expressions with exactly one group, the answer. They run on RE2, whose
time is linear in the text. What it can't take is an error that names key, line and construct: lookahead and lookbehind,
backreferences, possessive and atomic groups, recursion, comments, the flag `x`, and repetitions of more than 1,000.

- The last match counts. A pattern is not anchored: write `^` and `$`, or `\A` and `\z` (Python's `\Z`).
- `\d`, `\w` and `\s` take the digits, letters and spaces of all scripts, as in Python. `\b` and `\B` know ASCII
  letters, digits and `_` only: between two letters of another script they see no boundary.
- `.` takes everything but a line feed, with `(?s)` that too. `^` and `$` are the ends of the text, with `(?m)` of each
  line. Where nothing matches and the text ends with a line feed, `$` is also the place before it.
- The flags are `(?i)`, `(?m)` and `(?s)`. A character by its number is `\x{e9}`.
- A pattern has at most 1,000 characters. A text in which it matches so often that the search takes too much work is
  `check_failed`, never `no_answer`.
"""
"""What a pattern may contain."""


def _template_section() -> list[str]:
    """What a template may contain."""
    return [
        "## Templates",
        "",
        "A column in `fields` or `answers`, `teacher.prompt.user`, and the prompts of `grader` may be templates in",
        "Jinja's syntax: `{{ Body }} {{ Question }}`. A template may contain:",
        "",
        "- values by name, `{{ question }}`, `{{ meta.answer }}`, `{{ choices[0] }}`, `{{ choices[1:] }}`; lists in",
        "  brackets, texts, numbers;",
        "- `{% if %}`, `{% elif %}`, `{% else %}`; `{% for x in list %}` with `if` and `else`, and `loop.index`,",
        "  `loop.index0`, `loop.first`, `loop.last`, `loop.length`; `{% raw %}`; comments;",
        "- `~`, `+`, `-`, comparisons, `in`, `and`, `or`, `not`, `a if b else c`;",
        f"- the filters {', '.join(f'`{name}`' for name in FILTERS)};",
        f"- the tests {', '.join(f'`{name}`' for name in TESTS)}.",
        "",
        "Anything else is an error that names it: calls of functions and methods, `set`, macros, includes, other",
        f"filters. A template has at most {MAX_TEMPLATE:,} characters. For one row it makes at most {MAX_TEXT:,}",
        f"characters, in at most {MAX_STEPS:,} steps (parts evaluated, items gone through, and one for each hundred",
        f"characters). A template that exceeds this is an error; a row of more than {MAX_ROW:,} characters and items",
        "is `malformed` instead, as is one that lacks a value.",
        "",
    ]


def student_page() -> str:
    """The reference of a student recipe's keys."""
    begin = [
        "# Student recipe reference",
        "",
        "Generated from the code by `make docs`. A student recipe is a YAML file: a small model, its training, and its",
        "evaluation. Unknown keys and wrong types are errors. It is separate from the dataset recipe, so that two",
        "versions are measured with the same student. Keys marked ● are identity: their digest is in a validation. Of",
        "what a path names, it is the content that counts.",
        "",
        "Editors complete student recipes with the JSON Schema `schemas/student.v1.json`:",
        "put `# yaml-language-server: $schema=schemas/student.v1.json` on the first line.",
        "",
    ]
    return "\n".join([*begin, *_tables(StudentRecipe, "The student recipe")])


def _tables(whole: type[Section], title: str) -> list[str]:
    """A table of keys for a section and for each below it."""
    lines = []
    for heading, section in _sections(whole, title, {}, whole).items():
        lines += [f"## {heading}", "", *_paragraph(section), "| key | | type | default | |", "|---|---|---|---|---|"]
        lines += [*(_row(name, section) for name in section.model_fields), ""]
    return lines


def _paragraph(section: type[Section]) -> list[str]:
    return [(section.__doc__ or "").split("\n\n")[0].replace("\n    ", " "), ""]


def _sections(
    section: type[Section], title: str, seen: dict[str, type[Section]], whole: type[Section]
) -> dict[str, type[Section]]:
    """A section and all sections below it, by title."""
    seen[title] = section
    for name, info in section.model_fields.items():
        for inner in _models(info.annotation):
            if inner not in seen.values():
                variant = _variant(inner)
                parent = "" if section is whole else f"{title.split(' (', 1)[0].strip('`')}."
                place = f"`{parent}{name}`{variant}"
                _sections(inner, f"{place}{_variant(section)}" if place in seen else place, seen, whole)
    return seen


def _variant(section: type[Section]) -> str:
    """Which of several sections at one key it is: ` (file)`."""
    kinds = [info.annotation for key, info in section.model_fields.items() if key in {"kind", "backend"}]
    return f" ({get_args(kinds[0])[0]})" if kinds else ""


def _models(annotation: Any) -> list[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _row(name: str, section: type[Section]) -> str:
    info = section.model_fields[name]
    mark = "◇" if section is Recipe and name in ADDRESS else "●" if is_identity(info) else "○"
    text = (info.description or "").replace("\n", " ").replace("|", "\\|")
    return f"| `{name}` | {mark} | {_type(section, name)} | {_default(info)} | {text} |"


def _type(section: type[Section], name: str) -> str:
    schema = section.model_json_schema()
    return _words(schema["properties"][name], schema.get("$defs", {}))


def _words(schema: dict[str, Any], defined: dict[str, Any]) -> str:
    known = defined.get(schema.get("$ref", "").rpartition("/")[2], schema)
    if "anyOf" in known:
        return " or ".join(_words(part, defined) for part in known["anyOf"])
    if "enum" in known:
        return " or ".join(f"`{value}`" for value in known["enum"])
    if "const" in known:
        return f"`{known['const']}`"
    if "properties" in known or "oneOf" in known:
        return "section"
    if "prefixItems" in known:
        return " and ".join(_words(part, defined) for part in known["prefixItems"])
    if known.get("type") == "array":
        return f"list of {_words(known['items'], defined)}"
    return {"string": "text", "integer": "whole number", "object": "mapping"}.get(known["type"], str(known["type"]))


def _default(info: Any) -> str:
    if info.is_required():
        return "**needed**"
    value = info.get_default(call_default_factory=True)
    if isinstance(value, BaseModel) or (isinstance(value, tuple) and value):
        return "see below"
    return f"`{json.dumps(value, default=str)}`"


def command_page() -> str:
    """The help of every command."""
    lines = ["# Commands", "", "Generated from the code by `make docs`.", ""]
    for words in ([], *list_commands(get_command(cli.app))):
        lines += [f"## cotloom {' '.join(words)}".rstrip(), "", "```", _help(words), "```", ""]
    return "\n".join(lines)


def list_commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """The words of every command, in the order of the code; those of a group after it."""
    for name, command in getattr(group, "commands", {}).items():
        yield [*words, name]
        yield from list_commands(command, (*words, name))


def _help(words: list[str]) -> str:
    os.environ.update(COLUMNS="100", NO_COLOR="1")
    os.environ.pop("COTLOOM_STORE", None)
    with redirect_stdout(StringIO()) as out:
        cli.app([*words, "--help"], prog_name="cotloom", standalone_mode=False)
    return out.getvalue().rstrip()


def pages() -> dict[Path, str]:
    """Everything that is generated, by path."""
    return {
        **dict(json_schemas()),
        ROOT / "docs" / "recipe.md": recipe_page(),
        ROOT / "docs" / "student-recipe.md": student_page(),
        ROOT / "docs" / "commands.md": command_page(),
    }


def main() -> int:
    """Write the pages, or check them."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"out of date: {path.relative_to(ROOT)} (make docs writes it)")
        return 1 if stale else 0
    for path in stale:
        path.write_text(pages()[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
