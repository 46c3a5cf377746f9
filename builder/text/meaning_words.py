"""Closed sets of words that carry meaning, however small a part of a text they are.

English, with what is frequent in the other languages that Cotloom knows; a word of none of these sets is compared like
any other.
"""

from collections.abc import Mapping

_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
).split()

_TENS = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}

_AMOUNTS = """
hundred hundreds thousand thousands million millions billion dozen dozens half halves third thirds quarter
quarters twice thrice once double doubled doubles triple tripled triples percent percentage zwei drei vier fünf
sechs sieben acht neun zehn hundert tausend deux trois quatre cinq sept huit neuf dix cent mille dos tres cuatro
cinco seis siete ocho nueve diez cien mil
"""

_NEGATIONS = """
not no never none nothing nobody nowhere neither nor cannot without except unless hardly nicht kein keine keinen
nie niemals ohne weder ne pas jamais rien aucun aucune sans ni nunca ningún ninguna sin
"""

_BOUNDS = """
least most almost about nearly approximately roughly exactly than by if mindestens höchstens moins plus menos
más
"""

MARKS: Mapping[str, str] = {
    **{word: word for words in (_AMOUNTS, _NEGATIONS, _BOUNDS) for word in words.split()},
    **{word: str(value) for value, word in enumerate(_NUMBERS)},
    **{word: str(value) for word, value in _TENS.items()},
    "cannot": "not",
}  # fmt: skip
"""Words that two texts must have in the same order, and what each counts as."""

UNSPACED_MARKS = frozenset("零一二两兩三四五六七八九十百千万萬亿億半倍不没沒无無非未别別否勿")
"""Characters that two texts must have in the same order."""

_SETS = """
left right straight back forward backward forwards backwards
up down
above below under over beneath
top bottom middle
north south east west northern southern eastern western
front behind rear
before after during until since
earlier later
early late
previous next
first last
first second third fourth fifth sixth seventh eighth ninth tenth last
more less fewer
most least fewest
greater smaller larger lower higher less
bigger smaller
big small
large small
high low
long short
longer shorter
tall short
taller shorter
old young new
older younger newer
oldest youngest newest
heavy light
heavier lighter
fast slow
faster slower
cheap expensive
cheaper dearer costlier
rich poor
full empty
hot cold warm cool
wet dry
hard soft easy
maximum minimum
max min
largest smallest
highest lowest
longest shortest
add subtract multiply divide
adds subtracts multiplies divides
added subtracted multiplied divided
adding subtracting multiplying dividing
addition subtraction multiplication division
plus minus times
sum difference product quotient
increase decrease
increases decreases
increased decreased
increasing decreasing
gain lose
gains loses
gained lost
gain loss
profit loss
win lose
wins loses
won lost
buy sell
buys sells
bought sold
buying selling
give take
gives takes
gave took
given taken
lend borrow
earn spend
earns spends
earned spent
open close
opens closes
opened closed
open closed
start stop
starts stops
begin end
begins ends
come go
enter leave
enters leaves
push pull
rise fall
rises falls
rose fell
on off
in out
into outof
inside outside
from to
with without
for against
and or
both either neither
all some none any few several many
every some no
always never sometimes often usually rarely
possible impossible
must may cannot
true false
truth lie
truths lies
truthful liar
yes no
right wrong
correct incorrect wrong
valid invalid
even odd
positive negative
inclusive exclusive
same different
equal unequal
similar opposite
sufficient necessary
accept reject
accepted rejected
pass fail
passes fails
passed failed
alive dead
male female
man woman boy girl
men women boys girls
he she
him her
his her hers
husband wife
brother sister
brothers sisters
father mother
son daughter
uncle aunt
king queen
parent child
teacher student
day night
am pm
morning noon afternoon evening night
today tomorrow yesterday
monday tuesday wednesday thursday friday saturday sunday
mondays tuesdays wednesdays thursdays fridays saturdays sundays
january february march april may june july august september october november december
second minute hour day week month year decade century
seconds minutes hours days weeks months years decades
daily weekly monthly yearly annually hourly
spring summer autumn fall winter
red orange yellow green blue purple violet pink brown black white gray grey teal magenta turquoise burgundy gold
    silver fuchsia mauve crimson maroon indigo cyan beige
millimeter centimeter meter kilometer inch foot yard mile
mm cm m km in ft yd mi
millimeters centimeters meters kilometers inches feet yards miles
gram kilogram ounce pound ton
grams kilograms ounces pounds tons
milliliter liter gallon quart pint cup
milliliters liters gallons quarts pints cups
cent dollar euro pound
cents dollars euros pounds
penny nickel dime quarter
pennies nickels dimes quarters
square cube
squared cubed
perimeter area volume
radius diameter circumference
length width height depth
numerator denominator
mean median mode
sine cosine tangent
row column
rows columns
clockwise counterclockwise anticlockwise
horizontal vertical
odd even
prime composite
rechts links
vor nach
mehr weniger
gauche droite
avant après
plus moins
izquierda derecha
antes después
más menos
oben unten
und oder
et ou
y o
wahr falsch
vrai faux
verdadero falso
"""
"""One set of words a line; a line that is indented goes on."""

_CHARACTERS = (
    "左右",
    "上下",
    "前后後",
    "东西南北東",
    "大小",
    "多少",
    "高低",
    "长短長",
    "加减乘除減",
    "增减減",
    "男女他她",
    "真假",
    "早晚",
    "先后後",
    "买卖買賣",
    "内外",
    "进出進",
    "开关開閉",
    "红黄蓝绿黑白紫橙紅藍綠",
    "年月日时分秒時",
    "正负負",
    "奇偶",
    "和或",
    "快慢",
)
"""The same for characters of scripts without blanks."""


def _list_contrasts() -> dict[str, frozenset[str]]:
    lines = _SETS.replace("\n    ", " ").strip().split("\n")
    contrasts: dict[str, set[str]] = {}
    for members in (*(line.split() for line in lines), *map(list, _CHARACTERS)):
        for word in members:
            contrasts.setdefault(word, set()).update(members)
    return {word: frozenset(others - {word}) for word, others in contrasts.items()}


CONTRASTS: Mapping[str, frozenset[str]] = _list_contrasts()
"""For each word of a closed set those that say something else in its place."""

NEGATIVE_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non", "anti", "mis")
"""A word with one of them denies the word without."""

FILLERS = frozenset(
    """
    a an the this that these those there here it its itself he she they we you i him her them us me his hers
    their our your my who whom which what whose is are was were be been being am has have had having do does
    did will would can could should shall may might must of to in on at for from with as into onto over and
    or but so then thus hence therefore now next first finally also too just simply only again still already
    yet well let lets get gets getting got since because when where while after before that's it's he's
    she's let's we'll up out off all each every any some per total altogether overall namely means mean
    meaning know find calculate compute need needs want
    """.split()
)
"""Words whose place changes little."""
