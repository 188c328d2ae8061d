"""The balance between neighbouring layers that whatever candidates explain has to keep.

Let G = Σ_i J(x_i)ᵀ u_i, for any images and any cotangents, with the activation's own gate. For a
ReLU and for a leaky one φ(z) = φ'(z) z, so that what a layer hands up is what it is handed back,

    ⟨W_{l+1}, G_{W_{l+1}}⟩ = Σ_i h_l · e_l = Σ_i z_l · δ_l = ⟨W_l, G_{W_l}⟩ + ⟨b_l, G_{b_l}⟩,

for every layer but the last, however many outputs and biases there are. At a stationary point G is
θ itself, and so ‖W_{l+1}‖² = ‖W_l‖² + ‖b_l‖². Weight decay leads there. Training without it keeps
the differences that the layers started with, and comes there only in the limit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.network.network import Network
from engine.network.parameters import Parameters, squared_norm

Values = NDArray[np.float64]


def decay_balance(network: Network) -> float:
    """How far neighbouring layers are from balance, from 0, where they are, to 1.

    The largest |‖W_{l+1}‖² − ‖W_l‖² − ‖b_l‖²| over the larger of the two sides.
    """
    weights, biases = _squares(network.parameters)
    above, below = weights[1:], (weights + biases)[:-1]
    sizes = np.maximum(np.maximum(above, below), np.finfo(np.float64).tiny)
    return float((np.abs(above - below) / sizes).max(initial=0.0))


def level_norms(network: Network) -> Values:
    """What would be one and the same number for every layer in balance, shape (L,).

    √(‖W_l‖² + ‖b_l‖² + … + ‖b_{L−1}‖²): with a bias on the first layer at most, the layer's norm.
    """
    weights, biases = _squares(network.parameters)
    counted = np.append(biases[:-1], 0.0)
    return np.asarray(np.sqrt(weights + counted[::-1].cumsum()[::-1]))


def balance_floor(parameters: Parameters) -> float:
    """The least relative residual ‖θ − G‖ / ‖θ‖ that candidates with hard gates can leave.

    Of each weight matrix and bias, G best keeps to its direction, and changes its size alone. The
    sizes obey the balance, which is linear in them: the floor is their distance to where it holds.
    """
    weights, biases = (np.sqrt(squares) for squares in _squares(parameters))
    layers = np.arange(len(weights) - 1)
    balance = np.zeros((len(layers), 2 * len(weights)))
    balance[layers, layers + 1] = weights[1:]
    balance[layers, layers] = -weights[:-1]
    balance[layers, len(weights) + layers] = -biases[:-1]
    missing = balance @ np.append(weights, biases)
    squared = missing @ np.linalg.pinv(balance @ balance.T) @ missing
    return float(np.sqrt(max(squared, 0.0) / np.square([weights, biases]).sum()))


def _squares(parameters: Parameters) -> tuple[Values, Values]:
    """‖W_l‖² and ‖b_l‖² of each layer, shape (L,) each; 0 where there is no bias."""
    weights = [float(squared_norm(weight.double().cpu())) for weight in parameters.weights]
    biases = [
        0.0 if bias is None else float(squared_norm(bias.double().cpu()))
        for bias in parameters.biases
    ]
    return np.array(weights), np.array(biases)
