"""Make soft targets for training rows, from the top-k log probabilities of the samples they were made from."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ....schemas.formats import FORMATS_WITH_RATIONALE
from ....schemas.sample import Alternative, TokenLogprob
from ....schemas.student import Objective
from ...errors import InputError
from ..model.chat import escape_special_tokens
from .alignment import align_by_characters, find_matching_blocks
from .alignment_fu import align_fu
from .targets import SoftTarget, SoftTargetFunction
from .vocabulary import make_token_lookup


def make_soft_target_function(tokenizer: Any, samples: pl.DataFrame, objective: Objective) -> SoftTargetFunction | None:
    """Make the function that gives the soft targets of a row's last answer; None where the objective has none.

    Args:
        tokenizer: the student's tokenizer.
        samples: `sample_id`, `text` and `token_logprobs` of the samples that the rows were made from.
        objective: the training objective.

    Raises:
        InputError: no sample has token log probabilities.
    """
    if objective == "completion":
        return None
    with_logprobs = samples.filter(pl.col("token_logprobs").list.len() > 0)
    if with_logprobs.is_empty():
        raise InputError(
            f"the objective {objective} needs the teacher's top-k log probabilities, and no sample of the version has "
            "any",
            hint="request them in the dataset's recipe: teacher.sampling.top_logprobs: 5",
            keys=("stages.objective",),
        )
    teachers = {row["sample_id"]: _parse_logprobs(row["token_logprobs"]) for row in with_logprobs.iter_rows(named=True)}
    lookup = make_token_lookup(tokenizer)

    def align_row(
        row: Mapping[str, Any], spans: Sequence[tuple[int, int]], ids: Sequence[int]
    ) -> list[SoftTarget | None]:
        if row["sample_id"] not in teachers or row["format"] not in FORMATS_WITH_RATIONALE:
            return [None] * len(ids)
        teacher = teachers[row["sample_id"]]
        if objective == "fu":
            return align_fu(teacher, tokenizer.convert_ids_to_tokens(list(ids)), ids, tokenizer.get_vocab())
        teacher_text = "".join(token.token for token in teacher)
        target_text = escape_special_tokens(tokenizer, row["messages"][-1]["content"])
        return align_by_characters(teacher, spans, ids, find_matching_blocks(teacher_text, target_text), lookup)

    return align_row


def _parse_logprobs(logprobs: Sequence[Mapping[str, Any]]) -> tuple[TokenLogprob, ...]:
    return tuple(
        TokenLogprob(
            token=entry["token"],
            logprob=entry["logprob"],
            top=tuple(Alternative(token=top["token"], logprob=top["logprob"]) for top in entry["top"] or ()),
        )
        for entry in logprobs
    )
