"""What the card of a dataset states in its metadata: how many rows each split has, how many in all, and the licence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import InputError
from ...sources.hub import read_page

_FACTORS = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetCard:
    """A dataset's card."""

    splits: Mapping[str, int] = field(default_factory=dict)
    """Rows of each split, all configurations added up."""
    least: int | None = None
    """At least so many rows, by `size_categories`."""
    most: int | None = None
    """Less than so many rows."""
    category: str | None = None
    """The size as the card writes it."""
    license: str | None = None
    """The licence; None where the card names none."""
    fault: str | None = None
    """Why its metadata can't be read."""


def read_card(text: str, config: str | None = None) -> DatasetCard:
    r"""Read a card.

    Args:
        text: the page.
        config: the configuration to read the rows of; None for all of them.

    >>> card = read_card("---\nlicense: mit\nsize_categories: [1K<n<10K]\n---\n")
    >>> card.license, card.least, card.most
    ('mit', 1000, 10000)
    """
    try:
        metadata = read_page(text)
    except InputError as error:
        return DatasetCard(fault=error.message)
    splits: dict[str, int] = {}
    for name, rows in _list_splits(metadata.get("dataset_info"), config):
        splits[name] = splits.get(name, 0) + rows
    category, least, most = _read_category(metadata.get("size_categories"))
    license_name = metadata.get("license")
    named = license_name if isinstance(license_name, str) else ", ".join(map(str, license_name or ()))
    return DatasetCard(splits=splits, least=least, most=most, category=category, license=named.strip() or None)


def _list_splits(info: Any, config: str | None) -> Iterator[tuple[str, int]]:
    """List the splits with their rows, of one configuration or of all."""
    for each in info if isinstance(info, list) else [info]:
        if not isinstance(each, Mapping) or (config is not None and each.get("config_name", config) != config):
            continue
        for split in each.get("splits") or ():
            rows = split.get("num_examples") if isinstance(split, Mapping) else None
            if isinstance(rows, int):
                yield str(split.get("name", "")), rows


def _read_category(value: Any) -> tuple[str | None, int | None, int | None]:
    """Read a size such as `1K<n<10K`, `n<1K` or `n>1T`."""
    text = str(value[0] if isinstance(value, list) and value else value or "").strip()
    low, is_between, high = text.partition("<n<")
    if is_between:
        return text, _read_size(low), _read_size(high)
    if text.startswith("n<"):
        return text, None, _read_size(text[2:])
    return (text, _read_size(text[2:]), None) if text.startswith("n>") else (None, None, None)


def _read_size(text: str) -> int | None:
    digits, factor = text.strip()[:-1], _FACTORS.get(text.strip()[-1:].upper())
    if factor is None:
        return int(text) if text.strip().isdigit() else None
    return int(digits) * factor if digits.isdigit() else None
