"""The words of a text as contents are compared: numbers, names and days masked, the others without their endings."""

from functools import lru_cache

from ..masking import DAY, NAME, NUMBER, mask_words

MASKS = frozenset({NUMBER, NAME, DAY})
"""Words that stand for others."""

_ENDINGS = ("ingly", "edly", "ing", "ed", "ies", "es", "s", "ly", "er")
_SHORTEST = 3
"""The fewest letters that stay where an ending goes."""

_COMMON_WORDS = """
a about after all also an and any are as at be been before but by can could did do does each every for from get got had
has have he her him his how if in into is it its less many more most much no not of on one only or other out over per
she should so some than that the their them then there they this to total up was were what when where which while who
why will with would you your i we our us my me these those both between during because until since through same own now
answer calculate find following given question show solve write
aus bei das den der des die ein eine einen er es für hat ihr im in ist mit nach sie sind und viele von wie zu
al como con cuántas cuántos de del el en es hay la las le les los más para por que se si su sus tiene un una y
au aux avec ce combien dans de des du elle en est et il le les leur par pour qui sa ses son sur un une
の は が を に で と も か た な い う す る し て ま れ あ ら ん 何
个 的 了 是 有 在 多 少 和 他 她 每 一 共 到 把 从 这 那 请 问 几
"""
"""Words and characters that texts have whatever they are about."""


_SAME = """
buy bought purchase purchased acquire acquired; sell sold; give gave given; get got gotten receive obtain; go went
gone travel; spend spent pay paid; eat ate eaten consume; drink drank drunk; make made produce create; take took
taken; run ran; drive drove driven; write wrote written; read; find found; lose lost; keep kept; leave left remain
remaining; begin began begun start commence; come came; see saw seen; know knew known; think thought; build built
construct; grow grew grown; catch caught; hold held contain; bring brought; teach taught; sleep slept; win won; cut;
put; fly flew flown; swim swam swum; ride rode ridden; throw threw thrown; cost price; money cash; child children kid;
big large; small little; store shop; total altogether sum overall; need require; use utilize; want wish; work labor
labour; house home; person people; man men; woman women; foot feet; tooth teeth; mouse mice; quick fast; near close;
car vehicle; bike bicycle; mother mom mum; father dad; job task; present gift; picture photo photograph; trip journey;
end finish complete
"""
"""Forms of one word that no ending tells, and words that problems use one for another."""


@lru_cache(maxsize=1 << 16)
def reduce_word(word: str) -> str:
    """Replace a word in lower case by what stands for it and its synonyms, without its ending; see `cut_ending`."""
    stem = cut_ending(word)
    return _STANDS_FOR.get(word) or _STANDS_FOR.get(stem, stem)


def cut_ending(word: str) -> str:
    """Cut the ending of a word in lower case, so that its forms look alike; an approximation made for English.

    >>> [cut_ending(word) for word in ("buying", "buys", "stories", "story", "planned", "plans", "price", "prices")]
    ['buy', 'buy', 'story', 'story', 'plan', 'plan', 'pric', 'pric']
    """
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word[: -len(ending)] + ("y" if ending == "ies" else "")
            break
    if len(word) > _SHORTEST and word[-1] == word[-2] and word[-1] not in "aeou":
        word = word[:-1]
    return word[:-1] if len(word) > _SHORTEST and word[-1] == "e" else word


_STANDS_FOR = {
    form: group.split()[0] for group in _SAME.split(";") for word in group.split() for form in (word, cut_ending(word))
}
"""What stands for each word of `_SAME`, and for its stem."""

COMMON = frozenset(map(reduce_word, _COMMON_WORDS.split()))
"""Their stems."""


def list_stems(text: str) -> list[str]:
    """List the words of a text: masked ones as their mask, the others as stems. Characters where words aren't spaced.

    >>> list_stems("Ann's cats ate 3 mice on Monday.")
    ['@', 's', 'cat', 'eat', '#', 'mouse', 'on', '~']
    """
    return [reduce_word(word) for word in mask_words(text)]
