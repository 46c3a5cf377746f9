"""A build that came out empty is no success: what is empty, which stage dropped the rows, and what to do."""

from collections.abc import Iterator, Mapping, Sequence

from ...schemas.formats import FORMATS_WITH_RATIONALE, Thinking
from ...schemas.manifest import FunnelRow, Manifest, list_changed_teachers
from ...schemas.recipe import LengthLimits, Recipe
from ..errors import EmptyVersion
from ..progress import warn

_MOST_REASONS = 4
_MOST_MODELS = 4
_HINT = "cotloom plan RECIPE --show prints a prompt and an example; --allow-empty freezes the version as it is"


def check_rows(recipe: Recipe, manifest: Manifest, counts: Mapping[str, int]) -> None:
    """Check that a version has rows, and that each of its sources and formats has some.

    Args:
        recipe: the recipe.
        manifest: the manifest of the version.
        counts: kept examples, `kept:source:NAME` and `kept:format:NAME`.

    Raises:
        EmptyVersion: there are none.
    """
    if not manifest.counts["examples_kept"]:
        raise EmptyVersion(f"no row is kept: {describe_drops(manifest.funnel)}", hint=_HINT)
    sources = [source.name for source in recipe.sources if source.role != "evaluate"]
    is_sampled = any(source.role == "sample" for source in recipe.sources)  # other sources bring their rows as they are
    formats = [spec.name for spec in recipe.formats] if is_sampled else []
    for what, names in (("source", sources), ("format", formats)):
        empty = [name for name in names if not counts.get(f"kept:{what}:{name}")]
        if empty:
            raise EmptyVersion(
                f"no row is kept of the {what} {', '.join(empty)}: {describe_drops(manifest.funnel)}", hint=_HINT
            )


def warn_gaps(recipe: Recipe, manifest: Manifest, counts: Mapping[str, int]) -> None:
    """Warn of what a version lacks although it has rows: a split, shown reasoning, checked answers, known lengths.

    Args:
        recipe: the recipe.
        manifest: the manifest of the version.
        counts: kept samples with reasoning of their own, `reasoned`; those whose answers were not compared,
            `unchecked`; those that only agree with others, `agreed`; those of unknown length, `unknown_kept:PART`.
    """
    if counts.get("unchecked"):
        warn(
            f"the answers of {counts['unchecked']:,} kept samples were not compared with a gold answer, as"
            " verify.answer: unchecked asks for; their verdict is unchecked, and the card says so"
        )
    if counts.get("agreed"):
        warn(
            f"{counts['agreed']:,} kept samples answer problems without a gold answer: they agree with others, and"
            " nobody knows whether they are right; their verdict is agreed, and the card says so"
        )
    if manifest.repeated_questions.get("other_answer"):
        warn(
            f"{manifest.repeated_questions['other_answer']:,} questions are asked again with another gold answer; the"
            " first row is kept, and the other is dropped as duplicate_problem with both answers in its detail. Where"
            " case or layout is part of the questions, set duplicates: exact for the source"
        )
    for teacher, models in list_changed_teachers(manifest).items():
        named = ", ".join(f"{served.model} ({served.samples:,} samples)" for served in models[:_MOST_MODELS])
        setups = sum(served.fingerprints for served in models)
        warn(f"the server of {teacher} changed while it was sampled: {named}; {setups:,} fingerprints; see show")
    for split in _list_empty_splits(recipe, manifest):
        warn(f"the split {split} is empty: no group of problems fell into it")
    hidden = describe_hidden_reasoning(recipe, f"{counts.get('reasoned', 0):,} kept samples")
    if counts.get("reasoned") and hidden:
        warn(hidden)
    for part in ("reasoning", "response"):
        unknown = counts.get(f"unknown_kept:{part}")
        if unknown and getattr(recipe.select.lengths, part) != LengthLimits():
            warn(
                f"the {part} of {unknown:,} kept samples has an unknown number of tokens, so select.lengths drops none;"
                " name a tokenizer: `tokenizer: FOLDER`, or a model of the Hub"
            )


def describe_hidden_reasoning(recipe: Recipe, bought: str) -> str | None:
    """Describe that reasoning was bought and no format of a recipe shows it; None where one does.

    Args:
        recipe: the recipe.
        bought: what has reasoning: `12 answers`.
    """
    if any(spec.name in FORMATS_WITH_RATIONALE and spec.thinking is not Thinking.DROP for spec in recipe.formats):
        return None
    return (
        f"{bought} have reasoning apart from their response, and no format shows it;"
        " list a format with reasoning, such as zero_shot_cot, without `thinking: drop`"
    )


def _list_empty_splits(recipe: Recipe, manifest: Manifest) -> Iterator[str]:
    if not manifest.splits.get("train"):
        yield "train"
    if recipe.split.test > 0 and not manifest.splits.get("test"):
        yield "test"


def describe_drops(funnel: Sequence[FunnelRow]) -> str:
    """Describe what dropped most rows, the largest first.

    >>> row = FunnelRow(stage="verify", unit="sample", rows_in=36, kept=0, dropped=36, reason="wrong")
    >>> describe_drops([row])
    'verify dropped 36 of 36 samples as wrong'
    """
    drops = sorted((row for row in funnel if row.dropped), key=lambda row: row.dropped, reverse=True)
    parts = [
        f"{row.stage} dropped {row.dropped:,} of {row.rows_in:,} {row.unit}s as {row.reason}"
        for row in drops[:_MOST_REASONS]
    ]
    return "; ".join(parts) or "there was none to begin with"
