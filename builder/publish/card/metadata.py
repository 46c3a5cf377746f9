"""The YAML metadata of the card: tags for the Hub, and the configs for `load_dataset`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from datasets import DatasetInfo, Features, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData

from ....schemas.manifest import Manifest

SIMULATED, SYNTHETIC = "simulated", "synthetic"

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
          (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"))  # fmt: skip
"""The Hub's size categories, each with its exclusive upper limit."""

_GENERATED = {"arithmetic", "procedures", "skills", "reasoning_gym"}
"""Kinds of sources that generate texts: English ones, unless they have the key `language`."""

# The licence identifiers of the Hub that apply to data: https://huggingface.co/docs/hub/repositories-licenses
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
class CardOptions:
    """Values on the card that the publisher sets."""

    repo: str | None = None
    """USER/NAME on the Hub."""
    tag: str | None = None
    """The tag; None for `v` and the version."""
    languages: tuple[str, ...] = ()
    """Languages of the texts, as ISO 639 codes; empty for those of the recipe."""
    teacher_terms: str | None = None
    """What the teacher's terms say about training on its responses; None for the text of the recipe."""
    license: str | None = None
    """The licence of the dataset; None for that of the recipe."""

    def add_defaults(self, manifest: Manifest) -> "CardOptions":
        """Copy the options, with the values of the recipe for those that are not set."""
        return replace(
            self,
            languages=self.languages or manifest.languages,
            teacher_terms=self.teacher_terms or manifest.teacher_terms,
            license=self.license or manifest.recipe.get("license"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetConfig:
    """A config of the dataset on the Hub."""

    name: str
    """Its name."""
    pattern: str
    """Pattern of its files."""
    data_files: Mapping[str, str]
    """Pattern of the files of each split."""
    splits: Mapping[str, tuple[int, int]]
    """Rows and bytes in memory, by split."""
    download_bytes: int
    """Total size of its files."""
    schema: Any
    """Its columns, as a `pyarrow.Schema`."""


def build_metadata(manifest: Manifest, configs: Sequence[DatasetConfig], options: CardOptions) -> DatasetCardData:
    """Build the YAML metadata of a card.

    Args:
        manifest: the manifest of the version.
        configs: its configs; the first one is the default.
        options: values that the publisher sets.
    """
    recipe = manifest.recipe
    data = DatasetCardData(
        pretty_name=f"{manifest.name} {manifest.version}",
        language=list(list_languages(recipe, options)) or None,
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        size_categories=[_choose_size_category(manifest.counts.get("examples_kept", 0))],
        source_datasets=_list_source_datasets(recipe) or ["original"],
        task_categories=_list_task_categories(manifest),
        tags=_list_tags(manifest),
    )
    for key, value in get_hub_license(options.license or recipe.get("license")).items():
        data[key] = value
    data["configs"] = [_build_config_entry(config, default=index == 0) for index, config in enumerate(configs)]
    DatasetInfosDict({config.name: _build_dataset_info(config) for config in configs}).to_dataset_card_data(data)
    return data


def get_hub_license(license_name: str | None) -> dict[str, str]:
    """Map a licence to the metadata of the Hub: an unknown one is `other`, with its name.

    >>> get_hub_license("Apache-2.0"), get_hub_license("House licence 2")
    ({'license': 'apache-2.0'}, {'license': 'other', 'license_name': 'house-licence-2'})
    """
    if license_name is None:
        return {"license": "unknown"}
    known = license_name.strip().lower()
    if known in _LICENSES:
        return {"license": known}
    return {"license": "other", "license_name": re.sub(r"[^a-z0-9.]+", "-", known).strip("-") or "custom"}


def list_languages(recipe: Mapping[str, Any], options: CardOptions) -> tuple[str, ...]:
    """List the languages: those of the options, or of the generators if programs generated all problems."""
    sources = recipe.get("sources", ())
    is_generated = all(source["kind"] in _GENERATED for source in sources)
    languages = tuple(dict.fromkeys(source.get("language", "en") for source in sources)) or ("en",)
    return options.languages or (languages if is_generated else ())


def _choose_size_category(rows: int) -> str:
    return next((name for below, name in _SIZES if rows < below), "n>1T" if rows >= 10**12 else "1B<n<10B")


def _list_source_datasets(recipe: Mapping[str, Any]) -> list[str]:
    """List the datasets on the Hub that are sources; evaluation sets do not count."""
    sources = [source for source in recipe.get("sources", ()) if source.get("role") != "evaluate"]
    return list(dict.fromkeys(source["path"] for source in sources if source["kind"] == "hub"))


def _list_task_categories(manifest: Manifest) -> list[str]:
    stated = [source.get("answer_type") for source in manifest.recipe.get("sources", ())]
    has_choices = "choice" in [*stated, *(inferred.answer_type for inferred in manifest.inferred)]
    return ["text-generation", "question-answering", *(["multiple-choice"] if has_choices else [])]


def _list_tags(manifest: Manifest) -> list[str]:
    return [SYNTHETIC, "cotloom", "chain-of-thought", "reasoning", *([SIMULATED] if manifest.simulated else [])]


def _build_config_entry(config: DatasetConfig, *, default: bool) -> dict[str, Any]:
    files = [{"split": split, "path": path} for split, path in config.data_files.items()]
    return {"config_name": config.name, "data_files": files, **({"default": True} if default else {})}


def _build_dataset_info(config: DatasetConfig) -> DatasetInfo:
    splits = SplitDict()
    for split, (rows, size) in config.splits.items():
        splits.add(SplitInfo(name=split, num_bytes=size, num_examples=rows))
    return DatasetInfo(
        features=Features.from_arrow_schema(config.schema),
        splits=splits,
        download_size=config.download_bytes,
        dataset_size=sum(size for _, size in config.splits.values()),
    )
