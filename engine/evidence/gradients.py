"""J(x_i)ᵀ u_i of known images, in the factors that it is made of.

The gradient of u_i · Φ(x_i) by W_l is δ_l h_{l−1}ᵀ, and that by b_l is δ_l. So sums over all
weights need no array of the size of θ for each image: ⟨J(x_i)ᵀ u_i, J(x_j)ᵀ u_j⟩ is
Σ_l (δ_l,i · δ_l,j) (h_{l−1},i · h_{l−1},j), and δ_l,i · δ_l,j once more for a bias of layer l.

Where a base is known, θ* is θ − θ_0, and what was not trained is left out of all sums.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from engine.base.progress import silent
from engine.network.classes import Classes
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.network.trace import Deltas, Trace, trace
from engine.runtime.lazy import torch
from engine.stationarity.cases import multipliers_for
from engine.stationarity.target import Target

if TYPE_CHECKING:
    from torch import Tensor

_ROWS = 256
"""Images that are worked on between two beats."""


class Pulls(Protocol):
    """J(x_i)ᵀ u_i of n images, as far as multipliers of them have to know them.

    What a kind of layer other than a full one has to offer to be asked as well.
    """

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
        there: the way forward.
        back: the way back from the cotangents.
    """

    there: Trace
    back: Deltas

    @classmethod
    def of(cls, network: Network, x: Tensor, cotangents: Tensor) -> Gradients:
        """With the activation's own gate.

        Args:
            network: in the precision and on the device of what follows.
            x: what the network reads, shape (n, D).
            cotangents: U, shape (n, C).
        """
        there = trace(network, x)
        return cls(there, there.backward(cotangents))

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
            parts.append(cls.of(network, some, their))
            beat()
        h, delta = (
            [torch.cat(layer) for layer in zip(*each, strict=True)]
            for each in ([part.there.h for part in parts], [part.back.delta for part in parts])
        )
        return cls(Trace(network, [], h, []), Deltas([], delta))

    def along_parameters(self) -> Tensor:
        """⟨θ*, J(x_i)ᵀ u_i⟩ = Σ_l δ_l · (W*_l h_{l−1} + b*_l), shape (n,).

        Of θ itself L u · Φ(x_i) where Φ is homogeneous, by Euler's theorem; this holds with biases
        anywhere.
        """
        explained, total = self.there.network.explained, self._zeros(len(self.there.h[0]))
        layers = zip(explained.weights, explained.biases, strict=True)
        for layer, (weight, bias) in enumerate(layers):
            z = self.there.h[layer] @ weight.T
            total += (self.back.delta[layer + 1] * (z if bias is None else z + bias)).sum(1)
        return total

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
        total = self._zeros(len(self.there.h[0]), len(others.there.h[0]))
        for (h, delta, has_weight, has_bias), (h_of, delta_of, *_) in zip(
            self._factors(), others._factors(), strict=True
        ):
            deltas = delta @ delta_of.T
            if has_weight:
                total += deltas * (h @ h_of.T)
            if has_bias:
                total += deltas
        return total

    def squared_norms(self) -> Tensor:
        """‖J(x_i)ᵀ u_i‖², shape (n,)."""
        total = self._zeros(len(self.there.h[0]))
        for h, delta, has_weight, has_bias in self._factors():
            total += delta.square().sum(1) * (has_weight * h.square().sum(1) + has_bias)
        return total

    def combined(self, multipliers: Tensor, beat: Callable[[], None] = silent) -> Parameters:
        """Σ_i λ_i J(x_i)ᵀ u_i, in the shapes of θ.

        Args:
            multipliers: λ, shape (n,).
            beat: called after some of them; may raise to end the work.
        """
        total = self.there.network.parameters.each(torch.zeros_like)
        for some, their in zip(self._split(), torch.split(multipliers, _ROWS), strict=True):
            for (h, delta, has_weight, has_bias), weight, bias in zip(
                some._factors(), total.weights, total.biases, strict=True
            ):
                weighed = their[:, None] * delta
                if has_weight:
                    weight.addmm_(weighed.T, h)
                if bias is not None and has_bias:
                    bias.add_(weighed.sum(0))
            beat()
        return total

    def _split(self) -> list[Gradients]:
        """The same of some images after others; of no more than their factors."""
        h, delta = self.there.h, self.back.delta
        parts = range(0, len(h[0]), _ROWS)
        return [
            Gradients(
                Trace(self.there.network, [], [each[i : i + _ROWS] for each in h], []),
                Deltas([], [each[i : i + _ROWS] for each in delta]),
            )
            for i in parts
        ]

    def _factors(self) -> list[tuple[Tensor, Tensor, bool, bool]]:
        """h_{l−1} and δ_l of each layer, and whether its weights, and a bias, are explained."""
        network = self.there.network
        weights, biases = Target.of(network).untrained
        return [
            (h, delta, layer not in weights, bias is not None and layer not in biases)
            for layer, (h, delta, bias) in enumerate(
                zip(self.there.h, self.back.delta[1:], network.biases, strict=True)
            )
        ]

    def _zeros(self, *shape: int) -> Tensor:
        return torch.zeros(*shape, dtype=self.there.h[0].dtype)


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
