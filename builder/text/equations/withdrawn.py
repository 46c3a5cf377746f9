"""Find the equations that a text does not stand by: asked, denied, struck out or corrected.

Looked at are a few words before and behind an equation, and for a later correction the text up to it.
"""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import islice

from ....schemas.sample import StepOutcome
from .arithmetic import Node
from .equation import Equation
from .words import has_other_arithmetic, has_whole_words

MAX_BEFORE = 60
MAX_BEHIND = 80
MAX_SCALE = 150
MAX_LINE = 1_000
MAX_LATER = 100
"""How many later equations may correct one."""

MAX_CORRECTION = 2_000
"""How far behind a step its correction is looked for, in characters."""

_OPEN = r"[\s\"“”'‘(\[*_`~$\\:,，：「『]{0,4}"
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|never|cannot|can't|isn't|wasn't|doesn't|don't|didn't|if|suppose|assume|assuming|imagine"
    r"|unless|whether|pretend"
    r"|instead of|rather than|unlike|claims?|claimed|thinks?|thought|believes?|believed|guess(?:ed|es)?"
    r"|wrongly|incorrectly"
    r"|mistakenly|erroneously|falsely|si|nicht|kein|pas|wenn)"
    r"(?: (?:that|true that|the case that|true|have|say|write|wrote|written|compute|computed|get|got|be"
    r"|mean|correct that|equal to|"
    r"the answer|it is|it's|he|she|they|we)){0,2}"
    r"|\b(?:mistake|error|fallacy|misconception|temptation|wrong (?:sum|answer|step|equation|result"
    r"|calculation)|false (?:claim|equation|statement))"
    r"(?: (?:here|would|might))?(?: (?:is|was|be|to|of)){1,2}(?: (?:say|write|think|compute|writing|thinking"
    r"|saying|computing))?(?: that)?"
    r"|\b(?:wrong|incorrect|false|untrue|falsch|faux|falso|mistake|error)\s?[:—–-]"
    r"|\bis it (?:true|right|correct|possible) that"
    r"|不是|并非|並非|错误|錯誤|假设|假設|如果|若|误以为|以为|[❌✗✘✖]"
    rf"){_OPEN}$",
    re.IGNORECASE,
)
_UNITS = r"(?:[ ]?[^\W\d_]{1,20}){0,4}"
_CLOSE = r"[\s\"“”'’)\]*_`~$\\」』]{0,4}"
_RETRACTIONS = (
    r"(?:oh[ ,]{1,2})?no(?=[,.:;!—–-]|\s\d|\s(?:it|that|wait|this|i|the)\b|\s*$)|nope\b|wait\b|hold on"
    r"|hmm|oops|whoops|sorry\b|correction\b|scratch that"
    r"|strike that|never ?mind|i mean\b|rather\b|actually\b|my (?:mistake|bad)|let me (?:re|check|fix|correct|try)"
    r"|(?:that|this|which|it)(?:'s|’s| is| was| can't be| cannot be| looks| seems)(?: clearly| obviously"
    r"| simply| surely)?"
    r" (?:wrong|false|incorrect|not (?:right|true|correct|possible)|impossible|a mistake|an error"
    r"|off(?! by [\d.]{1,8} ?%)"
    r"|untrue|right\?)"
    r"|(?:that|this|it) (?:isn|wasn|can)['’]t (?:right|true|correct|be)|that (?:doesn|does n)['’o]t"
    r"|i (?:made|miscalculated|miscounted)"
    r"|but (?:that|this)(?:'s|’s| is) (?:wrong|not)|(?:wrong|incorrect|false|mistake"
    r"|error)\b(?! answers?)|(?:non|nein|faux|falsch|falso)\b"
    r"|moment\b|warte\b|espera\b|attends\b|pardon\b|perdón|stimmt nicht"
    r"|不对|不對|错|錯|等等|等一下|等下|不,|不，|有误|更正|应该是|應該是|不成立|算错|抱歉"
)
_DENIED_BEHIND = re.compile(
    rf"{_UNITS}{_CLOSE}(?:"
    r"[?？]"
    r"|\s?(?:is|are|was|would be|seems|looks|must be|sounds)(?: clearly| obviously| simply| surely| plainly)?"
    r" (?:wrong|false|incorrect|untrue|impossible|nonsense|absurd|mistaken|a mistake|an error"
    r"|a contradiction|not (?:true|right|correct|possible|so))"
    r"|\s?(?:isn|wasn|aren)['’]t (?:true|right|correct|possible|so)|\s?(?:can['’]?t|cannot|could not"
    r"|couldn['’]t) be"
    r"|\s?(?:does not|doesn['’]t|do not|don['’]t) (?:hold|work|make sense|add up|check out"
    r"|(?:look|seem|sound|feel) (?:right|correct|true))"
    r"|\s?(?:est faux|es falso|ist falsch|est incorrect|stimmt nicht|es incorrecto)"
    r"|是?(?:错|錯|不对|不對|不正确|不正確|不成立|有误)|[吗嗎么]"
    r"|\s?[❌✗✘✖]|\s?[(\[（](?:wrong|incorrect|false|no|错)"
    rf"|\s{{0,2}}[.,;:!?…—–，。；！？-]{{1,3}}{_CLOSE}(?:{_RETRACTIONS})"
    rf"|\n{{1,2}}{_CLOSE}(?:{_RETRACTIONS})"
    rf"|\s(?:—|–|-|\()\s?(?:{_RETRACTIONS})"
    r")",
    re.IGNORECASE,
)
_CORRECTED = re.compile(
    r"\b(?:wait|oops|whoops|mistakes?|mistaken|wrong|incorrect|error|re-?check\w{0,4}"
    r"|double[- ]check\w{0,4}|corrections?|corrected|correcting"
    r"|re-?comput\w{1,4}|re-?calculat\w{1,4}|re-?do\w{0,3}|should (?:be|have been|read)|instead"
    r"|scratch that|hold on|sorry|hmm|actually|miscalculat\w{1,4}"
    r"|no|nein|non|falsch|faux|falso)\b|不对|不對|错|錯|更正|重新|应该|應該|等等",
    re.IGNORECASE,
)
_STRUCK = re.compile(r"~~|</?(?:del|s|strike)>|\\(?:x|b)?cancel\{|\\sout\{|\}")


def uncheck_withdrawn(text: str, found: Sequence[Equation]) -> list[Equation]:
    """Set to unchecked what is wrong, and withdrawn by the words around it or a later correction."""
    is_other = has_other_arithmetic(text)
    return [
        equation._replace(outcome=StepOutcome.UNCHECKED)
        if equation.outcome is StepOutcome.WRONG
        and (
            is_other
            or is_withdrawn(text, equation)
            or _is_corrected(text, equation, islice(found, index + 1, index + MAX_LATER))
        )
        else equation
        for index, equation in enumerate(found)
    ]


def is_withdrawn(text: str, equation: Equation) -> bool:
    """Whether the words around an equation ask, deny or strike it, or say that its quotient was cut."""
    start, end = equation.start, equation.end
    before = text[max(0, start - MAX_BEFORE) : start]
    before = before[before.rfind("\n") + 1 :]
    behind = text[end : end + MAX_BEHIND]
    return (
        _DENIED_BEFORE.search(before) is not None
        or _DENIED_BEHIND.match(behind) is not None
        or _is_struck(text, start)
        or _is_scale_left_out(text, equation)
        or (_is_whole_quotient(equation) and has_whole_words(f"{before} {behind}"))
    )


def _is_scale_left_out(text: str, equation: Equation) -> bool:
    """Whether a result is in thousands that only words before it name: 5 thousand dollars, 5 * 3 = 15,000."""
    before = text[max(0, equation.start - MAX_SCALE) : equation.start].lower()
    value, claim = equation.left.value, equation.right
    return any(word in before and claim == value * size for word, size in (("thousand", 10**3), ("million", 10**6)))


def _is_struck(text: str, start: int) -> bool:
    """Whether an equation stands between two strikes of its line."""
    near = text[max(0, start - MAX_LINE) : start]
    last = None
    for match in _STRUCK.finditer(near, near.rfind("\n") + 1):
        is_close = match[0] in {"}", "</del>", "</s>", "</strike>"} or (match[0] == "~~" and last == "~~")
        last = None if is_close else match[0]
    return last is not None


def _is_whole_quotient(equation: Equation) -> bool:
    """Whether a whole number stands for a quotient between it and a neighbour."""
    left, right = equation.left, equation.right
    op = getattr(left, "op", "")
    return (
        op == "/" and left.value.denominator != 1 and right.denominator == 1 and abs(Fraction(left.value) - right) < 1
    )


def _is_corrected(text: str, equation: Equation, later: Iterable[Equation]) -> bool:
    """Whether the same step is worked out again behind a word that announces a correction."""
    for other in later:
        if other.start > equation.end + MAX_CORRECTION:
            return False
        is_again = other.outcome is StepOutcome.RIGHT and _is_same_step(equation.left, other.left)
        if is_again and _CORRECTED.search(text, equation.end, other.start):
            return True
    return False


def _is_same_step(one: Node, other: Node) -> bool:
    return one == other
