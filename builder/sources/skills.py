"""The source `skills`: short general tasks of our own, with bare answers.

They are what a student should be able to do besides the target: trained on as finished responses before or beside it,
and asked afterwards to see what was lost. Words come from `skills.yaml`; every choice is a keyed hash, so that problem
number 7 is the same however many are asked for. Lists are parted by commas: an answer that hands back the whole list
for one of its words is then never read as right.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import count, islice, takewhile
from typing import TypeVar

from cotloom.builder.errors import InputError
from cotloom.schemas.chance import pick
from cotloom.schemas.ids import rank
from cotloom.schemas.problem import AnswerType, Problem, problem_id
from cotloom.schemas.source import Skill, SkillsSource
from ruamel.yaml import YAML

LICENSE = "Apache-2.0"
"""The words are part of this package and under its licence."""

TRIES = 1000
"""Draws for one problem before a task counts as told out."""

BARE = r"(?s)\A(.+)\Z"
"""Reads a whole text as the answer (a `pattern` for the verifier): a bare word carries no mark of an answer."""

NUMBERS = range(21)
"""The numbers of all tasks, and of their answers."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Words:
    """What `skills.yaml` holds."""

    kinds: Mapping[str, Sequence[str]]
    """Words by what they are."""
    labels: Sequence[str]
    """Words that mean nothing until a question shows what."""

    @property
    def all(self) -> tuple[str, ...]:
        """The words of every kind."""
        return tuple(word for words in self.kinds.values() for word in words)


@dataclass(frozen=True, slots=True)
class Asked:
    """One short question."""

    question: str
    """The question."""
    answer: str
    """Its bare answer."""
    about: Sequence[object]
    """Words or numbers that it is about. In whatever order: questions of one task about the same are a group."""
    answer_type: AnswerType = AnswerType.TEXT
    """How answers are compared."""


def skills(count: int, seed: int, tasks: Sequence[Skill] | None = None, name: str = "skills") -> list[Problem]:
    """Make short general problems without a recipe.

    Args:
        count: how many.
        seed: another seed makes other problems.
        tasks: which tasks; None for all.
        name: name of the source; another name makes other problems.

    Returns:
        Problems as `make_skills` makes them.

    Raises:
        InputError: there are not so many different ones.
    """
    chosen = None if tasks is None else tuple(tasks)
    return make_skills(SkillsSource(kind="skills", name=name, problems=count, tasks=chosen), seed)


def make_skills(source: SkillsSource, seed: int) -> list[Problem]:
    """Make the problems of a source. Tasks take turns; one that is told out is passed over.

    Args:
        source: says how many, of which tasks, and by its name which ones.
        seed: another seed makes other problems.

    Returns:
        Problems with distinct questions, each with its answer as its one finished response. The first n are the same
        whatever number is asked for.

    Raises:
        InputError: all tasks are told out.
    """
    told = _told(f"{seed}/{source.name}", source.tasks or tuple(TASKS))
    problems = [_problem(source, number, *item) for number, item in enumerate(islice(told, source.problems))]
    if len(problems) < source.problems:
        raise InputError(
            f"source {source.name}: {source.problems} problems are asked for, and the tasks have {len(problems)}",
            hint="ask for fewer problems, or for more tasks",
            keys=(f"sources.{source.name}.problems",),
        )
    return problems


def _told(key: str, tasks: Sequence[str]) -> Iterator[tuple[str, Asked]]:
    """Let every task have one turn in each round, until it is told out."""
    left = set(tasks)
    asked: set[str] = set()
    for turn in takewhile(lambda _: left, count()):
        for task in sorted(left, key=lambda task: rank(f"{key}/{turn}", task)):
            found = _draw(task, f"{key}/{turn}", asked)
            if found is None:
                left.remove(task)
                continue
            asked.add(found.question)
            yield task, found


def _draw(task: str, key: str, asked: set[str]) -> Asked | None:
    """Draw a question that was not asked before; None where there seems to be none left."""
    drawn = (TASKS[task](f"{key}/{task}/{attempt}") for attempt in range(TRIES))
    return next((found for found in drawn if found.question not in asked), None)


def _problem(source: SkillsSource, number: int, task: str, found: Asked) -> Problem:
    return Problem(
        problem_id=problem_id(found.question),
        source=source.name,
        origin=f"{source.name}:{number}",
        task=task,
        question=found.question,
        answer=found.answer,
        answer_type=found.answer_type,
        responses=(found.answer,),
        group=f"{task}: {', '.join(sorted(map(str, found.about)))}",
        license=LICENSE,
    )


@cache
def load_words() -> Words:
    """Read `skills.yaml`."""
    return Words(
        **YAML(typ="safe").load(files("cotloom.builder.sources").joinpath("skills.yaml").read_text(encoding="utf-8"))
    )


# Choices


def _several(items: Sequence[Item], number: int, key: str, what: str) -> list[Item]:
    """Draw different items, in an order that is drawn too."""
    left = list(items)
    return [left.pop(rank(key, f"{what} {place}") % len(left)) for place in range(number)]


def _words(number: int, key: str) -> list[str]:
    return _several(load_words().all, number, key, "word")


def _list(items: Sequence[object]) -> str:
    return ", ".join(map(str, items))


# Words of a list


def _first_word(key: str) -> Asked:
    words = _words(pick((3, 4, 5), key, "length"), key)
    return Asked(f"First word: {_list(words)}", words[0], words)


def _last_word(key: str) -> Asked:
    words = _words(pick((3, 4, 5), key, "length"), key)
    return Asked(f"Last word: {_list(words)}", words[-1], words)


def _word_after(key: str) -> Asked:
    words = _words(pick((4, 5), key, "length"), key)
    place = pick(range(len(words) - 1), key, "place")
    return Asked(f"Word after {words[place]}: {_list(words)}", words[place + 1], words)


def _reverse_words(key: str) -> Asked:
    words = _words(3, key)
    return Asked(f"Reverse: {_list(words)}", _list(words[::-1]), words)


def _word_in_list(key: str) -> Asked:
    words = _words(5, key)
    other, *shown = words
    there = pick((True, False), key, "there")
    wanted = pick(shown, key, "wanted") if there else other
    return Asked(f"Is {wanted} in: {_list(shown)}?", "yes" if there else "no", words, AnswerType.BOOLEAN)


def _odd_one_out(key: str) -> Asked:
    kinds = load_words().kinds
    usual, other = _several(tuple(kinds), 2, key, "kind")
    odd = pick(kinds[other], key, "odd")
    words = _several([odd, *_several(kinds[usual], 3, key, "usual")], 4, key, "order")
    return Asked(f"Odd one out: {_list(words)}", odd, words)


def _count_words(key: str) -> Asked:
    words = _words(pick(range(2, 8), key, "length"), key)
    return Asked(f"Count: {_list(words)}", str(len(words)), words, AnswerType.NUMBER)


# Numbers


def _largest_number(key: str) -> Asked:
    numbers = _several(NUMBERS, 3, key, "number")
    return Asked(f"Largest: {_list(numbers)}", str(max(numbers)), numbers, AnswerType.NUMBER)


def _sort_numbers(key: str) -> Asked:
    numbers = _several(NUMBERS, 3, key, "number")
    return Asked(f"Sort: {_list(numbers)}", _list(sorted(numbers)), numbers)


_SUMS = ("{a} + {b} =", "What is {a} + {b}?", "{a} plus {b}", "Add {a} and {b}", "Sum: {a}, {b}")
_DIFFERENCES = ("{a} - {b} =", "What is {a} - {b}?", "{a} minus {b}", "Take {b} from {a}", "Difference: {a}, {b}")


def _one_step_fact(key: str) -> Asked:
    """Of a sum or difference in 0..20: whole and part are drawn, each pair as likely as any other."""
    whole, part = pick(_PAIRS, key, "pair")
    summed = pick((True, False), key, "sum")
    a, b, result = (part, whole - part, whole) if summed else (whole, part, whole - part)
    question = pick(_SUMS if summed else _DIFFERENCES, key, "words").format(a=a, b=b)
    return Asked(question, str(result), (a, b), AnswerType.NUMBER)


_PAIRS = tuple((whole, part) for whole in NUMBERS for part in range(whole + 1))

# Labels that the question itself explains


def _hidden_label(key: str) -> Asked:
    return pick((_by_lookup, _by_kind), key, "how")(key)


def _by_lookup(key: str) -> Asked:
    """Each word has a number, and one of the words is asked again."""
    words = _words(pick((3, 4, 5), key, "length"), key)
    labels = dict(zip(words, _several(NUMBERS, len(words), key, "label"), strict=True))
    wanted = pick(words, key, "wanted")
    return Asked(_shown(labels, wanted), str(labels[wanted]), words, AnswerType.NUMBER)


def _by_kind(key: str) -> Asked:
    """Each of two kinds of words has a label, and a new word of one of them is asked."""
    kinds = load_words().kinds
    pair = dict(
        zip(_several(tuple(kinds), 2, key, "kind"), _several(load_words().labels, 2, key, "label"), strict=True)
    )
    words = {word: label for kind, label in pair.items() for word in _several(kinds[kind], 3, key, kind)}
    wanted = pick(tuple(words), key, "wanted")
    others = [word for word in words if word != wanted]
    shown = {word: words[word] for word in _several(others, len(others), key, "order")}
    return Asked(_shown(shown, wanted), words[wanted], tuple(words))


def _shown(labels: Mapping[str, object], wanted: str) -> str:
    return ", ".join([*(f"{word} -> {label}" for word, label in labels.items()), f"{wanted} -> ?"])


TASKS: Mapping[str, Callable[[str], Asked]] = {
    "first_word": _first_word,
    "last_word": _last_word,
    "word_after": _word_after,
    "reverse_words": _reverse_words,
    "word_in_list": _word_in_list,
    "odd_one_out": _odd_one_out,
    "count_words": _count_words,
    "largest_number": _largest_number,
    "sort_numbers": _sort_numbers,
    "one_step_fact": _one_step_fact,
    "hidden_label": _hidden_label,
}
"""What makes a question of each task from a key."""
