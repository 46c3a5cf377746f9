"""Words of a statement of an answer, or of its announcement, which are no reasoning."""

from ..hint_leakage import EMPTY

_LOGICAL = frozenset("no not true yes could can".split())
"""Of those, words that a step of reasoning may be made of: `not true`."""

STATING = (EMPTY - _LOGICAL) | frozenset(
    "step steps by think thinking through solution explanation explain reasoning rationale sure great"
    " certainly carefully about go"
    " solución explicación razonamiento paso opción vamos"
    " étape étapes explication raisonnement lettre voici"
    " schritt für lösung erklärung begründung option buchstabe hier"
    " 我 们 来 一 步 分 析 思 考 下 选 项 選 択 肢 説 明".split()
)
"""Words that say nothing about why, in small letters."""
