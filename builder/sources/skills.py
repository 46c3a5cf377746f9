"""The source `skills`: generated short general tasks with bare answers.

They measure general ability: the student trains on them as finished responses before or beside the target task, and
is evaluated on them afterwards to measure forgetting. Words come from `skills.yaml`. Every choice is a keyed hash, so
problem number 7 is the same whatever number of problems is generated. Lists are separated by commas, so an answer that
repeats the whole list is never read as one of its words.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import count, islice, takewhile
from typing import TypeVar

from ruamel.yaml import YAML

from ...schemas.ids import pick, rank
from ...schemas.problem import AnswerType, Problem, make_problem_id
from ...schemas.source import Skill, SkillsSource
from ..errors import InputError
from ..languages import ENGLISH

LICENSE = "Apache-2.0"
"""The word lists are part of this package and under its licence."""

TRIES = 1000
"""Attempts for one problem before a task counts as exhausted."""

BARE = r"(?s)\A(.+)\z"
"""A `pattern` for the verifier that reads the whole text as the answer, because a bare word has no answer marker."""

NUMBERS = range(21)
"""The numbers of all tasks, and of their answers."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class WordLists:
    """What `skills.yaml` holds."""

    kinds: Mapping[str, Sequence[str]]
    """Words by category."""
    labels: Sequence[str]
    """Meaningless words whose meaning a question defines by examples."""

    @property
    def all(self) -> tuple[str, ...]:
        """The words of all categories."""
        return tuple(word for words in self.kinds.values() for word in words)


@dataclass(frozen=True, slots=True)
class SkillQuestion:
    """One short question with its answer."""

    question: str
    """The question."""
    answer: str
    """The bare answer."""
    items: Sequence[object]
    """The words or numbers in it. Questions of one task with the same items, in any order, are a group."""
    answer_type: AnswerType = AnswerType.TEXT
    """How answers are compared."""


def generate_skills(count: int, seed: int, tasks: Sequence[Skill] | None = None, name: str = "skills") -> list[Problem]:
    """Generate short general problems without a recipe.

    Args:
        count: number of problems.
        seed: part of the random key.
        tasks: names of the tasks; None for all.
        name: name of the source; part of the random key.

    Returns:
        Problems as from `make_skills_problems`.

    Raises:
        InputError: the tasks can't produce that many distinct questions.
    """
    names = None if tasks is None else tuple(tasks)
    return make_skills_problems(SkillsSource(kind="skills", name=name, problems=count, tasks=names), seed)


def make_skills_problems(source: SkillsSource, seed: int) -> list[Problem]:
    """Generate the problems of a source. The tasks alternate; an exhausted task is skipped.

    Args:
        source: sets the number of problems and the tasks; its name is part of the random key.
        seed: part of the random key.

    Returns:
        Problems with distinct questions, each with its answer as its only finished response. The first n do not depend
        on the number of problems.

    Raises:
        InputError: all tasks are exhausted.
    """
    questions = _draw_questions(f"{seed}/{source.name}", source.tasks or tuple(TASKS))
    problems = [_build_problem(source, number, *item) for number, item in enumerate(islice(questions, source.problems))]
    if len(problems) < source.problems:
        raise InputError(
            f"source {source.name}: {source.problems} problems are requested, but the tasks have only {len(problems)}",
            hint="request fewer problems, or add tasks",
            keys=(f"sources.{source.name}.problems",),
        )
    return problems


def _draw_questions(key: str, tasks: Sequence[str]) -> Iterator[tuple[str, SkillQuestion]]:
    """Yield one question of every task in each round, until all tasks are exhausted."""
    left = set(tasks)
    texts: set[str] = set()
    for number in takewhile(lambda _: left, count()):
        for task in sorted(left, key=lambda task: rank(f"{key}/{number}", task)):
            question = _draw_question(task, f"{key}/{number}", texts)
            if question is None:
                left.remove(task)
                continue
            texts.add(question.question)
            yield task, question


def _draw_question(task: str, key: str, texts: set[str]) -> SkillQuestion | None:
    """Draw a question whose text is new; None after `TRIES` attempts."""
    attempts = (TASKS[task](f"{key}/{task}/{attempt}") for attempt in range(TRIES))
    return next((question for question in attempts if question.question not in texts), None)


def _build_problem(source: SkillsSource, number: int, task: str, question: SkillQuestion) -> Problem:
    return Problem(
        problem_id=make_problem_id(question.question),
        source=source.name,
        origin=f"{source.name}:{number}",
        task=task,
        question=question.question,
        answer=question.answer,
        answer_type=question.answer_type,
        responses=(question.answer,),
        language=ENGLISH,
        group=f"{task}: {', '.join(sorted(map(str, question.items)))}",
        license=LICENSE,
    )


@cache
def load_words() -> WordLists:
    """Read `skills.yaml`."""
    return WordLists(
        **YAML(typ="safe").load(files("cotloom.builder.sources").joinpath("skills.yaml").read_text(encoding="utf-8"))
    )


# Random choices


def _draw_items(items: Sequence[Item], number: int, key: str, purpose: str) -> list[Item]:
    """Draw items without replacement, in random order."""
    left = list(items)
    return [left.pop(rank(key, f"{purpose} {index}") % len(left)) for index in range(number)]


def _draw_words(number: int, key: str) -> list[str]:
    return _draw_items(load_words().all, number, key, "word")


def _join_items(items: Sequence[object]) -> str:
    return ", ".join(map(str, items))


# Words of a list


def _make_first_word(key: str) -> SkillQuestion:
    words = _draw_words(pick((3, 4, 5), key, "length"), key)
    return SkillQuestion(f"First word: {_join_items(words)}", words[0], words)


def _make_last_word(key: str) -> SkillQuestion:
    words = _draw_words(pick((3, 4, 5), key, "length"), key)
    return SkillQuestion(f"Last word: {_join_items(words)}", words[-1], words)


def _make_word_after(key: str) -> SkillQuestion:
    words = _draw_words(pick((4, 5), key, "length"), key)
    index = pick(range(len(words) - 1), key, "place")
    return SkillQuestion(f"Word after {words[index]}: {_join_items(words)}", words[index + 1], words)


def _make_reverse_words(key: str) -> SkillQuestion:
    words = _draw_words(3, key)
    return SkillQuestion(f"Reverse: {_join_items(words)}", _join_items(words[::-1]), words)


def _make_word_in_list(key: str) -> SkillQuestion:
    words = _draw_words(5, key)
    absent, *listed = words
    is_listed = pick((True, False), key, "there")
    word = pick(listed, key, "wanted") if is_listed else absent
    answer = "yes" if is_listed else "no"
    return SkillQuestion(f"Is {word} in: {_join_items(listed)}?", answer, words, AnswerType.BOOLEAN)


def _make_odd_one_out(key: str) -> SkillQuestion:
    kinds = load_words().kinds
    usual, other = _draw_items(tuple(kinds), 2, key, "kind")
    odd = pick(kinds[other], key, "odd")
    words = _draw_items([odd, *_draw_items(kinds[usual], 3, key, "usual")], 4, key, "order")
    return SkillQuestion(f"Odd one out: {_join_items(words)}", odd, words)


def _make_count_words(key: str) -> SkillQuestion:
    words = _draw_words(pick(range(2, 8), key, "length"), key)
    return SkillQuestion(f"Count: {_join_items(words)}", str(len(words)), words, AnswerType.NUMBER)


# Numbers


def _make_largest_number(key: str) -> SkillQuestion:
    numbers = _draw_items(NUMBERS, 3, key, "number")
    return SkillQuestion(f"Largest: {_join_items(numbers)}", str(max(numbers)), numbers, AnswerType.NUMBER)


def _make_sort_numbers(key: str) -> SkillQuestion:
    numbers = _draw_items(NUMBERS, 3, key, "number")
    return SkillQuestion(f"Sort: {_join_items(numbers)}", _join_items(sorted(numbers)), numbers)


_SUMS = ("{a} + {b} =", "What is {a} + {b}?", "{a} plus {b}", "Add {a} and {b}", "Sum: {a}, {b}")
_DIFFERENCES = ("{a} - {b} =", "What is {a} - {b}?", "{a} minus {b}", "Take {b} from {a}", "Difference: {a}, {b}")


def _make_one_step_fact(key: str) -> SkillQuestion:
    """Ask for a sum or difference in 0..20; all pairs of whole and part are equally likely."""
    whole, part = pick(_PAIRS, key, "pair")
    is_sum = pick((True, False), key, "sum")
    a, b, result = (part, whole - part, whole) if is_sum else (whole, part, whole - part)
    question = pick(_SUMS if is_sum else _DIFFERENCES, key, "words").format(a=a, b=b)
    return SkillQuestion(question, str(result), (a, b), AnswerType.NUMBER)


_PAIRS = tuple((whole, part) for whole in NUMBERS for part in range(whole + 1))

# Labels that the question defines


def _make_hidden_label(key: str) -> SkillQuestion:
    return pick((_make_lookup, _make_classification), key, "how")(key)


def _make_lookup(key: str) -> SkillQuestion:
    """Give each word a number, and ask for the number of one of them."""
    words = _draw_words(pick((3, 4, 5), key, "length"), key)
    labels = dict(zip(words, _draw_items(NUMBERS, len(words), key, "label"), strict=True))
    query = pick(words, key, "wanted")
    return SkillQuestion(_format_labels(labels, query), str(labels[query]), words, AnswerType.NUMBER)


def _make_classification(key: str) -> SkillQuestion:
    """Label the words of two categories, and ask for the label of a new word of one of them."""
    kinds = load_words().kinds
    pair = dict(
        zip(_draw_items(tuple(kinds), 2, key, "kind"), _draw_items(load_words().labels, 2, key, "label"), strict=True)
    )
    words = {word: label for kind, label in pair.items() for word in _draw_items(kinds[kind], 3, key, kind)}
    query = pick(tuple(words), key, "wanted")
    others = [word for word in words if word != query]
    labels = {word: words[word] for word in _draw_items(others, len(others), key, "order")}
    return SkillQuestion(_format_labels(labels, query), words[query], tuple(words))


def _format_labels(labels: Mapping[str, object], query: str) -> str:
    return ", ".join([*(f"{word} -> {label}" for word, label in labels.items()), f"{query} -> ?"])


TASKS: Mapping[str, Callable[[str], SkillQuestion]] = {
    "first_word": _make_first_word,
    "last_word": _make_last_word,
    "word_after": _make_word_after,
    "reverse_words": _make_reverse_words,
    "word_in_list": _make_word_in_list,
    "odd_one_out": _make_odd_one_out,
    "count_words": _make_count_words,
    "largest_number": _make_largest_number,
    "sort_numbers": _make_sort_numbers,
    "one_step_fact": _make_one_step_fact,
    "hidden_label": _make_hidden_label,
}
"""The function of each task that makes a question from a random key."""
