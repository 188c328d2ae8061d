"""The noise that a search begins with: how large its pixels and its pre-activations are."""

from __future__ import annotations

from dataclasses import dataclass

from engine.data.inputs import InputSpec
from engine.network.network import Network
from engine.network.passage import passage
from engine.network.trace import trace
from engine.runtime.lazy import torch
from engine.stationarity.coordinates import Coordinates, Pixels
from engine.stationarity.row_space import RowSpace
from engine.stationarity.target import Target

_IMAGES = 200
_TINY = 1e-12


@dataclass(frozen=True)
class Noise:
    """Noise in some coordinates of a network's inputs.

    Attributes:
        inputs: what a network input is.
        coordinates: of the noise.
        seen: the network as it reads those coordinates.
    """

    inputs: InputSpec
    coordinates: Coordinates
    seen: Network

    @classmethod
    def of(
        cls, network: Network, space: RowSpace | None, dtype: torch.dtype, taken_at: float
    ) -> Noise:
        """In a row space, or in pixels where there is none; on the CPU.

        Args:
            network: that reads it.
            space: those coordinates.
            dtype: in which precision.
            taken_at: see `Target.of`.
        """
        on = torch.device("cpu"), dtype
        coordinates = Pixels(network.input_dimension) if space is None else space.to(*on)
        seen, _ = coordinates.reduce(Target.of(network, taken_at))
        return cls(network.inputs, coordinates, seen.to(*on).network)

    @property
    def stretch(self) -> float:
        """What noise is multiplied with where its coordinates are not stretched as images are."""
        return 1.0 if isinstance(self.coordinates, RowSpace) else self.inputs.stretch

    @property
    def pixel_scale(self) -> float:
        """Root mean square of the centred images that noise of scale 1 makes."""
        return self.coordinates.pixel_scale * self.stretch / self.inputs.stretch

    def typical_preactivation(self, scale: float) -> float:
        """|z| of noise: the median in each hidden layer, and their geometric mean.

        Args:
            scale: standard deviation of the noise, as the settings give it.
        """
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(_IMAGES, self.coordinates.per_candidate, generator=generator)
        noise = (scale * self.stretch * noise).to(self.seen.weights[0])
        x = self.coordinates.to_input(noise)
        if self.seen.structure is None:
            z = trace(self.seen, x, keeps_z=[True] * self.seen.depth).z[1:]
        else:
            z = list(passage(self.seen, x).z)
        medians = torch.stack([each.abs().median() for each in z])
        return float(medians.clamp_min(_TINY).log().mean().exp())
