"""Export: write the examples of a version as files for a trainer. Law 8: what a format cannot express is reported."""

from .export import EXPORTS, export
from .tables import make_dataset_dict

__all__ = ["EXPORTS", "export", "make_dataset_dict"]
