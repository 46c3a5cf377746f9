"""Figures of a validation: accuracies with intervals, and accuracy by amount of data."""

from collections.abc import Sequence
from fractions import Fraction

from ....schemas.validation import CORRECT, CurvePoint, Score, Validation
from ...report.charts import IntervalGroup, IntervalPoint, draw_curve, draw_intervals
from ...report.sentences import describe_condition
from .sentences import describe_setting


def draw_accuracies(validation: Validation) -> str | None:
    """Draw the accuracy of each condition in each evaluation setting.

    Returns:
        The figure as SVG; None where the validation holds no accuracy.
    """
    scores = [score for score in validation.scores if score.measure == CORRECT]
    settings = list(dict.fromkeys(score.setting for score in scores))
    groups = [
        _make_group(describe_setting(setting), [score for score in scores if score.setting == setting])
        for setting in settings
    ]
    return draw_intervals("Accuracy of students, with 95 % intervals", groups) if groups else None


def _make_group(name: str, scores: Sequence[Score]) -> IntervalGroup:
    points = [
        IntervalPoint(
            label=describe_condition(score.condition),
            mean=score.mean,
            low=score.low,
            high=score.high,
            strong=score.condition == "version",
        )
        for score in scores
    ]
    return IntervalGroup(name=name, points=points, chance=scores[0].chance)


def draw_learning_curve(curve: Sequence[CurvePoint], axis: str) -> str | None:
    """Draw accuracy by amount of data.

    Args:
        curve: the points, in any order.
        axis: what `at` of the points is.

    Returns:
        The figure as SVG; None where there is no point.
    """
    points = [
        IntervalPoint(
            label=f"{Fraction(point.at).limit_denominator(64)} ({point.rows:,} rows)",
            mean=point.mean,
            low=point.low,
            high=point.high,
        )
        for point in sorted(curve, key=lambda point: point.at)
    ]
    return draw_curve(f"Accuracy by {axis}", points, axis=axis) if points else None
