"""Checkpoints from a stranger: no code of theirs runs, nothing is asked, and each fault is a sentence and exit 2."""

import ast
import json
import pickle
import shutil
import struct
import subprocess
import warnings
from contextlib import suppress
from pathlib import Path

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.student.model.loading import load_checkpoint, load_saved_student, save_student
from cotloom.builder.teacher.checkpoint import load_pretrained
from cotloom.builder.teacher.checkpoint.chat_templates import render_chat
from cotloom.schemas.student import CheckpointModel
from tests.student.tiny_students import add_soft_prompt, make_student
from tests.teacher.tiny import CHAT, make_checkpoint

ROOT = Path(__file__).resolve().parents[2]
DEEP = "[" * 50_000 + "]" * 50_000


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return make_checkpoint(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def folder(whole, tmp_path):
    """A copy of a checkpoint, to change."""
    return Path(shutil.copytree(whole, tmp_path / "checkpoint"))


@pytest.fixture(autouse=True)
def canary(tmp_path, monkeypatch):
    """A file that hostile code would write, and a terminal that answers yes to everything."""
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("something was asked"))
    path = tmp_path / "canary"
    yield path
    assert not path.exists()


def load(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' own words about odd settings
        return load_pretrained(str(folder), key="teacher.model", dtype="float32")


def refuse(folder):
    """Load a checkpoint that has to be refused, and return the message."""
    with pytest.raises(InputError) as caught:
        load(folder)
    assert caught.value.hint
    assert caught.value.keys == ("teacher.model",)
    return caught.value.message


def change(folder, file, **keys):
    path = folder / file
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**content, **keys}))


def write_code(folder, canary, name="modeling_evil.py"):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(f"open({str(canary)!r}, 'w').write('ran')\nclass Evil: pass\n")


class Bomb:
    """A pickle that writes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.write_text, (self.path, "ran")


def test_a_checkpoint_as_it_was_saved_is_loaded(folder):
    checkpoint = load(folder)

    assert checkpoint.tokenizer.pad_token_id is not None
    messages = [{"role": "user", "content": "What is 2 + 3?"}]
    own = checkpoint.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert render_chat(checkpoint.tokenizer, messages) == own


# Code


@pytest.mark.parametrize(
    ("file", "keys"),
    [
        (
            "config.json",
            {"auto_map": {"AutoConfig": "modeling_evil.Evil", "AutoModelForCausalLM": "modeling_evil.Evil"}},
        ),
        ("config.json", {"auto_map": {"AutoConfig": "modeling_evil.Evil"}, "model_type": "evil"}),
        ("config.json", {"auto_map": {"AutoConfig": "somebody/else--modeling_evil.Evil"}, "model_type": "evil"}),
        ("config.json", {"text_config": {"auto_map": {"AutoModel": "modeling_evil.Evil"}}}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["modeling_evil.Evil", None]}}),
        ("tokenizer_config.json", {"auto_map": ["modeling_evil.Evil", None], "tokenizer_class": "Evil"}),
        ("generation_config.json", {"custom_generate": "somebody/modeling_evil.Evil"}),
        ("config.json", {"attn_implementation": "somebody/modeling_evil.Evil"}),
    ],
)
def test_a_checkpoint_that_wants_code_is_refused_with_what_it_asks_for(folder, canary, file, keys):
    write_code(folder, canary)
    change(folder, file, **keys)

    message = refuse(folder)

    assert file in message
    assert "modeling_evil.Evil" in message


def test_code_for_generating_is_refused(folder, canary):
    write_code(folder, canary, "custom_generate/generate.py")

    assert "custom_generate/generate.py" in refuse(folder)


def test_a_build_with_a_checkpoint_that_wants_code_exits_2_whatever_the_terminal_would_answer(
    folder, canary, write_recipe, tmp_path, command
):
    write_code(folder, canary)
    change(folder, "config.json", model_type="evil", auto_map={"AutoConfig": "modeling_evil.Evil"})
    teacher = {"backend": "transformers", "model": str(folder), "paths": {"round": 1}}
    path = write_recipe(tmp_path, teacher=teacher, sources=[{"name": "made", "kind": "arithmetic", "problems": 1}])

    done = subprocess.run(
        [*command, "build", str(path), "--store", str(tmp_path / "store")],
        input="y\n" * 9, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "modeling_evil.Evil" in done.stderr


def test_a_student_from_a_checkpoint_that_wants_code_is_refused(folder, canary):
    write_code(folder, canary)
    change(folder, "config.json", auto_map={"AutoModelForCausalLM": "modeling_evil.Evil"})

    with pytest.raises(InputError, match=r"modeling_evil\.Evil"):
        load_checkpoint(CheckpointModel(kind="checkpoint", path=str(folder)))


def list_calls():
    """Every call of `from_pretrained` in the package."""
    for path in (ROOT / "builder").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".from_pretrained"):
                yield path.relative_to(ROOT / "builder").as_posix(), ast.unparse(node)


def test_checkpoints_are_loaded_in_one_place_and_without_code():
    calls = list(list_calls())

    assert {path for path, _ in calls} == {"teacher/checkpoint/loading.py", "student/model/loading.py"}
    for _, call in calls:
        assert "**safe" in call or ("PeftModel" in call and "use_safetensors=True" in call)
    assert '"trust_remote_code": False' in (ROOT / "builder" / "teacher" / "checkpoint" / "loading.py").read_text()


# Pickles


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pth", "adapter_model.bin", "optimizer.pt"])
def test_weights_in_a_pickle_are_refused_with_what_to_do(folder, canary, name):
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle.dumps(Bomb(canary)))

    message = refuse(folder)

    assert "only pickles" in message
    assert name in message


def test_pickles_beside_safetensors_are_never_opened(folder, canary):
    for name in ("pytorch_model.bin", "optimizer.pt", "adapter_model.bin"):
        (folder / name).write_bytes(pickle.dumps(Bomb(canary)))

    load(folder)


@pytest.mark.parametrize(
    "shard", ["pytorch_model-00001.bin", "../other/model.safetensors", "/etc/model.safetensors", "a\\b.safetensors", 7]
)
def test_an_index_that_names_pickles_or_files_elsewhere_is_refused(folder, canary, shard):
    (folder / "model.safetensors").rename(folder / "x.safetensors")
    (folder / "pytorch_model-00001.bin").write_bytes(pickle.dumps(Bomb(canary)))
    change(folder, "model.safetensors.index.json", metadata={}, weight_map={"model.norm.weight": shard})

    assert "takes weights from" in refuse(folder)


def test_weights_that_the_settings_name_are_safetensors(folder, canary):
    (folder / "adapter_model.bin").write_bytes(pickle.dumps(Bomb(canary)))
    change(folder, "config.json", transformers_weights="adapter_model.bin")

    assert "adapter_model.bin" in refuse(folder)


def test_an_adapter_is_refused_with_the_model_that_it_names(folder):
    change(folder, "adapter_config.json", base_model_name_or_path="somebody/elses", peft_type="LORA")

    assert "somebody/elses" in refuse(folder)


def test_the_soft_prompt_of_a_student_has_no_pickle_and_no_code(tmp_path, canary):
    save_student(add_soft_prompt(make_student()), tmp_path / "student")
    assert load_saved_student(tmp_path / "student").prompt_tokens

    prompt = tmp_path / "student" / "prompt"
    whole = (prompt / "adapter_config.json").read_text()
    change(prompt, "adapter_config.json", auto_mapping={"base_model_class": "Evil", "parent_library": "modeling_evil"})
    with pytest.raises(InputError, match="modeling_evil"):
        load_saved_student(tmp_path / "student")
    (prompt / "adapter_config.json").write_text(whole)
    (prompt / "adapter_model.safetensors").unlink()
    (prompt / "adapter_model.bin").write_bytes(pickle.dumps(Bomb(canary)))
    with pytest.raises(InputError, match=r"no adapter_model\.safetensors"):
        load_saved_student(tmp_path / "student")


# Damaged and hostile files

FILES = ("config.json", "tokenizer_config.json", "generation_config.json", "tokenizer.json")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", ["", "{", "[]", "7", "null", '"x"', DEEP, '{"a": ' + DEEP + "}", "\x00", "\udcff"])
def test_settings_that_are_no_settings_are_refused(folder, file, content):
    (folder / file).write_bytes(content.encode("utf-8", "surrogateescape"))

    assert str(folder) in refuse(folder)


@pytest.mark.parametrize("file", FILES)
def test_a_truncated_file_is_refused(folder, file):
    whole = (folder / file).read_bytes()
    (folder / file).write_bytes(whole[: len(whole) // 2])

    refuse(folder)


@pytest.mark.parametrize("keys", [
    {"model_type": "unheard-of"}, {"model_type": 7}, {"model_type": None}, {"model_type": "../x"},
    {"num_hidden_layers": 10**9}, {"num_hidden_layers": -1}, {"num_hidden_layers": "two"}, {"hidden_size": 10**12},
    {"hidden_size": 0}, {"num_attention_heads": 0}, {"num_attention_heads": 10**12}, {"vocab_size": 10**12},
    {"vocab_size": -5}, {"intermediate_size": 10**12}, {"head_dim": 10**12}, {"hidden_act": "unheard-of"},
    {"hidden_act": {"a": 1}}, {"pad_token_id": 10**12}, {"num_key_value_heads": 0}, {"is_encoder_decoder": True},
])  # fmt: skip
def test_hostile_settings_of_the_model_are_refused(folder, keys):
    change(folder, "config.json", **keys)

    refuse(folder)


@pytest.mark.parametrize("keys", [
    {"rope_theta": "x"}, {"quantization_config": {"quant_method": "unheard-of"}}, {"torch_dtype": "unheard-of"},
    {"dtype": {"x": 1}},
])  # fmt: skip
def test_settings_that_the_library_ignores_do_no_harm(folder, keys):
    change(folder, "config.json", **keys)

    with suppress(InputError):
        assert load(folder).tokenizer is not None


@pytest.mark.parametrize("keys", [
    {"num_beams": 10**6}, {"num_beams": -1}, {"num_beams": "x"}, {"num_return_sequences": 10**6},
    {"eos_token_id": "x"}, {"eos_token_id": {"a": 1}},
])  # fmt: skip
def test_hostile_settings_of_generating_are_refused(folder, keys):
    change(folder, "generation_config.json", **keys)

    refuse(folder)


@pytest.mark.parametrize("keys", [{"max_length": 10**12}, {"max_new_tokens": 10**12}, {"min_length": 10**12}])
def test_the_length_of_an_answer_is_never_the_checkpoints_to_say(folder, keys):
    change(folder, "generation_config.json", **keys)

    load(folder)


def write_header(path, header, data=b""):
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


@pytest.mark.parametrize("content", [
    b"", b"\x00" * 4, b"\xff" * 64, struct.pack("<Q", 2**60) + b"{}", struct.pack("<Q", 2) + b"[]",
    struct.pack("<Q", 9) + b'{"a": 1}\n', pickle.dumps({"a": 1}),
])  # fmt: skip
def test_weights_that_are_no_safetensors_are_refused(folder, content):
    (folder / "model.safetensors").write_bytes(content)

    refuse(folder)


def test_a_header_that_lies_about_its_tensors_is_refused(folder):
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    (length,) = struct.unpack("<Q", whole[:8])
    header, data = json.loads(whole[8 : 8 + length]), whole[8 + length :]
    name = next(key for key in header if key != "__metadata__")
    for lie in (
        {"shape": [10**12, 10**6]},
        {"data_offsets": [0, 10**15]},
        {"dtype": "Q9"},
        {"shape": [-1]},
        {"shape": "x"},
    ):
        write_header(path, json.dumps({**header, name: {**header[name], **lie}}).encode(), data)
        refuse(folder)
    path.write_bytes(whole[:-100])
    refuse(folder)


# Chat templates

LOOP = "{% for a in range(99999) %}" * 3 + "{% endfor %}" * 3
HOSTILE = {
    "a loop without an end": LOOP,
    "a huge output": "{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
    "all the memory": "{{ 'x' * 10**11 }}",
    "a text that doubles": "{% set n = namespace(x='a') %}{% for a in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}"
    "{{ n.x }}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "macros that multiply": "{% macro a() %}" + "x" * 99 + "{% endmacro %}" + "".join(
        f"{{% macro {new}() %}}{{% for i in range(999) %}}{{{{ {old}() }}}}{{% endfor %}}{{% endmacro %}}"
        for old, new in ("ab", "bc", "cd", "de")
    ) + "{{ e() }}",
    "a wide format": "{{ '%99999999999d' % 1 }}",
    "attributes of Python": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals of Python": "{{ cycler.__init__.__globals__.os.system('true') }}",
    "a division by zero": "{{ 1/0 }}",
    "its own exception": "{{ raise_exception('no') }}",
    "an undefined name": "{{ nothing.there }}",
    "an unknown filter": "{{ 1 | unheard_of }}",
    "bad syntax": "{% for %}",
    "nested brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "a file": "{% include '/etc/passwd' %}",
    "no text": "{# nothing #}",
    "a wrong type": "{{ messages + 1 }}",
    "too much text": "x" * 300_000,
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.usefixtures("ends")
def test_a_hostile_chat_template_is_refused(folder, what):
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    change(folder, "tokenizer_config.json", chat_template=HOSTILE[what])

    assert "template" in refuse(folder)


@pytest.mark.parametrize("template", [7, ["x"], [{"name": "default", "template": 7}], {"default": 7}, [{"x": 1}], True])
def test_a_chat_template_that_is_no_text_is_refused(folder, template):
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    change(folder, "tokenizer_config.json", chat_template=template)

    refuse(folder)


@pytest.mark.usefixtures("ends")
def test_a_template_that_turns_hostile_later_is_stopped_too_and_the_next_one_is_rendered(folder):
    (folder / "chat_template.jinja").write_text("{% if messages | length > 1 %}" + LOOP + "{% endif %}" + CHAT)
    tokenizer = load(folder).tokenizer
    chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]

    with pytest.raises(InputError, match="does not end within"):
        render_chat(tokenizer, chat)

    assert render_chat(tokenizer, chat[:1]) == "<|user|>a<|end|><|assistant|>"


def test_named_templates_render_the_one_without_a_name(folder):
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    named = [{"name": "default", "template": CHAT}, {"name": "tool_use", "template": "{{ 1/0 }}"}]
    change(folder, "tokenizer_config.json", chat_template=named)

    assert render_chat(load(folder).tokenizer, [{"role": "user", "content": "a"}]).startswith("<|user|>a")


def test_an_untrained_student_of_ours_needs_no_process_of_its_own():
    student = make_student()

    assert render_chat(student.tokenizer, [{"role": "user", "content": "a"}]) == "<|user|>a<|end|><|assistant|>"
