"""A baseline that knows how sure a network is of images that it never saw.

The likelihood-ratio attack of Carlini, Chien, Nasr, Song, Terzis and Tramèr 2022 (“Membership
Inference Attacks From First Principles”, section V) scales the confidence p in an image's own class
to φ = ln p/(1 − p), which is close to Gaussian, and asks how far φ lies above that of networks that
were not trained on the image. Their offline attack needs shadow networks: others, trained alike on
other images. Here there are none. The Gaussian is that of the images of a class that this network
never saw, one half of the control, and the score is (φ − mean) / deviation; the other half measures
what it is worth. So the score knows how hard a class is, and not how hard an image is, which the
shadow networks would tell. It is a baseline, and weaker than the attack that it is taken from.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.network.classes import Classes
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Values = NDArray[np.float64]

FEWEST = 8
"""Images of a class that a Gaussian of its own is fitted to; of fewer, that of all classes is."""


def scaled_confidences(classes: Classes, outputs: Tensor, labels: Tensor) -> Values:
    """φ = ln p/(1 − p), p the confidence in the image's own class, shape (n,).

    y Φ with one output, else Φ_y − ln Σ_{k ≠ y} exp Φ_k: exact however sure the network is.

    Args:
        classes: of the network.
        outputs: Φ, shape (n, C).
        labels: y, shape (n,).
    """
    if classes.outputs == 1:
        return np.asarray((labels.to(outputs) * outputs[:, 0]).numpy())
    own = labels.long()[:, None]
    rest = outputs.scatter(1, own, -torch.inf).logsumexp(1)
    return np.asarray((outputs.gather(1, own)[:, 0] - rest).numpy())


def calibrated(confidences: Values, labels: Values, reference: NDArray[np.bool_]) -> Values | None:
    """How many standard deviations each image lies above those of a reference in its class.

    Args:
        confidences: φ of all images, shape (n,).
        labels: y of all images, shape (n,).
        reference: which of them the Gaussians are fitted to, shape (n,).

    Returns:
        Shape (n,); None where the reference has fewer than `FEWEST` images, or all with one φ.
    """
    known = confidences[reference]
    if len(known) < FEWEST or not known.std() > 0:
        return None
    scores: Values = (confidences - known.mean()) / known.std(ddof=1)
    for label in np.unique(labels):
        own = confidences[reference & (labels == label)]
        if len(own) >= FEWEST and own.std() > 0:
            here = labels == label
            scores[here] = (confidences[here] - own.mean()) / own.std(ddof=1)
    return scores


def half_of(images: Tensor) -> NDArray[np.bool_]:
    """One half of some images, drawn by their pixels: the same in whatever order they come.

    Args:
        images: shape (n, c, h, w).

    Returns:
        Which belong to it, shape (n,); ⌊n/2⌋ of them.
    """
    digests = [hashlib.blake2b(image.numpy().tobytes(), digest_size=8).digest() for image in images]
    order = sorted(range(len(digests)), key=lambda place: digests[place])
    chosen = np.zeros(len(digests), bool)
    chosen[order[: len(digests) // 2]] = True
    return chosen
