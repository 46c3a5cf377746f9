"""`cotloom ledger`: what was paid for, here and elsewhere, and what is on its way."""

from .commands import app

__all__ = ["app"]
