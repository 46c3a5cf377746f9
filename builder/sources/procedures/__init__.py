"""The source `procedures`: twelve ways to read the same signs, each in an order of its own, three of them held out."""

from .problems import make_procedure_problems

__all__ = ["make_procedure_problems"]
