"""Detect samples that repeat a hint instead of reasoning."""

import re

from ...schemas.sample import Part, Span, Step, StepOutcome
from ..languages import UNSPACED, list_readings

_MENTIONED = re.compile(
    r"\b(?:answer|result|solution)\b[^.\n]{0,20}\b(?:is|was|are)\s+(?:already\s+)?(?:given|provided|known|stated|told)\b"
    r"|\b(?:given|provided|stated|known|hinted|supplied|told)\s+(?:that\s+)?(?:the\s+)?(?:correct\s+)?"
    r"(?:answer|result|solution)\b"
    r"|\b(?:according\s+to|from|by|using|as|per)\s+(?:the\s+)?(?:hint|given\s+answer|provided\s+answer)\b"
    r"|\bthe\s+hint\b|\bwe\s+(?:are|were)\s+told\s+(?:that\s+)?the\s+(?:correct\s+)?answer\b"
    r"|\bwork(?:ing)?\s+backwards?\s+from\s+the\s+answer\b"
    + "".join(rf"|{re.escape(words)}" for reading in list_readings() for words in reading.hint_phrases),
    re.IGNORECASE,
)


_COMMAND = re.compile(r"\\[A-Za-z]+")
"""A command of LaTeX, which is no word: `\\boxed`."""

_WORD = re.compile(rf"[{UNSPACED}]|[^\W\d_{UNSPACED}]+|\d+(?:[.,]\d+)*")
"""A word or a number; where words are not spaced (Chinese, Japanese), a character."""

EMPTY = frozenset(
    "a above all also am an and answer answers are as asked at be been because below but by can choice clear clearly"
    " conclude correct could definitely did do does e final finally first follows for from given got had has have hence"
    " here i if in indeed is it its just know known last let lets must my no not now obviously of ok okay on one option"
    " or our out problem question response result right same say says see should simply since so solution stated states"
    " sure that the then there therefore these they this those thus to told true us was we were what which will with"
    " would yes you your"
    " la el es respuesta por tanto lo entonces final correcta"
    " le est réponse donc ainsi finale correcte"
    " die das der ist antwort also daher somit lautet richtig richtige"
    " 的 是 所 以 因 此 答 案 为 為 了 这 這 个 個 最 终 終 那 么 麼 正 确 確 题 題 故 即 得"
    " は が え で す よ っ て の 解 だ".split()
)
"""Words of a statement of an answer, which say nothing about why."""


def find_parroting(
    asked: str, text: str, steps: tuple[Step, ...], answer: Span | None, part: Part = Part.TEXT
) -> str | None:
    """Describe how a hinted sample repeats its hint; None where it does not.

    It does where it mentions the hint, and where it says nothing: no checked equation before its answer, and no word
    besides those of the question, of the answer and of statements such as `so the answer is`. Its length doesn't count.

    Args:
        asked: question, options and gold answer.
        text: the sample, reasoning and response.
        steps: its checked equations.
        answer: position of its final answer.
        part: the part of the sample that states it.

    >>> find_parroting("Can penguins fly? no", "So the answer is no.", (), None)
    'states the answer without reasoning'
    >>> find_parroting("Can penguins fly? no", "They are too heavy for that. No.", (), None)
    """
    phrase = _MENTIONED.search(text)
    if phrase:
        return f"mentions the hint: {phrase[0]!r}"
    before = [step for step in steps if answer is None or step.part != part or step.start < answer.start]
    if any(step.outcome is not StepOutcome.UNCHECKED for step in before):
        return None
    new = _list_words(text) - _list_words(asked) - EMPTY
    return None if new else "states the answer without reasoning"


def _list_words(text: str) -> set[str]:
    return set(_WORD.findall(_COMMAND.sub(" ", text).casefold()))
