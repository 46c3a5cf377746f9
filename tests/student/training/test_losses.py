"""Objectives against the coarse distributions written out, position by position."""

from math import exp, log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.student.distillation.targets import SoftTarget
from cotloom.builder.student.model.batching import IGNORE_INDEX
from cotloom.builder.student.training.losses import (
    FLOOR,
    compute_cross_entropy,
    compute_divergence,
    compute_fu_divergence,
    compute_objective_loss,
    make_soft_target_batch,
)

VOCABULARY = 7
DIRECTIONS = ["forward_kl", "reverse_kl"]


@st.composite
def positions(draw, least=0.0):
    """Logits of one position, and a target on some of its tokens."""
    logits = draw(st.lists(st.floats(-8, 8, width=32), min_size=VOCABULARY, max_size=VOCABULARY))
    ids = draw(st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=VOCABULARY - 2, unique=True))
    shares = [draw(st.floats(least, 1)) for _ in range(len(ids) + 1)]
    whole = sum(shares) or 1.0
    shares = [share / whole for share in shares] if sum(shares) else [1.0, *[0.0] * len(ids)]
    return logits, SoftTarget(ids=tuple(ids), probs=tuple(shares[:-1]), rest=shares[-1])


def compute_parts(logits, target):
    """The student's probabilities of the listed tokens and of all others."""
    whole = sum(exp(logit) for logit in logits)
    chances = [exp(logit) / whole for logit in logits]
    others = sum(chance for token, chance in enumerate(chances) if token not in target.ids)
    return [chances[token] for token in target.ids], others


def compute_by_definition(direction, logits, target):
    listed, others = compute_parts(logits, target)
    student, teacher = [*listed, others], [*target.probs, target.rest]
    if direction == "forward_kl":
        return sum(p * log(p / q) for p, q in zip(teacher, student, strict=True) if p)
    raised = [max(p, FLOOR) for p in teacher]
    return sum(q * log(q / p) for p, q in zip(raised, student, strict=True))


def measure(direction, batch, dtype=torch.float64):
    soft = make_soft_target_batch([target for _, target in batch])
    logits = torch.tensor([logits for logits, _ in batch], dtype=dtype)
    return compute_divergence(logits, soft.ids, soft.probs, soft.rest, direction)


@pytest.mark.parametrize("direction", DIRECTIONS)
@given(batch=st.lists(positions(), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_the_divergence_is_that_of_the_distributions_written_out(direction, batch):
    expected = [compute_by_definition(direction, logits, target) for logits, target in batch]
    assert measure(direction, batch).tolist() == pytest.approx(expected, abs=1e-5)
    assert measure(direction, batch, torch.float32).tolist() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("direction", DIRECTIONS)
@given(batch=st.lists(positions(), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_a_divergence_is_never_below_zero(direction, batch):
    assert measure(direction, batch).min() >= -FLOOR * VOCABULARY


@pytest.mark.parametrize("direction", DIRECTIONS)
@given(position=positions())
@settings(max_examples=50, deadline=None)
def test_a_student_that_holds_likely_what_the_teacher_does_has_no_divergence(direction, position):
    logits, target = position
    listed, others = compute_parts(logits, target)
    same = SoftTarget(ids=target.ids, probs=tuple(listed), rest=others)
    assert measure(direction, [(logits, same)]).item() == pytest.approx(0, abs=1e-5)


@given(batch=st.lists(positions(), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_fu_s_divergence_counts_the_listed_tokens_only(batch):
    soft = make_soft_target_batch([target for _, target in batch])
    logits = torch.tensor([logits for logits, _ in batch], dtype=torch.float64)
    expected = [
        sum(
            p * log((p + 1e-10) / (q + 1e-10)) for p, q in zip(target.probs, compute_parts(one, target)[0], strict=True)
        )
        for one, target in batch
    ]
    assert compute_fu_divergence(logits, soft.ids, soft.probs).tolist() == pytest.approx(expected, abs=1e-5)


def test_a_target_without_doubt_has_the_gradient_of_cross_entropy():
    logits = torch.randn(3, VOCABULARY, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    logits.requires_grad_()
    labels = torch.tensor([2, 0, 6])
    sure = [SoftTarget(ids=(label,), probs=(1.0,), rest=0.0) for label in labels.tolist()]
    (hard,) = torch.autograd.grad(compute_cross_entropy(logits, labels), logits)
    (soft,) = torch.autograd.grad(compute_objective_loss("forward_kl", logits, labels, sure), logits)
    assert torch.allclose(hard, soft)
    assert hard.abs().max() > 0.01


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_gradients_are_those_of_small_differences(direction, scale):
    targets = [
        SoftTarget(ids=(1, 4), probs=(0.6, 0.3), rest=0.1),
        SoftTarget(ids=(0,), probs=(1.0,), rest=0.0),
        SoftTarget(ids=(2, 3, 5), probs=(0.5, 0.0, 0.0), rest=0.5),
    ]
    soft = make_soft_target_batch(targets)
    logits = scale * torch.randn(3, VOCABULARY, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    logits.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda one: compute_divergence(one, soft.ids, soft.probs, soft.rest, direction), logits
    )
    assert torch.autograd.gradcheck(lambda one: compute_fu_divergence(one, soft.ids, soft.probs), logits)


@pytest.mark.parametrize("kind", [*DIRECTIONS, "fu"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("sure_of", [0, 1, 6])
@pytest.mark.parametrize("height", [100.0, 3e4])
def test_a_student_that_is_all_but_sure_has_a_finite_loss_and_gradient(kind, dtype, sure_of, height):
    logits = torch.zeros(1, VOCABULARY, dtype=dtype)
    logits[0, sure_of] = height
    logits.requires_grad_()
    target = SoftTarget(ids=(1, 4), probs=(0.7, 0.2), rest=0.1)
    loss = compute_objective_loss(kind, logits, torch.tensor([1]), [target])
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()
    if kind != "fu":
        assert loss > 0.1


def test_a_student_sure_of_the_listed_tokens_is_still_drawn_to_the_others():
    logits = torch.tensor([[0.0, 60.0, 0.0]], requires_grad=True)  # in single precision 1 - q is 0
    target = SoftTarget(ids=(1,), probs=(0.5,), rest=0.5)
    loss = compute_objective_loss("forward_kl", logits, torch.tensor([1]), [target])
    assert loss.item() == pytest.approx(0.5 * (60 - log(2)) + log(0.5), rel=1e-4)
    loss.backward()
    assert logits.grad[0].tolist() == pytest.approx([-0.25, 0.5, -0.25], abs=1e-4)


@pytest.mark.parametrize("kind", [*DIRECTIONS, "fu"])
def test_the_loss_of_a_batch_is_the_mean_of_its_positions_each_in_its_own_way(kind):
    logits = torch.randn(4, VOCABULARY, generator=torch.Generator().manual_seed(2))
    labels = torch.tensor([3, IGNORE_INDEX, 1, 5])
    listed = SoftTarget(ids=(1, 2), probs=(0.5, 0.25), rest=0.25)
    sought = make_soft_target_batch([listed])
    if kind == "fu":
        soft = compute_fu_divergence(logits[2:3], sought.ids, sought.probs).item()
    else:
        soft = compute_divergence(logits[2:3], sought.ids, sought.probs, sought.rest, kind).item()
    hard = (-logits.log_softmax(dim=1)[[0, 3], [3, 5]]).tolist()
    targets = [None, listed, listed, None]  # the second position has no label, so its target does not count
    assert compute_objective_loss(kind, logits, labels, targets).item() == pytest.approx((sum(hard) + soft) / 3)
    weights = torch.tensor([2.0, 9.0, 0.5, 1.0])
    expected = (2 * hard[0] + 0.5 * soft + hard[1]) / 3.5
    assert compute_objective_loss(kind, logits, labels, targets, weights).item() == pytest.approx(expected)


def test_completion_takes_no_notice_of_soft_targets():
    logits = torch.randn(2, VOCABULARY, generator=torch.Generator().manual_seed(3))
    labels = torch.tensor([3, 4])
    target = SoftTarget(ids=(1,), probs=(0.5,), rest=0.5)
    assert compute_objective_loss("completion", logits, labels, [target, None]) == compute_cross_entropy(logits, labels)


@pytest.mark.parametrize("kind", ["completion", *DIRECTIONS, "fu"])
def test_without_soft_targets_every_objective_is_cross_entropy(kind):
    logits = torch.randn(2, VOCABULARY, generator=torch.Generator().manual_seed(4))
    labels = torch.tensor([3, 4])
    expected = torch.nn.functional.cross_entropy(logits, labels).item()
    assert compute_objective_loss(kind, logits, labels).item() == pytest.approx(expected)
    assert compute_objective_loss(kind, logits, labels, [None, None]).item() == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["completion", *DIRECTIONS, "fu"])
def test_where_nothing_has_a_label_the_loss_is_zero_and_moves_nothing(kind):
    logits = torch.randn(2, VOCABULARY, generator=torch.Generator().manual_seed(5)).requires_grad_()
    target = SoftTarget(ids=(1,), probs=(0.5,), rest=0.5)
    loss = compute_objective_loss(kind, logits, torch.tensor([IGNORE_INDEX, IGNORE_INDEX]), [target, None])
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0


def test_cross_entropy_of_half_precision_is_taken_in_single():
    logits = torch.tensor([[8.0, 0.0, 0.0]], dtype=torch.bfloat16)
    assert compute_cross_entropy(logits, torch.tensor([0])).item() == pytest.approx(log(1 + 2 * exp(-8)), rel=1e-3)


def test_targets_are_laid_side_by_side_where_there_are_any():
    short, long = SoftTarget(ids=(4,), probs=(0.5,), rest=0.5), SoftTarget(ids=(1, 2), probs=(0.5, 0.25), rest=0.25)
    soft = make_soft_target_batch([None, short, None, long])
    assert soft.positions.tolist() == [1, 3]
    assert soft.ids.tolist() == [[4, -1], [1, 2]]
    assert soft.probs.tolist() == [[0.5, 0.0], [0.5, 0.25]]
    assert soft.rest.tolist() == [0.5, 0.25]
    assert make_soft_target_batch([None]).ids.shape == (0, 1)


def test_a_reverse_divergence_ends_where_the_teacher_gave_nothing():
    target = SoftTarget(ids=(1,), probs=(0.0,), rest=1.0)
    (found,) = measure("reverse_kl", [([-50.0, 0.0, 0.0], target)])
    assert found.item() == pytest.approx(0.5 * log(0.5 / FLOOR) + 0.5 * log(0.5), rel=1e-4)
