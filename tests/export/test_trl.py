"""TRL itself reads the exports: its trainer is made, and shows which tokens carry loss. Nothing is trained."""

import json

import datasets
import pytest

from cotloom.builder.export import export
from cotloom.rewards import answer

trl = pytest.importorskip("trl", reason="TRL is not installed")

from tests.student.tiny_students import make_student  # noqa: E402 - torch, only where TRL is there

pytestmark = pytest.mark.filterwarnings(  # TRL's own settings have a name that transformers is giving up
    "ignore:`.*gradient_checkpointing.*` is deprecated:FutureWarning"
)

FORMATS = [{"name": "zero_shot_cot"}, {"name": "in_context_cot", "shots": [1, 2]}]


@pytest.fixture(scope="module")
def version(tmp_path_factory, write_recipe, build_recipe):
    folder = tmp_path_factory.mktemp("trl")
    made = [{"name": "made", "kind": "arithmetic", "level": "small", "problems": 16}]
    recipe = write_recipe(folder, sources=made, formats=FORMATS, split={"test": 0.3})
    return build_recipe(recipe, folder / "store").version


@pytest.fixture
def trainer_of(tmp_path):
    """Make TRL's trainer over a folder, as `trl sft --dataset_name FOLDER` does."""

    def made(folder):
        student = make_student("llama")
        data = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
        settings = trl.SFTConfig(str(tmp_path / "student"), max_length=None, report_to=[], use_cpu=True, bf16=False)
        return trl.SFTTrainer(
            student.model,
            args=settings,
            train_dataset=data["train"],
            eval_dataset=data["test"],
            processing_class=student.tokenizer,
        )

    return made


def taught(trainer, rows) -> list[str]:
    """The text that carries loss in each row."""
    tokenizer = trainer.processing_class
    labels = [trainer.data_collator([row])["labels"][0].tolist() for row in rows]
    return [tokenizer.decode([label for label in row if label != -100]) for row in labels]


def test_trl_puts_the_loss_on_the_last_answer_alone(version, trainer_of, tmp_path):
    export(version, "trl", tmp_path / "out")

    trainer = trainer_of(tmp_path / "out")

    for name, rows in (("train", trainer.train_dataset), ("test", trainer.eval_dataset)):
        written = map(json.loads, (tmp_path / f"out/{name}.jsonl").read_bytes().splitlines())
        answers = [row["completion"][0]["content"] for row in written]
        assert [text.removesuffix(trainer.processing_class.eos_token) for text in taught(trainer, rows)] == answers


def test_trl_reads_whole_chats_and_puts_the_loss_on_all_of_them(version, trainer_of, tmp_path):
    export(version, "trl-messages", tmp_path / "out")

    trainer = trainer_of(tmp_path / "out")

    written = map(json.loads, (tmp_path / "out/train.jsonl").read_bytes().splitlines())
    whole = [trainer.processing_class.apply_chat_template(row["messages"], tokenize=False) for row in written]
    assert taught(trainer, trainer.train_dataset) == whole


def test_trl_takes_the_stages_one_after_the_other(write_recipe, build_recipe, tmp_path):
    stages = [{"name": "first", "take": {"made": "all"}}, {"name": "second", "take": {"made": 3}}]
    version = build_recipe(write_recipe(tmp_path, mixture={"stages": stages}), tmp_path / "store").version
    done = export(version, "trl", tmp_path / "out")

    for name, count in done.rows.items():
        mixture = trl.DatasetMixtureConfig(
            datasets=[trl.scripts.utils.DatasetConfig(path="json", data_files=str(tmp_path / "out" / name))]
        )
        rows = trl.get_dataset(mixture)["train"]
        assert len(rows) == count
        assert trl.data_utils.is_conversational(rows[0])


TRAIN = {"max_steps": 2, "per_device_train_batch_size": 2, "report_to": [], "use_cpu": True, "bf16": False}


@pytest.fixture(scope="module")
def pairs(version, tmp_path_factory):
    """The files for preferences and for rewards, read as the trainers read them."""
    folder = tmp_path_factory.mktemp("trl-pairs")
    for form in ("trl-dpo", "trl-grpo"):
        export(version, form, folder / form)
    return {
        form: datasets.load_dataset(str(folder / form), cache_dir=str(folder / "cache"))["train"]
        for form in ("trl-dpo", "trl-grpo")
    }


def test_trl_trains_on_preferences(pairs, tmp_path):
    student = make_student("llama")
    settings = trl.DPOConfig(str(tmp_path), max_length=None, **TRAIN)
    trainer = trl.DPOTrainer(
        student.model,
        ref_model=make_student("llama").model,
        args=settings,
        train_dataset=pairs["trl-dpo"],
        processing_class=student.tokenizer,
    )
    assert trainer.train().global_step == 2


def test_trl_rewards_what_it_generates(pairs, tmp_path):
    student = make_student("llama")
    given = []

    def reward(completions, **columns):
        given.append(answer(completions, **columns))
        return given[-1]

    settings = trl.GRPOConfig(str(tmp_path), num_generations=2, max_completion_length=8, **TRAIN)
    trainer = trl.GRPOTrainer(
        student.model,
        reward_funcs=reward,
        args=settings,
        train_dataset=pairs["trl-grpo"],
        processing_class=student.tokenizer,
    )
    assert trainer.train().global_step == 2
    assert given
    assert {value for values in given for value in values} <= {0.0, 1.0, None}
