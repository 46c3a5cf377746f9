"""The commands of expressions, by what they stand for; other signs are rewritten to them before."""

from collections.abc import Mapping

from ..tree import EULER, IMAGINARY, INFINITY, PI, Tree, make_symbol

GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi chi psi omega "
    "Gamma Delta Theta Lambda Xi Sigma Upsilon Phi Psi Omega ell hbar".split()
)
CONSTANTS: Mapping[str, Tree] = {
    "pi": PI, "infty": INFINITY, "e": EULER, "i": IMAGINARY, "mathbb R": make_symbol("R"),
}  # fmt: skip
FUNCTIONS = frozenset("sin cos tan cot sec csc arcsin arccos arctan arccot sinh cosh tanh ln log lg exp".split())
SINGLE = frozenset({"abs", "floor", "ceil"})
MANY = SINGLE | {"gcd", "lcm", "max", "min"}
"""Functions that need brackets."""
ROOTS: Mapping[str, int] = {"sqrt": 2, "surd": 2, "cubert": 3}
CLOSERS: Mapping[str, str] = {"lfloor": "rfloor", "lceil": "rceil"}
STARTS = GREEK | set(CONSTANTS) | FUNCTIONS | MANY | set(ROOTS) | set(CLOSERS) | {"frac", "binom"}
"""Commands that begin a factor."""
