"""The neighbours of one reconstructed embedding, for the eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.data.neighbours import Neighbours, as_read
from engine.data.pixels import Pixels
from engine.evidence.neighbourhood import nearest
from engine.network.network import Network

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Near:
    """A neighbour.

    Attributes:
        name: for people.
        cosine: from −1 to 1.
        pixels: what it is of, (h, w[, 3]); None where nobody gave a picture.
    """

    name: str
    cosine: float
    pixels: Pixels | None


def near(image: Tensor, neighbours: Neighbours, network: Network) -> tuple[Near, ...]:
    """The nearest neighbours of a reconstructed embedding, the nearest first.

    Args:
        image: shape (1, 1, d).
        neighbours: among which to look.
        network: whose candidate it is.
    """
    among = as_read(neighbours, network.inputs.preprocessing.embedding)
    found = nearest(image[None], among)
    return tuple(
        Near(neighbours.called(place), cosine, neighbours.picture(place))
        for place, cosine in zip(found.place[0].tolist(), found.cosine[0].tolist(), strict=True)
    )
