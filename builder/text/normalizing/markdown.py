"""Markdown taken off, and the marks of lists. A sign stays where it may be an operator: between two operands."""

import re
from collections.abc import Iterator

_FENCE = re.compile(r"```[ \t]*\w*")
_HEADING = re.compile(r"(?m)^[ \t]*#{1,6}[ \t]+")
_RULE = re.compile(r"(?m)^[ \t]*(?:-[ \t]*){3,}$|^[ \t]*(?:\*[ \t]*){3,}$|^[ \t]*(?:_[ \t]*){3,}$|^[ \t]*={3,}[ \t]*$")
_STARS = re.compile(r"\*+")
_UNDERSCORES = re.compile(r"(?<![\w_])_{1,2}(?=[^\W_]{2})|(?<=[^\W_]{2})_{1,2}(?![\w_])")
_BULLET = re.compile(r"\n[ \t]*([-*+•‣▪◦●])[ \t]+")
_NUMBERED = re.compile(r"(?i)\n[ \t]*(?:step[ \t]+(\d{1,3})[ \t]*[:.)]|\(?(\d{1,3})[.)]|\(?([a-z])\))(?=\s)[ \t]*")

_OPENING, _CLOSING = " \t\n\"'([{", " \t\n\"'.,;:!?)]}"


def strip_markdown(text: str) -> str:
    r"""Take off Markdown: fences, headings, rules, emphasis, code marks and marks of lists.

    >>> strip_markdown("## Sum\n- **first** 2 ** 3\n- then `4*5`")
    'Sum\nfirst 2 ^ 3\nthen 4*5'
    """
    if "```" in text:
        text = _FENCE.sub("", text)
    text = text.replace("`", "")
    if "#" in text:
        text = _HEADING.sub("", text)
    if "---" in text or "***" in text or "___" in text or "===" in text or "* * *" in text:
        text = _RULE.sub("", text)
    text = _strip_lists(text)
    if "*" in text:
        text = _strip_emphasis(text)
    return _UNDERSCORES.sub("", text) if "_" in text else text


def _strip_emphasis(text: str) -> str:
    """Take off stars that emphasize; two of them between operands are a power."""
    parts, place, opened = [], 0, 0
    for found in _STARS.finditer(text):
        start, end = found.span()
        is_opening = start == 0 or text[start - 1] in _OPENING
        is_closing = end == len(text) or text[end] in _CLOSING
        sign = ("*", "^")[end - start - 1] if end - start <= 2 else ""
        if is_opening != is_closing and not _is_between_operands(text, start, end):
            if is_opening:
                opened, sign = opened + 1, ""
            elif opened:
                opened, sign = opened - 1, ""
        parts += [text[place:start], sign]
        place = end
    parts.append(text[place:])
    return "".join(parts)


def _is_between_operands(text: str, start: int, end: int) -> bool:
    """Whether numbers, brackets or single letters stand on both sides, at most a blank away."""
    before, behind = text[max(start - 3, 0) : start].rstrip(" "), text[end : end + 3].lstrip(" ")
    if not before or not behind:
        return False
    is_left = before[-1].isdigit() or before[-1] in ")]}" or (before[-1].isalpha() and not before[-2:-1].isalpha())
    is_right = behind[0].isdigit() or behind[0] in "([{" or (behind[0].isalpha() and not behind[1:2].isalpha())
    return is_left and is_right


def _strip_lists(text: str) -> str:
    """Take off bullets, and numbers that count from 1."""
    text = f"\n{text}"
    dropped = [*_find_bullets(text), *_find_numbers(text)]
    if not dropped:
        return text[1:]
    parts, place = [], 0
    for start, end in sorted(dropped):
        parts.append(text[place:start])
        place = max(end, place)
    return "".join([*parts, text[place:]])[1:]


def _find_bullets(text: str) -> Iterator[tuple[int, int]]:
    """Find the marks that no reader takes for a sign of an operation.

    A minus, plus or star before a number is one where several lines begin with it; the first must not follow an
    operand or an operator, as in sums that are written below each other.
    """
    found = list(_BULLET.finditer(text))
    signs = [match[1] for match in found]
    is_list = False
    for place, match in enumerate(found):
        sign = match[1]
        line_before = text[found[place - 1].end() : match.start()] if place else None
        follows = is_list and signs[place - 1] == sign and line_before is not None and line_before.count("\n") <= 1
        before = text[: match.start()][-40:].rstrip()[-2:] if not follows else ""
        is_free = not before or _is_statement_end(before)
        behind = text[match.end() : match.end() + 2]
        is_worded = len(behind) == 2 and all(letter.isalpha() or letter in "*_`'\"" for letter in behind)
        is_list = sign not in "-+*" or follows or (is_free and (is_worded or signs.count(sign) > 1))
        if is_list:
            yield match.start() + 1, match.end()


def _is_statement_end(before: str) -> bool:
    """Whether what stands before a line is no operand or operator that the line goes on from."""
    last = before[-1]
    return last in ".:;!?,\"'`" or (last.isalpha() and before[-2:-1].isalpha())


def _find_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Find the numbers, or letters with a bracket, of lists of at least two that count from the first."""
    runs: dict[str, list[tuple[int, int]]] = {}
    for match in _NUMBERED.finditer(text):
        kind = "step" if match[1] else "number" if match[2] else "letter"
        value = int(match[1] or match[2]) if kind != "letter" else ord(match[3].lower()) - ord("a") + 1
        run = runs.setdefault(kind, [])
        if value == len(run) + 1:
            run.append((match.start() + 1, match.end()))
        elif value == 1:
            yield from run if len(run) > 1 else ()
            runs[kind] = [(match.start() + 1, match.end())]
    for run in runs.values():
        yield from run if len(run) > 1 else ()
