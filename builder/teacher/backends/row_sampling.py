"""Sample the rows of a batch apart: each draws by noise of its own, and tells the log probabilities of its tokens.

A batch that is drawn from one generator gives a row other tokens when another row is added or left out. Here the noise
of a row depends on its own seed alone, so that only rounding in the model's arithmetic can make a difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from ....schemas.prompt import LocalSampling
from ..request import LEAST_LOGPROB

_LEAST_NOISE = torch.finfo(torch.float32).tiny


@dataclass(frozen=True, slots=True)
class RankedTokens:
    """The log probabilities of a row's tokens, and of the most likely tokens at each position, on the processor."""

    chosen: torch.Tensor
    """Log probability of the row's own token, shape (positions,)."""
    values: torch.Tensor
    """Those of the most likely tokens, the most likely first, shape (positions, top)."""
    candidates: torch.Tensor
    """The ids of these tokens, shape (positions, top)."""


class RowNoise(LogitsProcessor):
    """Adds Gumbel noise to the scores of each row: the greatest of them is then a sample of the distribution.

    The choice between two tokens depends on their scores and their noise alone. So a difference by rounding changes a
    token only where two of them are as close as that.
    """

    def __init__(self, seeds: Sequence[int], device: str) -> None:
        """Begin the noise of each row.

        Args:
            seeds: one for each row.
            device: where the scores are.
        """
        self._generators = [torch.Generator(device).manual_seed(seed % 2**63) for seed in seeds]

    def __call__(self, input_ids: Any, scores: torch.Tensor) -> torch.Tensor:  # noqa: ARG002 - as transformers calls it
        """Add the noise of the next token to scores of shape (rows, vocabulary)."""
        noise = torch.empty_like(scores, dtype=torch.float32)
        for row, generator in zip(noise, self._generators, strict=True):
            row.exponential_(generator=generator)
        return scores.float() - noise.clamp_(min=_LEAST_NOISE).log_()


class LogprobRecorder(LogitsProcessor):
    """Keeps the log probabilities of each step: those of the rows' own tokens, and of the most likely ones.

    They are the model's own, before temperature and penalties, as chat servers report them. The whole vocabulary is
    never kept for more than one step.
    """

    def __init__(self, top: int) -> None:
        """Keep so many of the most likely tokens."""
        self._top = top
        self._logits = torch.empty(0)
        self._steps: list[RankedTokens] = []

    def read_logits(self, model: Any, given: Any, output: Any) -> None:  # noqa: ARG002 - a hook
        """Read what the model said of the next token; a forward hook."""
        self._logits = output.logits[:, -1].float()

    def __call__(self, input_ids: Any, scores: torch.Tensor) -> torch.Tensor:  # noqa: ARG002 - as transformers calls it
        """Keep the step. It stands behind all other processors, so that the greatest score is the row's token."""
        self._steps.append(rank_tokens(self._logits.log_softmax(dim=-1), scores.argmax(dim=-1), self._top))
        return scores

    def collect_rows(self) -> list[RankedTokens]:
        """Collect the steps of each row."""
        chosen = torch.stack([step.chosen for step in self._steps], dim=1).cpu()
        values = torch.stack([step.values for step in self._steps], dim=1).cpu()
        candidates = torch.stack([step.candidates for step in self._steps], dim=1).cpu()
        return [RankedTokens(*row) for row in zip(chosen, values, candidates, strict=True)]


def rank_tokens(logprobs: torch.Tensor, tokens: torch.Tensor, top: int) -> RankedTokens:
    """Pick the log probability of one token at each position, and the most likely tokens.

    Args:
        logprobs: log probabilities, shape (positions, vocabulary).
        tokens: the tokens, shape (positions,).
        top: how many of the most likely ones.
    """
    finite = logprobs.clamp(min=LEAST_LOGPROB)
    values, candidates = finite.topk(top)
    return RankedTokens(finite.gather(1, tokens[:, None])[:, 0], values, candidates)


def list_processors(sampling: LocalSampling, seeds: Sequence[int], device: str) -> LogitsProcessorList:
    """List what turns the scores of a step into those whose greatest is the token; nothing for greedy answers.

    Args:
        sampling: temperature and the limits of what is drawn from.
        seeds: one for each row.
        device: where the scores are.
    """
    steps: list[LogitsProcessor] = []
    if sampling.temperature == 0:
        return LogitsProcessorList(steps)
    if sampling.temperature is not None:
        steps.append(TemperatureLogitsWarper(sampling.temperature))
    if sampling.top_k is not None:
        steps.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p is not None and sampling.top_p < 1:
        steps.append(TopPLogitsWarper(sampling.top_p))
    if sampling.min_p is not None:
        steps.append(MinPLogitsWarper(sampling.min_p))
    return LogitsProcessorList([*steps, RowNoise(seeds, device)])
