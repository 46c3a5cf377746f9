"""Which correct paths a recipe keeps."""

from enum import StrEnum
from typing import Literal

from pydantic import model_validator

from ..section import Section, declare_identity


class LengthLimits(Section):
    """How long a part of an answer may be, in tokens. An unknown length is within the limits."""

    max_tokens: int | None = declare_identity(None, ge=0)
    """A path with more is dropped as `too_long`."""
    min_tokens: int | None = declare_identity(None, ge=0)
    """A path with fewer is dropped as `too_short`."""

    @model_validator(mode="after")
    def _check_order(self) -> "LengthLimits":
        if self.max_tokens is not None and self.min_tokens is not None and self.min_tokens > self.max_tokens:
            message = f"min_tokens is {self.min_tokens}, and max_tokens only {self.max_tokens}"
            raise ValueError(message)
        return self


class Lengths(Section):
    """How long the paths may be that are kept."""

    reasoning: LengthLimits = declare_identity(LengthLimits())
    """The reasoning that was told apart from the response; a path without any has 0 tokens of it."""
    response: LengthLimits = declare_identity(LengthLimits())
    """The response; of a path without reasoning of its own, all of it."""


class PassRate(Section):
    """How hard a problem to train on may be: limits of the share of its unhinted answers that are correct."""

    least: float | None = declare_identity(None, gt=0.0, le=1.0)
    """A problem with a lower pass rate is dropped as `too_hard`, with its samples: with 0.1, one that is hardly ever
    solved without a hint, or never."""
    most: float | None = declare_identity(None, ge=0.0, lt=1.0)
    """One with a higher pass rate is dropped as `too_easy`."""
    answers: int = declare_identity(4, ge=1)
    """So many answers must have a verdict; a problem with fewer stays."""

    @model_validator(mode="after")
    def _check_order(self) -> "PassRate":
        if self.least is not None and self.most is not None and self.least > self.most:
            message = f"least is {self.least}, and most only {self.most}"
            raise ValueError(message)
        return self


class Choose(StrEnum):
    """Which of several paths are preferred."""

    DIVERSE = "diverse"
    LEVENSHTEIN = "levenshtein"
    SHORTEST = "shortest"
    LONGEST = "longest"
    MOST_LIKELY = "most_likely"
    RANDOM = "random"


class Select(Section):
    """Which correct paths of a problem are kept."""

    lengths: Lengths = declare_identity(Lengths())
    """How long they may be, in tokens of the recipe's `tokenizer`, else of the server."""
    signature: Literal["canonical", "unordered", "ordered", "none"] = declare_identity("canonical")
    """What makes two paths the same method. `canonical`: their equations come to the same expression over the numbers
    of the question; or, without equations, their sentences say the same in the same order. `unordered` and `ordered`:
    they have the same equations, in any order or in the same order, as RFT compares them (Yuan et al. 2023). `none`:
    methods are not compared."""
    exact: Literal["drop", "keep"] = declare_identity("drop")
    """What happens to repeats of a text: `keep` keeps those of kept paths, beyond `keep`, as Fu et al. (2023) and Ho et
    al. (2023) did."""
    near_duplicate: float | None = declare_identity(0.9, gt=0.0, le=1.0)
    """Paths that no signature tells apart are duplicates where their wording is at least so similar, in order, and
    their numbers, signs, negations, and who does what are the same; null: never. The wording of their first 10,000
    characters is compared."""
    choose: Choose = declare_identity(Choose.DIVERSE, strict=False)
    """Which paths are kept where there are more than `keep`, and which of several duplicates. `diverse`: those
    furthest apart. `levenshtein`: those whose texts are furthest from all others (RFT). `shortest`, `longest`: by
    characters. `most_likely`: by the mean log probability of their tokens, unknown ones last. `random`: by a keyed
    hash. References come first, then unhinted samples."""
    keep: int | None = declare_identity(4, ge=1)
    """How many paths to keep for a problem; null keeps all."""
    pass_rate: PassRate = declare_identity(PassRate())
    """How hard a problem may be. Problems of the test split stay, and so do those without a gold answer."""
    across: float | None = declare_identity(0.8, ge=0.6, le=1.0)
    """Kept questions, and kept rationales, of different problems are listed as near-duplicates where they share so much
    of their shingles (runs of three words; of characters, where words are not spaced). None is dropped. Null: they are
    not looked for."""
