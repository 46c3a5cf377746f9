"""A step that the text asks, denies, strikes out or corrects is not called wrong; one that it stands by is."""

import pytest

from tests.text.equations.test_equations import read_outcomes

WITHDRAWN = [
    *["3 + 4 = 8? No, 3 + 4 = 7.", "Is 3 + 4 = 8?", "Is it true that 3 + 4 = 8? It is not.", "3 + 4 = 8 pens? No."],
    *["It is not 3 + 4 = 8 but 3 + 4 = 7.", "It is not true that 3 + 4 = 8.", "We can't say 3 + 4 = 8."],
    *["3 + 4 = 8 is wrong.", "3 + 4 = 8 is not true.", "3 + 4 = 8 isn't right.", "3 + 4 = 8 would be wrong."],
    *["3 + 4 = 8 can't be right.", "3 + 4 = 8 doesn't look right.", "3 + 4 = 8 does not hold."],
    *["3 + 4 = 8, no, 3 + 4 = 7.", "3 + 4 = 8 - no wait, 3 + 4 = 7.", "3 + 4 = 8... oops, 7.", "3 + 4 = 8, I mean 7."],
    *["3 + 4 = 8. Wait, that's not right.", "3 + 4 = 8. That is incorrect.", "3 + 4 = 8. Hmm, 3 + 4 = 7."],
    *["3 + 4 = 8\nActually, 3 + 4 = 7.", "3 + 4 = 8. Hold on, 3 + 4 = 7.", "3 + 4 = 8. Sorry, 3 + 4 = 7."],
    "3 + 4 = 8. So he has 8 pens, and the answer is 8.\nLet me recheck this: 3 + 4 = 7.",
    *["~~3+4=8~~ 3+4=7", "So ~~she has 3 + 4 = 8 pens~~ she has 3 + 4 = 7 pens.", "<del>3 + 4 = 8</del> 3 + 4 = 7"],
    *["\\cancel{3 + 4 = 8} 3 + 4 = 7", "3 + 4 = 8 (wrong)", "3 + 4 = 8 ❌", "❌ 3 + 4 = 8", "Wrong: 3 + 4 = 8"],
    *["If 3 + 4 = 8, pigs can fly.", "Suppose 3 + 4 = 8.", "One might think 3 + 4 = 8.", "Tom claimed that 3 + 4 = 8."],
    *["A common mistake is to write 3 + 4 = 8.", 'The claim "3 + 4 = 8" is false.', "He thought 3 + 4 = 8."],
    *["3+4=8，不对，3+4=7。", "不是 3+4=8。", "3 + 4 = 8？不，是 7。", "3+4=8是错的。", "如果3+4=8，那么"],
    *["3 + 4 = 8, nein, 3 + 4 = 7.", "3 + 4 = 8 est faux.", "3 + 4 = 8 es falso.", "3 + 4 = 8, non, 3 + 4 = 7."],
]


@pytest.mark.parametrize("text", WITHDRAWN)
def test_a_withdrawn_step_is_not_wrong(text):
    assert "wrong" not in [outcome for outcome, _ in read_outcomes(text)]


STANDING = [
    *["So 3 + 4 = 8.", "3 + 4 = 8, not 9.", "3 + 4 = 8, no discount.", "3 + 4 = 8 pens and no books.", "3 + 4 = 8!"],
    *[
        "If she buys more, she has 3 + 4 = 8 pens.",
        "He got 2 answers wrong, so 3 + 4 = 8 are left.",
        "There were 3 + 4 = 8.",
    ],
    *["3 + 4 = 8. He waits.", "3 + 4 = 8\nNow 8 - 1 = 7.", "She could buy 3 + 4 = 8 pens.", "~~Old~~ 3 + 4 = 8"],
    *["3 + 4 = 8. 3 + 4 = 7.", "She was not late. 3 + 4 = 8.", "Is this enough? 3 + 4 = 8.", "3 + 4 = 8 is the sum."],
    *["所以 3+4=8。", "3+4=8，然后", "They can have 3 + 4 = 8 pens.", "After the error, 3 + 4 = 8 remain."],
]


@pytest.mark.parametrize("text", STANDING)
def test_a_step_that_the_text_stands_by_is_wrong(text):
    assert "wrong" in [outcome for outcome, _ in read_outcomes(text)]
