"""Formats and mixture: what a recipe writes examples in, and in which stages and shares they are trained on."""

from enum import StrEnum
from typing import Literal

from .section import Name, Section, declare_identity

FormatName = Literal[
    "zero_shot_cot",
    "zero_shot_answer",
    "in_context_cot",
    "in_context_answer",
    "instructed_cot",
    "instructed_answer",
    "bare_cot",
    "fine_tune_cot",
    "cot_collection",
]
"""Reasoning and answer, or the answer only; zero-shot, or after demonstrations (the four of Fu et al. 2023); both asked
for in one of several phrasings, so that a student reasons where it is told to (`instructed_*`); the bare question, then
reasoning and answer (Magister et al. 2023); or the templates of Fine-tune-CoT (Ho et al. 2023) and of the CoT
Collection (Kim et al. 2023)."""


class Thinking(StrEnum):
    """What becomes of reasoning that was told apart from the response."""

    THINK_TAGS = "think_tags"
    FIELD = "field"
    TEXT = "text"
    DROP = "drop"


FORMATS_WITH_RATIONALE: frozenset[FormatName] = frozenset(
    {"zero_shot_cot", "in_context_cot", "instructed_cot", "bare_cot", "cot_collection", "fine_tune_cot"}
)
"""Formats whose target contains the text of the sample, so that the sample's log probabilities apply to it."""

FORMATS_WITH_ANSWER_LINE: frozenset[FormatName] = FORMATS_WITH_RATIONALE - {"fine_tune_cot"}
"""Formats whose target is a rationale followed by a last line that states the answer."""

FORMATS_WITHOUT_GOLD: frozenset[FormatName] = frozenset(
    {"zero_shot_cot", "in_context_cot", "instructed_cot", "bare_cot"}
)
"""Formats whose rows can do without a gold answer: they end with the response."""


class FormatSpec(Section):
    """One format of the examples."""

    name: FormatName = declare_identity()
    """Reasoning and answer, or the answer only; zero-shot, or after demonstrations (the four of Fu et al. 2023); both
    asked for in one of several phrasings, drawn for each problem (`instructed_cot`, `instructed_answer`); the bare
    question, then reasoning and answer (Magister et al. 2023); or the templates of Fine-tune-CoT (Ho et al. 2023) and
    of the CoT Collection (Kim et al. 2023)."""
    shots: tuple[int, int] = declare_identity((1, 4), strict=False)
    """The fewest and the most demonstrations of an in-context format; the number is drawn for each row."""
    thinking: Thinking = declare_identity(Thinking.THINK_TAGS, strict=False)
    """What becomes of reasoning that the teacher told apart from its response. `think_tags`: it stands before the
    response, between `<think>` and `</think>`. `field`: it is the row's `reasoning`, which chat templates know as
    `reasoning_content`. `text`: it stands before the response, without tags. `drop`: rows have the response only.
    Demonstrations show reasoning with `text` only, and formats that ask for the answer alone never do."""
    weight: float | None = declare_identity(None, gt=0.0)
    """Share of the rows, relative to the other formats' weights; null for all rows of all formats."""
    max_tokens: int | None = declare_identity(None, ge=1)
    """The most tokens of a row, all messages together without marks of a chat template. A longer row leaves out its
    last demonstrations, down to the fewest, and says how many (`left_out`); one that is still too long is dropped as
    `too_long`. No text is cut. Needs `tokenizer`."""


# The mixture


class MixtureUnit(StrEnum):
    """What the shares of sources are measured in."""

    ROWS = "rows"
    TOKENS = "tokens"
    LOSS = "loss"


class Caps(Section):
    """The most rows of one kind in a stage; the rest are dropped as `over_cap`. Null: no cap.

    A row is under all of them. They are applied in the order of this list: each one cuts what those before it left.
    """

    problem: int | None = declare_identity(None, ge=1)
    """Of one problem."""
    task: int | None = declare_identity(None, ge=1)
    """Of one task. A source's rows without a task count as one task."""
    category: int | None = declare_identity(None, ge=1)
    """Of one category. A source's rows without a category count as one category."""
    source: int | None = declare_identity(None, ge=1)
    """Of one source."""


class MixtureStage(Section):
    """One stage of training.

    First rows that are too long are left out, then caps apply, then `hinted`, then `take`; where `weights`,
    `temperature` or `total` is given, what is taken is cut to it last. Everywhere the rows of lowest keyed hash stay.
    """

    name: Name = declare_identity()
    """A name that no other stage has."""
    take: dict[str, str | int] = declare_identity(min_length=1)
    """For each source: `all`, a number of rows, or a fraction of the rows within the caps, rounded down: `1/256` of
    1,000 rows are 3. Above 1, rows are repeated: `3/2` is each row once, and half of them, rounded down, a second time.
    More rows than a source has are an error."""
    max_tokens: int | None = declare_identity(None, ge=1)
    """Rows of more tokens, all messages together without marks of a chat template, are dropped as `too_long`; none is
    cut. Needs `tokenizer`."""
    cap: Caps = declare_identity(Caps())
    """At most so many rows of each problem, task, category and source."""
    hinted: float | None = declare_identity(None, ge=0.0, lt=1.0)
    """The largest share of hinted samples among each source's rows, rounded down; more of them are dropped as
    `over_cap`. Null: no limit."""
    weights: dict[str, float] | None = declare_identity(None)
    """How much of each source, relative to the others, in rows or tokens (`by`). As much is taken as the scarcest
    source allows."""
    temperature: float | None = declare_identity(None, gt=0.0)
    """Weights from the sources' own sizes n, as n^(1/T): 1 leaves their proportions, a high temperature makes sources
    alike. Instead of `weights`."""
    total: int | None = declare_identity(None, ge=1)
    """So many rows or tokens in all (`by`), shared out by `weights` or `temperature`, else by the sources' own sizes.
    More than there is of a source is an error that says how much is missing. Null: as much as the scarcest allows."""
    by: MixtureUnit = declare_identity(MixtureUnit.ROWS, strict=False)
    """What `weights`, `temperature` and `total` measure: `rows`; `tokens` of all messages; or `loss`, the tokens that
    carry loss. The latter two need `tokenizer`. Shares come out within one row, or within the tokens of one row."""

    @property
    def is_shared(self) -> bool:
        """Whether sources are held to shares of the stage."""
        return self.weights is not None or self.temperature is not None or self.total is not None


class Mixture(Section):
    """The stages in which examples are trained on."""

    stages: tuple[MixtureStage, ...] = declare_identity(min_length=1, strict=False)
    """In order."""
