"""Pairs of numbers that are easily taken for one another, with the outcome that is right."""

import pytest

from cotloom.builder.verify import compare
from cotloom.schemas.problem import AnswerType

CASES = """
# separators
1234567 | 1,234,567 | equal
1234567 | 1 234 567 | equal
1234567 | 1.234.567 | equal
1234567 | 1'234'567 | equal
1234567 | 1’234’567 | equal
1234567 | 12,34,567 | equal
123456789 | 1,2345,6789 | equal
1234.5 | 1.234,5 | equal
1234.5 | 1 234,5 | equal
1234.5 | 1'234.50 | equal
1234.5 | 1,234.5 | equal
1234567.89 | 1.234.567,89 | equal
3.5 | 3,5 | equal
0.125 | 0,125 | equal
12345.6 | 12345,6 | equal
1234 | 1.234 | undecided
1.234 | 1234 | undecided
1,234 | 1.234 | undecided
1.234 | 1.234 | equal
1.234 | 1.2340 | equal
12.5 | 12.500 | equal
5 | 1.234 | different
3 | 3,000 | different
3000 | 3.000 | undecided
3 | 3.000 | equal
1234 | 1,23,4 | undecided
12 | 1,2,3 | undecided
1234567 | 1,234,568 | different
# signs
-5 | −5 | equal
-5 | – 5 | equal
-5 | minus five | equal
-5 | negative 5 | equal
5 | negative 5 | different
5 | 负5 | different
5 | -5 | different
5 | +5 | equal
-0.5 | -1/2 | equal
-1/2 | 1/-2 | equal
-1/2 | -\\frac{1}{2} | equal
-1/2 | \\frac{-1}{2} | equal
1/2 | 1/-2 | different
-1/2 | 1/2 | different
-500 | -$500 | equal
-500 | $-500 | equal
# percent
50% | 50 | equal
50% | 0.5 | equal
0.5 | 50% | equal
50 | 50% | equal
50 | 0.5 | different
0.5% | 0.5 | undecided
0.5 | 0.5% | undecided
0.5% | 0.005 | equal
500% | 5 | undecided
5 | 500% | undecided
500% | 500 | equal
1% | 1 | undecided
100% | 1 | undecided
12.5% | 1/8 | equal
33.33% | 1/3 | different
50% | 5% | different
50% | 50 percent | equal
50% | 50\\% | equal
50% | 百分之五十 | equal
50% | fifty percent | equal
70% | 7成 | equal
70% | 七成 | equal
7 | 7成 | different
50% | 51 | different
# fractions, decimals
1/2 | \\frac12 | equal
1/2 | $\\dfrac{1}{2}$ | equal
1/2 | ½ | equal
1/2 | 2/4 | equal
1/2 | 1⁄2 | equal
5/2 | 2½ | equal
5/2 | 2 1/2 | equal
5/2 | 2 and 1/2 | equal
5/2 | 2 and a half | equal
21/2 | 2½ | different
1/3 | 0.333333 | equal
1/3 | 0.33333333 | equal
1/3 | 0.3333 | different
1/3 | 0.3334 | different
1/3 | 0.333334 | different
1/3 | 0.33 | different
2/3 | 0.666667 | equal
2/3 | 0.666666 | equal
2/3 | 0.666668 | different
-2/3 | 0.666667 | different
0.333333 | 1/3 | equal
200/3 | 66.6667 | undecided
1/30 | 0.033333 | undecided
1/3 | 0.(3) | equal
1/6 | 0.1\\overline{6} | equal
7/3 | 2.33 | different
0.67 | 2/3 | different
1/4 | 0.25 | equal
1/4 | 0.250001 | different
102 | 10² | different
100 | 10² | equal
# not the plain number
5 | 5! | undecided
120 | 5! | undecided
5 | <5 | different
5 | < 5 | different
5 | > 5 | different
5 | $<5$ | different
5 | \\gt 5 | different
5 | ≤ 5 | undecided
5 | \\leq 5 | undecided
5 | at least 5 | undecided
5 | at most 5 pens | undecided
5 | no more than 5 | undecided
5 | more than 5 | different
5 | less than 5 | different
5 | fewer than five | different
5 | over 5 | different
5 | up to 5 | undecided
5 | 5+ | undecided
5 | 5 or more | undecided
5 | 5 pens or more | undecided
5 | 至少5个 | undecided
5 | 超过5 | different
5 | 5以上 | undecided
5 | 5 at least | undecided
5 | 5 at most | undecided
5 | 5 pens at least | undecided
5 | max 5 | undecided
5 | mindestens 5 | undecided
5 | au moins 5 | undecided
5 | menos de 5 | different
5 | at least 6 | different
5 | almost 5 | undecided
5 | nearly 5 | undecided
5 | ±5 | undecided
5 | just over 5 | undecided
5 | not 5 | different
5 | 不是5 | different
5 | ≠ 5 | different
5 | not 6 | undecided
8 | not 7 but 8 | equal
7 | not 7 but 8 | different
7 | ≈7 | equal
7 | about 7 | equal
7 | ≈8 | different
at least 5 | at least 5 | equal
at least 5 | ≥ 5 | equal
at least 5 | at least 6 | different
at least 5 | 5 | undecided
5 | 5x | undecided
5 | x + 5 | undecided
5 | 5 + 2 | undecided
5 | 4 + 1 | undecided
5 | 10 - 3 - 2 | undecided
5 | 20% of 25 | undecided
5 | half of 10 | undecided
15 | 3(5) | undecided
15 | (3)(5) | undecided
5 | 10 ÷ 2 | undecided
5 | 10 minus 5 | undecided
5 | 5^2 | different
25 | 5^2 | equal
6 | \\sqrt{36} | undecided
6 | √36 | undecided
6 | 2 * 3 | undecided
5 | 5\\pi | undecided
5 | 5i | undecided
5 | 5 factorial | undecided
5 | $5i | undecided
5 | $5\\pi | undecided
5 | 5 mod 7 | undecided
5 | all but 5 | undecided
5 | dozen 5 | undecided
5 | every 5 | undecided
5 | from 5 | undecided
5 | until 5 | undecided
5 | 5 dozen | undecided
5 | 第5 hundred | different
5 | (5! | undecided
5 | 5-5 | undecided
5 | 5点五 | undecided
0.333 | 0.333... | undecided
5 | < 5 = 5 | undecided
12 | 12-year-old | undecided
5 | H5 | undecided
5 | 5_2 | undecided
10 | 1010_2 | equal
# units
60 minutes | 1 hour | equal
1 hour | 60 minutes | equal
5 m | 5 km | different
5 km | 5000 m | equal
5 km | 5 miles | different
5 km | 5公里 | equal
5 km | 5 kilometers | equal
5 km | 5 Kilometer | equal
5 km | 5 kilómetros | equal
5 m | 5 m² | different
5 cm² | $5 \\text{ cm}^2$ | equal
5 square feet | 5 sq ft | equal
5 square meters | 5平方米 | equal
5 m | 5 seconds | different
5 km | 5 | equal
5 km | 6 | different
5 km | 5 apples | undecided
5 | 5 apples | equal
5 apples | 5 | equal
5 apples | 5 oranges | undecided
5 | 5 pens | equal
5 | 5 cats | equal
90 | 90^\\circ | equal
90 | 90 degrees | equal
90° | 90 degrees | equal
25°C | 77°F | equal
25°C | 25°F | different
25°C | 298.15 K | equal
60 mph | 60 miles per hour | equal
60 mph | 60 km/h | different
36 km/h | 10 m/s | equal
$20 | $20 per hour | undecided
1.5 L | 1500 mL | equal
1 L | 1000 cm³ | equal
2 kg | 2000 g | equal
2 kg | 2千克 | equal
2 kg | 2 lbs | different
16 ounces | 1 pound | equal
£5 | 5 pounds | equal
1 tonne | 1000 kg | equal
1 ton | 1000 kg | undecided
1 ton | 3 kg | different
1 year | 12 months | equal
1 year | 365 days | undecided
1 month | 30 days | undecided
2 years | 2 days | different
5 feet 3 inches | 63 inches | equal
30 mins | half an hour | equal
45 minutes | three quarters of an hour | equal
90 minutes | 1h 30m | equal
90 minutes | 1h30 | equal
1.5 hours | 1 hour 30 minutes | equal
1.5 hours | 1 hour and 30 minutes | equal
90分钟 | 1小时30分钟 | equal
60 | 1 hour | undecided
3600 | 1 hour | undecided
7 | 1 hour | different
5 in | 5 inches | equal
5 | 5 in total | equal
# money
18 | $18.00 | equal
18 | \\$18 | equal
18 | €18 | equal
18 | 18 dollars | equal
$18 | 18 dollars | equal
$18 | €18 | different
$18 | 18 cents | different
0.5 | 50 cents | equal
50 | 50 cents | equal
$0.50 | 50 cents | equal
$50 | 50 cents | different
50 cents | 0.5 | undecided
5元 | 5块钱 | equal
5元 | ¥5 | equal
5元 | 5美元 | different
5.5元 | 5元5角 | equal
$1.5 million | 1500000 | equal
$5M | $5 million | equal
$5M | $5 | different
US$5 | $5 | equal
20 | $20/shirt | equal
# magnitudes
1500000 | 1.5 million | equal
5 | 5 million | different
5 | 5k | different
5000 | 5k | equal
5 million | 5 billion | different
100000 | 1 lakh | equal
20000000 | 2 crore | equal
18000 | 1.8万 | equal
1.8万 | 1.8亿 | different
1.8亿 | 1.8 元 | different
1.8亿 | 180000000 元 | equal
126万 | 500 | different
126万 | 1260000 | equal
3500 | 3千5百 | equal
120000000 | 1亿2000万 | equal
36 | 3 dozen | equal
3 | 3 dozen | undecided
36 | 3 | different
1500000 | 1,5 Millionen | equal
2000000 | 2 millones | equal
120000 | 1.2e5 | equal
120000 | 1.2×10^5 | equal
120000 | $1.2 \\times 10^{5}$ | equal
0.0012 | 1.2 × 10^{-3} | equal
6.02e23 | 6.022e23 | different
12345678901234567890 | 12345678901234567891 | different
# words
12 | twelve | equal
12 | a dozen | equal
6 | half a dozen | equal
0.5 | half | equal
0.5 | one half | equal
3 | third | equal
1/3 | a third | equal
3/4 | three quarters | equal
42 | forty-two | equal
305 | three hundred and five | equal
1200 | twelve hundred | equal
2500000 | two and a half million | equal
3.14 | three point one four | equal
21 | 21st | equal
21 | twenty-first | equal
5 | five five | undecided
55 | five five | undecided
25 | twenty | different
320 | 三百二十 | equal
2005 | 两千零五 | equal
12000 | 一万二千 | equal
320 | 三百二十元 | equal
3 | 第三 | equal
2/3 | 三分之二 | equal
56 | 五六个 | undecided
12 | 十二个苹果 | equal
1 | 一起 | undecided
12 | zwölf | equal
21 | einundzwanzig | equal
90 | quatre-vingt-dix | equal
35 | treinta y cinco | equal
# dress
42 | ４２ | equal
42 | **42** | equal
42 | \\boxed{42} | equal
42 | $42$ | equal
42 | 42. | equal
42 | (42) | equal
42 | 42。 | equal
42 | 4\u200b2 | equal
5 | the answer is 5 | equal
5 | x = 5 | equal
18 | 9 * 2 = 18 | equal
18 | 18 = 9 * 2 | undecided
5 | 5 = 5 = 4 | different
# several
18 | 17 or 18 | hedged
18 | 17 or 19 | different
18 | between 17 and 18 | hedged
7 | between 6 and 8 | different
7 | x = 7, y = 8 | undecided
7 | 6 < 7 | undecided
18 | 17-18 | hedged
18 | 17 to 19 | different
18 | 18 or 18 | equal
18 | 18 dollars and 3 cents | different
7 | 3, no wait, 7 | equal
3 | 3, no wait, 7 | different
18 | either 18 or maybe 20 | hedged
18 | 17或18 | hedged
18 | many | undecided
18 | | undecided
many | 18 | undecided
18 | 1/0 | undecided
18 | 9^9^9^9 | undecided
18 | 1e999999999 | undecided
18 | 3:4 | undecided
3 | 3:30 pm | undecided
12 | 12/25/1937 | undecided
inf | ∞ | equal
inf | -inf | undecided
"""
LINES = [line for line in CASES.strip().splitlines() if not line.startswith("#")]
PAIRS = [tuple(part.strip() for part in line.replace("\\\\", "\\").split(" | ")) for line in LINES]
PAIRS = [pair if len(pair) == 3 else ("18", "", "undecided") for pair in PAIRS]


@pytest.mark.parametrize(("gold", "answer", "expected"), PAIRS, ids=[f"{gold}|{answer}" for gold, answer, _ in PAIRS])
def test_two_numbers_compare_as_a_careful_reader_would(gold, answer, expected):
    comparison = compare(gold, answer, AnswerType.NUMBER)
    assert comparison.outcome.value == expected, comparison.detail
