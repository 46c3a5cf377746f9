"""Verdicts, fates, and the reasons for dropping a row, in order of precedence."""

from enum import StrEnum


class Verdict(StrEnum):
    """What checking a sample's final answer found. A check that broke is never an answer (law 2)."""

    CORRECT = "correct"
    WRONG = "wrong"
    NO_ANSWER = "no_answer"
    TRUNCATED = "truncated"
    UNVERIFIABLE = "unverifiable"
    CHECK_FAILED = "check_failed"
    PROVIDED = "provided"
    UNCHECKED = "unchecked"
    AGREED = "agreed"
    """The problem has no gold answer, and enough of its samples give this one. Nobody knows whether it is correct."""
    DISAGREED = "disagreed"
    """The problem has no gold answer, and enough of its samples give another one. Nobody knows whether it is wrong."""
    NO_CONSENSUS = "no_consensus"
    """The problem has no gold answer, and too few of its samples give the same one."""
    ACCEPTED = "accepted"
    """Its check did not find it right, and a person who read it did."""


class Fate(StrEnum):
    """Where a row ended."""

    KEPT = "kept"
    DROPPED = "dropped"


class Unit(StrEnum):
    """What is counted in the funnel."""

    PROBLEM = "problem"
    SAMPLE = "sample"
    EXAMPLE = "example"


class Stage(StrEnum):
    """The rooms that drop rows, in the order of the flow."""

    SOURCES = "sources"
    TEACHER = "teacher"
    VERIFY = "verify"
    SELECT = "select"
    FORMAT = "format"
    MIX = "mix"


class Reason(StrEnum):
    """Why a row was dropped. Where several hold, the first in this order wins and the rest go to `detail`."""

    MALFORMED = "malformed"
    GOLD_UNREADABLE = "gold_unreadable"
    DUPLICATE_PROBLEM = "duplicate_problem"
    EVALUATION_OVERLAP = "evaluation_overlap"
    CROSSES_SPLIT = "crosses_split"
    REQUEST_FAILED = "request_failed"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    TRUNCATED = "truncated"
    WRONG = "wrong"
    UNVERIFIABLE = "unverifiable"
    CHECK_FAILED = "check_failed"
    NO_CONSENSUS = "no_consensus"
    DISAGREED = "disagreed"
    WRONG_STEP = "wrong_step"
    OUT_OF_ORDER = "out_of_order"
    HINT_PARROTED = "hint_parroted"
    RESTATED = "restated"
    ANSWER_FIRST = "answer_first"
    CUT_OFF = "cut_off"
    TRACE_CUT_OFF = "trace_cut_off"
    OTHER_LANGUAGE = "other_language"
    TRACE_LANGUAGE = "trace_language"
    BLIND_CHECK_FAILED = "blind_check_failed"
    RATIONALE_REJECTED = "rationale_rejected"
    DEGENERATE = "degenerate"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    EXACT_DUPLICATE = "exact_duplicate"
    PATH_DUPLICATE = "path_duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    BEYOND_KEEP = "beyond_keep"
    TOO_EASY = "too_easy"
    TOO_HARD = "too_hard"
    NO_DEMONSTRATIONS = "no_demonstrations"
    OVER_CAP = "over_cap"
    NOT_TAKEN = "not_taken"
    REJECTED_IN_REVIEW = "rejected_in_review"


ORDER = {reason: index for index, reason in enumerate(Reason)}
"""The precedence of each reason: the lowest wins."""
