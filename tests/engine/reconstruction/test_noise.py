"""Noise is judged without a run as a run judges it, and a report tells by it what was changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.exports.report_page import report_page
from engine.exports.results import make_report
from engine.reconstruction.noise import Noise
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of


@pytest.fixture
def run(make_network):
    network = make_network(16, 12, 10, 1)

    def ended(**settings):
        run = Reconstruction(
            network, replace(fast(), candidates=6, steps=3, device="cpu", **settings)
        )
        list(run.iterate())
        return run

    return ended


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_noise_is_judged_without_a_run_as_a_run_judges_it(run, dtype):
    ended = run(rank=6, dtype=dtype)
    noise = Noise.of(ended.network, ended.state().space, getattr(torch, dtype), 1.0)
    for name in ("pixel_scale", "stretch"):
        assert getattr(noise, name) == pytest.approx(getattr(ended.problem.noise, name), rel=1e-6)
    judged = [each.typical_preactivation(1.5) for each in (noise, ended.problem.noise)]
    assert judged[0] == pytest.approx(judged[1], rel=1e-6)


def test_noise_of_twice_the_scale_comes_to_twice_the_pixels_where_nothing_is_biased(run):
    noise = run(rank=6).problem.noise
    free = replace(noise, seen=replace_biases(noise.seen))
    assert free.typical_preactivation(3.0) == pytest.approx(2 * free.typical_preactivation(1.5))


def replace_biases(network):
    theta = network.parameters
    zeroed = [
        torch.zeros_like(t) if any(t is b for b in network.biases) else t for t in theta.tensors
    ]
    return replace(network, parameters=theta.with_tensors(zeroed))


def test_a_report_names_a_sharpness_that_was_set_and_none_that_was_left_to_us(run):
    for settings, said in (({}, ""), ({"alpha_start": 3.0}, "alpha_start 3.0")):
        session = session_of(run(rank=0, **settings), "cpu")
        page = report_page(session, make_report(session))
        changed = page.split("Also changed")[1][:200] if "Also changed" in page else ""
        assert said in changed
        assert ("alpha_start" in changed) is bool(said)
