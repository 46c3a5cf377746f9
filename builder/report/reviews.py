"""What reviews come to, in sentences."""

from collections.abc import Iterator

from ...schemas.manifest import MeasuredErrors, ReaderAgreement, ReviewSummary


def describe_agreement(agreement: ReaderAgreement) -> str:
    """Describe how far two readers agree in a sentence."""
    kappa = "" if agreement.kappa is None else f", kappa {agreement.kappa:.2f}"
    return (
        f"{agreement.readers[0]} and {agreement.readers[1]} agree on {agreement.same} of {agreement.rows} rows{kappa}"
    )


def describe_errors(measured: MeasuredErrors) -> str:
    """Describe a measured error rate in a sentence."""
    share = measured.errors / measured.read if measured.read else 0.0
    unsure = f", {measured.unsure} of them unsure" if measured.unsure else ""
    return (
        f"error rate of kept rows: {share:.1%} [{measured.low:.1%}, {measured.high:.1%}], {measured.read} read{unsure}"
    )


def describe_review(review: ReviewSummary | None) -> Iterator[str]:
    """Describe what reviews did, and the error rates that they measured, in lines."""
    if review is None:
        return
    applied = ", ".join(f"{count:,} {action}" for action, count in review.applied.items()) or "nothing"
    unmatched = f"; {review.unmatched:,} speak of rows or texts that are not there" if review.unmatched else ""
    yield f"by {', '.join(review.readers)}: {applied}{unmatched}"
    yield from (f"{each.version}: {describe_errors(each)}" for each in review.measured)
    yield from map(describe_agreement, review.agreement)
