"""Whether weights were changed after training: pruned, or rounded to a few values.

Training leaves neither many zeros nor a few values again and again in one row. Confidences were
fitted to networks as training left them. Of some that were pruned or rounded hard nothing came
back, and yet candidates stood out (decision 32).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.network.batch_norm import FOLDED
from engine.network.network import Network
from engine.network.reading import listed
from engine.network.reparametrised import MASKED, NORMED, PRUNED

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
    """Whether a matrix (n, k), or kernels (n, …), look pruned or rounded; a glance at 64 rows."""
    every = max(1, len(weight) // _ROWS)
    rows = weight.detach()[::every].flatten(1)
    rows = rows[(rows != 0).any(1)][:, (rows != 0).any(0)]
    if not rows.numel():
        return False
    is_pruned = float((rows == 0).double().mean()) > _PRUNED
    levels = (rows.sort(1).values.diff(dim=1) != 0).sum(1) + 1
    is_rounded = float(levels.double().median()) <= min(_LEVELS, rows.shape[1] / _TIMES)
    return is_pruned or is_rounded


def why_roughly(network: Network) -> str:
    """Why the stationarity equation holds only roughly for these weights; empty where nothing says.

    A network that was pruned lacks what its images explain of the weights that are gone. Of weight
    norm, spectral norm and batch normalisation other parameters were trained than the weights that
    come of them.
    """
    reading = network.reading
    pruned = [each.name for each in reading.applied if each.what.startswith(f"{PRUNED}, ")]
    pruned += [each.name for each in reading.ignored if each.what == MASKED]
    if pruned:
        return f"Weights were pruned ({listed(pruned)}), so that {_ROUGHLY}"
    normed = [each.name for each in reading.applied if each.what.startswith(NORMED)]
    if normed:
        return f"Weights were trained as parts of a norm ({listed(normed)}), so that {_ROUGHLY}"
    through = [each.name for each in reading.applied if each.what.startswith(FOLDED)]
    if through:
        return (
            f"Weights were trained through batch normalisation ({listed(through)}), which is "
            f"folded into them, so that {_ROUGHLY}"
        )
    if any(is_altered(weight) for weight in network.weights[:-1]):
        return f"Weights look pruned or rounded after training, so that {_ROUGHLY}"
    return ""


_ROUGHLY = "the equation that a search solves holds only roughly."
