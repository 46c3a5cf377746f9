"""Soft targets: what the teacher held likely at each token, brought to the student's tokens."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.student.distillation.alignment import align, text_map
from cotloom.builder.student.distillation.alignment_fu import align_fu
from cotloom.builder.student.distillation.targets import Target
from cotloom.builder.student.distillation.vocabulary import lookup_of
from cotloom.builder.student.model.chat import as_text
from cotloom.builder.student.training.collate import Soft
from cotloom.schemas.sample import Alternative, TokenLogprob
from cotloom.schemas.student import Objective


def soft_of(tokenizer: Any, samples: pl.DataFrame, objective: Objective) -> Soft | None:
    """Make the function that gives the soft targets of a row's last answer; None where the objective has none.

    Args:
        tokenizer: the student's.
        samples: `sample_id`, `text` and `token_logprobs` of the samples that rows were made from.
        objective: what training lowers.

    Raises:
        InputError: no sample has token log probabilities.
    """
    if objective == "completion":
        return None
    told = samples.filter(pl.col("token_logprobs").list.len() > 0)
    if told.is_empty():
        raise InputError(
            f"the objective {objective} needs what the teacher held likely, and no sample of the version says it",
            hint="ask for it in the dataset's recipe: teacher.sampling.top_logprobs: 5",
            keys=("stages.objective",),
        )
    teachers = {row["sample_id"]: _tokens(row["token_logprobs"]) for row in told.iter_rows(named=True)}
    lookup = lookup_of(tokenizer)

    def exact(row: Mapping[str, Any], spans: Sequence[tuple[int, int]], ids: Sequence[int]) -> list[Target | None]:
        if row["sample_id"] not in teachers or row["format"] not in REASONED:
            return [None] * len(ids)
        tokens = teachers[row["sample_id"]]
        spelled = "".join(token.token for token in tokens)
        said = as_text(tokenizer, row["messages"][-1]["content"])
        return align(tokens, spans, ids, text_map(spelled, said), lookup)

    def by_edits(row: Mapping[str, Any], _spans: Sequence[tuple[int, int]], ids: Sequence[int]) -> list[Target | None]:
        if row["sample_id"] not in teachers or row["format"] not in REASONED:
            return [None] * len(ids)
        pieces = tokenizer.convert_ids_to_tokens(list(ids))
        return align_fu(teachers[row["sample_id"]], pieces, ids, tokenizer.get_vocab())

    return by_edits if objective == "fu" else exact


REASONED = frozenset({"zero_shot_cot", "in_context_cot", "cot_collection", "fine_tune_cot"})
"""Formats whose last answer is the sample's reasoning."""


def _tokens(logprobs: Sequence[Mapping[str, Any]]) -> tuple[TokenLogprob, ...]:
    return tuple(
        TokenLogprob(
            token=one["token"],
            logprob=one["logprob"],
            top=tuple(Alternative(token=other["token"], logprob=other["logprob"]) for other in one["top"] or ()),
        )
        for one in logprobs
    )
