"""Checkpoints small enough to write in a test."""

from cotloom.builder.student.model.loading import save
from tokenizers import Regex, normalizers

from tests.student.made import make_student


def write_checkpoint(folder, kind="llama", seed=0):
    """Write an untrained Llama, GPT-2 or T5, and return its folder."""
    save(make_student(kind, seed=seed), folder)
    return folder


def without_line_ends(tokenizer):
    """The tokenizer as T5's is: every run of white space is one space."""
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace(Regex(r"\s+"), " ")
    return tokenizer
