r"""Read what commands stand for: functions, fractions, roots, roundings."""

from ..tree import MINUS_ONE, Head, NotUnderstoodError, Tree, make_call, make_number, make_power, make_quotient
from .expressions import ScalarParser, join_factors
from .names import CLOSERS, CONSTANTS, FUNCTIONS, GREEK, MANY, ROOTS, SINGLE
from .numerals import make_function
from .tokens import Kind


class CommandParser(ScalarParser):
    """Reads what commands stand for."""

    def parse_command(self, name: str) -> Tree:
        """Parse what a command stands for, from behind it."""
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in GREEK:
            return self.parse_letter(name)
        if name in {"frac", "binom"}:
            return self._parse_fraction(name)
        if name in ROOTS:
            return self._parse_root(name)
        if name in CLOSERS:
            return self._parse_rounding(name)
        if name in MANY:
            return self._parse_many(name)
        if name in FUNCTIONS:
            return self._parse_function(name)
        return self.parse_other(name)

    def _parse_fraction(self, name: str) -> Tree:
        above = self.parse_argument()
        below = self.parse_argument()
        if name == "binom":
            return make_call("binomial", above, below)
        if all(part.head is Head.PRODUCT and part.parts[0].name == "d" for part in (above, below)):
            self.doubts.append("a derivative")
        return make_quotient(above, below)

    def parse_other(self, name: str) -> Tree:
        """Parse a command that is no part of an expression."""
        raise NotUnderstoodError(f"the command {name}")

    def _parse_rounding(self, name: str) -> Tree:
        inner = self.parse_sum()
        if not self.is_command(CLOSERS[name]):
            raise NotUnderstoodError("a bracket is not closed")
        self.index += 1
        return make_call("floor" if name == "lfloor" else "ceil", inner)

    def _parse_many(self, name: str) -> Tree:
        inner = self.parse_atom()
        arguments = inner.parts if inner.head is Head.TUPLE else (inner,)
        if (len(arguments) == 1) is not (name in SINGLE):
            raise NotUnderstoodError(f"{name} of {len(arguments)} values")
        return make_call(name, *arguments)

    def _parse_root(self, name: str) -> Tree:
        degree = make_number(ROOTS[name])
        if name == "sqrt" and self.is_mark("["):
            self.index += 1
            degree = self.parse_sum()
            self.skip_mark("]")
        inner = self.parse_atom() if name != "sqrt" or self.is_mark("(") else self.parse_argument()
        return make_call("root", inner, degree)

    def _parse_function(self, name: str) -> Tree:
        power, base = None, None
        for _ in range(2):
            if self.is_mark("^"):
                self.index += 1
                power = self.parse_exponent()
            if self.is_mark("_"):
                self.index += 1
                base = self.parse_argument() if not self._is_long_base() else self.parse_atom()
        argument = self._parse_operand()
        if power == MINUS_ONE and name in {"sin", "cos", "tan", "cot"}:
            return make_call(f"arc{name}", argument)
        call = make_function(name, argument, base)
        return call if power is None else make_power(call, power)

    def _is_long_base(self) -> bool:
        """Whether a base without braces has several digits and a bracket follows: `log_10(x)`."""
        return self.get_piece().kind is Kind.NUMBER and self.get_piece(1).text in {"(", "{"}

    def _parse_operand(self) -> Tree:
        """Parse the argument of a function: a bracket, or factors up to a sign, a function or a bracket."""
        if self.is_mark("(", "{", "["):
            is_round = self.is_mark("(")
            inner = self.parse_atom()
            if self.is_mark("^") and not is_round:
                self.doubts.append("a power behind the argument of a function")
            return inner
        factors = [self.parse_power()]
        while self.is_factor_next() and not self.is_mark("(", "[", "|") and not self.is_command(*FUNCTIONS):
            self.add_neighbour(factors)
        is_quotient = self.is_mark("/") and self.get_piece(1).text not in FUNCTIONS
        if is_quotient or self.is_mark("(", "["):
            self.doubts.append("the end of a function's argument")
        return join_factors(factors)
