"""What differs between the manifests of two versions, and the stage at which each difference acts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...schemas.manifest import Manifest
from ...schemas.reasons import Reason, Stage
from ..store.identity import list_manifest_changes

STAGES_BY_KEY: Mapping[str, tuple[Stage, ...]] = {
    "sources": (Stage.SOURCES,),
    "decontaminate": (Stage.SOURCES,),
    "split": (Stage.SOURCES,),
    "limit": (Stage.SOURCES,),
    "cluster_cap": (Stage.SOURCES,),
    "languages": (Stage.SOURCES, Stage.TEACHER, Stage.FORMAT),
    "parent": (Stage.SOURCES,),
    "seed": (Stage.SOURCES, Stage.TEACHER, Stage.SELECT, Stage.FORMAT, Stage.MIX),
    "teacher": (Stage.TEACHER,),
    "verify": (Stage.VERIFY,),
    "reviews": (Stage.SOURCES, Stage.VERIFY),
    "grader": (Stage.VERIFY,),
    "tokenizer": (Stage.SELECT, Stage.FORMAT, Stage.MIX),
    "select": (Stage.SELECT,),
    "formats": (Stage.FORMAT, Stage.MIX),
    "mixture": (Stage.MIX,),
    "scheme": tuple(Stage),
}
"""The stages at which a key of the recipe, or an input that it names, decides something."""

_UNTOLD = frozenset({"name", "version", "license"})
"""Keys that decide no row."""

KEYS_BY_REASON: Mapping[Reason, str] = {
    Reason.EVALUATION_OVERLAP: "decontaminate",
    Reason.CROSSES_SPLIT: "split",
    Reason.WRONG_STEP: "verify.steps",
    Reason.OUT_OF_ORDER: "verify.order",
    Reason.HINT_PARROTED: "verify.hint_parroting",
    Reason.RESTATED: "verify.faults.restated",
    Reason.ANSWER_FIRST: "verify.faults.answer_first",
    Reason.CUT_OFF: "verify.faults.cut_off",
    Reason.TRACE_CUT_OFF: "verify.faults.trace_cut_off",
    Reason.OTHER_LANGUAGE: "verify.faults.other_language",
    Reason.TRACE_LANGUAGE: "verify.faults.trace_language",
    Reason.REFUSED: "verify.faults.refused",
    Reason.DEGENERATE: "verify.faults.degenerate",
    Reason.BLIND_CHECK_FAILED: "verify.blind_check",
    Reason.RATIONALE_REJECTED: "verify.model_graded",
    Reason.NO_CONSENSUS: "verify.consensus",
    Reason.DISAGREED: "verify.consensus",
    Reason.EXACT_DUPLICATE: "select.exact",
    Reason.PATH_DUPLICATE: "select.signature",
    Reason.NEAR_DUPLICATE: "select.near_duplicate",
    Reason.BEYOND_KEEP: "select.keep",
    Reason.TOO_EASY: "select.pass_rate",
    Reason.TOO_HARD: "select.pass_rate",
    Reason.TOO_SHORT: "select.lengths",
    Reason.NO_DEMONSTRATIONS: "formats",
    Reason.OVER_CAP: "mixture",
    Reason.NOT_TAKEN: "mixture",
    Reason.REJECTED_IN_REVIEW: "reviews",
}
"""The key that a reason speaks of: where several keys of a stage changed, this one is the cause."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something that two manifests say differently."""

    key: str
    """The recipe key, `rooms.NAME` for code, or the key that names an input: `sources.gsm8k`."""
    text: str
    """What changed: `select.keep: 4 -> 2`."""
    stages: tuple[Stage, ...]
    """The stages at which it can act; none where it decides no row."""


def list_changes(before: Manifest, after: Manifest) -> Iterator[Change]:
    """List what differs between two manifests and can change a row."""
    for key, text in list_manifest_changes(before, after):
        if key not in _UNTOLD:
            yield Change(key=key, text=text, stages=_find_stages(key))


def _find_stages(key: str) -> tuple[Stage, ...]:
    """Find the stages at which a key acts. A room is a stage, and `formats` of other weight are another mixture."""
    first, _, rest = key.partition(".")
    if first == "rooms":
        return (Stage(rest),) if rest in set(Stage) else ()
    if first == "formats":
        return (Stage.MIX,) if rest.endswith(".weight") else (Stage.FORMAT,)
    return STAGES_BY_KEY.get(first, ())
