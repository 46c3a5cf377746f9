"""Texts in the manner of chain-of-thought models for 27 kinds of tasks, with golds as their dataset writes them.

The texts are our own. Each table has a gold and texts that are right, wrong, and neither: those must not be accepted.
The type is inferred from the gold, as `auto` does.
"""

# ruff: noqa: E501 - a line is a case

import pytest

from cotloom.builder.infer.answer import infer_gold_type
from cotloom.builder.verify import judge
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.recipe import Faults, Verify

RIGHT, WRONG, OPEN = "right", "wrong", "open"
LOOK = Verify(steps="tag", faults=Faults(answer_first="ignore", restated="ignore"))

Row = tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Gold, right texts, wrong ones, and those that state nothing that can be compared."""


def letters(gold: str, other: str, why: str, third: str = "(E)") -> Row:
    """A question with options: the ways in which a letter is stated."""
    bare, wrong = gold.strip("()"), other.strip("()")
    return (
        gold,
        (
            f"{why} So the answer is {gold}.",
            f"{why} So the answer is {bare}.",
            f"{why} Therefore, the correct option is **{gold}**.",
            f"{why} The answer is {other}? No, that was the one before. So the answer is {gold}.",
            f"{why}\n\nAnswer: {gold}",
            f"{why} It isn't {other}. So the answer is {gold} and not {third}.",
        ),
        (
            f"{why} So the answer is {other}.",
            f"{why} The answer is {gold}. Wait, I misread it. So the answer is {other}.",
            f"{why} So the answer is not {gold} but {other}.",
            f"{why}\n\nFinal answer: {wrong}",
        ),
        (
            f"{why} So the answer is {gold} or {other}.",
            f"{why} It could be either of the two.",
        ),
    )


def yes_or_no(gold: str, why: str) -> Row:
    """A question that is answered with yes or no."""
    other = {"Yes": "No", "No": "Yes", "yes": "no", "no": "yes"}[gold]
    return (
        gold,
        (
            f"{why} So the answer is {gold}.",
            f"{why} So the answer is {gold.lower()}.",
            f"{why} Therefore, the answer is **{gold}**",
            f"{why}\n\n{gold}",
        ),
        (
            f"{why} So the answer is {other}.",
            f"{why} The answer is {gold}. Hmm, no, wait. The answer is {other}.",
        ),
        (f"{why} So the answer is yes and no.", f"{why} It is hard to say."),
    )


TASKS: dict[str, Row] = {
    "boolean_expressions": (
        "False",
        (
            "not True is False, and False and True is False. So the answer is False.",
            "Let A = not True = False. Let B = True or False = True. A and B = False and True = False.\nFalse",
            "We first do the brackets. They are True. not True = False. So the answer is false.",
            "Z = A and B = False and True = False. So the answer is False. (Not True, as B alone would be.)",
        ),
        ("not False is True, and True and True is True. So the answer is True.", "So the answer is not False."),
        ("So the answer is True or False.",),
    ),
    "causal_judgement": yes_or_no("No", "A typical person would say that the storm, not the cook, broke the window."),
    "date_understanding": letters(
        "(B)", "(C)", "If tomorrow is 3/1/2017, then today is 2/28/2017, and a week ago was 2/21/2017."
    ),
    "disambiguation_qa": letters("(A)", "(B)", 'Because the driver had the keys, "he" is the driver.', "(C)"),
    "dyck_languages": (
        "] ) }",
        (
            "The stack is now { ( [. We close it from the end. So the answer is ] ) }.",
            'The stack is now { ( [. We need to pop out "[", "(", "{" one by one. So the answer is ] ) }',
            'So the answer is "] ) }".',
            "Answer: ])}",
            "So the answer is `] ) }`.",
        ),
        (
            "So the answer is ] ).",
            "So the answer is ] ) ].",
            "So the answer is ] } ).",
            "So the answer is ] ) } }.",
            "So the answer is ) ] }.",
        ),
        ("The stack is not empty, so some brackets are missing.", "We pop ] ) } and more. So the answer is known."),
    ),
    "formal_fallacies": (
        "invalid",
        (
            "Being a cousin of Ann does not follow from the premises. So the answer is invalid.",
            "Thus the argument is deductively invalid. So the answer is invalid.",
            "The premises allow another case. The argument is invalid.",
            "The conclusion does not follow. Therefore, the argument is not deductively valid.",
            "The argument is **deductively invalid**.",
            "The argument isn't valid.",
            "The conclusion need not hold. Hence, the argument is not valid.",
        ),
        (
            "Both premises lead to it. So the answer is valid.",
            "The argument is deductively valid.",
            "It follows from the two premises. The argument is valid.",
            "The argument is not invalid.",
            "It seemed invalid at first, but it follows. So the answer is valid.",
        ),
        (
            "So the answer is valid or invalid.",
            "It is hard to see what follows from that.",
            "The question is whether the argument is invalid.",
            "Some would say that the argument is invalid.",
            "Is the argument invalid?",
        ),
    ),
    "geometric_shapes": letters("(F)", "(K)", "The path has five line segments and ends where it began: a pentagon.", "(H)"),
    "hyperbaton": letters("(B)", "(A)", 'Size comes before age, and age before colour, so "big old red" is right.', "(C)"),
    "logical_deduction_three_objects": letters("(C)", "(A)", "The hawk is the leftmost; the owl is on its right.", "(B)"),
    "logical_deduction_five_objects": letters("(D)", "(A)", "(1) is the melon, (2) the plum, (3) the pear, (4) the fig."),
    "logical_deduction_seven_objects": letters("(G)", "(A)", "(1) > (2) > (3) > ? > ? > ? > (7): the truck comes last."),
    "movie_recommendation": letters("(D)", "(B)", "All four are adventures of the nineties for the whole family.", "(C)"),
    "multistep_arithmetic_two": (
        "-24",
        (
            "This is A - B with A = 6 and B = 30. Then A - B = 6 - 30 = -24. So the answer is -24.",
            "Then the final value is 6 − 30 = −24. So the answer is −24.",
            "= 6 - 30\n= -24",
            "Z = A * B = -4 * 6 = -24. So the answer is -24.",
            "The result is **-24**.",
            "So the answer is \\boxed{-24}.",
        ),
        (
            "So the answer is 24.",
            "So the answer is -42.",
            "Then A - B = 6 - 30 = 24. So the answer is 24.",
            "So the answer is -24.5.",
            "So the answer is -240.",
        ),
        ("So the answer is -24 or 24.",),
    ),
    "navigate": yes_or_no("Yes", "(4) Take 3 steps: (0, 0), facing west. Since (0, 0) is (0, 0), we are where we began."),
    "object_counting": (
        "8",
        (
            "We have 3 + 2 + 3 = 8 animals. So the answer is 8.",
            "(1) a cat (2) a dog (3) a cow and so on, up to (8) a snail. So the answer is 8.",
            "There are two plums (2), a fig (3) and five nuts (8). So the answer is eight.",
            "- plums: 3\n- figs: 5\n\nTotal: 3 + 5 = 8",
            "In total, there are 8 objects.",
        ),
        ("So the answer is 9.", "There are 8 fruits, of which 2 are peeled. So the answer is 6.", "So the answer is 18."),
        ("So the answer is 7 or 8.",),
    ),
    "penguins_in_a_table": letters("(B)", "(D)", "The ages are 7, 5, 9 and 8, so that two penguins are younger than 8.", "(C)"),
    "reasoning_about_colored_objects": letters("(R)", "(D)", "The things without neighbours are teal; 17 are left.", "(Q)"),
    "ruin_names": letters("(C)", "(A)", "The change of one letter makes a joke of the title.", "(B)"),
    "salient_translation_error_detection": letters("(F)", "(C)", "The translation names another river: a named entity."),
    "snarks": letters("(A)", "(B)", "Nobody would praise losing one's keys, so that the first is meant the other way round.", "(C)"),
    "sports_understanding": yes_or_no("no", "He plays football, and bowling a strike is a part of another sport."),
    "temporal_sequences": letters("(A)", "(D)", "The only time that nobody saw her was from 2pm to 4pm.", "(C)"),
    "tracking_shuffled_objects_three_objects": letters("(A)", "(B)", "(3) Bob: red, Ann: blue, Eve: green. Ann has blue.", "(C)"),
    "tracking_shuffled_objects_five_objects": letters("(E)", "(B)", "(5) Ann is with Tom, Bob with Kim, Eve with Lee.", "(C)"),
    "tracking_shuffled_objects_seven_objects": letters("(G)", "(A)", "(7) Gil has the novel, Fay the map, Eve the atlas.", "(C)"),
    "web_of_lies": yes_or_no("Yes", "(5) Kay says Jim lies. Since Jim lies, Kay tells the truth."),
    "word_sorting": (
        "ant bee cat dog",
        (
            'Putting the groups together, we get "ant" < ["bee" ? "cat"] < "dog". So the answer is ant bee cat dog.',
            "So the answer is ant bee cat dog",
            "So the answer is ant, bee, cat, dog.",
            "So the answer is **ant bee cat dog**.",
        ),
        (
            "So the answer is ant cat bee dog.",
            "So the answer is bee ant cat dog.",
            "So the answer is ant bee cat.",
            "So the answer is dog cat bee ant.",
        ),
        (
            "The words are sorted by their first letters.",
            "So the answer is ant bee cat dog eel.",  # a word too many
            "So the answer is aardvark ant bee cat dog.",
        ),
    ),
}  # fmt: skip

MORE: dict[str, Row] = {
    "formal_fallacies, valid": (
        "valid",
        ("Thus it follows. So the answer is valid.", "The argument is deductively valid.", "Hence, the argument is valid."),
        (
            "So the answer is invalid.",
            "The argument is deductively invalid.",
            "Therefore, the argument is not valid.",
            "The argument is not deductively valid.",
        ),
        ("So the answer is that it depends.",),
    ),
    "boolean_expressions, true": (
        "True",
        ("True and not False = True. So the answer is True.", "not ( False ) = True", "The expression is True."),
        ("So the answer is False.", "The expression evaluates to False.", "not ( True ) = False"),
        (),
    ),
    "dyck_languages, one bracket": (
        ">",
        ("So the answer is >.", 'So the answer is ">".', "Answer: >"),
        ("So the answer is ].", "So the answer is > >.", "So the answer is <."),
        (),
    ),
    "dyck_languages, many": (
        "} ] > ) ]",
        ("So the answer is } ] > ) ].", "We close them: } ] > ) ]\n\nSo the answer is }]>)]."),
        ("So the answer is } ] > ) .", "So the answer is } ] ) > ].", "So the answer is } ] > ) ] ]."),
        (),
    ),
    "word_sorting, one word": ("ant", ("So the answer is ant.",), ("So the answer is bee.",), ()),
    "multistep_arithmetic_two, positive": (
        "123",
        ("So the answer is 123.", "Then A * B = -3 * -41 = 123. So the answer is 123."),
        ("So the answer is -123.", "So the answer is 1230."),
        (),
    ),
    "web_of_lies, no": yes_or_no("No", "(5) Kay says Jim tells the truth. Since Jim lies, Kay lies."),
}  # fmt: skip

CASES = [
    pytest.param(gold, text, outcome, id=f"{task}-{outcome}-{number}")
    for task, (gold, *groups) in {**TASKS, **MORE}.items()
    for outcome, texts in zip((RIGHT, WRONG, OPEN), groups, strict=True)
    for number, text in enumerate(texts)
]


DECISIONS = [
    ("yes", "Step 1: loud.\nStep 2: old.\nDecision: yes", "correct"),
    ("yes", "The pump is loud.\n\n**Final decision:** No", "wrong"),
    ("no", "Rule 2 applies.\nVerdict: no.", "correct"),
    ("no", "There are two rules.\nConclusion: yes, the pump is replaced.", "wrong"),
    ("(B)", "(A) is too cold.\nConclusion: (B)", "correct"),
    ("yes", "The first conclusion: it is loud. That is all.", "no_answer"),
    ("是", "第一步，看症状。第二步，看病程。结论：是", "correct"),
    ("是", "第一步，看症状。第二步，看病程。\n**结论**：否。", "wrong"),
]


@pytest.mark.parametrize(("gold", "text", "verdict"), DECISIONS, ids=range(len(DECISIONS)))
def test_a_procedure_ends_on_its_decision(gold, text, verdict):
    assert judge_text(gold, text) == verdict


def judge_text(gold: str, text: str) -> Verdict:
    kind = infer_gold_type(gold)
    problem = Problem(problem_id="p", source="s", origin="o", question="?", answer=gold, answer_type=kind)
    return judge(problem, text, policy=LOOK).verdict


def test_there_are_27_tasks():
    assert len(TASKS) == 27


@pytest.mark.parametrize(("gold", "text", "outcome"), CASES)
def test_texts_are_read_as_their_task_means(gold, text, outcome):
    verdict = judge_text(gold, text)
    if outcome == OPEN:
        assert verdict is not Verdict.CORRECT
    else:
        assert verdict is {RIGHT: Verdict.CORRECT, WRONG: Verdict.WRONG}[outcome]


@pytest.mark.parametrize(
    ("gold", "kind"),
    [
        ("True", "boolean"), ("Yes", "boolean"), ("(B)", "choice"), ("] ) }", "text"), ("valid", "boolean"),
        ("-24", "number"), ("8", "number"), ("ant bee cat dog", "text"), ("no", "boolean"), ("} ] > ) ]", "text"),
        (">", "text"), ("(R)", "choice"),
    ],
)  # fmt: skip
def test_the_type_of_each_gold_is_inferred(gold, kind):
    assert infer_gold_type(gold) is AnswerType(kind)
