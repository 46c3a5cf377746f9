"""Log probabilities of a chat completion as columns: hundreds of small records of an answer are two arrays."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import Any, cast

import numpy as np
import pyarrow as pa

from ...schemas.frames import ArrowRows
from ...schemas.sample import TokenLogprob
from .request import LEAST_LOGPROB

_NUMBERS = {float, int}


def read_regular_logprobs(content: Sequence[Any]) -> tuple[TokenLogprob, ...] | None:
    """Read log probabilities that are as the protocol says; None where anything is otherwise.

    Args:
        content: `logprobs.content` of a choice.
    """
    try:
        tokens, logprobs = _read_pairs(content)
        tops = [item.get("top_logprobs") or [] for item in content]
        top_tokens, top_logprobs = _read_pairs(list(chain.from_iterable(tops)))
    except (TypeError, KeyError, AttributeError, ValueError, OverflowError):
        return None
    if set(map(type, tops)) - {list}:
        return None
    offsets = pa.array([0, *accumulate(map(len, tops))], pa.int64())
    alternatives = pa.StructArray.from_arrays([top_tokens, top_logprobs], names=["token", "logprob"])
    top = pa.LargeListArray.from_arrays(offsets, alternatives)
    rows = pa.StructArray.from_arrays([tokens, logprobs, top], names=["token", "logprob", "top"])
    return cast("tuple[TokenLogprob, ...]", ArrowRows(rows, TokenLogprob))  # it is used as one


def _read_pairs(items: Sequence[Any]) -> tuple[pa.Array, pa.Array]:
    """Read token and log probability of each item.

    Raises:
        ValueError: one of them is not what it should be, or a text is no UTF-8.
    """
    tokens, logprobs = [item["token"] for item in items], [item["logprob"] for item in items]
    _check_types(tokens, {str})
    _check_types(logprobs, _NUMBERS)
    numbers = np.array(logprobs, dtype=np.float64)
    if np.isnan(numbers).any():
        message = "a log probability is not a number"
        raise ValueError(message)
    bounded = np.clip(numbers, LEAST_LOGPROB, -LEAST_LOGPROB)
    return pa.array(tokens, pa.large_string()), pa.array(bounded)


def _check_types(values: Iterable[Any], kinds: set[type]) -> None:
    if set(map(type, values)) - kinds:
        message = "a value has another type"
        raise ValueError(message)
