"""Content: find the texts that ask for the same, with other numbers, names, order or wording.

stems    words as they are compared: masked, without endings; which of them any text may have
index    how much of each indexed text another text contains, weighted by rarity
"""

from .index import LEAST_NATS, ContentIndex, find_most_contained, find_rare_run, index_content
from .stems import list_stems

__all__ = ["LEAST_NATS", "ContentIndex", "find_most_contained", "find_rare_run", "index_content", "list_stems"]
