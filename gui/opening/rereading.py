"""The network that is open, read in another way: its run and its images, where they stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.network.network import Network
from gui.opening.opened import Opened
from gui.opening.reading import examine
from gui.state.workspace import Workspace

Rereading = Callable[[Network], Network]
"""Makes the same network with another shape, order, activation, layout, preprocessing or base."""


def reread(now: Workspace, rereading: Rereading) -> Opened:
    """Reads the network that is open in another way, and looks at it again; called on a thread.

    Images stay where they are of the shape that it reads then. A run stays where its candidates
    are what they were: a mean alone moves what they are compared with.

    Args:
        now: what is open, a network at least.
        rereading: how it is read from now on.
    """
    assert now.network is not None
    network, session = rereading(now.network), now.session
    stays = _reads_alike(now.network, network)
    if session is not None:
        session = replace(session, network=network) if stays else None
    opened = Opened(network, session=session, leaves_run=now.session is not None and not stays)
    if network.input_shape == now.network.input_shape:
        opened = replace(opened, train=now.train, control=now.control)
    return examine(opened)


def _reads_alike(a: Network, b: Network) -> bool:
    """Whether two networks, the same but for how they are read, are the same to a search."""
    if any(x is not y for x, y in zip(a.weights, b.weights, strict=True)):
        return False  # Their layers, or the columns of the first, stand in another order.
    if a.activation != b.activation or a.base is not b.base:
        return False
    if a.structure != b.structure:
        return False
    if a.input_shape != b.input_shape:
        return a.structure is None  # The same columns, in other rows.
    if a.inputs.is_vector and b.inputs.is_vector:
        return True  # A search on rows reads them as the network does, whatever their units.
    one, other = (network.inputs.preprocessing.std for network in (a, b))
    if one is None or other is None:
        return one is other
    return one.tolist() == other.tolist()
