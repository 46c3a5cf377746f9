import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from typing import get_args

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.sources import BARE, generate_skills
from cotloom.builder.sources.skills import NUMBERS, TASKS, load_words, make_skills_problems
from cotloom.builder.verify import judge
from cotloom.schemas.ids import digest
from cotloom.schemas.problem import AnswerType, Problem, make_problem_id
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.source import Skill, SkillsSource

LISTED = {"first_word", "last_word", "word_after", "reverse_words", "word_in_list", "odd_one_out", "count_words"}


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return generate_skills(2200, seed=3)


@pytest.fixture(scope="module")
def by_task(problems) -> dict[str, list[Problem]]:
    found = defaultdict(list)
    for problem in problems:
        found[problem.task].append(problem)
    return found


def get_question(problem: Problem) -> str:
    assert problem.question is not None
    return problem.question


def get_list(problem: Problem) -> list[str]:
    """The list that a question shows."""
    return get_question(problem).rstrip("?").rpartition(": ")[2].split(", ")


def get_answer(problem: Problem) -> str:
    assert problem.answer is not None
    return problem.answer


def test_the_recipe_names_the_tasks_that_there_are():
    assert tuple(TASKS) == get_args(Skill)


def test_a_problem_says_where_it_comes_from_and_brings_its_answer(problems):
    for number, problem in enumerate(problems):
        assert problem.origin == f"skills:{number}"
        assert problem.problem_id == make_problem_id(get_question(problem))
        assert problem.responses == (problem.answer,)
        assert (problem.license, problem.fate) == ("Apache-2.0", "kept")
        assert (problem.group or "").startswith(f"{problem.task}: ")


def test_tasks_take_turns(by_task):
    assert {task: len(made) for task, made in by_task.items()} == dict.fromkeys(TASKS, 200)


def test_questions_are_distinct(problems):
    assert len({problem.problem_id for problem in problems}) == len(problems)


def test_the_words_are_few_and_the_numbers_small(problems):
    texts = [f"{get_question(problem)} {problem.answer}" for problem in problems]
    assert len({word for text in texts for word in re.findall("[a-z]+", text.lower())}) <= 200
    assert {int(number) for text in texts for number in re.findall(r"\d+", text)} == set(NUMBERS)


def test_a_word_is_of_one_kind_only():
    words = [*load_words().all, *load_words().labels]
    assert len(set(words)) == len(words)


# What each task asks


def test_words_of_a_list_are_the_right_ones(by_task):
    for problem in by_task["first_word"]:
        assert problem.answer == get_list(problem)[0]
    for problem in by_task["last_word"]:
        assert problem.answer == get_list(problem)[-1]
    for problem in by_task["word_after"]:
        before = get_question(problem).removeprefix("Word after ").partition(":")[0]
        assert (before, problem.answer) in pairwise(get_list(problem))
    for problem in by_task["reverse_words"]:
        assert get_answer(problem).split(", ") == get_list(problem)[::-1]
    for problem in by_task["count_words"]:
        assert int(get_answer(problem)) == len(get_list(problem))


def test_a_word_is_in_a_list_half_of_the_time(by_task):
    for problem in by_task["word_in_list"]:
        word = get_question(problem).split()[1]
        assert problem.answer == ("yes" if word in get_list(problem) else "no")
    assert Counter(map(get_answer, by_task["word_in_list"]))["yes"] == pytest.approx(100, abs=25)


def test_the_odd_one_is_the_only_one_of_its_kind(by_task):
    kind_of = {word: kind for kind, words in load_words().kinds.items() for word in words}
    for problem in by_task["odd_one_out"]:
        kinds = Counter(kind_of[word] for word in get_list(problem))
        assert sorted(kinds.values()) == [1, 3]
        assert kinds[kind_of[get_answer(problem)]] == 1


def test_numbers_are_sorted_and_the_largest_is_found(by_task):
    for problem in by_task["sort_numbers"]:
        assert get_answer(problem).split(", ") == sorted(get_list(problem), key=int)
    for problem in by_task["largest_number"]:
        assert get_answer(problem) == max(get_list(problem), key=int)


def test_one_step_facts_are_true_and_in_all_their_words(by_task):
    openings = set()
    for problem in by_task["one_step_fact"]:
        a, b = map(int, re.findall(r"\d+", get_question(problem)))
        if get_question(problem).startswith("Take"):
            a, b = b, a
        summed = re.search(r"\+|plus|Add|Sum", get_question(problem))
        assert int(get_answer(problem)) == (a + b if summed else a - b)
        assert int(get_answer(problem)) in NUMBERS
        openings.add(re.sub(r"\d+", "#", get_question(problem)))
    assert len(openings) == 10


def test_a_hidden_label_follows_from_what_is_shown(by_task):
    kind_of = {word: kind for kind, words in load_words().kinds.items() for word in words}
    types = Counter()
    for problem in by_task["hidden_label"]:
        *lines, (wanted, unknown) = [line.split(" -> ") for line in get_question(problem).split(", ")]
        assert unknown == "?"
        assert 3 <= len(lines) <= 5
        known = dict(lines)
        rule = {kind_of[word]: label for word, label in lines}
        assert problem.answer == (known[wanted] if wanted in known else rule[kind_of[wanted]])
        assert (wanted in known) is (problem.answer_type is AnswerType.NUMBER)
        types[problem.answer_type] += 1
    assert min(types.values()) > 60


# How answers are judged


def test_every_bare_answer_is_right(problems):
    for problem in problems:
        assert judge(problem, problem.answer, pattern=BARE).verdict is Verdict.CORRECT
        assert judge(problem, f" {problem.answer}\n", pattern=BARE).verdict is Verdict.CORRECT


def test_bare_numbers_and_yes_and_no_are_read_without_a_pattern_too(problems):
    for problem in problems:
        plain = judge(problem, problem.answer).verdict
        # a text without a mark of an answer is never guessed
        assert plain is (Verdict.NO_ANSWER if problem.answer_type is AnswerType.TEXT else Verdict.CORRECT)


def test_the_answer_to_another_question_is_wrong(by_task):
    for made in by_task.values():
        for one, other in pairwise(made):
            if one.answer != other.answer and one.answer_type is other.answer_type:
                assert judge(one, other.answer, pattern=BARE).verdict is Verdict.WRONG


def test_handing_the_whole_list_back_is_never_right(by_task):
    for task in LISTED:
        for problem in by_task[task]:
            assert judge(problem, ", ".join(get_list(problem)), pattern=BARE).verdict is not Verdict.CORRECT


# Which problems


def test_the_first_problems_do_not_depend_on_how_many_are_asked_for(problems):
    assert generate_skills(150, seed=3) == problems[:150]


def test_another_seed_or_name_makes_other_problems(problems):
    known = {problem.problem_id for problem in problems}
    for others in (generate_skills(330, seed=4), generate_skills(330, seed=3, name="other")):
        assert sum(problem.problem_id in known for problem in others) < 33


def test_only_the_tasks_that_are_asked_for():
    made = generate_skills(40, 0, tasks=["last_word", "hidden_label"])
    assert Counter(problem.task for problem in made) == {"last_word": 20, "hidden_label": 20}


def test_a_task_that_is_told_out_leaves_its_turns_to_the_others():
    made = generate_skills(5000, 0, tasks=["one_step_fact", "count_words"])
    facts = [problem for problem in made if problem.task == "one_step_fact"]
    assert 2250 < len(facts) <= 10 * 231
    assert made[:4700] == generate_skills(4700, 0, tasks=["one_step_fact", "count_words"])


def test_tasks_that_are_all_told_out_stop_with_a_hint():
    with pytest.raises(InputError, match="2500 problems are requested") as caught:
        generate_skills(2500, 0, tasks=["one_step_fact"])
    assert caught.value.hint
    assert caught.value.keys == ("sources.skills.problems",)


def test_there_is_room_for_tens_of_thousands():
    made = generate_skills(30_000, 0)
    assert len({problem.problem_id for problem in made}) == 30_000


def test_another_process_with_another_hash_seed_makes_the_same_problems(problems):
    imports = "from cotloom.builder.sources import generate_skills; from cotloom.schemas.ids import digest"
    code = f"{imports}; print(digest(generate_skills(110, 3)))"
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == digest(problems[:110])


def test_a_source_and_a_call_make_the_same(problems):
    source = SkillsSource(kind="skills", name="skills", problems=60)
    assert make_skills_problems(source, 3) == problems[:60]


# In a recipe


def made_of(name: str, role: str, problems: int) -> dict[str, object]:
    return {"name": name, "kind": "skills", "role": role, "problems": problems}


@pytest.mark.parametrize(("decontaminate", "least"), [(None, 1980), ({"against": ["held"]}, 1950)])
def test_training_loses_little_to_a_set_that_is_held_out(write_recipe, build_recipe, tmp_path, decontaminate, least):
    sources = [made_of("general", "reference", 2000), made_of("held", "evaluate", 400)]
    path = write_recipe(tmp_path, sources=sources, decontaminate=decontaminate)
    version = build_recipe(path, tmp_path / "store").version
    assert least <= version.manifest.counts["training_examples"] < 2000
    examples = version.read_table("examples")
    assert set(examples["format"]) == {"as_is"}
    first = examples["messages"][0].to_list()
    assert [message["role"] for message in first] == ["user", "assistant"]


def test_reference_and_evaluation_never_ask_the_same(write_recipe, build_recipe, tmp_path):
    sources = [made_of("general", "reference", 1000), made_of("held", "evaluate", 200)]
    problems = build_recipe(write_recipe(tmp_path, sources=sources), tmp_path / "store").version.read_table("problems")
    kept = {source: set(rows["problem_id"]) for (source,), rows in problems.group_by("source") if rows.height}
    dropped = set(problems.filter(fate="dropped")["problem_id"])
    assert not (kept["general"] - dropped) & kept["held"]


def test_the_simulated_teacher_says_that_it_cannot_solve_them(write_recipe, build_recipe, tmp_path):
    path = write_recipe(tmp_path, sources=[made_of("general", "sample", 3)])
    with pytest.raises(InputError, match="can only solve problems of an `arithmetic` source, not 'general:"):
        build_recipe(path, tmp_path / "store")


def test_plan_takes_them_in_every_role(write_recipe, run, tmp_path):
    sources = [
        {**made_of("target", "sample", 20), "kind": "arithmetic", "level": "small"},
        {**made_of("general", "reference", 30), "tasks": ["last_word", "hidden_label"]},
        made_of("held", "evaluate", 10),
    ]
    path = write_recipe(tmp_path, sources=sources)
    assert run("plan", path, "--store", tmp_path / "store").code == 0


def test_an_unknown_task_is_told_with_its_place(write_recipe, run, tmp_path):
    path = write_recipe(tmp_path, sources=[{**made_of("general", "reference", 3), "tasks": ["lastword"]}])
    ran = run("plan", path, "--store", tmp_path / "store")
    assert ran.code == 2
    assert "last_word" in ran.err
