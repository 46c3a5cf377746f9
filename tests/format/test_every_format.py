"""What holds for every format: no two ask alike, each can be read back, and demonstrations are of other groups."""

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.errors import InputError
from cotloom.builder.format import AS_IS, FORMATS, check_formats, format_examples
from cotloom.builder.format.templates import SolvedProblem, format_answer_sentence, format_rationale, write_messages
from cotloom.builder.languages import LANGUAGES, choose_wording
from cotloom.builder.sources.arithmetic import make_problems
from cotloom.builder.teacher.request import Request
from cotloom.builder.teacher.simulated.answers import write_answer
from cotloom.builder.verify import compare, judge, read_answer
from cotloom.schemas.example import Example, Message, Role
from cotloom.schemas.formats import FormatSpec
from cotloom.schemas.frames import from_frame, to_frame
from cotloom.schemas.problem import JUDGED_OUTSIDE, AnswerType, Problem, Split, make_problem_id
from cotloom.schemas.reasons import Fate, Reason, Stage, Verdict
from cotloom.schemas.sample import Sample
from cotloom.schemas.source import ArithmeticSource
from cotloom.schemas.teacher import SimulatedTeacher

ALL = [FormatSpec(name=name) for name in FORMATS]
COT, BARE = FormatSpec(name="in_context_cot", shots=(2, 3)), FormatSpec(name="in_context_answer", shots=(2, 3))
FRUIT = ("apple", "pear")


def formatted(problems, samples, formats=ALL, seed=0):
    frame = format_examples(to_frame(problems, Problem), to_frame(samples, Sample), formats, seed)
    return list(from_frame(frame, Example))


def kept(examples):
    return [example for example in examples if example.fate is Fate.KEPT]


def problem(number, group=None, split=Split.TRAIN, **fields):
    question = fields.pop("question", f"What is {number} + 1?")
    return Problem(
        problem_id=make_problem_id(question, fields.get("choices", ())),
        source=fields.pop("source", "own"),
        origin=f"own:{number}",
        question=question,
        answer=fields.pop("answer", str(number + 1)),
        group=group or f"g{number}",
        split=split,
        **fields,
    )


def sample(asked, index=0, **fields):
    text = fields.pop("text", f"{asked.question} Way {index}. The answer is {asked.answer}.")
    span = fields.pop("span", None)
    name = f"s_{asked.problem_id}_{index}"
    return Sample(
        sample_id=name, problem_id=asked.problem_id, sample_index=index, teacher="t", text=text, span=span, **fields
    )


@pytest.fixture(scope="module")
def simulated():
    """Problems with the right answers of the simulated teacher, a fifth of the groups on the test side."""
    made = make_problems(ArithmeticSource(kind="arithmetic", name="own", problems=120), seed=5)
    groups = sorted({item.group for item in made})
    sides = {group: Split.TEST if place % 5 == 0 else Split.TRAIN for place, group in enumerate(groups)}
    problems = [replace(item, split=sides[item.group]) for item in made]
    teacher, samples = SimulatedTeacher(backend="simulated"), []
    for item in problems:
        message = Message(role=Role.USER, content=item.question)
        request = Request(
            problem_id=item.problem_id, messages=(message,), model="simulated", endpoint="none", sampling={}
        )
        for index in range(3):
            said = write_answer(item, request, index, teacher)
            judgement = judge(item, said.text, finish_reason=said.finish_reason)
            if judgement.reason is None:
                samples.append(sample(item, index, text=said.text, span=judgement.span, simulated=True))
    return problems, samples


# Every format


def test_the_gold_answer_can_be_read_out_of_every_row_of_every_format(simulated):
    golds = {item.problem_id: item.answer for item in simulated[0]}
    examples = kept(formatted(*simulated))
    assert {example.format for example in examples} == set(FORMATS)
    for example in examples:
        gold = golds[example.problem_id]
        for said in (message for message in example.messages[-1:] if message.role is Role.ASSISTANT):
            reading = read_answer(said.content, AnswerType.NUMBER)
            assert reading.answer == gold
            assert said.content.rstrip(" END.").endswith(gold)


def test_no_two_formats_ask_alike(simulated):
    asking = defaultdict(set)
    for example in kept(formatted(*simulated)):
        asking[example.messages[:-1]].add(example.format)
    assert {len(formats) for formats in asking.values()} == {1}
    answers = defaultdict(set)
    for example in kept(formatted(*simulated)):
        closing = example.messages[-1].content.splitlines()[-1].rpartition("-->")[2]
        answers[example.messages[:-1]].add(closing)
    assert {len(closings) for closings in answers.values()} == {1}


GOLDS = {
    AnswerType.NUMBER: st.integers(-9999, 99_999).map(str) | st.integers(0, 9999).map("${:,}".format),
    AnswerType.CHOICE: st.sampled_from("AB"),
    AnswerType.BOOLEAN: st.sampled_from(["yes", "no"]),
    AnswerType.DATE: st.sampled_from(["1937-12-25", "December 25, 1937", "25.12.1937", "1937年12月25日"]),
    AnswerType.TIME: st.sampled_from(["3:30 pm", "15:30", "9 am", "2 hours 30 minutes"]),
    AnswerType.LIST: st.sampled_from(["1, 2, 3", "[1, 2]", "apple, banana", "1; 2"]),
    AnswerType.SET: st.sampled_from(["{1, 2}", "{a, b, c}"]),
    AnswerType.RATIO: st.sampled_from(["2:3", "1:2:3"]),
    AnswerType.EXPRESSION: st.sampled_from(["x^2 - 1", r"\frac{\sqrt{3}}{2}", "(1, 2)", r"[0, \infty)", "x = 5"]),
    AnswerType.REASONING_GYM: st.sampled_from(["18", "2 × 3 × 3", "1 2\n3 4"]),
    AnswerType.TEXT: st.sampled_from(
        ["Paris", "> )", "1 2\n3 4", "St. Louis", "U.S.", "apple, banana", "the end", "C++", "a", "not known", "5!"]
    ),
}
REASONINGS = st.lists(
    st.sampled_from(["(A) is wrong.", "It is not true.", "No one left.", "9 * 2 = 18.", "a --> b", "[ANSWER] 7"]),
    max_size=4,
)
STATEMENTS = st.sampled_from(
    ["", "So the answer is {}.", "#### {}", "Answer: **{}**", "The answer is {}, because of that.", "{}"]
)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("answer_type", sorted(set(AnswerType) - JUDGED_OUTSIDE))
@given(reasoning=REASONINGS, statement=STATEMENTS, drawing=st.data())
@settings(max_examples=40, deadline=None)
def test_a_gold_answer_of_any_type_can_be_read_back(name, answer_type, reasoning, statement, drawing):
    gold = drawing.draw(GOLDS[answer_type])
    choices = FRUIT if answer_type is AnswerType.CHOICE else ()
    text = "\n".join([*reasoning, statement.format(gold)]).strip() or "Hm."
    reading = read_answer(text, answer_type, choices)
    path = SolvedProblem(
        question="Which?",
        answer=gold,
        text=text,
        answer_start=reading.span.start if reading else None,
        answer_type=answer_type,
        choices=choices,
    )
    said = write_messages(FORMATS[name], path)[-1].content
    again = read_answer(said, answer_type, choices)
    assert again is not None
    assert compare(gold, again.answer, answer_type, choices).outcome == "equal"


@pytest.mark.parametrize(
    ("gold", "answer_type", "sentence"),
    [
        ("18", AnswerType.NUMBER, "The answer is 18."),
        ("B", AnswerType.CHOICE, "The answer is (B)."),
        ("(b)", AnswerType.CHOICE, "The answer is (B)."),
        ("yes", AnswerType.BOOLEAN, "The answer is yes."),
        ("Paris", AnswerType.TEXT, "The answer is Paris."),
        ("U.S.", AnswerType.TEXT, "The answer is U.S."),
        ("1 2\n3 4", AnswerType.TEXT, "The answer is\n1 2\n3 4"),
    ],
)
def test_the_answer_sentence_is_written_by_the_answers_type(gold, answer_type, sentence):
    assert format_answer_sentence(gold, answer_type) == sentence


def path(text, gold, answer_type):
    reading = read_answer(text, answer_type)
    start = reading.span.start if reading else None
    return SolvedProblem(question="Q?", answer=gold, text=text, answer_start=start, answer_type=answer_type)


@pytest.mark.parametrize(
    ("text", "gold", "answer_type", "closed"),
    [
        ("Green. The answer is (B).", "B", AnswerType.CHOICE, "Green.\nThe answer is (B)."),
        ("Green. The answer is option B.", "B", AnswerType.CHOICE, "Green.\nThe answer is (B)."),
        ("Green.\nAnswer: **B**", "B", AnswerType.CHOICE, "Green.\nThe answer is (B)."),
        ("No one left. So the answer is yes.", "yes", AnswerType.BOOLEAN, "No one left.\nThe answer is yes."),
        ("Yes, because no one left.", "yes", AnswerType.BOOLEAN, "Yes, because no one left.\nThe answer is yes."),
        (
            "The answer is yes, because no one left.",
            "yes",
            AnswerType.BOOLEAN,
            "The answer is yes, because no one left.\nThe answer is yes.",
        ),
        (
            "The answer is (B). It grows on trees.",
            "B",
            AnswerType.CHOICE,
            "The answer is (B). It grows on trees.\nThe answer is (B).",
        ),
        ("On the Seine. The answer is Paris.", "Paris", AnswerType.TEXT, "On the Seine.\nThe answer is Paris."),
    ],
)
def test_a_statement_gives_way_to_the_answer_sentence_and_reasoning_does_not(text, gold, answer_type, closed):
    assert format_rationale(path(text, gold, answer_type)) == closed


def test_the_templates_of_other_methods_are_to_the_letter():
    kept_path = path("4 + 5 = 9. The answer is 9.", "9", AnswerType.NUMBER)
    asked, said = write_messages(FORMATS["fine_tune_cot"], kept_path)
    assert (asked.content, said.content) == ("Q? ###", " 4 + 5 = 9. --> 9 END")
    asked, said = write_messages(FORMATS["cot_collection"], kept_path)
    assert asked.content.startswith("Q?\n\n")
    assert said.content == "4 + 5 = 9.\n[ANSWER] 9"
    bare = path("#### 9", "9", AnswerType.NUMBER)
    assert write_messages(FORMATS["fine_tune_cot"], bare)[-1].content == " --> 9 END"
    assert write_messages(FORMATS["cot_collection"], bare)[-1].content == "[ANSWER] 9"


def test_options_stand_below_the_question_in_every_format():
    item = problem(1, question="Which?", answer="B", answer_type=AnswerType.CHOICE, choices=FRUIT)
    others = [
        problem(n, question=f"Which {n}?", answer="A", answer_type=AnswerType.CHOICE, choices=FRUIT) for n in (2, 3)
    ]
    for example in kept(formatted([item, *others], [sample(one) for one in (item, *others)])):
        for turn in example.messages[::2]:
            assert "?\n(A) apple\n(B) pear" in turn.content


# Demonstrations


def by_id(items, name):
    return {getattr(item, name): item for item in items}


@pytest.mark.parametrize("form", [COT, BARE])
def test_demonstrations_are_training_samples_of_other_groups_and_problems(simulated, form):
    problems, samples = by_id(simulated[0], "problem_id"), by_id(simulated[1], "sample_id")
    examples = kept(formatted(*simulated, [form]))
    assert {example.split for example in examples} == {Split.TRAIN, Split.TEST}
    for example in examples:
        shown = [problems[samples[other].problem_id] for other in example.other_sample_ids]
        assert 2 <= len(shown) <= 3
        assert {item.split for item in shown} == {Split.TRAIN}
        assert problems[example.problem_id].group not in {item.group for item in shown}
        assert len({item.problem_id for item in shown} | {example.problem_id}) == len(shown) + 1
        assert [message.role for message in example.messages] == [Role.USER, Role.ASSISTANT] * (len(shown) + 1)
        for item, turn, said in zip(shown, example.messages[::2], example.messages[1::2], strict=False):
            assert turn.content.startswith(item.question)
            assert said.content.endswith(format_answer_sentence(item.answer))


def test_how_many_are_shown_is_drawn_for_each_row(simulated):
    counts = Counter(len(example.other_sample_ids) for example in formatted(*simulated, [COT]))
    assert set(counts) == {2, 3}
    assert min(counts.values()) > sum(counts.values()) / 3


def test_only_problems_of_the_same_answer_type_are_shown():
    asked = [problem(number) for number in range(6)]
    asked += [
        problem(number, question=f"Is {number} odd?", answer="no", answer_type=AnswerType.BOOLEAN)
        for number in range(10, 16)
    ]
    types = {item.problem_id: item.answer_type for item in asked}
    samples = [sample(item) for item in asked]
    own = {item.sample_id: types[item.problem_id] for item in samples}
    for example in formatted(asked, samples, [COT, BARE]):
        assert {own[other] for other in example.other_sample_ids} == {types[example.problem_id]}


def test_rows_with_too_few_demonstrations_are_dropped_and_do_not_vanish():
    asked = [problem(1, "g1"), problem(2, "g1"), problem(3, "g2"), problem(4, "g3", split=Split.TEST)]
    examples = formatted(asked, [sample(item) for item in asked], [COT])
    found = {example.problem_id: (example.fate, example.stage, example.reason) for example in examples}
    dropped, stays = (Fate.DROPPED, Stage.FORMAT, Reason.NO_DEMONSTRATIONS), (Fate.KEPT, None, None)
    assert [found[item.problem_id] for item in asked] == [dropped, dropped, stays, stays]


def test_groups_are_shown_in_turn_and_again_where_there_are_few():
    asked = [problem(number, f"g{number % 3}") for number in range(12)]
    groups = {item.problem_id: item.group for item in asked}
    samples = [sample(item, index) for item in asked for index in range(2)]
    own = {item.sample_id: groups[item.problem_id] for item in samples}
    for example in formatted(asked, samples, [FormatSpec(name="in_context_cot", shots=(4, 4))]):
        shown = Counter(own[other] for other in example.other_sample_ids)
        assert sorted(shown.values()) == [2, 2]


def test_another_seed_shows_others_and_the_order_of_the_rows_takes_no_part(simulated):
    problems, samples = simulated
    one = formatted(problems, samples, [COT])
    assert formatted(problems[::-1], samples[::-1], [COT]) == one
    other = formatted(problems, samples, [COT], seed=1)
    shown = [example.other_sample_ids for example in one]
    assert sum(a.other_sample_ids != b for a, b in zip(other, shown, strict=True)) > len(shown) / 2


def test_one_group_more_changes_what_few_rows_show(simulated):
    problems, samples = simulated
    before = {example.sample_id: example.other_sample_ids for example in formatted(problems, samples, [COT])}
    more = problem(777, "a new group")
    after = {
        example.sample_id: example.other_sample_ids
        for example in formatted([*problems, more], [*samples, sample(more)], [COT])
    }
    moved = sum(after[name] != shown for name, shown in before.items())
    groups = len({item.group for item in problems})
    assert moved < len(before) * 4 * 3 / groups


@pytest.mark.parametrize("groups", [4000, 2])
@pytest.mark.usefixtures("ends")
def test_great_groups_are_no_harder_than_small_ones(groups):
    asked = [problem(number, f"g{number % groups}") for number in range(4000)]
    samples = [sample(item) for item in asked]
    examples = formatted(asked, samples, [FormatSpec(name="in_context_cot", shots=(1, 4))])
    assert len(kept(examples)) == 4000


@pytest.mark.parametrize("shots", [(0, 4), (3, 2), (-1, 2)])
def test_impossible_numbers_of_demonstrations_are_refused(shots):
    with pytest.raises(InputError, match="demonstrations"):
        check_formats([FormatSpec(name="in_context_cot", shots=shots)])


def test_a_format_that_is_there_twice_is_refused():
    with pytest.raises(InputError, match="twice"):
        check_formats([FormatSpec(name="zero_shot_cot"), FormatSpec(name="zero_shot_cot", weight=2.0)])
    check_formats(ALL)


# Given responses


def test_a_given_response_is_written_once_and_untouched_whatever_the_formats():
    asked = [problem(1), problem(2), problem(3), problem(4, question="Hello?", answer=None, source="general")]
    hello = asked[-1]
    response = "  Hi.\nThe answer is 7. <<1+1=2>> "
    samples = [*map(sample, asked[:3]), sample(hello, text=response, verdict=Verdict.PROVIDED)]
    for formats in (ALL, ALL[:1]):
        examples = formatted(asked, samples, formats)
        (row,) = (example for example in examples if example.problem_id == hello.problem_id)
        assert (row.format, row.source, row.fate) == (AS_IS, "general", Fate.KEPT)
        assert [(turn.role, turn.content) for turn in row.messages] == [
            (Role.USER, "Hello?"),
            (Role.ASSISTANT, response),
        ]
        assert not any(samples[-1].sample_id in example.other_sample_ids for example in examples)


# Instructions


def test_the_phrasing_of_an_instruction_is_drawn_for_each_problem_and_by_the_seed(simulated):
    specs = [FormatSpec(name="instructed_cot"), FormatSpec(name="instructed_answer")]
    wording = choose_wording("en")
    asked = {"instructed_cot": wording.row_reason, "instructed_answer": wording.row_no_reason}

    drawn = defaultdict(list)
    for seed in (0, 1):
        found = defaultdict(set)
        for example in kept(formatted(*simulated, specs, seed)):
            instruction = example.messages[-2].content.rpartition("\n\n")[2]
            assert instruction in asked[example.format]
            found[example.problem_id, example.format].add(instruction)
        assert {len(instructions) for instructions in found.values()} == {1}
        drawn[seed] = sorted(found.items())
        for name, phrasings in asked.items():
            counts = Counter(*[list(chain(*(words for (_, form), words in found.items() if form == name)))])
            assert set(counts) == set(phrasings)
            assert min(counts.values()) > 0.4 * max(counts.values())
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrasing_asks_for_reasoning_and_for_the_answer_alone(language):
    wording = choose_wording(language)
    phrasings = [*wording.row_reason, *wording.row_no_reason, wording.row_steps, wording.row_answer]

    assert len(set(phrasings)) == len(phrasings)
    assert min(len(wording.row_reason), len(wording.row_no_reason)) >= 4
