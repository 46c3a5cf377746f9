"""Closed sets of words: those that carry meaning however few they are, those that carry none, and those that are one.

English, with what is frequent in the other languages that Cotloom knows; a word of none of these sets is one of
content.
"""

from collections.abc import Mapping

_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
).split()

_TENS = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}

_AMOUNTS = """
hundred hundreds thousand thousands million millions billion dozen dozens half halves third thirds quarter
quarters twice thrice once double doubled doubles triple tripled triples percent percentage zwei drei vier fünf
sechs sieben acht neun zehn hundert tausend deux trois quatre cinq sept huit neuf dix cent mille dos tres cuatro
cinco seis siete ocho nueve diez cien mil
"""

_NEGATIONS = """
not no never none nothing nobody nowhere neither nor cannot without except unless hardly nicht kein keine keinen
nie niemals ohne weder ne pas jamais rien aucun aucune sans ni nunca ningún ninguna sin
"""

_BOUNDS = """
least most almost about nearly approximately roughly exactly than by if mindestens höchstens moins plus menos
más
"""

MARKS: Mapping[str, str] = {
    **{word: word for words in (_AMOUNTS, _NEGATIONS, _BOUNDS) for word in words.split()},
    **{word: str(value) for value, word in enumerate(_NUMBERS)},
    **{word: str(value) for word, value in _TENS.items()},
    "cannot": "not",
}  # fmt: skip
"""Words that two texts must have in the same order, and what each counts as."""

UNSPACED_MARKS = frozenset("零一二两兩三四五六七八九十百千万萬亿億半倍不没沒无無非未别別否勿")
"""Characters that two texts must have in the same order."""

LOOSE = frozenset(
    """
    a again already also altogether an are as at be because been being but can could did do does each
    finally had has have having he's hence here i into is it it's its itself just let let's lets me might my
    namely now of only onto our overall per shall she's should simply so still that that's the their them
    then there therefore these they this those thus too total us was we we'll well were what when where
    which while who whom whose will would yet you your
    """.split()
) | frozenset("的了就也还所以因此么那")
"""Words, and characters of scripts without blanks, that may stand anywhere, or be missing."""

_SYNONYMS = """
calculate compute determine find calculates computes finds calculating computing finding
buy purchase buys purchases bought purchased buying purchasing
get receive obtain gets receives obtains got received obtained
earn make earns makes earned made
begin start begins starts began started
end finish ends finishes ended finished
need require have has needs requires must
kid child
kids children
answer result solution
total sum
big large
small little
quickly fast rapidly
remaining left
each apiece every per
sea ocean
meet intersect
divide split
plane airplane
shop store
lot lots
"""
"""One set of words a line."""


def _list_synonyms() -> dict[str, frozenset[str]]:
    synonyms: dict[str, frozenset[str]] = {}
    for line in _SYNONYMS.strip().split("\n"):
        words = frozenset(line.split())
        for word in words:
            synonyms[word] = synonyms.get(word, frozenset()) | words
    return synonyms


SYNONYMS: Mapping[str, frozenset[str]] = _list_synonyms()
"""For each word those that may stand in its place."""

ENDINGS = frozenset({"", "s", "es", "ed", "d", "ing", "ning", "ting", "ping", "'s", "ly", "ies", "ied"})
"""What forms of one word end in."""
