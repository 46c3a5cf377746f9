"""How a recipe has samples checked."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from ..section import Name, Section, declare_identity


class OrderStep(Section):
    """One step of a procedure that rationales must go through in order."""

    name: str = declare_identity(min_length=1, max_length=100)
    """Its name, for people."""
    pattern: str = declare_identity(min_length=1)
    """Regular expression (see Patterns) that matches where the step is mentioned; groups mean nothing in it."""


class ExternalVerifier(Section):
    """The command that judges samples of sources with `answer_type: external`.

    A recipe names it and can't hold it: it is given with `cotloom build --external NAME=COMMAND`.
    """

    name: Name = declare_identity()
    """Its name."""
    version: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = declare_identity(None)
    """The version of what it does. Verdicts are remembered by it, so that the command may move or be written
    differently. Null: by a digest of the command's words and of the files among them."""


class FaultPolicy(StrEnum):
    """What happens to a sample whose rationale has a fault."""

    DROP = "drop"
    TAG = "tag"
    IGNORE = "ignore"


class Faults(Section):
    """What happens to samples whose rationale has a fault.

    `drop` them, keep them and `tag` the fault in the column `faults`, or `ignore` it. docs/benchmark-rationales.md has
    the rates of false alarms.
    """

    refused: FaultPolicy = declare_identity(FaultPolicy.DROP, strict=False)
    """The teacher refuses, in place of an answer. It is the reason whatever the verdict is."""
    degenerate: FaultPolicy = declare_identity(FaultPolicy.DROP, strict=False)
    """The same sentence, block or token is repeated over and over, in the response or in the reasoning."""
    cut_off: FaultPolicy = declare_identity(FaultPolicy.DROP, strict=False)
    """The response ends in its middle, although the server reports no token limit: an open `\\boxed{`, formula or code
    block, or an unfinished sentence."""
    trace_cut_off: FaultPolicy = declare_identity(FaultPolicy.TAG, strict=False)
    """So does the reasoning that was told apart."""
    answer_first: FaultPolicy = declare_identity(FaultPolicy.TAG, strict=False)
    """The response states its answer before any reasoning, and goes on. Reasoning that was told apart comes first."""
    restated: FaultPolicy = declare_identity(FaultPolicy.TAG, strict=False)
    """The sample repeats the question and states an answer, without a reason."""
    other_language: FaultPolicy = declare_identity(FaultPolicy.DROP, strict=False)
    """The response is neither in the language of the question nor in that of the problem (docs/languages.md)."""
    trace_language: FaultPolicy = declare_identity(FaultPolicy.TAG, strict=False)
    """So is the reasoning that was told apart: many models think in another language than they answer in."""


class ConsensusRule(Section):
    """When the samples of a problem without a gold answer agree on one."""

    least: int = declare_identity(3, ge=2)
    """So many samples must give the same answer, as `compare` says; two that it can't decide about are not the same."""
    share: float = declare_identity(0.6, gt=0.0, le=1.0)
    """And so many of those that give an answer, from 0 to 1. Two answers that equally many give are no consensus."""


class Tolerance(Section):
    """How far a number may lie from a gold answer that is rounded: one of the two."""

    relative: float | None = declare_identity(None, gt=0.0, lt=1.0)
    """So much of the gold answer: 0.01 accepts 99 to 101 for 100. A gold 0 is compared exactly."""
    absolute: float | None = declare_identity(None, gt=0.0)
    """So much, in the unit of the gold answer."""

    @model_validator(mode="after")
    def _check_one(self) -> "Tolerance":
        if (self.relative is None) is (self.absolute is None):
            message = "give one of relative and absolute"
            raise ValueError(message)
        return self


class Verify(Section):
    """How samples are checked."""

    pattern: str | None = declare_identity(None)
    """Regular expression (see Patterns) whose one group is the final answer; its last match counts. Where it is given,
    an answer that it does not find is `no_answer`. Null reads by the usual marks of an answer."""
    last_resort: bool = declare_identity(True)  # noqa: FBT003 - the default of a key
    """Whether a text that marks no answer is read all the same, by its last sentence (rule `last_sentence`) or its
    beginning. With `false` such an answer is `no_answer`, unless the text is nothing but the answer."""
    answer: Literal["in_response", "anywhere", "unchecked"] = declare_identity("in_response")
    """Where the final answer must be. `in_response`: the response states it. `anywhere`: where no final answer is
    stated, the gold answer must be found anywhere in the rationale. `unchecked`: answers are not compared; samples are
    kept with the verdict `unchecked`, never `correct`."""
    consensus: ConsensusRule | None = declare_identity(None)
    """Allows problems without a gold answer: what enough of a problem's samples agree on is kept with the verdict
    `agreed`, never `correct`. Others are dropped as `disagreed` or `no_consensus`. Agreement is no check: see
    docs/benchmark-consensus.md for how often it was wrong. Null: a problem without a gold answer is dropped."""
    tolerance: Tolerance | None = declare_identity(None)
    """How far answers of the type `number` may lie from the gold answer, units converted. Null: they are compared
    exactly. Other types have none, and neither has what samples agree on."""
    max_characters: int = declare_identity(1_000_000, ge=1, le=10_000_000)
    """The longest answer that is read, in characters. A longer one is dropped as `too_long`, unread."""
    steps: Literal["drop", "tag", "label"] = declare_identity("drop")
    """What happens to a correct answer with a wrong step: `drop` it, or keep it and `tag` the step. `label` drops it
    from the examples too, for its labelled steps: `cotloom export --format trl-steps` (docs/exports.md)."""
    hint_parroting: Literal["drop", "tag"] = declare_identity("drop")
    """What happens to a hinted sample that repeats the hint without reasoning."""
    faults: Faults = declare_identity(Faults())
    """What happens to samples whose rationale has another fault: refusals, loops, texts that are cut off, and more."""
    order: tuple[OrderStep, ...] = declare_identity((), strict=False)
    """The steps of a procedure. Each must be mentioned, and none for the first time before those that stand above it;
    else a correct sample is dropped as `out_of_order`. Looked at is the response, and the reasoning where the response
    mentions no step."""
    stop_at_first: bool = declare_identity(False)  # noqa: FBT003 - the default of a key
    """Whether the first rule that applies decides, so that the last steps of `order` may be left out."""
    blind_check: Literal["none", "hinted"] = declare_identity("none")
    """`hinted`: a hinted sample that would be kept goes back to its teacher, up to its answer and without the hint, and
    the teacher is asked for the answer. Where another comes, or none, the sample is dropped as `blind_check_failed`."""
    model_graded: Literal["none", "rationale"] = declare_identity("none")
    """`rationale`: a sample that would be kept goes to the recipe's `grader`, which is asked whether its reasoning is
    sound and leads to its answer. Where the majority says no, it is dropped as `rationale_rejected`; where there is no
    majority, as `unverifiable`."""
    external: ExternalVerifier | None = declare_identity(None)
    """The command that judges samples of sources with `answer_type: external`."""
    set_aside: tuple[str, ...] = declare_identity((), strict=False)
    """Ids of samples that are not checked, since checking one ended the process that did: they are `check_failed`."""

    @model_validator(mode="after")
    def _check_procedure(self) -> "Verify":
        if self.stop_at_first and not self.order:
            message = "stop_at_first is for procedures: give their steps in order"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _check_consensus(self) -> "Verify":
        if self.consensus is not None and self.answer == "unchecked":
            message = "consensus compares answers with one another, and answer: unchecked compares none"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _check_blind(self) -> "Verify":
        if self.blind_check != "none" and self.answer == "unchecked":
            message = "blind_check compares answers with the gold answer, and answer: unchecked compares none"
            raise ValueError(message)
        return self
