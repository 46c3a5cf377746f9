"""Words and sentence frames of the generated problems. All invented for this benchmark.

A frame is a sentence with fields in braces; each field is filled from the pool of its name. Frames are compiled once,
because millions of them are filled.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

Chance = Callable[[], float]
"""`Random.random`: a number in [0, 1)."""

Frame = tuple[str, tuple[str, ...]]
"""A text with `%s` for each field, and the names of the fields."""

Pools = Mapping[str, Sequence[str]]
"""Words by the name of a field."""

_FIELD = re.compile(r"\{(\w+)\}")

NOUNS = (
    "anchors apples arrows badges bags banners barrels baskets batteries beads bells belts bicycles blankets boats "
    "bolts bones books boots bottles bowls boxes bracelets bricks brooms brushes buckets bulbs buttons cabinets "
    "cables candles canvases cards carpets carrots cases chains chairs charts chests clocks coats coils coins combs "
    "compasses cones cookies corks crates crayons crowns cups curtains cushions desks dishes dolls doors drums eggs "
    "engines envelopes fans feathers fences files flags flasks flowers flutes folders forks frames funnels gears "
    "gloves goggles hammers hampers handles harps hats helmets hinges hooks hoses jackets jars kettles keys kites "
    "knives ladders lamps lanterns leaflets lemons lenses letters levers locks logs looms magnets mangoes maps "
    "marbles masks mats medals melons mirrors mittens mops motors mugs nails necklaces needles nets notebooks nuts "
    "oars onions oranges ovens paddles paintings pans parcels pears pegs pencils pendants pens pianos pillows pins "
    "pipes pistons plants plates plugs pots pulleys pumps puppets quilts rafts rakes ribbons rings robes rods ropes "
    "rugs rulers sacks saddles sails saws scarves scissors screws seeds shelves shells shirts shovels sieves signs "
    "sleds sofas spades spoons springs stamps statues stools stoves straps tables tapes tents tickets tiles timers "
    "tins torches towels toys trays trunks tubes umbrellas urns vases violins wagons walnuts washers watches wheels "
    "whistles windows wires wreaths yarns zippers"
).split()

ADJECTIVES = (
    "amber ancient angular azure bitter black blue blunt bold braided brass brief bright brittle broad bronze brown "
    "calm carved cheap clean coarse cold coloured copper costly cracked crimson crooked curved damp dark deep dense "
    "dim dry dusty early empty faded faint fancy firm flat foreign fragile fresh glossy golden grand green grey heavy "
    "hidden hollow huge humble iron ivory jagged large late lean light little local long loose loud lucky matte mild "
    "modern muddy narrow neat new noisy oak odd old olive orange oval pale patched plain polished poor proud purple "
    "quiet rapid rare red remote rigid ripe rough round rusty scarlet sealed sharp shiny short silent silver simple "
    "sleek slim slow small smooth soft solid sour spare square stale steep sticky stiff striped strong sturdy sweet "
    "tall tame thick thin tidy tiny torn tough vast violet warm weak wet white wide wild wooden worn woven yellow "
    "young"
).split()

JOBS = (
    "actor architect artist astronomer baker banker barber beekeeper biologist blacksmith bookbinder botanist builder "
    "butcher captain carpenter caterer chemist clerk cobbler collector conductor cook cooper courier curator dancer "
    "dentist designer director diver doctor driver editor electrician engineer farmer fisher florist gardener "
    "geologist glazier grocer guard guide harvester historian innkeeper inspector jeweller joiner journalist judge "
    "keeper lawyer librarian locksmith mason mechanic merchant miller miner musician nurse optician painter "
    "pharmacist physicist pilot plumber poet porter potter printer professor ranger roofer sailor sculptor secretary "
    "shepherd singer steward surveyor tailor tanner teacher translator trader tutor vet violinist warden watchmaker "
    "weaver welder writer"
).split()

PLACES = (
    "airport archive arena attic bakery balcony barn basement bay bridge cabin camp canal canteen castle cellar "
    "chapel clinic cloister college corner corridor courtyard depot dock factory farm ferry field forest fort gallery "
    "garage garden gate granary hall harbour hotel island kitchen laboratory lake library lighthouse lodge loft "
    "market meadow mill mine monastery museum nursery office orchard palace park pavilion pier plaza port pottery "
    "quarry quay ranch reservoir school shed shop square stable stadium station storeroom studio tavern temple "
    "terrace theatre tower tunnel valley vault village warehouse wharf workshop yard"
).split()

VERBS = (
    "admired arranged bought borrowed brought carried catalogued checked chose cleaned collected counted covered "
    "delivered described displayed divided donated drew dropped emptied examined exchanged fetched filled finished "
    "fixed folded found gathered guarded hid hung imported inspected kept labelled lent lifted listed loaded lost "
    "marked measured mended missed moved named noticed offered ordered packed painted photographed picked placed "
    "polished praised prepared presented produced promised pushed raised rearranged received recorded refused "
    "repaired replaced requested returned rolled sealed selected sent shipped showed sketched sorted stacked stored "
    "studied tested tied traded transported treated tried unpacked used valued visited washed watched weighed wrapped"
).split()

TIMES = (
    "Early in the morning|Just before noon|In the afternoon|Late in the evening|On Monday|On Tuesday|On Wednesday|"
    "On Thursday|On Friday|On Saturday|On Sunday|In spring|In summer|In autumn|In winter|Two days later|A week later|"
    "Last month|Last year|Before the holidays|After the storm|During the festival|At the end of the season|"
    "Shortly afterwards|After a long discussion|Without much notice|As agreed|Against all advice|For the first time|"
    "Once the road was open|Before the meeting|While the others rested"
).split("|")

ADVERBS = (
    "already apparently barely briefly carefully clearly closely eagerly easily finally firmly formally gently gladly "
    "hastily highly honestly kindly largely lately loudly mainly mostly nearly neatly nicely normally openly partly "
    "patiently plainly politely proudly quickly quietly rarely readily recently roughly sadly safely secretly seldom "
    "silently simply slowly solely soundly steadily strictly suddenly surely swiftly usually warmly wisely"
).split()

_ONSETS = "b br c ch d dr f fl g gl gr h j k kr l m n p pl qu r s sh sk sl st t th tr v w y z".split()
_VOWELS = "a ai au e ea ei i ia io o oa ou u ui".split()
_CODAS = ("", "", "l", "m", "n", "nd", "r", "rn", "s", "sk", "st", "th", "x", "ll", "ck", "rt")


def invent_names(number: int) -> list[str]:
    """Invent so many different names from syllables; always the same ones."""
    chance = Random("names")
    names: dict[str, None] = {}
    while len(names) < number:
        sounds = (_ONSETS, _VOWELS, _CODAS) * chance.choice((2, 2, 3))
        names["".join(map(chance.choice, sounds)).capitalize()] = None
    return list(names)


WORDS: dict[str, Sequence[str]] = {
    "name": invent_names(4_000),
    "noun": NOUNS,
    "adj": ADJECTIVES,
    "job": JOBS,
    "place": PLACES,
    "verb": VERBS,
    "time": TIMES,
    "adv": ADVERBS,
}
"""The pool of every field that does not belong to a problem."""


def compile_frames(text: str) -> list[Frame]:
    """Compile one frame from each line."""
    return [(_FIELD.sub("%s", line), tuple(_FIELD.findall(line))) for line in text.strip().splitlines()]


def fill(frame: Frame, pools: Pools, chance: Chance) -> str:
    """Fill each field of a frame with a random word of its pool.

    >>> fill(compile_frames("A {adj} day.")[0], {"adj": ["long"]}, Random(0).random)
    'A long day.'
    """
    text, fields = frame
    return text % tuple([(pool := pools[field])[int(chance() * len(pool))] for field in fields])


CONTEXT = compile_frames("""
{time}, the {adj} {place} near {name} was {adv} full of {adj} {noun}.
{name} is a {job} who {adv} {verb} the {adj} {noun} of a {adj} {place}.
The {job} of {name} {adv} {verb} {adj} {noun} beside the {place}.
{time}, a {adj} {job} {verb} some {noun}, and {name} {verb} the {noun}.
Nobody at the {place} knew why the {noun} were so {adj}.
The {place} of {name} is known for {adj} {noun} and {adj} {noun}.
{time}, {name} and {name} {adv} {verb} the {noun} behind the {place}.
A {job} from {name} once said that {adj} {noun} are never {adj}.
There were also {noun}, {noun} and a few {adj} {noun} in the {place}.
The {adj} road from {name} to {name} leads past a {adj} {place}.
{name}, a {adj} {job}, had {adv} {verb} the {noun} of the {place}.
It was a {adj} day, and the {job} {verb} the {noun} {adv}.
The {noun} in the {place} belong to {name}, whose {job} is {adv} {adj}.
{time}, all {adj} {noun} were {adv} {verb} at the {place} in {name}.
According to {name}, the {noun} were {adj} rather than {adj}.
The sign on the {place} reads: {adj} {noun}, {adj} {noun}, ask for {name}.
Some of the {noun} came by ferry from {name}, where every {job} is {adj}.
{name} {verb} a letter about {noun} to the {job} of the {adj} {place}.
In {name}, people {adv} prefer {adj} {noun} to {adj} {noun}.
The {adj} {place} has a {adj} door, a {adj} roof and many {noun}.
""")
"""What a question tells beside its facts."""

THOUGHTS = compile_frames("""
The part about the {noun} does not matter here.
Note that the {place} is mentioned only in passing.
I {adv} read the question again to be sure about {who}.
What is said about {adj} {noun} has no influence on this.
Let me keep in mind what {who} did before going on.
This is {adv} the point where a mistake would be easy to make.
It does not matter whether the {noun} are {adj} or {adj}.
The {job} is mentioned, but nothing depends on the {job}.
That follows {adv} from what the text says about {who}.
So far this fits with everything we know about {who}.
Nothing in the text speaks against this, and the {adj} {noun} change nothing.
One could think of the {noun} first, but the question asks for something else.
The statement on {who} is the one that counts.
Everything else, such as the {place}, can be left aside.
We should be careful not to confuse {who} with {other}.
The order in which {who} and {other} are named is {adv} important.
In other words, {who} comes into it only once.
We may {adv} ignore the {noun} and look at {who}.
Since {who} is given directly, no guess is needed.
This agrees with the first lines, where {who} is introduced.
Reading it {adv}, the {noun} only describe the scene.
Before the next step, remember that {other} is a different matter.
It would be wrong to bring {other} into this step.
The text gives this {adv}, so it can be used as it is.
""")
"""What a rationale says between its steps; `who` and `other` are of the problem."""

UNSURE = compile_frames("""
However, it is hard to say what follows from all of this.
From here on the text about {who} is too unclear to go on.
I would need to know more about {who} before deciding.
This could be read in several ways, so nothing certain can be said.
""")
"""How an answer ends that states no answer."""
