"""Versioned chain-of-thought datasets."""

from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent
if not (Path(__file__).parent / "builder").is_dir():
    __path__.append(str(_CHECKOUT))  # in a checkout the rooms lie beside this folder, installed they lie in it
