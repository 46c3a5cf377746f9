"""Words that say nothing about how an answer is reached, in the languages whose skeletons are read."""

import re

LANGUAGES = frozenset({"en", "zh"})
"""The languages whose words are known well enough: of others, no skeleton is read."""

ANYWHERE = frozenset("a an the therefore thus hence consequently accordingly".split())
"""Left out wherever they stand; `a` not before `few` and `little`, nor where it is a name beside `B`."""

STARTS = frozenset("so then and but well okay ok alright".split())
"""Left out at the beginning of a sentence and behind a comma."""

BEFORE_COMMA = frozenset(
    "first firstly second secondly third thirdly next finally lastly last now also moreover furthermore additionally"
    " similarly likewise clearly obviously indeed specifically again afterwards".split()
)
"""Left out there before a comma."""

CONTRACTIONS = {
    "cannot": ("can", "not"), "can't": ("can", "not"), "won't": ("will", "not"), "isn't": ("is", "not"),
    "aren't": ("are", "not"), "wasn't": ("was", "not"), "weren't": ("were", "not"), "doesn't": ("does", "not"),
    "don't": ("do", "not"), "didn't": ("did", "not"), "hasn't": ("has", "not"), "haven't": ("have", "not"),
    "hadn't": ("had", "not"), "wouldn't": ("would", "not"), "couldn't": ("could", "not"),
    "shouldn't": ("should", "not"), "it's": ("it", "is"), "that's": ("that", "is"), "there's": ("there", "is"),
    "he's": ("he", "is"), "she's": ("she", "is"), "they're": ("they", "are"), "we're": ("we", "are"),
}  # fmt: skip
"""What short forms stand for."""
CONTRACTIONS |= {short.replace("'", "’"): words for short, words in CONTRACTIONS.items()}

PRONOUNS = {"this": "it"}
"""What stands for what was spoken of, before a verb."""

OPENINGS = re.compile(
    r"\blet(?:'s|’s| us| me) (?:think|work|go|reason|solve|consider|look)[^.!?\n]{0,60}"
    r"(?:step[ -]by[ -]step|one by one|carefully)[.:!]?\s*"
    r"|(?<![^\s,(])(?:we (?:can )?(?:know|see|note)|i know|note|notice|recall|as we know) that\b,?\s*"
    r"|\b(?:in conclusion|in other words|as a result|in summary|of course|to begin with|for this reason),\s*",
    re.IGNORECASE,
)
"""Announcements and phrases that connect sentences."""

UNSPACED_STARTS = re.compile(
    r"(?:^|(?<=[。，；！？\n]))[ ]*(?:首先|其次|然后|接着|接下来|最后|所以|因此|因而|于是|那么|可见|由此可知"
    r"|综上所述|综上|显然|我们知道)[，,]?"
)
"""Connectives of Chinese at the beginning of a clause."""
