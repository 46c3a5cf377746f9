"""The model card of a saved student, and its provenance as JSON."""

import json
from collections.abc import Iterator
from pathlib import Path

from ....schemas.validation import Validation
from ...report.sentences import SIMULATED_STUDENT
from ...teacher.checkpoint.provenance import Provenance, write_provenance
from .sentences import describe_difference

_DECODER = ("AutoModelForCausalLM", "text-generation")
_ENCODER = ("AutoModelForSeq2SeqLM", "text2text-generation")


def write_model_card(validation: Validation, folder: Path) -> None:
    """Write the model card `README.md` and the provenance `cotloom.json` into a student's folder.

    Args:
        validation: the validation that trained the student.
        folder: the student's folder.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    lines = render_model_card(validation, has_encoder=bool(config.get("is_encoder_decoder")))
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    provenance = Provenance(
        version=validation.ref,
        content_digest=validation.content_digest,
        student_digest=validation.student_digest,
        simulated=validation.simulated,
    )
    write_provenance(provenance, folder)


def render_model_card(validation: Validation, *, has_encoder: bool = False) -> Iterator[str]:
    """Render the lines of the card: the Hub's metadata, then the text."""
    model = validation.student["model"]
    auto_model, task = _ENCODER if has_encoder else _DECODER
    yield "---"
    yield "library_name: transformers"
    yield f"pipeline_tag: {task}"
    yield "tags: [cotloom, chain-of-thought" + (", synthetic, simulated]" if validation.simulated else ", synthetic]")
    if model["kind"] == "checkpoint" and not Path(model["path"]).exists():
        yield f"base_model: {model['path']}"
    yield "---"
    yield ""
    yield f"# A student of {validation.ref}"
    yield ""
    if validation.simulated:
        yield SIMULATED_STUDENT
        yield ""
    yield (
        f"It was trained on {validation.ref} (content digest `{validation.content_digest}`) to measure what the "
        "version teaches. It is meant for comparing dataset versions, not for use as an assistant."
    )
    yield ""
    yield from (f"- {describe_difference(difference)}" for difference in validation.differences)
    yield ""
    yield "```python"
    yield f"from transformers import {auto_model}, AutoTokenizer"
    yield ""
    yield f'tokenizer, model = AutoTokenizer.from_pretrained("."), {auto_model}.from_pretrained(".")'
    yield "```"
