"""Detect the language of a short text, by script and frequent words. docs/decisions/0031 has its measured errors."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

from .wording import ENGLISH, LANGUAGES, UNDETERMINED, choose_wording

MOST_CHARACTERS = 2_000
"""Of a longer text, so many characters are looked at."""

SURE = 3
"""So many words that are frequent in English alone make a text English, if none of another language's is in it."""

LEAST_WORDS = 12
"""So many Latin words without one frequent word of any language are of no language that is known."""

_NO_WORDS = re.compile(
    r"\$\$.*?\$\$|\$[^$\n]{1,400}\$|\\\(.*?\\\)|\\\[.*?\\\]|\\begin\{.*?\\end\{\w+\*?\}|\\[A-Za-z]+"
    r"|```.*?```|`[^`\n]*`|https?://\S+",
    re.DOTALL,
)
"""Mathematics, code and addresses. Prices are not taken for it: `$5` has no second sign in its line, or words."""
_WORDS_WITHIN = re.compile(r"[^\W\d_]{2,}\s+[^\W\d_]{2,}\s+[^\W\d_]{2,}")
_HAN, _KANA = (
    re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"),
    re.compile(r"[\u3041-\u30ff\uff66-\uff9f]"),
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]{2,}(?:['’-][A-Za-z\u00c0-\u024f]+)*")
_LETTER = re.compile(r"[^\W\d_]")
_BEYOND_LATIN = re.compile(r"[^\x00-\u024f\u1e00-\u1eff\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff]")
"""Characters besides Latin letters, and the usual marks and signs: without one, the script tells nothing."""
_SYMBOLS = frozenset(
    "sin cos tan log ln lim max min mod gcd lcm exp det ab bc cd ac abc abcd xy yz xyz dx dy cm mm km kg".split()
)
"""Words of formulas, which are of no language."""

_SIGNS: Mapping[str, str] = {"es": "ñ¿¡", "de": "äöüß", "fr": "œçêëîïûùèàâ"}
"""Letters and marks that speak for a language where no frequent word does."""

_OTHERS: Mapping[str, str] = {
    "pt": "o os um uma do da dos das em não que com para quantos quantas quanto qual são foi tem mais por cada se ele",
    "it": "il lo gli i un una di che è sono per con quanti quante quanto quale nel della dei ha hanno non più ogni se",
    "nl": "de het een en van is zijn hoeveel wat welke met voor op in niet er heeft hebben per elke als dat uit",
    "sv": "och att det som en ett är på för med har hur många vad av till inte den om han hon kostar varje",
    "da": "og at det som en et er på for med har hvor mange hvad af til ikke den om han hun koster hver",
    "pl": "i w na z do jest ile się nie że co jak ma po za są od dla czy który jaka jaki każdy kosztuje",
    "tr": "ve bir bu kaç ne için ile kadar daha var mi mı nedir olan her toplam tane kaçtır",
    "id": "dan yang di ke dari untuk dengan berapa apa ini itu adalah pada tidak ada setiap jika banyak",
    "vi": "và của là có bao nhiêu một các được cho trong với không người hỏi mỗi số",
    "ro": "și de la în cu un o este sunt câte câți cât care pe pentru nu din are dacă fiecare",
    "cs": "a v na se je s z do kolik že co jak má po za jsou od pro který každý stojí",
    "hu": "a az és egy hány mennyi van nem hogy ha mint ki mi minden volt összesen",
    "fi": "ja on ei kuinka monta mikä että se jos hän ovat joka kun mitä paljonko yhteensä",
}  # fmt: skip
"""Frequent words of languages that have no file, so that they are not taken for a neighbour that has one."""


def detect_language(text: str) -> str | None:
    """Detect the language of a question.

    Returns:
        One of `LANGUAGES`; `und` for words of another language; None for a text without words, such as a formula.

    >>> [detect_language(text) for text in ("小明有3个苹果。", "How many?", "¿Cuántos hay?", "Сколько?", "3 + 4 = ?")]
    ['zh', 'en', 'es', 'und', None]
    """
    text = text[:MOST_CHARACTERS]
    if not text.isascii():
        language = _detect_script(text)
        if language is not None:
            return language
    if _is_surely_english(text):
        return ENGLISH
    if "\\" in text or "$" in text or "`" in text or "://" in text:
        text = _NO_WORDS.sub(_keep_words, text)
    words = [word.lower() for word in _LATIN.findall(text) if word.lower() not in _SYMBOLS]
    return _detect_latin(words, text) if words else None


def _is_surely_english(text: str) -> bool:
    """Whether some words are frequent in English alone and none is in others alone: most questions, in little time."""
    sure, other = _list_sure_words()
    words = set(text.lower().split())
    return len(words & sure) >= SURE and words.isdisjoint(other)


@cache
def _list_sure_words() -> tuple[frozenset[str], frozenset[str]]:
    """List the words that are frequent in English alone, and those that are frequent in other languages alone."""
    table = _read_common()
    english = frozenset(word for word, languages in table.items() if languages == (ENGLISH,))
    return english, frozenset(word for word, languages in table.items() if ENGLISH not in languages)


def count_foreign(text: str) -> int:
    """Count the different words of a text that are frequent in other languages than English, and not in English.

    >>> count_foreign("Ella compra las manzanas para su hermana"), count_foreign("She buys apples")
    (4, 0)
    """
    return len(_list_sure_words()[1].intersection(text.lower().split()))


def fit_language(text: str, languages: Sequence[str]) -> str | None:
    """Detect the language of a question among those of a recipe.

    Args:
        text: the question.
        languages: the recipe's languages; empty for any.

    Returns:
        The recipe's only language; of several, the one that the question is in, else the first. Without any, what
        `detect_language` finds.
    """
    if not languages:
        return detect_language(text)
    if len(languages) == 1:
        return languages[0]
    found = detect_language(text)
    return next((language for language in languages if language.partition("-")[0] == found), languages[0])


def _keep_words(match: re.Match[str]) -> str:
    """Keep what stands between two signs of dollars where it is a sentence."""
    return match[0] if match[0].startswith("$") and _WORDS_WITHIN.search(match[0].replace("\\", " \\")) else " "


def _detect_script(text: str) -> str | None:
    """Detect a language by its script; None where Latin words decide."""
    if not _BEYOND_LATIN.search(text):
        return None
    kana, han = len(_KANA.findall(text)), len(_HAN.findall(text))
    latin = len(_LATIN.findall(text))
    if kana + han:
        if kana + han < latin:
            return None
        return "ja" if kana * 12 >= kana + han else "zh"
    letters = len(_LETTER.findall(text))
    is_latin = sum(map(len, _LATIN.findall(text))) * 2 >= letters or letters < 2
    return None if is_latin or _is_greek_in_formula(text) else UNDETERMINED


def _is_greek_in_formula(text: str) -> bool:
    """Whether all letters beyond Latin are Greek ones that stand alone, as in formulas."""
    return not re.search(
        r"[\u0370-\u03ff]{3,}|[^\W\d_\u0370-\u03ffA-Za-z\u00aa-\u024f\u1e00-\u1eff\u2100-\u214f\U0001d400-\U0001d7ff]",
        text,
    )


def _detect_latin(words: Sequence[str], text: str) -> str:
    table = _read_common()
    counts: Counter[str] = Counter(language for word in words for language in table.get(word, ()))
    for language, signs in _SIGNS.items():
        counts[language] += any(sign in text for sign in signs) if not text.isascii() else 0
    if not any(counts.values()):
        is_foreign = not text.isascii() and any(not word.replace("’", "").isascii() for word in words)
        return UNDETERMINED if is_foreign or len(words) >= LEAST_WORDS else ENGLISH
    best = max(counts.values())
    leaders = [language for language in (*LANGUAGES, *_OTHERS) if counts[language] == best]
    return leaders[0] if leaders[0] in LANGUAGES else UNDETERMINED


@cache
def _read_common() -> dict[str, tuple[str, ...]]:
    """List the languages in which each word is frequent."""
    table: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for word in choose_wording(language).common:
            table.setdefault(word, []).append(language)
    for language, words in _OTHERS.items():
        for word in words.split():
            table.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in table.items()}
