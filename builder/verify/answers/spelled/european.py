"""Spell the small numbers of German, French and Spanish, to know them again."""

from collections.abc import Mapping
from functools import cache

_GERMAN = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split()
_GERMAN_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_FRENCH = "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split()
_FRENCH_TENS = "vingt trente quarante cinquante soixante".split()
_SPANISH = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
).split()
_SPANISH_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_SPANISH_HUNDREDS = (
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos".split()
)


@cache
def list_numbers() -> Mapping[str, int]:
    """List the numbers below a thousand, and the round thousands below ten thousand, in words of one blank each.

    >>> [list_numbers()[word] for word in ("einundzwanzig", "quatre vingt dix", "treinta y cinco", "dreihundert")]
    [21, 90, 35, 300]
    """
    found: dict[str, int] = {}
    for spell in (_spell_german, _spell_french, _spell_spanish):
        for value in (*range(1000), *range(1000, 10_000, 1000)):
            found.setdefault(spell(value), value)
    return {**found, "ein": 1, "eine": 1, "une": 1, "una": 1, "cien": 100, "dreissig": 30}


def _spell_german(value: int) -> str:
    if value >= 1000:
        return f"{'ein' if value == 1000 else _spell_german(value // 1000)}tausend"
    if value >= 100:
        hundreds = "ein" if value < 200 else _GERMAN[value // 100]
        return f"{hundreds}hundert{_spell_german(value % 100) if value % 100 else ''}"
    if value < 13:
        return _GERMAN[value]
    if value < 20:
        return {16: "sechzehn", 17: "siebzehn"}.get(value, f"{_GERMAN[value - 10]}zehn")
    tens, digit = _GERMAN_TENS[value // 10 - 2], value % 10
    return f"{'ein' if digit == 1 else _GERMAN[digit]}und{tens}" if digit else tens


def _spell_french(value: int) -> str:
    if value >= 1000:
        return "mille" if value == 1000 else f"{_spell_french(value // 1000)} mille"
    if value >= 100:
        hundreds = "cent" if value < 200 else f"{_FRENCH[value // 100]} cent{'s' if value % 100 == 0 else ''}"
        return f"{hundreds} {_spell_french(value % 100)}" if value % 100 else hundreds
    if value < 17:
        return _FRENCH[value]
    if value < 20:
        return f"dix {_FRENCH[value - 10]}"
    if value >= 80:
        return f"quatre vingt{'s' if value == 80 else ' ' + _spell_french(value - 80)}"
    base = 60 if value >= 60 else value - value % 10
    tens, digit = _FRENCH_TENS[base // 10 - 2], value - base
    if not digit:
        return tens
    return f"{tens} et {_spell_french(digit)}" if digit in {1, 11} else f"{tens} {_spell_french(digit)}"


def _spell_spanish(value: int) -> str:
    if value >= 1000:
        return "mil" if value == 1000 else f"{_spell_spanish(value // 1000)} mil"
    if value >= 100:
        hundreds = _SPANISH_HUNDREDS[value // 100 - 1]
        return f"{hundreds} {_spell_spanish(value % 100)}" if value % 100 else hundreds
    if value < 30:
        return _SPANISH[value]
    tens, digit = _SPANISH_TENS[value // 10 - 3], value % 10
    return f"{tens} y {_SPANISH[digit]}" if digit else tens
