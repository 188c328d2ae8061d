"""Nothing on the device is waited for in the middle of a block of steps."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from tests.engine.networks import CASES, network_of

ASKING = ("aten::item", "aten::_local_scalar_dense", "aten::is_nonzero", "aten::nonzero")
"""What has to wait until a device has come to a number: each is one, on every device."""


def asked(work):
    """How often the device is asked for a number."""
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        work()
    return sum(event.count for event in seen.key_averages() if event.key in ASKING)


def test_a_question_is_counted():
    numbers = torch.ones(3)
    assert asked(lambda: float(numbers.sum())) == 2  # `item`, and what it is made of.


IN_PIXELS = {"space": "pixel", "scale_power": 0.0, "whitening": 0.0, "neuron_weighing": 0.0}


@pytest.mark.parametrize(
    "given",
    [{"rank": 8}, {"rank": 8, "optimizer": "sgd"}, {**IN_PIXELS, "gradient": "double backward"}],
)
@pytest.mark.parametrize("training", ["auto", "decay", "free"])
@pytest.mark.parametrize("case", CASES)
def test_steps_ask_for_nothing(case, training, given):
    chosen = replace(fast(training), candidates=20, steps=100, device="cpu")
    run = Reconstruction(network_of(case), replace(chosen, **given))
    next(run.iterate())
    search = run._search
    search.take_step()
    frames = search.plan.frames
    search.plan = replace(search.plan, frames=frozenset())  # Those are copied to the host.
    assert frames

    def steps():
        for _ in range(10):
            search.take_step()

    assert asked(steps) == 0
