"""What training lowers: the cross-entropy, or its logarithm, with or without weight decay.

With one output the cross-entropy is the logistic loss. Both are softplus(−s_i) with a soft margin
s_i: y_i Φ(x_i) with one output, else −log Σ_{k ≠ y_i} exp(Φ_k(x_i) − Φ_{y_i}(x_i)).
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.data.inputs import InputSpec
from engine.network.classes import Classes
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

PART = 1000
"""Images at a time, where memory suffices."""

_SOFTPLUS_IS_LINEAR = 36.0


@dataclass(frozen=True)
class Value:
    """The objective at one θ.

    Attributes:
        objective: what is lowered.
        gradient: by θ.
        log_loss: natural logarithm of the mean cross-entropy, without weight decay.
        margins: by how much the label's own output leads, float64, on the CPU, shape (n,).
    """

    objective: float
    gradient: Parameters
    log_loss: float
    margins: Tensor


@dataclass(frozen=True)
class Objective:
    """J(θ) = (1/n) Σ log(1 + exp(−s_i)) + (w/2) ‖θ‖² with soft margins s_i, or log J.

    Attributes:
        weight_decay: w.
        is_logarithm: log J instead of J.
        part: images at a time.
    """

    weight_decay: float
    is_logarithm: bool
    part: int = PART

    def at(self, theta: Parameters, x: Tensor, y: Tensor) -> Generator[None, None, Value]:
        """The objective and its gradient, in parts, so that a caller can stop between them.

        Args:
            theta: where.
            x: flat, centred images on θ's device, shape (n, D).
            y: labels (`Classes.labels`), float64, on the CPU, shape (n,).
        """
        theta = theta.each(lambda p: p.detach().requires_grad_())
        network = Network(theta, InputSpec.flat(x.shape[1]))
        outputs: list[Tensor] = []
        for part in torch.split(x, self.part):
            if outputs:
                yield
            outputs.append(network.forward(part))
        # On the CPU: Apple GPUs have no float64, which log(loss) needs.
        there = torch.cat([each.detach() for each in outputs]).cpu().double()
        soft, directions = _soft_margins(network.classes, there, y)
        log_loss, slopes = _log_loss(soft)
        scale, pull, value = self._combine(log_loss, theta)
        by_output = (scale * slopes[:, None] * directions).to(x)
        gradient = theta.each(lambda p: pull * p.detach())
        for index, (part, slope) in enumerate(
            zip(outputs, torch.split(by_output, self.part), strict=True)
        ):
            if index:
                yield
            # A sum, not `grad_outputs`: for those torch first imports sympy, for half a second.
            weighted = (part * slope).sum()
            by_theta = torch.autograd.grad(weighted, theta.tensors)
            for total, each in zip(gradient.tensors, by_theta, strict=True):
                total += each
        return Value(value, gradient, log_loss, network.classes.margins(there, y))

    def _combine(self, log_loss: float, theta: Parameters) -> tuple[float, float, float]:
        """What ∇log(loss) and θ are multiplied with to give the gradient; and the objective."""
        loss = math.exp(log_loss)  # May underflow to 0, which is right wherever it is used.
        if not self.weight_decay:
            return (1.0, 0.0, log_loss) if self.is_logarithm else (loss, 0.0, loss)
        squared = sum(float(p.detach().double().square().sum()) for p in theta.tensors)
        total = loss + self.weight_decay / 2 * squared
        if self.is_logarithm:
            return loss / total, self.weight_decay / total, math.log(total)
        return loss, self.weight_decay, total


def _soft_margins(classes: Classes, outputs: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """s_i, shape (n,), and its derivatives by the outputs, shape (n, C)."""
    if classes.outputs == 1:
        return classes.margins_along(outputs, y)
    own = y.long()[:, None]
    others = outputs.scatter(1, own, -torch.inf)
    soft = outputs.gather(1, own)[:, 0] - torch.logsumexp(others, 1)
    return soft, (-torch.softmax(others, 1)).scatter(1, own, 1.0)


def _log_loss(margins: Tensor) -> tuple[float, Tensor]:
    """Log of the mean of softplus(−s), without underflow, and its derivative by each s."""
    # log softplus(−m), which is −m to double precision once m > 36.
    near = torch.nn.functional.softplus(-margins.clamp_max(_SOFTPLUS_IS_LINEAR)).log()
    each = torch.where(margins > _SOFTPLUS_IS_LINEAR, -margins, near)
    log_sum = torch.logsumexp(each, 0)
    # d log Σ softplus(−m_j) / dm_i = −σ(−m_i) / Σ softplus(−m_j)
    slopes = -(torch.nn.functional.logsigmoid(-margins) - log_sum).exp()
    return float(log_sum) - math.log(len(margins)), slopes
