"""What reconstructed embeddings are near to, among embeddings of images that a person has at hand.

A neighbour is no reconstruction: it is the nearest of the images that were given. How near real
images come to them is said beside it, of embeddings that the network never saw; and whether a
reconstruction leads to the same neighbour as the embedding that it is matched with, of training
embeddings and of the control alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.neighbours import Neighbours, as_read
from engine.evidence.references import References
from engine.evidence.scoring import Evidence, Matches
from engine.evidence.similarity import cosine_features
from engine.network.network import Network
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

SHOWN = 5
"""Neighbours of each embedding."""

_COPY = 1 - 1e-6
"""A larger cosine says that it is the very embedding."""
_ROWS = 512


@dataclass(frozen=True)
class Nearest:
    """The nearest neighbours of some embeddings, the nearest first.

    Attributes:
        place: which they are, shape (m, k).
        cosine: alike, from −1 to 1, falling along each row.
    """

    place: NDArray[np.int64]
    cosine: NDArray[np.float64]

    @property
    def median(self) -> float | None:
        """The median cosine of the first neighbours; None of no embedding."""
        return float(np.median(self.cosine[:, 0])) if len(self.cosine) else None


@dataclass(frozen=True)
class Agreement:
    """How often a candidate has the first neighbour of the embedding that it is matched with.

    Attributes:
        pairs: of candidate and embedding.
        same: in how many both have the same.
    """

    pairs: int
    same: int


@dataclass(frozen=True)
class Neighbourhood:
    """What a run's reconstructions are near to.

    Attributes:
        neighbours: among which they were looked for.
        gallery: of the distinct reconstructions, in the gallery's order.
        train: of the training embeddings; None without.
        control: of those of the control, alike.
        train_pairs: of all pairs with training embeddings, by the neighbours that are neither
            training embeddings nor the control's; None without.
        control_pairs: of those with the control, alike.
        given: how many of the neighbours are training embeddings themselves.
    """

    neighbours: Neighbours
    gallery: Nearest
    train: Nearest | None = None
    control: Nearest | None = None
    train_pairs: Agreement | None = None
    control_pairs: Agreement | None = None
    given: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As `report.json` holds it (docs/results.md)."""
        return {
            "file": self.neighbours.name,
            "sha256": self.neighbours.origin.sha256,
            "count": len(self.neighbours),
            "training_embeddings_among_them": self.given,
            "median_cosine": {
                "gallery": _rounded(self.gallery.median),
                "train": None if self.train is None else _rounded(self.train.median),
                "control": None if self.control is None else _rounded(self.control.median),
            },
            "same_first_neighbour": {
                name: None if found is None else {"pairs": found.pairs, "same": found.same}
                for name, found in (("train", self.train_pairs), ("control", self.control_pairs))
            },
            "gallery": [
                [
                    {
                        "place": place,
                        "name": self.neighbours.called(place),
                        "cosine": round(cosine, 4),
                    }
                    for place, cosine in zip(places, cosines, strict=True)
                ]
                for places, cosines in zip(
                    self.gallery.place.tolist(), self.gallery.cosine.tolist(), strict=True
                )
            ],
        }


def nearest(
    vectors: Tensor, among: Tensor, count: int = SHOWN, but_copies: bool = False
) -> Nearest:
    """The nearest of some embeddings by cosine.

    Args:
        vectors: shape (m, 1, 1, d) or (m, d).
        among: shape (n, d).
        count: neighbours of each, n at most.
        but_copies: leaves out those that are the vector itself.
    """
    ours, theirs = cosine_features(vectors), cosine_features(among)
    count = min(count, len(theirs))
    places, cosines = [torch.zeros(0, count).long()], [torch.zeros(0, count)]
    for rows in torch.split(ours, _ROWS):
        cosine = rows @ theirs.T
        if but_copies:
            cosine[cosine > _COPY] = -1
        best = cosine.topk(count, dim=1)
        places.append(best.indices)
        cosines.append(best.values)
    return Nearest(torch.cat(places).numpy(), torch.cat(cosines).double().clamp(-1, 1).numpy())


def neighbourhood(
    neighbours: Neighbours,
    network: Network,
    images: Tensor,
    gallery: Tensor,
    references: References | None = None,
    evidence: Evidence | None = None,
) -> Neighbourhood:
    """What a run's reconstructions, and real embeddings beside them, are near to.

    Args:
        neighbours: embeddings by the network's backbone.
        network: under attack.
        images: all candidates, shape (m, 1, 1, d).
        gallery: which of them are distinct, shape (g,).
        references: what they were scored against; None where nobody did.
        evidence: that score.
    """
    among = as_read(neighbours, network.inputs.preprocessing.embedding)
    shown = nearest(images[gallery], among)
    if references is None or evidence is None:
        return Neighbourhood(neighbours, shown)
    train = nearest(references.train, among, but_copies=True)
    unseen = references.control
    control = None if unseen is None else nearest(unseen, among, but_copies=True)
    given = _are_among(among, references.train)
    others = among[~(given if unseen is None else given | _are_among(among, unseen))]
    pairs = _agreement(evidence.train, images, references.train, others)
    beside = None
    if evidence.control is not None and unseen is not None:
        beside = _agreement(evidence.control, images, unseen, others)
    return Neighbourhood(neighbours, shown, train, control, pairs, beside, int(given.sum()))


def _are_among(among: Tensor, real: Tensor) -> Tensor:
    """Which neighbours are one of some real embeddings, shape (n,)."""
    return (cosine_features(among) @ cosine_features(real).T > _COPY).any(1)


def _agreement(matches: Matches, images: Tensor, real: Tensor, among: Tensor) -> Agreement | None:
    """Of each pair, by neighbours that are none of the real embeddings; None where there are none.

    A real embedding among them would be its own first neighbour, and that of the candidate that was
    chosen for being like it.
    """
    if not len(among):
        return None
    ones = nearest(images[torch.from_numpy(matches.candidate)], among, 1).place
    others = nearest(real[torch.from_numpy(matches.reference)], among, 1).place
    return Agreement(len(ones), int((ones == others).sum()))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
