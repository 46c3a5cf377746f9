"""What lies beside the weights of a saved student: a card for people, and where it comes from, for programs."""

import json
from collections.abc import Iterator
from pathlib import Path

from cotloom.builder.student.report.sentences import SIMULATED, sentence
from cotloom.builder.teacher.provenance import Origin, read_origin, write_origin
from cotloom.schemas.student import CheckpointModel, Model
from cotloom.schemas.validation import Validation

_DECODER = ("AutoModelForCausalLM", "text-generation")
_ENCODER = ("AutoModelForSeq2SeqLM", "text2text-generation")


def write_card(found: Validation, folder: Path) -> None:
    """Write `README.md` and `cotloom.json` beside a student's weights.

    Args:
        found: the validation that the student comes from.
        folder: the student's folder.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    lines = card(found, has_encoder=bool(config.get("is_encoder_decoder")))
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    origin = Origin(
        version=found.ref,
        content_digest=found.content_digest,
        student_digest=found.student_digest,
        simulated=found.simulated,
    )
    write_origin(origin, folder)


def began_simulated(model: Model) -> bool:
    """Whether the checkpoint that a student began with was trained on simulated text.

    Raises:
        InputError: it began as another student that does not say where it comes from.
    """
    began = read_origin(model.path) if isinstance(model, CheckpointModel) else None
    return began is not None and began.simulated


def card(found: Validation, *, has_encoder: bool = False) -> Iterator[str]:
    """The lines of the card: the Hub's metadata, then the text."""
    model = found.student["model"]
    kind, task = _ENCODER if has_encoder else _DECODER
    yield "---"
    yield "library_name: transformers"
    yield f"pipeline_tag: {task}"
    yield "tags: [cotloom, chain-of-thought" + (", synthetic, simulated]" if found.simulated else ", synthetic]")
    if model["kind"] == "checkpoint" and not Path(model["path"]).exists():  # a folder means nothing to the Hub
        yield f"base_model: {model['path']}"
    yield "---"
    yield ""
    yield f"# A student of {found.ref}"
    yield ""
    if found.simulated:
        yield SIMULATED
        yield ""
    yield (
        f"It was trained on {found.ref} (content digest `{found.content_digest}`) to see whether the version teaches. "
        "It is a measuring instrument, not an assistant."
    )
    yield ""
    yield from (f"- {sentence(difference)}" for difference in found.differences)
    yield ""
    yield "```python"
    yield f"from transformers import {kind}, AutoTokenizer"
    yield ""
    yield f'tokenizer, model = AutoTokenizer.from_pretrained("."), {kind}.from_pretrained(".")'
    yield "```"
