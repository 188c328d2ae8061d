"""What trust reaches on networks that can't know an image, and how far that lets a confidence go.

A search ends somewhere on every network, and some candidates stand out from the others even where
no image is held. Networks that were trained on noise know their noise; all else that is found there
is chance. Such *null images* are decoys in the sense of Elias and Gygi (2007, “Target-decoy search
strategy”): among g distinct images of a network like them, g·p(t) with a trust of t or more are
chance, where p(t) is the share of null images that reach t. If k images of a gallery reach it, no
more than 1 − g·p(t)/k of these need be real, and no confidence is higher. At first all of the g
count as chance, so that the limit errs on the low side.

The table is made by `make nulls` (decision 35).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from engine.base.json_text import Count, read_json
from engine.base.resources import resource_folder
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


class NullImages(msgspec.Struct, frozen=True):
    """How trusted the null images of one kind of network are.

    Attributes:
        images: how many there are, N.
        networks: of how many networks.
        ranks: places in the order of trust, rising from 1.
        logits: log-odds of the trust at each of these places, falling.
    """

    images: Count
    networks: Count
    ranks: tuple[Count, ...]
    logits: tuple[float, ...]

    def __post_init__(self) -> None:
        """Holds the table to what it says of itself.

        Raises:
            ValueError: the places do not rise from 1, the log-odds do not fall, or there are not
                as many of both.
        """
        ranks, logits = list(self.ranks), list(self.logits)
        is_in_order = ranks == sorted(set(ranks)) and logits == sorted(logits, reverse=True)
        if not ranks or len(ranks) != len(logits) or ranks[0] != 1 or not is_in_order:
            raise ValueError("a table of null images that is in no order")

    def reaching(self, logits: Tensor) -> Tensor:
        """How many null images have such log-odds or more, at most; int64, of the same shape.

        Between two places of the table it is the larger number.
        """
        rising = torch.tensor(self.logits[::-1], dtype=torch.float64)
        counts = torch.tensor([*(rank - 1 for rank in self.ranks), self.images])
        # So many places lie at these log-odds or above; the next one lies below.
        above = len(rising) - torch.searchsorted(rising, logits.double().contiguous())
        return counts[above]

    def p_value(self, logits: Tensor) -> Tensor:
        """(1 + how many null images reach as much) / (1 + N), float64, of the same shape.

        With the one in question counted in it is never 0 (Phipson and Smyth 2010).
        """
        return (1 + self.reaching(logits).double()) / (1 + self.images)


@dataclass(frozen=True)
class AgainstNulls:
    """What null images say of the candidates of a run.

    Attributes:
        images: N.
        networks: of how many networks these are.
        reaching: how many of them are trusted as much, shape (R·m,).
        cap: no confidence is higher, from 0 to 1, shape (R·m,).
    """

    images: int
    networks: int
    reaching: Tensor
    cap: Tensor

    def p_value(self, candidate: int) -> float:
        """The chance that a null image is trusted as much as a candidate; never 0."""
        return (1 + int(self.reaching[candidate])) / (1 + self.images)

    def as_dict(self) -> dict[str, int]:
        """For programs."""
        return {"images": self.images, "networks": self.networks}


def against_nulls(nulls: NullImages, logits: Tensor, distinct: Tensor) -> AgainstNulls:
    """Holds all candidates of a run to what null images reach.

    Args:
        nulls: of the same kind of network, and of as many searches, one or several.
        logits: log-odds of the trust of all candidates, shape (R·m,).
        distinct: which candidates stand for a distinct image, the most trusted first, shape (g,).
    """
    reached = logits[distinct].double()
    places = torch.arange(1, len(distinct) + 1, dtype=torch.float64)
    expected = len(distinct) * nulls.p_value(reached)
    # Who asks less of all may count on whom that takes in: the least of all places from here on.
    share = (expected / places).clamp(max=1).flip(0).cummin(0).values
    least = torch.cat([torch.ones(1, dtype=torch.float64), share])
    taken_in = torch.searchsorted(reached.flip(0), logits.double().contiguous(), right=True)
    return AgainstNulls(
        nulls.images, nulls.networks, nulls.reaching(logits), (1 - least[taken_in]).float()
    )


class _Of(msgspec.Struct, frozen=True):
    """Null images of a kind, of one search and of pooled ones."""

    alone: NullImages
    pooled: NullImages


@cache
def _table() -> dict[str, _Of]:
    text = (resource_folder() / "nulls.json").read_text(encoding="utf-8")
    return read_json(text, dict[str, _Of])


def nulls_for(kind: str, restarts: int) -> NullImages:
    """Those of a kind of network, for so many searches.

    Raises:
        KeyError: none were made of this kind.
    """
    of = _table()[kind]
    return of.alone if restarts == 1 else of.pooled
