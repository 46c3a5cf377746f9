"""Alignment against a reference that compares every token with every other, character by character."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from cotloom.builder.format.templates import SolvedProblem, format_rationale
from cotloom.builder.student.distillation.alignment import align_by_characters, find_matching_blocks
from cotloom.builder.student.distillation.alignment_fu import _trace_path, align_fu
from cotloom.builder.student.distillation.targets import SoftTarget, measure_soft_share
from cotloom.builder.student.distillation.vocabulary import decode_vocabulary, make_token_lookup
from cotloom.schemas.sample import Alternative, TokenLogprob

TEXT = "So 4 eggs\ncost 4 × 12 = 48 cents. The answer is 48."
PROSE = "We had three eggs and two more, so there are five. The answer is five."
WORDS = sorted({*PROSE.split(), "five", "four", "six", "He", "A"})
END, UNKNOWN = "</s>", "<unk>"


def make_token(piece, chance=0.9, **others):
    listed = {piece: chance, **others}
    top = tuple(Alternative(token=text, logprob=log(share)) for text, share in listed.items())
    return TokenLogprob(token=piece, logprob=log(chance), top=top)


def make_spans(text, places):
    """The spans between cuts of a text."""
    ends = sorted({place for place in places if 0 < place < len(text)} | {len(text)})
    return [(start, end) for start, end in zip([0, *ends], ends, strict=False) if start < end]


# What characters come from the teacher


def list_covered(blocks):
    return [place for block in blocks for place in range(block.target_start, block.target_start + block.length)]


@pytest.mark.parametrize(
    ("teacher", "target", "blocks"),
    [
        ("4 + 3 = 7.", "4 + 3 = 7.", [(0, 0, 10)]),
        ("4+3=<<4+3=7>>7 eggs", "4+3=7 eggs", [(0, 0, 4), (13, 4, 6)]),
        ("4+3=<<4+3=7>>7 eggs", "4+3=<<4+3=7>>7 eggs", [(0, 0, 19)]),
        ("  Add: 7. So it is 7", "Add: 7.\nThe answer is 7.", [(2, 0, 7)]),
        ("<<1>> Add", " Add --> 7 END", [(5, 0, 4)]),
        ("Add", "Take", []),
        ("", "", []),
        (" \n", " ", []),
    ],
)
def test_the_map_names_the_runs_between_what_was_removed(teacher, target, blocks):
    assert find_matching_blocks(teacher, target) == blocks


@given(st.text("a<>1 \n", max_size=30), st.text("a<>1 \n", max_size=30))
@settings(max_examples=300, deadline=None)
def test_blocks_stand_in_order_and_hold_the_same_characters(teacher, target):
    blocks = find_matching_blocks(teacher, target)
    ends = [(0, 0), *((block.teacher_start + block.length, block.target_start + block.length) for block in blocks)]
    for block, (teacher_end, target_end) in zip(blocks, ends, strict=False):
        assert block.teacher_start >= teacher_end
        assert block.target_start >= target_end
        assert block.length
        mine = teacher[block.teacher_start :][: block.length]
        assert mine == target[block.target_start :][: block.length]


@given(st.text("a<>1 \n", max_size=30).filter(str.strip))
@settings(max_examples=200, deadline=None)
def test_a_text_that_nobody_touched_is_one_block(text):
    assert find_matching_blocks(text, text) == [(0, 0, len(text))]


@given(st.lists(st.sampled_from(["We add. ", "<<4+3=7>>", "4 + 3 = ", "7", "\n", " ", "×"]), max_size=12))
@settings(max_examples=200, deadline=None)
def test_all_of_a_rationale_that_a_format_closed_is_found(pieces):
    text = "".join(pieces)
    kept = SolvedProblem(question="?", answer="7", text=f"{text}\n\nThe answer is 7.", answer_start=len(text) + 16)
    target = format_rationale(kept)
    length = max(0, len(target) - len("\nThe answer is 7."))
    assert set(range(length)) <= set(list_covered(find_matching_blocks(kept.text, target)))


# Alignment


def align_by_comparison(teacher, spans, ids, blocks, lookup):
    """Targets by comparing each position with each of the teacher's tokens."""
    origin = {
        block.target_start + place: block.teacher_start + place for block in blocks for place in range(block.length)
    }
    text = "".join(token.token for token in teacher)
    targets = []
    for position, own in enumerate(ids):
        characters = _find_characters(spans, position, origin)
        before = _find_characters([*spans, (spans[position][0] - 1, spans[position][0])], -1, origin)
        spaced = [*before, *characters]
        spells = lookup.get("".join(text[place] for place in spaced)) == own
        if before and characters and spells and text[before[0]] == " " and before[0] + 1 == spaced[1]:
            characters = spaced
        targets.append(_make_expected_target(_find_token(teacher, characters), own, lookup))
    return targets


def _find_characters(spans, position, origin):
    """The teacher's characters that a token covers; none where another token covers one of them."""
    own = range(*spans[position])
    others = {at for place, span in enumerate(spans) if place != position % len(spans) for at in range(*span)}
    return [] if others & set(own) or not set(own) <= set(origin) else [origin[at] for at in own]


def _find_token(teacher, characters):
    for place, token in enumerate(teacher):
        begin = sum(len(other.token) for other in teacher[:place])
        is_split = place > 0 and not teacher[place - 1].token
        if token.token and not is_split and characters == list(range(begin, begin + len(token.token))):
            return token
    return None


def _make_expected_target(token, own, lookup):
    if token is None:
        return None
    listed = {}
    for piece, logprob in [(token.token, token.logprob), *((other.token, other.logprob) for other in token.top)]:
        if piece and piece not in listed:
            listed[piece] = exp(logprob)
    whole = sum(listed.values())
    if whole > 1.01:
        return None
    lead = " " if lookup.get(token.token) != own and lookup.get(" " + token.token) == own else ""
    shares = {own: listed.pop(token.token)}
    for piece, chance in listed.items():
        if lead + piece in lookup:
            shares[lookup[lead + piece]] = shares.get(lookup[lead + piece], 0) + chance
    shares = {place: share / max(1, whole) for place, share in shares.items()}
    return shares, max(0, 1 - sum(shares.values()))


@st.composite
def cases(draw):
    """A teacher's tokens, a target made from its text in some way, and a student that cuts it elsewhere."""
    pieces = st.sampled_from(["ab", " ab", " ", "<<a=b>>", "=", "\n", "<", "×"])
    text = "".join(draw(st.lists(pieces, max_size=8)))
    teacher = [_draw_token(draw, text[start:end]) for start, end in _draw_spans(draw, text)]
    for place in draw(st.lists(st.integers(0, len(teacher)), max_size=1)):
        teacher.insert(place, _draw_token(draw, ""))
    kept = text.replace("<<a=b>>", "") if draw(st.booleans()) else text
    target = kept.strip()[: draw(st.integers(0, 40))] + draw(st.sampled_from(["", "\nab", " --> a"]))
    spans = _draw_spans(draw, target)
    for place in draw(st.lists(st.integers(0, max(0, len(spans) - 1)), max_size=2)):
        spans = _draw_unusual_spans(draw, spans, place, target)
    pool = sorted({"ab", " ab", "a", "b", " ", *(target[start:end] for start, end in spans)})
    lookup = draw(st.dictionaries(st.sampled_from(pool), st.integers(0, 9)))
    ids = [draw(st.sampled_from([lookup.get(target[s:e], 7), lookup.get(" " + target[s:e], 8), 9])) for s, e in spans]
    return teacher, spans, ids, find_matching_blocks(text, target), lookup


def _draw_spans(draw, text):
    return make_spans(text, draw(st.lists(st.integers(0, max(1, len(text))), max_size=len(text))))


def _draw_token(draw, piece):
    chances = st.floats(0.001, 0.3)
    top = draw(st.lists(st.tuples(st.sampled_from(["ab", " ab", "a", "b", "", piece]), chances), max_size=4))
    alternatives = tuple(Alternative(token=text, logprob=log(chance)) for text, chance in top)
    return TokenLogprob(token=piece, logprob=log(draw(chances)), top=alternatives)


def _draw_unusual_spans(draw, spans, place, text):
    """A token of no width, two that share their characters, or one whose space is left out."""
    if place >= len(spans):
        return spans
    start, end = spans[place]
    bare = (start + 1, end) if text[start] == " " and end > start + 1 else (start, end)
    changed = draw(st.sampled_from([[(0, 0), (start, end)], [(start, end), (start, end)], [bare]]))
    return [*spans[:place], *changed, *spans[place + 1 :]]


@given(cases())
@settings(max_examples=500, deadline=None)
def test_alignment_finds_what_comparing_every_pair_of_tokens_finds(case):
    found = align_by_characters(*case)
    expected = align_by_comparison(*case)
    assert [target is None for target in found] == [target is None for target in expected]
    for target, wanted in zip(found, expected, strict=True):
        if target is not None and wanted is not None:
            shares, rest = wanted
            assert dict(zip(target.ids, target.probs, strict=True)) == pytest.approx(shares)
            assert target.rest == pytest.approx(rest, abs=1e-9)


@given(cases())
@settings(max_examples=200, deadline=None)
def test_a_soft_target_is_a_distribution_that_begins_with_the_position_s_own_token(case):
    for target, own in zip(align_by_characters(*case), case[2], strict=True):
        if target is not None:
            assert target.ids[0] == own
            assert len(set(target.ids)) == len(target.ids) == len(target.probs)
            assert sum(target.probs) + target.rest == pytest.approx(1)
            assert min(*target.probs, target.rest) >= 0


def test_alternatives_that_no_single_token_spells_are_part_of_the_rest():
    teacher = [make_token("A", 0.5, The=0.2, Thus=0.2)]
    (target,) = align_by_characters(teacher, [(0, 1)], [3], find_matching_blocks("A", "A"), {"A": 3, "The": 4})
    assert target.ids == (3, 4)
    assert target.probs == pytest.approx((0.5, 0.2))
    assert target.rest == pytest.approx(0.3)


def test_probabilities_a_little_above_one_are_scaled_and_far_above_one_are_no_distribution():
    blocks = find_matching_blocks("A", "A")
    (target,) = align_by_characters([make_token("A", 0.9, The=0.105)], [(0, 1)], [3], blocks, {"The": 4})
    assert target.probs == pytest.approx((0.9 / 1.005, 0.105 / 1.005))
    assert target.rest == pytest.approx(0)
    assert align_by_characters([make_token("A", 0.9, The=0.8)], [(0, 1)], [3], blocks, {"The": 4}) == [None]


def test_tokens_behind_a_removed_mark_keep_their_soft_targets():
    pieces = ["4", "+", "3", "=", "<<", "4+3=7", ">>", "7", ".\n", "Done"]
    target = "4+3=7.\nDone"
    spans = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 7), (7, 11)]
    blocks = find_matching_blocks("".join(pieces), target)
    found = align_by_characters([make_token(piece) for piece in pieces], spans, range(7), blocks, {})
    assert measure_soft_share(found) == 1
    glued = ["4+3", "=<<", "4+3=7", ">>7", ".\n", "Done"]
    found = align_by_characters([make_token(piece) for piece in glued], spans, range(7), blocks, {})
    assert [target is not None for target in found] == [False] * 5 + [True] * 2


def test_the_second_half_of_a_character_says_nothing_about_the_whole():
    teacher = [make_token("a"), TokenLogprob(token="", logprob=-0.1), make_token("🙂"), make_token("b")]
    found = align_by_characters(teacher, [(0, 1), (1, 2), (2, 3)], [1, 2, 3], find_matching_blocks("a🙂b", "a🙂b"), {})
    assert [target is not None for target in found] == [True, False, True]


def test_a_token_gets_the_space_before_it_only_where_that_is_nobody_s_and_the_teacher_s():
    lookup = {" ab": 1}

    def soft(pieces, target, *spans):
        blocks = find_matching_blocks("".join(pieces), target)
        found = align_by_characters([make_token(piece) for piece in pieces], spans, [1] * len(spans), blocks, lookup)
        return [one is not None for one in found]

    assert soft(["a", " ab"], "a ab", (0, 1), (2, 4)) == [True, True]
    assert soft(["a ", "ab"], "a ab", (0, 1), (2, 4)) == [False, False]
    assert soft(["a ", "ab"], "a ab", (0, 2), (2, 4)) == [True, True]
    assert soft([" ab"], "\nab", (1, 3)) == [False]


def test_nothing_is_aligned_where_there_is_nothing():
    assert align_by_characters([], [], [], [], {}) == []
    assert align_by_characters([], [(0, 1)], [1], [], {}) == [None]
    assert measure_soft_share([]) is None


@pytest.mark.parametrize("piece", [" ab", "<", "<<", "<<1>>", "<<1", ">", " "])
def test_long_texts_are_mapped_and_aligned_in_time(piece, ends):  # noqa: ARG001 - it fails a test that does not end
    text = "a" + piece * 50_000
    teacher = [make_token("a"), *[make_token(piece)] * 50_000]
    for target in (text, text.replace("<<1>>", ""), text[: len(text) // 2] + "b" + text[len(text) // 2 :]):
        spans = [(0, 1), *((1 + place * len(piece), 1 + (place + 1) * len(piece)) for place in range(len(target) // 9))]
        found = align_by_characters(teacher, spans, range(len(spans)), find_matching_blocks(text, target), {piece: 1})
        assert found[0] is not None


# Spelling


def make_fast_tokenizer(model, split, decoder, **special):
    whole = Tokenizer(model)
    whole.pre_tokenizer = split
    whole.decoder = decoder
    if special:
        whole.add_special_tokens(sorted(special.values()))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=whole, **special)
    tokenizer.clean_up_tokenization_spaces = False
    return tokenizer


def make_byte_level():
    whole = Tokenizer(models.BPE())
    whole.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, special_tokens=[END], show_progress=False)
    whole.train_from_iterator([PROSE, "four eggs", "six eggs"] * 3, trainer)
    whole.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=whole, eos_token=END)


def make_unigram(split):
    texts = [mark + word for word in WORDS for mark in ("▁", "")] + sorted({*"▁", *"".join(WORDS)})
    vocabulary = [(UNKNOWN, 0.0), (END, 0.0), *((text, -float(10 - len(text))) for text in dict.fromkeys(texts))]
    return make_fast_tokenizer(
        models.Unigram(vocabulary, unk_id=0), split, decoders.Metaspace(), eos_token=END, unk_token=UNKNOWN
    )


def make_sentence_piece():
    return make_unigram(pre_tokenizers.Metaspace())


def make_t5():
    return make_unigram(pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]))


def make_word_level():
    vocabulary = {word: place for place, word in enumerate([UNKNOWN, *WORDS])}
    model = models.WordLevel(vocabulary, unk_token=UNKNOWN)
    return make_fast_tokenizer(model, pre_tokenizers.WhitespaceSplit(), None, unk_token=UNKNOWN)


def make_word_piece():
    starts = ["two", "three", "and", "five", "eggs", "more", "so", "had", "We", "there", "The"]
    pieces = [
        UNKNOWN,
        *starts,
        *map(str, "abcdefghijklmnopqrstuvwxyz,."),
        *("##" + c for c in "abcdefghiklmnorstuvwx,."),
    ]
    model = models.WordPiece({piece: place for place, piece in enumerate(dict.fromkeys(pieces))}, unk_token=UNKNOWN)
    return make_fast_tokenizer(
        model, pre_tokenizers.WhitespaceSplit(), decoders.WordPiece(cleanup=False), unk_token=UNKNOWN
    )


KINDS = [make_byte_level, make_sentence_piece, make_t5, make_word_level, make_word_piece]


def split_tokens(tokenizer, text):
    """A teacher with the student's tokenizer: what each token adds to the text, likely, with some alternatives."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    texts = [tokenizer.decode(ids[: place + 1]) for place in range(len(ids))]
    return [later[len(before) :] for before, later in zip(["", *texts], texts, strict=False)]


@pytest.mark.parametrize("make", KINDS)
def test_a_teacher_with_the_student_s_own_tokenizer_is_aligned_everywhere(make):
    tokenizer = make()
    encoded = tokenizer(PROSE, add_special_tokens=False, return_offsets_mapping=True)
    pieces = split_tokens(tokenizer, PROSE)
    assert "".join(pieces) == PROSE
    found = align_by_characters(
        [make_token(piece) for piece in pieces],
        encoded["offset_mapping"],
        encoded["input_ids"],
        find_matching_blocks(PROSE, PROSE),
        make_token_lookup(tokenizer),
    )
    assert measure_soft_share(found) == 1


@pytest.mark.parametrize("make", KINDS)
def test_alternatives_find_the_tokens_that_the_student_would_write_in_their_place(make):
    tokenizer = make()
    place = PROSE.index(" three")
    text = PROSE[: place + len(" three")]
    for alternative in (" two", " five"):
        teacher = [make_token(PROSE[:place]), make_token(" three", 0.6, **{alternative: 0.3})]
        encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        other = tokenizer(PROSE[:place] + alternative, add_special_tokens=False)["input_ids"]
        *_, target = align_by_characters(
            teacher,
            encoded["offset_mapping"],
            encoded["input_ids"],
            find_matching_blocks(text, text),
            make_token_lookup(tokenizer),
        )
        assert target.ids == (encoded["input_ids"][-1], other[-1])


@pytest.mark.parametrize("make", KINDS)
def test_alternatives_of_the_first_word_are_spelled_as_a_first_word(make):
    tokenizer = make()
    encoded = tokenizer("We had", add_special_tokens=False, return_offsets_mapping=True)
    first = tokenizer("The had", add_special_tokens=False)["input_ids"][0]
    teacher = [make_token("We", 0.6, The=0.3), make_token(" had")]
    target, *_ = align_by_characters(
        teacher,
        encoded["offset_mapping"],
        encoded["input_ids"],
        find_matching_blocks("We had", "We had"),
        make_token_lookup(tokenizer),
    )
    assert target.ids == (encoded["input_ids"][0], first)


@pytest.mark.parametrize("make", KINDS)
def test_special_tokens_spell_nothing(make):
    tokenizer = make()
    assert set(tokenizer.all_special_ids).isdisjoint(make_token_lookup(tokenizer).values())
    assert tokenizer.all_special_ids


def test_bytes_of_a_character_spell_nothing_and_have_no_soft_target():
    tokenizer = make_byte_level()
    encoded = tokenizer(TEXT, add_special_tokens=False, return_offsets_mapping=True)
    spans = encoded["offset_mapping"]
    at = TEXT.index("×")
    assert sum(start <= at < end for start, end in spans) > 1
    found = align_by_characters(
        [make_token(one) for one in TEXT],
        spans,
        encoded["input_ids"],
        find_matching_blocks(TEXT, TEXT),
        make_token_lookup(tokenizer),
    )
    touching = {target for (start, end), target in zip(spans, found, strict=True) if start <= at < end}
    assert touching == {None}
    assert all("\ufffd" not in piece for piece in decode_vocabulary(tokenizer).values())


def test_of_several_ids_for_a_text_the_one_that_the_tokenizer_writes_is_taken():
    vocabulary = [(UNKNOWN, 0.0), ("<0x61>", 0.0), ("<0x7A>", 0.0), ("▁", -2.0), ("a", -2.0), ("▁z", -2.0)]
    tokenizer = make_fast_tokenizer(
        models.Unigram(vocabulary, unk_id=0, byte_fallback=True),
        pre_tokenizers.Metaspace(),
        decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(), decoders.Fuse()]),
        unk_token=UNKNOWN,
    )
    lookup = make_token_lookup(tokenizer)
    assert {1, 4} <= {token for token, piece in decode_vocabulary(tokenizer).items() if piece == "a"}
    assert (lookup["a"], lookup["z"], lookup[" z"]) == (4, 2, 5)


# Alignment by edit distance


def trace_by_hand(distances):
    """The cells of the cheapest way, filled and walked back cell by cell."""
    rows, columns = distances.shape
    totals = np.full((rows + 1, columns + 1), np.inf)
    totals[0, 0] = 0
    for row in range(rows):
        for column in range(columns):
            before = min(totals[row, column], totals[row, column + 1], totals[row + 1, column])
            totals[row + 1, column + 1] = distances[row, column] + before
    totals = totals[1:, 1:]
    row, column = rows - 1, columns - 1
    way = [(row, column)]
    while row or column:
        options = {
            (row - 1, column - 1): totals[row - 1, column - 1] if row and column else np.inf,
            (row - 1, column): totals[row - 1, column] if row else np.inf,
            (row, column - 1): totals[row, column - 1] if column else np.inf,
        }
        row, column = min(options, key=options.get)
        way.append((row, column))
    return way


@given(st.integers(1, 6), st.integers(1, 6), st.data())
@settings(max_examples=300, deadline=None)
def test_warping_by_rows_takes_the_way_that_warping_by_cells_takes(rows, columns, data):
    cells = data.draw(st.lists(st.integers(0, 3), min_size=rows * columns, max_size=rows * columns))
    distances = np.array(cells).reshape(rows, columns)
    assert list(_trace_path(distances)) == trace_by_hand(distances)


def test_fu_keeps_raw_probabilities_of_alternatives_that_the_vocabulary_has_verbatim():
    teacher = [
        make_token("So", 0.5, Thus=0.2),
        make_token(" four", 0.6, **{" five": 0.3, " sixty": 0.05}),
        make_token("\n"),
        make_token("12"),
    ]
    vocabulary = {"▁four": 1, "▁five": 2, "So": 3, "1": 4, "2": 5}
    first, second, third, fourth = align_fu(teacher, ["So", "▁four", "1", "2"], [3, 1, 4, 5], vocabulary)
    assert (first.ids, first.rest) == ((3,), 0)
    assert first.probs == pytest.approx((0.5,))
    assert second.ids == (1, 2)
    assert second.probs == pytest.approx((0.6, 0.3))
    assert (third, fourth) == (None, None)


def test_fu_gives_up_where_two_tokens_of_the_teacher_make_one_of_the_student_s():
    found = align_fu(
        [make_token("a"), make_token(" cat"), make_token("nap"), make_token("s")], ["▁a", "▁catnap", "s"], [1, 2, 3], {}
    )
    assert [target is not None for target in found] == [False, False, True]  # "a" has no space before it
    assert found[2].ids == (3,)
    assert align_fu([make_token("b"), make_token(" cat")], ["▁cat"], [2], {"▁cat": 2}) == [None]


def test_fu_aligns_nothing_where_there_is_nothing():
    assert align_fu([], ["▁a"], [1], {}) == [None]
    assert align_fu([make_token("a")], [], [], {}) == []


def test_where_both_align_a_position_fu_s_probabilities_are_those_without_the_rest():
    tokenizer = make_byte_level()
    encoded = tokenizer(PROSE, add_special_tokens=False, return_offsets_mapping=True)
    teacher = [make_token(piece, 0.6, **{" five": 0.1}) for piece in split_tokens(tokenizer, PROSE) if piece != " five"]
    text = "".join(token.token for token in teacher)
    ids = encoded["input_ids"]
    exact = align_by_characters(
        teacher, encoded["offset_mapping"], ids, find_matching_blocks(text, PROSE), make_token_lookup(tokenizer)
    )
    loose = align_fu(teacher, tokenizer.convert_ids_to_tokens(ids), ids, tokenizer.get_vocab())
    both = [(one, other) for one, other in zip(exact, loose, strict=True) if one and other]
    assert both
    for one, other in both:
        assert other == SoftTarget(ids=one.ids, probs=one.probs, rest=0.0)
