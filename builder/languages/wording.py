"""The words of each language, read from `data/LANGUAGE.toml`."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from ...schemas.problem import AnswerType

ENGLISH = "en"
"""The language of what is in no language that is known here."""

LANGUAGES = ("en", "zh", "es", "fr", "de", "ja")
"""The languages that have a file."""

UNDETERMINED = "und"
"""Stands in ISO 639 for a text with words whose language is not known."""

LINE_START = -1
"""As a margin: the mark begins at the line of its literal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerMark:
    """A phrase behind which a text states its final answer."""

    language: str
    """The language that it is in."""
    rule: str
    """The name of the reading rule."""
    literal: str
    """What it can't match without, in a text without capitals."""
    pattern: re.Pattern[str]
    """Its pattern, up to where the answer begins."""
    margin: int = 0
    """The most characters of the mark before its literal, or `LINE_START`."""
    types: frozenset[AnswerType] = frozenset(AnswerType)
    """The types of answer that it is read for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CueWords:
    """The words by which a sentence says which of its values is the answer. Each is a piece of a regular expression."""

    openings: tuple[str, ...] = ()
    """Begin a conclusion: so, therefore."""
    subordinates: tuple[str, ...] = ()
    """Begin a clause whose numbers are not asked for: because, if."""
    results: tuple[str, ...] = ()
    """Stand directly before a result: which is, a total of."""
    asides: tuple[str, ...] = ()
    """Stand directly before a number that is not asked for: after, out of, the original."""
    labels: tuple[str, ...] = ()
    """Make a label of the number behind them: step, page."""
    relatives: tuple[str, ...] = ()
    """Begin what is said of a number before them: which."""
    aside_ends: tuple[str, ...] = ()
    """Stand directly behind such a number."""
    exclusions: tuple[str, ...] = ()
    """Stand directly before a value that is not the answer: not, instead of."""
    excluded: tuple[str, ...] = ()
    """Stand directly behind such a value: is wrong."""
    bounds: tuple[str, ...] = ()
    """Make a bound of the number behind them: at least."""
    bound_ends: tuple[str, ...] = ()
    """Make a bound of the number before them: or more."""
    retractions: tuple[str, ...] = ()
    """Withdraw what stands before them: wait, scratch that."""
    amendments: tuple[str, ...] = ()
    """Withdraw it where a value follows at once: I mean 9."""
    alternatives: tuple[str, ...] = ()
    """Begin a sentence that offers another answer besides: or maybe."""
    checks: tuple[str, ...] = ()
    """Begin a check, which confirms or withdraws: let me verify."""
    confirmations: tuple[str, ...] = ()
    """Confirm what was stated: that is right."""
    denials: tuple[str, ...] = ()
    """Say that what was stated is wrong."""
    remarks: tuple[str, ...] = ()
    """Begin a sentence that does not state the answer: note, let me know."""
    hearsay: tuple[str, ...] = ()
    """Before a mark, say that the answer behind it is not the writer's: some people think."""
    contrasts: tuple[str, ...] = ()
    """End what is another's: but."""
    conditions: tuple[str, ...] = ()
    """At the beginning of a sentence, say that its answer is one to another question: if."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingWords:
    """What is read in answers of a language."""

    language: str = ENGLISH
    """The language."""
    cues: CueWords = CueWords()
    """The words that tell the answer from other values."""

    marks: tuple[AnswerMark, ...] = ()
    """The phrases before a final answer."""
    statement: str | None = None
    """A pattern of the statement of the answer, up to where the answer begins."""
    because: tuple[str, ...] = ()
    """Words that mark what follows as reasoning."""
    corrections: tuple[str, ...] = ()
    """Words behind which an answer is corrected."""
    between: tuple[str, ...] = ()
    """Words between two numbers that make one range or hedge of them."""
    hint_phrases: tuple[str, ...] = ()
    """Phrases that mention a hint."""
    apologies: tuple[str, ...] = ()
    """What may stand before a refusal in its sentence. Each is a piece of a regular expression."""
    refusals: tuple[str, ...] = ()
    """Beginnings of sentences that refuse an answer. Each is a piece of a regular expression."""
    refusal_signs: tuple[str, ...] = ()
    """Literals, one of which stands in each of them, in a text without capitals."""
    unfinished: tuple[str, ...] = ()
    """Words that no sentence ends with."""
    negations: tuple[str, ...] = ()
    """Where words are not spaced: what makes another answer of the words around it."""
    tails: tuple[str, ...] = ()
    """Where words are not spaced: what may end a sentence behind the answer."""
    yes: tuple[str, ...] = ()
    """Ways to say yes."""
    no: tuple[str, ...] = ()
    """Ways to say no."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """The words that are put around a problem in its language."""

    language: str
    """The language, as ISO 639 code."""
    name: str
    """Its name in itself."""
    is_spaced: bool
    """Whether blanks part its words."""
    common: frozenset[str]
    """Frequent words by which it is known."""
    steps: str
    """Asks a teacher for reasoning."""
    equations: str
    """Asks a teacher for reasoning with every calculation as an equation."""
    closings: Mapping[AnswerType, str]
    """Asks a teacher to end on the answer."""
    only: Mapping[AnswerType, str]
    """Asks a teacher for the answer alone."""
    second_call: str
    """Asks for the answer after the reasoning, in a second call."""
    sentence: str
    """States the answer of a demonstration for a teacher: `{answer}`."""
    hints: Mapping[str, str]
    """The question with the gold answer as a hint, by `hint.place`: `{question}` and `{answer}`."""
    row_steps: str
    """Asks a student for reasoning."""
    row_answer: str
    """Asks a student for the answer alone."""
    row_reason: Sequence[str]
    """Phrasings that ask a student for reasoning."""
    row_no_reason: Sequence[str]
    """Phrasings that ask a student for the answer alone."""
    row_collection: str
    """Asks a student for reasoning in the form of the CoT Collection."""
    row_sentence: str
    """States the answer in a row: `{answer}`."""
    row_below: str
    """States that the answer follows on its own lines."""
    gap: str
    """What stands between two sentences."""
    full_stop: str
    """What ends a sentence."""
    reading: ReadingWords
    """What is read in answers."""
    demonstrations: Mapping[str, Sequence[Mapping[str, Any]]]
    """Packaged demonstrations by the name of their set, each with question, choices, rationale and answer."""

    def join(self, *sentences: str) -> str:
        """Join sentences as the language does."""
        return self.gap.join(sentences)


def find_wording(language: str | None) -> Wording | None:
    """Find the words of a language by its code, `zh` or `zh-TW`; None where it has no file."""
    primary = (language or "").partition("-")[0]
    return _read_wording(primary) if primary in LANGUAGES else None


@lru_cache(maxsize=256)
def choose_wording(language: str | None) -> Wording:
    """Choose the words of a language; English where it has none.

    >>> choose_wording("zh").name, choose_wording("fi").name, choose_wording(None).name
    ('中文', 'English', 'English')
    """
    return find_wording(language) or _read_wording(ENGLISH)


@cache
def list_readings() -> tuple[ReadingWords, ...]:
    """List what is read in answers of each language, English first."""
    return tuple(_read_wording(language).reading for language in LANGUAGES)


@cache
def _read_wording(language: str) -> Wording:
    text = files("cotloom.builder.languages").joinpath(f"data/{language}.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    teacher, rows = raw["teacher"], raw["rows"]
    return Wording(
        language=language,
        name=raw["name"],
        is_spaced=raw["spaced"],
        common=frozenset(raw["common"].split()),
        steps=teacher["steps"],
        equations=teacher["equations"],
        closings=_make_types(teacher["closings"]),
        only=_make_types(teacher["only"]),
        second_call=teacher["second_call"],
        sentence=teacher["sentence"],
        hints={place: words.lstrip("\n") for place, words in teacher["hints"].items()},
        row_steps=rows["steps"],
        row_answer=rows["answer"],
        row_reason=tuple(rows["reason"]),
        row_no_reason=tuple(rows["no_reason"]),
        row_collection=rows["collection"],
        row_sentence=rows["sentence"],
        row_below=rows["below"],
        gap=" " if raw["spaced"] else "",
        full_stop="." if raw["spaced"] else "。",
        reading=_parse_reading(language, raw.get("reading", {})),
        demonstrations=raw.get("demonstrations", {}),
    )


def _make_types(words: Mapping[str, str]) -> dict[AnswerType, str]:
    """Make the words for each type of answer; those of texts where a type has none of its own."""
    return {kind: words.get(kind.value, words[AnswerType.TEXT.value]) for kind in AnswerType}


def _parse_reading(language: str, raw: Mapping[str, Any]) -> ReadingWords:
    lists = {name: tuple(value) for name, value in raw.items() if name not in {"marks", "statement", "cues"}}
    return ReadingWords(
        language=language,
        marks=tuple(_parse_mark(language, mark) for mark in raw.get("marks", ())),
        cues=CueWords(**{name: tuple(pieces) for name, pieces in raw.get("cues", {}).items()}),
        statement=raw.get("statement"),
        **lists,
    )


def _parse_mark(language: str, raw: Mapping[str, Any]) -> AnswerMark:
    return AnswerMark(
        language=language,
        rule=raw["rule"],
        literal=raw["literal"],
        pattern=re.compile(raw["pattern"], re.IGNORECASE),
        margin=raw.get("margin", 0),
        types=frozenset(map(AnswerType, raw.get("types", AnswerType))),
    )
