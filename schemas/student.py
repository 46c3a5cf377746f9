"""The student recipe: which small model is trained on a version, how, and what it is asked afterwards.

It is a file of its own and no part of a dataset's recipe, so that two versions are measured by one and the same.
"""

from typing import Annotated, Literal

from cotloom.schemas.section import Name, Section, identity
from pydantic import Field

FormatName = Literal[
    "zero_shot_cot", "zero_shot_answer", "in_context_cot", "in_context_answer", "fine_tune_cot", "cot_collection"
]
"""How a problem is put to the student."""

Against = Literal["answer_only", "parent", "single_path", "shuffled", "unchecked", "untrained"]
"""The arms that a version can be held against."""


class Base(Section):
    """The general training that a student from scratch has before it sees a version. It is done once and kept."""

    problems: int = identity(60_000, ge=100)
    """How many short general tasks, one to six in a chat."""
    steps: int = identity(4000, ge=1)
    """Steps of the optimiser."""
    learning_rate: float = identity(1.5e-3, gt=0)
    """The highest rate."""
    batch_size: int = identity(24, ge=1)
    """Chats of one step."""
    seed: int = identity(0)
    """Key of its weights and its order."""


class TinyModel(Section):
    """A student from scratch: no download, and a tokenizer of its own. The default."""

    kind: Literal["tiny"] = identity("tiny")
    """`tiny`."""
    architecture: Literal["llama", "t5"] = identity("llama")
    """Decoder only, or encoder and decoder."""
    width: int = identity(96, ge=8)
    """Width of the hidden states; the heads divide it."""
    layers: int = identity(3, ge=1)
    """Layers (of encoder and decoder each)."""
    heads: int = identity(4, ge=1)
    """Attention heads."""
    window: int = identity(1024, ge=32)
    """Tokens that question and answer may have together."""
    vocabulary: int = identity(4000, ge=64)
    """At most so many tokens; rarer words are spelled."""
    numbers: Literal["whole", "digits"] = identity("whole")
    """Whether a number is one token, or one for each digit."""
    base: Base | None = identity(Base())
    """General training first; null for none."""


class Lora(Section):
    """Train small matrices beside the frozen weights (Hu et al. 2021)."""

    rank: int = identity(8, ge=1)
    """Rank of the matrices."""
    alpha: int = identity(16, ge=1)
    """Their scale."""
    dropout: float = identity(0.0, ge=0.0, lt=1.0)
    """Share of their inputs left out in training."""


class CheckpointModel(Section):
    """A pretrained checkpoint: decoder only (Qwen, SmolLM) or encoder and decoder (Flan-T5)."""

    kind: Literal["checkpoint"] = identity()
    """`checkpoint`."""
    path: str = identity()
    """The folder of the checkpoint, or its name on the Hub."""
    revision: str | None = identity(None)
    """Branch, tag or commit on the Hub."""
    lora: Lora | None = identity(None)
    """Train small matrices instead of all weights; null trains all."""


Model = Annotated[TinyModel | CheckpointModel, Field(discriminator="kind")]

Objective = Literal["completion", "forward_kl", "reverse_kl", "fu"]
"""What training lowers: cross-entropy on what the student is to say; the divergence from the teacher's likeliest
tokens, forward or reverse; or the same as Fu et al. 2023 align and weigh it."""


class TrainStage(Section):
    """One stage of training the student."""

    name: Name = identity()
    """A name that no other stage has."""
    take: tuple[str, ...] | None = identity(None, strict=False)
    """Stages of the version's mixture whose rows are trained on; null takes all."""
    formats: tuple[str, ...] | None = identity(None, strict=False)
    """Formats whose rows are trained on (`as_is` for finished responses); null takes all."""
    objective: Objective = identity("completion")
    """What training lowers."""
    loss_on: Literal["last", "turns"] = identity("turns")
    """Whether only the last answer of a row carries loss, or those of the demonstrations too."""
    parameters: Literal["all", "prompt"] = identity("all")
    """What is tuned: the model, or a soft prompt before the input with the model frozen (ProMoT, Wang et al. 2024)."""
    prompt_tokens: int = identity(20, ge=1)
    """Length of the soft prompt."""
    steps: int = identity(400, ge=1)
    """Steps of the optimiser."""
    learning_rate: float = identity(2e-3, gt=0)
    """The highest rate; it rises over the first steps and then falls as a cosine."""
    batch_size: int = identity(16, ge=1)
    """Rows of one step."""
    patience: int | None = identity(None, ge=1)
    """Stop after so many checks (one every tenth of the steps) that did not lower the loss on rows held back from
    training; the best weights are kept. Null trains all steps."""


class Evaluation(Section):
    """What the trained student is asked."""

    problems: int = identity(200, ge=1)
    """At most so many problems of each set, the lowest by keyed hash."""
    formats: tuple[FormatName, ...] | None = identity(None, strict=False)
    """How the target problems are put, the first being what the version is trained for; the answer only is asked for
    in any case. Null: the version's own format."""
    shots: int = identity(2, ge=1)
    """Demonstrations of the in-context formats."""
    general: tuple[str, ...] = identity((), strict=False)
    """Evaluation sources of the version that measure what should be kept, not what is taught. They are put as
    they stand, with no cue."""
    samples: int = identity(1, ge=1)
    """Answers for each problem; more than one adds the vote of their majority to the greedy answer."""
    temperature: float = identity(0.7, gt=0)
    """Of the answers that vote."""
    max_tokens: int = identity(160, ge=1)
    """The longest answer."""
    batch_size: int = identity(64, ge=1)
    """Prompts answered together. It moves scores, so it is part of what a result is."""


class Gate(Section):
    """When `--gate` lets a version through."""

    against: Against = identity("answer_only")
    """The arm that the version is held against; where the version has a parent, the parent too."""
    gain: float = identity(0.0)
    """The least gain on the target, in share of problems: the interval must lie above."""
    loss: float = identity(0.05, ge=0.0)
    """The largest loss of general ability against the same arm, in share of problems."""


class StudentRecipe(Section):
    """A student, its training, and what it is asked."""

    name: Name = identity()
    """The student's name."""
    description: str | None = identity(None)
    """What it is for, in a sentence or two."""
    model: Model = identity(TinyModel())
    """The model."""
    stages: tuple[TrainStage, ...] = identity((TrainStage(name="train"),), min_length=1, strict=False)
    """Training, in order."""
    seeds: int = identity(3, ge=1)
    """How often each arm is trained, with seeds 0, 1, 2, ...: none is picked."""
    evaluation: Evaluation = identity(Evaluation())
    """What it is asked."""
    gate: Gate = identity(Gate())
    """When a version is let through."""
