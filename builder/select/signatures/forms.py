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


_SIGNS = {FormKind.SUM: ("+", "-", "0"), FormKind.PRODUCT: ("*", "/", "1"), FormKind.POWER: ("^", "^", "")}
"""How operands are joined, how inverse ones are, and what stands where there is none of the first."""

_BRACKETED = {
    FormKind.SUM: frozenset({FormKind.SUM}),
    FormKind.PRODUCT: frozenset({FormKind.SUM, FormKind.PRODUCT}),
    FormKind.POWER: frozenset({FormKind.SUM, FormKind.PRODUCT, FormKind.POWER}),
}
"""Which operands stand in brackets."""


class Form:
    """An expression in canonical form. Made by the functions of this module, never changed, compared by its text."""

    __slots__ = ("inner", "kind", "lower", "text", "upper", "value")

    def __init__(
        self, kind: FormKind, value: Exact, text: str, upper: "Forms", lower: "Forms", inner: frozenset[str]
    ) -> None:
        self.kind = kind
        """What it is made with."""
        self.value = value
        """Its value."""
        self.text = text
        """Equal for equal forms; hashed where it is long."""
        self.upper = upper
        """The operands that are added or multiplied, sorted by text; the base of a power."""
        self.lower = lower
        """The operands that are subtracted or divided by, sorted by text; the exponent of a power."""
        self.inner = inner
        """The operations of its operands, written with values: `3 + 4`."""


Forms = tuple[Form, ...]

_NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=MAX_REMEMBERED)
def make_atom(text: str, value: Exact) -> Form:
    """Make the form of something that has no parts: a number of the question, a constant."""
    return Form(FormKind.ATOM, value, _shorten(text), (), (), _NOTHING)


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


@lru_cache(maxsize=MAX_REMEMBERED)
def set_value(form: Form, value: Exact) -> Form:
    """Give a form the value that was written for it, which may be rounded or wrong. So no value grows without end."""
    if form.value == value:
        return form
    return Form(form.kind, value, form.text, form.upper, form.lower, form.inner)


@lru_cache(maxsize=MAX_REMEMBERED)
def join_alternatives(forms: Forms) -> Form:
    """Make the form of what may be one of several, of equal value, sorted by text."""
    text = _shorten(" or ".join([_add_brackets(FormKind.PRODUCT, form) for form in forms]))
    return Form(FormKind.ATOM, forms[0].value, f"<{text}>", (), (), _collect_operations(forms))


def write_operation(form: Form) -> str:
    """Write the last operation of a form with the values of its operands: `16 - 3 - 4`."""
    sides = (sorted([format_value(part.value) for part in forms]) for forms in (form.upper, form.lower))
    return _shorten(_write(form.kind, *sides))


@lru_cache(maxsize=MAX_REMEMBERED)
def list_operations(form: Form) -> frozenset[str]:
    """List the operations of a form, each with the values of its operands."""
    if form.kind is FormKind.ATOM or len(form.inner) >= MAX_OPERATIONS:
        return form.inner
    return form.inner | {write_operation(form)}


def forget_forms() -> None:
    """Forget the forms that are remembered."""
    for remembered in (make_atom, make_constant, join_forms, set_value, join_alternatives, list_operations):
        remembered.cache_clear()


def _join_sum(op: str, left: Form, right: Form) -> Form:
    upper, lower = _split_form(FormKind.SUM, left)
    if op == "+":
        more, less = _split_form(FormKind.SUM, right)
        value = left.value + right.value
    else:
        more, less = (), (right,)
        value = left.value - right.value
    upper, lower = _drop_atoms(upper + more, 0), _drop_atoms(lower + less, 0)
    share = _find_share(upper, lower)
    return _make_form(FormKind.SUM, value, upper, lower) if share is None else join_forms("/", share, _HUNDRED)


def _join_product(op: str, left: Form, right: Form) -> Form:
    """Join two factors. What was put together before is divided by as a whole, but for percentages."""
    upper, lower = _split_form(FormKind.PRODUCT, left)
    if op == "*":
        more, less = _split_form(FormKind.PRODUCT, right)
        value = left.value * right.value
    else:
        less, more = (right.upper, right.lower) if is_percent(right) else ((right,), ())
        value = Fraction(left.value) / right.value
    return _make_form(FormKind.PRODUCT, value, _drop_atoms(upper + more, 1), _drop_atoms(lower + less, 1))


def _join_power(base: Form, exponent: Form) -> Form:
    """Write a small power as a product, and another as it stands."""
    times = int(exponent.value)
    if 1 < times <= MAX_POWER:
        form = base
        for _ in range(times - 1):
            form = join_forms("*", form, base)
        return form
    return _make_form(FormKind.POWER, Fraction(base.value) ** times, (base,), (exponent,))


def _split_form(kind: FormKind, form: Form) -> tuple[Forms, Forms]:
    return (form.upper, form.lower) if form.kind is kind else ((form,), ())


def _drop_atoms(forms: Forms, value: int) -> Forms:
    """Drop what changes nothing: a term 0, a factor 1."""
    return tuple([form for form in forms if form.value != value or form.kind is not FormKind.ATOM])


def _find_share(upper: Forms, lower: Forms) -> Form | None:
    """Read one and percentages as a hundred and what they have in it: `1 - 25 / 100` is `(100 - 25) / 100`."""
    if sum(form.text == _ONE.text for form in upper) != 1 or len(upper) + len(lower) == 1:
        return None
    total = _HUNDRED
    for op, forms in (("+", upper), ("-", lower)):
        for form in forms:
            if is_percent(form) and len(form.upper) == 1:
                total = join_forms(op, total, form.upper[0])
            elif op == "-" or form.text != _ONE.text:
                return None
    return total


def _make_form(kind: FormKind, value: Exact, upper: Forms, lower: Forms) -> Form:
    if not lower and len(upper) < 2:
        return upper[0] if upper else make_atom(format_value(value), value)
    upper, lower = tuple(sorted(upper, key=_get_text)), tuple(sorted(lower, key=_get_text))
    text = _write(kind, [_add_brackets(kind, form) for form in upper], [_add_brackets(kind, form) for form in lower])
    form = Form(kind, value, _shorten(text), upper, lower, _collect_operations((*upper, *lower)))
    if len(upper) + len(lower) > MAX_OPERANDS:
        return Form(FormKind.ATOM, value, form.text, (), (), list_operations(form))
    return form


def _write(kind: FormKind, upper: Sequence[str], lower: Sequence[str]) -> str:
    sign, inverse, empty = _SIGNS[kind]
    return "".join([f" {sign} ".join(upper) or empty, *[f" {inverse} {text}" for text in lower]])


def _add_brackets(kind: FormKind, form: Form) -> str:
    return f"({form.text})" if form.kind in _BRACKETED[kind] and form.text[0] != "#" else form.text


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"#{xxhash.xxh3_64_hexdigest(text.encode())}"


def _get_text(form: Form) -> str:
    return form.text


def _collect_operations(forms: Forms) -> frozenset[str]:
    found = [form for form in forms if form.kind is not FormKind.ATOM or form.inner]
    return frozenset().union(*map(list_operations, found)) if found else _NOTHING


def is_percent(form: Form) -> bool:
    """Whether a form is so many in a hundred. Forms are compared by text: equal ones may have been made twice."""
    return form.kind is FormKind.PRODUCT and len(form.lower) == 1 and form.lower[0].text == _HUNDRED.text


def has_hundred(form: Form) -> bool:
    """Whether a form goes on from a hundred."""
    return any(part.text == _HUNDRED.text for part in form.upper)


_ZERO, _ONE, _HUNDRED = make_atom("0", 0), make_atom("1", 1), make_atom("100", 100)
