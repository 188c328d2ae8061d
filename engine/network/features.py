"""A network with convolutions as two: what makes features of an image, and what reads them.

The second, its head, is fully connected from its first layer on. What holds of a full network and
the images it reads holds of the head and the features h(x) that it reads: at stationarity its first
weights are Σ_i δ_i h(x_i)ᵀ.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.data.inputs import InputSpec
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.network.passage import Passage, passage

if TYPE_CHECKING:
    from torch import Tensor


def first_full(network: Network) -> int:
    """Which layer, counted from 0, is the first fully connected one; 0 without convolutions."""
    return 0 if network.structure is None else network.structure.first_full


def way_to_features(network: Network, x: Tensor, alpha: float | None = None) -> Passage:
    """The way of flat network inputs to features, which are its `outputs`, shape (m, n).

    Args:
        network: with a structure.
        x: shape (m, D).
        alpha: sharpness of soft gates on the way back; hard ones where left out.
    """
    return passage(network, x, alpha, first_full(network))


def features_of(network: Network, x: Tensor) -> Tensor:
    """What the head reads of flat network inputs, shape (m, n); without convolutions these."""
    return x if network.structure is None else way_to_features(network, x).outputs


def head_of(network: Network) -> Network:
    """The full layers as a network that reads features; without convolutions the network."""
    if network.structure is None:
        return network
    layer = network.structure.first_full

    def cut(theta: Parameters) -> Parameters:
        return Parameters(theta.weights[layer:], theta.biases[layer:])

    base = network.base
    if base is not None:
        base = replace(base, parameters=cut(base.parameters))
    parameters = cut(network.parameters)
    return replace(
        network,
        parameters=parameters,
        inputs=InputSpec.flat(parameters.weights[0].shape[1]),
        base=base,
        structure=None,
        reading=replace(network.reading, layers=network.reading.layers[layer:]),
    )
