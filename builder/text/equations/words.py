"""Words beside numbers that change what an equation says."""

import re

NO_UNITS = frozenset(
    "about after already because since and are as at back be before but by end for from gives got had has have he "
    "her his if in into is it its left means more now of on or out over she so than that the their them then "
    "there they this to total up was we were what when where which will with you your".split()
)
"""Words that end an expression: they are no units."""

OPERATOR_WORDS = frozenset({"times", "x", "X", "plus", "minus", "divided", "percent", "equals"})
"""Words that the lexer reads as signs."""

FUNCTIONS = frozenset(
    "mod modulo rem remainder base choose log ln lg exp sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh "
    "sqrt root cbrt abs min max gcd lcm hcf det dim lim sum prod sgn sign floor ceil factorial squared cubed twice "
    "pi phi tau theta alpha beta double triple thrice half negative bmod pmod binom frac dx dy dt du dr".split()
)
"""Words of mathematics that make another number of the one beside them."""

LINKS = frozenset({"is", "are", "gives", "makes", "equals"})
"""Words behind an expression that go on like an equal sign."""

STARTERS = frozenset(
    "so then that is are and or thus hence therefore because since compute now get gives have has equals".split()
)
"""Words before a sign that belongs to the number behind it: so -3 + 4 = 1."""

SCALES = frozenset(
    "dozen dozens pair pairs score hundred thousand million billion half double twice triple hundreds thousands halves "
    "thirds".split()
)
"""Words that multiply the number before them."""

NUMBER_WORDS = frozenset(
    "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy eighty "
    "ninety".split()
)
"""Numbers in words, which are no units."""

HOURS = frozenset({"am", "pm", "AM", "PM", "o'clock", "o’clock", "noon", "midnight"})
"""Words of a time of day, which starts again after 12."""

UNSPACED_SCALES = frozenset("十百千万萬亿億兆打双雙对對半倍成")
"""Scale words where words are not spaced, by their first letter."""

UNSPACED_NUMERALS = frozenset("零〇一二三四五六七八九十百千万萬亿億兆两兩半第几幾数數多")
"""Letters that are a part of the number beside them where words are not spaced."""

CHANGES = frozenset(
    "increase decrease more less off discount profit loss gain growth reduction rise drop fewer higher lower".split()
)
"""Words behind a percentage that is a difference: 120/100 = 20% more."""

ARTICLES = frozenset({"a", "A", "I", "y", "e", "o", "u", "à"})
"""Words of one letter, which are no variables where another word follows."""

MEASURES = {
    word: kind
    for kind, words in {
        "time": "second minute hour day week month year decade century sec min hr",
        "length": "cm mm km meter metre kilometer kilometre inch inche foot feet yard mile",
        "mass": "gram kg kilogram pound lb ounce oz ton mg",
        "money": "cent dollar penny pennie nickel dime quarter coin",
        "volume": "liter litre ml gallon quart pint cup",
    }.items()
    for word in words.split()
}
"""Units that convert into each other, in the singular, and what they measure."""

SPEEDS = {"mph": "mile", "kph": "km", "kmh": "km"}
"""Units of speed, and what they count by the hour."""

_DETERMINERS = frozenset("the his her their its my our your another other".split())

_OTHER_ARITHMETIC = re.compile(
    r"\b(?i:mod(?:ulo|ular|ulus)?|modular)\b|\\[bp]?mod\b|\\equiv|≡|\bbase[- ](?:\d|two|three|eight|ten|twelve|sixteen)"
    r"|\b(?i:binary|hexadecimal|octal|ternary|congruen\w{1,4}|clock arithmetic"
    r"|boolean|bitwise|xor|on (?:a|the) clock)\b"
    r"|\b(?:12|24)-hour (?:clock|time)|\bGF\(|\\mathbb"
    r"|ℤ|[Zz]_\{?\d|\\oplus|⊕|同余|进制|進制"
)
"""Words of texts in which 9 + 5 may be 2."""

_WHOLE = re.compile(
    r"(?i:remainder|left ?over|leftover|\brest\b|\bwhole\b|\bround|\bcomplete\b|\bfull\b|at most|at least|about\b"
    r"|approx|rough|nearly|almost|around|\bfloor|\bceil|\bquotient|integer|\bevery (?:other|second|third)"
    r"|\bcan'?t\b|\bcannot\b|\bonly\b|\bleft\b|\bpartial|\bextra\b|余|整|约|大约|近似|進一)"
)
"""Words near a quotient that say why it is a whole number."""


def is_determiner(word: str) -> bool:
    """Whether a word only says whose number it stands before: Tom's 5, the 5, another 5."""
    return word in _DETERMINERS or word.endswith(("'s", "’s"))


def has_other_arithmetic(text: str) -> bool:
    """Whether a text speaks of remainders or of numbers to another base."""
    return _OTHER_ARITHMETIC.search(text) is not None


def has_whole_words(text: str) -> bool:
    """Whether a text says that a quotient was cut or rounded."""
    return _WHOLE.search(text) is not None
