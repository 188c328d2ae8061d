"""What a step minimises: the stationarity loss plus the terms beside it, in some coordinates.

Row space and pixels differ only in how unknowns become images; everything above this file speaks of
unknowns, multipliers and images.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.network.features import first_full
from engine.network.network import Network
from engine.network.parameters import squared_norm
from engine.reconstruction.features import FeatureSpace
from engine.reconstruction.noise import Noise
from engine.reconstruction.settings import Settings
from engine.reconstruction.terms import (
    Box,
    MarginPull,
    MultiplierFloor,
    Smoothness,
    Term,
)
from engine.runtime.lazy import torch
from engine.stationarity.autograd import DoubleBackward
from engine.stationarity.cases import multipliers_for
from engine.stationarity.closed_form import ClosedForm, joined
from engine.stationarity.coordinates import Coordinates, Pixels
from engine.stationarity.evaluation import Stationarity
from engine.stationarity.layered import LayeredForm
from engine.stationarity.row_space import RowSpace, row_space
from engine.stationarity.target import Target
from engine.stationarity.weighing import Weighing, along_singular_vectors

if TYPE_CHECKING:
    from torch import Tensor

_IMAGES_AT_ONCE = 500


@dataclass(frozen=True)
class Step:
    """Losses and gradients at one set of unknowns.

    Attributes:
        per_layer: squared residual norm per layer, of the full network, shape (L,).
        penalties: each term of the constraint loss by name; None where this step left it out.
        unknowns_gradient: shape (m, k).
        multiplier_gradient: in the shape of λ.
    """

    per_layer: Tensor
    penalties: Mapping[str, Tensor | None]
    unknowns_gradient: Tensor
    multiplier_gradient: Tensor


class Problem:
    """The objective of a run on one network and one device.

    With no term of ours it is that of Haim et al. 2022 (their equations 5 to 7).

    Attributes:
        inputs: what a network input is.
        classes: what the labels stand for.
        kind: what the multipliers are.
        coordinates: what the unknowns are.
        space: the same, where they are coordinates in the row space; else None.
        noise: what a search begins with, in them.
        squared_norms: ‖θ*_l‖² per layer, of the full network, shape (L,).
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
            settings: decide space, precision and terms.
            device: where to compute.
            space: the row space of an earlier run, whose coordinates are to be gone on with.
        """
        dtype = torch.float64 if settings.dtype == "float64" else torch.float32
        self.inputs, self.classes = network.inputs, network.classes
        self.kind = multipliers_for(settings.training, network.output_count)
        self.space: RowSpace | None = None
        if settings.space == "row":
            space = space or row_space(network, settings.scale_power, settings.rank or None)
            self.space = space.to(device, dtype)
        self.coordinates: Coordinates = self.space or Pixels(network.input_dimension)
        target = Target.of(network, settings.taken_at)
        self.squared_norms = target.to(device, dtype).squared_norms()
        seen, unseen = self.coordinates.reduce(target)
        seen = seen.to(device, dtype)
        self.noise = Noise(self.inputs, self.coordinates, seen.network)
        self._unseen = torch.zeros(network.depth, device=device, dtype=dtype)
        self._unseen[0] = unseen
        margin = None
        if settings.margin_weight:
            last = squared_norm(seen.explained.weights[-1])
            margin = MarginPull(self.kind, network.classes, settings.margin_weight * float(last))
        way = _way(network, settings)
        weighings = self._weighings(target, settings)
        self._stationarity: Stationarity = way(seen, self.kind, margin, weighings)
        self._without_margin: Stationarity = way(seen, self.kind, None, weighings)
        self._terms = self._chosen_terms(settings)
        self._features: FeatureSpace | None = None
        if settings.feature_weight > 0:
            size = float(self.squared_norms[first_full(seen.network)])
            self._features = FeatureSpace(seen, settings.feature_weight, size)

    def _weighings(self, target: Target, settings: Settings) -> list[Weighing | None]:
        """Of each layer; the last one's has as few directions as there are classes."""
        weighings: list[Weighing | None] = [None] * target.network.depth
        weights, biases = target.explained.weights, target.explained.biases
        if self.space is not None:
            bias_norm = 0.0 if biases[0] is None else float(biases[0].norm())
            directions = self.space.weighing(settings.whitening, bias_norm)
            weighings[0] = directions.by_neuron(weights[0], settings.neuron_weighing)
        if settings.hidden_whitening:
            device, dtype = self.squared_norms.device, self.squared_norms.dtype
            left_out, _ = target.untrained
            first = max(1, first_full(target.network))
            for layer in set(range(first, target.network.depth - 1)) - left_out:
                weighings[layer] = along_singular_vectors(
                    weights[layer], biases[layer], settings.hidden_whitening, device, dtype
                )
        return weighings

    def _chosen_terms(self, settings: Settings) -> tuple[Term, ...]:
        terms: list[Term] = []
        if settings.smoothness:
            terms.append(
                Smoothness(
                    self.coordinates,
                    self.inputs.shape,
                    settings.smoothness,
                    float(self.squared_norms[0]),
                )
            )
        if not self.inputs.is_vector:
            lower, upper = (self._like_norms(end) for end in self.inputs.bounds)
            first = float(self.squared_norms[0])
            terms.append(Box(self.coordinates, (lower, upper), settings.range_weight, first))
        return (*terms, MultiplierFloor(self.kind, settings.minimum_multiplier))

    def _like_norms(self, bound: Tensor | float) -> Tensor | float:
        """On the device and in the precision that the problem is computed in."""
        return bound if isinstance(bound, float) else bound.to(self.squared_norms)

    def pixels(self, unknowns: Tensor) -> Tensor:
        """Unknowns (m, k) → flat network inputs (m, D)."""
        return self.coordinates.pixels(unknowns)

    def images(self, unknowns: Tensor) -> Tensor:
        """Unknowns (m, k) → centred images (m, c, h, w), float32 on the CPU."""
        # A GPU's memory is for the run: a pool of restarts may have a hundred times its pixels.
        at_once = len(unknowns) if unknowns.device.type == "cpu" else _IMAGES_AT_ONCE
        parts = [self.pixels(part).float().cpu() for part in torch.split(unknowns, at_once)]
        return self.inputs.centred(joined(parts))

    def evaluate(
        self,
        unknowns: Tensor,
        multipliers: Tensor,
        labels: Tensor,
        alpha: float,
        step: int,
        chunk: int | None = None,
        pulls_to_margin: bool = True,
    ) -> Step:
        """Losses and gradients.

        The losses are those of the paper; gradients are also those of what the settings add.

        Args:
            unknowns: shape (m, k).
            multipliers: λ.
            labels: y, shape (m,).
            alpha: gate sharpness.
            step: steps taken before this one.
            chunk: how many candidates to work on at a time; all of them where not given.
            pulls_to_margin: whether the settings' pull to one margin has begun.
        """
        seen = self.coordinates.to_input(unknowns)
        way = self._stationarity if pulls_to_margin else self._without_margin
        found = way.evaluate(seen, multipliers, labels, alpha, chunk)
        by_input = found.candidate_gradient
        if self._features is not None:
            by_input = by_input + self._features.pull(seen, alpha, chunk)
        by_unknowns = self.coordinates.pull_back(by_input)
        by_multipliers = found.multiplier_gradient
        penalties: dict[str, Tensor | None] = {}
        for term in self._terms:
            pull = term.at(unknowns, multipliers, labels, step, chunk)
            if term.is_constraint:
                penalties[term.name] = pull.penalty
            if pull.unknowns is not None:
                by_unknowns = by_unknowns + pull.unknowns
            if pull.multipliers is not None:
                by_multipliers = by_multipliers + pull.multipliers
        return Step(found.per_layer + self._unseen, penalties, by_unknowns, by_multipliers)


def _way(network: Network, settings: Settings) -> type[ClosedForm | LayeredForm | DoubleBackward]:
    if settings.gradient == "double backward":
        return DoubleBackward
    return ClosedForm if network.structure is None else LayeredForm
