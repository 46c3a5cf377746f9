"""Units of measure that answers use: a closed list of names in several languages, and their sizes as exact fractions.

A noun that is counted, `pens`, is no unit.
"""

from .parse import MeasureUnit, list_sizes, match_rate, match_unit

__all__ = ["MeasureUnit", "list_sizes", "match_rate", "match_unit"]
