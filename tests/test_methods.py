"""The packaged recipes of published methods: what each makes of its source, and how each would ask a real teacher."""

import json
import os
from functools import cache

import polars as pl
import pytest
from ruamel.yaml import YAML

from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe, load_student
from cotloom.builder.store import Version
from cotloom.builder.student.evaluation.sets import make_eval_sets
from cotloom.builder.student.experiment.base_model import prepare_start
from cotloom.builder.student.experiment.conditions import make_condition
from cotloom.builder.student.experiment.jobs import list_texts
from cotloom.builder.student.experiment.run import run_student
from cotloom.builder.student.model.loading import load_saved_student
from cotloom.schemas.recipe import Recipe
from cotloom.schemas.runtime import Runtime
from tests.conftest import ROOT
from tests.methods import METHODS, PAGE, read_live_teacher, render_table
from tests.passes.test_tokens import make_tokenizer
from tests.teacher.chat_server import completion, serving

KEPT = pl.col("fate") == "kept"


@pytest.fixture(scope="module")
def build_method(tmp_path_factory):
    """Build a packaged recipe, once."""
    store = tmp_path_factory.mktemp("methods") / "store"

    @cache
    def built(name: str) -> Version:
        return build(load_recipe(name, []), Runtime(store=store, workers=1)).version

    return built


def count_formats(version: Version) -> dict[str, int]:
    """Count the kept examples of each format."""
    examples = version.read_table("examples", ("format", "fate")).filter(KEPT)
    return dict(examples.group_by("format").len().iter_rows())


def test_the_table_of_methods_says_what_they_build(build_method):
    table = render_table({name: build_method(name) for name in METHODS})
    page = (ROOT / PAGE).read_text("utf-8")
    head, _, rest = page.partition("<!-- table -->\n")
    old, end, tail = rest.partition("\n<!-- end of table -->\n")
    if os.environ.get("UPDATE_SNAPSHOTS"):
        (ROOT / PAGE).write_text(f"{head}<!-- table -->\n{table}{end}{tail}", "utf-8")
        return
    assert old == table, "UPDATE_SNAPSHOTS=1 pytest tests/test_methods.py writes it again"


@pytest.mark.parametrize("name", METHODS)
def test_each_method_has_a_page(name):
    text = (ROOT / PAGE).with_name(f"{name}.md").read_text("utf-8")
    assert f"cotloom build {name}" in text
    assert f"]({name}.md)" in (ROOT / PAGE).read_text("utf-8")


def test_the_rows_of_fu_follow_from_samples_and_questions(build_method):
    version = build_method("fu_specialization")
    samples = version.read_table("samples", ("problem_id", "fate", "reason", "verdict"))
    kept = samples.filter(KEPT)
    rows = count_formats(version)

    assert kept.height == samples.filter(pl.col("verdict") == "correct").height, "repeats stay"
    assert rows["in_context_cot"] == rows["zero_shot_cot"]
    assert rows["zero_shot_cot"] == kept.height
    assert rows["in_context_answer"] == rows["zero_shot_answer"] == kept["problem_id"].n_unique()


def test_magister_has_one_hinted_path_under_the_bare_question(build_method):
    version = build_method("magister_hinted")
    samples = version.read_table("samples", ("problem_id", "hint", "fate"))
    examples = version.read_table("examples", ("problem_id", "messages", "fate")).filter(KEPT)
    questions = dict(version.read_table("problems", ("problem_id", "question")).iter_rows())

    assert samples["hint"].unique().to_list() == ["hinted"]
    assert samples["problem_id"].is_unique().all()
    for row in examples.iter_rows(named=True):
        assert row["messages"][0]["content"] == questions[row["problem_id"]]


def test_d_rationales_of_ho_are_drawn_and_all_correct_ones_kept(build_method):
    samples = build_method("ho_diverse_reasoning").read_table("samples", ("problem_id", "fate", "verdict"))

    assert samples.group_by("problem_id").len()["len"].unique().to_list() == [8]
    assert (samples["fate"] == "kept").to_list() == (samples["verdict"] == "correct").to_list()


def test_rft_keeps_one_path_for_each_list_of_equations(build_method):
    samples = build_method("yuan_rft").read_table("samples", ("problem_id", "signature", "fate", "verdict"))
    right = samples.filter((pl.col("verdict") == "correct") & pl.col("signature").is_not_null())
    kept = right.filter(KEPT)

    assert samples.group_by("problem_id").len()["len"].unique().to_list() == [100]
    assert kept.select("problem_id", "signature").is_unique().all()
    assert right.select("problem_id", "signature").n_unique() >= kept.height > right["problem_id"].n_unique()


def test_the_second_stage_of_dmt_has_all_general_rows_and_a_256th_of_the_others(build_method):
    version = build_method("dmt")
    problems = version.read_table("problems", ("problem_id", "source"))
    examples = version.read_table("examples", ("problem_id", "mixture_stage", "fate")).filter(KEPT)
    counts = {
        (stage, source): count
        for stage, source, count in examples.join(problems, on="problem_id")
        .group_by("mixture_stage", "source")
        .len()
        .iter_rows()
    }

    assert counts["general", "general"] == 300
    for source in ("stories", "sums"):
        special = counts["special", source]
        assert counts["general", source] == special // 256, "rounded down"


def test_promot_trains_a_prompt_for_each_source_and_asks_others_without(build_method, tmp_path):
    version = build_method("promot")
    changes = ["model={kind: tiny, width: 16, layers: 1, heads: 2, base: null}", "evaluation.problems=6",
               "evaluation.max_tokens=4", "stages.prompt.steps=2", "stages.train.steps=2"]  # fmt: skip
    recipe = load_student("promot", changes)
    start = prepare_start(recipe.model, list_texts((str(version.path),)), tmp_path)
    sets = make_eval_sets(version, recipe.evaluation)
    condition = make_condition("version", version)
    done = run_student(condition, 0, recipe=recipe, start=start, sets=sets, store=tmp_path, save=True)

    assert [curve.stage for curve in done.curves] == ["prompt-0-stories", "prompt-1-sums", "train"]
    assert list(load_saved_student(done.folder / "student").prompts) == ["stories", "sums"]
    assert set(done.outcomes["set"]) == {"held_out", "general"}
    assert done.outcomes.height == 6 * 2 + 6 * 2
    again = run_student(condition, 0, recipe=recipe, start=start, sets=sets, store=tmp_path)
    assert again.outcomes.equals(done.outcomes)


def test_cotloom_samples_unhinted_first_and_mixes_formats_as_asked(build_method):
    version = build_method("cotloom")
    samples = version.read_table("samples", ("problem_id", "hint", "fate", "verdict"))
    is_hinted = pl.col("hint") == "hinted"
    solved = samples.filter(~is_hinted & KEPT)["problem_id"]
    assert samples.filter(is_hinted).filter(pl.col("problem_id").is_in(solved.to_list())).is_empty()
    assert set(count_formats(version)) >= {"instructed_cot", "in_context_cot", "instructed_answer", "in_context_answer"}


def test_the_cot_collection_has_no_more_rows_of_a_task_or_family_than_asked(build_method):
    version = build_method("cot_collection")
    problems = version.read_table("problems", ("problem_id", "task", "category"))
    examples = version.read_table("examples", ("problem_id", "mixture_stage", "reason", "detail"))
    rows = examples.join(problems, on="problem_id")
    trained = rows.filter(pl.col("mixture_stage").is_not_null())
    over = rows.filter(pl.col("reason") == "over_cap")

    assert trained.group_by("task").len()["len"].max() <= 1000
    assert trained.group_by("category").len()["len"].max() == 8
    full = set(trained.group_by("category").len().filter(pl.col("len") == 8)["category"])
    assert set(over["category"]) <= full
    assert over["detail"].str.contains("over the cap of 8 rows of the category ", literal=True).all()
    assert set(version.read_table("samples", ("hint",))["hint"]) == {"hinted"}


PLANTED = {
    "kept": "Five apples are in the first box. Seven more are in the second. Together that is 5 + 7 = 12 apples.",
    "no_answer": "The apples of both boxes are counted. Then the two counts are put together.",
    "too_long": " ".join(f"Apple number {number} is counted." for number in range(70)) + " In the end 5 + 7 = 12.",
    "answer_first": "The answer is 12. The first box holds 5 apples. The second holds 7, and both are added.",
    "cut_off": "The first box holds 5 apples and the second holds 7. Together that is 5 + 7 = 12. So the",
}
"""Rationales of one problem, each by the fate that one filter of Kim et al. (2023) gives it."""


def test_each_filter_of_the_cot_collection_drops_what_a_planted_rationale_provokes(tmp_path):
    """All filters of the recipe are on; every planted rationale breaks one of them."""
    recipe = load_recipe("cot_collection", []).recipe.model_dump(mode="json", exclude_unset=True)
    make_tokenizer(tmp_path / "words")
    question = "One box holds 5 apples and another holds 7. How many apples are in both boxes together?"
    row = {"question": question, "answer": "12", "texts": [*PLANTED.values(), PLANTED["kept"]]}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    fields = {"question": "question", "answer": "answer"}
    answers = {"path": "rows.jsonl", "problem": "question", "completions": [{"column": "texts", "teacher": "t"}]}
    changed = {
        "name": "planted", "version": "1.0.0", "split": {"test": 0.0}, "tokenizer": "words",
        "sources": [{"name": "boxes", "kind": "file", "path": "rows.jsonl", "fields": fields, "answer_type": "number"}],
        "teacher": {"backend": "recorded", "answers": answers},
        **{name: recipe[name] for name in ("verify", "select", "formats")},
    }  # fmt: skip
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(changed))

    version = build(load_recipe(str(path), []), Runtime(store=tmp_path / "store", workers=1)).version

    samples = version.read_table("samples", ("text", "reason", "fate"))
    found = {(text, reason or fate) for text, reason, fate in samples.iter_rows()}
    assert found == {*((text, reason) for reason, text in PLANTED.items()), (PLANTED["kept"], "exact_duplicate")}


FAMILIES = {
    "arithmetic": ("number", "What do 4 crates of 6 melons and 2 further melons come to?", "26", None),
    "boolean": ("boolean", "Does a stone sink in water?", "yes", None),
    "choice": ("choice", "Which of these is a bird?", "B", ["a trout", "a heron", "a newt"]),
    "commonsense": ("choice", "What does one open when it rains?", "A", ["an umbrella", "a tin", "a debate"]),
    "dates": ("choice", "Which month comes after the one after May?", "C", ["May", "June", "July"]),
    "dialogue": ("choice", "Ian: Tea? Pia: I have had three cups. What does Pia mean?", "B", ["yes", "no"]),
    "inference": ("choice", "Premise: All doors are shut. Claim: One is open.", "B", ["it follows", "no", "neither"]),
    "reading": ("text", "The gate was painted by Nils in May. Who painted it?", "Nils", None),
}
"""A question of each family: answer type, question, answer, options."""


def test_the_live_teacher_of_the_cot_collection_shows_demonstrations_of_the_family_with_answers_first(tmp_path, run):
    sources = []
    for kind in ("number", "boolean", "choice", "text"):
        own = {name: row for name, row in FAMILIES.items() if row[0] == kind}
        lines = [{"q": q, "a": a, "f": name, "o": options} for name, (_, q, a, options) in own.items()]
        (tmp_path / f"{kind}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        fields = {"question": "q", "answer": "a", "category": "f", **({"choices": "o"} if kind == "choice" else {})}
        sources.append({"name": kind, "kind": "file", "path": f"{kind}.jsonl", "fields": fields, "answer_type": kind})
    teacher = {**read_live_teacher("cot_collection"), "paths": {"round": 1}}
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({"name": "live", "version": "1.0.0", "sources": sources, "teacher": teacher}))

    with serving(lambda _: completion("It is so.")) as server:
        ran = run("build", path, "--store", tmp_path, "--allow-empty", "--set", f"teacher.base_url={server.url}")

    assert ran.code == 0, ran.err
    prompts = {}
    for request in server.requests:
        text = json.dumps(request["messages"], ensure_ascii=False)
        (family,) = (name for name, (_, question, *_) in FAMILIES.items() if question in text)
        prompts[family] = text
    assert set(prompts) == set(FAMILIES)
    for family, text in prompts.items():
        named = {"dates": "dates_and_states"}.get(family, family)
        demos = YAML(typ="safe").load((ROOT / "recipes" / "demos" / f"{named}.yaml").read_text("utf-8"))["demos"]
        for demo in demos:
            question, rationale = (json.dumps(demo[part])[1:-1] for part in ("question", "rationale"))
            assert question in text
            between = text[text.index(question) + len(question) : text.index(rationale)]
            assert demo["answer"] in between, "the answer stands before the rationale"


@pytest.mark.parametrize("name", [name for name in METHODS if name != "cot_collection"])
def test_the_live_teacher_of_a_recipe_is_asked_as_the_method_says(name, tmp_path, run):
    """The block that stands in the recipe as a comment is sent to a server; exemplars are the same in every prompt."""
    teacher = read_live_teacher(name)
    first = teacher[0] if isinstance(teacher, list) else teacher
    recipe = load_recipe(name, []).recipe.model_dump(mode="json", exclude_unset=True)
    first |= {"paths": {"round": 1}}
    sources = [{**recipe["sources"][0], "problems": 6}]
    chosen = {"name": "live", "version": "1.0.0", "sources": sources, "teacher": first}
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(chosen))

    with serving(lambda _: completion("2 + 3 = 5. The answer is 5.")) as server:
        ran = run("build", path, "--store", tmp_path, "--allow-empty", "--set", f"teacher.base_url={server.url}")

    assert ran.code == 0, ran.err
    asked = [request["messages"] for request in server.requests]
    prompt, sampling = first.get("prompt", {}), first["sampling"]
    again = prompt.get("template") == "cot_two_call" or first.get("hint", {}).get("mode") == "fallback"
    assert len(asked) == 6 * (2 if again else 1)
    assert {request["temperature"] for request in server.requests} >= {sampling["temperature"]}
    if prompt.get("template") == "cot_few_shot":
        exemplars = {json.dumps(messages[:-1]) for messages in asked}
        assert len(exemplars) == 1
        assert len(asked[0]) == 2 * prompt["shots"] + 1


@pytest.mark.parametrize("name", METHODS)
def test_a_recipe_with_its_live_teacher_is_valid(name):
    recipe = load_recipe(name, []).recipe.model_dump(mode="json", exclude_unset=True)
    assert Recipe.model_validate({**recipe, "teacher": read_live_teacher(name)}).sampled_teachers
