"""How doubtful each kept sample is, and why.

A doubt is a sign that is more frequent in wrong samples than in right ones, and proves nothing. Each has a weight; the
doubtfulness of a sample is the sum of its weights. All signs are column expressions over the rows of one bucket.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ...schemas.reasons import Fate, Verdict
from ...schemas.sample import LAST_RESORT, Hint, StepOutcome

PROBLEM_COLUMNS = ("problem_id", "question", "answer", "fate")
SAMPLE_COLUMNS = (
    "sample_id", "problem_id", "text", "reasoning", "hint", "verdict", "predicted", "rule", "steps", "faults",
    "consensus", "answer_votes", "rationale_votes", "cluster", "fate",
)  # fmt: skip
"""The columns that doubts are found in."""

MOST_REASONS = 3
"""So many reasons are told of a sample, the strongest first."""

_GROUPING = r"(\d),(\d{3})\b"
_NUMBER = r"\d+(?:\.\d+)?"
_RESULT = r"=\s*[$€£]?\s*(?:\\boxed\{)?\s*-?(\d+(?:\.\d+)?)"
_FORMULA = r"[\d$€£%.()/*x×÷+\-\s]*\d[\d$€£%.()/*x×÷+\-\s]*="
_COMMON = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 12.0, 24.0, 30.0, 50.0, 52.0, 60.0, 100.0, 365.0, 1000.0, 0.5, 0.25]
"""Numbers that texts bring along: of steps, of days and months, of per cent."""
_WORDS = {
    "five": "5", "six": "6", "eight": "8", "nine": "9", "eleven": "11", "fifteen": "15", "twenty": "20", "dozen": "12",
}  # fmt: skip
"""Numbers that questions write out; those of `_COMMON` need no entry."""

_LEAST_SIBLINGS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class DoubtSign:
    """A sign that a sample may be wrong."""

    name: str
    """Its name."""
    sentence: str
    """What a reader is told."""
    strength: pl.Expr
    """How strong it is in a row, from 0 to 1; null counts as 0."""
    weight: float
    """What a full strength adds."""


def _compute_share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole).otherwise(0.0)


def _flag(flag: pl.Expr) -> pl.Expr:
    return flag.fill_null(value=False).cast(pl.Float64)


_STEPS = pl.col("steps").list
_OUTCOMES = pl.col("steps").list.eval(pl.element().struct.field("outcome"))

DOUBTS: Sequence[DoubtSign] = (
    DoubtSign(
        name="disputed_gold",
        sentence="other samples agree on another answer than the gold one",
        strength=_flag(pl.col("agreeing_wrong") >= pl.max_horizontal("correct", pl.lit(_LEAST_SIBLINGS))),
        weight=2.0,
    ),
    DoubtSign(
        name="wrong_step",
        sentence="right answer, wrong step",
        strength=_flag(_OUTCOMES.list.contains(str(StepOutcome.WRONG))),
        weight=3.0,
    ),
    DoubtSign(
        name="often_wrong",
        sentence="most other samples of this problem are wrong",
        strength=_compute_share(pl.col("judged") - pl.col("correct"), pl.col("judged")),
        weight=0.5,
    ),
    DoubtSign(
        name="result_unused",
        sentence="the answer is the result of no step",
        strength=_flag((pl.col("results").list.len() > 0) & ~pl.col("results").list.contains(pl.col("final"))),
        weight=3.0,
    ),
    DoubtSign(
        name="from_nowhere",
        sentence="a step uses numbers that neither the question nor another step gives",
        strength=_flag(pl.col("strange").list.len() > 0),
        weight=2.5,
    ),
    DoubtSign(
        name="question_unused",
        sentence="numbers of the question are not used",
        strength=_compute_share(pl.col("unused").list.len(), pl.col("asked").list.len()),
        weight=2.5,
    ),
    DoubtSign(
        name="own_results",
        sentence="steps with results that no other sample of the problem has",
        strength=_compute_share(pl.col("own_results"), pl.col("results").list.len()),
        weight=1.5,
    ),
    DoubtSign(
        name="fault",
        sentence="a fault of the rationale is tagged",
        strength=_flag(pl.col("faults").list.len() > 0),
        weight=1.5,
    ),
    DoubtSign(
        name="votes",
        sentence="the grader's votes are split",
        strength=1.0
        - pl.min_horizontal(
            pl.col("answer_votes").struct.field("agreement"), pl.col("rationale_votes").struct.field("agreement")
        ).fill_null(1.0),
        weight=2.0,
    ),
    DoubtSign(
        name="agreed",
        sentence="there is no gold answer, and few samples agree",
        strength=1.0 - pl.col("consensus").struct.field("share").fill_null(1.0),
        weight=2.0,
    ),
    DoubtSign(
        name="unchecked",
        sentence="its answer was not checked",
        strength=_flag(pl.col("verdict").is_in([str(Verdict.UNCHECKED), str(Verdict.AGREED)])),
        weight=0.5,
    ),
    DoubtSign(
        name="last_resort",
        sentence="the answer was read from the last sentence, which marks none",
        strength=_flag(pl.col("rule") == LAST_RESORT),
        weight=0.75,
    ),
    DoubtSign(
        name="unread_steps",
        sentence="steps that could not be checked",
        strength=_compute_share(_OUTCOMES.list.count_matches(str(StepOutcome.UNCHECKED)), _STEPS.len()),
        weight=0.5,
    ),
    DoubtSign(
        name="lone_method",
        sentence="no other sample takes this path",
        strength=_flag((pl.col("in_cluster") == 1) & (pl.col("correct") > _LEAST_SIBLINGS)),
        weight=0.25,
    ),
    DoubtSign(
        name="no_steps",
        sentence="no step can be checked, though other samples have some",
        strength=_flag((_STEPS.len() == 0) & (pl.col("usual_steps") >= 1)),
        weight=1.0,
    ),
    DoubtSign(
        name="hinted",
        sentence="the teacher was shown the answer",
        strength=_flag(pl.col("hint") == Hint.HINTED),
        weight=0.5,
    ),
    DoubtSign(
        name="odd_length",
        sentence="much shorter or longer than other samples",
        strength=(pl.col("length") / pl.col("usual_length")).log().abs().sub(0.7).clip(0.0, 1.0).fill_null(0.0),
        weight=0.75,
    ),
)
"""All doubts."""


def score_doubts(problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Score how doubtful the kept samples of a bucket are.

    Args:
        problems: the columns `PROBLEM_COLUMNS`.
        samples: the columns `SAMPLE_COLUMNS`, dropped ones included.

    Returns:
        Columns sample_id, problem_id, doubt: the sum of the weights; why: the sentences of the strongest doubts.
    """
    rows = _add_facts(problems, samples)
    strengths = [
        (doubt.strength.cast(pl.Float64).fill_null(0.0).fill_nan(0.0) * doubt.weight).alias(doubt.name)
        for doubt in DOUBTS
    ]
    scored = rows.select("sample_id", "problem_id", *strengths)
    total = pl.sum_horizontal(doubt.name for doubt in DOUBTS).round(6)
    why = [_explain(row) for row in scored.select(doubt.name for doubt in DOUBTS).iter_rows(named=True)]
    return scored.select("sample_id", "problem_id", doubt=total, why=pl.Series(why, dtype=pl.List(pl.String)))


def _explain(weights: Mapping[str, float]) -> list[str]:
    strongest = sorted(weights, key=lambda name: (-weights[name], name))[:MOST_REASONS]
    return [_SENTENCES[name] for name in strongest if weights[name] >= _TOLD]


_SENTENCES = {doubt.name: doubt.sentence for doubt in DOUBTS}
_TOLD = 0.25
"""A doubt that weighs less is not told."""


def _add_facts(problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Add what doubts look at to the kept samples, from their problems and from the other samples of these."""
    written = pl.concat_str([pl.col("reasoning").fill_null(""), pl.col("text").fill_null("")], separator="\n")
    texts = samples.with_columns(
        written=written.str.replace_all(_GROUPING, "$1$2").str.replace_all(_GROUPING, "$1$2"),
        final=pl.col("predicted").str.replace_all(",", "").str.extract(f"({_NUMBER})").cast(pl.Float64, strict=False),
    ).with_columns(
        numbers=_find_numbers(pl.col("written")),
        operands=_find_numbers(pl.col("written").str.extract_all(_FORMULA).list.join(" ")),
        results=_parse(pl.col("written").str.extract_all(_RESULT).list.eval(pl.element().str.extract(_RESULT))),
        length=pl.col("written").str.len_chars(),
    )
    questions = problems.filter(pl.col("fate") == Fate.KEPT).select(
        "problem_id", asked=_find_numbers(_write_digits(pl.col("question")))
    )
    kept = texts.filter(pl.col("fate") == Fate.KEPT)
    joined = (
        kept.join(questions, on="problem_id", how="left", maintain_order="left")
        .join(_count_verdicts(samples), on="problem_id", how="left", maintain_order="left")
        .join(_count_own_results(texts), on="sample_id", how="left", maintain_order="left")
        .with_columns(pl.col("asked").fill_null([]))
        .with_columns(
            given=pl.concat_list("asked", _derive(pl.col("asked")), "results", pl.lit(pl.Series([_COMMON]))),
        )
    )
    is_several = pl.len().over("problem_id") > _LEAST_SIBLINGS
    return joined.with_columns(
        strange=pl.col("operands").list.set_difference("given"),
        unused=pl.col("asked").list.set_difference("numbers").list.set_difference(pl.lit(pl.Series([_COMMON]))),
        in_cluster=pl.len().over("cluster"),
        usual_steps=pl.col("steps").list.len().median().over("problem_id"),
        usual_length=pl.when(is_several).then(pl.col("length").median().over("problem_id")),
    )


def _write_digits(text: pl.Expr) -> pl.Expr:
    """Write numbers of questions in digits, without marks between thousands."""
    bare = text.fill_null("").str.replace_all(_GROUPING, "$1$2").str.replace_all(_GROUPING, "$1$2")
    return bare.str.replace_many(_WORDS, ascii_case_insensitive=True)


def _find_numbers(text: pl.Expr) -> pl.Expr:
    return _parse(text.str.extract_all(_NUMBER)).list.unique()


def _parse(numbers: pl.Expr) -> pl.Expr:
    return numbers.cast(pl.List(pl.Float64), strict=False).list.drop_nulls()


def _derive(numbers: pl.Expr) -> pl.Expr:
    """Derive what a question's per cent become in a step: 20 as 0.2, 0.8, 1.2, 80 and 120."""
    share, one = pl.element() / 100, 1.0
    forms = [share, one - share, one + share, 100 - pl.element(), 100 + pl.element()]
    return pl.concat_list(*(numbers.list.eval(form.round(6)) for form in forms))


def _count_verdicts(samples: pl.DataFrame) -> pl.DataFrame:
    """Count for each problem the judged samples, the right ones, and the largest group of wrong ones that agree."""
    judged = samples.filter(pl.col("verdict").is_in([str(Verdict.CORRECT), str(Verdict.WRONG)]))
    is_wrong = pl.col("verdict") == Verdict.WRONG
    wrong = judged.filter(is_wrong).group_by("problem_id", "predicted").len()
    largest = wrong.group_by("problem_id").agg(agreeing_wrong=pl.col("len").max())
    counts = judged.group_by("problem_id").agg(judged=pl.len(), correct=(~is_wrong).sum())
    return counts.join(largest, on="problem_id", how="left")


def _count_own_results(texts: pl.DataFrame) -> pl.DataFrame:
    """Count for each sample the results that no other right sample of its problem has; 0 where there are too few."""
    right = texts.filter(pl.col("verdict") == Verdict.CORRECT).select("sample_id", "problem_id", "results")
    results = right.explode("results").drop_nulls("results").unique(maintain_order=True)
    is_own = (pl.len().over("problem_id", "results") == 1) & (
        pl.col("sample_id").n_unique().over("problem_id") > _LEAST_SIBLINGS
    )
    return results.with_columns(own=is_own).group_by("sample_id").agg(own_results=pl.col("own").sum())
