"""What words mean as a whole answer: no solution, all real numbers."""

from collections.abc import Mapping

from ..tree import INFINITY, Head, Tree, negate

NOTHING = Tree(Head.SET)
"""The empty set: no solution."""
REALS = Tree(Head.INTERVAL, (negate(INFINITY), INFINITY), "()")
"""All real numbers."""

WORDS: Mapping[str, Tree] = {
    **dict.fromkeys(
        "no solution|no solutions|no real solution|no real solutions|empty set|the empty set|there is no solution|"
        "there are no solutions|has no solution|no real roots|无解|没有解|空集|无实数解|方程无解".split("|"),
        NOTHING,
    ),
    **dict.fromkeys(
        "all real numbers|all reals|the set of all real numbers|all real number|全体实数|任意实数|一切实数".split("|"),
        REALS,
    ),
    **dict.fromkeys("undefined|dne|does not exist|not defined|不存在".split("|"), Tree(Head.WORD, name="undefined")),
    **dict.fromkeys("infinity|positive infinity|无穷大|正无穷".split("|"), INFINITY),
    **dict.fromkeys("negative infinity|minus infinity|负无穷".split("|"), negate(INFINITY)),
}
"""What words mean as a whole answer."""
