import itertools

import pytest

from cotloom.builder.errors import InputError, RecipeError
from cotloom.builder.marked_yaml import MAX_NODES, read_yaml
from cotloom.builder.recipe import list_packaged_recipes, load_recipe
from cotloom.builder.templates import render_template

GOOD = """\
name: tiny
version: 1.0.0
sources:
  - {name: made, kind: arithmetic, problems: 6}
teacher: {backend: simulated}
"""


@pytest.fixture
def load(tmp_path):
    """Read a text as a recipe."""

    def loaded(text: str | bytes, *changes: str):
        path = tmp_path / "r.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_recipe(str(path), changes)

    return loaded


@pytest.fixture
def fault(load, tmp_path):
    """Read a text as a recipe and give the error, its message without the folder."""

    def refused(text: str | bytes, *changes: str) -> RecipeError:
        with pytest.raises(RecipeError) as caught:
            load(text, *changes)
        caught.value.message = caught.value.message.replace(f"{tmp_path}/", "")
        return caught.value

    return refused


def test_all_faults_come_in_one_pass_with_line_key_and_nearest_name(fault):
    error = fault("""\
name: Tiny Name
version: 1.0
sorces: []
sources:
  - kind: arithmetic
    problms: 6
  - name: f
    kind: fil
  - name: g
    kind: file
    path: a.jsonl
    fields: {question: 3}
teacher:
  backend: simulatd
select: {keep: "4"}
formats:
  - {name: zero_shot_cot, weight: -1}
""")

    lines = error.message.splitlines()
    assert {
        'r.yaml, line 2: version: a text is needed, 1.0 is a number: write "1.0" in quotes',
        "r.yaml, line 3: sorces: unknown key; did you mean sources?",
        "r.yaml, line 5: sources.0.name: is missing",
        "r.yaml, line 6: sources.0.problms: unknown key; did you mean problems?",
        'r.yaml, line 12: sources.2.fields.question: a text is needed, 3 is a number: write "3" in quotes',
        "r.yaml, line 15: select.keep: input should be a valid integer, not '4'",
        "r.yaml, line 17: formats.0.weight: input should be greater than 0, not -1",
    } <= set(lines)
    (kind,) = (line for line in lines if line.startswith("r.yaml, line 7: sources.1: 'fil' is none of "))
    assert kind.endswith("; did you mean file?")
    (teacher,) = (line for line in lines if line.startswith("r.yaml, line 13: teacher: 'simulatd' is none of "))
    assert teacher.endswith("; did you mean simulated?")
    assert {"name", "sources.0.name", "sources.2.fields.question", "select.keep"} < set(error.keys)
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "selct: {keep: 3}\n", "r.yaml, line 6: selct: unknown key; did you mean select?"),
        (GOOD + "seed: '1'\n", "r.yaml, line 6: seed: input should be a valid integer, not '1'"),
        (GOOD + "seed: true\n", "r.yaml, line 6: seed: input should be a valid integer, not True"),
        (GOOD + "limit: .nan\n", "r.yaml, line 6: limit: input should be a valid integer, not nan"),
        (GOOD + "description: 17\n", "r.yaml, line 6: description: a text is needed, 17 is a number"),
        (
            GOOD + "verify: {steps: dorp}\n",
            "line 6: verify.steps: 'dorp' is none of 'drop', 'tag' or 'label'; did you mean drop?",
        ),
        (GOOD + "verify: {pattern: '('}\n", "r.yaml, line 6: verify.pattern: not a regular expression"),
        (GOOD + "verify: {pattern: '(a)(b)'}\n", "needs exactly one group (...), the answer; it has 2"),
        (GOOD + "verify: {pattern: 'ab'}\n", "needs exactly one group (...), the answer; it has 0"),
        (GOOD + "mixture: {stages: [{name: a, take: {made: 1.5}}]}\n", "r.yaml, line 6: mixture.stages.0.take.made: "),
        (GOOD.replace("[", "").replace("problems: 6", "problems: 0"), "sources.0.problems: input should be greater"),
        (GOOD.replace("backend: simulated", "model: x"), "r.yaml, line 5: teacher: needs the key 'backend'"),
        (GOOD.replace("{name: made,", "{"), "r.yaml, line 4: sources.0.name: is missing"),
        (GOOD.replace("name: tiny\n", ""), "r.yaml: name: is missing"),
        (GOOD.replace("\n  - {name: made, kind: arithmetic, problems: 6}", " {a: 1}"), "sources: a list is needed"),
    ],
)
def test_a_fault_is_told_by_line_key_and_meaning(fault, text, said):
    assert said in fault(text).message


def test_slips_that_add_up_to_more_than_one_are_refused(fault):
    text = GOOD.replace("backend: simulated", "backend: simulated, slips: {repeat: 0.9, cut_off: 0.9}")

    assert "the shares of the slips add up to" in fault(text).message


@pytest.mark.parametrize(
    "twice",
    [
        GOOD.replace("teacher:", "  - {name: made, kind: arithmetic}\nteacher:"),
        GOOD + "formats: [{name: zero_shot_cot}, {name: zero_shot_cot}]\n",
        GOOD + "mixture: {stages: [{name: a, take: {made: all}}, {name: a, take: {made: all}}]}\n",
    ],
)
def test_names_are_not_used_twice(fault, twice):
    assert "is used twice" in fault(twice).message


def test_a_key_that_stands_twice_is_refused_with_its_line(fault):
    assert 'r.yaml, line 6: found duplicate key "name"' in fault(GOOD + "name: again\n").message


@pytest.mark.parametrize("text", ["name: [unclosed\n", "a: b: c\n", "name:\tx\n\ty: 1\n", GOOD + "---\n" + GOOD])
def test_what_is_not_yaml_is_refused_with_the_line(fault, text):
    assert fault(text).message.startswith("r.yaml, line ")


@pytest.mark.parametrize(
    ("text", "kind"), [("", "NoneType"), ("# nothing\n", "NoneType"), ("- a\n", "list"), ("hello\n", "str")]
)
def test_what_is_no_mapping_is_refused(fault, text, kind):
    assert f"r.yaml: a recipe is a mapping of keys, this is a {kind}" == fault(text).message


@pytest.mark.parametrize("text", [bytes(range(256)), b"name: \xff\n"])
def test_a_binary_file_is_refused(fault, text):
    assert "r.yaml: can't be read: 'utf-8' codec" in fault(text).message


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.mkdir [MADE]",
        "!!python/name:os.system",
        "!!python/object:cotloom.builder.recipe.LoadedRecipe {}",
        "!thing x",
    ],
)
def test_tags_make_no_objects(fault, tmp_path, value):
    made = tmp_path / "made"

    error = fault(GOOD + f"description: {value.replace('MADE', str(made))}\n")

    assert "r.yaml, line 6: could not determine a constructor for the tag" in error.message
    assert not made.exists()


def test_aliases_of_aliases_are_refused_before_they_fill_the_memory(fault):
    letters = "abcdefghij"
    lines = [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in itertools.pairwise(letters)]

    error = fault("a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(lines) + "\n")

    assert f"r.yaml: its aliases expand to more than {MAX_NODES:,} values" == error.message


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {b: *a}\n", "&r\nname: *r\n"])
def test_an_alias_inside_of_what_it_names_is_refused(fault, text):
    assert "an alias stands inside of what it names" in fault(text).message


@pytest.mark.parametrize("brackets", [("[", "]"), ("{a: ", "}"), ("[", ""), ("- ", "")])
def test_ten_thousand_levels_are_refused_and_do_not_overflow_the_stack(fault, brackets):
    opening, closing = brackets

    error = fault("a: " * bool(closing) + opening * 10_000 + "x" + closing * 10_000 + "\n")

    assert error.message.startswith("r.yaml")


@pytest.mark.parametrize("key", ["description", "license", "folder"])
def test_half_of_a_surrogate_pair_is_refused_where_it_is_read(fault, key):
    assert "half of a surrogate pair" in fault(GOOD + f'{key}: "\\ud800"\n').message


def test_yes_and_no_stay_words(load):
    recipe = load(GOOD.replace("name: tiny", "name: no") + "description: yes\nlicense: off\n").recipe

    assert (recipe.name, recipe.description, recipe.license) == ("no", "yes", "off")


@pytest.mark.parametrize("text", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
def test_line_ends_and_marks_of_other_editors_are_read(load, text):
    assert load(GOOD).recipe == load(text).recipe


def test_set_changes_a_key_by_its_dotted_path_list_index_and_list_name(load):
    changes = ["select.keep=6", "sources.0.problems=7", "sources.made.problems=9", "license=MIT", "verify.steps=tag"]
    recipe = load(GOOD, *changes).recipe

    assert (recipe.select.keep, recipe.sources[0].problems, recipe.license, recipe.verify.steps) == (6, 9, "MIT", "tag")


def test_set_takes_yaml_values(load):
    recipe = load(GOOD, "formats=[{name: zero_shot_answer}]", "select.keep=null").recipe

    assert [form.name for form in recipe.formats] == ["zero_shot_answer"]
    assert recipe.select.keep is None


@pytest.mark.parametrize(
    ("change", "said", "hint"),
    [
        ("sources.mad.problems=3", "--set sources.mad.problems: no item mad in that list", "there are: made"),
        ("sources.1.problems=3", "--set sources.1.problems: no item 1 in that list", "there are: made"),
        ("name.x=3", "--set name.x: name is a value, not a section", None),
        ("select.keep", "--set takes key=value, not 'select.keep'", None),
        ("=3", "--set takes key=value, not '=3'", None),
        ("select.keep=[", "--set select.keep: '[' is not a YAML value", None),
        ("license=!!python/name:os.system", "is not a YAML value", None),
    ],
)
def test_set_tells_what_it_can_not_do(load, change, said, hint):
    with pytest.raises(InputError) as caught:
        load(GOOD, change)

    assert said in caught.value.message
    assert hint == caught.value.hint


@pytest.mark.parametrize("value", ["[" * 10_000, "9" * 5_000])
def test_set_survives_monstrous_values(load, value):
    with pytest.raises(InputError, match=r"--set limit: .* is not a YAML value"):
        load(GOOD, f"limit={value}")


def test_set_with_an_unknown_key_is_refused_like_one_in_the_file(fault):
    assert "select.kep: unknown key; did you mean keep?" in fault(GOOD, "select.kep=3").message


def test_paths_start_at_the_recipes_folder_or_at_the_folder_it_names(load, tmp_path):
    source = "sources: [{name: f, kind: file, path: a/b.jsonl, fields: {question: q, answer: a}}]\n"
    text = f"name: tiny\nversion: 1.0.0\n{source}teacher: {{backend: simulated}}\n"

    assert {"sources.f": tmp_path / "a/b.jsonl"} == load(text).list_files()
    assert {"sources.f": tmp_path / "data/a/b.jsonl"} == load(text + "folder: data\n").list_files()
    assert str(load(text, "folder=/elsewhere").list_files()["sources.f"]) == "/elsewhere/a/b.jsonl"


def test_a_folder_takes_environment_variables(load, monkeypatch):
    monkeypatch.setenv("SOME_DATA", "/somewhere")

    assert str(load(GOOD + "folder: ${SOME_DATA}/x\n").folder) == "/somewhere/x"


def test_a_missing_environment_variable_is_named_with_what_to_do(fault, monkeypatch):
    monkeypatch.delenv("SOME_DATA", raising=False)

    error = fault(GOOD + "folder: ${SOME_DATA}/x\n")

    assert "needs the environment variable SOME_DATA, which is not set" in error.message
    assert error.hint == "export SOME_DATA=FOLDER, or give --set folder=FOLDER"


@pytest.mark.parametrize("name", list_packaged_recipes())
def test_every_packaged_recipe_is_read_by_its_name(name):
    loaded = load_recipe(name, ["folder=."])

    assert f"{name}.yaml" == loaded.path.name
    assert name.replace("_", "-") == loaded.recipe.name


@pytest.mark.parametrize(
    ("name", "hint"),
    [("quikstart", "did you mean quickstart?"), ("zzz", f"packaged recipes: {', '.join(list_packaged_recipes())}")],
)
def test_a_recipe_that_is_not_there_is_told_with_the_nearest(name, hint):
    with pytest.raises(InputError) as caught:
        load_recipe(name)

    assert f"no recipe file {name}, and no packaged recipe of that name" == caught.value.message
    assert hint == caught.value.hint


def test_a_file_goes_before_a_packaged_recipe_of_the_same_name(tmp_path, monkeypatch):
    (tmp_path / "quickstart").write_text(GOOD)
    monkeypatch.chdir(tmp_path)

    assert load_recipe("quickstart").recipe.name == "tiny"


@pytest.mark.parametrize("name", ["../recipes/quickstart", "/quickstart", "", "."])
def test_a_packaged_name_leads_to_no_other_folder(name):
    with pytest.raises(InputError, match="no recipe file"):
        load_recipe(name)


def test_a_template_is_filled_with_columns():
    values = {"Body": "2 pens.", "Question": "How many?"}

    assert render_template("{{ Body }} {{ Question }}", values) == "2 pens. How many?"


def test_a_template_does_not_escape_or_strip_model_text():
    assert render_template("{{ a }}\n", {"a": "<b>&"}) == "<b>&\n"


def test_a_template_that_names_an_unknown_column_is_a_key_error():
    with pytest.raises(KeyError, match="'b' is undefined"):
        render_template("{{ b }}", {"a": 1})


@pytest.mark.parametrize(
    "template",
    [
        "{{ a.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ a['__class__'] }}",
        "{{ a | attr('__class__') }}",
        "{{ 'x' * 10 ** 9 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ a.format(1) if false else 'x' * 3 }}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}",
        "{% extends '/etc/passwd' %}",
        "{{ range(10 ** 9) | list }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(a) }}",
        "{{ [].append(1) }}",
    ],
)
def test_a_template_reaches_nothing_but_its_columns(template):
    with pytest.raises((InputError, KeyError)):
        render_template(template, {"a": "text"})


def test_a_template_that_can_not_be_read_is_the_users_mistake():
    with pytest.raises(InputError, match=r"the template '{{ a' can't be read"):
        render_template("{{ a", {"a": 1})


HUB = "sources:\n  - {name: h, kind: hub, path: %s, fields: {question: q, answer: a}}\n"


@pytest.mark.parametrize(
    "path",
    [
        "/etc", "./data", "../data", "~/data", "data/../x", "a/b/c", "a//b", "/a/b", "a/", "json", "JSON", "parquet",
        "imagefolder", "webdataset", "csv", "text", "hf://datasets/a/b", "https://huggingface.co/datasets/a/b", "a\\b",
        "C:/data", "file:///etc", "a/..", "../b", "a b/c", "a/b@main", "buckets/x", ".", "..", "''", "a/.hidden",
        "a/b\\n", "a..b/c",
    ],
)  # fmt: skip
def test_a_hub_source_names_a_dataset_and_never_a_path(fault, path):
    text = GOOD.replace(GOOD[GOOD.index("sources") : GOOD.index("teacher")], HUB % f'"{path}"'.replace("\"''\"", "''"))
    text = text.replace("\\b", "\\\\b") if path == "a\\b" else text
    error = fault(text)
    assert "sources.0.path" in error.message
    assert error.keys == ("sources.0.path",)


@pytest.mark.parametrize("path", ["openai/gsm8k", "squad", "a-b/c_d.e", "USER/Name-1.0"])
def test_a_dataset_is_named_by_user_and_name_or_by_a_single_name(load, path):
    text = GOOD.replace(GOOD[GOOD.index("sources") : GOOD.index("teacher")], HUB % path)
    assert load(text).recipe.sources[0].path == path


@pytest.mark.parametrize(
    ("key", "value"), [("config", "../x"), ("config", "a/b"), ("split", "../x"), ("split", "a/b"), ("split", "")]
)
def test_a_config_or_split_is_no_path(fault, key, value):
    source = (HUB % "a/b").replace("fields:", f"{key}: '{value}', fields:")
    error = fault(GOOD.replace(GOOD[GOOD.index("sources") : GOOD.index("teacher")], source))
    assert error.keys == (f"sources.0.{key}",)


FILE = "sources:\n  - name: f\n    kind: file\n    path: x.jsonl\n    fields:\n      question: q\n      answer: %s\n"


def test_a_template_with_a_fault_is_found_when_the_recipe_is_read_with_key_and_line(fault):
    text = GOOD.replace(GOOD[GOOD.index("sources") : GOOD.index("teacher")], FILE % "'{{ a|random }}'")
    error = fault(text)
    assert error.message.startswith("r.yaml, line 9: sources.0.fields.answer: the template '{{ a|random }}' uses")
    assert error.keys == ("sources.0.fields.answer",)
    assert "docs/recipe.md" in error.hint


def test_a_template_of_the_prompt_and_of_recorded_answers_is_checked_too(fault):
    prompt = "{backend: openai, model: m, prompt: {user: '{{ question|random }}'}}"
    assert fault(GOOD.replace("{backend: simulated}", prompt)).keys == ("teacher.prompt.user",)
    answers = "{path: x.jsonl, problem: q, completions: [{column: '{% set x = 1 %}', teacher: t}]}"
    recorded = GOOD.replace("{backend: simulated}", f"{{backend: recorded, answers: {answers}}}")
    assert fault(recorded).keys == ("teacher.answers.completions.0.column",)


def test_a_pattern_that_re2_can_not_take_is_named_with_key_line_and_what_to_write(fault):
    error = fault(GOOD + "verify: {pattern: '(?<=A: )(.+)'}\n")
    assert error.message.startswith("r.yaml, line 6: verify.pattern: uses lookahead or lookbehind, (?<=")
    assert "`Answer: (.+)`" in error.hint
    text = GOOD.replace(GOOD[GOOD.index("sources") : GOOD.index("teacher")], FILE % "a")
    error = fault(text.replace("    path:", "    answer_pattern: '(a)\\1'\n    path:"))
    assert error.keys == ("sources.0.answer_pattern",)
    assert "line 6" in error.message


@pytest.mark.parametrize("text", ["2024-10-21", "2001-12-14t21:59:43.10-05:00", "2002-12-14 21:59:43", "0x1f", "no"])
def test_a_date_is_the_text_that_was_written(tmp_path, text):
    path = tmp_path / "r.yaml"
    path.write_text(f"a: {text}\nb: {{c: [{text}]}}\n")
    data = read_yaml(path).data
    assert data["a"] == data["b"]["c"][0]
    assert data["a"] == (31 if text == "0x1f" else text)


ANSWERS = "{backend: recorded, answers: {%s, completions: [{column: a, %s}]}}"


@pytest.mark.parametrize(
    ("answers", "completion", "key", "part"),
    [
        ("path: x.jsonl, problem: q", "teacher: 5", "completions.0.teacher", "a text is needed"),
        ("path: x.jsonl, problem: q", "hint: h", "completions.0", "teacher_column: COLUMN"),
        ("path: x.jsonl, problem: []", "teacher: t", "problem", "at least 1 item"),
        ("path: x.jsonl, problm: q", "teacher: t", "problm", "did you mean problem?"),
        ("kind: hub, path: /x/y, problem: q", "teacher: t", "path", "no name of a dataset"),
        ("kind: hab, path: x, problem: q", "teacher: t", "", "'hab' is none of 'file', 'hub'"),
        ("path: x.jsonl, problem: [q, '{{ q|random }}']", "teacher: t", "problem.1", "uses the filter random"),
        ("path: x.jsonl, problem: q", "teacher: t, hint: '{{ f() }}'", "completions.0.hint", "uses a call"),
        ("path: x.jsonl, problem: q", "teacher: t, reasoning: '{{ f() }}'", "completions.0.reasoning", "uses a call"),
    ],
)
def test_a_fault_of_recorded_answers_is_named_by_its_key(fault, answers, completion, key, part):
    error = fault(GOOD.replace("{backend: simulated}", ANSWERS % (answers, completion)))
    assert f"teacher.answers.{key}".rstrip(".") in error.keys
    assert part in error.message


def test_recorded_answers_have_nobody_to_ask_for_a_blind_check(fault):
    recorded = GOOD.replace("{backend: simulated}", ANSWERS % ("path: x.jsonl, problem: q", "teacher: t"))
    error = fault(f"{recorded}\nverify: {{blind_check: hinted}}\n")
    assert error.keys == ("verify.blind_check",)
    assert "recorded answers can't be asked again" in error.message


@pytest.mark.parametrize(
    ("question", "key", "part"),
    [
        ("[]", "question", "at least 1 item"),
        ("5", "question", "a text is needed"),
        ("[Body, 5]", "question.1", "a text is needed"),
        ("[Body, '{{ q|random }}']", "question.1", "uses the filter random"),
    ],
)
def test_a_fault_of_the_question_is_named_by_its_key(fault, question, key, part):
    file = (FILE % "a").replace("question: q", f"question: {question}")
    error = fault(GOOD.replace(GOOD[GOOD.index("sources") : GOOD.index("teacher")], file))
    assert f"sources.0.fields.{key}" in error.keys
    assert part in error.message
