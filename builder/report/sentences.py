"""Wording that several pages share: the conditions of a validation, and the notices on simulated text."""

from collections.abc import Mapping

SIMULATED = "Simulated: a program wrote these rationales, not a language model."
"""For a version whose teacher was the simulated one."""

SIMULATED_GRADER = "Simulated: a program graded these rationales, not a language model."
"""For a version whose grader was the simulated teacher, and whose teacher was not."""

SIMULATED_STUDENT = "Simulated: the student was trained on rationales that a program wrote, not a language model."
"""For a validation of such a version."""

ANSWER_CHECKS: Mapping[str, str] = {
    "unchecked": "answers were not compared with gold answers: kept samples have the verdict unchecked, never correct",
    "anywhere": "where a sample states no final answer, it only mentions the gold answer somewhere (rule: anywhere)",
}
"""What `verify.answer` means for the kept samples, where it asks for less than a stated answer."""

CONSENSUS = "{agreed:,} kept samples are agreed, not checked: their problems have no gold answer (verify.consensus)"
"""What `verify.consensus` means for the kept samples."""

CONDITIONS: Mapping[str, str] = {
    "version": "the version",
    "parent": "the parent version",
    "answer_only": "answers without reasoning",
    "single_path": "one path for each problem",
    "shuffled": "shuffled reasoning",
    "unchecked": "unchecked answers",
    "untrained": "the untrained student",
}
"""The conditions of a validation in words: what a student was trained on."""


def describe_condition(condition: str) -> str:
    """Name a condition in words; one that was cut to the rows of another names both.

    >>> describe_condition("answer_only"), describe_condition("version_as_parent")
    ('answers without reasoning', 'the version, with as many rows as the parent version')
    """
    name, _, size = condition.partition("_as_")
    words = CONDITIONS.get(name, name.replace("_", " "))
    return f"{words}, with as many rows as {describe_condition(size)}" if size else words
