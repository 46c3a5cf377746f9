"""What the user says of an import, and what comes of it."""

from collections import Counter
from dataclasses import dataclass, field

from .records import LeftOut, Match
from .requests import RequestAgreement

SHOWN = 20
"""Damaged rows that are named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOptions:
    """What the user says of the answers."""

    name: str
    """The name of the tool, as `--from` has it."""
    endpoint: str | None = None
    """The server's name in the ledger; None takes that of the recipe's teacher, else that of one that names none."""
    model: str | None = None
    """Who wrote the answers, where the rows do not say so; where they do, only this model's are taken."""
    match: Match = Match.REQUEST
    """What an answer must have in common with a request."""
    question: str | None = None
    """The column of the question."""
    step: str | None = None
    """The step of a pipeline."""


@dataclass(kw_only=True, slots=True)
class ForeignImport:
    """The result of an import; it grows while files are read."""

    files: int = 0
    """Files that were read."""
    responses: int = 0
    """Responses in them."""
    answers: int = 0
    """Answers that are new in the ledger."""
    known: int = 0
    """Answers that it had already, or that stood in another file, too."""
    vouched: int = 0
    """Those of the new ones that the user vouches for; their labels say so."""
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    """Responses that were not imported, by reason."""
    agreements: Counter[RequestAgreement] = field(default_factory=Counter)
    """What the responses have in common with the requests of the recipe; empty without one."""
    difference: str = ""
    """What keeps the first response with the messages of a request from being an answer to it."""
    damaged: list[str] = field(default_factory=list)
    """The first rows that can't be read, each with its place and the fault."""
    damaged_rows: int = 0
    """How many can't be read."""
    written_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Answers by model and endpoint, known ones too."""
    cost_usd: float | None = 0.0
    """What the new responses cost in US dollars, as the tool says; null where it does not say so of each."""

    def add_damage(self, origin: str, fault: str) -> None:
        """Count a row that can't be read; the first ones are named."""
        self.damaged_rows += 1
        if len(self.damaged) < SHOWN:
            self.damaged.append(f"{origin}: {fault}")

    def add_cost(self, cost: float | None) -> None:
        """Add what a response cost; the sum is unknown where any of them is."""
        self.cost_usd = None if self.cost_usd is None or cost is None else self.cost_usd + cost
