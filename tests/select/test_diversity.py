"""The curve of distinct paths by the number of samples: exact, and from counts that add up."""

from itertools import combinations
from statistics import mean

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.select import count_diversity, describe_diversity
from cotloom.schemas.frames import to_frame
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.sample import Sample


def make_tables(problems):
    """Tables of problems with the clusters of their samples: {problem: [(teacher, cluster, distance)]}."""
    rows = [
        Sample(
            sample_id=f"s_{problem}_{place}", problem_id=f"p_{problem}", teacher=teacher, text="x",
            cluster=f"s_{problem}_{cluster}", distance=distance,
        )
        for problem, samples in problems.items()
        for place, (teacher, cluster, distance) in enumerate(samples)
    ]  # fmt: skip
    known = [
        Problem(
            problem_id=f"p_{problem}", source="x", origin="", question="?", answer="1", answer_type=AnswerType.NUMBER
        )
        for problem in problems
    ]
    return to_frame(known, Problem), to_frame(rows, Sample)


CLUSTERS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=5)


@given(CLUSTERS)
@settings(max_examples=60, deadline=None)
def test_the_curve_is_the_mean_over_all_ways_to_draw_the_samples(clusters):
    tables = make_tables({place: [("t", cluster, None) for cluster in own] for place, own in enumerate(clusters)})
    (found,) = describe_diversity(count_diversity(*tables))
    assert (found.source, found.teacher, found.problems) == ("x", None, len(clusters))
    assert found.paths == sum(len(set(own)) for own in clusters)
    for point in found.curve:
        having = [own for own in clusters if len(own) >= point.samples]
        drawn = [mean(len(set(some)) for some in combinations(own, point.samples)) for own in having]
        assert (point.problems, point.paths) == (len(having), pytest.approx(mean(drawn)))


@given(CLUSTERS, st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_the_counts_of_buckets_add_up(clusters, cut):
    whole = {
        place: [("tu"[n % 2], cluster, 0.5) for n, cluster in enumerate(own)] for place, own in enumerate(clusters)
    }
    parts = [{place: own for place, own in whole.items() if (place < cut) == is_first} for is_first in (True, False)]
    added = sum(
        (count_diversity(*make_tables(part)) for part in parts if part),
        start=type(count_diversity(*make_tables(whole)))(),
    )
    assert list(describe_diversity(added)) == list(describe_diversity(count_diversity(*make_tables(whole))))


def test_what_is_unseen_is_estimated_by_chao_and_unknown_for_single_samples():
    tables = make_tables({0: [("t", cluster, None) for cluster in (0, 1, 2, 3, 3)], 1: [("t", 0, None)]})
    (found,) = describe_diversity(count_diversity(*tables))
    assert found.unseen == pytest.approx(4 / 5 * 3 * 2 / (2 * 2))  # three paths of one sample, one of two
    assert found.coverage == pytest.approx(1 - 4 / 6)
    (single,) = describe_diversity(count_diversity(*make_tables({0: [("t", 0, None)]})))
    assert single.unseen is None


def test_each_teacher_has_its_curve_where_there_are_several_and_distances_are_averaged():
    tables = make_tables({0: [("t", 0, 0.25), ("t", 1, 0.75), ("u", 0, None), ("u", 0, None)]})
    found = {item.teacher: item for item in describe_diversity(count_diversity(*tables))}
    assert {name: (item.paths, item.samples, item.mean_distance) for name, item in found.items()} == {
        None: (2, 4, 0.5), "t": (2, 2, 0.5), "u": (1, 2, None)
    }  # fmt: skip
    assert [(point.samples, point.paths) for point in found["u"].curve] == [(1, 1), (2, 1)]


def test_nothing_is_said_of_problems_without_a_correct_sample():
    problems, samples = make_tables({0: [("t", 0, None)]})
    assert (
        list(describe_diversity(count_diversity(problems, samples.with_columns(cluster=pl.lit(None, pl.String))))) == []
    )
