"""The words by which `masking` tells names, numbers and days from other words, in lower case."""


def _split(words: str) -> frozenset[str]:
    return frozenset(words.split())


SCALES = _split("hundred thousand million billion trillion dozen hundreds thousands millions billions dozens")
"""Words that go on with the number before them."""

NUMBERS = SCALES | _split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety half zwei drei vier fünf "
    "sechs sieben acht neun zehn elf zwölf zwanzig hundert tausend deux trois quatre cinq sept huit neuf dix onze "
    "douze vingt trente quarante cinquante cent mille dos tres cuatro cinco seis siete ocho nueve diez once doce "
    "veinte treinta cuarenta cincuenta cien mil"
)
"""Numbers in words. `six` is French too; articles and `on` are no numbers."""

AFTER_NUMBERS = SCALES | _split(
    "halves thirds fourths quarters fifths sixths sevenths eighths ninths tenths twelfths hundredths"
)
"""Words that are a part of the number before them, in digits or in words: 3 million, two thirds."""

ORDINALS = _split("half third fourth quarter fifth sixth seventh eighth ninth tenth hundredth first second")
"""Words that are a part of the number before them where that is in words: one half, twenty-first."""

DAYS = _split(
    "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays "
    "saturdays sundays january february april june july august september october november december"
)
"""Weekdays and months."""

SHORT_DAYS = _split("May March Mar Apr Jun Jul Aug Sept Sep Oct Nov Dec Jan Feb Mon Tue Wed Thu Fri Sat")
"""Those that are known by their capital: one may march without it."""

TITLES = _split(
    "mr mrs ms miss dr prof professor sir madam uncle aunt coach captain president king queen prince princess "
    "doctor st mme herr frau señor señora monsieur madame"
)
"""Words that belong to the name behind them."""

PRONOUNS = _split("he she his her hers him himself herself er sie il elle él ella")
"""Words that speak of a person."""

SAME_PRONOUN = {"she": "he", "her": "his", "hers": "his", "him": "his", "herself": "himself"}
"""One word for the pronouns of women and men. `her` stands for both his and him."""

ADVERBS = _split(
    "also only then just already still now currently originally initially recently first usually always never "
    "once often each both all later finally really actually probably"
)
"""Words between a person and what the person does."""

PEOPLE_DO = _split(
    "'s ’s had has ate bought gave sold took made found went read wrote drove ran won lost spent paid got kept "
    "left put sent brought caught drew drank grew knew saw swam swims told thought taught threw wore built cut "
    "hid held met rode sang slept stole swept lent dug fed flew bet began broke chose did does wants needs likes "
    "loves buys sells makes gives takes eats reads plays runs walks works earns saves spends collects bakes "
    "drives lives plans gets goes starts finds decides uses sees thinks knows pays keeps drinks writes sends "
    "brings puts feels feeds grows knits sews paints picks cooks prepares orders owns rents invests owes borrows "
    "lends hosts attends visits travels drops wins loses bikes rides types weighs scores receives hires raises "
    "donates shares enjoys packs plants sleeps watches teaches notices practices exercises wakes adds throws "
    "trains joins leaves calls tries cuts carries counts stores hat hatte kauft kaufte gibt gab isst aß verkauft "
    "verkaufte bekommt liest möchte tiene tenía compra compró vende da dio come a acheté avait achète vend donne "
    "mange possède"
)
"""What people do in stories; nouns of the plural among them are left out."""

THINGS_DO = _split("is was will can could would must should might may costs needed wanted ist war est était es era")
"""What people and things do: a pronoun must speak of a person beside it."""

PLURAL_OR_PAST = _split(
    "had ate gave took made found went ran won lost spent got kept left brought grew flew sold began broke did "
    "will can could would must should might may"
)
"""What a plural does in the same form: words in `s` before it are names only where a pronoun speaks of a person."""

DETERMINERS = _split("a an the this that these those each every some any no many few his her their its my your our")
"""Words behind which a word without a capital is no name."""

GERMAN = _split("der die das und ein eine einen ist sind wie viele viel den dem von zu mit kostet hat im es sie er")
"""Words by which German is known, where every noun has a capital."""

NO_NAMES = (
    NUMBERS
    | DAYS
    | _split(
        "i a an the this that these those each every some any no all both half most more many few several much "
        "another other others such one ones none he she it we you they his her its my your our their him them us me "
        "who whom whose which what when where why how if unless while whenever after before until since because as at "
        "in on by for from to of off with without within into onto over under between among during about around near "
        "per out up down along across through then later now finally first second third next last afterwards today "
        "yesterday tomorrow tonight here there however therefore thus so but and or nor not yet also only just still "
        "already currently originally initially recently usually always never once twice often together altogether "
        "suppose assume consider given let find compute calculate determine solve evaluate simplify express write "
        "show prove explain answer round choose is are was were be been has have had do does did can could will would "
        "shall should may might must everyone everybody someone somebody nobody anyone everything something nothing "
        "people students children kids friends men women workers girls boys adults parents teachers customers "
        "visitors mr mrs ms dr yes ok please unfortunately fortunately luckily additionally meanwhile moreover "
        "furthermore hint note step question problem example let's it's there's that's what's here's der die das ein "
        "eine einen im am in wie wenn nach vor jeder jede es und el la los las un una en si cada cuántos cuántas "
        "cuánto le les des du dans combien chaque"
    )
)
"""Words that begin sentences and are no names."""
