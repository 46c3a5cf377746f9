"""Languages: what Cotloom says to teachers and students, and reads in their answers, one data file for each.

A problem has a language, the recipe's or its own (`detect`), and the `Wording` of that language holds all words that
are put around it. Answers are read with the words of all languages: a teacher may answer in another than it was asked.
"""

from .detect import count_foreign, detect_language, fit_language
from .unspaced import UNSPACED, has_unspaced, part_unspaced
from .wording import (
    ENGLISH,
    LANGUAGES,
    UNDETERMINED,
    AnswerMark,
    CueWords,
    ReadingWords,
    Wording,
    choose_wording,
    find_wording,
    list_readings,
)

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "UNDETERMINED",
    "UNSPACED",
    "AnswerMark",
    "CueWords",
    "ReadingWords",
    "Wording",
    "choose_wording",
    "count_foreign",
    "detect_language",
    "find_wording",
    "fit_language",
    "has_unspaced",
    "list_readings",
    "part_unspaced",
]
