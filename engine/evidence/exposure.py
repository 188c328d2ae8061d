"""How much of the weights each image explains: multipliers of few images, and of thousands.

θ = Σ λ_i J(x_i)ᵀ u_i with λ ≥ 0 is solved for all images in one problem, so that each may take what
any other could explain. How depends on how many there are:

* up to `MOST_IMAGES`: exactly (`stationarity_check`).
* up to `MOST_TOGETHER`: to a gap of `large_nnls.TOLERANCE`, from the images' products alone. These
  are made block by block, and are the largest thing in memory: 4 n² bytes.
* beyond: each image alone. The images then do not compete, and λ_i is worth hardly more than the
  loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from engine.base.progress import Progress, portion, unheard
from engine.evidence.gradients import Gradients, Pulls, own_directions
from engine.evidence.large_nnls import solve_many
from engine.evidence.stationarity_check import MOST_IMAGES, explain
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.stationarity.fine_tuning import where_balanced

if TYPE_CHECKING:
    from torch import Tensor

Values = NDArray[np.float64]
Solved = Literal["exactly", "closely", "alone"]

MOST_TOGETHER = 20_000
"""Images whose products take 1.6 GB."""

_ROWS = 512
_TINY = 1e-12


@dataclass(frozen=True)
class Exposure:
    """What images explain of the weights.

    Attributes:
        multipliers: λ ≥ 0, shape (n,).
        solved: how.
        relative: ‖θ − Σ λ_i J(x_i)ᵀ u_i‖ / ‖θ‖; None where each image stands alone.
    """

    multipliers: Values
    solved: Solved
    relative: float | None


def exposure_of(
    network: Network, x: Tensor, labels: Tensor, progress: Progress = unheard
) -> Exposure:
    """The multipliers of images, all in one problem as long as there are no more than can be.

    Where a base is known they explain what fine-tuning changed, with gradients where they balance.

    Args:
        network: float64, on the CPU.
        x: what it reads of them, float64, shape (n, D).
        labels: y, shape (n,).
        progress: told the share that is done.

    Raises:
        UnusableInput: no solution is found.
        Cancelled: `progress` said so.
    """
    network = where_balanced(network)
    if len(x) <= MOST_IMAGES:
        found = explain(network, x, labels, progress)
        return Exposure(found.multipliers, "exactly", found.relative)
    if len(x) > MOST_TOGETHER:
        return Exposure(own_multipliers(network, x, labels, progress), "alone", None)
    single, blocks = network.to("cpu", torch.float32), torch.split(torch.arange(len(x)), _ROWS)

    def pulls_of(block: int) -> Gradients:
        rows = blocks[block]
        return _pulls(single, x[rows].float(), labels[rows])

    return explained(single.explained, [len(block) for block in blocks], pulls_of, progress)


def explained(
    parameters: Parameters,
    sizes: Sequence[int],
    pulls_of: Callable[[int], Pulls],
    progress: Progress = unheard,
) -> Exposure:
    """What many images explain together, whatever kind of network their gradients come from.

    Args:
        parameters: θ, float32.
        sizes: how many images there are in each block.
        pulls_of: the gradients of a block, float32; asked for twice.
        progress: told the share that is done.

    Raises:
        Cancelled: `progress` said so.
    """
    blocks: list[Pulls] = []
    lengths, along = [], []
    for block in range(len(sizes)):
        pulls = pulls_of(block)
        blocks.append(pulls)
        lengths.append(pulls.squared_norms().sqrt())
        along.append(pulls.along_parameters())
        progress(0.1 * (block + 1) / len(sizes))
    products = _products(blocks, lengths, portion(progress, 0.1, 0.4))
    del blocks  # As large as the products, or larger; made anew, one at a time, below.
    length, size = torch.cat(lengths).double(), float(parameters.squared_norms().sum().sqrt())
    target = torch.cat(along).double() / length.clamp_min(_TINY) / max(size, _TINY)
    found = solve_many(products, target, portion(progress, 0.4, 0.95))
    del products
    multipliers = size * found.unknowns / length.clamp_min(_TINY)
    left = parameters
    for block, some in enumerate(torch.split(multipliers.float(), list(sizes))):
        left = left - pulls_of(block).combined(some)
        progress(0.95 + 0.05 * (block + 1) / len(sizes))
    relative = float(left.squared_norms().sum().sqrt()) / max(size, _TINY)
    return Exposure(np.asarray(multipliers.numpy()), "closely", relative)


def own_multipliers(
    network: Network, x: Tensor, labels: Tensor, progress: Progress = unheard
) -> Values:
    """λ ≥ 0 that minimises ‖θ − λ J(x_i)ᵀ u_i‖ for each image by itself, u_i its own direction.

    Args:
        network: float64, on the CPU.
        x: what it reads, float64, shape (n, D).
        labels: y, shape (n,).
        progress: told the share that is done.

    Returns:
        λ, shape (n,).

    Raises:
        Cancelled: `progress` said so.
    """
    parts = []
    for block, its_labels in zip(torch.split(x, _ROWS), torch.split(labels, _ROWS), strict=True):
        pulls = _pulls(network, block, its_labels)
        alone = pulls.along_parameters() / pulls.squared_norms().clamp_min(_TINY)
        parts.append(alone.clamp_min(0))
        progress(len(parts) * _ROWS / (len(x) + _ROWS))
    return np.asarray(torch.cat(parts).numpy())


def _pulls(network: Network, x: Tensor, labels: Tensor) -> Gradients:
    """Gradients of images along their own directions."""
    return Gradients.of(network, x, own_directions(network.classes, network.forward(x), labels))


def _products(blocks: Sequence[Pulls], lengths: Sequence[Tensor], progress: Progress) -> Tensor:
    """Products of all gradients, each made as long as 1, shape (n, n)."""
    inverse = [1 / length.clamp_min(_TINY) for length in lengths]
    ends = np.cumsum([0, *(len(length) for length in lengths)])
    products = torch.empty(int(ends[-1]), int(ends[-1]))
    for i, one in enumerate(blocks):
        rows = slice(ends[i], ends[i + 1])
        for j, other in enumerate(blocks[: i + 1]):
            columns = slice(ends[j], ends[j + 1])
            tile = one.products(other) * inverse[i][:, None] * inverse[j]
            products[rows, columns] = tile
            products[columns, rows] = tile.T
            progress((i + j / (i + 1)) ** 2 / len(blocks) ** 2)
    return products
