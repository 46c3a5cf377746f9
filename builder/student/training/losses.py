"""Objectives: what training lowers at the positions that a student says.

Soft targets are known on a coarse partition only: each token that the teacher listed, and all others together. On that
partition the divergence is exact, for the student's probability of all others is the sum of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from cotloom.builder.student.distillation.targets import Target
from cotloom.schemas.student import Objective
from torch import Tensor
from torch.nn.functional import cross_entropy as nats

IGNORED = -100
"""The label of a position without loss."""

FLOOR = 1e-6
"""The least probability that a teacher's part has under `reverse_kl`; below it a student could be punished without
end for what the teacher rounded to nothing."""

FU_EPSILON = 1e-10
"""What Fu et al. 2023 add to both probabilities under the logarithm."""

Direction = Literal["forward_kl", "reverse_kl"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SoftTargets:
    """The soft targets of a batch, at the positions that have one."""

    place: Tensor
    """Shape (soft,): which of the batch's positions each is for."""
    ids: Tensor
    """Shape (soft, most): tokens; a short row is filled up with -1."""
    probs: Tensor
    """Shape (soft, most): their probabilities; 0 where there is no token."""
    rest: Tensor
    """Shape (soft,): the probability of all other tokens together."""


def soft_targets(targets: Sequence[Target | None], device: torch.device | str = "cpu") -> SoftTargets:
    """Put soft targets into tensors.

    Args:
        targets: one for each position of a batch; null where it has none.
        device: where the tensors go.
    """
    soft = [(place, target) for place, target in enumerate(targets) if target is not None]
    most = max((len(target.ids) for _, target in soft), default=1)
    ids = [[*target.ids, *[-1] * (most - len(target.ids))] for _, target in soft]
    probs = [[*target.probs, *[0.0] * (most - len(target.probs))] for _, target in soft]
    return SoftTargets(
        place=torch.tensor([place for place, _ in soft], dtype=torch.long, device=device),
        ids=torch.tensor(ids, dtype=torch.long, device=device).reshape(len(soft), most),
        probs=torch.tensor(probs, dtype=torch.float32, device=device).reshape(len(soft), most),
        rest=torch.tensor([target.rest for _, target in soft], dtype=torch.float32, device=device),
    )


# Losses of single positions


def divergence(logits: Tensor, ids: Tensor, probs: Tensor, rest: Tensor, direction: Direction) -> Tensor:
    """The Kullback-Leibler divergence between teacher and student, on the listed tokens and the rest.

    Forward, it is sum p log(p / q), what cross-entropy lowers too; reverse, it is sum q log(q / p), which lets the
    student leave some of the teacher's tokens out (Gu et al. 2024, MiniLLM, §2.1). There, parts that the teacher holds
    less likely than `FLOOR` count as that likely.

    Args:
        logits: the student's, shape (positions, vocabulary), at least one token more than are listed.
        ids: listed tokens, shape (positions, most), each once and at least one; filled up with -1.
        probs: the teacher's probabilities of them, same shape, filled up with 0.
        rest: the teacher's probability of all others, shape (positions,).
        direction: `forward_kl` or `reverse_kl`.

    Returns:
        Nats, shape (positions,), never below 0 but for rounding and the floor.
    """
    logits = _precise(logits)
    student = torch.cat(_log_parts(logits, ids), dim=1)
    teacher = torch.cat([probs, rest[:, None]], dim=1).to(logits)
    if direction == "forward_kl":
        return (torch.xlogy(teacher, teacher) - teacher * student).sum(dim=1)
    is_part = torch.cat([ids >= 0, torch.ones_like(ids[:, :1], dtype=torch.bool)], dim=1)
    losses = student.exp() * (student - teacher.clamp(min=FLOOR).log())
    return losses.where(is_part, 0).sum(dim=1)


def _log_parts(logits: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Log probabilities of the listed tokens, shape (positions, most), and of the rest, shape (positions, 1).

    The rest is summed up over its own tokens: as 1 minus the others it would be 0 wherever the student is sure.
    """
    whole = logits.logsumexp(dim=1, keepdim=True)
    filled = torch.where(ids < 0, ids[:, :1], ids)
    others = logits.scatter(1, filled, -torch.inf).logsumexp(dim=1, keepdim=True)
    return logits.gather(1, filled) - whole, others - whole


def fu_divergence(logits: Tensor, ids: Tensor, probs: Tensor) -> Tensor:
    """What Fu et al. 2023 lower: sum p log(p / q) over the listed tokens, whose p add up to less than 1.

    An epsilon stands under the logarithm beside either probability, as in their code, so that a position's loss ends
    at about 23 nats. It is lowest where the student holds the listed tokens as likely, to each other, as the teacher.

    Args:
        logits: the student's, shape (positions, vocabulary).
        ids: listed tokens, shape (positions, most), filled up with -1.
        probs: the teacher's probabilities of them, same shape, filled up with 0.

    Returns:
        Nats, shape (positions,); below 0 where the student holds the listed tokens likelier than the teacher.
    """
    student = _precise(logits).softmax(dim=1).gather(1, ids.clamp(min=0))
    teacher = probs.to(student)
    ratios = (teacher + FU_EPSILON).log() - (student + FU_EPSILON).log()
    return (teacher * ratios).sum(dim=1)


def _precise(logits: Tensor) -> Tensor:
    """Logits in single precision, or in double if they are."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


# Losses of a batch


def cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """The mean cross-entropy over the positions with a label.

    Args:
        logits: shape (positions, vocabulary).
        labels: shape (positions,); -100 where there is none.
        weights: how much each position counts, shape (positions,); all alike where there are none.

    Returns:
        Nats, one number; 0 where no position has a label.
    """
    said = labels != IGNORED
    return _mean(
        nats(_precise(logits[said]), labels[said], reduction="none"), None if weights is None else weights[said]
    )


def _mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    counts = torch.ones_like(losses) if weights is None else weights.to(losses)
    whole = counts.sum()
    return (losses * counts).sum() / torch.where(whole > 0, whole, 1)


_AT: Mapping[Objective, Callable[[Tensor, SoftTargets], Tensor]] = {
    "forward_kl": lambda logits, soft: divergence(logits, soft.ids, soft.probs, soft.rest, "forward_kl"),
    "reverse_kl": lambda logits, soft: divergence(logits, soft.ids, soft.probs, soft.rest, "reverse_kl"),
    "fu": lambda logits, soft: fu_divergence(logits, soft.ids, soft.probs),
}
"""The loss of a position with a soft target, by objective. `completion` has none."""


def objective_loss(
    kind: Objective,
    logits: Tensor,
    labels: Tensor,
    soft: Sequence[Target | None] = (),
    weights: Tensor | None = None,
) -> Tensor:
    """The mean loss over the positions with a label: cross-entropy, or the divergence where there is a soft target.

    Args:
        kind: the objective; `completion` takes no notice of soft targets.
        logits: shape (positions, vocabulary).
        labels: shape (positions,); -100 where there is none.
        soft: a soft target or null for each position; nothing at all where no position has one.
        weights: how much each position counts, shape (positions,); all alike where there are none.

    Returns:
        Nats, one number; 0 where no position has a label.
    """
    if kind == "completion" or not any(soft):
        return cross_entropy(logits, labels, weights)
    batch = soft_targets(
        [target if said else None for target, said in zip(soft, _said(labels), strict=True)], logits.device
    )
    hard = labels != IGNORED
    hard[batch.place] = False
    losses = torch.cat(
        [
            nats(_precise(logits[hard]), labels[hard], reduction="none"),
            _AT[kind](logits[batch.place], batch),
        ]
    )
    return _mean(losses, None if weights is None else torch.cat([weights[hard], weights[batch.place]]))


def _said(labels: Tensor) -> list[bool]:
    said: list[bool] = (labels != IGNORED).tolist()
    return said
