"""The trials: for each claim its arms, and which comparisons speak for or against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.ids import digest
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.student import Base, CheckpointModel, Evaluation, StudentRecipe, TinyModel, TrainStage

HERE = Path(__file__).resolve().parent
SCRATCH = TinyModel(base=None, width=64, layers=2)
"""Small enough to go on until its loss stays where it is: what seeds differ by is least there."""
BASED = TinyModel(base=Base())
"""The default student, which has a general ability to lose."""


def stage(name: str = "train", *, steps: int = 1200, **rest: Any) -> TrainStage:
    """One stage with the settings that all arms share."""
    return TrainStage(name=name, steps=steps, batch_size=16, **{"learning_rate": 2e-3, **rest})


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One arm of a trial."""

    name: str
    """What the table calls it."""
    recipe: str = "steps"
    """The dataset recipe beside this file."""
    sets: tuple[str, ...] = ()
    """Changes to it."""
    arm: str = "version"
    """What of the version is trained on."""
    stages: tuple[TrainStage, ...] = (stage(),)
    """The schedule."""
    model: TinyModel | CheckpointModel = SCRATCH
    """The student."""
    share: float = 1.0
    """Share of the problems that are trained on."""
    as_many_as: str | None = None
    """Name of an arm of the same trial whose number of rows it is cut to."""
    asked_in: str = "zero_shot_cot"
    """How it is asked on the target, where a comparison names no way."""


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A comparison that speaks for the claim if it comes out as expected."""

    arm: str
    against: str
    on: str = "target"
    """`target`, `general`, or the name of a source for evaluation."""
    measure: str = "correct"
    """What is compared: one of the student's measures."""
    form: str | None = None
    """How both are asked; null asks each in its own way."""
    expect: str = "better"
    """`better`, `worse`; `alike` for a claim that the one is as good; `no more` for one that it gains nothing."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One claim in miniature."""

    letter: str
    claim: str
    source: str
    """Whose claim it is."""
    setting: str
    """What was done, in a sentence or two."""
    arms: tuple[Trained, ...]
    contrasts: tuple[Contrast, ...]
    formats: tuple[str, ...] = ("zero_shot_cot",)
    """How the target is asked."""
    general: bool = False
    """Whether general tasks are asked too."""
    target: bool = True
    """Whether what is asked on the target says anything."""
    asked: int = 300
    """Problems of each set."""
    seeds: int = 3
    """How many students each arm has."""


@cache
def made(store: Path, recipe: str, sets: tuple[str, ...]) -> Path:
    """Build the version of an arm; the same recipe with the same changes is built once."""
    name = f"claim-{recipe.replace('_', '-')}-{digest(list(sets))[:8]}"
    changes = [*sets, f"name={name}"]
    return build(load_recipe(str(HERE / f"{recipe}.yaml"), changes), Runtime(store=store, workers=2)).version.path


def student(arm: Trained, trial: Trial) -> StudentRecipe:
    """The student recipe of an arm."""
    evaluation = Evaluation(problems=trial.asked, formats=trial.formats, shots=1, max_tokens=96)
    return StudentRecipe(name="claim", model=arm.model, stages=arm.stages, seeds=trial.seeds, evaluation=evaluation)


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


SPECIALISE = (stage(steps=900),)
"""What a student with a base needs for the arithmetic alone."""
TOGETHER = (stage(steps=1600),)
"""Beside general tasks in the same shares: every problem of arithmetic is seen as often as in 900 steps alone."""
TWO = (
    stage("special", steps=900, take=("special",)),
    stage("restore", steps=400, take=("restore",), learning_rate=1e-3),
)
"""The arithmetic, then general tasks."""
LONG = (stage(steps=1800),)

TRIALS: tuple[Trial, ...] = (
    Trial(
        letter="a",
        claim="Reasoning beats answer-only on multi-step problems.",
        source="Magister et al. 2022; Ho et al. 2023",
        setting="One path for each problem, against the gold answer alone.",
        formats=("zero_shot_cot", "zero_shot_answer"),
        arms=(Trained(name="reasoning"), Trained(name="answer only", arm="answer_only", asked_in="zero_shot_answer")),
        contrasts=(Contrast(arm="reasoning", against="answer only"),),
    ),
    Trial(
        letter="b",
        claim="Several distinct correct paths beat one, and beat as many repeated ones.",
        source="Ho et al. 2023; Yuan et al. 2023 (RFT)",
        setting="Every distinct path (of two methods) against one by chance. At equal steps, repeating the one path is "
        "the same training: the trainer goes over it more often.",
        arms=(
            Trained(name="distinct paths", sets=MANY, stages=LONG),
            Trained(name="one path", sets=MANY, arm="single_path", stages=LONG),
        ),
        contrasts=(Contrast(arm="distinct paths", against="one path"),),
    ),
    Trial(
        letter="c",
        claim="Checked rationales beat unchecked ones at equal size, right answers over wrong steps included.",
        source="Magister et al. 2022; Ho et al. 2023, filter ablation",
        setting="A teacher that slips often. Checked: right answer and right steps. Answers checked: right answer over "
        "any steps. Unchecked: any answer. All cut to the same number of rows.",
        seeds=5,
        arms=(
            Trained(name="checked", sets=(*SLIPS, *SLIPS_REST)),
            Trained(
                name="answers checked",
                sets=(*SLIPS, *SLIPS_REST, "verify.steps=tag"),
                as_many_as="checked",
            ),
            Trained(name="unchecked", sets=(*SLIPS, *SLIPS_REST), arm="unchecked", as_many_as="checked"),
        ),
        contrasts=(
            Contrast(arm="checked", against="unchecked"),
            Contrast(arm="checked", against="answers checked"),
        ),
    ),
    Trial(
        letter="d",
        claim="In-context formats keep few-shot ability; zero-shot-only formats lose it.",
        source="Fu et al. 2023",
        setting="The same paths written zero-shot or behind one demonstration; loss on every turn. Asked both ways.",
        formats=("zero_shot_cot", "in_context_cot"),
        arms=(
            Trained(name="zero-shot rows"),
            Trained(
                name="in-context rows",
                sets=("formats=[{name: in_context_cot, shots: [1, 1]}]",),
                asked_in="in_context_cot",
            ),
        ),
        contrasts=(
            Contrast(arm="in-context rows", against="zero-shot rows", form="in_context_cot"),
            Contrast(arm="in-context rows", against="zero-shot rows", form="zero_shot_cot", expect="alike"),
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
        arms=(
            Trained(name="base", recipe="general", sets=(SPECIAL,), arm="untrained", model=BASED),
            Trained(name="special", recipe="general", sets=(SPECIAL,), model=BASED, stages=SPECIALISE),
            Trained(
                name="without a cue",
                recipe="general",
                sets=(SPECIAL, "formats=[{name: fine_tune_cot}]"),
                model=BASED,
                stages=SPECIALISE,
                asked_in="fine_tune_cot",
            ),
            Trained(name="mixed", recipe="general", sets=(JOINT,), model=BASED, stages=TOGETHER),
        ),
        contrasts=(
            Contrast(arm="special", against="base", on="general", expect="worse"),
            Contrast(arm="mixed", against="special", on="general"),
            Contrast(arm="special", against="without a cue", on="general"),
            Contrast(arm="special", against="without a cue", on="general", measure="reasoned", expect="worse"),
            Contrast(arm="mixed", against="special", on="general", measure="reasoned", expect="worse"),
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
        arms=(
            Trained(name="DMT", recipe="general", sets=(_then("1/4"),), model=BASED, stages=TWO),
            Trained(name="sequential", recipe="general", sets=(_then(""),), model=BASED, stages=TWO),
            Trained(name="at once", recipe="general", sets=(JOINT,), model=BASED, stages=TOGETHER),
            Trained(name="special", recipe="general", sets=(SPECIAL,), model=BASED, stages=SPECIALISE),
        ),
        contrasts=(
            Contrast(arm="DMT", against="sequential"),
            Contrast(arm="DMT", against="special", on="general"),
        ),
    ),
    Trial(
        letter="g",
        claim="ProMoT loses less of other formats than plain tuning.",
        source="Wang et al. 2024",
        setting="The special task is one of the base's own (the odd one out), which it does badly: a frozen "
        "student can't be prompted to say words that it never learnt. ProMoT tunes a soft prompt of 20 tokens for 600 "
        "steps with the model frozen, then the model for 600 with the prompt frozen; plain tuning has the latter "
        "alone. Seven other tasks are asked without the prompt.",
        target=False,
        arms=(
            Trained(
                name="ProMoT",
                recipe="narrow",
                model=BASED,
                stages=(stage("prompt", steps=600, parameters="prompt", learning_rate=0.1), stage(steps=600)),
            ),
            Trained(name="plain", recipe="narrow", model=BASED, stages=(stage(steps=600),)),
            Trained(name="base", recipe="narrow", arm="untrained", model=BASED),
        ),
        contrasts=(
            Contrast(arm="ProMoT", against="plain", on="others"),
            Contrast(arm="ProMoT", against="plain", on="special", expect="alike"),
            Contrast(arm="plain", against="base", on="special"),
        ),
    ),
    Trial(
        letter="h",
        claim="Matching the teacher's distribution beats cross-entropy on its samples.",
        source="Fu et al. 2023",
        setting="The teacher is a trained student (claim a), sampled at temperature 1 and not checked, so that samples "
        "err where its distribution does not; the five likeliest tokens of each position are known.",
        seeds=5,
        arms=tuple(
            Trained(name=name, recipe="by_student", arm="unchecked", stages=(stage(objective=objective),))
            for name, objective in (
                ("cross-entropy", "completion"),
                ("forward KL", "forward_kl"),
                ("reverse KL", "reverse_kl"),
                ("Fu", "fu"),
            )
        ),
        contrasts=(
            Contrast(arm="forward KL", against="cross-entropy"),
            Contrast(arm="reverse KL", against="cross-entropy"),
            Contrast(arm="Fu", against="cross-entropy"),
        ),
    ),
    Trial(
        letter="i",
        claim="Broad reasoning first, then the domain, beats the domain alone.",
        source="Kim et al. 2023 (CoT Collection)",
        setting="A domain of 128 problems, half of them by another method, in 600 steps. It starts from nothing, from "
        "a student that learnt 1,000 other problems by one method, or from one that learnt the answers of those.",
        arms=tuple(
            Trained(name=name, recipe="domain", share=128 / 520, stages=(stage(steps=600),))
            for name in ("domain alone", "after reasoning", "after answers")
        ),
        contrasts=(
            Contrast(arm="after reasoning", against="domain alone"),
            Contrast(arm="after reasoning", against="after answers"),
        ),
    ),
    Trial(
        letter="j",
        claim="Larger students gain more.",
        source="Fu et al. 2023; Ho et al. 2023; Magister et al. 2022",
        setting="Reasoning and answer-only at three sizes, the same rows and steps.",
        formats=("zero_shot_cot", "zero_shot_answer"),
        arms=tuple(
            Trained(
                name=f"{arm}, {model.width} wide",
                arm=kind,
                model=model,
                asked_in="zero_shot_cot" if kind == "version" else "zero_shot_answer",
            )
            for model in (*(TinyModel(base=None, width=width, layers=2) for width in (16, 32)), SCRATCH)
            for arm, kind in (("reasoning", "version"), ("answers", "answer_only"))
        ),
        contrasts=(
            Contrast(arm="reasoning, 64 wide", against="reasoning, 32 wide"),
            Contrast(arm="reasoning, 32 wide", against="reasoning, 16 wide"),
            Contrast(arm="reasoning, 64 wide", against="answers, 64 wide"),
            Contrast(arm="reasoning, 16 wide", against="answers, 16 wide"),
        ),
    ),
    Trial(
        letter="k",
        claim="Distinct paths do as well as all paths, at a fraction of the rows.",
        source="Yuan et al. 2023 (RFT)",
        setting="Twelve answers for each problem, of one method in varied words: every right one, or one a path.",
        arms=(
            Trained(name="distinct", sets=WORDED, stages=LONG),
            Trained(name="all", sets=ALL_PATHS, stages=LONG),
        ),
        contrasts=(Contrast(arm="distinct", against="all", expect="alike"),),
    ),
    Trial(
        letter="l",
        claim="More specialised data keeps helping; general ability saturates early.",
        source="Dong et al. 2023",
        setting="1/16, 1/4 and all of the arithmetic; and, after that, 1/64, 1/8 and all of the general rows.",
        general=True,
        formats=("zero_shot_cot", "fine_tune_cot"),
        arms=(
            *(
                Trained(
                    name=f"arithmetic {text}",
                    recipe="general",
                    sets=(SPECIAL,),
                    model=BASED,
                    stages=SPECIALISE,
                    share=share,
                )
                for text, share in (("1/16", 1 / 16), ("1/4", 1 / 4), ("all", 1.0))
            ),
            *(
                Trained(name=f"general {text}", recipe="general", sets=(_then("", text),), model=BASED, stages=TWO)
                for text in ("1/64", "1/8", "all")
            ),
        ),
        contrasts=(
            Contrast(arm="arithmetic 1/4", against="arithmetic 1/16"),
            Contrast(arm="arithmetic all", against="arithmetic 1/4"),
            Contrast(arm="general 1/8", against="general 1/64", on="general", expect="no more"),
            Contrast(arm="general all", against="general 1/8", on="general", expect="no more"),
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
        arms=(
            Trained(
                name="little alone", recipe="general", sets=(SPECIAL,), model=BASED, stages=SPECIALISE, share=1 / 16
            ),
            Trained(
                name="little mixed",
                recipe="general",
                sets=("mixture.stages=[{name: special, take: {steps: 1/16, general: 1/16}}]",),
                model=BASED,
                stages=TOGETHER,
            ),
            Trained(name="much alone", recipe="general", sets=(SPECIAL,), model=BASED, stages=SPECIALISE),
            Trained(name="much mixed", recipe="general", sets=(JOINT,), model=BASED, stages=TOGETHER),
        ),
        contrasts=(
            Contrast(arm="little mixed", against="little alone"),
            Contrast(arm="much mixed", against="much alone", expect="worse"),
        ),
    ),
)

LETTERS: Mapping[str, Trial] = {trial.letter: trial for trial in TRIALS}
