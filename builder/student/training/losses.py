"""Losses: cross-entropy at the positions with a label, or a divergence at those with a soft target.

A soft target gives the probabilities of the tokens that the teacher listed, and of all others together. On this coarse
partition the divergence is exact, since the student's probability of all others is the sum over its own tokens.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ....schemas.student import Objective
from ..distillation.targets import SoftTarget
from ..model.batching import IGNORE_INDEX

FLOOR = 1e-6
"""Lower bound of the teacher's probabilities under `reverse_kl`: without it, the loss would be unbounded where the
teacher's probability is rounded to 0."""

FU_EPSILON = 1e-10
"""The epsilon that Fu et al. 2023 add to both probabilities inside the logarithm."""

Direction = Literal["forward_kl", "reverse_kl"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SoftTargetBatch:
    """The soft targets of a batch as tensors, for the positions that have one."""

    positions: Tensor
    """Shape (soft,): index of each one's position in the batch."""
    ids: Tensor
    """Shape (soft, most): token ids, padded with -1."""
    probs: Tensor
    """Shape (soft, most): their probabilities, padded with 0."""
    rest: Tensor
    """Shape (soft,): the probability of all other tokens together."""


def make_soft_target_batch(targets: Sequence[SoftTarget | None], device: torch.device | str = "cpu") -> SoftTargetBatch:
    """Make tensors of soft targets.

    Args:
        targets: one for each position of a batch; null where it has none.
        device: device of the tensors.
    """
    soft = [(position, target) for position, target in enumerate(targets) if target is not None]
    most = max((len(target.ids) for _, target in soft), default=1)
    ids = [[*target.ids, *[-1] * (most - len(target.ids))] for _, target in soft]
    probs = [[*target.probs, *[0.0] * (most - len(target.probs))] for _, target in soft]
    return SoftTargetBatch(
        positions=torch.tensor([position for position, _ in soft], dtype=torch.long, device=device),
        ids=torch.tensor(ids, dtype=torch.long, device=device).reshape(len(soft), most),
        probs=torch.tensor(probs, dtype=torch.float32, device=device).reshape(len(soft), most),
        rest=torch.tensor([target.rest for _, target in soft], dtype=torch.float32, device=device),
    )


# Losses of single positions


def compute_divergence(logits: Tensor, ids: Tensor, probs: Tensor, rest: Tensor, direction: Direction) -> Tensor:
    """Compute the Kullback-Leibler divergence between teacher p and student q, on the listed tokens and the rest.

    Forward KL is sum p log(p / q), which is mode-covering like cross-entropy; reverse KL is sum q log(q / p), which is
    mode-seeking (Gu et al. 2024, MiniLLM, §2.1). Under reverse KL the teacher's probabilities are clamped to `FLOOR`.

    Args:
        logits: the student's, shape (positions, vocabulary), with at least one token more than are listed.
        ids: listed tokens, shape (positions, most), distinct and at least one; padded with -1.
        probs: the teacher's probabilities of them, same shape, padded with 0.
        rest: the teacher's probability of all other tokens, shape (positions,).
        direction: `forward_kl` or `reverse_kl`.

    Returns:
        Nats, shape (positions,); not negative except by rounding and the floor.
    """
    logits = _upcast(logits)
    student = torch.cat(_compute_log_parts(logits, ids), dim=1)
    teacher = torch.cat([probs, rest[:, None]], dim=1).to(logits)
    if direction == "forward_kl":
        return (torch.xlogy(teacher, teacher) - teacher * student).sum(dim=1)
    is_part = torch.cat([ids >= 0, torch.ones_like(ids[:, :1], dtype=torch.bool)], dim=1)
    losses = student.exp() * (student - teacher.clamp(min=FLOOR).log())
    return losses.where(is_part, 0).sum(dim=1)


def _compute_log_parts(logits: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Log probabilities of the listed tokens, shape (positions, most), and of the rest, shape (positions, 1).

    The rest is summed over its own tokens: computed as 1 minus the others, it would underflow for a confident student.
    """
    total = logits.logsumexp(dim=1, keepdim=True)
    filled = torch.where(ids < 0, ids[:, :1], ids)
    others = logits.scatter(1, filled, -torch.inf).logsumexp(dim=1, keepdim=True)
    return logits.gather(1, filled) - total, others - total


def compute_fu_divergence(logits: Tensor, ids: Tensor, probs: Tensor) -> Tensor:
    """Compute the divergence of Fu et al. 2023: sum p log(p / q) over the listed tokens, whose p sum to less than 1.

    As in their code, an epsilon is added to both probabilities inside the logarithm, so that the loss of a position is
    at most about 23 nats. For a given total, it is lowest where the student's probabilities of the listed tokens are
    proportional to the teacher's.

    Args:
        logits: the student's, shape (positions, vocabulary).
        ids: listed tokens, shape (positions, most), padded with -1.
        probs: the teacher's probabilities of them, same shape, padded with 0.

    Returns:
        Nats, shape (positions,); negative where the student gives the listed tokens more probability than the teacher.
    """
    student = _upcast(logits).softmax(dim=1).gather(1, ids.clamp(min=0))
    teacher = probs.to(student)
    ratios = (teacher + FU_EPSILON).log() - (student + FU_EPSILON).log()
    return (teacher * ratios).sum(dim=1)


def _upcast(logits: Tensor) -> Tensor:
    """Cast logits to float32, or keep float64."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


# Losses of a batch


def compute_cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Compute the mean cross-entropy over the positions with a label.

    Args:
        logits: shape (positions, vocabulary).
        labels: shape (positions,); `IGNORE_INDEX` where there is none.
        weights: weight of each position, shape (positions,); None for equal weights.

    Returns:
        Nats, a scalar; 0 where no position has a label.
    """
    has_label = labels != IGNORE_INDEX
    losses = cross_entropy(_upcast(logits[has_label]), labels[has_label], reduction="none")
    return _average(losses, None if weights is None else weights[has_label])


def _average(losses: Tensor, weights: Tensor | None) -> Tensor:
    counts = torch.ones_like(losses) if weights is None else weights.to(losses)
    total = counts.sum()
    return (losses * counts).sum() / torch.where(total > 0, total, 1)


_DIVERGENCES: Mapping[Objective, Callable[[Tensor, SoftTargetBatch], Tensor]] = {
    "forward_kl": lambda logits, soft: compute_divergence(logits, soft.ids, soft.probs, soft.rest, "forward_kl"),
    "reverse_kl": lambda logits, soft: compute_divergence(logits, soft.ids, soft.probs, soft.rest, "reverse_kl"),
    "fu": lambda logits, soft: compute_fu_divergence(logits, soft.ids, soft.probs),
}
"""Loss of the positions with a soft target, by objective; `completion` has none. Shape (positions,), in nats."""


def compute_objective_loss(
    objective: Objective,
    logits: Tensor,
    labels: Tensor,
    soft_targets: Sequence[SoftTarget | None] = (),
    weights: Tensor | None = None,
) -> Tensor:
    """Compute the mean loss over the positions with a label.

    It is the objective's divergence where there is a soft target, else cross-entropy.

    Args:
        objective: the objective; `completion` ignores soft targets.
        logits: shape (positions, vocabulary).
        labels: shape (positions,); `IGNORE_INDEX` where there is none.
        soft_targets: a soft target or null for each position; empty where no position has one.
        weights: weight of each position, shape (positions,); None for equal weights.

    Returns:
        Nats, a scalar; 0 where no position has a label.
    """
    if objective == "completion" or not any(soft_targets):
        return compute_cross_entropy(logits, labels, weights)
    is_hard = labels != IGNORE_INDEX
    labelled = zip(soft_targets, is_hard.tolist(), strict=True)
    batch = make_soft_target_batch([target if has_label else None for target, has_label in labelled], logits.device)
    is_hard[batch.positions] = False
    hard = cross_entropy(_upcast(logits[is_hard]), labels[is_hard], reduction="none")
    soft = _DIVERGENCES[objective](logits[batch.positions], batch)
    counts = None if weights is None else torch.cat([weights[is_hard], weights[batch.positions]])
    return _average(torch.cat([hard, soft]), counts)
