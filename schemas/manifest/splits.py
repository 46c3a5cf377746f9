"""How problems were split, and what overlaps evaluation sets."""

from pydantic import Field

from .parts import Count, ManifestPart


class Contamination(ManifestPart):
    """Overlap of the training problems with an evaluation set, before limit and split."""

    against: str
    """The set: a source with the role `evaluate`."""
    problems: Count
    """Questions in it."""
    overlaps: Count
    """Problems that overlapped it, and were dropped."""
    highest_similarity: float
    """The highest similarity of words, from 0 to 1, between any of its questions and a problem that overlaps no set."""
    ngram: int
    """A shared n-gram of so many words was an overlap."""
    similarity: float
    """A word similarity from this value on was an overlap too."""
    masked: float | None = None
    """A masked similarity from this value on was an overlap too; null where nothing was masked."""
    highest_masked: float | None = None
    """The highest masked similarity between any of its questions and a problem that overlaps no set; null where nothing
    was masked."""
    measures: dict[str, Count] = Field(default_factory=dict)
    """Of the problems that overlapped it, how many by each measure, the strictest that holds: a value of
    `OverlapMeasure`."""
    samples: Count = 0
    """Samples that hold a question of a set, and were dropped."""
    digest: str | None = None
    """Digest of the ids of its problems, which are made from question and options."""


class LargeCluster(ManifestPart):
    """A cluster of variations that is a large part of the problems."""

    cluster: str
    """The cluster."""
    problems: Count
    """Problems in it."""


class SplitLeak(ManifestPart):
    """A test problem with a variation in training."""

    test: str
    """The test problem."""
    train: str
    """The nearest training problem."""
    similarity: float | None
    """How similar their masked words are, from 0 to 1; null where only their cluster is the same."""


class SplitReport(ManifestPart):
    """How problems were split, and what leaks."""

    by: str
    """What stays together: `group` or `row`."""
    problems: Count
    """Problems on a side."""
    tests: Count
    """Those of them in the test split."""
    clusters: Count
    """Clusters of variations among them."""
    largest_cluster: Count
    """Problems of the largest cluster."""
    large_clusters: tuple[LargeCluster, ...] = Field((), strict=False)
    """The largest clusters with more than a twentieth of the problems, and at least ten, at most five."""
    kept_sides: Count = 0
    """Problems that the parent has too, and that are on the side that they are on there."""
    crossing: Count = 0
    """Problems that would join two sides, and were dropped."""
    similarity: float
    """From this similarity on, a problem is a variation of another, whatever their clusters."""
    leaks: Count
    """Test problems with a variation in training."""
    leaking_share: float | None
    """`leaks` of `tests`, from 0 to 1; null where there are none."""
    examples: tuple[SplitLeak, ...] = Field((), strict=False)
    """The nearest of them, at most five."""


def describe_split(report: SplitReport) -> list[str]:
    """Describe what is to be known of a split: a line for what leaks, and one for each large cluster."""
    lines = []
    if report.leaks:
        share = "" if report.leaking_share is None else f" ({report.leaking_share:.1%})"
        lines.append(f"{report.leaks:,} of {report.tests:,} test problems{share} have a variation in training")
    lines += [
        f"the cluster {each.cluster} has {each.problems / report.problems:.0%} of the problems: {each.problems:,}"
        for each in report.large_clusters
    ]
    return lines
