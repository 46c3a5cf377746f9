r"""Read whole answers: values with units, solutions, tuples, sets, intervals, relations, matrices, words."""

from collections.abc import Mapping

from ..tree import Head, NotUnderstoodError, Tree, list_variables
from .commands import CommandParser
from .tokens import Kind
from .words import NOTHING, REALS, WORDS

MAX_ITEMS = 40
"""The most values of a list."""

_RELATIONS: Mapping[tuple[str, Kind], str] = {
    ("=", Kind.MARK): "=", ("<", Kind.MARK): "<", (">", Kind.MARK): ">", ("le", Kind.COMMAND): "<=",
    ("ge", Kind.COMMAND): ">=", ("ne", Kind.COMMAND): "!=", ("in", Kind.COMMAND): "in",
}  # fmt: skip
ORDERS = frozenset({"<", "<=", ">", ">=", "!="})
"""Relations that are conditions."""

_OPENERS: Mapping[str, str] = {"(": ")", "[": "]", "\\{": "\\}", "{": "}"}
_MATRICES = frozenset({"pmatrix", "bmatrix", "matrix", "Bmatrix", "smallmatrix", "array"})


class AnswerParser(CommandParser):
    """Reads a whole answer out of tokens."""

    def parse_answer(self) -> Tree:
        """Parse an answer up to its end.

        Raises:
            NotUnderstoodError: it is none of this grammar.
        """
        tree = self._parse_alternatives()
        if self.index != len(self.pieces):
            raise NotUnderstoodError(f"{self.get_piece().text} was not expected")
        return tree

    def _parse_alternatives(self) -> Tree:
        """Parse groups with `or` or a semicolon between them."""
        groups = [self._parse_group()]
        while self.is_command("or", "lor") or self.is_mark(";"):
            self.index += 1
            if self.is_command("or"):
                self.index += 1
            groups.append(self._parse_group())
        if len(groups) == 1:
            return groups[0]
        flat = [part for group in groups for part in (group.parts if _is_plain_list(group) else (group,))]
        return Tree(Head.LIST, tuple(flat))

    def _parse_group(self) -> Tree:
        """Parse items with commas or `and` between them."""
        items = [self._parse_item()]
        is_and = False
        while self.is_mark(",") or self.is_command("and", "land"):
            self.index += 1
            if self.is_command("or", "lor"):  # `1, 2, or 3`
                break
            is_and = is_and or self.is_command("and", "land") or self.get_piece(-1).kind is Kind.COMMAND
            self.index += self.is_command("and", "land")
            items.append(self._parse_item())
            if len(items) > MAX_ITEMS:
                raise NotUnderstoodError(f"more than {MAX_ITEMS} values")
        if len(items) == 1:
            return items[0]
        conditions = [is_condition(item) for item in items]
        if any(conditions):
            if not all(conditions):
                raise NotUnderstoodError("values among conditions")
            if not is_and:
                self.doubts.append("a comma between conditions")
            return Tree(Head.BOTH, tuple(items))
        self._note_separators()
        return Tree(Head.LIST, tuple(items))

    def _note_separators(self) -> None:
        """Doubt a number with separators of thousands among other numbers: it may be two."""
        is_grouped = any(
            piece.kind is Kind.NUMBER and "," in piece.text.replace("{,}", "").replace(",\\!", "")
            for piece in self.pieces[: self.index]
        )
        if is_grouped:
            self.doubts.append("a comma within a number")

    def _parse_item(self) -> Tree:
        """Parse an operand, or several with relations between them."""
        sides, names = [self._parse_operand_with_unit()], []
        while (name := _RELATIONS.get((self.get_piece().text, self.get_piece().kind))) is not None:
            self.index += 1
            if name in {"<", ">"} and self.is_mark("="):
                self.index, name = self.index + 1, f"{name}="
            names.append(name)
            sides.append(self._parse_operand_with_unit())
        self._skip_rounded(sides[-1])
        if not names:
            return sides[0]
        if set(names) == {"="}:
            return Tree(Head.RELATION, tuple(sides), "=")
        pairs = [Tree(Head.RELATION, tuple(sides[i : i + 2]), name) for i, name in enumerate(names)]
        if len(pairs) > 1 and not set(names) <= ORDERS - {"!="}:
            raise NotUnderstoodError("a chain of several relations")
        return pairs[0] if len(pairs) == 1 else Tree(Head.BOTH, tuple(pairs))

    def _skip_rounded(self, exact: Tree) -> None:
        """Step over the rounded value behind an exact one."""
        if self.is_command("approx") and not list_variables(exact):
            self.index += 1
            if self._parse_operand_with_unit().head not in {Head.NUMBER, Head.QUANTITY}:
                raise NotUnderstoodError("a rounded value that is no number")

    def _parse_operand_with_unit(self) -> Tree:
        """Parse a value or a set, with the unit before or behind it."""
        if self.get_piece().kind is Kind.TEXT:
            return self._parse_text()
        tree = self._parse_union()
        unit = self._read_unit()
        return Tree(Head.QUANTITY, (tree,), unit) if unit else tree

    def _parse_text(self) -> Tree:
        text = self.get_piece().text
        self.index += 1
        if text == "dollar" or text in {"$", "€", "£", "¥"}:
            return Tree(Head.QUANTITY, (self._parse_union(),), "dollar" if text == "dollar" else text)
        while self.get_piece().kind is Kind.TEXT:
            text += f" {self.get_piece().text}"
            self.index += 1
        return WORDS.get(text.casefold(), Tree(Head.WORD, name=text.casefold()))

    def _read_unit(self) -> str:
        """Read the unit behind a value: words with powers and slashes."""
        if self.is_mark("%"):
            self.index += 1
            return "%"
        words: list[str] = []
        while self.get_piece().kind is Kind.TEXT or (words and self.is_mark("^", "/", "²")):
            piece = self.get_piece()
            self.index += 1
            if piece.text == "^":
                words.append(f"^{self._read_power()}")
            elif piece.text == "/" and self.get_piece().kind is not Kind.TEXT:
                raise NotUnderstoodError("a unit is missing")
            else:
                words.append(piece.text)
        return " ".join(words)

    def _read_power(self) -> str:
        is_grouped = self.is_mark("{")
        self.index += is_grouped
        power = self.get_piece().text
        self.index += 1
        if is_grouped:
            self.skip_mark("}")
        return power

    def _parse_union(self) -> Tree:
        """Parse sets with signs between them; or one expression."""
        tree = self._parse_set()
        while self.is_command("cup", "setminus"):
            head = Head.UNION if self.is_command("cup") else Head.MINUS
            self.index += 1
            tree = Tree(head, (tree, self._parse_set()))
        return tree

    def _parse_set(self) -> Tree:
        if self.is_command("emptyset"):
            self.index += 1
            return NOTHING
        if self.is_command("mathbb R"):
            self.index += 1
            return REALS
        piece = self.get_piece()
        if piece.kind is Kind.COMMAND and piece.text.startswith("mathbb "):
            self.index += 1
            return Tree(Head.WORD, name=piece.text)
        return self.parse_sum()

    def parse_bracket(self) -> Tree:
        """Parse brackets: around one value, a tuple, an interval or a set."""
        opener = self.get_piece()
        if opener.kind is not Kind.MARK or opener.text not in _OPENERS:
            raise NotUnderstoodError("an operand is missing")
        if opener.text in {"\\{", "{"} and self._is_builder():
            return self._parse_builder(_OPENERS[opener.text])
        self.index += 1
        bars, self.bars = self.bars, 0
        self.depth += 1
        is_empty = self.is_mark(_OPENERS[opener.text])
        inner = None if is_empty else self._parse_alternatives()
        self.depth -= 1
        self.bars = bars
        closer = self.get_piece().text
        if not self.is_mark(*_OPENERS.values()) or (closer != _OPENERS[opener.text] and closer not in ")]"):
            raise NotUnderstoodError("a bracket is not closed")
        self.index += 1
        if inner is None:
            if opener.text != "\\{":
                raise NotUnderstoodError("empty brackets")
            return NOTHING
        return self._make_collection(opener.text, inner, closer)

    def _make_collection(self, opener: str, inner: Tree, closer: str) -> Tree:
        items = inner.parts if inner.head is Head.LIST else (inner,)
        self._note_separators()
        if opener in {"\\{", "{"}:
            is_group = opener == "{" and inner.head is not Head.LIST
            return inner if is_group else Tree(Head.SET, items)
        brackets = opener + closer
        if len(items) == 1:
            if brackets != "()":
                self.doubts.append("square brackets around one value")
            return inner
        if len(items) == 2 and brackets != "()":
            return Tree(Head.INTERVAL, items, brackets)
        if brackets not in {"()", "[]"}:
            raise NotUnderstoodError("brackets of two kinds")
        if brackets == "[]":
            self.doubts.append("square brackets around several values")
        return Tree(Head.TUPLE, items)

    def _is_builder(self) -> bool:
        r"""Whether a set is given by a condition: `\{x | x > 3\}`."""
        if self.get_piece(1).kind is not Kind.LETTERS:
            return False
        ahead = 4 if self.get_piece(2).text == "in" and self.get_piece(3).text.startswith("mathbb") else 2
        return self.get_piece(ahead).kind is Kind.MARK and self.get_piece(ahead).text in {"|", ":"}

    def _parse_builder(self, closer: str) -> Tree:
        if self.get_piece(2).text == "in" and self.get_piece(3).text != "mathbb R":
            raise NotUnderstoodError("a set of other numbers than the real ones")
        name = self.get_piece(1).text
        self.index += 5 if self.get_piece(2).text == "in" else 3
        condition = self._parse_alternatives()
        self.skip_mark(closer)
        if list_variables(condition) != {name} or (not is_condition(condition) and condition.head is not Head.LIST):
            raise NotUnderstoodError("a set without a condition on its variable")
        return condition

    def parse_other(self, name: str) -> Tree:
        """Parse a matrix, or a tuple in angle brackets."""
        if name == "langle":
            items = self._parse_alternatives()
            if not self.is_command("rangle") or items.head is not Head.LIST:
                raise NotUnderstoodError("a bracket is not closed")
            self.index += 1
            return Tree(Head.TUPLE, items.parts)
        kind, _, environment = name.partition(" ")
        if kind == "begin" and environment == "cases":
            return self._parse_cases()
        if kind == "begin" and environment in _MATRICES:
            return self._parse_matrix(environment)
        raise NotUnderstoodError(f"the command {name}")

    def _parse_cases(self) -> Tree:
        """Parse values of several variables, one a line."""
        items = [self._parse_item()]
        while self.is_command("newline"):
            self.index += 1
            items.append(self._parse_item())
            self.index += self.is_mark(",")
        if not self.is_command("end cases") or not all(item.head is Head.RELATION for item in items):
            raise NotUnderstoodError("cases that are no values")
        self.index += 1
        return Tree(Head.LIST, tuple(items))

    def _parse_matrix(self, environment: str) -> Tree:
        if environment == "array":
            self.parse_bracket()
        rows: list[list[Tree]] = [[self.parse_sum()]]
        while not self.is_command(f"end {environment}"):
            if self.is_mark("&"):
                self.index += 1
                rows[-1].append(self.parse_sum())
            elif self.is_command("newline"):
                self.index += 1
                if not self.is_command(f"end {environment}"):
                    rows.append([self.parse_sum()])
            else:
                raise NotUnderstoodError("a matrix is not closed")
        self.index += 1
        if len({len(row) for row in rows}) > 1:
            raise NotUnderstoodError("rows of different lengths")
        return Tree(Head.MATRIX, tuple(entry for row in rows for entry in row), str(len(rows[0])))


def is_condition(tree: Tree) -> bool:
    """Whether a node is an inequality, or several that hold together."""
    if tree.head is Head.BOTH:
        return all(map(is_condition, tree.parts))
    return tree.head is Head.RELATION and tree.name in ORDERS


def _is_plain_list(tree: Tree) -> bool:
    """Whether a list is one of solutions, not of values for several variables."""
    if tree.head is not Head.LIST:
        return False
    return len({part.parts[0] for part in tree.parts if part.head is Head.RELATION}) <= 1
