from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.format import format_examples
from cotloom.builder.format.templates import SolvedProblem, format_answer_sentence, format_rationale
from cotloom.builder.sources.arithmetic import make_problems
from cotloom.builder.teacher.request import Request
from cotloom.builder.teacher.simulated.answers import write_answer
from cotloom.builder.verify import judge, read_answer
from cotloom.schemas.example import Example, Message, Role
from cotloom.schemas.formats import FormatSpec
from cotloom.schemas.frames import from_frame, to_frame
from cotloom.schemas.problem import AnswerType, Problem, Split, make_problem_id
from cotloom.schemas.reasons import Fate, Reason, Stage, Verdict
from cotloom.schemas.sample import Sample
from cotloom.schemas.source import ArithmeticSource
from cotloom.schemas.teacher import SimulatedTeacher

CLOSING = "The answer is 18."
FORMATS = [FormatSpec(name="zero_shot_cot"), FormatSpec(name="zero_shot_answer")]


def closed(text, gold="18"):
    reading = read_answer(text, AnswerType.NUMBER)
    start = reading.span.start if reading else None
    return format_rationale(SolvedProblem(question="How many?", answer=gold, text=text, answer_start=start))


@pytest.mark.parametrize(
    "statement",
    [
        " So the answer is 18.",
        " The answer is 18.",
        " Therefore, the final answer is $18.",
        "\n#### 18",
        "\nA: 18",
        " \\boxed{18}",
        "\nAnswer: **18**",
        "\nAnswer: 18 eggs",
        "\nFinal answer: 18",
        " Hence the answer is: 18.",
    ],
)
def test_a_statement_of_the_answer_gives_way_to_the_answer_sentence(statement):
    assert closed("She sells 9 * 2 = 18 dollars." + statement) == f"She sells 9 * 2 = 18 dollars.\n{CLOSING}"


def test_reasoning_behind_the_answer_is_kept():
    text = "The answer is 18, because 9 * 2 = 18."
    assert closed(text) == f"{text}\n{CLOSING}"


def test_a_long_text_behind_the_answer_is_kept():
    text = f"The answer is 18. {'She was pleased with what she had earned that day. ' * 3}".strip()
    assert closed(text) == f"{text}\n{CLOSING}"


def test_reasoning_without_a_statement_is_kept_whole():
    assert closed("She sells 9 eggs for $2 each, so 9 * 2 = 18.") == (
        f"She sells 9 eggs for $2 each, so 9 * 2 = 18.\n{CLOSING}"
    )


def test_calculator_marks_are_left_out():
    assert closed("She makes 9 * 2 = $<<9*2=18>>18.\n#### 18") == f"She makes 9 * 2 = $18.\n{CLOSING}"


def test_a_bare_answer_becomes_the_answer_sentence_alone():
    assert closed("#### 18") == CLOSING


REASONINGS = st.sampled_from(["She has 9 eggs.", "9 * 2 = 18.", "Let's see.\nFirst, 16 - 7 = 9.", "So <<9*2=18>>18."])
STATEMENTS = st.sampled_from(["So the answer is {}.", "#### {}", "A: {}", "\\boxed{{{}}}", "Answer: **{}**", "{}"])


@given(st.lists(REASONINGS, max_size=4), STATEMENTS, st.integers(-999, 99_999))
@settings(max_examples=150, deadline=None)
def test_a_rationale_ends_once_on_the_answer_sentence(reasoning, statement, gold):
    text = closed("\n".join([*reasoning, statement.format(gold)]), str(gold))
    assert text.endswith(format_answer_sentence(str(gold)))
    assert text.lower().count("the answer is") == 1
    assert "<<" not in text
    assert text == text.strip()
    assert read_answer(text, AnswerType.NUMBER).answer == str(gold)


# The simulated teacher's answers, all the way


@pytest.fixture(scope="module")
def simulated():
    made = make_problems(ArithmeticSource(kind="arithmetic", name="own", problems=150), seed=5)
    problems = [replace(problem, split=Split.TRAIN) for problem in made]
    teacher = SimulatedTeacher(backend="simulated")
    samples = []
    for problem in problems:
        message = Message(role=Role.USER, content=problem.question)
        request = Request(
            problem_id=problem.problem_id, messages=(message,), model="simulated", endpoint="none", sampling={}
        )
        for index in range(3):
            given_answer = write_answer(problem, request, index, teacher)
            judgement = judge(problem, given_answer.text, finish_reason=given_answer.finish_reason)
            if judgement.verdict is Verdict.CORRECT:
                samples.append(_sample(f"s_{len(samples):04}", problem, given_answer.text, judgement.span))
    return to_frame(problems, Problem), to_frame(samples, Sample)


def _sample(name, problem, text, span=None, **fields):
    return Sample(
        sample_id=name,
        problem_id=problem.problem_id,
        teacher="simulated",
        simulated=True,
        text=text,
        span=span,
        **fields,
    )


def test_the_gold_answer_can_be_read_out_of_every_row(simulated):
    problems, samples = simulated
    golds = dict(problems.select("problem_id", "answer").iter_rows())
    examples = list(from_frame(format_examples(problems, samples, FORMATS), Example))
    assert len(examples) == 2 * samples.height > 500
    for example in examples:
        said = example.messages[-1]
        assert said.role == Role.ASSISTANT
        assert said.content.endswith(format_answer_sentence(golds[example.problem_id]))
        reading = read_answer(said.content, AnswerType.NUMBER)
        assert (reading.answer, reading.rule) == (golds[example.problem_id], "answer_is")


def test_a_reasoned_row_keeps_every_equation_of_its_sample(simulated):
    problems, samples = simulated
    texts = dict(samples.select("sample_id", "text").iter_rows())
    for example in from_frame(format_examples(problems, samples, FORMATS[:1]), Example):
        assert example.messages[-1].content.count("=") == texts[example.sample_id].count("=")


def test_a_row_says_how_long_it_is_and_carries_loss_on_what_the_student_says(simulated):
    for example in from_frame(format_examples(*simulated, FORMATS), Example):
        assert example.characters == sum(len(message.content) for message in example.messages)
        assert [(span.start, span.end) for span in example.loss_spans] == [(0, len(example.messages[-1].content))]
        assert example.simulated


# One row for each path, or for each problem

QUESTION = "What does she make?"
PROBLEM = Problem(
    problem_id=make_problem_id(QUESTION),
    source="own",
    origin="own:0",
    question=QUESTION,
    answer="18",
    split=Split.TRAIN,
)


def formatted(samples, formats=FORMATS, problem=PROBLEM):
    return format_examples(to_frame([problem], Problem), to_frame(samples, Sample), formats)


def test_the_answer_alone_is_kept_once_for_a_problem():
    table = formatted([_sample(f"s_{name}", PROBLEM, f"{name}. The answer is 18.") for name in "cab"])
    fates = {
        (row["format"], row["sample_id"]): (row["fate"], row["stage"], row["reason"]) for row in table.rows(named=True)
    }
    kept, dropped = (Fate.KEPT, None, None), (Fate.DROPPED, Stage.FORMAT, Reason.EXACT_DUPLICATE)
    assert fates == {
        ("zero_shot_cot", "s_a"): kept,
        ("zero_shot_cot", "s_b"): kept,
        ("zero_shot_cot", "s_c"): kept,
        ("zero_shot_answer", "s_a"): kept,
        ("zero_shot_answer", "s_b"): dropped,
        ("zero_shot_answer", "s_c"): dropped,
    }


def test_rows_do_not_depend_on_the_order_of_the_samples():
    samples = [_sample(f"s_{name}", PROBLEM, f"{name}. The answer is 18.") for name in "abc"]
    assert formatted(samples).equals(formatted(samples[::-1]))


def test_dropped_samples_and_problems_give_no_rows():
    gone = {"fate": Fate.DROPPED, "stage": Stage.VERIFY, "reason": Reason.WRONG}
    assert formatted([_sample("s_a", PROBLEM, "The answer is 18.", **gone)]).height == 0


def test_every_row_has_an_id_of_its_own():
    table = formatted([_sample(f"s_{name}", PROBLEM, f"{name}. The answer is 18.") for name in "abc"])
    assert table["example_id"].n_unique() == table.height == 6
