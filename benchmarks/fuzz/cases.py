"""Golds of every answer type, each with ways to write it otherwise and with answers that are not it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from hypothesis import strategies as st

from cotloom.schemas.problem import AnswerType


@dataclass(frozen=True, slots=True)
class Case:
    """A gold answer, with answers whose outcome is known."""

    kind: AnswerType
    """Its type."""
    gold: str
    """The gold answer."""
    same: str
    """The same answer, written otherwise."""
    other: str
    """Another answer."""
    choices: tuple[str, ...] = ()
    """The options of a multiple-choice question."""


UNITS = (
    "m", "km", "cm", "kg", "g", "hours", "minutes", "dollars", "cents", "euros", "m²", "liters", "km/h", "元", "米",
)  # fmt: skip
SCALES = ("", "k", " million", " billion", "万", "亿", " hundred", " lakh")
DRESSES = ("**{}**", "${}$", "\\boxed{{{}}}", "{}.", " {} ", "({})", "{} pens", "{}个", "x = {}")
CHANGES = (
    "at least {}", "at most {}", "more than {}", "< {}", "> {}", "\\le {}", "{}+", "{} or more", "{}!", "not {}",
    "≠ {}", "不是{}", "超过{}", "almost {}", "{}x", "{}^2", "\\sqrt{{{}}}", "{} or {}1", "{} to {}1",
)  # fmt: skip
"""What makes another answer of a number."""
PAIRS = (
    ("yes", "no"),
    ("true", "false"),
    ("valid", "invalid"),
    ("plausible", "implausible"),
    ("是", "否"),
    ("对", "错"),
)
OPTIONS = ("pear", "an apple", "red", "12 km", "7", "none of these", "all of these", "the blue car", "北京", "3.5")
MONTHS = "January February March April May June July August September October November December".split()
WORDS = ("Paris", "a red car", "oxygen", "Marie Curie", "photosynthesis", "长城", "la tour Eiffel", "H2O", "x-ray")
EXPRESSIONS = (
    ("{a}x^2+{b}", "{b}+{a}x^2", "{a}x^2-{b}"),
    ("\\frac{{{a}}}{{{b}}}+x", "x+{a}/{b}", "\\frac{{{a}}}{{{b}}}-x"),
    ("[{a}, {c})", "{a} \\le x < {c}", "[{a}, {c}]"),
    ("({a}, {b})", "\\left({a}, {b}\\right)", "({a}, -{b})"),
    ("\\{{{a}, {c}\\}}", "{c}, {a}", "\\{{{a}, {c}1\\}}"),
    ("{a}\\sqrt{{{p}}}", "\\sqrt{{{p}}}\\cdot {a}", "{a}\\sqrt{{{p}{p}}}"),
    ("x={a}", "{a}=x", "x=-{a}"),
    ("{a}\\pi", "π*{a}", "{a}\\pi^2"),
    ("x>{a}", "({a},\\infty)", "x\\ge {a}"),
    ("{a}+{b}i", "{b}i+{a}", "{a}-{b}i"),
)
"""An expression, the same one, and another one."""


def change_digit(text: str, place: int, shift: int) -> str:
    """Change one digit of a number, neither to itself nor to a zero in front."""
    places = [index for index, character in enumerate(text) if character.isdigit()]
    index = places[place % len(places)]
    digit = (int(text[index]) + 1 + shift % 9) % 10
    digit = digit if digit or index != places[0] else (9 if text[index] != "9" else 8)
    return f"{text[:index]}{digit}{text[index + 1 :]}"


@st.composite
def make_numbers(draw: st.DrawFn) -> Case:
    """Make a number; another one by a digit, the sign, a unit, a magnitude or a word."""
    whole = draw(st.integers(2, 10**9))
    text = str(whole) if draw(st.booleans()) else f"{whole // 100 + 2}.{whole % 100:02}"
    kind = draw(st.sampled_from(["digit", "sign", "unit", "scale", "word"]))
    same = draw(st.sampled_from(DRESSES)).format(text)
    if kind == "unit":
        unit, other = draw(st.permutations(UNITS))[:2]
        other = "cm" if {unit, other} == {"m", "米"} else other
        return Case(AnswerType.NUMBER, f"{text} {unit}", f"**{text} {unit}**", f"{text} {other}")
    if kind == "scale":
        scale, other = draw(st.permutations(SCALES))[:2]
        small = draw(st.integers(1, 999))
        return Case(AnswerType.NUMBER, f"{small}{scale}", f"{small}{scale}.", f"{small}{other}")
    other = {
        "digit": change_digit(text, draw(st.integers(0, 20)), draw(st.integers(0, 8))),
        "sign": f"-{text}",
        "word": draw(st.sampled_from(CHANGES)).replace("{}", text).replace("{{", "{").replace("}}", "}"),
    }[kind]
    return Case(AnswerType.NUMBER, text, same, other)


@st.composite
def make_choices(draw: st.DrawFn) -> Case:
    """Make an option of several; another option is another answer."""
    choices = tuple(draw(st.permutations(OPTIONS))[: draw(st.integers(2, 6))])
    first, second = draw(st.permutations(range(len(choices))))[:2]
    gold, other = chr(65 + first), chr(65 + second)
    same = draw(st.sampled_from(["({})", "{}.", "**{}**", "option {}", "{}) " + choices[first]])).format(gold)
    return Case(AnswerType.CHOICE, gold, same, other, choices)


@st.composite
def make_booleans(draw: st.DrawFn) -> Case:
    """Make one of a pair of words; the other word, or the denied one, is another answer."""
    pair = draw(st.sampled_from(PAIRS))
    gold, other = pair if draw(st.booleans()) else pair[::-1]
    dress = draw(st.sampled_from(["{}.", "**{}**", "{}!", "({})"]))
    return Case(AnswerType.BOOLEAN, gold, dress.format(gold), other)


@st.composite
def make_dates(draw: st.DrawFn) -> Case:
    """Make a date; the same one with the month in words, and another day."""
    one = draw(st.dates(date(1000, 1, 1), date(2999, 12, 31)))
    two = draw(st.dates(date(1000, 1, 1), date(2999, 12, 31)).filter(lambda day: day != one))
    same = f"{MONTHS[one.month - 1]} {one.day}, {one.year}"
    return Case(AnswerType.DATE, one.isoformat(), same, draw(st.sampled_from([two.isoformat(), f"not {same}"])))


@st.composite
def make_times(draw: st.DrawFn) -> Case:
    """Make a time; the same one with a half of the day, and another one."""
    hour, minute = draw(st.integers(0, 23)), draw(st.integers(0, 59))
    shift = draw(st.integers(1, 24 * 60 - 1))
    later = (hour * 60 + minute + shift) % (24 * 60)
    half, shown = ("AM", "PM")[hour >= 12], hour % 12 or 12
    gold = f"{shown}:{minute:02} {half}"
    other = f"{later // 60 % 12 or 12}:{later % 60:02} {('AM', 'PM')[later >= 720]}"
    return Case(AnswerType.TIME, gold, f"{hour:02}:{minute:02}" if hour > 12 else f"{gold}.", other)


@st.composite
def make_ratios(draw: st.DrawFn) -> Case:
    """Make a ratio; the same one multiplied, and another one."""
    above, below, by = draw(st.integers(1, 99)), draw(st.integers(1, 99)), draw(st.integers(1, 9))
    same = draw(st.sampled_from([f"{above} to {below}", f"{above * by}:{below * by}", f"{above}：{below}"]))
    return Case(AnswerType.RATIO, f"{above}:{below}", same, f"{above}:{below + by}")


@st.composite
def make_lists(draw: st.DrawFn) -> Case:
    """Make a list or a set of numbers; its order counts in a list alone."""
    values = draw(st.lists(st.integers(-99, 99), min_size=2, max_size=5, unique=True))
    gold = ", ".join(map(str, values))
    if draw(st.booleans()):
        return Case(AnswerType.LIST, gold, f"[{gold}]", ", ".join(map(str, values[::-1])))
    turned = ", ".join(map(str, values[::-1]))
    changed = ", ".join(map(str, [*values[:-1], values[-1] + 200]))
    return Case(AnswerType.SET, gold, f"{{{turned}}}", changed)


@st.composite
def make_expressions(draw: st.DrawFn) -> Case:
    """Make an expression; another one by a sign, a digit or a bracket."""
    above, below = draw(st.integers(2, 99)), draw(st.integers(2, 99))
    values = {"a": above, "b": below, "c": above + below, "p": draw(st.sampled_from([2, 3, 5, 7, 11]))}
    gold, same, other = (text.format(**values) for text in draw(st.sampled_from(EXPRESSIONS)))
    return Case(AnswerType.EXPRESSION, gold, same, other)


@st.composite
def make_texts(draw: st.DrawFn) -> Case:
    """Make a text of few words; another text, or the denied one, is another answer."""
    gold, other = draw(st.permutations(WORDS))[:2]
    return Case(AnswerType.TEXT, gold, draw(st.sampled_from([f"{gold}.", f"**{gold}**", gold.upper()])), other)


MAKERS: Mapping[str, Callable[[], st.SearchStrategy[Case]]] = {
    "number": make_numbers,
    "choice": make_choices,
    "boolean": make_booleans,
    "date": make_dates,
    "time": make_times,
    "ratio": make_ratios,
    "list and set": make_lists,
    "expression": make_expressions,
    "text": make_texts,
}
"""Cases of each kind."""
