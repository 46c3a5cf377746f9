"""The student recipe: which small model is trained on a version, how it is trained, and how it is evaluated.

It is a separate file and not part of a dataset's recipe, so that two versions can be measured with the same student.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from .evaluation import Evaluation
from .section import Name, Section, declare_identity

__all__ = [
    "Against",
    "BaseTraining",
    "CheckpointModel",
    "Evaluation",
    "Gate",
    "Lora",
    "Model",
    "Objective",
    "PromptScope",
    "StudentRecipe",
    "TinyModel",
    "TrainStage",
]

Against = Literal["answer_only", "parent", "single_path", "shuffled", "unchecked", "untrained"]
"""The conditions that a version can be compared with."""


class BaseTraining(Section):
    """General training of a student from scratch before it is trained on a version. It is done once and stored."""

    problems: int = declare_identity(60_000, ge=100)
    """Number of short general tasks, one to six in a chat."""
    steps: int = declare_identity(4000, ge=1)
    """Optimizer steps."""
    learning_rate: float = declare_identity(1.5e-3, gt=0)
    """Peak learning rate."""
    batch_size: int = declare_identity(24, ge=1)
    """Chats per step."""
    seed: int = declare_identity(0)
    """Seed of the initial weights and of the order of rows."""


class TinyModel(Section):
    """A student from scratch, with its own tokenizer and without a download. The default."""

    kind: Literal["tiny"] = declare_identity("tiny")
    """`tiny`."""
    architecture: Literal["llama", "t5"] = declare_identity("llama")
    """Decoder-only (`llama`) or encoder-decoder (`t5`)."""
    width: int = declare_identity(96, ge=8)
    """Hidden size, a multiple of twice the number of heads."""
    layers: int = declare_identity(3, ge=1)
    """Number of layers (of the encoder and of the decoder each)."""
    heads: int = declare_identity(4, ge=1)
    """Number of attention heads."""
    window: int = declare_identity(1024, ge=32)
    """Maximum number of tokens of prompt and answer together."""
    vocabulary: int = declare_identity(4000, ge=64)
    """Maximum size of the vocabulary; rarer words are encoded character by character."""
    numbers: Literal["whole", "digits"] = declare_identity("whole")
    """Whether a number is one token, or one token per digit."""
    base: BaseTraining | None = declare_identity(BaseTraining())
    """General training first; null for none."""


class Lora(Section):
    """Low-rank adapters beside the frozen weights (LoRA, Hu et al. 2021)."""

    rank: int = declare_identity(8, ge=1)
    """Rank of the adapters."""
    alpha: int = declare_identity(16, ge=1)
    """Scale of the adapters (`lora_alpha`)."""
    dropout: float = declare_identity(0.0, ge=0.0, lt=1.0)
    """Dropout on the inputs of the adapters in training."""


class CheckpointModel(Section):
    """A pretrained checkpoint: decoder-only (Qwen, SmolLM) or encoder-decoder (Flan-T5)."""

    kind: Literal["checkpoint"] = declare_identity()
    """`checkpoint`."""
    path: str = declare_identity()
    """Folder of the checkpoint, or its name on the Hub."""
    revision: str | None = declare_identity(None)
    """Branch, tag or commit on the Hub."""
    lora: Lora | None = declare_identity(None)
    """Train low-rank adapters; null trains all weights."""


Model = Annotated[TinyModel | CheckpointModel, Field(discriminator="kind")]

Objective = Literal["completion", "forward_kl", "reverse_kl", "fu"]
"""The loss: cross-entropy on the completion; the forward or reverse KL divergence from the teacher's top-k log
probabilities; or the alignment and weighting of Fu et al. 2023."""


class PromptScope(StrEnum):
    """What shares a soft prompt."""

    ALL = "all"
    TASK = "task"
    SOURCE = "source"


class TrainStage(Section):
    """One stage of training the student."""

    name: Name = declare_identity()
    """Unique name of the stage."""
    take: tuple[str, ...] | None = declare_identity(None, strict=False)
    """Stages of the version's mixture to train on; null takes all."""
    formats: tuple[str, ...] | None = declare_identity(None, strict=False)
    """Formats to train on (`as_is` for finished responses); null takes all."""
    objective: Objective = declare_identity("completion")
    """The loss."""
    loss_on: Literal["last", "turns"] = declare_identity("turns")
    """Which assistant turns of a row carry loss: the last one, or those of the demonstrations too."""
    parameters: Literal["all", "prompt"] = declare_identity("all")
    """What is trained: the model, or a soft prompt before a frozen model (ProMoT, Wang et al. 2024)."""
    prompt_tokens: int = declare_identity(20, ge=1)
    """Length of the soft prompt, in tokens."""
    prompt_for: PromptScope = declare_identity(PromptScope.ALL, strict=False)
    """`all`: one soft prompt for all rows. `task` or `source`: one for each task, or each source, of the problems, each
    trained by itself for `steps` steps; where a problem has no task, its source is its task. Later stages and the
    evaluation put its own prompt before each problem, and none where its task has none."""
    steps: int = declare_identity(400, ge=1)
    """Optimizer steps."""
    learning_rate: float = declare_identity(2e-3, gt=0)
    """Peak learning rate, with linear warm-up and cosine decay."""
    batch_size: int = declare_identity(16, ge=1)
    """Rows per step."""
    patience: int | None = declare_identity(None, ge=1)
    """Early stopping: stop after this many checks (one every tenth of the steps) without a lower loss on held-back
    rows, and keep the best weights. Null trains all steps."""


class Gate(Section):
    """When a version passes `--gate`."""

    against: Against = declare_identity("answer_only")
    """The condition that the version is compared with; where the version has a parent, the parent too."""
    gain: float = declare_identity(0.0)
    """The least gain on the target, as a share of the problems: the whole interval must lie above it."""
    loss: float = declare_identity(0.05, ge=0.0)
    """The largest loss of general ability against the same condition, as a share of the problems."""


class StudentRecipe(Section):
    """A student model, its training and its evaluation."""

    name: Name = declare_identity()
    """The student's name."""
    description: str | None = declare_identity(None)
    """A description in a sentence or two."""
    model: Model = declare_identity(TinyModel())
    """The model."""
    stages: tuple[TrainStage, ...] = declare_identity((TrainStage(name="train"),), min_length=1, strict=False)
    """The stages of training, in order."""
    seeds: int = declare_identity(3, ge=1)
    """Number of students per condition, with seeds 0, 1, 2, ...: none is selected afterwards."""
    evaluation: Evaluation = declare_identity(Evaluation())
    """How the students are evaluated."""
    gate: Gate = declare_identity(Gate())
    """When a version passes."""

    @property
    def prompt_for(self) -> PromptScope:
        """What shares a soft prompt; `all` where no stage trains one."""
        scopes = (stage.prompt_for for stage in self.stages if stage.parameters == "prompt")
        return next(scopes, PromptScope.ALL)

    @model_validator(mode="after")
    def _check_prompts(self) -> "StudentRecipe":
        scopes = {stage.prompt_for for stage in self.stages if stage.parameters == "prompt"}
        if len(scopes) > 1:
            message = f"all stages with parameters: prompt need the same prompt_for, not {' and '.join(sorted(scopes))}"
            raise ValueError(message)
        return self
