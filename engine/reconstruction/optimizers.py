"""The optimisers of a search: Adam and momentum as PyTorch has them, that never ask the device.

PyTorch's own take a rate that is a number, and one that lies on a GPU has to be waited for in each
step; nor do they take a step on the CPU once a GPU is lost, which they ask first whether it records
a graph. What they remember has the names that PyTorch gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_FIRST, _SECOND, _EPSILON = 0.9, 0.999, 1e-8
_MOMENTUM = 0.9


class Optimizer(Protocol):
    """Moves a tensor along its gradients."""

    def move(self, gradient: Tensor, rate: float | Tensor) -> None:
        """One step, in place.

        Args:
            gradient: in the shape of the tensor; it may be kept, and changed.
            rate: a number, or a tensor of shape () on the device, which is not waited for.
        """
        ...

    @property
    def memory(self) -> dict[str, Tensor]:
        """What is remembered, by name; nothing before the first step."""
        ...

    def restore(self, memory: Mapping[str, Tensor]) -> None:
        """Goes on with what was once remembered, wherever that lies now."""
        ...


class Adam:
    """Kingma and Ba 2015, algorithm 1, with their β and ε."""

    def __init__(self, tensor: Tensor) -> None:
        """
        Args:
            tensor: what is moved.
        """
        self._tensor = tensor
        self._steps = 0
        self._mean, self._square = torch.zeros_like(tensor), torch.zeros_like(tensor)

    def move(self, gradient: Tensor, rate: float | Tensor) -> None:
        """See `Optimizer.move`."""
        self._steps += 1
        self._mean.lerp_(gradient, 1 - _FIRST)
        self._square.mul_(_SECOND).addcmul_(gradient, gradient, value=1 - _SECOND)
        size = (self._square.sqrt() / (1 - _SECOND**self._steps) ** 0.5).add_(_EPSILON)
        step = rate / (1 - _FIRST**self._steps)
        if isinstance(step, float):
            self._tensor.addcdiv_(self._mean, size, value=-step)
        else:
            self._tensor.sub_(self._mean / size * step)

    @property
    def memory(self) -> dict[str, Tensor]:
        """See `Optimizer.memory`."""
        if not self._steps:
            return {}
        steps = torch.tensor(float(self._steps))
        return {"step": steps, "exp_avg": self._mean, "exp_avg_sq": self._square}

    def restore(self, memory: Mapping[str, Tensor]) -> None:
        """See `Optimizer.restore`."""
        self._steps = int(memory["step"])
        self._mean.copy_(memory["exp_avg"])
        self._square.copy_(memory["exp_avg_sq"])


class Momentum:
    """Gradient descent with momentum 0.9, as in Haim et al. 2022."""

    def __init__(self, tensor: Tensor) -> None:
        """
        Args:
            tensor: what is moved.
        """
        self._tensor = tensor
        self._change: Tensor | None = None

    def move(self, gradient: Tensor, rate: float | Tensor) -> None:
        """See `Optimizer.move`."""
        if self._change is None:
            self._change = gradient.clone()
        else:
            self._change.mul_(_MOMENTUM).add_(gradient)
        if isinstance(rate, float):
            self._tensor.add_(self._change, alpha=-rate)
        else:
            self._tensor.sub_(self._change * rate)

    @property
    def memory(self) -> dict[str, Tensor]:
        """See `Optimizer.memory`."""
        return {} if self._change is None else {"momentum_buffer": self._change}

    def restore(self, memory: Mapping[str, Tensor]) -> None:
        """See `Optimizer.restore`."""
        self._change = memory["momentum_buffer"].to(self._tensor, copy=True)
