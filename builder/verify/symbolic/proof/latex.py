r"""Write an expression in LaTeX, from our own tree: what is proved elsewhere is never a model's own text."""

from collections.abc import Mapping, Sequence

from ..tree import CONSTANTS, MINUS_ONE, Head, NotUnderstoodError, Tree, list_symbols, list_variables

LETTERS = "xytzuvwabckmnpqrs"
"""What variables are called. Each of them is nothing but a variable in LaTeX."""

_CONSTANTS: Mapping[str, str] = {"pi": r"\pi", "e": "e", "i": "I"}
_FUNCTIONS: Mapping[str, str] = {
    name: f"\\{name}" for name in "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln".split()
}
_BRACKETS: Mapping[str, tuple[str, str]] = {
    "abs": ("|", "|"),
    "floor": (r"\lfloor ", r"\rfloor "),
    "ceil": (r"\lceil ", r"\rceil "),
}


def write_pairs(left: Tree, right: Tree) -> list[tuple[str, str]]:
    """Write two expressions, with the same letter for the same variable; and again with powers of e for variables.

    A power of e is positive, which logarithms and roots of products need to be simplified.

    Raises:
        NotUnderstoodError: one holds what has no LaTeX of ours, or there are too many variables.
    """
    names = sorted(list_variables(left) | list_variables(right))
    if len(names) > len(LETTERS):
        raise NotUnderstoodError("too many variables")
    letters = dict(zip(names, LETTERS, strict=False))
    positive = {name: f"(e^{{{letter}}})" for name, letter in letters.items()}
    is_real = names and not {"i"} & (list_symbols(left) | list_symbols(right))
    return [
        (_write_tree(left, used), _write_tree(right, used)) for used in ([letters, positive] if is_real else [letters])
    ]


def _write_tree(tree: Tree, letters: Mapping[str, str]) -> str:
    if tree.head is Head.NUMBER:
        return _write_number(tree)
    if tree.head is Head.SYMBOL:
        return _write_symbol(tree.name, letters)
    parts = [_write_tree(part, letters) for part in tree.parts]
    if tree.head is Head.SUM:
        return f"({' + '.join(parts)})"
    if tree.head is Head.PRODUCT:
        return r" \cdot ".join(f"({part})" for part in parts)
    if tree.head is Head.POWER:
        return _write_power(tree, parts)
    if tree.head is Head.CALL:
        return _write_call(tree.name, parts)
    raise NotUnderstoodError(f"a {tree.head.value} within an expression")


def _write_number(tree: Tree) -> str:
    above, below = tree.value.numerator, tree.value.denominator
    text = str(abs(above)) if below == 1 else rf"\frac{{{abs(above)}}}{{{below}}}"
    return text if above >= 0 else f"(-{text})"


def _write_symbol(name: str, letters: Mapping[str, str]) -> str:
    if name in letters:
        return letters[name]
    if name in CONSTANTS and name in _CONSTANTS:
        return _CONSTANTS[name]
    raise NotUnderstoodError(f"the symbol {name}")


def _write_power(tree: Tree, parts: Sequence[str]) -> str:
    base, exponent = parts
    if tree.parts[1] == MINUS_ONE:
        return rf"\frac{{1}}{{{base}}}"
    return rf"({base})^{{{exponent}}}"


def _write_call(name: str, parts: Sequence[str]) -> str:
    if name in _BRACKETS:
        opener, closer = _BRACKETS[name]
        return f"{opener}{parts[0]}{closer}"
    if name == "root":
        return rf"\sqrt[{parts[1]}]{{{parts[0]}}}"
    if name == "factorial":
        return f"({parts[0]})!"
    if name == "binomial":
        return rf"\binom{{{parts[0]}}}{{{parts[1]}}}"
    if name in _FUNCTIONS:
        return f"{_FUNCTIONS[name]}({parts[0]})"
    raise NotUnderstoodError(f"the function {name}")
