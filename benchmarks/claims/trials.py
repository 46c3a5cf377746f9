"""The trials: for each claim its arms, and which comparisons speak for or against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from builder.pipeline import build
from builder.recipe import load_recipe
from schemas.ids import digest
from schemas.runtime import Runtime
from schemas.student import Base, CheckpointModel, Evaluation, StudentRecipe, TinyModel, TrainStage

HERE = Path(__file__).resolve().parent
SEEDS = 3
SCRATCH = TinyModel(base=None)
BASED = TinyModel(base=Base())


def stage(name: str = "train", *, steps: int = 600, **rest: Any) -> TrainStage:
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
    """`target`, or `general`."""
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
    asked: int = 300
    """Problems of each set."""


@cache
def made(store: Path, recipe: str, sets: tuple[str, ...]) -> Path:
    """Build the version of an arm; the same recipe with the same changes is built once."""
    name = f"claim-{recipe.replace('_', '-')}-{digest(list(sets))[:8]}"
    changes = [*sets, f"name={name}"]
    return build(load_recipe(str(HERE / f"{recipe}.yaml"), changes), Runtime(store=store, workers=2)).version.path


def student(arm: Trained, trial: Trial) -> StudentRecipe:
    """The student recipe of an arm."""
    evaluation = Evaluation(problems=trial.asked, formats=trial.formats, shots=1, max_tokens=96)
    return StudentRecipe(name="claim", model=arm.model, stages=arm.stages, seeds=SEEDS, evaluation=evaluation)


SLIPS = ("teacher.slips.wrong_operand=0.25", "teacher.slips.wrong_arithmetic=0.2", "teacher.slips.lucky_answer=0.25")
SLIPS_REST = ("teacher.slips.repeat=0.02", "teacher.slips.cut_off=0.02", "teacher.slips.no_answer=0.02")
MANY = ("teacher.methods=2", "teacher.paths.round=12", "select.keep=null")
ALL_PATHS = (*MANY, "select.signature=none", "select.near_duplicate=null", "teacher.wording=varied")
DISTINCT = (*MANY, "teacher.wording=varied")
JOINT = "mixture.stages=[{name: special, take: {steps: all, general: all}}]"
SPECIAL = "mixture.stages=[{name: special, take: {steps: all}}]"


def _then(share: str, general: str = "all") -> str:
    special = f", steps: {share}" if share else ""
    return (
        "mixture.stages=[{name: special, take: {steps: all}}, "
        f"{{name: restore, take: {{general: {general}{special}}}}}]"
    )


TWO = (stage("special", take=("special",)), stage("restore", steps=300, take=("restore",)))
LONG = (stage(steps=1200),)

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
        setting="A student with a general base is trained on arithmetic: with a cue that asks for reasoning, without "
        "any (`fine_tune_cot`), or mixed with general tasks.",
        general=True,
        formats=("zero_shot_cot", "fine_tune_cot"),
        arms=(
            Trained(name="base", recipe="general", sets=(SPECIAL,), arm="untrained", model=BASED),
            Trained(name="special", recipe="general", sets=(SPECIAL,), model=BASED),
            Trained(
                name="without a cue",
                recipe="general",
                sets=(SPECIAL, "formats=[{name: fine_tune_cot}]"),
                model=BASED,
                asked_in="fine_tune_cot",
            ),
            Trained(name="mixed", recipe="general", sets=(JOINT,), model=BASED),
        ),
        contrasts=(
            Contrast(arm="special", against="base", on="general", expect="worse"),
            Contrast(arm="mixed", against="special", on="general"),
            Contrast(arm="special", against="without a cue", on="general"),
        ),
    ),
    Trial(
        letter="f",
        claim="Dual-stage mixed fine-tuning (DMT) keeps both abilities.",
        source="Dong et al. 2023",
        setting="600 steps on arithmetic, then 300 on general tasks, with a quarter of the arithmetic mixed in again "
        "(DMT) or none (sequential); and 900 steps on everything at once.",
        general=True,
        formats=("zero_shot_cot", "fine_tune_cot"),
        arms=(
            Trained(name="DMT", recipe="general", sets=(_then("1/4"),), model=BASED, stages=TWO),
            Trained(name="sequential", recipe="general", sets=(_then(""),), model=BASED, stages=TWO),
            Trained(name="at once", recipe="general", sets=(JOINT,), model=BASED, stages=(stage(steps=900),)),
            Trained(name="special", recipe="general", sets=(SPECIAL,), model=BASED),
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
        setting="A soft prompt of 20 tokens is tuned for 300 steps with the model frozen, then the model for 600 with "
        "the prompt frozen; general tasks are asked without the prompt.",
        general=True,
        formats=("zero_shot_cot", "fine_tune_cot"),
        arms=(
            Trained(
                name="ProMoT",
                recipe="general",
                sets=(SPECIAL,),
                model=BASED,
                stages=(stage("prompt", steps=300, parameters="prompt", learning_rate=2e-2), stage("train")),
            ),
            Trained(name="special", recipe="general", sets=(SPECIAL,), model=BASED),
        ),
        contrasts=(
            Contrast(arm="ProMoT", against="special", on="general"),
            Contrast(arm="ProMoT", against="special", expect="alike"),
        ),
    ),
    Trial(
        letter="h",
        claim="Matching the teacher's distribution beats cross-entropy on its samples.",
        source="Fu et al. 2023",
        setting="The teacher is a trained student (claim a), sampled at temperature 1 and not checked, so that samples "
        "err where its distribution does not; the five likeliest tokens of each position are known.",
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
        setting="A domain of 64 problems in its own words and methods: from nothing, with a student that learnt "
        "other reasoning before, or with one that learnt the answers of the same problems.",
        arms=(
            Trained(name="domain alone", recipe="domain", share=64 / 520),
            Trained(name="after reasoning", recipe="domain", share=64 / 520),
            Trained(name="after answers", recipe="domain", share=64 / 520),
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
            for model in (TinyModel(base=None, width=32, layers=2), TinyModel(base=None, width=64, layers=2), SCRATCH)
            for arm, kind in (("reasoning", "version"), ("answers", "answer_only"))
        ),
        contrasts=(
            Contrast(arm="reasoning, 96 wide", against="reasoning, 64 wide"),
            Contrast(arm="reasoning, 64 wide", against="reasoning, 32 wide"),
            Contrast(arm="reasoning, 96 wide", against="answers, 96 wide"),
            Contrast(arm="reasoning, 32 wide", against="answers, 32 wide"),
        ),
    ),
    Trial(
        letter="k",
        claim="Distinct paths do as well as all paths, at a fraction of the rows.",
        source="Yuan et al. 2023 (RFT)",
        setting="Twelve answers for each problem in varied words: every right one, or one for each method.",
        arms=(
            Trained(name="distinct", sets=DISTINCT, stages=LONG),
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
                Trained(name=f"arithmetic {text}", recipe="general", sets=(SPECIAL,), model=BASED, share=share)
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
        setting="Arithmetic alone or mixed with general tasks, with 1/16 and with all of it, at equal steps.",
        general=True,
        formats=("zero_shot_cot", "fine_tune_cot"),
        arms=(
            Trained(name="little alone", recipe="general", sets=(SPECIAL,), model=BASED, share=1 / 16),
            Trained(
                name="little mixed",
                recipe="general",
                sets=("mixture.stages=[{name: special, take: {steps: 1/16, general: all}}]",),
                model=BASED,
            ),
            Trained(name="much alone", recipe="general", sets=(SPECIAL,), model=BASED),
            Trained(name="much mixed", recipe="general", sets=(JOINT,), model=BASED),
        ),
        contrasts=(
            Contrast(arm="little mixed", against="little alone"),
            Contrast(arm="much mixed", against="much alone", expect="worse"),
        ),
    ),
)

LETTERS: Mapping[str, Trial] = {trial.letter: trial for trial in TRIALS}
