"""The first recipe: a commented one that builds as it stands, or one inferred from a user's own file."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cotloom.builder.errors import InputError
from cotloom.builder.infer import SAMPLED, Inferred, infer

FILE = "recipe.yaml"
"""What a starter is called."""

STARTER = """\
# A dataset of worded arithmetic, solved by a stand-in for a teacher: no network, no key. It builds as it stands:
#
#   cotloom build {path}
#   cotloom show {name}
#
# For problems of your own: cotloom init --from FILE
name: {name}
version: 0.1.0               # a version is a promise: once built it stays as it is; the next is 0.1.1

sources:
  - name: arithmetic
    kind: arithmetic         # made by Cotloom; others: file, hub, reasoning_gym
    problems: 50

split: {{test: 0.1}}           # a tenth of the problems is kept apart; problems of one template are never parted

teacher:
  backend: simulated         # writes no reasoning of a model, and all its data says so; others: openai, transformers
  paths: {{round: 4}}          # four answers to each problem
  hint: {{mode: fallback}}     # where none is right, it is shown the answer and asked again

verify:
  steps: drop                # a right answer over a wrong step is dropped

select:
  keep: 2                    # of the right paths to a problem, the two that are furthest apart

formats:
  - {{name: zero_shot_cot}}    # question -> reasoning and answer
"""

FROM_FILE = """\
# Made by `cotloom init --from {file}` from its first {rows} rows. What was inferred is said beside each key: check it.
#
#   cotloom plan {path}      # what a build would do and cost; asks nothing
#   cotloom build {path} --limit 10
name: {name}
version: 0.1.0

sources:
  - name: {name}
    kind: file
    path: {source}
{role}    fields:
{fields}
{types}
split: {{test: 0.1}}           # a tenth of the problems is kept apart for testing

teacher:
  backend: openai            # any server that speaks OpenAI's chat protocol
  model: YOUR-MODEL          # its name on the server
  # base_url: http://127.0.0.1:8000/v1   # a server of your own; left out: $OPENAI_BASE_URL, else OpenAI's
  prompt: {{template: cot_zero_shot}}    # cot_few_shot shows solved problems first: demos: FILE
  sampling: {{temperature: 0.7, max_tokens: 512}}
  paths: {{round: 4}}          # four answers to each problem
  hint: {{mode: none}}         # fallback: where none is right, show the answer and ask again

select:
  keep: 2                    # of the right paths to a problem, the two that are furthest apart

formats:
  - {{name: zero_shot_cot}}    # question -> reasoning and answer
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A recipe that was written."""

    path: Path
    """The file."""
    inferred: Inferred | None
    """What was inferred from a user's file; null for the starter that builds as it stands."""


def write_starter(folder: Path, source: Path | None = None, *, force: bool = False) -> Started:
    """Write a first recipe into a folder.

    Args:
        folder: where to; it is made where it is not there.
        source: a file with problems; null for the starter that builds as it stands.
        force: overwrite a recipe that is there.

    Raises:
        InputError: a recipe is there already, or the file can't be read or has no question column.
    """
    path = folder / FILE
    if path.exists() and not force:
        raise InputError(f"{path} is there already", hint="--force overwrites it; or name another folder")
    inferred = None if source is None else infer(source)
    name = _name((folder if source is None else source).resolve().stem)
    text = STARTER.format(path=path, name=name) if inferred is None else _of_file(inferred, name, path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror}") from error
    return Started(path=path, inferred=inferred)


def as_json(started: Started) -> dict[str, Any]:
    """What was written and inferred, as plain data."""
    return {"path": str(started.path), "inferred": started.inferred and _found(started.inferred)}


def _found(inferred: Inferred) -> dict[str, Any]:
    """Each key that was inferred, with its value and the reason."""
    values = {**_fields(inferred), **_types(inferred), "role": inferred.role}
    return {key: {"value": value, "why": inferred.why.get(key) or None} for key, value in values.items() if value}


def tell(started: Started) -> str:
    """What was written and inferred, in words, and what to do next."""
    lines = [f"Wrote {started.path}."]
    for key, found in _found(started.inferred).items() if started.inferred else ():
        lines.append(f"  {key}: {found['value']}" + (f"  ({found['why']})" if found["why"] else ""))
    asks = started.inferred is not None and started.inferred.role == "sample"
    after = f"Name a model in it, then: cotloom plan {started.path}" if asks else f"cotloom build {started.path}"
    return "\n".join([*lines, after])


def _fields(inferred: Inferred) -> dict[str, Any]:
    return {
        "question": inferred.question,
        "answer": inferred.answer,
        "choices": inferred.choices,
        "responses": list(inferred.responses),
    }


def _types(inferred: Inferred) -> dict[str, Any]:
    if inferred.role == "reference":
        return {}
    return {"answer_type": str(inferred.answer_type), "answer_pattern": inferred.answer_pattern}


def _name(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:48].strip("-") or "dataset"


def _of_file(inferred: Inferred, name: str, path: Path) -> str:
    is_given = inferred.role == "reference"
    role = f"    role: reference          # {inferred.why['role']}\n" if is_given else ""
    return FROM_FILE.format(
        file=inferred.path.name,
        rows=SAMPLED,
        path=path,
        name=name,
        source=_scalar(_from(path.parent, inferred.path)),
        role=role,
        fields=_lines(_fields(inferred), inferred.why, "      ").rstrip("\n"),
        types=_lines(_types(inferred), inferred.why, "    "),
    )


def _from(folder: Path, path: Path) -> str:
    """A path as seen from a folder, so that both can move together."""
    return os.path.relpath(path.resolve(), folder.resolve())


def _lines(keys: Mapping[str, object], why: dict[str, str], indent: str) -> str:
    return "".join(
        f"{indent}# {key}: {why[key]}\n{indent}{key}: {_scalar(value)}\n" for key, value in keys.items() if value
    )


def _scalar(value: object) -> str:
    """JSON is YAML; plain words need no quotes."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w./-]*", value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


_WORDS = frozenset("true false yes no on off null y n".split())
"""What YAML takes for something else than text."""
