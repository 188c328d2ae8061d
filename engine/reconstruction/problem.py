"""What a step minimises: the stationarity loss plus the constraint loss, in some coordinates.

Row space and pixels differ only in how unknowns become images; everything above this file
speaks of unknowns, multipliers and images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.data.inputs import InputShape
from engine.network.network import Network
from engine.reconstruction.settings import Settings
from engine.runtime.lazy import torch
from engine.stationarity.autograd import DoubleBackward
from engine.stationarity.chunked import ClosedFormInParts, DoubleBackwardInParts
from engine.stationarity.closed_form import ClosedForm, Stationarity, layer_norms
from engine.stationarity.row_space import RowSpace, row_space

if TYPE_CHECKING:
    from torch import Tensor

_MULTIPLIER_WEIGHT = 5.0
_IMAGES_AT_ONCE = 500
_PIXEL_PENALTY_EVERY = 10
_DIMENSIONS_A_STEP = 1000
"""In the row space pixels cost a product with the basis, and few ever leave [−1, 1]. So one step in
ten looks at them; fewer do where an image has more than 10,000 numbers, to cost no more there."""


@dataclass(frozen=True)
class Step:
    """Losses and gradients at one set of unknowns.

    Attributes:
        per_layer: squared residual norm per layer, of the full network, shape (L,).
        pixel_penalty: Σ relu(x−1)² + Σ relu(−1−x)², or None where this step left it out.
        multiplier_penalty: 5 Σ relu(λ_min − λ)².
        unknowns_gradient: shape (m, k).
        multiplier_gradient: shape (m,).
    """

    per_layer: Tensor
    pixel_penalty: Tensor | None
    multiplier_penalty: Tensor
    unknowns_gradient: Tensor
    multiplier_gradient: Tensor


class Problem:
    """The loss of Haim et al. 2022 (their equations 5 to 7) for one network on one device.

    Unknowns are the coordinates z of x = (s ∘ z) B in the row space, or the pixels themselves.
    """

    def __init__(
        self,
        network: Network,
        settings: Settings,
        device: torch.device,
        space: RowSpace | None = None,
    ) -> None:
        """Takes W_1 apart where the settings ask for the row space (a second or two).

        Args:
            network: the network to attack.
            settings: decide space, precision and λ_min.
            device: where to compute.
            space: the row space of an earlier run, whose coordinates are to be gone on with.
        """
        dtype = torch.float64 if settings.dtype == "float64" else torch.float32
        self.input_shape: InputShape = network.input_shape
        self.space: RowSpace | None = None
        self._minimum_multiplier = settings.minimum_multiplier
        self._pixel_penalty_every = max(
            _PIXEL_PENALTY_EVERY, network.input_dimension // _DIMENSIONS_A_STEP
        )
        full = network.to(device, dtype)
        self._unseen = torch.zeros(network.depth, device=device, dtype=dtype)
        seen, directions = full, None
        if settings.space == "row":
            space = space or row_space(network, settings.scale_power, settings.rank or None)
            self.space = space.to(device, dtype)
            seen, unseen = self.space.reduce(network)
            self._unseen[0] = unseen
            self._to_pixels = self.space.scale[:, None] * self.space.basis
            if settings.whitening:
                bias_norm = 0.0 if network.bias is None else float(network.bias.norm())
                directions = self.space.direction_weights(settings.whitening, bias_norm)
        self.unknowns_per_candidate = seen.input_dimension
        self.layer_norms = layer_norms(full)
        self._smoothness = (
            settings.smoothness * float(self.layer_norms[0]) / network.input_dimension
        )
        self._roughness: Tensor | None = None
        if self._smoothness and self.space is not None:
            self._roughness = self._laplacian(self._to_pixels) @ self._to_pixels.T
        self._stationarity: ClosedForm | DoubleBackward = (
            ClosedForm(seen, settings.margin_weight, directions)
            if settings.gradient == "closed form"
            else DoubleBackward(seen)
        )

    def pixels(self, unknowns: Tensor) -> Tensor:
        """Unknowns (m, k) → flat, centred images (m, D)."""
        return unknowns if self.space is None else unknowns @ self._to_pixels

    def images(self, unknowns: Tensor) -> Tensor:
        """Unknowns (m, k) → centred images (m, c, h, w), float32 on the CPU."""
        # A GPU's memory is for the run: a pool of restarts may have a hundred times its pixels.
        at_once = len(unknowns) if unknowns.device.type == "cpu" else _IMAGES_AT_ONCE
        parts = [self.pixels(part).float().cpu() for part in torch.split(unknowns, at_once)]
        return _joined(parts).reshape(-1, *self.input_shape)

    def _smoothness_gradient(self, unknowns: Tensor, count: int) -> Tensor:
        """The gradient of smoothness · ‖W_1‖² · ‖∇x_i‖²/D averaged over `count` candidates.

        ∇ takes the differences of neighbouring pixels. The term scales with θ, and with the number
        of candidates, as the stationarity loss does. In the row space its gradient is one product
        with a k × k matrix.
        """
        rough = self._laplacian(unknowns) if self._roughness is None else unknowns @ self._roughness
        return rough * (2 * self._smoothness / count)

    def _laplacian(self, pixels: Tensor) -> Tensor:
        """½ ∂‖∇x‖²/∂x of flat images, shape (n, D)."""
        images = pixels.reshape(-1, *self.input_shape)
        result = torch.zeros_like(images)
        for axis in (2, 3):
            step = images.diff(dim=axis)
            size = step.shape[axis]
            result.narrow(axis, 1, size).add_(step)
            result.narrow(axis, 0, size).sub_(step)
        return result.reshape(pixels.shape)

    def evaluate(
        self,
        unknowns: Tensor,
        multipliers: Tensor,
        labels: Tensor,
        alpha: float,
        step: int,
        at_once: int | None = None,
    ) -> Step:
        """Losses and gradients; in the row space one step in ten or more looks at the pixels.

        The losses are those of the paper; gradients are also those of what the settings add.

        Args:
            unknowns: shape (m, k).
            multipliers: λ, shape (m,).
            labels: y, shape (m,).
            alpha: gate sharpness.
            step: steps taken before this one.
            at_once: how many candidates to work on at a time; all of them where not given.
        """
        count, size = len(unknowns), at_once or len(unknowns)
        seen = unknowns if self.space is None else unknowns * self.space.scale
        evaluation = self._evaluator(at_once).evaluate(seen, multipliers, labels, alpha)
        gradient = evaluation.candidate_gradient
        if self.space is not None:
            gradient = gradient * self.space.scale
        if self._smoothness:
            parts = [self._smoothness_gradient(part, count) for part in torch.split(unknowns, size)]
            gradient = gradient + _joined(parts)
        pixel_penalty = None
        if self.space is None or step % self._pixel_penalty_every == 0:
            terms = [self._pixel_terms(part) for part in torch.split(unknowns, size)]
            pixel_penalty = torch.stack([penalty for penalty, _ in terms]).sum()
            gradient = gradient + _joined([pull for _, pull in terms])
        missing = (self._minimum_multiplier - multipliers).relu()
        return Step(
            per_layer=evaluation.per_layer + self._unseen,
            pixel_penalty=pixel_penalty,
            multiplier_penalty=_MULTIPLIER_WEIGHT * missing.square().sum(),
            unknowns_gradient=gradient,
            multiplier_gradient=(evaluation.multiplier_gradient - 2 * _MULTIPLIER_WEIGHT * missing),
        )

    def _evaluator(self, at_once: int | None) -> Stationarity:
        whole = self._stationarity
        if at_once is None:
            return whole
        if isinstance(whole, ClosedForm):
            return ClosedFormInParts(whole, at_once)
        return DoubleBackwardInParts(whole, at_once)

    def _pixel_terms(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """Σ relu(x−1)² + Σ relu(−1−x)² and its gradient, shape (m, k)."""
        pixels = self.pixels(unknowns)
        outside = (pixels - 1).relu() - (-1 - pixels).relu()
        pull = 2 * outside
        gradient = pull if self.space is None else pull @ self._to_pixels.T
        return outside.square().sum(), gradient


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)
