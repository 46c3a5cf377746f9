"""Tiny checkpoints for tests."""

from tokenizers import Regex, normalizers

from cotloom.builder.student.model.loading import save_student
from tests.student.tiny_students import make_student


def write_checkpoint(folder, kind="llama", seed=0):
    """Write an untrained Llama, GPT-2 or T5, and return its folder."""
    save_student(make_student(kind, seed=seed), folder)
    return folder


def drop_line_ends(tokenizer):
    """Normalize every run of white space to one space, as T5's tokenizer does."""
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace(Regex(r"\s+"), " ")
    return tokenizer
