"""A first look: images that single neurons and their differences already show, before any run.

Each row of W_1 is a sum over the training images that its neuron is active on (docs/method.md). Two
neurons that are active on nearly the same images have nearly the same row, and what is left of one
without the other is made of the few images on which they differ: often of one. Such a difference
comes again wherever two other neurons differ in the same image. What comes again more often than it
would in rows without neurons is shown: random rows with the singular values of W_1.
It is a look, and no finding (decision 34).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.base.progress import Progress, portion, unheard
from engine.data.pixels import Pixels, display_pixels
from engine.evidence.diagnostics import sees_no_chance
from engine.evidence.groups import SAME
from engine.network.network import Network
from engine.runtime.lazy import torch
from engine.stationarity.spectrum import read_spectrum

if TYPE_CHECKING:
    from torch import Tensor

MOST = 24
"""Images that are shown at most."""

_ROWS = 2000
"""Rows of W_1 that are compared at most, those of largest norm."""

_NEIGHBOURS = 20
_DIFFERENCES = 6000
"""Differences that are compared with each other at most, the largest."""

_POWER = 0.5
"""Directions that all images share count for less: what is compared is scaled by S^−½."""

_AT_ONCE = 1000
_TIMES, _MORE = 2, 5
"""How many recurrences are no chance: more than twice the most of random rows, and five."""


@dataclass(frozen=True)
class FirstLook:
    """What differences of rows show.

    Attributes:
        images: centred, the most recurrent first, each unlike all before it, shape (n, c, h, w);
            n is 24 at most, and 0 where nothing stands out.
        recurrences: how often each comes again among differences of other rows, falling.
        by_chance: the most recurrences of any difference of random rows.
    """

    images: Tensor
    recurrences: tuple[int, ...]
    by_chance: int

    def __len__(self) -> int:
        return len(self.images)

    @property
    def tiles(self) -> Pixels:
        """For people, uint8, (n, h, w[, 3]): without the mean, for how large it is beside them
        nobody knows.
        """
        return display_pixels(self.images, None)


def first_look(network: Network, progress: Progress = unheard) -> FirstLook:
    """Looks for images in differences of rows; a second or two.

    Args:
        network: any; of one that reads no images, or makes features of them first, and of one
            whose first layer looks untrained, nothing is shown.
        progress: told the share that is done.

    Raises:
        Cancelled: `progress` said so.
    """
    nothing = FirstLook(torch.zeros(0, *network.input_shape), (), 0)
    if network.structure is not None:  # Differences of its rows are features, and no images.
        return nothing
    first, bias = network.explained.weights[0].detach().cpu(), network.explained.biases[0]
    bias = torch.zeros(len(first)) if bias is None else bias.detach().cpu().float()
    if len(first) > _ROWS:
        largest = first.norm(dim=1).topk(_ROWS).indices
        first, bias = first[largest], bias[largest]
    rows, basis, has_chance = _in_row_space(first)
    if network.inputs.is_vector or not has_chance or len(rows) < 3:
        return nothing
    found = differences(rows, bias)
    counts = recurrences(found, portion(progress, 0.0, 0.5))
    random = differences(_without_neurons(rows), bias)
    by_chance = int(recurrences(random, portion(progress, 0.5, 1.0)).max())
    chosen = _distinct(found, counts, _TIMES * by_chance + _MORE)
    images = network.inputs.centred((chosen[0] @ basis).float())
    return FirstLook(images, chosen[1], by_chance)


@dataclass(frozen=True)
class Differences:
    """What is left of rows without one of their neighbours.

    Attributes:
        rows: which two rows each is of, shape (n, 2).
        directions: of each, of length 1, in the row space, shape (n, k).
        compared: the same as they are compared, of length 1, alike.
        biases: the same of the biases, in units of each, shape (n,). W_1 = Σ a_i x_iᵀ and
            b_1 = Σ a_i have the same a_i, so that where an image is left, its sign is that of a_i.
    """

    rows: Tensor
    directions: Tensor
    compared: Tensor
    biases: Tensor


def differences(rows: Tensor, bias: Tensor) -> Differences:
    """Of each row without each of its 20 nearest neighbours by angle, the largest.

    Args:
        rows: of W_1 in coordinates of its row space, shape (n, k); columns are orthogonal.
        bias: b_1 of the same neurons, shape (n,).
    """
    norms = rows.norm(dim=1, keepdim=True).clamp_min(1e-30)
    units = rows / norms
    cosines = (units @ units.T).fill_diagonal_(-2)
    near, of = cosines.topk(min(_NEIGHBOURS, len(rows) - 1), 1)
    left = norms[:, None] * (units[:, None] - near[..., None] * units[of])
    pairs = torch.stack([torch.arange(len(rows))[:, None].expand_as(of), of], 2).flatten(0, 1)
    left = left.flatten(0, 1)
    of_bias = (bias[:, None] - near * norms / norms[of, 0] * bias[of]).flatten()
    sizes, largest = left.norm(dim=1).topk(min(_DIFFERENCES, len(left)))
    left = left[largest]
    scale = rows.norm(dim=0).clamp_min(1e-30) ** _POWER
    normal = torch.nn.functional.normalize
    return Differences(
        pairs[largest],
        normal(left, dim=1),
        normal(left / scale, dim=1),
        of_bias[largest] / sizes.clamp_min(1e-30),
    )


def recurrences(of: Differences, progress: Progress = unheard) -> Tensor:
    """How often each comes again, with either sign, among differences of other rows, shape (n,)."""
    counts = torch.zeros(len(of.rows), dtype=torch.int64)
    one, other = of.rows.T
    for first in range(0, len(counts), _AT_ONCE):
        progress(first / len(counts))
        some = slice(first, first + _AT_ONCE)
        alike = (of.compared[some] @ of.compared.T).abs_() > SAME
        for mine in (one[some, None], other[some, None]):
            alike &= (mine != one) & (mine != other)
        counts[some] = alike.sum(1)
    return counts


def _distinct(of: Differences, counts: Tensor, chance: int) -> tuple[Tensor, tuple[int, ...]]:
    """The mean of each group of look-alikes, (g, k), and how often its first came again."""
    chosen: list[Tensor] = []
    recurred: list[int] = []
    is_free = counts > chance
    for index in torch.argsort(counts, descending=True, stable=True).tolist():
        if len(chosen) == MOST:
            break
        if not is_free[index]:
            continue
        likeness = of.compared @ of.compared[index]
        alike = likeness.abs() > SAME
        signs = likeness[alike].sign()
        mean = (signs[:, None] * of.directions[alike]).mean(0)
        mean = mean / mean.norm() * (1 if (signs * of.biases[alike].sign()).sum() >= 0 else -1)
        is_free &= ~alike & ((of.directions @ mean).abs() < SAME)
        if all(abs(float(mean @ before)) < SAME for before in chosen):
            chosen.append(mean)
            recurred.append(int(counts[index]))
    found = torch.stack(chosen) if chosen else of.directions[:0]
    return found, tuple(recurred)


def _in_row_space(first: Tensor) -> tuple[Tensor, Tensor, bool]:
    """W_1 in its clear directions (n, k), these (k, D), and whether it can hold anything."""
    first = first.double()
    is_wide = first.shape[0] <= first.shape[1]
    squares, vectors = torch.linalg.eigh(first @ first.T if is_wide else first.T @ first)
    values, vectors = squares.flip(0).clamp_min(0).sqrt(), vectors.flip(1)
    spectrum = read_spectrum(values.numpy(), tuple(first.shape))
    k = spectrum.clear
    if is_wide:
        basis = (vectors[:, :k].T @ first) / values[:k, None].clamp_min(1e-30)
    else:
        basis = vectors[:, :k].T.contiguous()
    return (first @ basis.T).float(), basis.float(), not sees_no_chance(spectrum)


def _without_neurons(rows: Tensor) -> Tensor:
    """Random rows of the same singular values, shape (n, k)."""
    random = np.random.default_rng(0).standard_normal(tuple(rows.shape))
    orthogonal, _ = np.linalg.qr(random)
    scaled: Tensor = torch.from_numpy(orthogonal).float() * rows.norm(dim=0)
    return scaled
