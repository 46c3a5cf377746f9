"""The backend `simulated`: works out `arithmetic` problems in varied words, and slips at stated rates.

It stands in for a model in demos and tests. Every draw is a keyed hash of request digest and sample index, so the
same request gets the same answers in every process.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import add, floordiv, mul, sub
from types import MappingProxyType
from typing import Any

from cotloom.builder.errors import InputError
from cotloom.builder.teacher.logprobs import logprobs, tokens
from cotloom.builder.teacher.request import Answer, Request
from cotloom.builder.teacher.simulated import phrases
from cotloom.builder.teacher.simulated.phrases import Draft, Line, Lines
from cotloom.schemas.chance import pick, share
from cotloom.schemas.ids import rank
from cotloom.schemas.problem import Problem
from cotloom.schemas.recipe import SimulatedTeacher, Slips
from cotloom.schemas.sample import Hint, Usage

OPERATIONS = MappingProxyType({"+": add, "-": sub, "*": mul, "/": floordiv})
MISREAD = (1, -1, 2, -2, 3, -3, 5, -5, 10, -10)
"""How far a misread number is off."""
MISCOUNTED = (1, -1, 2, -2, 10, -10)
"""How far a miscounted result is off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What decides the answers to a request."""

    methods: tuple[Lines, ...]
    """The ways to the answer."""
    digest: str
    """The request's digest."""
    hinted: bool
    """Whether the request shows the answer."""
    slips: Slips
    """How often what goes wrong."""
    plain: bool = False
    """Whether steps are bare equations."""

    @property
    def gold(self) -> int:
        """The right answer."""
        return self.methods[0][-1].r


Writer = Callable[[Task, int], Draft]


def answer(problem: Problem, request: Request, sample_index: int, teacher: SimulatedTeacher) -> Answer:
    """Write one answer to a problem.

    Args:
        problem: a problem of an `arithmetic` source.
        request: what is asked; its digest and the index decide every draw.
        sample_index: which of the answers to the same request it is, from 0.
        teacher: how often it slips, and how many alternatives it gives at each token.

    Raises:
        InputError: the problem comes from another source.
    """
    task = Task(
        methods=_methods(problem)[: teacher.methods],
        digest=request.digest,
        hinted=request.hint is Hint.HINTED,
        slips=teacher.slips,
        plain=teacher.wording == "plain",
    )
    draft = _write(task, sample_index)
    text = "".join(piece for piece, _ in draft.pieces)
    words = tokens(text)
    top = teacher.sampling.top_logprobs
    return Answer(
        text=text,
        finish_reason=draft.finish,
        usage=Usage(
            prompt_tokens=sum(len(tokens(message.content)) for message in request.messages),
            completion_tokens=len(words),
        ),
        cost_usd=0.0,
        token_logprobs=logprobs(words, _marks(draft), top, _key(task, sample_index)) if top else None,
        simulated=True,
    )


def _methods(problem: Problem) -> tuple[Lines, ...]:
    methods = _read_methods(problem.metadata)
    if not methods:
        raise InputError(
            f"the simulated teacher can only solve problems of an `arithmetic` source, not {problem.origin!r}",
            hint="use `backend: recorded` with answers to these problems",
        )
    return methods


def _read_methods(metadata: str) -> tuple[Lines, ...]:
    """Read the methods out of a problem's metadata; none where another source wrote it."""
    try:
        return tuple(map(_lines, json.loads(metadata)["methods"]))
    except (KeyError, TypeError, ValueError):
        return ()


def _lines(method: Sequence[Mapping[str, Any]]) -> Lines:
    return tuple(
        Line(op=step["op"], a=int(step["args"][0]), b=int(step["args"][1]), r=int(step["result"])) for step in method
    )


def _key(task: Task, index: int) -> str:
    """Key of every draw but that of words."""
    return f"{task.digest}/{index}"


def _words(task: Task, index: int) -> str:
    """Key of the words."""
    return phrases.PLAIN if task.plain else _key(task, index)


# What is written


def _write(task: Task, index: int) -> Draft:
    key = _key(task, index)
    if task.hinted and share(key, "parrot") < task.slips.parroted_hint:
        return Draft(body=phrases.fill(pick(phrases.PARROTS, key, "words"), {"n": task.gold}))
    return _writer(task.slips, key)(task, index)


def _writer(slips: Slips, key: str) -> Writer:
    """Draw one of the slips by its share of the answers, or none."""
    left = share(key, "slip")
    for name, writer in _SLIPS.items():
        left -= getattr(slips, name)
        if left < 0:
            return writer
    return _right


def _right(task: Task, index: int) -> Draft:
    key = _key(task, index)
    return phrases.solution(pick(task.methods, key, "method"), task.gold, _words(task, index))


def _wrong_operand(task: Task, index: int) -> Draft:
    key = _key(task, index)
    order = sorted(task.methods, key=lambda method: rank(key, repr(method)))
    slipped = (lines for method in order for lines in _misread(method, key) if lines[-1].r != task.gold)
    lines = next(slipped, None)
    return (
        _wrong_arithmetic(task, index) if lines is None else phrases.solution(lines, lines[-1].r, _words(task, index))
    )


def _wrong_arithmetic(task: Task, index: int) -> Draft:
    key = _key(task, index)
    slipped = _miscounted(pick(task.methods, key, "method"), key)
    lines = next(lines for lines in slipped if lines[-1].r != task.gold)
    return phrases.solution(lines, lines[-1].r, _words(task, index))


def _lucky_answer(task: Task, index: int) -> Draft:
    key = _key(task, index)
    method = pick(task.methods, key, "method")
    slipped = next(_miscounted(method, key))
    lines = tuple(new if new.slip else old for new, old in zip(slipped, method, strict=True))
    return phrases.solution(lines, task.gold, _words(task, index))


def _cut_off(task: Task, index: int) -> Draft:
    key = _key(task, index)
    method = pick(task.methods, key, "method")
    sentences = phrases.sentences(method, _words(task, index))
    place = pick(range(len(sentences)), key, "step")
    result = max(at for at, (text, _) in enumerate(sentences[place]) if text.isdigit())
    *before, (last, _) = sentences[place][: pick(range(2, result + 1), key, "cut")]
    draft = phrases.draft([*sentences[:place], (*before, (last.rstrip(), None))], _words(task, index))
    return replace(draft, finish="length")


def _no_answer(task: Task, index: int) -> Draft:
    key = _key(task, index)
    sentences = phrases.sentences(pick(task.methods, key, "method"), _words(task, index))
    kept = sentences[: pick(range(1, len(sentences)), key, "kept")]
    closing = pick(phrases.CLOSINGS, key, "closing")
    return phrases.draft([*kept, ((closing, None),)], _words(task, index))


def _repeat(task: Task, index: int) -> Draft:
    if index == 0:
        return _right(task, index)
    key = _key(task, index)
    earlier = _write(task, pick(range(index), key, "earlier"))
    return _NEARLY[pick(tuple(_NEARLY), key, "nearly")](earlier, key)


_SLIPS: Mapping[str, Writer] = MappingProxyType(
    {
        "wrong_operand": _wrong_operand,
        "wrong_arithmetic": _wrong_arithmetic,
        "lucky_answer": _lucky_answer,
        "cut_off": _cut_off,
        "no_answer": _no_answer,
        "repeat": _repeat,
    }
)


def _other_opener(draft: Draft, key: str) -> Draft:
    others = [opener for opener in phrases.OPENERS if opener != draft.opener]
    return replace(draft, opener=pick(others, key, "opener"))


def _small_letters(draft: Draft, _: str) -> Draft:
    body = tuple((text.lower(), right) for text, right in draft.body)
    return replace(draft, opener=draft.opener.lower(), body=body)


def _other_spacing(draft: Draft, _: str) -> Draft:
    old, new = ("\n\n", "\n") if draft.gap == "\n\n" else ("\n", "\n\n")
    body = tuple((text.replace(old, new), right) for text, right in draft.body)
    return replace(draft, gap=new, body=(*body, ("\n", None)))


_NEARLY: Mapping[str, Callable[[Draft, str], Draft]] = MappingProxyType(
    {
        "to the letter": lambda draft, _: draft,
        "another opener": _other_opener,
        "small letters": _small_letters,
        "another spacing": _other_spacing,
    }
)


# Slips in the working


def _misread(method: Lines, key: str) -> Iterator[Lines]:
    """Work a method out again with one of its given numbers read wrong, in every way that comes out whole."""
    links = _links(method)
    given = [(at, name) for at, name in links if links[at, name] is None]
    numbers = [getattr(method[at], name) for at, name in given]
    slips = [
        (at, name, other)
        for (at, name), number in zip(given, numbers, strict=True)
        for other in {*numbers, *(number + off for off in MISREAD)} - {number}
        if other > 1
    ]
    return _reworked(method, slips, key)


def _miscounted(method: Lines, key: str) -> Iterator[Lines]:
    """Work a method out again with one result written wrong, in every way that comes out whole."""
    slips = [(at, "r", line.r + off) for at, line in enumerate(method) for off in MISCOUNTED if line.r + off > 0]
    return _reworked(method, slips, key)


def _reworked(method: Lines, slips: Iterable[tuple[int, str, int]], key: str) -> Iterator[Lines]:
    order = sorted(slips, key=lambda slip: rank(key, f"{slip}"))
    return (lines for slip in order if (lines := _rework(method, slip)) is not None)


def _links(method: Lines) -> dict[tuple[int, str], int | None]:
    """Say for each operand which earlier step it is the result of; None where it is given."""
    links: dict[tuple[int, str], int | None] = {}
    for at, line in enumerate(method):
        for name in ("a", "b"):
            same = [earlier for earlier in range(at) if method[earlier].r == getattr(line, name)]
            unused = [earlier for earlier in same if earlier not in links.values()]
            links[at, name] = next(iter([*unused, *same]), None)
    return links


def _rework(method: Lines, slip: tuple[int, str, int]) -> Lines | None:
    """Go through a method with one number wrong; None where a later step isn't positive and whole."""
    links = _links(method)
    done: list[Line] = []
    for at, line in enumerate(method):
        linked = _carried(line, at, links, done)
        new = _slip(linked, slip) if at == slip[0] else _worked(linked)
        if new is None:
            return None
        done.append(new)
    return tuple(done)


def _carried(line: Line, at: int, links: Mapping[tuple[int, str], int | None], done: Sequence[Line]) -> Line:
    """Take the results of the steps before into a step."""
    left, right = links[at, "a"], links[at, "b"]
    return replace(line, a=line.a if left is None else done[left].r, b=line.b if right is None else done[right].r)


def _slip(line: Line, slip: tuple[int, str, int]) -> Line | None:
    _, name, wrong = slip
    worked = _worked(line) if name == "r" else line
    if worked is None or getattr(worked, name) == wrong:
        return None
    numbers = {"a": worked.a, "b": worked.b, "r": worked.r}
    new = Line(op=line.op, slip=name, right=numbers[name], **(numbers | {name: wrong}))
    return new if name == "r" else _worked(new)


def _worked(line: Line) -> Line | None:
    if line.op == "/" and line.a % line.b:
        return None
    result = OPERATIONS[line.op](line.a, line.b)
    return replace(line, r=result) if result > 0 else None


def _marks(draft: Draft) -> dict[int, str]:
    """Where slips end in the text, each with what should stand there."""
    marks: dict[int, str] = {}
    end = 0
    for text, right in draft.pieces:
        end += len(text)
        if right is not None:
            marks[end] = right
    return marks
