"""Count the tokens of texts with a tokenizer that lies in a file: fast, without padding, marks or limits.

`tokenizers` is imported inside a function: few builds count tokens, and it comes with `pip install cotloom[train]`.
"""

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import InputError

BATCH = 1_000
"""How many texts are encoded at once."""


def count_tokens(texts: Sequence[str], path: Path) -> list[int]:
    """Count the tokens of each text, as it is: no mark of a beginning or an end is added.

    Args:
        texts: the texts.
        path: a file `tokenizer.json`.

    Raises:
        InputError: the library is not installed, or the file holds no tokenizer.
    """
    tokenizer = _open_tokenizer(path)
    batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
    encoded = (tokenizer.encode_batch_fast(list(batch), add_special_tokens=False) for batch in batches)
    return [len(encoding.ids) for encodings in encoded for encoding in encodings]


@lru_cache(maxsize=2)
def _open_tokenizer(path: Path) -> Any:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # buckets are worked on side by side already
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - see above
    except ImportError as error:
        raise InputError(
            "counting tokens needs the library tokenizers", hint="pip install cotloom[train]", keys=("tokenizer",)
        ) from error
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise InputError(
            f"{path} holds no tokenizer: {error}",
            hint="save one there with save_pretrained of a fast tokenizer of transformers",
            keys=("tokenizer",),
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
