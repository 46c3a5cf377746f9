"""Correct answers and the mistakes of the simulated teacher, each drawn at its stated rate.

Every draw is a keyed hash of request digest and sample index. Its key, the order of the tables and the `repr` of a
method decide the answers, so they must not change.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ....schemas.ids import draw_share, pick, rank
from ....schemas.teacher import Slips
from . import phrases
from .phrases import Draft, Lines
from .rework import miscount_result, misread_operand
from .tables import Phrases


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerTask:
    """What decides the answers to a request."""

    methods: tuple[Lines, ...]
    """The methods that lead to the answer."""
    digest: str
    """The request's digest."""
    hinted: bool
    """Whether the request shows the answer."""
    slips: Slips
    """The rate of each mistake."""
    plain: bool = False
    """Whether steps are bare equations."""
    words: Phrases = phrases.ENGLISH
    """The words of the problem's language."""

    @property
    def gold(self) -> int:
        """The right answer."""
        return self.methods[0][-1].r


Writer = Callable[[AnswerTask, int], Draft]
"""Writes the answer of a sample index."""


def make_key(task: AnswerTask, index: int) -> str:
    """Make the key of every draw but those of the wording."""
    return f"{task.digest}/{index}"


def _make_wording_key(task: AnswerTask, index: int) -> str:
    """Make the key of the wording."""
    return phrases.PLAIN if task.plain else make_key(task, index)


def write_draft(task: AnswerTask, index: int) -> Draft:
    """Write the answer of a sample index: correct, with a mistake, or the hint alone."""
    key = make_key(task, index)
    if task.hinted and draw_share(key, "parrot") < task.slips.parroted_hint:
        return Draft(body=phrases.fill_template(pick(task.words.parrots, key, "words"), {"n": task.gold}))
    return _choose_writer(task.slips, key)(task, index)


def _choose_writer(slips: Slips, key: str) -> Writer:
    """Draw a mistake at its rate, or none."""
    left = draw_share(key, "slip")
    for name, writer in _SLIPS.items():
        left -= getattr(slips, name)
        if left < 0:
            return writer
    return _write_correct


def _write_correct(task: AnswerTask, index: int) -> Draft:
    key = make_key(task, index)
    return phrases.write_solution(
        pick(task.methods, key, "method"), task.gold, _make_wording_key(task, index), task.words
    )


def _write_wrong_operand(task: AnswerTask, index: int) -> Draft:
    key = make_key(task, index)
    order = sorted(task.methods, key=lambda method: rank(key, repr(method)))
    slipped = (lines for method in order for lines in misread_operand(method, key) if lines[-1].r != task.gold)
    lines = next(slipped, None)
    if lines is None:
        return _write_wrong_arithmetic(task, index)
    return phrases.write_solution(lines, lines[-1].r, _make_wording_key(task, index), task.words)


def _write_wrong_arithmetic(task: AnswerTask, index: int) -> Draft:
    key = make_key(task, index)
    slipped = miscount_result(pick(task.methods, key, "method"), key)
    lines = next(lines for lines in slipped if lines[-1].r != task.gold)
    return phrases.write_solution(lines, lines[-1].r, _make_wording_key(task, index), task.words)


def _write_lucky_answer(task: AnswerTask, index: int) -> Draft:
    key = make_key(task, index)
    method = pick(task.methods, key, "method")
    slipped = next(miscount_result(method, key))
    lines = tuple(new if new.slip else old for new, old in zip(slipped, method, strict=True))
    return phrases.write_solution(lines, task.gold, _make_wording_key(task, index), task.words)


def _write_cut_off(task: AnswerTask, index: int) -> Draft:
    key = make_key(task, index)
    method = pick(task.methods, key, "method")
    sentences = phrases.write_sentences(method, _make_wording_key(task, index), task.words)
    step = pick(range(len(sentences)), key, "step")
    result = max(at for at, (text, _) in enumerate(sentences[step]) if text.isdigit())
    *before, (last, _) = sentences[step][: pick(range(2, result + 1), key, "cut")]
    draft = phrases.join_sentences(
        [*sentences[:step], (*before, (last.rstrip(), None))], _make_wording_key(task, index), task.words
    )
    return replace(draft, finish="length")


def _write_no_answer(task: AnswerTask, index: int) -> Draft:
    key = make_key(task, index)
    sentences = phrases.write_sentences(pick(task.methods, key, "method"), _make_wording_key(task, index), task.words)
    kept = sentences[: pick(range(1, len(sentences)), key, "kept")]
    closing = pick(task.words.closings, key, "closing")
    return phrases.join_sentences([*kept, ((closing, None),)], _make_wording_key(task, index), task.words)


def _write_repeat(task: AnswerTask, index: int) -> Draft:
    if index == 0:
        return _write_correct(task, index)
    key = make_key(task, index)
    earlier = write_draft(task, pick(range(index), key, "earlier"))
    return _VARIATIONS[pick(tuple(_VARIATIONS), key, "nearly")](earlier, key, task.words)


_SLIPS: Mapping[str, Writer] = MappingProxyType(
    {
        "wrong_operand": _write_wrong_operand,
        "wrong_arithmetic": _write_wrong_arithmetic,
        "lucky_answer": _write_lucky_answer,
        "cut_off": _write_cut_off,
        "no_answer": _write_no_answer,
        "repeat": _write_repeat,
    }
)


def _change_opener(draft: Draft, key: str, words: Phrases) -> Draft:
    others = [opener for opener in words.openers if opener != draft.opener]
    return replace(draft, opener=pick(others, key, "opener"))


def _change_case(draft: Draft, _key: str, _words: Phrases) -> Draft:
    body = tuple((text.lower(), right) for text, right in draft.body)
    return replace(draft, opener=draft.opener.lower(), body=body)


def _change_spacing(draft: Draft, _key: str, _words: Phrases) -> Draft:
    old, new = ("\n\n", "\n") if draft.gap == "\n\n" else ("\n", "\n\n")
    body = tuple((text.replace(old, new), right) for text, right in draft.body)
    return replace(draft, gap=new, body=(*body, ("\n", None)))


_VARIATIONS: Mapping[str, Callable[[Draft, str, Phrases], Draft]] = MappingProxyType(
    {
        "to the letter": lambda draft, _key, _words: draft,
        "another opener": _change_opener,
        "small letters": _change_case,
        "another spacing": _change_spacing,
    }
)
