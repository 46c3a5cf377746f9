"""The files of a checkpoint, read before any library loads them: no code, no pickles, no numbers out of bounds.

A checkpoint may come from a stranger. Weights come from safetensors files, and nothing in a checkpoint is imported.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import InputError

CONFIG = "config.json"
DOCUMENTS = (CONFIG, "generation_config.json", "tokenizer_config.json")
"""The settings that are read."""
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
ADAPTER = "adapter_config.json"
GENERATE_CODE = "custom_generate/generate.py"

PICKLES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"})
"""Endings of files that hold pickled Python objects: reading one can run any code."""

_LARGEST_DOCUMENT = 50_000_000
"""Bytes of the largest settings that are read."""
_LONGEST_TEMPLATE = 200_000
"""Characters of the longest chat template."""

_CODE_KEYS = frozenset({"auto_map", "auto_mapping", "custom_generate"})
"""Keys that name Python code of the checkpoint's own."""
_KERNEL_KEYS = frozenset({"attn_implementation", "_attn_implementation", "experts_implementation"})
"""Keys whose value names compiled code on the Hub where it has a slash."""
_COUNTS = ("layers", "n_layer", "n_layers", "num_blocks", "experts", "depth")
"""Ends of the names of numbers that no more than the tensors of a checkpoint can have."""
_SIZES = ("_size", "_dim", "d_model", "d_ff", "d_kv", "d_inner", "n_embd", "n_inner", "n_positions", "_heads", "n_head")
"""Ends of the names of sizes of tensors."""
_SIZE_SLACK = 1 << 20
"""A size that is smaller than this is never refused."""
_GENERATION_LIMITS: Mapping[str, int] = {
    "num_beams": 16,
    "num_beam_groups": 16,
    "num_return_sequences": 1,
    "num_assistant_tokens": 64,
    "prompt_lookup_num_tokens": 64,
}
"""Numbers of `generation_config.json` that multiply the work, and the most that each may be."""


def check_checkpoint(name: str, revision: str | None, key: str) -> None:
    """Check the files of a checkpoint before it is loaded. Nothing in it is run.

    Args:
        name: a folder, or a name on the Hub.
        revision: branch, tag or commit on the Hub.
        key: the recipe key that names it, for messages.

    Raises:
        InputError: it asks for code of its own, has its weights as a pickle, is an adapter, or its settings can't be
            read or are out of bounds.
    """
    faults = _find_faults(name, revision)
    fault = next(faults, None)
    if fault is not None:
        message, hint = fault
        raise InputError(f"the checkpoint {name} {message}", hint=hint, keys=(key,))


def check_adapter(folder: Path) -> None:
    """Check the files of an adapter: settings without code, and weights that are no pickle.

    Raises:
        InputError: it has other files.
    """
    content = _read_document(folder / ADAPTER)
    if isinstance(content, str):
        raise InputError(f"{folder / ADAPTER} can't be read: {content}", hint="save the student again")
    if not (folder / "adapter_model.safetensors").is_file():
        raise InputError(f"{folder} has no adapter_model.safetensors", hint="save the student again")
    for message, hint in _find_code({ADAPTER: content}):
        raise InputError(f"the adapter {folder} {message}", hint=hint)


_Fault = tuple[str, str]
"""What is wrong, as the rest of a sentence about the checkpoint, and what to do."""


def _find_faults(name: str, revision: str | None) -> Iterator[_Fault]:
    documents: dict[str, Mapping[str, Any]] = {}
    for file in (*DOCUMENTS, INDEX, ADAPTER):
        path = find_file(name, file, revision)
        if path is None:
            continue
        content = _read_document(path)
        if isinstance(content, str):
            yield f"has a damaged {file}: {content}", "download or save it again"
        else:
            documents[file] = content
    yield from _find_code(documents)
    if Path(name).is_dir():
        yield from _find_local_faults(Path(name), documents)
    yield from _find_adapter(documents)
    yield from _find_strange_shards(documents)
    yield from _find_strange_settings(documents)


def find_file(name: str, file: str, revision: str | None) -> Path | None:
    """Find a file of a checkpoint: in its folder, else on the Hub. None where it has no such file.

    Raises:
        OSError: the Hub can't be reached, or has no such checkpoint.
    """
    if Path(name).is_dir():
        path = Path(name) / file
        return path if path.is_file() else None
    from transformers.utils.hub import cached_file  # noqa: PLC0415 - heavy

    found = cached_file(name, file, revision=revision or "main", _raise_exceptions_for_missing_entries=False)
    return Path(found) if found else None


def _read_document(path: Path) -> Mapping[str, Any] | str:
    """Read settings; returns a text with the reason where they can't be read."""
    try:
        if path.stat().st_size > _LARGEST_DOCUMENT:
            return "it is too large"
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        return "it is nested too deeply"
    except (OSError, ValueError) as error:
        return str(error)
    return content if isinstance(content, Mapping) else "it is no JSON object"


def _walk(value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Walk through settings: every key with its value, in settings within settings too."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key), item
            yield from _walk(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, depth + 1)


def _find_code(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[_Fault]:
    hint = "no code of a checkpoint is ever run; take one of an architecture that transformers has, without these keys"
    for file in (file for file in documents if file != INDEX):
        for key, value in _walk(documents[file]):
            if key in _CODE_KEYS and value:
                yield f"asks for code of its own: {file} has {key}: {_describe(value)}", hint
            if key in _KERNEL_KEYS and "/" in str(value):
                yield f"asks for compiled code from the Hub: {file} has {key}: {_describe(value)}", hint


def _describe(value: Any) -> str:
    """Write which classes of which files are asked for, in one line."""
    pairs = value.items() if isinstance(value, Mapping) else [("", value)]
    text = ", ".join(f"{name} = {item}" if name else str(item) for name, item in pairs)
    return text[:200]


def _find_local_faults(folder: Path, documents: Mapping[str, Mapping[str, Any]]) -> Iterator[_Fault]:
    """Find faults that only a folder shows: pickles in place of weights, code, and numbers that no weights have."""
    if (folder / GENERATE_CODE).exists():
        yield f"asks for code of its own: {GENERATE_CODE}", "no code of a checkpoint is ever run; delete the file"
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    weights = [name for name in files if name.endswith(".safetensors")]
    pickles = [name for name in files if Path(name).suffix in PICKLES]
    if not weights and pickles:
        yield (
            f"has no safetensors weights, only pickles: {', '.join(pickles[:5])}; reading a pickle can run any code",
            "convert it where you trust it: load it with transformers, and save_pretrained(DIR) writes safetensors",
        )
    shapes: list[Sequence[int]] = []
    for name in weights:
        found = _read_shapes(folder / name)
        if isinstance(found, str):
            yield f"has damaged weights: {name}: {found}", "download or save it again"
        else:
            shapes += found
    if shapes:
        yield from _find_large_numbers(documents.get(CONFIG, {}), shapes)


def _read_shapes(path: Path) -> list[Sequence[int]] | str:
    """Read the shapes of the tensors from the header of a safetensors file, without the tensors."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(_LARGEST_DOCUMENT, path.stat().st_size):
                return "its header is longer than the file"
            header = json.loads(file.read(length))
        return [tuple(map(int, entry["shape"])) for name, entry in header.items() if name != "__metadata__"]
    except RecursionError:
        return "its header is nested too deeply"
    except (OSError, ValueError, TypeError, KeyError, AttributeError, struct.error) as error:
        return f"its header can't be read: {error}"


def _find_large_numbers(config: Mapping[str, Any], shapes: Sequence[Sequence[int]]) -> Iterator[_Fault]:
    """Find numbers in the settings that would build a model far beyond its weights, and so fill the memory."""
    largest = max((size for shape in shapes for size in shape), default=0)
    for key, value in _walk(config):
        if not isinstance(value, int):
            continue
        beyond_tensors = key.endswith(_COUNTS) and value > len(shapes)
        beyond_sizes = key.endswith(_SIZES) and value > max(_SIZE_SLACK, 16 * largest)
        if beyond_tensors or beyond_sizes:
            yield f"has {key}: {value:,} in {CONFIG}, far beyond its weights", "download or save it again"


def _find_adapter(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[_Fault]:
    if ADAPTER in documents:
        base = str(documents[ADAPTER].get("base_model_name_or_path"))[:200]
        yield (
            f"is an adapter of another model ({base}), which {ADAPTER} names",
            "merge the adapter into its model (peft: merge_and_unload), and save the whole",
        )


def _find_strange_shards(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[_Fault]:
    """Find weights that lie outside of the checkpoint, or are pickles."""
    shards = documents.get(INDEX, {}).get("weight_map", {})
    named = set(shards.values()) if isinstance(shards, Mapping) else {shards}
    hint = "weights are safetensors files in the checkpoint's own folder"
    for shard in sorted(map(str, named)):
        if Path(shard).name != shard or "\\" in shard or not shard.endswith(".safetensors"):
            yield f"takes weights from {shard!r}, which {INDEX} names", hint
    other = documents.get(CONFIG, {}).get("transformers_weights")
    if other is not None and (not isinstance(other, str) or not other.endswith((".safetensors", INDEX))):
        yield f"takes weights from {str(other)[:200]!r}, which {CONFIG} names", hint


def _find_strange_settings(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[_Fault]:
    generation = documents.get("generation_config.json", {})
    for key, most in _GENERATION_LIMITS.items():
        value = generation.get(key)
        if value is not None and not (isinstance(value, int) and 0 <= value <= most):
            yield f"has {key}: {str(value)[:40]} in generation_config.json", f"{key} is a number up to {most}"
    template = documents.get("tokenizer_config.json", {}).get("chat_template")
    if template is not None and not _is_template(template):
        yield (
            f"has a chat template that is no text of up to {_LONGEST_TEMPLATE:,} characters",
            "mend chat_template in tokenizer_config.json, or take another checkpoint",
        )


def _is_template(value: Any) -> bool:
    """Whether a value is a chat template, or a list of named ones."""
    texts = (
        [item.get("template") if isinstance(item, Mapping) else None for item in value]
        if isinstance(value, list)
        else [value]
    )
    return all(isinstance(text, str) and len(text) <= _LONGEST_TEMPLATE for text in texts)
