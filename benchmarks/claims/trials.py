"""The trials: for each claim the conditions that are trained, and the comparisons that test it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.ids import digest
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.student import BaseTraining, CheckpointModel, Evaluation, StudentRecipe, TinyModel, TrainStage

HERE = Path(__file__).resolve().parent
SCRATCH = TinyModel(base=None, width=64, layers=2)
"""Small enough to train until the loss stays flat, where seeds differ least."""
BASED = TinyModel(base=BaseTraining())
"""The default student, which has general ability to lose."""


def make_stage(name: str = "train", *, steps: int = 1200, **options: Any) -> TrainStage:
    """Make a stage with the settings that all conditions share."""
    return TrainStage(name=name, steps=steps, batch_size=16, **{"learning_rate": 2e-3, **options})


@dataclass(frozen=True, kw_only=True)
class TrialCondition:
    """One condition of a trial."""

    name: str
    """Name of the condition in the tables."""
    recipe: str = "steps"
    """The dataset recipe beside this file."""
    changes: tuple[str, ...] = ()
    """Changes to the dataset recipe."""
    condition: str = "version"
    """What is trained on: one of `CONDITIONS` of the student."""
    stages: tuple[TrainStage, ...] = (make_stage(),)
    """The stages of training."""
    model: TinyModel | CheckpointModel = SCRATCH
    """The model."""
    share: float = 1.0
    """Share of the problems that are trained on."""
    cut_to: str | None = None
    """Name of a condition of the same trial whose number of rows it is cut to."""
    format_name: str = "zero_shot_cot"
    """Prompt format on the target, where a comparison names none."""


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A comparison that supports the claim if its verdict is the expected one."""

    condition: str
    against: str
    on: str = "target"
    """`target`, `general`, or the name of a source for evaluation."""
    measure: str = "correct"
    """The measure that is compared."""
    format_name: str | None = None
    """Prompt format of both; null takes the format of each condition."""
    expect: str = "better"
    """`better`, `worse`; `alike` for a claim that both are equally good; `no more` for a claim of no gain."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One claim in miniature."""

    letter: str
    claim: str
    source: str
    """The papers that claim it."""
    setting: str
    """The set-up, in a sentence or two."""
    conditions: tuple[TrialCondition, ...]
    contrasts: tuple[Contrast, ...]
    formats: tuple[str, ...] = ("zero_shot_cot",)
    """Prompt formats of the target."""
    general: bool = False
    """Whether general tasks are evaluated too."""
    target: bool = True
    """Whether scores on the target are reported."""
    problems: int = 300
    """Number of problems of each set."""
    seeds: int = 3
    """Number of students of each condition."""


@cache
def build_version(store: Path, recipe: str, changes: tuple[str, ...]) -> Path:
    """Build the version of a condition; the same recipe with the same changes is built once."""
    name = f"claim-{recipe.replace('_', '-')}-{digest(list(changes))[:8]}"
    loaded = load_recipe(str(HERE / f"{recipe}.yaml"), [*changes, f"name={name}"])
    return build(loaded, Runtime(store=store, workers=2)).version.path


def make_student_recipe(condition: TrialCondition, trial: Trial) -> StudentRecipe:
    """Make the student recipe of a condition."""
    evaluation = Evaluation(problems=trial.problems, formats=trial.formats, shots=1, max_tokens=96)
    return StudentRecipe(
        name="claim", model=condition.model, stages=condition.stages, seeds=trial.seeds, evaluation=evaluation
    )


SLIPS = ("teacher.slips.wrong_operand=0.25", "teacher.slips.wrong_arithmetic=0.2", "teacher.slips.lucky_answer=0.25")
SLIPS_REST = ("teacher.slips.repeat=0.02", "teacher.slips.cut_off=0.02", "teacher.slips.no_answer=0.02")
MANY = ("teacher.methods=2", "teacher.paths.round=12", "select.keep=null")
WORDED = ("teacher.paths.round=12", "select.keep=null", "teacher.wording=varied")
ALL_PATHS = (*WORDED, "select.signature=none", "select.near_duplicate=null")
JOINT = "mixture.stages=[{name: special, take: {steps: all, general: all}}]"
SPECIAL = "mixture.stages=[{name: special, take: {steps: all}}]"


def _then(share: str, general: str = "all") -> str:
    special = f", steps: {share}" if share else ""
    return (
        "mixture.stages=[{name: special, take: {steps: all}}, "
        f"{{name: restore, take: {{general: {general}{special}}}}}]"
    )


SPECIALISE = (make_stage(steps=900),)
"""What a student with a base needs for the arithmetic alone."""
TOGETHER = (make_stage(steps=1600),)
"""Beside general tasks in the same shares: every problem of arithmetic is seen as often as in 900 steps alone."""
TWO = (
    make_stage("special", steps=900, take=("special",)),
    make_stage("restore", steps=400, take=("restore",), learning_rate=1e-3),
)
"""The arithmetic, then general tasks."""
LONG = (make_stage(steps=1800),)

TRIALS: tuple[Trial, ...] = (
    Trial(
        letter="a",
        claim="Reasoning beats answer-only on multi-step problems.",
        source="Magister et al. 2022; Ho et al. 2023",
        setting="One path for each problem, against the gold answer alone.",
        formats=("zero_shot_cot", "zero_shot_answer"),
        conditions=(
            TrialCondition(name="reasoning"),
            TrialCondition(name="answer only", condition="answer_only", format_name="zero_shot_answer"),
        ),
        contrasts=(Contrast(condition="reasoning", against="answer only"),),
    ),
    Trial(
        letter="b",
        claim="Several distinct correct paths beat one, and beat as many repeated ones.",
        source="Ho et al. 2023; Yuan et al. 2023 (RFT)",
        setting="Every distinct path (of two methods) against one by chance. At equal steps, repeating the one path is "
        "the same training: the trainer goes over it more often.",
        conditions=(
            TrialCondition(name="distinct paths", changes=MANY, stages=LONG),
            TrialCondition(name="one path", changes=MANY, condition="single_path", stages=LONG),
        ),
        contrasts=(Contrast(condition="distinct paths", against="one path"),),
    ),
    Trial(
        letter="c",
        claim="Checked rationales beat unchecked ones at equal size, right answers over wrong steps included.",
        source="Magister et al. 2022; Ho et al. 2023, filter ablation",
        setting="A teacher that slips often. Checked: right answer and right steps. Answers checked: right answer over "
        "any steps. Unchecked: any answer. All cut to the same number of rows.",
        seeds=5,
        conditions=(
            TrialCondition(name="checked", changes=(*SLIPS, *SLIPS_REST)),
            TrialCondition(
                name="answers checked",
                changes=(*SLIPS, *SLIPS_REST, "verify.steps=tag"),
                cut_to="checked",
            ),
            TrialCondition(name="unchecked", changes=(*SLIPS, *SLIPS_REST), condition="unchecked", cut_to="checked"),
        ),
        contrasts=(
            Contrast(condition="checked", against="unchecked"),
            Contrast(condition="checked", against="answers checked"),
        ),
    ),
    Trial(
        letter="d",
        claim="In-context formats keep few-shot ability; zero-shot-only formats lose it.",
        source="Fu et al. 2023",
        setting="The same paths written zero-shot or behind one demonstration; loss on every turn. Asked both ways.",
        formats=("zero_shot_cot", "in_context_cot"),
        conditions=(
            TrialCondition(name="zero-shot rows"),
            TrialCondition(
                name="in-context rows",
                changes=("formats=[{name: in_context_cot, shots: [1, 1]}]",),
                format_name="in_context_cot",
            ),
        ),
        contrasts=(
            Contrast(condition="in-context rows", against="zero-shot rows", format_name="in_context_cot"),
            Contrast(
                condition="in-context rows", against="zero-shot rows", format_name="zero_shot_cot", expect="alike"
            ),
        ),
    ),
    Trial(
        letter="e",
        claim="Specialising costs general ability; instruction-conditioned and mixed data lose less.",
        source="Fu et al. 2023; Wang et al. 2024",
        setting="A student with a general base is trained on arithmetic for 900 steps: with a cue that asks for "
        "reasoning, without any (`fine_tune_cot`), or mixed with general tasks in 1,600 steps, which show it each "
        "problem of arithmetic as often.",
        general=True,
        formats=("zero_shot_cot", "fine_tune_cot"),
        conditions=(
            TrialCondition(name="base", recipe="general", changes=(SPECIAL,), condition="untrained", model=BASED),
            TrialCondition(name="special", recipe="general", changes=(SPECIAL,), model=BASED, stages=SPECIALISE),
            TrialCondition(
                name="without a cue",
                recipe="general",
                changes=(SPECIAL, "formats=[{name: fine_tune_cot}]"),
                model=BASED,
                stages=SPECIALISE,
                format_name="fine_tune_cot",
            ),
            TrialCondition(name="mixed", recipe="general", changes=(JOINT,), model=BASED, stages=TOGETHER),
        ),
        contrasts=(
            Contrast(condition="special", against="base", on="general", expect="worse"),
            Contrast(condition="mixed", against="special", on="general"),
            Contrast(condition="special", against="without a cue", on="general"),
            Contrast(condition="special", against="without a cue", on="general", measure="reasoned", expect="worse"),
            Contrast(condition="mixed", against="special", on="general", measure="reasoned", expect="worse"),
        ),
    ),
    Trial(
        letter="f",
        claim="Dual-stage mixed fine-tuning (DMT) keeps both abilities.",
        source="Dong et al. 2023",
        setting="900 steps on arithmetic, then 400 at half the rate on general tasks, with a quarter of the arithmetic "
        "mixed in again (DMT) or none (sequential); and 1,600 steps on everything at once.",
        general=True,
        formats=("zero_shot_cot", "fine_tune_cot"),
        conditions=(
            TrialCondition(name="DMT", recipe="general", changes=(_then("1/4"),), model=BASED, stages=TWO),
            TrialCondition(name="sequential", recipe="general", changes=(_then(""),), model=BASED, stages=TWO),
            TrialCondition(name="at once", recipe="general", changes=(JOINT,), model=BASED, stages=TOGETHER),
            TrialCondition(name="special", recipe="general", changes=(SPECIAL,), model=BASED, stages=SPECIALISE),
        ),
        contrasts=(
            Contrast(condition="DMT", against="sequential"),
            Contrast(condition="DMT", against="special", on="general"),
        ),
    ),
    Trial(
        letter="g",
        claim="ProMoT loses less of other formats than plain tuning.",
        source="Wang et al. 2024",
        setting="The special task is one of the base's own (the odd one out), which it does badly: a frozen "
        "student can't be prompted to say words that it never learnt. ProMoT tunes a soft prompt of 20 tokens for 600 "
        "steps with the model frozen, then the model for 600 with the prompt frozen; plain tuning has the latter "
        "alone. Seven other tasks are evaluated without the prompt.",
        target=False,
        conditions=(
            TrialCondition(
                name="ProMoT",
                recipe="narrow",
                model=BASED,
                stages=(make_stage("prompt", steps=600, parameters="prompt", learning_rate=0.1), make_stage(steps=600)),
            ),
            TrialCondition(name="plain", recipe="narrow", model=BASED, stages=(make_stage(steps=600),)),
            TrialCondition(name="base", recipe="narrow", condition="untrained", model=BASED),
        ),
        contrasts=(
            Contrast(condition="ProMoT", against="plain", on="others"),
            Contrast(condition="ProMoT", against="plain", on="special", expect="alike"),
            Contrast(condition="plain", against="base", on="special"),
        ),
    ),
    Trial(
        letter="h",
        claim="Matching the teacher's distribution beats cross-entropy on its samples.",
        source="Fu et al. 2023",
        setting="The teacher is a trained student (claim a), sampled at temperature 1 and not checked, so that samples "
        "err where its distribution does not; the five likeliest tokens of each position are known.",
        seeds=5,
        conditions=tuple(
            TrialCondition(
                name=name, recipe="by_student", condition="unchecked", stages=(make_stage(objective=objective),)
            )
            for name, objective in (
                ("cross-entropy", "completion"),
                ("forward KL", "forward_kl"),
                ("reverse KL", "reverse_kl"),
                ("Fu", "fu"),
            )
        ),
        contrasts=(
            Contrast(condition="forward KL", against="cross-entropy"),
            Contrast(condition="reverse KL", against="cross-entropy"),
            Contrast(condition="Fu", against="cross-entropy"),
        ),
    ),
    Trial(
        letter="i",
        claim="Broad reasoning first, then the domain, beats the domain alone.",
        source="Kim et al. 2023 (CoT Collection)",
        setting="A domain of 128 problems, half of them by another method, in 600 steps. It starts from nothing, from "
        "a student that learnt 1,000 other problems by one method, or from one that learnt the answers of those.",
        conditions=tuple(
            TrialCondition(name=name, recipe="domain", share=128 / 520, stages=(make_stage(steps=600),))
            for name in ("domain alone", "after reasoning", "after answers")
        ),
        contrasts=(
            Contrast(condition="after reasoning", against="domain alone"),
            Contrast(condition="after reasoning", against="after answers"),
        ),
    ),
    Trial(
        letter="j",
        claim="Larger students gain more.",
        source="Fu et al. 2023; Ho et al. 2023; Magister et al. 2022",
        setting="Reasoning and answer-only at three sizes, the same rows and steps.",
        formats=("zero_shot_cot", "zero_shot_answer"),
        conditions=tuple(
            TrialCondition(
                name=f"{target}, {model.width} wide",
                condition=condition,
                model=model,
                format_name="zero_shot_cot" if condition == "version" else "zero_shot_answer",
            )
            for model in (*(TinyModel(base=None, width=width, layers=2) for width in (16, 32)), SCRATCH)
            for target, condition in (("reasoning", "version"), ("answers", "answer_only"))
        ),
        contrasts=(
            Contrast(condition="reasoning, 64 wide", against="reasoning, 32 wide"),
            Contrast(condition="reasoning, 32 wide", against="reasoning, 16 wide"),
            Contrast(condition="reasoning, 64 wide", against="answers, 64 wide"),
            Contrast(condition="reasoning, 16 wide", against="answers, 16 wide"),
        ),
    ),
    Trial(
        letter="k",
        claim="Distinct paths do as well as all paths, at a fraction of the rows.",
        source="Yuan et al. 2023 (RFT)",
        setting="Twelve answers for each problem, of one method in varied words: every right one, or one a path.",
        conditions=(
            TrialCondition(name="distinct", changes=WORDED, stages=LONG),
            TrialCondition(name="all", changes=ALL_PATHS, stages=LONG),
        ),
        contrasts=(Contrast(condition="distinct", against="all", expect="alike"),),
    ),
    Trial(
        letter="l",
        claim="More specialised data keeps helping; general ability saturates early.",
        source="Dong et al. 2023",
        setting="1/16, 1/4 and all of the arithmetic; and, after that, 1/64, 1/8 and all of the general rows.",
        general=True,
        formats=("zero_shot_cot", "fine_tune_cot"),
        conditions=(
            *(
                TrialCondition(
                    name=f"arithmetic {text}",
                    recipe="general",
                    changes=(SPECIAL,),
                    model=BASED,
                    stages=SPECIALISE,
                    share=share,
                )
                for text, share in (("1/16", 1 / 16), ("1/4", 1 / 4), ("all", 1.0))
            ),
            *(
                TrialCondition(
                    name=f"general {text}", recipe="general", changes=(_then("", text),), model=BASED, stages=TWO
                )
                for text in ("1/64", "1/8", "all")
            ),
        ),
        contrasts=(
            Contrast(condition="arithmetic 1/4", against="arithmetic 1/16"),
            Contrast(condition="arithmetic all", against="arithmetic 1/4"),
            Contrast(condition="general 1/8", against="general 1/64", on="general", expect="no more"),
            Contrast(condition="general all", against="general 1/8", on="general", expect="no more"),
        ),
    ),
    Trial(
        letter="m",
        claim="Mixing helps at little data and hurts at much.",
        source="Dong et al. 2023",
        setting="1/16 or all of the arithmetic in 900 steps, alone or with the same share of general tasks in 1,600, "
        "so that each problem of arithmetic is seen as often.",
        general=True,
        formats=("zero_shot_cot", "fine_tune_cot"),
        conditions=(
            TrialCondition(
                name="little alone", recipe="general", changes=(SPECIAL,), model=BASED, stages=SPECIALISE, share=1 / 16
            ),
            TrialCondition(
                name="little mixed",
                recipe="general",
                changes=("mixture.stages=[{name: special, take: {steps: 1/16, general: 1/16}}]",),
                model=BASED,
                stages=TOGETHER,
            ),
            TrialCondition(name="much alone", recipe="general", changes=(SPECIAL,), model=BASED, stages=SPECIALISE),
            TrialCondition(name="much mixed", recipe="general", changes=(JOINT,), model=BASED, stages=TOGETHER),
        ),
        contrasts=(
            Contrast(condition="little mixed", against="little alone"),
            Contrast(condition="much mixed", against="much alone", expect="worse"),
        ),
    ),
)

LETTERS: Mapping[str, Trial] = {trial.letter: trial for trial in TRIALS}
