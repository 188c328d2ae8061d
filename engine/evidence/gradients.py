"""J(x_i)ᵀ u_i of known images, in what it is made of in each layer (`layer_gradients`).

Where a base is known, θ* is θ − θ_0, and what was not trained is left out of all sums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from engine.base.progress import silent
from engine.evidence.layer_gradients import LayerGradients, gradients_by_layer, joined_rows
from engine.network.classes import Classes
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.stationarity.cases import multipliers_for
from engine.stationarity.target import Target

if TYPE_CHECKING:
    from torch import Tensor

_ROWS = 256
"""Images that are worked on between two beats."""


class Pulls(Protocol):
    """J(x_i)ᵀ u_i of n images, as far as multipliers of them have to know them."""

    def along_parameters(self) -> Tensor:
        """⟨θ, J(x_i)ᵀ u_i⟩, shape (n,)."""
        ...

    def squared_norms(self) -> Tensor:
        """‖J(x_i)ᵀ u_i‖², shape (n,)."""
        ...

    def products(self, others: Self) -> Tensor:
        """⟨J(x_i)ᵀ u_i, J(x_j)ᵀ u_j⟩ with those of n' images of the same network, shape (n, n')."""
        ...

    def combined(self, multipliers: Tensor) -> Parameters:
        """Σ_i λ_i J(x_i)ᵀ u_i, in the shapes of θ."""
        ...


@dataclass(frozen=True)
class Gradients:
    """J(x_i)ᵀ u_i of n images.

    Attributes:
        network: whose they are.
        layers: of each, what they are made of.
    """

    network: Network
    layers: Sequence[LayerGradients]

    @classmethod
    def of(cls, network: Network, x: Tensor, cotangents: Tensor) -> Gradients:
        """With the activation's own gate.

        Args:
            network: in the precision and on the device of what follows.
            x: what the network reads, shape (n, D).
            cotangents: U, shape (n, C).
        """
        return cls(network, gradients_by_layer(network, x, cotangents))

    @classmethod
    def in_parts(
        cls, network: Network, x: Tensor, cotangents: Tensor, beat: Callable[[], None]
    ) -> Gradients:
        """The same, some images after others.

        Args:
            network: in the precision and on the device of what follows.
            x: what the network reads, shape (n, D).
            cotangents: U, shape (n, C).
            beat: called after some images; may raise to end the work.
        """
        parts = []
        for some, their in zip(torch.split(x, _ROWS), torch.split(cotangents, _ROWS), strict=True):
            parts.append(gradients_by_layer(network, some, their))
            beat()
        return cls(network, [joined_rows(layer) for layer in zip(*parts, strict=True)])

    def along_parameters(self) -> Tensor:
        """⟨θ*, J(x_i)ᵀ u_i⟩, shape (n,); of a full layer δ_l · (W*_l h_{l−1} + b*_l).

        Of θ itself L u · Φ(x_i) where Φ is homogeneous, by Euler's theorem; this holds with biases
        anywhere.
        """
        explained = self.network.explained
        layers = zip(self.layers, explained.weights, explained.biases, strict=True)
        return self._summed([layer.along(weight, bias) for layer, weight, bias in layers])

    def gram(self, beat: Callable[[], None] = silent) -> Tensor:
        """⟨J(x_i)ᵀ u_i, J(x_j)ᵀ u_j⟩, shape (n, n).

        Args:
            beat: called after some rows of it; may raise to end the work.
        """
        rows = []
        for some in self._split():
            rows.append(some.products(self))
            beat()
        return torch.cat(rows)

    def products(self, others: Gradients) -> Tensor:
        """⟨J(x_i)ᵀ u_i, J(x_j)ᵀ u_j⟩ with those of n' images of the same network, shape (n, n')."""
        layers = zip(self._trained(), others.layers, strict=True)
        return self._summed([mine.products(theirs, *has) for (mine, has), theirs in layers])

    def squared_norms(self) -> Tensor:
        """‖J(x_i)ᵀ u_i‖², shape (n,)."""
        return self._summed([layer.squared_norms(*has) for layer, has in self._trained()])

    def combined(self, multipliers: Tensor, beat: Callable[[], None] = silent) -> Parameters:
        """Σ_i λ_i J(x_i)ᵀ u_i, in the shapes of θ.

        Args:
            multipliers: λ, shape (n,).
            beat: called after some of them; may raise to end the work.
        """
        total = self.network.parameters.each(torch.zeros_like)
        for some, their in zip(self._split(), torch.split(multipliers, _ROWS), strict=True):
            for (layer, (has_weight, has_bias)), weight, bias in zip(
                some._trained(), total.weights, total.biases, strict=True
            ):
                by_weight, by_bias = layer.combined(their)
                if has_weight:
                    weight.add_(by_weight.reshape(weight.shape))
                if bias is not None and has_bias:
                    bias.add_(by_bias)
            beat()
        return total

    def _split(self) -> list[Gradients]:
        """The same of some images after others."""
        parts = range(0, len(self.layers[0]), _ROWS)
        return [
            Gradients(self.network, [layer.rows(i, i + _ROWS) for layer in self.layers])
            for i in parts
        ]

    def _trained(self) -> list[tuple[LayerGradients, tuple[bool, bool]]]:
        """Each layer, and whether its weights, and a bias, are explained."""
        weights, biases = Target.of(self.network).untrained
        return [
            (layer, (number not in weights, bias is not None and number not in biases))
            for number, (layer, bias) in enumerate(
                zip(self.layers, self.network.biases, strict=True)
            )
        ]

    @staticmethod
    def _summed(parts: Sequence[Tensor]) -> Tensor:
        return torch.stack(list(parts)).sum(0)


def own_directions(classes: Classes, outputs: Tensor, labels: Tensor) -> Tensor:
    """In which direction an image of its class most likely pulls the outputs, shape (n, C).

    y with one output. Else e_y less the softmax of the outputs over the wrong classes: what the
    cross-entropy leaves of any image, up to its size.

    Args:
        classes: of the network.
        outputs: Φ, shape (n, C).
        labels: y, shape (n,).
    """
    kind = multipliers_for("decay", classes.outputs)
    labels = labels.to(outputs)
    return kind.to_cotangent(torch.ones_like(labels), labels, outputs, 1)


def wrong_class_directions(classes: Classes, labels: Tensor) -> Tensor:
    """e_y − e_k for each image and each class k that is not its own, shape (n (C − 1), C)."""
    every = torch.eye(classes.outputs, dtype=torch.float64)
    own = every[labels.long()]
    return (own[:, None] - every)[own == 0]


def loss_cotangents(classes: Classes, outputs: Tensor, labels: Tensor) -> Tensor:
    """−∂ loss/∂Φ of each image, shape (n, C): onehot(y) − softmax Φ, or y σ(−y Φ) of one output.

    Small ones are exact, too: they are made of what the wrong classes are given.
    """
    if classes.outputs == 1:
        signs = labels.to(outputs)[:, None]
        return signs * torch.sigmoid(-signs * outputs)
    own = labels.long()[:, None]
    wrong = outputs.softmax(1).scatter(1, own, 0.0)
    return wrong.neg().scatter(1, own, wrong.sum(1, keepdim=True))
