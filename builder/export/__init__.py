"""Export: write a version's examples as the files that a trainer reads."""

from cotloom.builder.export.export import EXPORTS, export

__all__ = ["EXPORTS", "export"]
