"""θ: the weights and biases of a network, in order and by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Parameters:
    """Weights and biases of L layers: those of a network, a gradient, or a change of either.

    Attributes:
        weights: W_1 … W_L; W_l has shape (n_l, n_{l−1}), n_0 = D.
        biases: b_1 … b_L; b_l has shape (n_l,), and is None where layer l has none.
    """

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor | None, ...]

    @classmethod
    def of(cls, weights: Sequence[Tensor], first_bias: Tensor | None = None) -> Parameters:
        """Of a network with a bias on its first layer at most, as in Haim et al. 2022."""
        return cls(tuple(weights), (first_bias, *(None for _ in weights[1:])))

    @property
    def depth(self) -> int:
        """L, the number of layers."""
        return len(self.weights)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """W_1 … W_L, then the biases that there are: the order in which θ is packed."""
        return (*self.weights, *(bias for bias in self.biases if bias is not None))

    @property
    def names(self) -> tuple[str, ...]:
        """`layers.0.weight`, … of each of the `tensors`."""
        weights = (f"layers.{index}.weight" for index in range(self.depth))
        biases = (f"layers.{i}.bias" for i, bias in enumerate(self.biases) if bias is not None)
        return (*weights, *biases)

    @property
    def count(self) -> int:
        """How many numbers θ holds."""
        return sum(tensor.numel() for tensor in self.tensors)

    def with_tensors(self, tensors: Sequence[Tensor]) -> Parameters:
        """Other numbers in the same places; the inverse of `tensors`."""
        rest = iter(tensors[self.depth :])
        biases = tuple(None if bias is None else next(rest) for bias in self.biases)
        return Parameters(tuple(tensors[: self.depth]), biases)

    def in_order(self, order: Sequence[int]) -> Parameters:
        """The layers in another order; which of them comes first, second, …"""
        return Parameters(
            tuple(self.weights[place] for place in order),
            tuple(self.biases[place] for place in order),
        )

    def each(self, change: Callable[[Tensor], Tensor]) -> Parameters:
        """What a function makes of each tensor."""
        return self.with_tensors([change(tensor) for tensor in self.tensors])

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Parameters:
        """The same numbers on another device and in another precision."""
        return self.each(lambda tensor: tensor.to(device, dtype))

    def has_shapes_of(self, other: Parameters) -> bool:
        """Whether the two differ in nothing but their numbers."""
        mine = [None if t is None else t.shape for t in (*self.weights, *self.biases)]
        return mine == [None if t is None else t.shape for t in (*other.weights, *other.biases)]

    def __sub__(self, other: Parameters) -> Parameters:
        pairs = zip(self.tensors, other.tensors, strict=True)
        return self.with_tensors([mine - theirs for mine, theirs in pairs])

    def __add__(self, other: Parameters) -> Parameters:
        pairs = zip(self.tensors, other.tensors, strict=True)
        return self.with_tensors([mine + theirs for mine, theirs in pairs])

    def squared_norms(self) -> Tensor:
        """‖θ_l‖² per layer, its bias included, shape (L,)."""
        norms = torch.stack([squared_norm(weight) for weight in self.weights])
        for layer, bias in enumerate(self.biases):
            if bias is not None:
                norms[layer] += squared_norm(bias)
        return norms


def squared_norm(tensor: Tensor) -> Tensor:
    """‖M‖²."""
    flat = tensor.reshape(-1)
    return torch.dot(flat, flat)
