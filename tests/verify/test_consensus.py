"""What the answers to one problem agree on: equality decides, undecided pairs never merge, the order never counts."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.verify import ComparisonOutcome, compare, find_agreement, judge
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Reason, Verdict
from cotloom.schemas.recipe import ConsensusRule, Verify
from cotloom.schemas.sample import Hint

RULE = ConsensusRule()
POLICY = Verify(consensus=RULE)
PAIR = ("pear", "7 apples")


def agree(answers, kind=AnswerType.NUMBER, choices=(), **rule):
    found = find_agreement(answers, AnswerType(kind), choices, ConsensusRule(**rule)).consensus
    return found.answer, found.agreeing, found.answered


@pytest.mark.parametrize(
    ("kind", "answers", "expected"),
    [
        ("number", ["18", "18", "18"], ("18", 3, 3)),
        ("number", ["18", "$18", "18.00", "7"], ("18", 3, 4)),
        ("number", ["1 hour", "60 minutes", "60 minutes"], ("60 minutes", 3, 3)),
        ("number", ["5 km", "5 m", "5 km", "5 m", "5 km", "5 m"], (None, 3, 6)),
        ("number", ["18", "18"], (None, 2, 2)),
        ("number", ["18", "18", "18", "7", "7", "7"], (None, 3, 6)),
        ("number", ["18", "18", "18", "7", "8", "9"], (None, 3, 6)),
        ("number", ["seven pens or so", "x", "y"], (None, 0, 3)),
        ("number", [], (None, 0, 0)),
        ("boolean", ["yes", "True", "yes", "no"], ("yes", 3, 4)),
        ("boolean", ["valid", "valid", "valid"], ("valid", 3, 3)),
        ("date", ["12/25/1937", "December 25, 1937", "25.12.1937"], ("12/25/1937", 3, 3)),
        ("date", ["01/02/2020", "January 2, 2020", "February 1, 2020"], (None, 1, 3)),
        ("set", ["{1,2}", "{2,1}", "{1, 2}", "{1,3}"], ("{1,2}", 3, 4)),
        ("list", ["1,2", "2,1", "1, 2", "1 and 2"], ("1,2", 3, 4)),
        ("ratio", ["2:3", "4:6", "2 to 3"], ("2:3", 3, 3)),
        ("text", ["Paris", "paris.", "**Paris**", "London"], ("Paris", 3, 4)),
        ("expression", ["x^2", "x*x", "x^{2}", "2x"], ("x*x", 3, 4)),
    ],
)  # fmt: skip
def test_the_greatest_class_wins_where_it_is_great_enough(kind, answers, expected):
    assert agree(answers, kind) == expected


def test_an_option_is_named_by_its_letter():
    assert agree(["(B)", "7 apples", "B. 7 apples", "A"], "choice", PAIR) == ("B", 3, 4)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"least": 2, "share": 0.5}, "18"),
        ({"least": 4, "share": 0.5}, None),
        ({"least": 3, "share": 0.75}, "18"),
        ({"least": 3, "share": 0.76}, None),
        ({"least": 2, "share": 1.0}, None),
    ],
    ids=str,
)
def test_the_rule_says_how_many(rule, expected):
    assert agree(["18", "18", "18", "7"], **rule)[0] == expected


def test_a_share_is_exact():
    assert agree(["1"] * 7 + ["2", "3", "4"], share=0.7) == ("1", 7, 10)


def test_what_equals_two_answers_that_are_not_equal_joins_only_one_of_them():
    """`18` is `18 km` and `18 pens`, which are not each other."""
    assert compare("18 km", "18 kg", AnswerType.NUMBER).outcome is ComparisonOutcome.DIFFERENT
    assert agree(["18", "18 km", "18 kg"], share=0.34, least=2) == (None, 1, 3)
    assert agree(["18", "18 km", "18 km", "18 kg"], share=0.34) == ("18 km", 3, 4)
    assert agree(["18", "18", "18", "18 km", "18 kg"]) == ("18", 3, 5)


ANSWERS = st.lists(
    st.sampled_from(["18", "$18", "18.0", "18 km", "18 kg", "18000 m", "18%", "0.18", "about 18", "18 pens", "18 or 19",
                     "<18", "1/3", "0.333333", "0.3333333", "18 apples", "12 months", "1 year", "365 days", "x"]),
    max_size=9,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(ANSWERS, st.randoms(use_true_random=False), st.integers(2, 4), st.sampled_from([0.34, 0.5, 0.6, 1.0]))
def test_order_never_counts_and_a_class_is_equal_throughout(answers, random, least, share):
    rule = ConsensusRule(least=least, share=share)
    found = find_agreement(answers, AnswerType.NUMBER, (), rule)
    shuffled = random.sample(answers, len(answers))
    assert find_agreement(shuffled, AnswerType.NUMBER, (), rule) == found
    for left in found.spellings:
        for right in found.spellings:
            assert compare(left, right, AnswerType.NUMBER).outcome is ComparisonOutcome.EQUAL
    votes = Counter(answers)
    assert (found.consensus.answer is None) is (not found.spellings)
    if found.spellings:
        assert sum(votes[answer] for answer in found.spellings) == found.consensus.agreeing >= least
        assert found.consensus.answer in found.spellings


# One text


def judge_alone(text, **keys):
    problem = Problem(problem_id="p", source="s", origin="o", question="How many?", answer=None)
    return judge(problem, text, **{"policy": POLICY, **keys})


def test_one_text_agrees_with_nobody():
    found = judge_alone("3 + 4 = 7. The answer is 7.")
    assert (found.verdict, found.reason, found.predicted) == (Verdict.NO_CONSENSUS, Reason.NO_CONSENSUS, "7")
    assert found.rationale_reason is None


def test_what_is_wrong_with_its_reasoning_is_known_before():
    found = judge_alone("3 + 4 = 8. The answer is 8.")
    assert (found.reason, found.rationale_reason) == (Reason.NO_CONSENSUS, Reason.WRONG_STEP)
    assert "also wrong_step" in found.detail


@pytest.mark.parametrize(
    ("text", "keys", "verdict", "detail"),
    [
        ("It is 17 or 18. The answer is 17 or 18.", {}, Verdict.UNVERIFIABLE, "open"),
        ("The answer is 7.", {"finish_reason": "length"}, Verdict.TRUNCATED, "cut off"),
        ("The answer is 7.", {"hint": Hint.HINTED}, Verdict.UNVERIFIABLE, "hint"),
        ("The answer is 7.", {"policy": Verify()}, Verdict.UNVERIFIABLE, "no gold answer"),
        ("I do not know.", {}, Verdict.NO_ANSWER, "no final answer"),
        ("", {}, Verdict.NO_ANSWER, "empty"),
    ],
    ids=["hedge", "cut_off", "hinted", "no_rule", "no_answer", "empty"],
)
def test_what_gives_no_answer_of_its_own_has_no_vote(text, keys, verdict, detail):
    found = judge_alone(text, **keys)
    assert found.verdict is verdict
    assert detail in found.detail


def test_the_gold_answer_is_not_looked_for_where_there_is_none():
    found = judge_alone("One sees 7 of them.", policy=Verify(consensus=RULE, answer="anywhere"))
    assert found.verdict in {Verdict.NO_ANSWER, Verdict.NO_CONSENSUS}


@pytest.mark.parametrize("keys", [{"least": 1}, {"share": 0.0}, {"share": 1.1}], ids=str)
def test_one_sample_is_no_consensus(keys):
    with pytest.raises(ValueError, match=r"greater|less"):
        ConsensusRule(**keys)


def test_consensus_and_unchecked_exclude_each_other():
    with pytest.raises(ValueError, match="compares none"):
        Verify(consensus=RULE, answer="unchecked")
