"""What must hold of a gold answer and an answer, whatever they are; and of hostile texts, that they are read at all."""

from cases import Case
from hypothesis import strategies as st

from cotloom.builder.text.equations import find_equations
from cotloom.builder.verify import ComparisonOutcome, compare_safely, is_readable, judge, read_answer
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Verdict

EQUAL, DIFFERENT = ComparisonOutcome.EQUAL, ComparisonOutcome.DIFFERENT
FRAMES = (
    "{}", "The answer is {}.", "3 + 4 = 7, so we go on.\n#### {}", "\\boxed{{{}}}", "所以答案是{}。",
    "A: {}", "First 2 * 3 = 6 pens.\n\nTherefore, the answer is **{}**", "<think>Is it 5? No, 6.</think>\n{}",
    "[ANSWER] {}",
)  # fmt: skip
"""Texts that state an answer."""
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("0"), ord("9") + 1)}
_WIDE_KINDS = frozenset(set(AnswerType) - {AnswerType.EXPRESSION, AnswerType.CHOICE, AnswerType.TEXT})
_TWO_WAY = frozenset({AnswerType.DATE, AnswerType.TIME, AnswerType.RATIO, AnswerType.EXPRESSION})
_ONE_WAY = frozenset("%％")
"""500 % is 5, and 5 is not 500 %."""

PIECES = (
    *"0123456789.,/:-+%$€£¥!<>=()[]{}^_\\ \n", *"½²h°万亿半点年月日不是对", "1.234", "km", " to ", " or ", "not ", "pm",
    "half", "dozen", " million", "third", "at least ", "\\frac", "\\sqrt", "\\le", "12/25/1937", "yes", "no", "(B)",
    "The answer is ", "#### ", "\\boxed{", "wait, ", "no, ", "答案是", "所以", "<think>", "</think>", "9^9^9^9",
    "1+1=3", "<<1+1=2>>", "**", "$$", "\\text{", "1,", "10^999999999", "100000!", "\u202e", "\x00", "\ud800", "A: ",
    "__import__('os').system('id')", "{0.__class__}", "\\input{/etc/passwd}", "1e999", "𝟙", "٣", "①", "‰", "sin",
    "\\pi",
)  # fmt: skip
"""What hostile texts are made of."""


class BrokenRuleError(Exception):
    """A pair breaks a rule."""


def require(holds: bool, rule: str) -> None:
    """Raise where a rule does not hold."""
    if not holds:
        raise BrokenRuleError(rule)


def make_hostile() -> st.SearchStrategy[str]:
    """Make texts that look like answers, that repeat, or that are anything."""
    bits = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
    long = st.builds(lambda piece, count: piece * count, st.sampled_from(PIECES), st.integers(1, 1_000))
    mixed = st.builds(lambda one, two, three: one + two + three, bits, st.text(max_size=20), bits)
    return st.one_of(bits, bits, bits, mixed, mixed, st.text(max_size=60), long)


def check_hostile(given: tuple[str, str, str, AnswerType]) -> None:
    """Check that two texts are compared, read and judged, and that the outcome both ways is not contrary."""
    gold, answer, text, kind = given
    choices = ("pear", "7", answer[:40]) if kind is AnswerType.CHOICE else ()
    one = compare_safely(gold, answer, kind, choices).outcome
    other = compare_safely(answer, gold, kind, choices).outcome
    is_contrary = {one, other} == {EQUAL, DIFFERENT} and not _ONE_WAY & {*gold, *answer}
    require(not (is_contrary and kind in _TWO_WAY), "what is equal one way round is different the other way")
    if is_readable(gold, kind, choices):
        require(compare_safely(gold, gold, kind, choices).outcome is not DIFFERENT, "a gold answer differs from itself")
    reading = read_answer(text, kind, choices)
    if reading is not None:
        require(0 <= reading.span.start < reading.span.end <= len(text), "a span is not within its text")
    judge(_make_problem(gold, kind, choices), text, reasoning=answer)
    find_equations(text)


def check_case(given: tuple[Case, str]) -> None:
    """Check a gold answer against itself, against the same answer written otherwise, and against another one."""
    case, frame = given
    require(_compare(case, case.gold) is EQUAL, "a gold answer is not equal to itself")
    require(_compare(case, f" {case.gold}\n") is EQUAL, "blanks around an answer change it")
    require(_compare(case, case.same) is EQUAL, "the same answer is not equal")
    require(_compare(case, case.other) is not EQUAL, "another answer is equal")
    if case.kind in _WIDE_KINDS:
        require(_compare(case, case.gold.translate(_FULL_WIDTH)) is EQUAL, "the width of its digits changes an answer")
    text = frame.format(case.gold)
    right = judge(_make_problem(case.gold, case.kind, case.choices), text)
    require(right.verdict is not Verdict.WRONG, f"a stated gold answer is judged wrong: {right.detail}")
    if not _ONE_WAY & {*case.gold, *case.other}:
        require(_compare(case, case.gold, gold=case.other) is not EQUAL, "another answer is equal the other way round")
        wrong = judge(_make_problem(case.other, case.kind, case.choices), text)
        require(wrong.verdict is not Verdict.CORRECT, f"another answer is judged correct: {wrong.detail}")
    find_equations(text)


def _compare(case: Case, answer: str, *, gold: str | None = None) -> ComparisonOutcome:
    return compare_safely(gold or case.gold, answer, case.kind, case.choices).outcome


def _make_problem(gold: str, kind: AnswerType, choices: tuple[str, ...]) -> Problem:
    return Problem(
        problem_id="p", source="s", origin="1", question="What?", answer=gold, answer_type=kind, choices=choices
    )
