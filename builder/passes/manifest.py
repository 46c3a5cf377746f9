"""The manifest of a build, from the counts and digests of its buckets."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ...schemas.manifest import File, Input, Manifest
from .. import mix, select, sources, store
from ..files import digest_file
from ..recipe import read_decisions
from ..recipe.tokenizer import KEY
from ..review.summary import summarize_reviews
from ..store.funnel import build_funnel
from ..store.results.stages import StageResult
from ..store.tables import digest_content, name_file
from ..verify.external import KEY as EXTERNAL
from .answers import BuildAnswers
from .examples import EXAMPLES
from .flow import FoundPaths, MixedExamples
from .languages import list_languages
from .mixture import MIXTURE, PROBLEMS
from .overlap.evidence import Evidence
from .paths import SAMPLES
from .problems import LoadedProblems
from .runs import add_counts
from .work import BuildWork

Files = Mapping[str, tuple[File, Path]]
"""The files of a version: by name, digests and the path of the file that is linked."""

_COUNTED = ("problems_with_path", "distinct_paths", "training_examples")


def list_version_files(
    found: FoundPaths, examples: Sequence[StageResult], mixture: Sequence[StageResult], evidence: Evidence
) -> Files:
    """List the files of a version, and where they lie now."""
    kinds = {
        "problems": (PROBLEMS, found.problems),
        "samples": (SAMPLES, found.samples),
        "examples": (EXAMPLES, examples),
        "mixture": (MIXTURE, mixture),
    }
    tables = {
        name_file(name, bucket, found.bits): (result.files[file], result.folder / file)
        for name, (file, results) in kinds.items()
        for bucket, result in enumerate(results)
    }
    return {**tables, **evidence.list_files()}


def make_manifest(  # noqa: PLR0913, PLR0917 - a manifest speaks of everything
    work: BuildWork,
    rooms: Mapping[str, int],
    problems: LoadedProblems,
    answers: BuildAnswers,
    found: FoundPaths,
    examples: Sequence[StageResult],
    mixture: MixedExamples,
    evidence: Evidence,
) -> Manifest:
    """Make the manifest of a version.

    Args:
        work: the build.
        rooms: the code version of each room.
        problems: its problems.
        answers: its answers.
        found: its samples.
        examples: its examples.
        mixture: what the mixture decided about them.
        evidence: what overlaps evaluation sets.
    """
    recipe = work.recipe
    counts = add_counts([*found.problems, *found.samples, *mixture.results])
    files = list_version_files(found, examples, mixture.results, evidence)
    return Manifest(
        name=recipe.name,
        version=recipe.version,
        parent=recipe.parent,
        fingerprint=store.compute_fingerprint(recipe, work.input_digests, rooms),
        content_digest=digest_content({
            "problems": _list_digests(found.problems, PROBLEMS),
            "samples": _list_digests(found.samples, SAMPLES),
            "examples": _list_digests(examples, EXAMPLES),
            "mixture": _list_digests(mixture.results, MIXTURE),
        }),
        bucket_bits=found.bits,
        simulated=counts["simulated"] > 0 or any(item.simulated for item in select.describe_judges(counts)),
        teachers=tuple(sorted(dict(_select(counts, "teacher:")))),
        recipe=work.describe_identity(),
        rooms=dict(rooms),
        inputs=(
            *problems.inputs,
            *_add_unmatched(answers.inputs, found.unmatched),
            *_list_tokenizer(work),
            *_list_parent(work),
            *_list_command(work),
            *_list_reviews(work),
        ),
        licenses={source.name: getattr(source, "license", None) for source in recipe.sources},
        languages=list_languages(recipe, problems.languages["all"]),
        inferred=problems.inferred,
        teacher_terms=recipe.teacher_terms,
        splits=dict(sorted(_select(counts, "split:"))),
        split_report=problems.split_report,
        counts={
            **{name: counts[f"rows:{name}"] for name in ("problems", "samples", "examples")},
            **{f"{name}_kept": counts[f"kept:{name}"] for name in ("problems", "samples", "examples")},
            **{name: counts[name] for name in _COUNTED},
            **({"samples_agreed": counts["agreed"]} if counts["agreed"] else {}),
        },
        paths_per_problem={str(number): problems for number, problems in sorted(_list_paths(counts))},
        diversity=tuple(select.describe_diversity(counts)),
        readings=tuple(select.describe_readings(counts)),
        judges=tuple(select.describe_judges(counts)),
        faults=tuple(select.describe_faults(counts)),
        hints=tuple(select.describe_hints(counts)),
        served_models=tuple(select.describe_served(counts)),
        tokens=tuple(select.describe_tokens(counts, "usage" if work.tokenizer is None else "tokenizer")),
        mixture=tuple(mix.describe_stages(counts, mixture.rules, mixture.shares)),
        lengths=tuple(mix.describe_lengths(counts, mixture.rules)),
        contamination=evidence.contamination,
        repeated_questions=dict(sorted(_select(counts, "repeated_questions:"))),
        near_duplicates=dict(evidence.near_duplicates),
        review=summarize_reviews(work.reviews, dict(_select(counts, "reviewed:"))),
        funnel=tuple(build_funnel(counts)),
        files={name: file for name, (file, _) in files.items()},
    )  # fmt: skip


def _list_digests(results: Sequence[StageResult], file: str) -> list[str]:
    return [result.files[file].digest or "" for result in results]


def _select(counts: Counter[str], prefix: str) -> Iterator[tuple[str, int]]:
    """Select the counts of one kind, by what follows the prefix."""
    return ((name.removeprefix(prefix), rows) for name, rows in counts.items() if name.startswith(prefix) and rows)


def _list_paths(counts: Counter[str]) -> Iterator[tuple[int, int]]:
    return ((int(number), rows) for number, rows in _select(counts, "paths:"))


def _list_tokenizer(work: BuildWork) -> Iterator[Input]:
    if work.tokenizer is not None:
        file = work.tokenizer
        yield Input(name=KEY, file=file.name, sha256=file.sha256, bytes=file.bytes, rows=0)


def _list_parent(work: BuildWork) -> Iterator[Input]:
    """The version whose problems stay on their sides."""
    content = work.input_digests.get(sources.PARENT)
    if content is not None:
        ref = f"{work.recipe.name}@{work.recipe.parent}"
        yield Input(name=sources.PARENT, file=ref, sha256=content, bytes=0, rows=0)


def _list_command(work: BuildWork) -> Iterator[Input]:
    """The command that judged samples: by name and digest, since its words are nobody else's business."""
    if work.external is not None:
        yield Input(name=EXTERNAL, file=work.external.name, sha256=work.external.identity, bytes=0, rows=0)


def _list_reviews(work: BuildWork) -> Iterator[Input]:
    """The files of decisions of people who read rows."""
    for key, path in work.loaded.list_files().items():
        if key.startswith("reviews."):
            sha256, size = digest_file(path)
            yield Input(name=key, file=path.name, sha256=sha256, bytes=size, rows=len(read_decisions(path)))


def _add_unmatched(inputs: Sequence[Input], unmatched: int) -> Iterator[Input]:
    for item in inputs:
        yield item.model_copy(update={"unmatched": unmatched}) if item.name == "teacher.answers" else item
