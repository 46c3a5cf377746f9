"""Numbers in words: forty-two, two thirds, half a dozen, 三百二十, einundzwanzig, quatre-vingt-dix, treinta y cinco."""

from .chinese import CHARACTERS, read_chinese
from .read import Spelled, read_spelled

__all__ = ["CHARACTERS", "Spelled", "read_chinese", "read_spelled"]
