"""Ask a command of the user's about a sample: one JSON line to it, one from it. Whatever else it does is no verdict.

This is how code is judged: the user's command runs it in a sandbox of the user's own. A recipe can only name the
command; who builds gives it (law 7).
"""

import hashlib
import json
import os
import secrets
import shlex
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...schemas.ids import digest
from ...schemas.problem import AnswerType
from ...schemas.recipe import Recipe
from ...schemas.runtime import Runtime
from ...schemas.sample import ExternalFinding, ExternalVerdict
from ..errors import InputError
from ..line_process import LineProcess
from ..plain_json import parse_object

KEY = "verify.external"
"""The recipe key, and the name of the command among the inputs of a version."""

LONGEST_LINE = 1 << 20
"""Bytes of the longest line that a command may answer with."""

_LONGEST_DETAIL = 500
_LIMITED = ("/bin/sh", "-c", 'ulimit -d "$0" 2>/dev/null; exec "$@"')
"""What starts a command with a limit on its memory, in KB, where the system has such a limit."""

_USABLE = frozenset({ExternalVerdict.CORRECT, ExternalVerdict.WRONG, ExternalVerdict.UNVERIFIABLE})


@dataclass(frozen=True, kw_only=True, slots=True)
class ExternalCommand:
    """A command that judges samples, as who builds has given it."""

    name: str
    """Its name in the recipe."""
    words: tuple[str, ...]
    """The program and its arguments."""
    identity: str
    """The version that the recipe declares, or a digest of the words and of the files among them."""
    seconds: float
    """How long it may take for one answer, its start included."""
    memory_kb: int
    """Memory that it may take."""

    def to_plain(self) -> dict[str, Any]:
        """Convert to plain values; `parse_plain` is the way back."""
        return {**asdict(self), "words": list(self.words)}

    def describe(self) -> dict[str, Any]:
        """What decides its verdicts."""
        return {"name": self.name, "identity": self.identity, "seconds": self.seconds, "memory_kb": self.memory_kb}


def parse_plain(plain: Mapping[str, Any] | None) -> ExternalCommand | None:
    """Read a command from the plain values of `to_plain`."""
    return None if plain is None else ExternalCommand(**{**plain, "words": tuple(plain["words"])})


def find_verifier_name(recipe: Recipe) -> str | None:
    """Find the name of the command that a recipe needs; None where it needs none."""
    is_asked = any(getattr(source, "answer_type", None) is AnswerType.EXTERNAL for source in recipe.sources)
    return recipe.verify.external.name if is_asked and recipe.verify.external is not None else None


def find_command(recipe: Recipe, runtime: Runtime) -> ExternalCommand | None:
    """Find the command that a recipe names among those that were given; None where it needs none.

    Raises:
        InputError: it was not given, or can't be started.
    """
    wanted = recipe.verify.external
    if wanted is None or find_verifier_name(recipe) is None:
        return None
    given = dict(_split_permission(text) for text in runtime.externals)
    if wanted.name not in given:
        others = f"; {', '.join(sorted(given))} was given" if given else ""
        raise InputError(
            f"the recipe wants answers to be judged by the external verifier {wanted.name}, which no recipe can start"
            f"{others}",
            hint=f"read what it is to do, and allow a command of yours: cotloom build ... --external"
            f" '{wanted.name}=python judge.py' (docs/judging.md)",
            keys=(KEY,),
        )
    words = _split_words(wanted.name, given[wanted.name])
    return ExternalCommand(
        name=wanted.name,
        words=words,
        identity=wanted.version or _digest_words(words),
        seconds=runtime.external_seconds,
        memory_kb=int(runtime.external_memory_gb * 1e6),
    )


def _split_permission(text: str) -> tuple[str, str]:
    name, found, command = text.partition("=")
    if not found or not name.strip() or not command.strip():
        raise InputError(f"--external {text!r} is not NAME=COMMAND", hint="--external 'tests=python judge.py'")
    return name.strip(), command


def _split_words(name: str, command: str) -> tuple[str, ...]:
    """Split a command as a shell does, and check that its program is there.

    Raises:
        InputError: a quote is not closed, or there is no such program.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError(f"--external {name}: the command can't be read: {error}") from error
    if not words or shutil.which(words[0]) is None:
        raise InputError(f"--external {name}: there is no program {words[0] if words else command!r}")
    return tuple(words)


def _digest_words(words: tuple[str, ...]) -> str:
    """Digest the words of a command, and the content of those that are files."""
    files = [_digest_file(Path(word)) for word in words]
    return digest([list(words), files])


def _digest_file(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExternalRequest:
    """What a command is told of a sample."""

    id: str
    """What its answer must name. It is another one each time, so that code under test can't know it."""
    question: str
    """The question."""
    answer: str
    """The gold answer, which may be unit tests."""
    response: str
    """The text of the sample."""
    reasoning: str | None
    """Its reasoning, where it was told apart."""
    choices: tuple[str, ...]
    """The options of the question."""


def make_request(row: Mapping[str, Any]) -> ExternalRequest:
    """Make the request about a sample.

    Args:
        row: question, answer, text, reasoning and choices of the sample and its problem.
    """
    return ExternalRequest(
        id=secrets.token_hex(16),
        question=row["question"] or "",
        answer=row["answer"] or "",
        response=row["text"] or "",
        reasoning=row["reasoning"],
        choices=tuple(row["choices"] or ()),
    )


def make_key(request: ExternalRequest) -> str:
    """Make the key that a verdict is remembered by: a digest of all that decides it, besides the command."""
    return digest({**asdict(request), "id": None})


def ask_command(command: ExternalCommand, request: ExternalRequest) -> ExternalFinding:
    """Ask a command about a sample. What it can't be asked, or does not answer in its form, is `check_failed`."""
    process, begin = _get_process(command.words, command.memory_kb), time.monotonic()
    try:
        line = process.ask(json.dumps(asdict(request)).encode() + b"\n", command.seconds)
    except OSError as error:
        return _fail(command, f"it can't be started: {error.strerror or error}")
    if line is None:
        is_late = time.monotonic() - begin >= command.seconds
        return _fail(command, _LATE.format(seconds=command.seconds) if is_late else _ENDED)
    finding = _read_line(command, request, line)
    if finding.verdict is ExternalVerdict.CHECK_FAILED:
        process.close()  # who knows what it says next
    return finding


_LATE = "no answer came within {seconds:g} seconds, and it was ended"
_ENDED = f"it ended without an answer, or said more than one line of {LONGEST_LINE:,} bytes"


def _read_line(command: ExternalCommand, request: ExternalRequest, line: bytes) -> ExternalFinding:
    try:
        answer = parse_object(line)
    except ValueError as error:
        return _fail(command, f"its answer is no JSON object, {error}: {_shorten(line.decode(errors='replace'))}")
    if answer.get("id") != request.id:
        return _fail(command, f"it answered for another id: {_shorten(str(answer.get('id')))}")
    verdict, detail = answer.get("verdict"), answer.get("detail")
    if verdict not in list(_USABLE):
        return _fail(command, f"it answered with the verdict {_shorten(str(verdict))}")
    if detail is not None and not isinstance(detail, str):
        return _fail(command, "the detail of its answer is no text")
    return ExternalFinding(
        verifier=command.name,
        command=command.identity[:32],
        verdict=ExternalVerdict(verdict),
        detail=None if detail is None else _shorten(detail),
    )


def _fail(command: ExternalCommand, detail: str) -> ExternalFinding:
    return ExternalFinding(
        verifier=command.name, command=command.identity[:32], verdict=ExternalVerdict.CHECK_FAILED, detail=detail
    )


def _shorten(text: str) -> str:
    clean = text.encode(errors="replace").decode().strip()
    return clean if len(clean) <= _LONGEST_DETAIL else f"{clean[:_LONGEST_DETAIL]}..."


@lru_cache(maxsize=8)
def _get_process(words: tuple[str, ...], memory_kb: int) -> LineProcess:
    """Get the process of a command; this process has one of each."""
    started = [*_LIMITED, str(memory_kb), *words] if os.name == "posix" else [*words]
    return LineProcess(started, longest=LONGEST_LINE)


def close_command(command: ExternalCommand | None) -> None:
    """End the process of a command, if there is one."""
    if command is not None:
        _get_process(command.words, command.memory_kb).close()
