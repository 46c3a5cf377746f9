"""Why a path was kept: what repeats it, and which of the distinct paths of its problem it was chosen from."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from ....schemas.reasons import Fate, Reason

_MOST_REPEATS = 50
"""So many repeats of a path are listed."""

_PREFERENCES = {
    "diverse": "those furthest apart",
    "levenshtein": "those whose texts are furthest from all others",
    "shortest": "the shortest",
    "longest": "the longest",
    "most_likely": "those most likely to the teacher",
    "random": "those of lowest keyed hash",
}
"""What each value of `select.choose` prefers."""


def describe_choice(sample: Mapping[str, Any], siblings: pl.DataFrame, policy: Mapping[str, Any]) -> dict[str, Any]:
    """Describe how a sample was chosen among the sound samples of its problem.

    Args:
        sample: its row.
        siblings: all samples of its problem, itself included.
        policy: the section `select` of the recipe.

    Returns:
        `sound` samples of the problem, their `distinct` paths, those `kept`; `keep` and `choose` of the recipe;
        `repeats`, the samples that it stands for, each with by what it repeats it and how near it is; and `because`, a
        sentence for each cause. Empty where it was never compared: its answer or its reasoning dropped it before.
    """
    if sample["cluster"] is None:
        return {}
    compared = siblings.filter(pl.col("cluster").is_not_null())
    kept = compared.filter(pl.col("fate") == Fate.KEPT)
    repeats = compared.filter(
        (pl.col("cluster") == sample["sample_id"]) & (pl.col("sample_id") != sample["sample_id"])
    ).sort("sample_id")
    choice = {
        "sound": compared.height,
        "distinct": compared["cluster"].n_unique(),
        "kept": kept.height,
        "keep": policy.get("keep"),
        "choose": policy.get("choose"),
        "distance": sample["distance"],
        "repeats": repeats.select("sample_id", "hint", "duplicate_by", "similarity").head(_MOST_REPEATS).to_dicts(),
        "repeat_count": repeats.height,
    }
    return {**choice, "because": list(_list_causes(sample, choice))}


def _list_causes(sample: Mapping[str, Any], choice: Mapping[str, Any]) -> Iterator[str]:
    if choice["repeat_count"]:
        yield _describe_repeats(sample, choice)
    rule = f"select.keep {choice['keep']}, select.choose {choice['choose']}"
    if sample["reason"] == Reason.BEYOND_KEEP:
        yield f"{choice['distinct']} distinct paths, and {_describe_preference(choice)} are kept ({rule})"
    elif sample["fate"] == Fate.KEPT and choice["sound"] == 1:
        yield "the only sound sample of its problem"
    elif sample["fate"] == Fate.KEPT and choice["kept"] < choice["distinct"]:
        among = f"one of {choice['kept']} that are kept of {choice['distinct']} distinct paths"
        yield f"{among}: {_describe_preference(choice)} ({rule})"
    elif sample["fate"] == Fate.KEPT and sample["cluster"] == sample["sample_id"]:
        count, keep = choice["distinct"], choice["keep"]
        limit = "there is no limit" if keep is None else f"select.keep is {keep}"
        yield f"{count} distinct path{'s' * (count != 1)} among {choice['sound']} sound samples, and {limit}"
    if sample["fate"] == Fate.KEPT and sample["distance"] is not None:
        yield f"its mean distance to the other kept paths is {sample['distance']:.2f} of 1"


def _describe_preference(choice: Mapping[str, Any]) -> str:
    return _PREFERENCES.get(choice["choose"] or "", "those that the recipe prefers")


def _describe_repeats(sample: Mapping[str, Any], choice: Mapping[str, Any]) -> str:
    count = choice["repeat_count"]
    named = ", ".join(
        f"{each['sample_id']} (by {each['duplicate_by']}, {each['similarity']:.0%})" for each in choice["repeats"][:3]
    )
    more = f" and {count - 3:,} more" if count > 3 else ""
    repeats = "repeats" if count == 1 else "repeat"
    return f"stands for {count:,} that {repeats} it: {named}{more}; {_describe_precedence(sample, choice)}"


def _describe_precedence(sample: Mapping[str, Any], choice: Mapping[str, Any]) -> str:
    """Say why this one of several that say the same is kept, as far as the rows tell."""
    if sample["hint"] == "none" and any(each["hint"] != "none" for each in choice["repeats"]):
        return "of repeats, one without a hint comes first"
    if choice["choose"] in {None, "diverse"}:
        return "of repeats, the one of lowest id comes first"
    return f"of repeats, {_describe_preference(choice)} come first"
