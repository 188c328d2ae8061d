"""What an adapter (LoRA) shows of the records that it was trained on: a certificate per module.

Let out = W h + B A h, with B = 0 and A = A_0 at the start, and V the span of A_0 h over all h that
were seen. The gradient of B is g (A h)ᵀ and that of A is Bᵀ g hᵀ. By induction over the steps of
SGD the rows of B lie in V, and so do the columns of A − A_0, and A h of whatever was seen. So
with P the projector off the row space of B,

    C = P A = P A_0,    C h = 0 for each h that was seen, where the rows of B span all of V.

That takes room: B of a rank below r, which as many independent records as r leave nothing of, and
below the number of outputs, which otherwise bounds it. Momentum, weight decay and clipping by norm
only add multiples of what is in V (weight decay shrinks A_0, too), so they change nothing. Adam
divides entry by entry: its B has full rank, and the certificate is empty. It is void, too, where
B·A was taken apart anew, by an SVD for instance: then the rows of A end with those of B, P A is
zero, and it would annihilate everything. It is exact where h did not change in training, below
all other adapters and without dropout; further up it is a score, which the control measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.evidence.roc import FEW, RocCurve, Values, roc_curve
from engine.network.adapter import Module
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_ROUNDINGS = 64
"""Roundings of the file's precision, relative to the largest singular value of B, below which
nothing is told from zero."""
_CLIFF = 10.0
"""By which the last singular value that counts is larger than the next one."""
_LEAST_OUTSIDE = 1e-6
"""Share of A that lies off the row space of B, below which the factors were made anew."""
_TINY = 1e-30

FULL = "B has full rank: as many records as that, Adam, or another start leave no room"
BOUNDED = "the rank of B is that of its outputs, which hides how many records there were"
GRADUAL = "the singular values of B fall without a cliff, so its rank is not known"
REFACTORED = "A has nothing outside the row space of B: the factors were made anew"
UNTRAINED = "B is zero: nothing was learnt here"


@dataclass(frozen=True)
class Certificate:
    """What one module annihilates.

    Attributes:
        module: of the adapter.
        rank: of B.
        cliff: the last singular value of B that counts over the next; infinite where that is zero.
        matrix: C = P A, float64, shape (r, in); None where there is none.
        why_empty: why there is none, in words; empty where there is.
    """

    module: Module
    rank: int
    cliff: float
    matrix: Tensor | None
    why_empty: str = ""

    def remainder(self, records: Tensor) -> Values:
        """‖C h‖/‖A h‖ of each record, from 0 to about 1, shape (n,).

        Args:
            records: h, shape (n, in), or (n, t, in), of t tokens each, which count together.
        """
        assert self.matrix is not None  # Only what has one is asked.
        h = records.double()
        outside, whole = ((h @ m.T).flatten(1).norm(dim=1) for m in (self.matrix, self.module.down))
        found: Values = (outside / whole.clamp_min(_TINY)).numpy()
        return found


@dataclass(frozen=True)
class Ranked:
    """How records fare with a module, or with several at once.

    Attributes:
        records: the remainder of each, shape (n,); of several modules the geometric mean.
        control: of those that were not seen, alike; None where none were given.
    """

    records: Values
    control: Values | None

    @property
    def curve(self) -> RocCurve | None:
        """How well a small remainder tells records from the control; None without one."""
        return None if self.control is None else roc_curve(-self.records, -self.control)

    def as_dict(self) -> dict[str, Any]:
        """Plain values; what is not known is None."""
        curve, few = self.curve, None
        if curve is not None and curve.shows(FEW):
            few = curve.at(FEW)
        return {
            "area": None if curve is None else round(curve.area, 4),
            "tpr_at_1_percent_fpr": None if few is None else few.rate,
            "interval": None if few is None else list(few.interval),
            "median": float(np.median(self.records)),
            "median_control": None if self.control is None else float(np.median(self.control)),
            "records": self.records.tolist(),
        }


def certificate_of(module: Module) -> Certificate:
    """What a module annihilates, or why it says nothing."""
    _, values, rows = torch.linalg.svd(module.up, full_matrices=False)
    if not len(values) or float(values[0]) == 0:
        return Certificate(module, 0, np.inf, None, UNTRAINED)
    rank = int((values > _ROUNDINGS * module.resolution * values[0]).sum())
    following = float(values[rank]) if rank < len(values) else 0.0
    cliff = float(values[rank - 1]) / following if following else np.inf
    why = ""
    if rank == module.rank:
        why = FULL
    elif rank == module.up.shape[0]:
        why = BOUNDED
    elif cliff < _CLIFF:
        why = GRADUAL
    if why:
        return Certificate(module, rank, cliff, None, why)
    kept = rows[:rank]
    matrix = module.down - kept.T @ (kept @ module.down)
    if float(matrix.norm()) < max(_LEAST_OUTSIDE, _ROUNDINGS * module.resolution) * float(
        module.down.norm()
    ):
        return Certificate(module, rank, cliff, None, REFACTORED)
    return Certificate(module, rank, cliff, matrix)


def rank_records(
    certificates: Sequence[Certificate],
    records: Mapping[str, Tensor],
    control: Mapping[str, Tensor] | None,
) -> dict[str, Ranked]:
    """How records fare with each module that has a certificate, and with all of them (`all`).

    Args:
        certificates: of an adapter; those that are empty say nothing.
        records: h of each record by the module's name, (n, in) or (n, t, in), n alike.
        control: of records that were not seen, alike.
    """
    found = {}
    for each in certificates:
        name = each.module.name
        if each.matrix is not None and name in records:
            unseen = None if control is None else each.remainder(control[name])
            found[name] = Ranked(each.remainder(records[name]), unseen)
    if len(found) > 1:
        ones = _together([each.records for each in found.values()])
        others = [each.control for each in found.values() if each.control is not None]
        found["all"] = Ranked(ones, _together(others) if others else None)
    return found


def _together(remainders: Sequence[Values]) -> Values:
    logarithms = [np.log(np.maximum(each, _TINY)) for each in remainders]
    return np.asarray(np.exp(np.mean(logarithms, axis=0)))
