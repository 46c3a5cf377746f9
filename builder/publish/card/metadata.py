"""The card's YAML: what the Hub filters by, and what `load_dataset` reads its configs from."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cotloom.schemas.manifest import Manifest
from datasets import DatasetInfo, Features, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData

SIMULATED, SYNTHETIC = "simulated", "synthetic"

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
          (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"))  # fmt: skip
"""The Hub's size categories, each with the rows that it ends below."""

_ENGLISH = {"arithmetic", "skills", "reasoning_gym"}
"""Kinds of sources that are made in English."""

# The identifiers that the Hub knows, of those that fit data: https://huggingface.co/docs/hub/repositories-licenses
_LICENSES = frozenset(
    """
    apache-2.0 mit afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0
    cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0
    cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0
    cdla-permissive-1.0 cdla-permissive-2.0 ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 agpl-3.0 gfdl gpl gpl-2.0
    gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc ms-pl mpl-2.0 odc-by odbl openrail osl-3.0 ofl-1.1 ncsa unlicense zlib pddl
    """.split()
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What only the publisher knows."""

    repo: str | None = None
    """USER/NAME on the Hub."""
    tag: str | None = None
    """The tag that it gets; null for `v` and the version."""
    languages: tuple[str, ...] = ()
    """Languages of the texts, as ISO 639 codes; empty for those that the recipe names."""
    teacher_terms: str | None = None
    """What the teacher's terms say about training on its answers; null for what the recipe says."""

    def over(self, manifest: Manifest) -> "Told":
        """The same, with what the recipe says where the publisher says nothing."""
        return replace(
            self,
            languages=self.languages or manifest.languages,
            teacher_terms=self.teacher_terms or manifest.teacher_terms,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """A config of the dataset."""

    name: str
    """Its name."""
    pattern: str
    """Its files, as a pattern."""
    data_files: Mapping[str, str]
    """The files of each split, as a pattern."""
    splits: Mapping[str, tuple[int, int]]
    """Rows and bytes in memory of each split."""
    download_bytes: int
    """Size of its files."""
    schema: Any
    """Its columns, as an Arrow schema."""


def metadata(manifest: Manifest, configs: Sequence[Config], told: Told) -> DatasetCardData:
    """Write the YAML of a card.

    Args:
        manifest: what the version says of itself.
        configs: its configs; the first is the one that loads where none is named.
        told: what only the publisher knows.
    """
    recipe = manifest.recipe
    data = DatasetCardData(
        pretty_name=f"{manifest.name} {manifest.version}",
        language=list(languages(recipe, told)) or None,
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        size_categories=[_size(manifest.counts.get("examples_kept", 0))],
        source_datasets=_origins(recipe) or ["original"],
        task_categories=_tasks(recipe),
        tags=_tags(manifest),
    )
    for key, value in license_of(recipe.get("license")).items():
        data[key] = value
    data["configs"] = [_stated(config, first=place == 0) for place, config in enumerate(configs)]
    DatasetInfosDict({config.name: _info(config) for config in configs}).to_dataset_card_data(data)
    return data


def license_of(name: str | None) -> dict[str, str]:
    """A licence in the Hub's words: one that the Hub does not know is `other`, with its name.

    >>> license_of("Apache-2.0"), license_of("House licence 2")
    ({'license': 'apache-2.0'}, {'license': 'other', 'license_name': 'house-licence-2'})
    """
    if name is None:
        return {"license": "unknown"}
    known = name.strip().lower()
    if known in _LICENSES:
        return {"license": known}
    return {"license": "other", "license_name": re.sub(r"[^a-z0-9.]+", "-", known).strip("-") or "custom"}


def languages(recipe: Mapping[str, Any], told: Told) -> tuple[str, ...]:
    """The languages that are known: as told, else English where Cotloom made every problem itself."""
    made = all(source["kind"] in _ENGLISH for source in recipe.get("sources", ()))
    return told.languages or (("en",) if made else ())


def _size(rows: int) -> str:
    return next((name for below, name in _SIZES if rows < below), "n>1T" if rows >= 10**12 else "1B<n<10B")


def _origins(recipe: Mapping[str, Any]) -> list[str]:
    """The datasets of the Hub that it was made from; sets kept for evaluation are no origin."""
    hub = [one for one in recipe.get("sources", ()) if one["kind"] == "hub" and one.get("role") != "evaluate"]
    return list(dict.fromkeys(source["path"] for source in hub))


def _tasks(recipe: Mapping[str, Any]) -> list[str]:
    chosen = any(source.get("answer_type") == "choice" for source in recipe.get("sources", ()))
    return ["text-generation", "question-answering", *(["multiple-choice"] if chosen else [])]


def _tags(manifest: Manifest) -> list[str]:
    return [SYNTHETIC, "cotloom", "chain-of-thought", "reasoning", *([SIMULATED] if manifest.simulated else [])]


def _stated(config: Config, *, first: bool) -> dict[str, Any]:
    files = [{"split": split, "path": path} for split, path in config.data_files.items()]
    return {"config_name": config.name, "data_files": files, **({"default": True} if first else {})}


def _info(config: Config) -> DatasetInfo:
    splits = SplitDict()
    for split, (rows, size) in config.splits.items():
        splits.add(SplitInfo(name=split, num_bytes=size, num_examples=rows))
    return DatasetInfo(
        features=Features.from_arrow_schema(config.schema),
        splits=splits,
        download_size=config.download_bytes,
        dataset_size=sum(size for _, size in config.splits.values()),
    )
