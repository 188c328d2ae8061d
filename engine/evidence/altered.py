"""Whether weights were changed after training: pruned, or rounded to a few values.

Training leaves neither many zeros nor a few values again and again in one row. Confidences were
fitted to networks as training left them. Of some that were pruned or rounded hard nothing came
back, and yet candidates stood out (decision 32).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_PRUNED = 0.4
"""A larger share of zeros, rows and columns of nothing else aside."""
_LEVELS = 32
"""Different values in a row, of which 5 bits hold as many. With 8 bits as much came back as with 32
(decision 25)."""
_TIMES = 4
"""So many more numbers than levels a row has to have, for levels to tell anything."""
_ROWS = 64


def is_altered(weight: Tensor) -> bool:
    """Whether a matrix (n, k) looks pruned or rounded; a glance at 64 of its rows."""
    every = max(1, len(weight) // _ROWS)
    rows = weight.detach()[::every]
    rows = rows[(rows != 0).any(1)][:, (rows != 0).any(0)]
    if not rows.numel():
        return False
    is_pruned = float((rows == 0).double().mean()) > _PRUNED
    levels = (rows.sort(1).values.diff(dim=1) != 0).sum(1) + 1
    is_rounded = float(levels.double().median()) <= min(_LEVELS, rows.shape[1] / _TIMES)
    return is_pruned or is_rounded
