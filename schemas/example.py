"""The example: one formatted training row, made from one kept sample."""

from dataclasses import dataclass
from enum import StrEnum

from .ids import make_plain_id, quote_plain
from .problem import Split
from .reasons import Fate, Reason, Stage
from .sample import Span


class Role(StrEnum):
    """The role of a chat message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One chat message."""

    role: Role
    """The role."""
    content: str
    """The text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One row of the table `examples`."""

    example_id: str
    """Made from format, mixture stage, sample and demonstrations."""
    sample_id: str | None
    """The sample it was made from; null for rows without one."""
    other_sample_ids: tuple[str, ...] = ()
    """Samples shown as demonstrations."""
    left_out: int = 0
    """Demonstrations that were drawn for it and left out, so that it is within its format's `max_tokens`."""
    problem_id: str
    """The problem it trains on."""
    source: str
    """Name of the problem's source."""
    format: str
    """Name of the format."""
    mixture_stage: str | None = None
    """The stage of the mixture that takes it; null where none does."""
    repeat: int = 0
    """How often its stage has taken the same row before: 0, and more where a source is repeated."""
    split: Split
    """The problem's split."""
    teacher: str | None = None
    """Who wrote the sample, as the sample says."""
    simulated: bool = False
    """True where the simulated teacher wrote the sample."""
    messages: tuple[Message, ...] = ()
    """The chat; the last message is the training target."""
    weight: float = 1.0
    """Weight of the row in the loss."""
    reasoning: str | None = None
    """The reasoning that leads to the last message, where the format keeps it apart; all of it carries loss."""
    loss_spans: tuple[Span, ...] = ()
    """The characters of the last message that carry loss."""
    characters: int = 0
    """Length of all messages, and of the reasoning that is kept apart, in characters."""
    reasoning_tokens: int | None = None
    """Tokens of the sample's reasoning; null where the row does not show it, or where unknown."""
    response_tokens: int | None = None
    """Tokens of the sample's text; null where the row has the answer alone, or where unknown."""
    prompt_tokens: int | None = None
    """Tokens of all messages before the last one, by the recipe's tokenizer; null without one."""
    loss_tokens: int | None = None
    """Tokens of the last message, and of the reasoning that is kept apart, by the recipe's tokenizer; null without
    one."""
    stage: Stage | None = None
    """The stage that dropped it; null where it was kept."""
    fate: Fate = Fate.KEPT
    """Kept or dropped."""
    reason: Reason | None = None
    """Why it was dropped; null where it was kept."""
    detail: str | None = None
    """More about the reason, for a person to read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MixtureRow:
    """One row of the file `mixture`: what the mixture decides about an example, apart from its text.

    An example that several stages take has a row for each, and one that a stage takes repeatedly has a row for each
    time. One that the mixture never sees (it was dropped before, or its problem is in the test split) has none.
    """

    text_id: str
    """The id of the row in the file `examples`, which holds the text: made without a mixture stage."""
    example_id: str
    """The id of the example: made with its mixture stage."""
    mixture_stage: str | None = None
    """The stage of the mixture that takes it; null where none does."""
    repeat: int = 0
    """How often its stage has taken the same row before."""
    weight: float = 1.0
    """Weight of the row in the loss."""
    stage: Stage | None = None
    """`mix` where no stage of the mixture takes it; else null."""
    fate: Fate = Fate.KEPT
    """Kept or dropped."""
    reason: Reason | None = None
    """Why it was dropped; null where it was kept."""
    detail: str | None = None
    """More about the reason, for a person to read."""


def make_example_id(form: str, sample: str | None, others: tuple[str, ...], stage: str | None, repeat: int = 0) -> str:
    """Make the id of an example from its format, its samples, its mixture stage, and how often that took it before.

    >>> from cotloom.schemas.ids import make_content_id
    >>> make_example_id("as_is", "s_1", ("s_2",), None) == make_content_id("e", "as_is", "s_1", ["s_2"], None)
    True
    """
    shown = ",".join(map(quote_plain, others))
    again = f",{repeat}" if repeat else ""
    return make_plain_id("e", f"[{quote_plain(form)},{quote_plain(sample)},[{shown}],{quote_plain(stage)}{again}]")
