"""Pairs of symbolic answers: the same one written in two ways, and another one by a sign, digit, bracket or name.

HELD_SAME and most pairs around it were written when the code was done, to see how it does on what it was not made for.
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


MORE_SAME = r"""
x=3, y=4 ~ \begin{cases}x=3\\y=4\end{cases}
(1,2),(3,4) ~ \left\{ (1,2), (3,4) \right\}
\pm3 ~ 3 \text{ or } -3
5 \frac{1}{2}\text{ cups} ~ 5.5 cups
\$5.50 ~ 5.50 dollars
60 \text{ km/h} ~ 60 km/h
9.8\, \text{m/s}^2 ~ 9.8 m/s^2
3.0 \times 10^8 \text{ m/s} ~ 3e8 m/s
2.5\text{ kg} ~ 2500 g
5\text{ m} ~ 5 m
x^2+2x+1=0 ~ (x+1)^2=0
\frac{x}{3}+\frac{y}{4}=1 ~ 4x+3y=12
-\sqrt{3} < x < \sqrt{3} ~ (-\sqrt3,\sqrt3)
x \in (-\infty,-2) \cup (2,\infty) ~ |x|>2
[2,4] ~ [2,3]\cup[3,4]
[0,\infty) ~ \{x\in\mathbb{R}: x\ge 0\}
\{1,2\} ~ \{1,2,2\}
-\frac{i}{2} ~ \frac{1}{2i}
2e^{i\pi/3} ~ 1+\sqrt3 i
\cos\theta + i\sin\theta ~ e^{i\theta}
\log_{2}(x+1) ~ \frac{\ln(x+1)}{\ln 2}
\ln x - \ln y ~ \ln\frac{x}{y}
\sqrt 2 ~ \sqrt{18}/3
\frac{\sqrt6}{3} ~ \sqrt{\frac{2}{3}}
\sqrt3 ~ 3^{1/2}
5^{-1/2} ~ \frac{\sqrt5}{5}
\frac{\pi}{2} + k\pi, k \in \mathbb{Z} ~ x = \frac{\pi}{2}+n\pi, n\in\mathbb{Z}
x = \frac{\pi}{4} ~ 45^\circ
a=2,b=-3 ~ (a,b)=(2,-3)
f^{-1}(x)=\frac{x-1}{2} ~ \frac{x-1}{2}
0.3 ~ P(A)=0.3
1/4 ~ P(X=2)=1/4
n^2 ~ S_n = n^2
5 ~ AB = 5
5 ~ |AB| = 5
60^\circ ~ \angle ABC = 60^\circ
6 ~ S_{\triangle ABC} = 6
(1,2),(2,1) ~ (x,y) \in \{(1,2),(2,1)\}
3\sqrt2 ~ 3\sqrt{2} \approx 4.24
x=\sqrt2 ~ x = \sqrt{2} ≈ 1.41
x>2 ~ x \gt 2
24 ~ 24.
24 ~ 4! = 24
24 ~ 2 \cdot 12 = 24
\frac{1}{2} ~ \frac{2}{4} = \frac{1}{2}
(2, \infty) ~ x \in \left( 2, \infty \right)
-1 \le x \le 1 ~ 1 \ge x \ge -1
x_1 = 1,\; x_2 = 5 ~ x = 1 \text{ or } x = 5
2\sqrt{13} ~ \sqrt{52}
\frac{\sqrt{2}}{2} ~ \sin 45^\circ
\sqrt{a^2+b^2} ~ (a^2+b^2)^{1/2}
\frac{1}{\sqrt{x}} ~ x^{-\frac12}
\sqrt[4]{16x^4} ~ 2|x|
(3x-1)(2x+5) ~ 6x^2+13x-5
\text{June 20} ~ June 20
\frac{10}{3}\text{ hours} ~ 200\text{ minutes}
10\text{ units} ~ 10
\{-1, 0, 1\} ~ -1,0,1
\varnothing ~ no solutions
1 < x \leq 2 \text{ or } x > 5 ~ (1,2]\cup(5,+\infty)
x \neq 1 \text{ and } x \neq 2 ~ (-\infty,1)\cup(1,2)\cup(2,\infty)
\mathbb{R}\setminus\{1,2\} ~ (-\infty,1)\cup(1,2)\cup(2,\infty)
\left(\frac{1}{2},\frac{\sqrt{3}}{2}\right) ~ \left(\cos 60^\circ,\sin 60^\circ\right)
10\sqrt{3}\ \text{cm} ~ 10\sqrt3 cm
4\text{ ft }6\text{ in} ~ 4\text{ ft }6\text{ in}
1+2i, 1-2i ~ 1\pm 2i
x^2-3x+2=0 ~ 2x^2-6x+4=0
y=-x ~ x+y=0
V = \frac{4}{3}\pi r^3 ~ \frac{4\pi r^3}{3}
0.75 ~ 75\%
2^{3x} ~ 8^x
\sqrt{2}\cdot\sqrt{3} ~ \sqrt6
\frac{a}{b}\div\frac{c}{d} ~ \frac{ad}{bc}
(x-2)^2 ~ (2-x)^2
|x-2| ~ |2-x|
\sqrt{x}\sqrt{y} ~ \sqrt{xy}
\frac{2\pi}{3} ~ 120^\circ
\dfrac{\sqrt{10}}{10} ~ \frac{1}{\sqrt{10}}
\frac{3+\sqrt{17}}{4}, \frac{3-\sqrt{17}}{4} ~ x=\frac{3\pm\sqrt{17}}{4}
2+\sqrt{3} ~ \frac{1}{2-\sqrt{3}}
\sqrt{7+4\sqrt{3}} ~ 2+\sqrt{3}
\frac{\sqrt{3}-1}{2\sqrt{2}} ~ \frac{\sqrt6-\sqrt2}{4}
16\sqrt[4]{2} ~ 2^{17/4}
1.\overline{27} ~ \frac{14}{11}
\frac{1}{2^{10}} ~ \frac{1}{1024}
1-\left(\frac{5}{6}\right)^4 ~ \frac{671}{1296}
\binom{10}{3} ~ 120
10! / (7! 3!) ~ 120
\frac{10\cdot 9}{2} ~ 45
\left(\frac{1}{2},1\right] ~ \frac12<x\le1
x\ge 1 ~ 1\le x
(-\infty,-3)\cup(-3,\infty) ~ x\neq -3
(-1,0)\cup(0,1) ~ -1<x<0 \text{ or } 0<x<1
x<-1 \lor x>4 ~ (-\infty,-1)\cup(4,\infty)
[2,\infty) ~ \{x | x\geq 2\}
k<-2 或 k>2 ~ (-\infty,-2)\cup(2,+\infty)
-3≤a≤1 ~ [-3,1]
a=-1或a=3 ~ -1或3
y=\frac{3}{2}x-\frac{1}{2} ~ 3x-2y-1=0
3x+4y-25=0 ~ 3x + 4y = 25
y=-2x+1 ~ 2x+y=1
x^2=4y ~ y=\frac{x^2}{4}
\frac{x^2}{4}+\frac{y^2}{3}=1 ~ 3x^2+4y^2=12
(x-3)^2+y^2=4 ~ x^2-6x+y^2+5=0
a_n=2^{n-1} ~ \frac{2^n}{2}
a_n = 3n-2 ~ 3n-2
S=\frac{n(3n-1)}{2} ~ \frac{3}{2}n^2-\frac{1}{2}n
f(x)=\sin(2x) ~ 2\sin x\cos x
T=\pi ~ π
\sin^4 x-\cos^4 x ~ -\cos 2x
\ln 2+\ln 3 ~ \ln 6
\log_9 27 ~ 1.5
e^{-x}(x-1) ~ \frac{x-1}{e^x}
\frac{d}{2} ~ 0.5d
-\frac{1}{x^2} ~ -x^{-2}
3x^2-6x ~ 3x(x-2)
(2x-1)(x+3) ~ 2x^2+5x-3
(x+y)(x-y)(x^2+y^2) ~ x^4-y^4
\frac{a}{a-b} ~ \frac{-a}{b-a}
\frac{x+2}{x^2-4} ~ \frac{1}{x-2}
(3,-2) ~ x=3,\,y=-2
(4,-1) ~ (4, -1).
(1,2), (-1,-2) ~ (\pm 1, \pm 2)
\{(1,2)\} ~ (x,y)=(1,2)
\{3, 5, 7\} ~ \{7,3,5\}
\begin{pmatrix} -2 \\ 5 \end{pmatrix} ~ \begin{pmatrix} -2 \\ 5.0 \end{pmatrix}
2-i ~ -i+2
(3+2i)(1-i) ~ 5-i
\frac{5}{1+2i} ~ 1-2i
e^{i\pi/2} ~ i
\sqrt{5}\angle 30^\circ ~ \sqrt{5}\angle 30^\circ
24\pi \text{ cm}^2 ~ 24\pi\,cm^2
15\text{ m/s} ~ 15 m/s
3\text{ hours} ~ 180 minutes
2.4\times10^{-3} ~ 0.0024
\$2.50 ~ $2.50
\text{7 apples} ~ 7 apples
40\% ~ 40 percent
\text{Tuesday} ~ Tuesday.
\text{(A)} ~ (A)
\text{odd} ~ odd
m = 4 ~ 4
x = 2, -5 ~ x = -5 or x = 2
8,-8 ~ \pm 8
１/２ ~ 0.5
x²+2x ~ x(x+2)
5√2 cm ~ 5\sqrt{2}\text{ cm}
(-∞, 2) ~ (-\infty,2)
{x|x>1} ~ (1,+\infty)
不存在 ~ \text{does not exist}
\dfrac{1}{n+1} ~ 1/(n+1)
4\times 10^3 ~ 4000
10 000 ~ 10000
7{,}000{,}000 ~ 7 \times 10^6
x^{1/2} ~ \sqrt{x}
-\infty<x<\infty ~ \mathbb{R}
20\text{ cm}^2 ~ \text{Area} = 20\text{ cm}^2
20 ~ \text{Area} = 20
5 ~ x=5\,\mathrm{cm}
5 ~ \mathbf{5}
\frac12 ~ \left.\frac12\right.
5 ~ {5}
\frac12 ~ \displaystyle\frac12
5 ~ $$5$$
5 ~ \[5\]
5 ~ \(5\)
\frac12 ~ $\frac{1}{2}$ .
\frac12 ~ \boxed{\frac12}
x=5 ~ \boxed{x=5}
5 ~ x=\boxed{5}
5 ~ \boxed{5\text{ cm}}
5 ~ \fbox{5}
5 ~ \textbf{5}
5 ~ \underline{5}
5 ~ **5**
(3, 4) ~ (3; 4)
x=1, x=2 ~ x=1,\quad x=2
\frac{3}{4} ~ 3/4
\frac{-3}{4} ~ -0.75
(-1)^n ~ (-1)^{n}
\frac{x}{y} ~ x/y
\frac{2x}{3} ~ 2x/3
\frac{2x}{3} ~ \frac23 x
3\pi/4 ~ \frac{3\pi}{4}
\frac{3}{4}\pi ~ 3π/4
\sin\left(\frac{\pi}{3}\right) ~ \frac{\sqrt{3}}{2}
\sin(π/3) ~ √3/2
\tan(45°) ~ 1
\cos^2\theta ~ (\cos\theta)^2
\cos^2\theta ~ \frac{1+\cos 2\theta}{2}
\sin^{-1}(x) ~ \arcsin x
\log_{10} x ~ \lg x
ln(2) ~ \ln 2
log_2(8) ~ 3
exp(2) ~ e^2
sqrt(2)/2 ~ \frac{\sqrt{2}}{2}
2*sqrt(3) ~ 2\sqrt{3}
2**3 ~ 8
(x^2+1)**2 ~ (x^2+1)^2
x^(1/2) ~ \sqrt{x}
x^(n+1) ~ x^{n+1}
[1, 2) U (3, 4] ~ [1,2)\cup(3,4]
(-inf, 3) ~ (-\infty,3)
(-oo, 3) ~ (-\infty,3)
x>=3 ~ x\ge 3
x <= 3 ~ (-\infty,3]
x != 3 ~ x\ne 3
1 <= x < 2 ~ [1,2)
{1, 2, 3} ~ \{1,2,3\}
x = 1 or 2 ~ \{1,2\}
x in [1,2] ~ [1,2]
1 and 2 ~ \{1,2\}
3 + 4i ~ 3+4i
3 + 4*i ~ 3+4i
50 degrees ~ 50^\circ
5 cm^2 ~ 5\text{ cm}^2
5 square meters ~ 5\text{ m}^2
$5 ~ \$5
5 dollars ~ \$5
€5 ~ 5 €
1/3 ~ 0.3333333
-1/3 ~ -0.333333
2/3 ~ 0.666667
y = mx + b ~ mx+b
E=mc^2 ~ mc^2
F = \frac{9}{5}C + 32 ~ \frac{9C}{5}+32
\Delta = b^2-4ac ~ b^2-4ac
\alpha+\beta ~ β+α
\theta=\frac{\pi}{6} ~ \theta = 30^\circ
\lambda_1=1,\lambda_2=3 ~ 1,3
"""

HELD_SAME = r"""
\frac{5\sqrt{3}}{6} ~ \dfrac{5}{6}\sqrt3
\frac{\sqrt{6}-\sqrt{2}}{4} ~ \frac{\sqrt6}{4}-\frac{\sqrt2}{4}
\frac{2}{\sqrt[3]{4}} ~ \sqrt[3]{2}
\sqrt{3+2\sqrt2} ~ 1+\sqrt{2}
\frac{3-\sqrt{5}}{2} ~ \frac12(3-\sqrt5)
7^{\frac{2}{3}} ~ \sqrt[3]{49}
2^{-3} ~ 0.125
-\frac{17}{4} ~ -4\frac14
-4.25 ~ -\frac{17}{4}
\frac{22}{7} ~ 3 \frac{1}{7}
0.1\overline{6} ~ \frac{1}{6}
6.02 \times 10^{23} ~ 602000000000000000000000
1.2e3 ~ 1200
10,000,000 ~ 10^7
\frac{9}{4}\pi ~ \frac{9\pi}{4}
9\pi/4 ~ 2.25\pi
\pi r^2 ~ πr²
\frac{n(n+1)}{2} ~ \frac{n^2+n}{2}
x^3-8 ~ (x-2)(x^2+2x+4)
\frac{a^2-b^2}{a-b} ~ a+b
\frac{1}{x-1}-\frac{1}{x+1} ~ \frac{2}{x^2-1}
-(x-3) ~ 3-x
3x^2y-6xy ~ 3xy(x-2)
2^{n+1} ~ 2\cdot 2^n
4^x ~ 2^{2x}
e^{x+1} ~ e\cdot e^x
\ln(x^2) ~ 2\ln|x|
\ln 12 ~ 2\ln 2+\ln 3
\log_3 \frac{1}{9} ~ -2
\frac{\ln 5}{\ln 2} ~ \log_2 5
\log_4 2 ~ \frac12
\lg 1000 ~ 3
\cos 2x ~ 1-2\sin^2 x
\sin(x+y) ~ \sin x\cos y+\cos x\sin y
1+\tan^2 x ~ \sec^2 x
\tan\frac{\pi}{6} ~ \frac{\sqrt{3}}{3}
\cos 120° ~ -\frac{1}{2}
\arctan 1 ~ \frac{\pi}{4}
\sin\frac{\pi}{12} ~ \frac{\sqrt6-\sqrt2}{4}
\cosh x ~ \frac{e^x+e^{-x}}{2}
(2-3i)(2+3i) ~ 13
\frac{1+i}{1-i} ~ i
-\frac12+\frac{\sqrt3}{2}i ~ \frac{-1+i\sqrt{3}}{2}
i^{2023} ~ -i
|3+4i| ~ 5
t = \frac{3}{2} ~ 1.5
x=-\frac{b}{2a} ~ -\frac{b}{2a}
y = -\frac{1}{2}x + 4 ~ x+2y=8
3x - 4y = 12 ~ 4y-3x=-12
y-2=3(x-1) ~ y=3x-1
(x-1)^2+(y+2)^2=9 ~ x^2+y^2-2x+4y-4=0
xy=6 ~ 6 = xy
A = \frac{1}{2}bh ~ \frac{bh}{2}
f(x) = 3x - 1 ~ f(x)=-1+3x
g(t)=t^2 ~ t^2
k=\pm\sqrt{6} ~ \sqrt6, -\sqrt6
x=2\pm\sqrt{3} ~ x=2-\sqrt3 \text{ or } x=2+\sqrt3
x = -3, 4 ~ x=4, x=-3
\{-3,4\} ~ x=-3 \text{ or } 4
0, 1, \text{ and } 2 ~ \{2, 1, 0\}
x_1 = \frac12,\ x_2 = 2 ~ 2, 0.5
x\in\{1,2,3\} ~ 1,2,3
\left\{\frac{1}{2},-3\right\} ~ -3, 1/2
\{5\} ~ 5
(-2, 7) ~ (-2,\,7)
\left(\frac{3}{2}, -\frac12\right) ~ (1.5, -0.5)
x=3,\ y=-1 ~ (3,-1)
(a,b,c) = (1,2,3) ~ a=1, b=2, c=3
(0,0),(1,1) ~ (1,1) \text{ and } (0,0)
(x,y,z)=(1,-1,2) ~ x=1,y=-1,z=2
(-\infty,-1]\cup[1,\infty) ~ x \le -1 \text{ or } x \ge 1
[-3, 3] ~ -3\leq x\leq 3
[-3,3] ~ |x| \le 3
(2,5] ~ 2<x\le5
(2,5] ~ \{x : 2 < x \le 5\}
x<-2 ~ (-\infty,-2)
a\ge\frac{1}{2} ~ \left[\frac12,+\infty\right)
m>1 ~ 1<m
(-\infty,2)\cup(2,\infty) ~ \mathbb{R}\setminus\{2\}
(0,1)\cup(1,2) ~ (1,2) \cup (0,1)
\{x\in\mathbb{R} \mid x\neq 3\} ~ x\ne3
y \le 2x+1 ~ 2x - y \ge -1
0<a<1 ~ a\in(0,1)
x>0 ~ (0,+∞)
2x>6 ~ x>3
\text{DNE} ~ \text{does not exist}
\text{undefined} ~ undefined
\varnothing ~ \text{No real solutions}
\infty ~ +\infty
-\infty ~ -∞
\begin{pmatrix}2\\-1\end{pmatrix} ~ \begin{bmatrix} 2 \\ -1 \end{bmatrix}
\begin{bmatrix}1&0\\0&1\end{bmatrix} ~ \left(\begin{array}{cc}1 & 0\\ 0 & 1\end{array}\right)
\begin{pmatrix}1/2&1\end{pmatrix} ~ \begin{pmatrix}\frac{1}{2} & 1\end{pmatrix}
\langle 2,-1\rangle ~ (2,-1)
5\text{ km} ~ 5000\text{ m}
1.5 \text{ hours} ~ 90 \text{ minutes}
12\text{ square units} ~ 12
36\pi\text{ cm}^3 ~ 36\pi \text{ cubic cm}
60\text{ mph} ~ 60
60^\circ ~ \frac{\pi}{3}
120^{\circ} ~ 120
72° ~ 72^{\circ}
35\% ~ 35 \%
25\% ~ 25
0.25 ~ 25\%
\$1{,}200 ~ \$1200
\frac{7!}{5!} ~ 42
\binom{n}{2} ~ \frac{n(n-1)}{2}
C = 2\pi r ~ 2\pi r
\lceil 2.1\rceil ~ 3
\gcd(12,18) ~ 6
\max(3,7) ~ 7
\text{(B)} ~ B
\textbf{12} ~ 12
\mathbf{x} ~ x
\mathrm{e}^2 ~ e^2
\left|x-2\right| ~ |2-x|
\sqrt{x^2} ~ |x|
\frac{x}{2} ~ 0.5x
x\div 3 ~ \frac{x}{3}
2\sqrt{3} ~ 2√3
sqrt(12) ~ 2\sqrt3
pi/2 ~ \frac{\pi}{2}
x^10 ~ x^{10}
(x+1)/(x-1) ~ \frac{x+1}{x-1}
3*x + 2 ~ 3x+2
１２ ~ 12
x＞3或x＜1 ~ (-\infty,1)\cup(3,\infty)
｛1，2｝ ~ \{2,1\}
空集 ~ \emptyset
2π ~ 2\pi
−3 ~ -3
3√2＋1 ~ 1+3\sqrt{2}
a²−b² ~ (a+b)(a-b)
x∈[1,2] ~ [1,2]
全体实数 ~ \mathbb{R}
30° ~ 30^\circ
x=1且y=2 ~ (1,2)
k\pi, k\in\mathbb{Z} ~ n\pi, n \in \mathbb{Z}
\frac{1}{2}x^2+C ~ \frac{x^2}{2}+C
101_2 ~ 101_{2}
2516_8 ~ 2516_{8}
\{(1,2)\} ~ (1,2)
\frac{\partial}{1}x ~ \frac{\partial}{1}x
x^2 + x \cdot 1 ~ x(x+1)
"""

HELD_OTHER = r"""
\frac{5\sqrt{3}}{6} ~ \frac{5\sqrt{3}}{8}
\frac{\sqrt{6}-\sqrt{2}}{4} ~ \frac{\sqrt{6}+\sqrt{2}}{4}
\frac{2}{\sqrt[3]{4}} ~ \sqrt[3]{4}
\sqrt{3+2\sqrt2} ~ \sqrt{2}-1
\frac{3-\sqrt{5}}{2} ~ \frac{3+\sqrt{5}}{2}
\frac{3-\sqrt{5}}{2} ~ 3-\frac{\sqrt{5}}{2}
7^{\frac{2}{3}} ~ 7^{\frac{3}{2}}
2^{-3} ~ -8
-\frac{17}{4} ~ -4\frac34
-4.25 ~ 4.25
\frac{22}{7} ~ \pi
\frac{22}{7} ~ 3.14
0.1\overline{6} ~ 0.\overline{16}
6.02 \times 10^{23} ~ 6.02 \times 10^{22}
1.2e3 ~ 1.2e2
10,000,000 ~ 10^6
\frac{9}{4}\pi ~ \frac{4}{9}\pi
9\pi ~ 9
\pi r^2 ~ 2\pi r
\pi r^2 ~ \pi R
\frac{n(n+1)}{2} ~ \frac{n(n-1)}{2}
x^3-8 ~ (x-2)^3
x^3-8 ~ (x-2)(x^2-2x+4)
\frac{1}{x-1}-\frac{1}{x+1} ~ \frac{1}{x^2-1}
-(x-3) ~ -x-3
3x^2y-6xy ~ 3xy(x+2)
2^{n+1} ~ 2^n+1
2^{n+1} ~ 2^{n-1}
4^x ~ 2^{x}
e^{x+1} ~ e^x+1
\ln(x^2) ~ (\ln x)^2
\ln 12 ~ 2\ln 3+\ln 2
\log_3 \frac{1}{9} ~ 2
\frac{\ln 5}{\ln 2} ~ \ln\frac{5}{2}
\log_4 2 ~ 2
\cos 2x ~ 1-\sin^2 x
\cos 2x ~ 2\sin^2 x-1
\sin(x+y) ~ \sin x+\sin y
\sin(x+y) ~ \sin(x-y)
1+\tan^2 x ~ \csc^2 x
\tan\frac{\pi}{6} ~ \sqrt3
\cos 120° ~ \frac12
\arctan 1 ~ \frac{\pi}{3}
\sin 1 ~ \sin 1^\circ
(2-3i)(2+3i) ~ -5
\frac{1+i}{1-i} ~ -i
-\frac12+\frac{\sqrt3}{2}i ~ \frac12-\frac{\sqrt3}{2}i
i^{2023} ~ i
|3+4i| ~ 7
t = \frac{3}{2} ~ \frac23
x=-\frac{b}{2a} ~ \frac{b}{2a}
x=-\frac{b}{2a} ~ -\frac{a}{2b}
y = -\frac{1}{2}x + 4 ~ x+2y=4
y = -\frac{1}{2}x + 4 ~ y=\frac12x+4
3x - 4y = 12 ~ 3x+4y=12
3x - 4y = 12 ~ 4x-3y=12
(x-1)^2+(y+2)^2=9 ~ (x+1)^2+(y-2)^2=9
(x-1)^2+(y+2)^2=9 ~ (x-1)^2+(y+2)^2=3
\frac{x^2}{9}+\frac{y^2}{4}=1 ~ \frac{x^2}{4}+\frac{y^2}{9}=1
y=x^2 ~ x=y^2
xy=6 ~ x+y=6
f(x) = 3x - 1 ~ f(x)=3x+1
f(2)=3 ~ f(3)=3
k=\pm\sqrt{6} ~ \sqrt6
k=\pm\sqrt{6} ~ \pm 6
x=2\pm\sqrt{3} ~ x=-2\pm\sqrt3
x = -3, 4 ~ x=3, -4
x = -3, 4 ~ -3
0, 1, 2 ~ 0, 1, 3
x\in\{1,2,3\} ~ \{1,2\}
\left\{\frac{1}{2},-3\right\} ~ \left\{-\frac{1}{2},3\right\}
(-2, 7) ~ (2,7)
(-2, 7) ~ [-2,7]
(-2, 7) ~ (7,-2)
\left(\frac{3}{2}, -\frac12\right) ~ \left(\frac{2}{3}, -\frac12\right)
x=3,\ y=-1 ~ (-1,3)
x=3,\ y=-1 ~ x=3, y=1
(a,b,c) = (1,2,3) ~ (a,b,c)=(1,3,2)
(0,0),(1,1) ~ (0,1),(1,0)
(1,2,3) ~ 6
(-\infty,-1]\cup[1,\infty) ~ (-\infty,-1)\cup(1,\infty)
(-\infty,-1]\cup[1,\infty) ~ [-1,1]
(-\infty,-1]\cup[1,\infty) ~ x\le 1 \text{ or } x\ge -1
[-3, 3] ~ -3< x< 3
[-3,3] ~ |x| \ge 3
(2,5] ~ [2,5)
(2,5] ~ (2,6]
(2,5] ~ (-2,5]
x<-2 ~ x<2
x<-2 ~ (-2,\infty)
a\ge\frac{1}{2} ~ a\ge 2
a\ge\frac{1}{2} ~ a=\frac12
m>1 ~ n>1
m>1 ~ m<1
(-\infty,2)\cup(2,\infty) ~ \mathbb{R}
(0,1)\cup(1,2) ~ (0,2)
\{x\mid x\neq 3\} ~ x=3
y \le 2x+1 ~ y\ge 2x+1
y \le 2x+1 ~ y < 2x+1
2x>6 ~ x>6
-2x>6 ~ x>-3
\text{DNE} ~ 0
\varnothing ~ \{0\}
\infty ~ -\infty
\infty ~ 8
\begin{pmatrix}2\\-1\end{pmatrix} ~ \begin{pmatrix}-1\\2\end{pmatrix}
\begin{pmatrix}2\\-1\end{pmatrix} ~ \begin{pmatrix}2\\1\end{pmatrix}
\begin{bmatrix}1&0\\0&1\end{bmatrix} ~ \begin{bmatrix}1&0\\0&-1\end{bmatrix}
\begin{bmatrix}1&0\\0&1\end{bmatrix} ~ \begin{bmatrix}0&1\\1&0\end{bmatrix}
\langle 2,-1\rangle ~ \langle 2,1\rangle
5\text{ km} ~ 5\text{ m}
5\text{ km} ~ 5\text{ kg}
1.5 \text{ hours} ~ 1.5 \text{ minutes}
36\pi\text{ cm}^3 ~ 36\text{ cm}^3
60^\circ ~ \frac{\pi}{6}
120^{\circ} ~ 12^\circ
35\% ~ 3.5\%
25\% ~ 0.25\%
0.25 ~ 0.25\%
\$1{,}200 ~ \$120
5\text{ apples} ~ 6\text{ apples}
\frac{7!}{5!} ~ \frac{7}{5}
7! ~ 6!
\binom{6}{2} ~ \binom{6}{3}
C = 2\pi r ~ \pi r
\lceil 2.1\rceil ~ 2
\gcd(12,18) ~ 36
\text{(B)} ~ C
\text{(B)} ~ (D)
\left|x-2\right| ~ |x+2|
|x-2| ~ x-2
\sqrt{x^2} ~ x
\frac{x}{2} ~ \frac{2}{x}
x^10 ~ x^{11}
(x+1)/(x-1) ~ x+1/x-1
-ab ~ ab
abc ~ abd
１２ ~ 21
x＞3或x＜1 ~ (1,3)
｛1，2｝ ~ {1,3}
2π ~ π²
−3 ~ 3
3√2＋1 ~ 3√2−1
a²−b² ~ (a−b)²
x∈[1,2] ~ x∈(1,2)
全体实数 ~ 无解
30° ~ 30\%
x=1且y=2 ~ x=2且y=1
k\pi, k\in\mathbb{Z} ~ 2k\pi, k \in \mathbb{Z}
\frac{1}{2}x^2+C ~ \frac{1}{2}x^2
101_2 ~ 101_3
\frac{1}{3} ~ 0.333334
\frac{2}{3} ~ 0.666
\sqrt{2} ~ 1.41421
x+y ~ x-y
a_1 ~ a_{11}
5 \text{ or } 6 ~ 5
5 \text{ and } 6 ~ 5,7
not 5 ~ 5
at least 5 ~ 5
5 < x ~ 5
x \approx 5 ~ 5
5x ~ 5
0<a<1 ~ 2a\in(0,1)
(2,5] ~ \{y : 2 < x \le 5\}
(1,\infty) ~ (1,\infty]
(-\infty,2] ~ [-\infty,2]
(-\infty,1)\cup(3,\infty) ~ x<1 or y>3
\frac{2\pi}{3} ~ 130^\circ
\frac{1}{\sqrt{10}} ~ \sqrt{10}
x=\frac{3\pm\sqrt{17}}{4} ~ x=\frac{3\pm\sqrt{17}}{2}
x=\frac{3\pm\sqrt{17}}{4} ~ x=\frac{3+\sqrt{17}}{4}
2+\sqrt{3} ~ \frac{1}{2+\sqrt{3}}
\sqrt{7+4\sqrt{3}} ~ 2-\sqrt{3}
16\sqrt[4]{2} ~ 16\sqrt{2}
1.\overline{27} ~ 1.27
1-\left(\frac{5}{6}\right)^4 ~ \left(\frac{5}{6}\right)^4
\binom{10}{3} ~ \binom{10}{4}
\left(\frac{1}{2},1\right] ~ \left[\frac{1}{2},1\right]
\left(\frac{1}{2},1\right] ~ \left(\frac{1}{2},1\right)
\left(\frac{1}{2},1\right] ~ \left(-\frac{1}{2},1\right]
(-\infty,-3)\cup(-3,\infty) ~ x\neq 3
x<-1 \lor x>4 ~ -1<x<4
[2,\infty) ~ (-\infty,2]
-3≤a≤1 ~ -3<a≤1
a=-1或a=3 ~ a=1或a=-3
y=\frac{3}{2}x-\frac{1}{2} ~ 3x-2y+1=0
3x+4y-25=0 ~ 4x+3y-25=0
y=-2x+1 ~ y=-2x-1
x^2=4y ~ y^2=4x
\frac{x^2}{4}+\frac{y^2}{3}=1 ~ \frac{x^2}{4}-\frac{y^2}{3}=1
(x-3)^2+y^2=4 ~ (x-3)^2+y^2=2
a_n=2^{n-1} ~ a_n=2^n
a_n = 3n-2 ~ a_n=3n+2
a_n = 3n-2 ~ b_n=3n-2
f(x)=\sin(2x) ~ f(x)=\sin(x)
f(x)=\sin(2x) ~ g(x)=\sin(2x)
\ln 2+\ln 3 ~ \ln 5
\log_9 27 ~ \frac{2}{3}
e^{-x}(x-1) ~ e^{x}(x-1)
-\frac{1}{x^2} ~ \frac{1}{x^2}
(2x-1)(x+3) ~ 2x^2+5x+3
x^4-y^4 ~ (x^2-y^2)^2
\frac{a}{a-b} ~ \frac{a}{b-a}
\frac{x+2}{x^2-4} ~ \frac{1}{x+2}
(3,-2) ~ x=3, y=2
(1,2), (-1,-2) ~ (1,-2), (-1,2)
(1,2), (-1,-2) ~ (1,2)
\{3, 5, 7\} ~ \{3, 5, 9\}
\{3, 5, 7\} ~ \{3, 5\}
\begin{pmatrix} -2 \\ 5 \end{pmatrix} ~ \begin{pmatrix} 2 \\ 5 \end{pmatrix}
2-i ~ 2+i
2-i ~ 1-2i
\frac{5}{1+2i} ~ 1+2i
24\pi \text{ cm}^2 ~ 24\pi\text{ cm}
24\pi \text{ cm}^2 ~ 24\text{ cm}^2
15\text{ m/s} ~ 15\text{ km/h}
3\text{ hours} ~ 3\text{ minutes}
2.4\times10^{-3} ~ 2.4\times10^{3}
\$2.50 ~ \$25
\text{7 apples} ~ 8 apples
40\% ~ 60\%
\text{Tuesday} ~ Monday
\text{(A)} ~ (B)
\text{odd} ~ even
x = 2, -5 ~ x = -2, 5
8,-8 ~ 8
x²+2x ~ x²−2x
5√2 cm ~ 5√3 cm
{x|x>1} ~ {x|x≥1}
不存在 ~ 0
1/(n+1) ~ 1/n+1
7{,}000{,}000 ~ 7 \times 10^5
x^{1/2} ~ x^{2}
|x-1| ~ |x|-1
x>0, y>0 ~ x>0
5\text{ or more} ~ 5
between 3 and 5 ~ 3, 5
5 \pm 1 ~ 5
3 < 5 ~ 5
x=5 is wrong ~ 5
5? ~ 5
\sim 5 ~ 5
>5 ~ 5
[5] ~ 5
\lfloor x \rfloor ~ x
\bar{x} ~ x
\vec{v} ~ v
x' ~ x
\neg p ~ p
\frac{5}{} ~ 5
5\% ~ 0.05\%
\log x ~ \ln x
a^b ~ b^a
x_{12} ~ x_1 2
\sqrt{5}i ~ \sqrt{5i}
\sqrt{5}x ~ \sqrt{5x}
\frac{1}{2}x ~ \frac{1}{2x}
e^{2x} ~ e^2x
-3^2 ~ 9
2^{2^3} ~ (2^2)^3
n! + 1 ~ (n+1)!
5 ~ 5 million
5 thousand ~ 5
5 ~ 5 squared
12 ~ 12 dozen
5 ~ 5 wrong
5 ~ -5
5 ~ x\neq 5
x=5 ~ x \ne 5
x=5 ~ x \not= 5
5 ~ 5, 6
5 ~ 5 + 0.1
5 ~ 5.5
5 ~ 5^{2}
5 ~ 55
5 ~ 5\cdot 10
5 ~ 5e1
5 ~ 5 (x \ne 3)
5 ~ 5\text{ is not the answer}
5 ~ x=5 \text{ or } x=6
5 ~ \text{between } 4 \text{ and } 6
5 ~ \approx 5
5 ~ <5
5 ~ \le 5
5 ~ \pm 5
5 ~ |x|=5
5 ~ \{5, -5\}
5 ~ (5, 0)
5 ~ [5, 5.1]
5 ~ 5i
5 ~ 5\pi
5 ~ \sqrt{5}
5 ~ 5!
5 ~ \frac15
5 ~ 5\%
5 ~ 5x
5 ~ x^5
5 ~ \log 5
5 ~ 5 \mod 7
5 ~ 5 million
5 ~ five hundred
5 ~ 5:1
5 ~ 5/1000
5 ~ 5 to 6
5 ~ 5-6
5 ~ 5–6
5 ~ 0.5
5 ~ 5,000
5 ~ 50\%
5\text{ m} ~ 5\text{ m}^2
5\text{ m} ~ 5\text{ mm}
5\text{ m} ~ 5 km
5\text{ m} ~ 50 m
5\text{ m/s} ~ 5\text{ m}
5\text{ kg} ~ 5\text{ g}
5\text{ minutes} ~ 5\text{ hours}
5\text{ dollars} ~ 5\text{ cents}
\$5 ~ €5
30^\circ ~ 30\text{ radians}
30^\circ ~ -30^\circ
(1,2) ~ (1,2]
(1,2) ~ (1,2,0)
(1,2) ~ (1;3)
(1,2) ~ (1.2)
(a,b) ~ (b,a)
(0,1) ~ \{0,1\}
[0,1] ~ \{0,1\}
[0,1] ~ 0,1
(0,1) ~ 0 \le x \le 1
(0,1) ~ x<0 \text{ or } x>1
(0,\infty) ~ (0,\infty)\cup\{0\}
(0,\infty) ~ (0,\infty)\setminus\{1\}
[0,2] ~ [0,1)\cup(1,2]
\{1\} ~ \emptyset
\{\emptyset\} ~ \emptyset
x^2+1 ~ x^2+1=0
x^2-1=0 ~ x=1
x^2=1 ~ x=1
y=x ~ y=|x|
y=x^2 ~ y=x^2+c
y=x^2+C ~ y=x^2
2x+C ~ x+C
x+y=1 ~ x+y=2
x+y=1 ~ x-y=1
x+y=1 ~ x+z=1
x<y ~ y<x
x<y ~ x\le y
a>b>c ~ a>c>b
\sin x ~ \sin y
\sin x ~ \arcsin x
\sin^{-1} x ~ \frac{1}{\sin x}
\sin^2 x ~ \sin x^2
\tan x ~ \cot x
\ln(x+1) ~ \ln x+1
\ln(xy) ~ \ln x\ln y
\log_2 x ~ \log_3 x
e^{x^2} ~ (e^x)^2
\sqrt{x+1} ~ \sqrt{x}+1
\sqrt[3]{x} ~ \sqrt{x}
|x| ~ x
\frac{1}{x+1} ~ \frac{1}{x}+1
2^{x+1} ~ 2x+1
(x+1)^2 ~ x^2+1
n! ~ (n-1)!
\binom{n}{2} ~ \binom{n}{3}
3+2i ~ 3-2i
3+2i ~ -3+2i
\overline{3+2i} ~ 3+2i
|3+2i| ~ 5
\begin{pmatrix}1&2\\3&4\end{pmatrix} ~ \begin{vmatrix}1&2\\3&4\end{vmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix} ~ \begin{pmatrix}1&2\\3&-4\end{pmatrix}
\begin{pmatrix}1\\2\end{pmatrix} ~ (2,1)
0.333 ~ \frac13
0.3333333 ~ \frac13+\frac{1}{1000}
3.141593 ~ 3.141592
1.414214 ~ 1.414213
1.41421356237 ~ 1.41421356238
\sqrt{2} ~ 1.42
\frac{1}{7} ~ 0.142858
10^{20}+1 ~ 10^{20}
\ln(10^{30}+1) ~ \ln(10^{30})
e^{\pi\sqrt{163}} ~ 262537412640768744
\sin(\pi+10^{-20}) ~ 0
2^{64} ~ 2^{64}-1
2^{64} ~ 18446744073709551615
100! ~ 100!+1
没有 ~ 有
无解 ~ 有解
x=1 ~ x=1或2
"""


def read_pairs(text):
    return [tuple(part.strip() for part in line.split(" ~ ")) for line in text.splitlines() if line]
