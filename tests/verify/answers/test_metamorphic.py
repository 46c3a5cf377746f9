"""What is changed in an answer is never equal; what is only written otherwise stays equal."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cotloom.builder.verify import compare
from cotloom.builder.verify.answers.numbers import find_quantities, read_quantity
from cotloom.schemas.problem import AnswerType

UNITS = [
    "m",
    "km",
    "cm",
    "kg",
    "g",
    "hours",
    "minutes",
    "dollars",
    "cents",
    "euros",
    "m²",
    "liters",
    "km/h",
    "°C",
    "米",
    "元",
]
SCALES = ["", "k", " million", " billion", "万", "亿", " hundred", " lakh"]
MAKE_OTHERS = {
    "sign": lambda text: text[1:] if text.startswith("-") else f"-{text}",
    "at least": lambda text: f"at least {text}",
    "at most": lambda text: f"at most {text}",
    "more than": lambda text: f"more than {text}",
    "less": lambda text: f"< {text}",
    "greater": lambda text: f"> {text}",
    "less or equal": lambda text: f"\\le {text}",
    "plus": lambda text: f"{text}+",
    "or more": lambda text: f"{text} or more",
    "factorial": lambda text: f"{text}!",
    "not": lambda text: f"not {text}",
    "unequal": lambda text: f"≠ {text}",
    "chinese negation": lambda text: f"不是{text}",
    "chinese bound": lambda text: f"超过{text}",
    "almost": lambda text: f"almost {text}",
    "variable": lambda text: f"{text}x",
    "power": lambda text: f"{text}^2",
    "hedge": lambda text: f"{text} or {text}1",
    "range": lambda text: f"{text} to {text}1",
    "square root": lambda text: f"\\sqrt{{{text}}}",
    "another digit": lambda text: f"{text}1",
    "zero behind": lambda text: f"{text}0",
}
DRESSES = {
    "zeros": "{}.00",
    "emphasis": "**{}**",
    "mathematics": "${}$",
    "boxed": "\\boxed{{{}}}",
    "stop": "{}.",
    "noun": "{} pens",
    "blank": " {} ",
    "plus": "+{}",
    "equals": "x = {}",
    "said": "The answer is {}",
    "approximately": "about {}",
    "brackets": "({})",
    "text": "\\text{{{}}}",
    "chinese": "{}个",
}
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def outcome(gold, answer, kind=AnswerType.NUMBER):
    return compare(gold, answer, kind).outcome.value


@pytest.mark.parametrize("change", MAKE_OTHERS)
@given(st.integers(2, 10**7))
@settings(max_examples=20, deadline=None)
def test_a_changed_number_is_never_equal(change, value):
    assert outcome(str(value), MAKE_OTHERS[change](str(value))) != "equal"


@pytest.mark.parametrize("change", sorted(set(MAKE_OTHERS) - {"another digit", "zero behind", "hedge", "range"}))
@given(st.decimals(0, 1000, places=2))
@settings(max_examples=10, deadline=None)
def test_a_changed_decimal_is_never_equal(change, value):
    assume(value not in {0, 1})
    assert outcome(str(value), MAKE_OTHERS[change](str(value))) != "equal"


@given(st.decimals(-1000, 1000, places=4), st.sampled_from(["percent", "%", "％", "\\%"]))
@settings(max_examples=60, deadline=None)
def test_a_percentage_is_equal_only_to_its_share_and_its_count(value, sign):
    gold, answer = str(value), f"{value}{sign}"
    assert (outcome(gold, answer) == "equal") is (abs(value) > 1 or value == 0)
    assert outcome(f"{value}%", f"{value * 10}%") == ("equal" if value == 0 else "different")


@given(st.integers(1, 10**5), st.sampled_from(UNITS), st.sampled_from(UNITS))
@settings(max_examples=200, deadline=None)
def test_another_unit_is_never_equal(value, unit, other):
    assume(unit != other and {unit, other} != {"m", "米"})
    assert outcome(f"{value} {unit}", f"{value} {other}") != "equal"
    assert outcome(f"{value} {unit}", f"{value} {unit}") == "equal"


@given(st.integers(1, 999), st.sampled_from(SCALES), st.sampled_from(SCALES))
@settings(max_examples=100, deadline=None)
def test_another_magnitude_is_never_equal(value, scale, other):
    assert (outcome(f"{value}{scale}", f"{value}{other}") == "equal") is (scale == other)


@pytest.mark.parametrize("dress", DRESSES)
@given(st.integers(-(10**9), 10**9), st.integers(1, 10**9))
@settings(max_examples=15, deadline=None)
def test_a_number_in_another_dress_stays_equal_and_its_neighbour_different(dress, value, shift):
    assume(dress != "plus" or value >= 0)
    assume(dress != "zeros" or abs(value) > 9)
    assert outcome(str(value), DRESSES[dress].format(value)) == "equal"
    assert outcome(str(value), DRESSES[dress].format(value + shift)) != "equal"


@given(st.integers(10**4, 10**12), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_separators_of_every_locale_are_read(whole, cents):
    gold, english = f"{whole}.{cents:02}", f"{whole:,}.{cents:02}"
    spellings = [english, english.translate(str.maketrans(",.", ".,")), english.translate(str.maketrans(",", "'"))]
    spellings += [english.replace(",", " "), english.replace(",", "\u202f").replace(".", ","), gold.translate(WIDE)]
    spellings += [f"${english}", f"{english} dollars", f"€{english}", f"{english}0"]
    assert [outcome(gold, spelling) for spelling in spellings] == ["equal"] * len(spellings)
    assert all(outcome(f"{whole + 1}.{cents:02}", spelling) != "equal" for spelling in spellings)


@given(st.integers(10, 10**5), st.integers(1, 30), st.sampled_from(["", "-"]))
@settings(max_examples=100, deadline=None)
def test_a_fraction_is_equal_to_six_digits_of_itself_and_to_no_other_digit(above, below, sign):
    value = Fraction(7 * above + 1, 7 * below)
    exact = round(value * 10**8)
    printed = f"{sign}{exact // 10**8}.{exact % 10**8:08}"
    gold = f"{sign}{value.numerator}/{value.denominator}"
    assert outcome(gold, printed) == "equal"
    assert outcome(gold, printed[:-1] + str((int(printed[-1]) + 5) % 10)) != "equal"


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from([*AnswerType]))
@settings(max_examples=400, deadline=None)
def test_comparing_any_texts_raises_nothing(gold, answer, kind):
    compare(gold, answer, kind)
    compare(gold, f"{gold} {answer}", kind)


BITS = st.lists(
    st.sampled_from([
        *"0123456789.,/:-+%$€£¥!<>=()[]{}^_\\ ", *"½²h°万亿半点年月日", "1.234", "km", "to", "or", "not", "pm", "half",
        "past", "dozen", "million", "third", "at least", "\\frac", "\\le", "12/25/1937", "yes", "no",
    ]),
    max_size=8,
)  # fmt: skip


@given(BITS, st.sampled_from([" ", ""]), st.sampled_from([*AnswerType]))
@settings(max_examples=800, deadline=None)
def test_comparing_what_looks_like_answers_raises_nothing(bits, joint, kind):
    text = joint.join(bits)
    compare(text, text, kind)
    compare("3.5", text, kind)
    read_quantity(text)


LONG = {
    "groups": "12 34 ", "units": "5 km ", "money": "$5 ", "cycles": "0.(", "lists": "[1,", "characters": "1比",
    "dates": "12/25/1937 ", "times": "3:30 ", "half past": "half past ", "numerals": "三百", "fractions": "三分之",
    "signs": "$", "nots": "not valid ", "solutions": "x = 1 or ", "squares": "square ", "superscripts": "²",
}  # fmt: skip


@pytest.mark.parametrize("piece", LONG)
@pytest.mark.usefixtures("ends")
def test_a_hostile_answer_of_any_type_is_compared_to_its_end(piece):
    for kind in set(AnswerType) - {AnswerType.EXPRESSION}:
        gold = {AnswerType.DATE: "12/25/1937", AnswerType.TIME: "3:30 PM", AnswerType.RATIO: "2:3"}.get(kind, "18")
        for size in (1_900, 19_000):
            compare(gold, LONG[piece] * (size // len(LONG[piece])), kind)
            assert sum(1 for _ in find_quantities(LONG[piece] * (size // len(LONG[piece])))) >= 0
