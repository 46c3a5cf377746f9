r"""Patterns in recipes: regular expressions on RE2, which never goes back, so that time is linear in the text.

RE2 has no lookahead, lookbehind or backreferences; a pattern with one is an error that names it. `\d`, `\w` and `\s`
take the letters, digits and spaces of all scripts, as in Python. `\b`, `\B` know ASCII letters only.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import re2

from .errors import InputError

MAX_PATTERN = 1000
"""The longest pattern, in characters."""

MAX_PROGRAM = 20_000
"""The largest program of a pattern, in instructions of RE2. Counted repetitions make large ones."""

MAX_WORK = 1_000_000_000
"""The most bytes that the matches in one text may leave behind them, added up: a bound on the time of a search."""

Spans = tuple[tuple[int, int], tuple[int, int] | None]
"""A match and its group, in characters: first and one past the last. None where the group took no part."""

_CLASSES = {
    "d": r"\p{Nd}",
    "w": r"\p{L}\p{N}_",
    "s": r"\t-\r\x1c-\x20\x{85}\p{Z}",
    "D": r"\P{Nd}",
    "S": r"\x00-\x08\x0e-\x1b\x21-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}"
    r"\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}",
}
"""What the classes of Python take, in RE2's words for the inside of brackets. `W` has no such words."""

_TOKEN = re.compile(r"\\.|\[\^?\]?|\]|.", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_REFUSED = {"C": "a single byte", "Q": "a quotation"}

_CONSTRUCTS = (
    (r"\(\?<?[=!]", "lookahead or lookbehind", "match what stands around the group too: `Answer: (.+)`"),
    (r"\(\?P=|\\[1-9]|\(\?\(", "a backreference", "write out what is repeated"),
    (r"\(\?>|[*+?}]\+", "a possessive or atomic group", "leave the mark out: no pattern goes back here"),
    (r"\(\?R\)|\(\?[0-9&]", "recursion", "write out the levels that are needed"),
    (r"\(\?[aiLmsux]+", "a flag", "the flags are i, m and s: `(?i)answer: (.+)`"),
    (r"\(\?#", "a comment", "leave it out: YAML has comments"),
    (r"\\Z", r"\Z", r"write \z for the end of the text"),
    (r"\\[uUN]", "a character by its name or number", r"write the character itself, or \x{e9}"),
    (r"\{", "a large repetition", "repeat at most 1,000 times, and less where repetitions are nested"),
)
"""What RE2 can't take: how it looks, its name, and how to write it otherwise."""


class PatternError(InputError):
    """A pattern can't be used. The message says what is wrong with it, the hint how to write it."""


class SearchError(InputError):
    """A pattern takes too much work on a text. The text was not searched to its end."""


def compile_pattern(pattern: str) -> Any:
    """Compile a pattern with one group.

    Raises:
        PatternError: RE2 can't take it, it is too large, or it has not exactly one group.
    """
    compiled = compile_words(pattern)
    if compiled.groups != 1:
        raise PatternError(f"needs exactly one group (...), the answer; it has {compiled.groups}")
    return compiled


@lru_cache(maxsize=256)
def compile_words(pattern: str) -> Any:
    """Compile a pattern with any number of groups, of which none is asked for.

    Raises:
        PatternError: RE2 can't take it, or it is too large.
    """
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"has {len(pattern):,} characters; at most {MAX_PATTERN:,} are allowed")
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(_expand_classes(pattern), options=options)
    except UnicodeEncodeError as error:
        raise PatternError("contains half of a surrogate pair") from error
    except re2.error as error:
        raise _explain_error(pattern, error) from error
    if compiled.programsize > MAX_PROGRAM:
        raise PatternError("too large", hint="use smaller repetitions")
    return compiled


def _explain_error(pattern: str, error: Exception) -> PatternError:
    """Name the construct that RE2 can't take, and how to write it otherwise."""
    reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
    if reason.startswith("pattern too large"):
        return PatternError("too large", hint="use smaller repetitions")
    part = re.escape(reason.rpartition(": ")[2])
    for look, name, hint in _CONSTRUCTS if reason.startswith(("invalid", "bad repetition operator")) else ():
        found = re.search(f"(?={part})(?:{look})", pattern)
        if found:
            return PatternError(f"uses {name}, {found[0]}, which RE2 does not support ({reason})", hint=hint)
    return PatternError(f"not a regular expression: {reason}")


def _expand_classes(pattern: str) -> str:
    r"""Write `\d`, `\w`, `\s` and their opposites so that they take the characters of all scripts."""
    parts, inside = [], False
    for part in _TOKEN.findall(pattern):
        name = part[1:] if part[0] == "\\" else ""
        if name in _REFUSED:
            raise PatternError(f"uses {part}, {_REFUSED[name]}, which is not supported")
        if name == "W" and inside:
            raise PatternError(r"uses \W in brackets, which is not supported", hint=r"write [^\w...]")
        inside = (inside or part.startswith("[")) and part != "]"
        parts.append(_expand_class(part, name, inside=inside))
    return "".join(parts)


def _expand_class(part: str, name: str, *, inside: bool) -> str:
    if name == "W":
        return f"[^{_CLASSES['w']}]"
    if name not in _CLASSES:
        return part
    return _CLASSES[name] if inside else f"[{_CLASSES[name]}]"


def compile_literals(literals: Sequence[str]) -> Callable[[str], list[int]]:
    """Make a function that finds in one pass over a text which literals stand in it, by their numbers, in no order.

    Small and capital letters are told apart.

    >>> sorted(compile_literals(["answer", "box", "ans"])("The answer is 3."))
    [0, 2]
    """
    options = re2.Options()
    options.literal = True
    found = re2.Set.SearchSet(options)
    for literal in literals:
        found.Add(literal)
    found.Compile()

    def find(text: str) -> list[int]:
        try:
            return list(found.Match(text) or ())
        except UnicodeEncodeError:
            return list(found.Match(_SURROGATE.sub("\ufffd", text)) or ())

    return find


def find_matches(pattern: str, text: str) -> Iterator[Spans]:
    """Find the matches of a pattern in order.

    `$` is the end of the text; where nothing matches and the text ends with a line feed, the place before that one.

    Raises:
        SearchError: it takes too much work.
    """
    compiled, text = compile_pattern(pattern), _SURROGATE.sub("\ufffd", text)
    spans = list(_search(compiled, text))
    if not spans and text.endswith("\n"):
        spans = list(_search(compiled, text[:-1]))
    yield from spans


def find_first_place(pattern: str, text: str) -> int | None:
    """Find the first character of the first match of a pattern with any groups; None where nothing matches.

    Raises:
        PatternError: the pattern can't be used.
    """
    match = compile_words(pattern).search(_SURROGATE.sub("\ufffd", text))
    return None if match is None else int(match.start())


def find_last_match(pattern: str, text: str) -> Spans | None:
    """Find the last match of a pattern. Raises what `find_matches` does."""
    last = None
    for last in find_matches(pattern, text):  # noqa: B007 - only the last match is needed
        pass
    return last


def _search(compiled: Any, text: str) -> Iterator[Spans]:
    left, length = MAX_WORK, len(text.encode())
    for match in compiled.finditer(text):
        left -= length - match.start()
        if left < 0:
            message = f"the pattern matches too often in {len(text):,} characters"
            raise SearchError(message)
        yield match.span(), match.span(1) if match.start(1) >= 0 else None
