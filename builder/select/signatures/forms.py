"""Expressions in canonical form: a sum as signed terms, products and quotients as one form with exponents.

`120 * 3 / 4` and `3 / 4 * 120` are one form; so are `16 - 3 - 4` and `16 - 4 - 3`. What is subtracted or divided by and
was put together before stays one operand: `16 - (3 + 4)` is another method than `16 - 3 - 4`. Nothing is multiplied
out, and nothing cancels.

Forms are made once and remembered, because the answers to a problem repeat them.
"""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from operator import attrgetter

import xxhash

from ...text.equations import Exact, format_value

MAX_CHARACTERS = 120
"""The longest expression that is spelled out; longer ones are hashed, so that signatures stay bounded."""

MAX_OPERANDS = 64
"""A sum or product of more operands becomes one operand itself, so that forms stay bounded."""

MAX_OPERATIONS = 128
"""Of more operations below an expression, none are collected further up."""

MAX_POWER = 8
"""The highest power that is written as a product."""

MAX_REMEMBERED = 16_384
"""How many forms are remembered."""


class FormKind(StrEnum):
    """What an expression is made with."""

    ATOM = "atom"
    SUM = "sum"
    PRODUCT = "product"
    POWER = "power"


_SIGNS = {FormKind.SUM: (" + ", " - ", "0"), FormKind.PRODUCT: (" * ", " / ", "1"), FormKind.POWER: (" ^ ", " ^ ", "")}
"""How operands are joined, how inverse ones are, and what stands where there is none of the first."""

_BRACKETED = {
    FormKind.SUM: frozenset({FormKind.SUM}),
    FormKind.PRODUCT: frozenset({FormKind.SUM, FormKind.PRODUCT}),
    FormKind.POWER: frozenset({FormKind.SUM, FormKind.PRODUCT, FormKind.POWER}),
}
"""Which operands stand in brackets."""


class Form:
    """An expression in canonical form. Made by the functions of this module, never changed, compared by its text.

    It is spelled when it is asked for its text or becomes an operand: of `16 - 3 - 4`, `16 - 3` never is.
    """

    __slots__ = ("kind", "lower", "operations", "spelled", "upper", "value")

    def __init__(
        self,
        kind: FormKind,
        value: Exact,
        upper: "Forms" = (),
        lower: "Forms" = (),
        spelled: str = "",
        operations: frozenset[str] = frozenset(),
    ) -> None:
        self.kind = kind
        """What it is made with."""
        self.value = value
        """Its value."""
        self.upper = upper
        """The operands that are added or multiplied, all of them spelled; the base of a power."""
        self.lower = lower
        """The operands that are subtracted or divided by; the exponent of a power."""
        self.spelled = spelled
        """Its text, or nothing as yet."""
        self.operations = operations
        """Its operations, each with the values of its operands: `3 + 4`; known once it is spelled."""

    @property
    def text(self) -> str:
        """Equal for equal forms; hashed where it is long."""
        return self.spelled or _spell(self)


Forms = tuple[Form, ...]

_NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=MAX_REMEMBERED)
def make_atom(text: str, value: Exact) -> Form:
    """Make the form of something that has no parts: a number of the question, a constant."""
    return Form(FormKind.ATOM, value, spelled=_shorten(text))


@lru_cache(maxsize=MAX_REMEMBERED)
def make_constant(value: Exact) -> Form:
    """Make the form of a number that stands for itself; a fraction is a quotient, so that `0.5 * 8` is `8 / 2`."""
    if value < 0:
        return join_forms("-", _ZERO, make_constant(-value))
    if value.denominator == 1:
        return make_atom(format_value(value), value)
    return join_forms("/", make_constant(value.numerator), make_constant(value.denominator))


@lru_cache(maxsize=MAX_REMEMBERED)
def join_forms(op: str, left: Form, right: Form) -> Form:
    """Join two forms with one of + - * / ^."""
    if op == "^":
        return _join_power(left, right)
    return _join_sum(op, left, right) if op in "+-" else _join_product(op, left, right)


def set_value(form: Form, value: Exact) -> Form:
    """Give a form the value that was written for it, which may be rounded or wrong. So no value grows without end."""
    return form if form.value == value else _change_value(form, value)


@lru_cache(maxsize=MAX_REMEMBERED)
def _change_value(form: Form, value: Exact) -> Form:
    return Form(form.kind, value, form.upper, form.lower, form.text, form.operations)


@lru_cache(maxsize=MAX_REMEMBERED)
def join_alternatives(forms: Forms) -> Form:
    """Make the form of what may be one of several, of equal value, sorted by text."""
    text = " or ".join(_list_texts(FormKind.PRODUCT, tuple(map(_spell_operand, forms))))
    return Form(FormKind.ATOM, forms[0].value, spelled=f"<{_shorten(text)}>", operations=_collect_operations(forms))


def list_operations(form: Form) -> frozenset[str]:
    """List the operations of a form, each with the values of its operands."""
    return _spell_operand(form).operations


def forget_forms() -> None:
    """Forget the forms that are remembered."""
    for remembered in (make_atom, make_constant, join_forms, _change_value, join_alternatives):
        remembered.cache_clear()


def _join_sum(op: str, left: Form, right: Form) -> Form:
    upper, lower = _split_form(FormKind.SUM, left, 0)
    if op == "+":
        more, less = _split_form(FormKind.SUM, right, 0)
        upper, lower, value = upper + more, lower + less, left.value + right.value
    else:
        lower, value = lower + _list_operand(right, 0), left.value - right.value
    share = _find_share(upper, lower) if _ONE.spelled in [form.spelled for form in upper] else None
    return _make_form(FormKind.SUM, value, upper, lower) if share is None else join_forms("/", share, _HUNDRED)


def _join_product(op: str, left: Form, right: Form) -> Form:
    """Join two factors. What was put together before is divided by as a whole, but for percentages."""
    upper, lower = _split_form(FormKind.PRODUCT, left, 1)
    if op == "*":
        more, less = _split_form(FormKind.PRODUCT, right, 1)
        value = left.value * right.value
    else:
        less, more = (right.upper, right.lower) if is_percent(right) else (_list_operand(right, 1), ())
        value = _divide(left.value, right.value)
    return _make_form(FormKind.PRODUCT, value, upper + more, lower + less)


def _divide(left: Exact, right: Exact) -> Exact:
    if left.__class__ is right.__class__ is int and not left % right:
        return left // right
    return Fraction(left) / right


def _join_power(base: Form, exponent: Form) -> Form:
    """Write a small power as a product, and another as it stands."""
    times = int(exponent.value)
    if 1 < times <= MAX_POWER:
        form = base
        for _ in range(times - 1):
            form = join_forms("*", form, base)
        return form
    value = Fraction(base.value) ** times
    return _make_form(FormKind.POWER, value, (_spell_operand(base),), (_spell_operand(exponent),))


def _split_form(kind: FormKind, form: Form, neutral: int) -> tuple[Forms, Forms]:
    return (form.upper, form.lower) if form.kind is kind else (_list_operand(form, neutral), ())


def _list_operand(form: Form, neutral: int) -> Forms:
    """List a form as an operand; none where it changes nothing: a term 0, a factor 1."""
    if form.spelled:
        return () if form.value == neutral and form.kind is FormKind.ATOM else (form,)
    _spell(form)
    return (form,)


def _spell_operand(form: Form) -> Form:
    if not form.spelled:
        _spell(form)
    return form


def _find_share(upper: Forms, lower: Forms) -> Form | None:
    """Read one and percentages as a hundred and what they have in it: `1 - 25 / 100` is `(100 - 25) / 100`."""
    if len(upper) + len(lower) == 1 or sum(form.spelled == _ONE.spelled for form in upper) > 1:
        return None
    total = _HUNDRED
    for op, forms in (("+", upper), ("-", lower)):
        for form in forms:
            if is_percent(form) and len(form.upper) == 1:
                total = join_forms(op, total, form.upper[0])
            elif op == "-" or form.spelled != _ONE.spelled:
                return None
    return total


def _make_form(kind: FormKind, value: Exact, upper: Forms, lower: Forms) -> Form:
    """Make a form of operands that are spelled."""
    if not lower and len(upper) < 2:
        return upper[0] if upper else make_atom(format_value(value), value)
    form = Form(kind, value, upper, lower)
    if len(upper) + len(lower) > MAX_OPERANDS:
        return Form(FormKind.ATOM, value, spelled=form.text, operations=form.operations)
    return form


def _spell(form: Form) -> str:
    """Write a form and collect its operations."""
    kind, upper, lower = form.kind, form.upper, form.lower
    operations = _collect_operations(upper + lower)
    if len(operations) < MAX_OPERATIONS:
        operations |= {_write(kind, _list_values(upper), _list_values(lower))}
    form.operations = operations
    form.spelled = text = _write(kind, _list_texts(kind, upper), _list_texts(kind, lower))
    return text


def _list_values(operands: Forms) -> list[str]:
    """List the values of operands, sorted."""
    if len(operands) == 1:  # mostly
        return [format_value(operands[0].value)]
    values = [format_value(operand.value) for operand in operands]
    values.sort()
    return values


def _list_texts(kind: FormKind, operands: Forms) -> list[str]:
    """List the texts of operands, sorted, with brackets where they are needed."""
    bracketed = _BRACKETED[kind]
    if len(operands) > 1:
        operands = tuple(sorted(operands, key=_get_text))
    return [
        f"({operand.spelled})" if operand.kind in bracketed and operand.spelled[0] != "#" else operand.spelled
        for operand in operands
    ]


def _write(kind: FormKind, upper: Sequence[str], lower: Sequence[str]) -> str:
    sign, inverse, empty = _SIGNS[kind]
    text = sign.join(upper) or empty
    return _shorten(inverse.join([text, *lower]) if lower else text)


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"#{xxhash.xxh3_64_hexdigest(text.encode())}"


_get_text = attrgetter("spelled")


def _collect_operations(forms: Sequence[Form]) -> frozenset[str]:
    found = [form.operations for form in forms if form.operations]
    return found[0].union(*found[1:]) if found else _NOTHING


def is_percent(form: Form) -> bool:
    """Whether a form is so many in a hundred. Forms are compared by text: equal ones may have been made twice."""
    return form.kind is FormKind.PRODUCT and len(form.lower) == 1 and form.lower[0].spelled == _HUNDRED.spelled


def has_hundred(form: Form) -> bool:
    """Whether a form goes on from a hundred."""
    return any(part.spelled == _HUNDRED.spelled for part in form.upper)


_ZERO, _ONE, _HUNDRED = make_atom("0", 0), make_atom("1", 1), make_atom("100", 100)
