"""The model card of a saved student: what it was trained on, what it can do, and how to load it."""

from collections.abc import Iterator
from pathlib import Path

from builder.student.words import SIMULATED, sentence
from schemas.validation import Validation


def write_card(found: Validation, folder: Path) -> None:
    """Write `README.md` beside a student's weights.

    Args:
        found: the validation that the student comes from.
        folder: the student's folder.
    """
    (folder / "README.md").write_text("\n".join(card(found)) + "\n", encoding="utf-8")


def card(found: Validation) -> Iterator[str]:
    """The lines of the card: the Hub's metadata, then the text."""
    model = found.student["model"]
    yield "---"
    yield "library_name: transformers"
    yield "pipeline_tag: text-generation"
    yield "tags: [cotloom, chain-of-thought" + (", synthetic, simulated]" if found.simulated else ", synthetic]")
    if model["kind"] == "checkpoint":
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
    yield "from transformers import AutoModelForCausalLM, AutoTokenizer"
    yield ""
    yield 'tokenizer, model = AutoTokenizer.from_pretrained("."), AutoModelForCausalLM.from_pretrained(".")'
    yield "```"
