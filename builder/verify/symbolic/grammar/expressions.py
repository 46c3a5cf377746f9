r"""Read expressions of mathematics out of tokens: sums, products, powers; commands are a reader's of their own.

What is written in two senses (`1/2x`, `\sin x/2`) is read in one of them and noted as a doubt.
"""

from collections.abc import Callable, Mapping, Sequence

from ..tree import (
    DEGREE,
    MINUS_ONE,
    SIGN,
    Head,
    NotUnderstoodError,
    Tree,
    make_call,
    make_number,
    make_power,
    make_product,
    make_quotient,
    make_symbol,
    negate,
)
from .cursor import END, TokenCursor
from .names import CONSTANTS, STARTS
from .numerals import read_number, read_share
from .tokens import Kind, MathToken

MAX_DEPTH = 24
"""The deepest nesting that is read."""

_OPAQUE = frozenset("fghFGHP")
"""Letters that are functions where a bracket follows."""
_TIMES = frozenset({("*", Kind.MARK), ("cdot", Kind.COMMAND), ("times", Kind.COMMAND)})
_OVER = frozenset({("/", Kind.MARK), ("div", Kind.COMMAND)})
_SIGNS: Mapping[tuple[str, Kind], Callable[[Tree], Tree]] = {
    ("+", Kind.MARK): lambda tree: tree,
    ("-", Kind.MARK): negate,
    ("pm", Kind.COMMAND): lambda tree: make_product(SIGN, tree),
    ("mp", Kind.COMMAND): lambda tree: make_product(MINUS_ONE, SIGN, tree),
}


class ScalarParser(TokenCursor):
    """Reads one expression after another out of tokens."""

    def parse_sum(self) -> Tree:
        """Parse terms with signs between them."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotUnderstoodError("nested too deep")
        terms = [self._parse_term()]
        while self._get_sign() is not None:
            terms.append(self._parse_term())
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Tree(Head.SUM, tuple(terms))

    def _get_sign(self) -> Callable[[Tree], Tree] | None:
        piece = self.get_piece()
        return _SIGNS.get((piece.text, piece.kind))

    def _parse_term(self) -> Tree:
        sign = self._get_sign()
        if sign is None:
            return self._parse_product()
        self.index += 1
        return sign(self._parse_product())

    def _parse_product(self) -> Tree:
        factors = [self._parse_factor()]
        is_divided = False
        while True:
            piece = self.get_piece()
            if (piece.text, piece.kind) in _TIMES:
                self.index += 1
                factors.append(self._parse_factor())
                is_divided = False
            elif (piece.text, piece.kind) in _OVER:
                self.index += 1
                is_divided = piece.text == "/"
                factors[:] = [make_quotient(join_factors(factors), self._parse_factor())]
            elif self.is_factor_next():
                if is_divided:
                    self.doubts.append("a product behind a slash")
                self.add_neighbour(factors)
            else:
                return join_factors(factors)

    def add_neighbour(self, factors: list[Tree]) -> None:
        """Parse a factor without a sign before it: `2x`, or the fraction of a mixed number."""
        last, is_number = factors[-1], self.get_piece().kind is Kind.NUMBER
        is_whole = last.head is Head.NUMBER and last.value.denominator == 1 and not last.decimals
        factor = self.parse_power()
        if is_whole and is_number and self.is_mark("/"):  # 2 1/2
            self.index += 1
            factor = make_quotient(factor, self.parse_power())
        share = read_share(factor) if is_whole and len(factors) == 1 else None
        if share is not None:
            factors[-1] = make_number(last.value + share)
        elif is_number and Head.NUMBER in {last.head, factor.head}:
            raise NotUnderstoodError("two numbers without a sign between them")
        else:
            factors.append(factor)

    def is_factor_next(self) -> bool:
        """Whether the next token begins a factor."""
        piece = self.get_piece()
        if piece.kind is Kind.MARK:
            return piece.text in {"(", "[", "{"} or (piece.text == "|" and not self.bars)
        return piece.kind in {Kind.NUMBER, Kind.LETTERS} or (piece.kind is Kind.COMMAND and piece.text in STARTS)

    def _parse_factor(self) -> Tree:
        """Parse a factor that may have a sign of its own."""
        if self.is_mark("+", "-"):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise NotUnderstoodError("too many signs")
            sign = self._get_sign() or negate
            self.index += 1
            factor = sign(self._parse_factor())
            self.depth -= 1
            return factor
        return self.parse_power()

    def parse_power(self) -> Tree:
        """Parse what has powers, factorials and degrees behind it."""
        base = self.parse_atom()
        powers = 0
        while self.is_mark("^", "!") or self.is_command("circ"):
            if self.is_mark("!"):
                self.index += 1
                if self.is_mark("!"):
                    raise NotUnderstoodError("a double factorial")
                base = make_call("factorial", base)
            elif self._skip_degree():
                base = make_product(base, DEGREE)
            else:
                self.index += 1
                base = make_power(base, self.parse_exponent())
                powers += 1
        if powers > 1:
            self.doubts.append("a power of a power")
        return base

    def _skip_degree(self) -> bool:
        """Step over a sign of degrees, if it comes next."""
        ahead = 1 if self.is_mark("^") else 0
        is_grouped = ahead == 1 and self.get_piece(1).text == "{"
        ahead += is_grouped
        if self.get_piece(ahead) != MathToken(Kind.COMMAND, "circ", self.get_piece(ahead).is_spaced):
            return False
        self.index += ahead + 1 + is_grouped
        return True

    def parse_exponent(self) -> Tree:
        """Parse a power, from behind its sign."""
        if self.is_mark("-", "+"):
            sign = self._get_sign() or negate
            self.index += 1
            return sign(self.parse_atom())
        return self.parse_atom()

    def parse_argument(self) -> Tree:
        r"""Parse what a command takes: a group, or one character: `\frac12` has two."""
        piece = self.get_piece()
        if piece.kind is Kind.NUMBER:
            if len(piece.text) > 1:
                if not piece.text.isdigit():
                    raise NotUnderstoodError("a decimal without braces")
                self.pieces[self.index] = MathToken(Kind.NUMBER, piece.text[1:])
                if len(piece.text) > 2:
                    self.doubts.append("digits without braces")
                return make_number(int(piece.text[0]))
            self.index += 1
            return make_number(int(piece.text))
        return self.parse_atom()

    def parse_atom(self) -> Tree:
        """Parse a number, a letter, a command or what stands in brackets."""
        piece = self.get_piece()
        if piece.kind is Kind.NUMBER:
            self.index += 1
            return self._parse_index(read_number(piece.text))
        if piece.kind is Kind.LETTERS:
            self.index += 1
            return self.parse_letter(piece.text)
        if piece.kind is Kind.COMMAND:
            self.index += 1
            return self.parse_command(piece.text)
        if piece.text == "|" and not self.bars:
            return self._parse_bars()
        return self.parse_bracket()

    def parse_bracket(self) -> Tree:
        """Parse what stands in brackets."""
        raise NotUnderstoodError("an operand is missing")

    def _parse_bars(self) -> Tree:
        self.index += 1
        self.bars += 1
        inner = self.parse_sum()
        self.skip_mark("|")
        self.bars -= 1
        return make_call("abs", inner)

    def _parse_index(self, number: Tree) -> Tree:
        """Parse the base of a number that has one."""
        if not self.is_mark("_"):
            return number
        name = self._read_subscript()
        return Tree(Head.QUANTITY, (number,), f"base {name}")

    def _read_subscript(self) -> str:
        self.index += 1
        if not self.is_mark("{"):
            self.index += 1
            return self.get_piece(-1).text
        start = self.index + 1
        while not self.is_mark("}"):
            if self.get_piece() == END:
                raise NotUnderstoodError("} is missing")
            self.index += 1
        self.index += 1
        return " ".join(piece.text for piece in self.pieces[start : self.index - 1])

    def parse_letter(self, letter: str) -> Tree:
        """Parse the rest of a name that begins with a letter, from behind it."""
        name = letter
        if self.is_mark("_"):
            name = f"{letter}_{self._read_subscript()}"
        while self.is_mark("'"):
            self.index += 1
            name += "'"
        if name[0] in _OPAQUE and self._skip_inverse():
            name += "^-1"
        if name[0] in _OPAQUE and self.is_mark("("):
            return make_call(name, self.parse_atom())
        return CONSTANTS.get(name) or make_symbol(name)

    def _skip_inverse(self) -> bool:
        """Step over the sign of an inverse function, where a bracket follows."""
        texts = [self.get_piece(ahead).text for ahead in range(6)]
        if texts != ["^", "{", "-", "1", "}", "("]:
            return False
        self.index += 5
        return True

    def parse_command(self, name: str) -> Tree:
        """Parse what a command stands for, from behind it."""
        raise NotUnderstoodError(f"the command {name}")


def join_factors(factors: Sequence[Tree]) -> Tree:
    """Join factors to a product; one stays as it is."""
    return factors[0] if len(factors) == 1 else make_product(*factors)
