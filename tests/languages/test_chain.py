"""Chinese problems go from a recipe to a version, a student row and a card, all in Chinese."""

import json
import re
from pathlib import Path

import pytest
from huggingface_hub import DatasetCard

from cotloom.builder.errors import InputError
from cotloom.builder.pipeline import build
from cotloom.builder.plan import plan_build
from cotloom.builder.publish.files.layout import write_layout
from cotloom.builder.recipe import load_recipe
from cotloom.builder.sources.arithmetic import make_problems
from cotloom.builder.store import compute_fingerprint, read_version
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.source import ArithmeticSource
from tests.teacher.chat_server import completion, serving

FORMATS = ["zero_shot_cot", "zero_shot_answer", "in_context_cot", "cot_collection", "fine_tune_cot"]
CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{2,}")
OWN_MARKS = {"ANSWER", "END"}


@pytest.fixture(scope="module")
def version(tmp_path_factory, write_recipe, build_recipe):
    folder = tmp_path_factory.mktemp("chinese")
    path = write_recipe(
        folder,
        sources=[{"name": "made", "kind": "arithmetic", "problems": 60, "language": "zh"}],
        split={"test": 0.1},
        teacher={"backend": "simulated", "paths": {"round": 3}, "hint": {"mode": "fallback"}},
        formats=[{"name": name} for name in FORMATS],
    )
    return build_recipe(path, folder / "store").version


def test_every_row_of_a_chinese_version_is_chinese(version):
    examples = version.read_table("examples").filter(version.read_table("examples")["fate"] == "kept")
    assert set(examples["format"]) == set(FORMATS)
    for chat in examples["messages"]:
        for message in chat:
            assert set(ENGLISH.findall(message["content"])) <= OWN_MARKS, message["content"]
    asked = [chat[-2]["content"] for chat in examples["messages"]]
    assert all(CHINESE.search(text) for text in asked)
    assert set(version.read_table("problems")["language"]) == {"zh"}


def test_the_simulated_teacher_answers_in_chinese_and_is_judged_as_in_english(version):
    samples = version.read_table("samples")
    assert all(not ENGLISH.search(text) for text in samples["text"])
    verdicts = dict(samples.group_by("verdict").len().iter_rows())
    assert verdicts["correct"] > 0.6 * samples.height
    assert "unverifiable" not in verdicts
    assert "check_failed" not in verdicts
    outcomes = {step["outcome"] for steps in samples["steps"] for step in steps}
    assert "wrong" in outcomes
    reasons = set(samples["reason"].drop_nulls())
    assert {"wrong", "path_duplicate"} <= reasons


def test_the_card_is_chinese(version, tmp_path):
    found = write_layout(version, tmp_path / "card")
    card = DatasetCard.load(found.folder / "README.md")
    assert card.data.language == ["zh"]
    headings = re.findall(r"^#{2,3} (.+)$", card.text, re.MULTILINE)
    assert len(headings) >= 10
    assert all(CHINESE.search(heading) and not ENGLISH.search(heading) for heading in headings)
    prose = [line for line in card.text.splitlines() if re.match(r"[A-Z][a-z]+ [a-z]+ [a-z]+ ", line)]
    assert prose == []
    assert "| 语言 | zh |" in card.text


def test_a_chinese_file_goes_from_init_to_a_row_for_a_student(version, tmp_path, run, monkeypatch):
    problems = version.read_table("problems").head(12).select("question", "answer").rows()
    rows = [json.dumps({"题目": question, "答案": answer}, ensure_ascii=False) for question, answer in problems]
    (tmp_path / "题.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    made = run("init", tmp_path / "mine", "--from", tmp_path / "题.jsonl")
    assert made.code == 0
    assert problems[0][0] in made.out

    def answer(body):
        asked = body["messages"][-1]["content"]
        assert CHINESE.search(asked.rpartition("\n")[2])
        gold = next(gold for question, gold in problems if question in asked)
        texts = [
            f"我们一步一步来算：{gold} + {draw} - {draw} = {gold}。所以答案是 {gold}。" for draw in range(body["n"])
        ]
        return completion(*texts)

    with serving(answer) as server:
        changes = ["teacher.model=m", f"teacher.base_url={server.url}", "split.test=0.2"]
        words = [word for change in changes for word in ("--set", change)]
        built = run("build", tmp_path / "mine" / "recipe.yaml", *words, "--store", tmp_path / "store", "--json")
    assert built.code == 0
    mine = read_version(Path(built.json["path"]))
    assert set(mine.read_table("samples")["verdict"]) == {"correct"}
    examples = mine.read_table("examples")
    for prompt, target in examples.filter(examples["fate"] == "kept")["messages"].to_list():
        assert not ENGLISH.search(prompt["content"] + target["content"])
        assert re.search(r"答案是[：:]? ?\d+。?$", target["content"])
    layout = write_layout(mine, tmp_path / "layout")
    assert "## 数据的生成" in DatasetCard.load(tmp_path / "layout" / "README.md").text
    assert layout


def test_chinese_stories_have_the_structure_of_the_english_ones():
    for level in ("school", "small"):
        english, chinese = (
            make_problems(
                ArithmeticSource(kind="arithmetic", name="own", problems=200, level=level, language=language), seed=5
            )
            for language in ("en", "zh")
        )
        for one, other in zip(english, chinese, strict=True):
            assert (one.group, one.category, one.answer) == (other.group, other.category, other.answer)
            assert json.loads(one.metadata) == json.loads(other.metadata)
            assert sorted(re.findall(r"\d+", one.question)) == sorted(re.findall(r"\d+", other.question))
            assert not re.search(r"[{}A-Za-z\s]", other.question), other.question
            assert other.question.endswith(("？", "。"))
        assert len({problem.question for problem in chinese}) == 200


def fingerprint(write_recipe, folder, **keys):
    return compute_fingerprint(load_recipe(str(write_recipe(folder, **keys))).recipe, {}, {})


def test_languages_are_identity_and_a_source_in_english_is_what_it_was(tmp_path, write_recipe):
    plain = fingerprint(write_recipe, tmp_path)
    assert fingerprint(write_recipe, tmp_path, languages=["zh"]) != plain
    made = {"name": "made", "kind": "arithmetic", "problems": 4}
    first = fingerprint(write_recipe, tmp_path, sources=[made])
    assert fingerprint(write_recipe, tmp_path, sources=[{**made, "language": "en"}]) == first
    assert fingerprint(write_recipe, tmp_path, sources=[{**made, "language": "zh"}]) != first


ROWS = [
    {"题目": "小明有3支笔，又买了4支。一共有几支？", "答案": "7"},
    {"题目": "How many are 3 and 4 pens?", "答案": "7"},
    {"题目": "Quantas canetas ele tem, se tinha 3 e comprou 4?", "答案": "7"},
    {"题目": "3 + 4 = ?", "答案": "7"},
]


def write_rows(folder):
    (folder / "rows.jsonl").write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in ROWS))
    return {"name": "rows", "kind": "file", "path": "rows.jsonl", "fields": {"question": "题目", "answer": "答案"}}


def plan_rows(write_recipe, tmp_path, store, **keys):
    teacher = {"backend": "openai", "model": "m", "base_url": "http://127.0.0.1:1/v1", **keys.pop("teacher", {})}
    path = write_recipe(tmp_path, sources=[write_rows(tmp_path)], teacher=teacher, **keys)
    return plan_build(load_recipe(str(path)), Runtime(store=store))


def test_a_row_in_an_unknown_language_is_warned_of_and_asked_for_phrases(tmp_path, write_recipe, store, capsys):
    plan_rows(write_recipe, tmp_path, store)
    said = capsys.readouterr().err
    assert "1 of 3 problems are in a language that is not known" in said
    assert "teacher.prompt.cue" in said
    assert "verify.pattern" in said


def test_a_recipe_s_languages_end_the_guessing(tmp_path, write_recipe, store, capsys):
    planned = plan_rows(write_recipe, tmp_path, store, languages=["zh"])
    assert capsys.readouterr().err == ""
    assert all("请一步一步" in planned.messages[-1].content for _ in planned.messages)
    plan_rows(write_recipe, tmp_path, store, languages=["pt"])
    assert "4 of 4 problems are in pt" in capsys.readouterr().err


def test_each_problem_s_own_language_chooses_the_words_of_its_row(tmp_path, write_recipe, store):
    planned = plan_rows(write_recipe, tmp_path, store, formats=[{"name": "in_context_cot", "shots": [1, 3]}])
    for example in planned.examples:
        words = [message.content for message in example.messages]
        assert len({bool(CHINESE.search(text)) for text in words}) == 1


def test_packaged_demonstrations_that_a_language_lacks_are_warned_of(tmp_path, write_recipe, store, capsys):
    prompt = {"template": "cot_few_shot", "demos": "arithmetic"}
    plan_rows(write_recipe, tmp_path, store, languages=["es"], teacher={"prompt": prompt})
    assert "shown in English to problems in es" in capsys.readouterr().err
    planned = plan_rows(write_recipe, tmp_path, store, languages=["zh"], teacher={"prompt": prompt})
    assert capsys.readouterr().err == ""
    assert all(not re.search(r"The answer|Work step", message.content) for message in planned.messages)


def test_a_build_warns_as_its_plan_does(tmp_path, write_recipe, store, capsys):
    source = {"name": "made", "kind": "arithmetic", "problems": 4}
    path = write_recipe(tmp_path, sources=[source], teacher={"backend": "simulated"})
    build(load_recipe(str(path)), Runtime(store=store))
    assert "language" not in capsys.readouterr().err


def test_generated_problems_in_a_language_that_the_recipe_does_not_list_are_refused(tmp_path, write_recipe, store):
    source = {"name": "made", "kind": "arithmetic", "problems": 4}
    path = write_recipe(tmp_path, sources=[source], teacher={"backend": "simulated"}, languages=["zh-CN"])
    with pytest.raises(InputError, match="generates problems in en, and languages lists zh-CN") as caught:
        build(load_recipe(str(path)), Runtime(store=store))
    assert "add en to languages" in (caught.value.hint or "")
