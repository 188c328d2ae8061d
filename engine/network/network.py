"""The homogeneous ReLU network Φ(θ; x) that a reconstruction attacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.data.inputs import InputShape
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


from engine.base.plain_text import plain


@dataclass(frozen=True)
class Origin:
    """Where a network came from; travels into every report."""

    file: str = "(not from a file)"
    sha256: str = ""
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """The file's name without its folder, fit to be shown."""
        return plain(Path(self.file).name)


@dataclass(frozen=True)
class Network:
    """A fully connected ReLU network with one output and, at most, a bias on its first layer.

    Φ(θ; x) = W_L relu(W_{L−1} … relu(W_1 x + b_1)), as in Haim et al. 2022, section 3. Such a
    network is homogeneous in its parameters, which is what the attack rests on.

    Attributes:
        weights: W_1 … W_L; W_l has shape (n_l, n_{l−1}), n_0 = D = c·h·w, n_L = 1.
        bias: b_1, shape (n_1,), or None.
        input_shape: (c, h, w) of an input image.
        mean: the training set's mean image that was subtracted before training, shape
            (c, h, w), in [0, 1]; None where the checkpoint does not say.
        shape_is_known: False where the input shape was guessed from D alone.
    """

    weights: tuple[Tensor, ...]
    bias: Tensor | None
    input_shape: InputShape
    mean: Tensor | None = None
    origin: Origin = field(default_factory=Origin)
    shape_is_known: bool = True

    @property
    def depth(self) -> int:
        """L, the number of weight matrices."""
        return len(self.weights)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """(D, n_1, …, n_L)."""
        return (self.weights[0].shape[1], *(w.shape[0] for w in self.weights))

    @property
    def input_dimension(self) -> int:
        """D, the number of numbers in an input image."""
        return self.weights[0].shape[1]

    @property
    def parameter_count(self) -> int:
        """How many numbers θ holds."""
        bias = 0 if self.bias is None else self.bias.numel()
        return bias + sum(w.numel() for w in self.weights)

    @property
    def architecture(self) -> str:
        """For people: `784–1000–1000–1, bias on the first layer`."""
        sizes = "–".join(str(n) for n in self.layer_sizes)
        return sizes + (", no bias" if self.bias is None else ", bias on the first layer")

    def forward(self, x: Tensor) -> Tensor:
        """Φ(θ; x) for a batch of flat, centred images: (m, D) → (m,)."""
        return (self._hidden(x)[-1] @ self.weights[-1].T).squeeze(1)

    def activations(self, x: Tensor) -> tuple[Tensor, ...]:
        """h_l of each hidden layer, shape (n_l,), for one flat, centred image (1, D)."""
        return tuple(h[0] for h in self._hidden(x)[1:])

    def _hidden(self, x: Tensor) -> list[Tensor]:
        """h_0 = x, h_1 … h_{L−1}, one row an image."""
        h = [x]
        for index, weight in enumerate(self.weights[:-1]):
            z = h[-1] @ weight.T
            if index == 0 and self.bias is not None:
                z = z + self.bias
            h.append(z.relu())
        return h

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Network:
        """The same network with θ on another device and in another precision."""
        return replace(
            self,
            weights=tuple(w.to(device, dtype) for w in self.weights),
            bias=None if self.bias is None else self.bias.to(device, dtype),
        )

    def scaled(self, factor: float) -> Network:
        """θ times a number. Φ grows by factor^L: the network decides exactly as before."""
        return replace(
            self,
            weights=tuple(w * factor for w in self.weights),
            bias=None if self.bias is None else self.bias * factor,
        )

    def with_input_shape(self, shape: InputShape) -> Network:
        """The same network reading its input as another shape of the same size.

        Raises:
            ValueError: the shape does not hold D numbers.
        """
        channels, height, width = shape
        if channels * height * width != self.input_dimension:
            raise ValueError(f"{shape} does not hold {self.input_dimension} numbers")
        mean = None if self.mean is None else self.mean.reshape(shape)
        return replace(self, input_shape=shape, mean=mean, shape_is_known=True)
