"""What a run shows while it goes on is what it holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from engine.exports.exporting import display_pixels
from engine.live import LiveView, References
from engine.reconstruction import Reconstruction
from engine.settings import fast


def test_a_pair_names_its_candidate_also_where_earlier_restarts_are_scored_in_part(make_network):
    network = replace(make_network(16, 12, 10, 1), input_shape=(1, 4, 4), mean=torch.zeros(1, 4, 4))
    settings = replace(fast(), candidates=9, steps=3, restarts=3, rank=6, device="cpu")
    train, control = torch.rand(2, 4, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    references = References(train, control, network.mean)
    view, earlier = LiveView(network.mean, references), set()
    for snapshot in Reconstruction(network, settings).iterate():
        view._score_pace.hurry()
        pairs = view.frame(snapshot).pairs
        if pairs is not None:
            shown = display_pixels(snapshot.pool()[torch.from_numpy(pairs.candidate)], network.mean)
            np.testing.assert_allclose(pairs.reconstructed, shown, atol=1)
            earlier |= set(pairs.candidate[pairs.candidate < 9 * len(snapshot.finished)] // 9)
    assert earlier == {0, 1}
