"""Where a parser stands within its tokens."""

from collections.abc import Sequence

from ..tree import NotUnderstoodError
from .tokens import Kind, MathToken

END = MathToken(Kind.MARK, "")
"""What stands behind the last token."""


class TokenCursor:
    """Stands at one token of several, and notes what is in doubt about those before it."""

    def __init__(self, pieces: Sequence[MathToken]) -> None:
        self.pieces = list(pieces)
        self.index = 0
        self.depth = 0
        self.bars = 0
        self.doubts: list[str] = []

    def get_piece(self, ahead: int = 0) -> MathToken:
        """Get the next token; an empty mark at the end."""
        place = self.index + ahead
        return self.pieces[place] if place < len(self.pieces) else END

    def is_mark(self, *marks: str) -> bool:
        """Whether the next token is one of some marks."""
        piece = self.get_piece()
        return piece.kind is Kind.MARK and piece.text in marks

    def is_command(self, *names: str) -> bool:
        """Whether the next token is one of some commands."""
        piece = self.get_piece()
        return piece.kind is Kind.COMMAND and piece.text in names

    def skip_mark(self, mark: str) -> None:
        """Step over a mark that has to be there."""
        if not self.is_mark(mark):
            raise NotUnderstoodError(f"{mark} is missing")
        self.index += 1
