"""Pairs of symbolic answers: the same one written in two ways, and another one by a sign, digit, bracket or name.

The second half of each was written when the code was done, to see how it does on what it was not made for.
"""

SAME = r"""
\frac{\sqrt3}{2} ~ \frac{\sqrt{3}}{2}
(1,+\infty) ~ (1,\infty)
\left(-\infty, 2\right] ~ (-\infty,2]
\dfrac{3}{4} ~ \frac{3}{4}
\frac34 ~ 0.75
\tfrac12 ~ 1/2
$\frac{1}{2}$ ~ 0.5
-\frac{1}{2} ~ \frac{-1}{2}
-\frac{3}{7} ~ \frac{3}{-7}
2\frac{1}{2} ~ \frac{5}{2}
3 1/4 ~ 13/4
\sqrt{8} ~ 2\sqrt{2}
\frac{1}{\sqrt{2}} ~ \frac{\sqrt2}{2}
\frac{1}{1+\sqrt{2}} ~ \sqrt{2}-1
\sqrt{50}+\sqrt{2} ~ 6\sqrt2
\sqrt[3]{54} ~ 3\sqrt[3]{2}
\sqrt{12} ~ 2√3
\sqrt{\frac{3}{4}} ~ \frac{\sqrt{3}}{2}
\pi ~ π
4\pi ~ 4π
\frac{\pi}{3} ~ π/3
x^2 ~ x²
x \leq 3 ~ x ≤ 3
x^2-1 ~ (x-1)(x+1)
2x+3 ~ 3+2x
x(x+2) ~ x^2 + 2x
(a+b)^2 ~ a^2+2ab+b^2
\frac{x^2-1}{x-1} ~ x+1
\frac{1}{x}+\frac{1}{y} ~ \frac{x+y}{xy}
2(x+3) ~ 2x + 6
5 ~ x=5
x=5 ~ 5
x = 5 ~ 5 = x
x=5 ~ $x = 5$.
\boxed{5} ~ 5
y=2x+3 ~ 2x+3
y=2x+3 ~ 2x-y+3=0
x^2+y^2=4 ~ 2x^2+2y^2-8=0
[0,1) ~ 0 \le x < 1
x \in [0,1) ~ [0,1)
x>3 ~ 3<x
x>3 ~ (3,\infty)
x \geq -2 ~ [-2, \infty)
(-\infty,1)\cup(3,\infty) ~ x<1 or x>3
(-\infty, 0) \cup (0, \infty) ~ x \neq 0
\mathbb{R} ~ (-\infty,\infty)
\mathbb{R} \setminus \{2\} ~ x \ne 2
|x|<3 ~ (-3,3)
\{x \mid x > 3\} ~ (3,\infty)
-2 < x \le 5 ~ x > -2 and x \le 5
1,2 ~ 2,1
\{1,2\} ~ \{2,1\}
\{1,2\} ~ 1, 2
x=1 \text{ or } x=2 ~ \{1,2\}
x=1, x=2 ~ x=2 or x=1
\pm 2 ~ 2, -2
x = \pm 2 ~ x=2 or x=-2
1 \pm \sqrt{2} ~ 1+\sqrt2, 1-\sqrt2
\frac{-1 \pm \sqrt{5}}{2} ~ \frac{-1+\sqrt5}{2} \text{ and } \frac{-1-\sqrt5}{2}
x_1=3, x_2=-1 ~ 3, -1
(3,4) ~ \left(3,4\right)
(x,y)=(1,2) ~ (1,2)
x=1, y=2 ~ (1,2)
x=1, y=2 ~ y=2, x=1
(1,2,3) ~ \langle 1,2,3 \rangle
(\frac12, 0.25) ~ (0.5, \frac14)
(1,2),(3,4) ~ (3,4), (1,2)
no solution ~ \emptyset
\emptyset ~ \{\}
\text{no solution} ~ \varnothing
\text{All real numbers} ~ (-\infty, \infty)
e^{i\pi} ~ -1
3+4i ~ 4i + 3
(1+i)^2 ~ 2i
\frac{1}{i} ~ -i
\sqrt{-9} ~ 3i
5! ~ 120
\binom{5}{2} ~ 10
2^{10} ~ 1024
2^10 ~ 1024
|{-3}| ~ 3
12 ~ 3*4
\log_2 8 ~ 3
\ln e^3 ~ 3
\log_{10} 1000 ~ 3
\ln 8 ~ 3\ln 2
\ln\frac{1}{2} ~ -\ln 2
\frac{\log 8}{\log 2} ~ 3
e^{2\ln 3} ~ 9
\sin 30^\circ ~ \frac12
\cos\frac{\pi}{4} ~ \frac{\sqrt2}{2}
\sin^2 x+\cos^2 x ~ 1
\tan x ~ \frac{\sin x}{\cos x}
2\sin x\cos x ~ \sin(2x)
90^\circ ~ 90°
45^\circ ~ 45 degrees
50\% ~ 50%
10\text{ cm} ~ 10 cm
10\text{ cm} ~ 10
25\text{ cm}^2 ~ 25 cm²
2\text{ m} ~ 200\text{ cm}
\$18 ~ 18
1{,}234 ~ 1234
1,234 ~ 1234
12,\!345 ~ 12345
0.\overline{3} ~ \frac13
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ~ \begin{bmatrix}1&2\\3&4\end{bmatrix}
\begin{pmatrix}\frac12\\0\end{pmatrix} ~ \begin{pmatrix}0.5\\0\end{pmatrix}
x^{-1} ~ \frac1x
3\cdot 10^5 ~ 300000
3 \times 10^{-2} ~ 0.03
\text{Evelyn} ~ Evelyn
x＝5 ~ x=5
（1，2） ~ (1,2)
x=1或x=2 ~ x=2, x=1
无解 ~ \emptyset
√2 ~ \sqrt{2}
x≥2 ~ [2,+∞)
½ ~ 0.5
f(x)=x^2+1 ~ x^2+1
\lfloor 3.7 \rfloor ~ 3
"""

OTHER = r"""
\frac{\sqrt3}{2} ~ \frac{\sqrt{2}}{3}
\frac{\sqrt3}{2} ~ -\frac{\sqrt{3}}{2}
(1,+\infty) ~ [1,\infty)
(1,+\infty) ~ (-\infty,1)
(1,\infty) ~ (2,\infty)
\left(-\infty, 2\right] ~ (-\infty,2)
\frac34 ~ \frac43
\frac34 ~ 0.74
\frac13 ~ 0.3334
\frac13 ~ 0.33
2\frac{1}{2} ~ \frac{5}{3}
2\frac12 ~ 1
\sqrt{8} ~ 2\sqrt{3}
\sqrt{8} ~ 4\sqrt{2}
\sqrt{2} ~ \sqrt[3]{2}
\sqrt{2} ~ 1.5
\sqrt[3]{54} ~ 2\sqrt[3]{3}
\pi ~ 3
4\pi ~ 4
\frac{\pi}{3} ~ \frac{\pi}{4}
x^2 ~ x^3
x^2 ~ 2x
x^2 ~ y^2
x \leq 3 ~ x < 3
x \leq 3 ~ x \geq 3
x \leq 3 ~ x \leq -3
x^2-1 ~ (x-1)(x-1)
x^2-1 ~ x^2+1
2x+3 ~ 3x+2
(a+b)^2 ~ a^2+b^2
\frac{x^2-1}{x-1} ~ x-1
\frac{x+y}{xy} ~ \frac{1}{x+y}
5 ~ x=6
x=5 ~ x=-5
x=5 ~ y=5
y=2x+3 ~ 2x-3
y=2x+3 ~ y=3x+2
y=2x+3 ~ 2x+y+3=0
x^2+y^2=4 ~ x^2+y^2=5
x^2+y^2=4 ~ x^2-y^2=4
[0,1) ~ (0,1)
[0,1) ~ 0 \le x \le 1
[0,1) ~ [0,2)
x>3 ~ x\geq 3
x>3 ~ 3>x
x>3 ~ (3,4)
(-\infty,1)\cup(3,\infty) ~ (1,3)
(-\infty,1)\cup(3,\infty) ~ (-\infty,1]\cup(3,\infty)
(-\infty,1)\cup(3,\infty) ~ x<1
x \neq 0 ~ x \neq 1
|x|<3 ~ (-3,3]
|x|<3 ~ |x|>3
1,2 ~ 1,3
1,2 ~ 1
\{1,2\} ~ \{1,-2\}
\{1,2\} ~ \{1,2,3\}
\{1,2\} ~ (1,2)
x=1 or x=2 ~ x=1
\pm 2 ~ 2
\pm 2 ~ \pm 3
1 \pm \sqrt{2} ~ 1 \pm \sqrt{3}
1 \pm \sqrt{2} ~ 2 \pm \sqrt{1}
(3,4) ~ (4,3)
(3,4) ~ (3,-4)
(1,2,3) ~ (1,3,2)
(1,2,3) ~ (1,2)
x=1, y=2 ~ x=2, y=1
x=1, y=2 ~ (2,1)
(1,2),(3,4) ~ (1,2),(4,3)
\emptyset ~ 0
\emptyset ~ \mathbb{R}
no solution ~ x=1
e^{i\pi} ~ 1
3+4i ~ 3-4i
3+4i ~ 4+3i
(1+i)^2 ~ 2
\sqrt{-9} ~ -3
\sqrt{-9} ~ 3
5! ~ 5
5! ~ 60
\binom{5}{2} ~ 20
2^{10} ~ 20
2^{10} ~ 10^2
|{-3}| ~ -3
12 ~ 3+4
\log_2 8 ~ 4
\log_2 8 ~ \log_8 2
\ln 8 ~ 2\ln 3
\ln 2 ~ \log_{10} 2
e^{2} ~ 2e
\sin 30^\circ ~ \frac{\sqrt3}{2}
\cos\frac{\pi}{4} ~ \frac12
\sin^2 x ~ \cos^2 x
\sin(2x) ~ 2\sin x
\sin x ~ \cos x
90^\circ ~ 60^\circ
90^\circ ~ \frac{\pi}{3}
50\% ~ 5\%
0.5\% ~ 0.5
500\% ~ 5
10\text{ cm} ~ 10\text{ m}
10\text{ cm} ~ 100\text{ cm}
25\text{ cm}^2 ~ 25\text{ cm}^3
2\text{ m} ~ 20\text{ cm}
1{,}234 ~ 1.234
1,234 ~ 1,235
0.\overline{3} ~ 0.3
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ~ \begin{pmatrix} 1 & 3 \\ 2 & 4 \end{pmatrix}
\begin{pmatrix} 1 & 2 \end{pmatrix} ~ \begin{pmatrix} 1 \\ 2 \end{pmatrix}
x^{-1} ~ -x
3\cdot 10^5 ~ 3\cdot 10^4
\text{Evelyn} ~ Carla
on ~ no
x=1或x=2 ~ x=1或x=3
√2 ~ √3
x≥2 ~ x>2
½ ~ ¼
f(x)=x^2+1 ~ f(x)=x^2-1
\lfloor 3.7 \rfloor ~ 4
101_2 ~ 111_2
\frac{a}{b} ~ \frac{b}{a}
x_1 ~ x_2
-x ~ x
"""


def read_pairs(text):
    return [tuple(part.strip() for part in line.split(" ~ ")) for line in text.strip().splitlines()]
