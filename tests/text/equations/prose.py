"""Write true statements as mathematicians do, by seed: what no check may call wrong."""

import math
import random
from collections.abc import Callable
from fractions import Fraction


def write_decimal(value: Fraction, places: int) -> str:
    return f"{float(value):.{places}f}"


def write_base(number: int, base: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, base)
        digits = f"{digit}{digits}"
    return digits or "0"


def draw(r: random.Random, low: int = 2, high: int = 12, count: int = 4) -> list[int]:
    return [r.randint(low, high) for _ in range(count)]


def probabilities(r):
    a, b, c, d = draw(r, 2, 9)
    n = a + b + c
    return [
        f"P(X={a}) = {a}/{n}.",
        f"P(X = {a}) + P(X = {b}) = {a}/{n} + {b}/{n} = {a + b}/{n}.",
        f"P(X={d})=\\binom{{{d + 2}}}{{{d}}}/2^{{{d + 2}}} = {math.comb(d + 2, d)}/{2 ** (d + 2)}.",
        f"P(X \\ge {a}) = 1 - P(X < {a}) = 1 - 0.{a} = 0.{10 - a}.",
        f"Pr[X = {a} | Y = {b}] = {a}/{n}.",
        f"E[X] = {a} * 1/{n} + {b} * 1/{n} = {a + b}/{n}.",
        f"P(A \\cap B) = 0.5 * 0.{b} = {0.5 * b / 10:g}.",
        f"E(X={a}) = {a}, Var(X) = {b}^2 = {b * b}.",
    ]


def sequences(r):
    a, b, c, d = draw(r, 2, 15)
    first, step = a * 10, b
    return [
        f"a_1+{step} = {first + step} since a_1 = {first}.",
        f"a_{{{c}}} = a_1 + {c - 1} \\cdot {step} = {first} + {(c - 1) * step} = {first + (c - 1) * step}.",
        f"S_{c} = {c}({first} + {first + (c - 1) * step})/2 = {Fraction(c * (2 * first + (c - 1) * step), 2)}.",
        f"x_{a} + x_{b} = {c} + {d} = {c + d}.",
        f"F_{{{a}}} - {b} + {b} = F_{a}.",
        f"1 + 2 + ... + {c - 1} + {c} = {c * (c + 1) // 2}.",
        f"1 + 3 + 5 + \\cdots + {2 * c - 3} + {2 * c - 1} = {c * c}.",
        f"\\sum_{{k=1}}^{{{c}}} k = {c * (c + 1) // 2}.",
        f"$a_{{{a}}}+{b}+{c}={a + b + c}$ as $a_{{{a}}}={a}$.",
        f"u_0 = {a}, so u_1 = 2u_0 + {b} = 2 * {a} + {b} = {2 * a + b}.",
    ]


def powers(r):
    a, b, c, d = draw(r, 2, 6)  # noqa: RUF059
    return [
        f"({a}^{b})^{c}={a}^{{{b * c}}}.",
        f"{a}^{b} \\cdot {a}^{c} = {a}^{{{b + c}}}.",
        f"$({a}^{{{b}}})^{{{c}}} = {a}^{{{b} \\cdot {c}}} = {a}^{{{b * c}}}$",
        f"{a}^{b} * {a}^{c} = {a}^({b} + {c}) = {a ** (b + c)}.",
        f"{a * a}^{{1/2}} = {a} and {a * a}^{{0.5}} + {b} = {a + b}.",
        f"{a}² + {b}² = {a * a} + {b * b} = {a * a + b * b}.",
        f"{a * a} + {2 * a} + 1 = {a + 1}².",
        f"e^{{{a}}} e^{{{b}}} = e^{{{a + b}}}, and e^{{{a}+{b}}} = e^{a + b}.",
        f"{a} × 10⁵ = {a}00000 and {a}00 * 1000 = {a} × 10⁵.",
        f"{a}e{b} + {a}e{b} = {2 * a}e{b}.",
        f"2^{{-{a}}} = 1/{2**a}.",
        f"{a} * 10^{b} = {a * 10**b}, i.e. {a}.0E+{b} = {a * 10**b}.",
        f"x^{a} + {b} + {c} = x^{a} + {b + c}.",
        f"2^{a} + {b} = {2**a + b}, 2**{a} = {2**a}.",
    ]


def roots(r):
    a, b, c, d = draw(r, 2, 12)
    return [
        f"\\sqrt{{{a * a}}} + {b} = {a + b}.",
        f"\\sqrt{{{a * a}}} + {b} + {c} = {a + b + c}.",
        f"{b} + \\sqrt{{{a * a}}} = {a + b}.",
        f"{b} + {c} = {b + c - a} + \\sqrt{{{a * a}}}.",
        f"√{a * a} + {b} + {c} = {a + b + c}.",
        f"√ {a * a} + {b} + 1 = {a + b + 1}.",
        f"{b} * {a} = {b} * √{a * a}.",
        f"sqrt({a * a}) + {b} = {a + b}, sqrt {a * a} + {b} + {c} = {a + b + c}.",
        f"the square root of {a * a} + {b} = {write_decimal(math.sqrt(a * a + b), 3)}.",
        f"\\sqrt[3]{{{a**3}}} + {b} + {c} = {a + b + c}.",
        f"|{a} - {a + b}| = {b} and |-{a}| + {b} + {c} = {a + b + c}.",
        f"|{a} - {a + b}| + {c} + {d} = {b + c + d}.",
        f"⌊{2 * a + 1}/2⌋ = {a}, ⌈{2 * a + 1}/2⌉ = {a + 1}.",
        f"\\lfloor {2 * a + 1}/2 \\rfloor = {a} and \\left\\lfloor \\frac{{{2 * a + 1}}}{{2}} \\right\\rfloor = {a}.",
        f"floor({2 * a + 1}/2) = {a}, {2 * a + 1} // 2 = {a}, int({2 * a + 1}/2) + 1 = {a + 1}.",
    ]


def modular(r):
    m = r.randint(3, 13)
    a, b = r.randint(m, 5 * m), r.randint(m, 5 * m)
    return [
        f"{a} = {a % m} mod {m}.",
        f"{a} + {b} = {(a + b) % m} (mod {m}).",
        f"{a} * {b} = {a * b % m} mod {m}.",
        f"{a} \\cdot {b} = {a * b % m} \\pmod{{{m}}}.",
        f"{a} mod {m} + {b} mod {m} = {a % m} + {b % m} = {a % m + b % m}.",
        f"{a} + {b} \\equiv {(a + b) % m} \\pmod{{{m}}}, that is {a} + {b} = {(a + b) % m} in \\mathbb{{Z}}_{{{m}}}.",
        f"{a} % {m} = {a % m} and {b} + {a} % {m} + 1 = {b + a % m + 1}.",
        f"Modulo {m}, {a} + {b} = {(a + b) % m}.",
        f"{a} / {m} = {a // m} remainder {a % m}.",
        f"{a} / {m} = {a // m} R {a % m}, {a} ÷ {m} = {a // m} r{a % m}.",
        f"{a} \\div {m} = {a // m} with a remainder of {a % m}.",
        f"{a} / {m} = {a // m} (remainder {a % m}).",
        f"gcd({a}, {b}) = {math.gcd(a, b)} and lcm({a}, {b}) + {a} + 1 = {math.lcm(a, b) + a + 1}.",
    ]


def bases(r):
    a, b = r.randint(2, 60), r.randint(2, 60)
    return [
        f"{write_base(a, 2)}_2 + {write_base(b, 2)}_2 = {write_base(a + b, 2)}_2.",
        f"{write_base(a, 2)}_2 = {a}_{{10}}, {write_base(a, 3)}_3 = {a}.",
        f"$ {write_base(a, 5)}_{{5}} + {write_base(b, 5)}_{{5}} = {write_base(a + b, 5)}_{{5}} $",
        f"In base 7, {write_base(a, 7)} + {write_base(b, 7)} = {write_base(a + b, 7)}.",
        f"0x{a:x} + {b} = {a + b}, 0b{a:b} + {b} = {a + b}.",
        f"In binary, {write_base(a, 2)} + {write_base(b, 2)} = {write_base(a + b, 2)}.",
        f"{write_base(a, 2)}₂ + {write_base(b, 2)}₂ = {a + b}.",
        f"{write_base(a, 8)} (base 8) + {write_base(b, 8)} (base 8) = {a + b}.",
    ]


def sets_and_spans(r):
    a, b, c, d = sorted(r.sample(range(2, 30), 4))
    return [
        f"[{a}, {c}] \\cap [{b}, {d}] = [{b}, {c}].",
        f"({a}, {b}) + ({c}, {d}) = ({a + c}, {b + d}).",
        f"({a},{b}) · ({c},{d}) = {a * c} + {b * d} = {a * c + b * d}.",
        f"<{a}, {b}> + <{c}, {d}> = <{a + c}, {b + d}>.",
        f"{{{a}, {b}}} ∪ {{{c}}} = {{{a}, {b}, {c}}}, so |A ∪ B| = 2 + 1 = 3.",
        f"pages {a}-{b} = {b - a + 1} pages.",
        f"From {a}-{b} = {b - a} hours.",
        f"{a}:{c} = {2 * a}:{2 * c}, {a} : {b} : {c} = {3 * a} : {3 * b} : {3 * c}.",
        f"9:{a + 10} + 0:15 = 9:{a + 25}." if a + 25 < 60 else "9:30 + 0:15 = 9:45.",
        "10:45 + 30 = 11:15, 2:50 + 20 minutes = 3:10.",
        f"2[{a}, {b}] = [{2 * a}, {2 * b}], f(({a}, {b})) = {a + b}.",
        f"det [[{a}, {b}], [{c}, {d}]] = {a}*{d} - {b}*{c} = {a * d - b * c}.",
        f"\\begin{{pmatrix}} {a} & {b} \\end{{pmatrix}} + \\begin{{pmatrix}} {c} & {d} \\end{{pmatrix}} = \\begin{{pmatrix}} {a + c} & {b + d} \\end{{pmatrix}}",  # noqa: E501
        f"max({a}, {b} + 1) = {max(a, b + 1)}, min({a}, {b}) + {c} + 1 = {a + c + 1}.",
        f"d(({a},{b}),({a},{d})) = {d - b}.",
    ]


def functions(r):
    a, b, c, d = draw(r, 2, 9)  # noqa: RUF059
    return [
        f"f({a})={a * a}, f({a}) + {b} = {a * a + b}, since f(x) = x^2.",
        f"f({a}+{b}) = f({a + b}) = {(a + b) ** 2}.",
        f"f({a}) = {a}^2 + {b} = {a * a + b}.",
        f"f(g({a})) = f({b}) = {c}, T({a}) = 2*T({a - 1}) + 1.",
        f"{a}! = {math.factorial(a)}, {a}!/{a - 1}! = {a}, {a}! + {b} + {c} = {math.factorial(a) + b + c}.",
        f"{math.factorial(3)} * 4 = 4! = 24, and 2 * 3 = 3!.",
        f"{a + 1}! = {a + 1} * {a}! = {a + 1} * {math.factorial(a)} = {math.factorial(a + 1)}.",
        f"C({a + 2}, 2) = {math.comb(a + 2, 2)}, {a + 2}C2 + {b} + 1 = {math.comb(a + 2, 2) + b + 1}, {a + 2} choose 2 + 1 = {math.comb(a + 2, 2) + 1}.",  # noqa: E501
        f"\\binom{{{a + 2}}}{{2}} + {b} + {c} = {math.comb(a + 2, 2) + b + c}.",
        f"{b} + {c} = \\binom{{{b + c}}}{{1}}, {a} * {b} = {b} \\binom{{{a}}}{{1}}.",
        f"log_2({2**a}) = {a}, log_2 {2**a} + log_2 {2**b} = {a} + {b} = {a + b}, \\log_2 {2**a} + {b} + 1 = {a + b + 1}.",  # noqa: E501
        f"log 100 + {a} + {b} = {2 + a + b}, \\ln 1 + {a} + {b} = {a + b}.",
        f"sin 90° + {a} + {b} = {1 + a + b}, \\sin 30^\\circ + 0.5 + {a} = {a + 1}.",
        f"cos(0) + {a} + {b} = {1 + a + b}, sin²x + cos²x = 1.",
        f"{a} x {b} matrix, {a}x + {b}x = {a + b}x, {a}x · {b} = {a * b}x, {a} x + {b} = {c}.",
        f"{a}i * {b}i = -{a * b}, i^2 + {a} + {b} = {a + b - 1}, ({a}+i)({a}-i) = {a * a + 1}.",
        f"f'({a}) = 2({a}) = {2 * a}, \\int_0^{a} 2x dx = {a}^2 = {a * a}, \\int_0^{{{a}}} 1 + {b} - {b} dx = {a}.",
        f"2π({a}) = {write_decimal(Fraction(2 * math.pi * a), 2)}, π * {a}^2 = {write_decimal(Fraction(math.pi * a * a), 2)}, {b} + 2π = {write_decimal(Fraction(b + 2 * math.pi), 2)}.",  # noqa: E501
        f"{a} + 2\\pi = {write_decimal(Fraction(a + 2 * math.pi), 3)}, \\pi \\cdot {a}^2 = {write_decimal(Fraction(math.pi * a * a), 3)}.",  # noqa: E501
    ]


def algebra(r):
    a, b, c, d = draw(r, 2, 12)
    return [
        f"x = {a}, y = {b}, so x + y = {a + b} and x + y + {c} = {a + b + c}.",
        f"{a}x = {a * b}, x = {a * b}/{a} = {b}.",
        f"n + {a} + {b} = {a + b + c} means n = {c}.",
        f"x + {a} + {b} + {c} = y + {a + b + c}.",
        f"n(n+1)/2 = {a}({a}+1)/2 = {a * (a + 1) // 2}.",
        f"({a} + x)({b} + x) = {a * b} + {a + b}x + x^2.",
        f"{a}k + {b}k = {a + b}k, {a}ab * {b} = {a * b}ab.",
        f"10 - {a} = {10 - a}y for y = 1, and {a} + {b} = x + {a + b} - x.",
        f"y - {a} = {b}(x - {c}), x_1 + {a} - {a} = x_1.",
        f"… + {a} + {b} = {a + b + c} if the first term is {c}.",
        f"\\alpha + {a} + {b} = {a + b + c} where \\alpha = {c}.",
        f"{a} + {b} > {a + b - 1} = {a + b - 1}, {a} + {b} ≠ {a + b + 1}, {a} + {b} != {a + b + 2}, {a} + {b} <= {a + b + 3}.",  # noqa: E501
        f"Let n = {a}. Then 2n + 1 = {2 * a + 1} and n^2 + {b} + 1 = {a * a + b + 1}.",
        f"ax^2 + bx + c = 0 with b^2 - 4ac = {a + b}^2 - 4 * {a} * {b} = {(a + b) ** 2 - 4 * a * b}.",
        f"\\frac{{x}}{{{a}}} + {b} + {c} = {b + c + d} for x = {a * d}.",
        f"\\frac{{{a}+{b}}}{{{a + b}}} = 1, \\frac{{{a}}}{{{b}}} + \\frac{{{c}}}{{{b}}} = \\frac{{{a + c}}}{{{b}}}.",
        f"\\frac{{\\sqrt{{{a * a}}}}}{{{b}}} + {c} + 1 = {Fraction(a, b) + c + 1}.",
        f"\\left({a} + {b}\\right) \\cdot {c} = {(a + b) * c}, \\left[{a} + {b}\\right] \\cdot {c} = {(a + b) * c}.",
        f"\\begin{{aligned}} {a} + {b} + {c} &= {a + b} + {c} \\\\ &= {a + b + c} \\end{{aligned}}",
        f"\\begin{{align*}} x &= {a} + {b} \\\\ &= {a + b} \\\\ y &= x + {c} = {a + b + c} \\end{{align*}}",
        f"{a}\\frac{{1}}{{2}} + {b} = {a + b}.5, {a} 1/2 + {b} 1/2 = {a + b + 1}, {a}½ + {b}½ = {a + b + 1}.",
        f"{2 * a + 1}/2 = {a}½, {2 * a + 1}/2 = {a} 1/2 = {a}\\frac12.",
        f"1/3 = 0.333..., 2/3 = 0.\\overline{{6}}, 1/3 + 1/3 + 1/3 = 0.999..., 1/{a} * {a} = 1.",
    ]


def units_and_percent(r):
    a, b, c, d = draw(r, 2, 9)  # noqa: RUF059
    return [
        f"{a} m + {b} cm = {100 * a + b} cm, {a} km + {b} m = {1000 * a + b} m.",
        f"{a} feet {b} inches + 1 inch = {a} feet {b + 1} inches.",
        f"{a} hours 30 minutes + 45 minutes = {a + 1} hours 15 minutes, {a} h 20 min + 50 min = {a + 1} h 10 min.",
        f"{a} hours + 30 minutes = {60 * a + 30} minutes, 45 sec + 30 sec = 1 min 15 sec.",
        "60 km/h * 30 minutes = 30 km, 60 mph * 90 minutes = 90 miles, 60 miles/hour * 30 minutes = 30 miles.",
        f"{a} kg + {b} g = {1000 * a + b} g, ${a} + {b * 10} cents = ${a}.{b * 10}.",
        f"100 + {a}% = {100 + a}, 200 - 10% = 180.",
        f"120/100 = 20% more, ({100 + a} - 100)/100 = {a}%, {100 + a}/100 = {a}% increase.",
        f"{a}0% + {b}% = {a}{b}%, 1/{2 ** (a % 3 + 1)} = {100 / 2 ** (a % 3 + 1):g}%, 2/3 = 66.7%, 1/3 = 33%.",
        f"90° + {a}° + {b}° = {90 + a + b}°, 180° - 90° - {a}° = {90 - a}°.",
        f"{a} dozen + {b} = {12 * a + b}, {a} thousand + {b} = {1000 * a + b}, {a} pairs + 1 = {2 * a + 1}.",
        f"{a}.5 million + {b} million = {a + b}.5 million, {a}k + {b} = {1000 * a + b}.",
        f"9 + {a + 3} = {a} on a 12-hour clock.",
        "3 * 1.200 = 3.600, 2 * 1.500 = 3000.",
        f"{a}/{b + 9} ≈ {write_decimal(Fraction(a, b + 9), 1)}, {a * 37} / 11 ≈ {round(a * 37 / 11)}.",
        f"20°C + {a}°C = {20 + a}°C, pH 7 - 3 = 4, CO2 + 4H2 = CH4 + 2H2O, 2H2 + O2 = 2H2O.",
        f"The half-life is {a} days, so {b}0 - {b}/2 days is later. {a}-{b} = score of the game.",
        f"On 3/4/2020 + {a} days = {4 + a} March, ISBN 0-306-40615-2, call 555-1234 = our number.",
    ]


def physics(r):
    a, b, c, d = draw(r, 2, 9)  # noqa: RUF059
    return [
        f"{a} cm^2 + {b} cm^2 = {a + b} cm^2, {a} m^{{2}} + {b} m^{{2}} = {a + b} m^{{2}}, {a} cm² + {b} cm² = {a + b} cm².",  # noqa: E501
        f"1/2 mv^2 = 1/2 * {a} * {b}^2 = {Fraction(a * b * b, 2)}.",
        f"F = ma = {a} kg * {b} m/s^2 = {a * b} N.",
        f"{a} m/s * {b} s = {a * b} m, {a} km/h * {b} h = {a * b} km.",
        f"2 * {a} pi = {write_decimal(Fraction(2 * a * math.pi), 2)}, {a} + {b} = {a + b}, A = \\pi r^2 = \\pi * {a}^2.",  # noqa: E501
        f"4/3 pi r^3 = 4/3 * 3.14 * {a}^3 = {write_decimal(Fraction(4 * 314 * a**3, 300), 2)}.",
        f"1/2 bh = 1/2 * {a} * {b} = {Fraction(a * b, 2)}.",
        f"11 am + {a} hours = {a - 1} pm, 9 o'clock + 5 hours = 2 o'clock, 10 PM + {a} hours = {a - 2} AM.",
        f"2^10 ≈ 10^3, 2^{{10}} \\approx 10^{{3}} = 1000, {a}.1 * {b} ≈ {a} * {b} = {a * b}.",
        f"1.414 * {a} = {write_decimal(Fraction(a * math.sqrt(2)), 3)}, 33.33 * 3 = 100, 0.333 * 3 = 1, 0.667 * {3 * a} = {2 * a}.",  # noqa: E501
        f"\\log_{{2}} {2**a} + {b} = {a + b}, \\log_{{10}}{10**a} + {b} + 1 = {a + b + 1}.",
        f"{a} ± {b} + 1 = {a + b + 1} or {a - b + 1}, x = \\frac{{{a} \\pm {b}}}{{2}} = {Fraction(a + b, 2)}.",
        f"({a} - 1, {b} - 2) = ({a - 1}, {b - 2}), slope = ({a + b} - {a})/({b}) = 1.",
        f"|A| + |B| - |A ∩ B| = {a} + {b} - 1 = {a + b - 1}.",
        f"1/2 + 1/4 + 1/8 + \\dots = 1, 0.9 + 0.09 + 0.009 + … = 1, 1 + 1/2 + 1/4 + ... = 2.",  # noqa: F541
        f"{a} = {a}\\cdot 1, {a * b} = {a} \\cdot {b}, -\\frac{{b}}{{2a}} = -\\frac{{{2 * a}}}{{2}} = -{a}.",
        f"\\sum_{{i=1}}^{{3}} i = 1 + 2 + 3 = 6, \\prod_{{k=1}}^{{4}} k = 24, \\lim_{{x \\to 0}} {a} + {b} = {a + b}.",
        f"In boolean algebra, 1 + 1 = 1. Bitwise, 5 ^ 3 = 6.",  # noqa: F541
        f"{a} = 1: 1 = 1(2)/2 = 1, so {a}^2 - {b} = {a * a - b}.",
        f"50% of 50% = 25%, 10% = 0.1 * 200 = 20, {a}% + {b}% = {a + b}%.",
        f"€{a} + €{b} = €{a + b}, {a}€ + {b}€ = {a + b}€, ¥{a}00 + ¥{b}00 = ¥{a + b}00.",
        f"\\phi({a}) + {b} + 1 = \\phi({a}) + {b + 1}, \\text{{Var}}(X) = {a + b} - {b} = {a}.",
    ]


KINDS: dict[str, Callable[[random.Random], list[str]]] = {
    kind.__name__: kind
    for kind in (
        probabilities, sequences, powers, roots, modular, bases, sets_and_spans, functions, algebra, units_and_percent, physics  # noqa: E501
    )
}  # fmt: skip

FRAMES = (
    "{}", "So {}", "We have {}", "${}$", "Hence, {}", "\\({}\\)", "\\[{}\\]", "- {}", "Note that {}", "**{}**",
    "1. {}", "since {}", "It follows that {}", "($\\ast$) {}", "Then: {}", "Thus $${}$$",
)  # fmt: skip
"""What stands around a statement."""
