"""Near-duplicates among many texts: shingles, MinHash to find candidates, and the exact similarity of each.

shingles    the runs of words of each text, hashed: columns of numbers, no text is kept
pairs       candidates by MinHash and bands (Broder 1997; Leskovec et al., Mining of Massive Datasets, 3.4), verified
"""

from .pairs import MIN_SIMILARITY, NearPairs, find_near_pairs
from .shingles import Shingles, hash_shingles, join_shingles

__all__ = ["MIN_SIMILARITY", "NearPairs", "Shingles", "find_near_pairs", "hash_shingles", "join_shingles"]
