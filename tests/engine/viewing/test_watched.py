"""The drift as people watch it: with noise outside the row space, which no score ever sees."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from engine.exports.film_options import FilmOptions
from engine.exports.films import make_film
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast, paper
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session
from engine.viewing.outside import Outside, share_left
from engine.viewing.portrait import portray
from engine.viewing.watched import WatchedDrift

EVERY = torch.arange(18)


def session_like(make_network, steps=60, take=None, **settings):
    """A run of two restarts of nine candidates, `take` snapshots of it, or all."""
    network = make_network(48, 30, 20, 1, shape=(3, 4, 4), mean=torch.rand(3, 4, 4))
    chosen = replace(
        fast(), candidates=9, steps=steps, restarts=2, rank=6, device="cpu", seed=5, **settings
    )
    run = Reconstruction(network, chosen)
    for number, _ in enumerate(run.iterate(), 1):
        if number == take:
            break
    return session_of(run, "cpu")


@pytest.fixture
def session(make_network):
    return session_like(make_network)


def added(session, index, chosen=EVERY):
    """What is shown beside what the search has moved, in one frame."""
    return WatchedDrift(session, chosen).images(index) - session.drift.images(index, chosen)


def test_it_lies_outside_the_row_space(session):
    noise = WatchedDrift(session, EVERY).noise
    inside = noise.flatten(1) @ session.state.space.basis.float().T
    assert noise.std() > 0.3
    assert inside.abs().max() < 1e-5
    torch.testing.assert_close(added(session, 0), noise, atol=1e-6, rtol=1e-5)


def test_the_same_seed_gives_the_same_noise_and_another_one_other(session, tmp_path):
    save_session(session, tmp_path / "a.afterimage")
    again = load_session(tmp_path / "a.afterimage")
    noise = WatchedDrift(session, EVERY).noise
    assert torch.equal(WatchedDrift(again, EVERY).noise, noise)
    other = replace(session, settings=replace(session.settings, seed=6))
    assert (WatchedDrift(other, EVERY).noise - noise).abs().mean() > 0.1


def test_each_candidate_of_each_restart_has_its_own(session):
    noise = WatchedDrift(session, EVERY).noise.flatten(1)
    distances = torch.cdist(noise, noise) + 10 * torch.eye(len(noise))
    assert distances.min() > 0.5
    # Of whom else is on show it does not depend.
    alone = WatchedDrift(session, torch.tensor([12])).noise[0]
    torch.testing.assert_close(alone.flatten(), noise[12])


def test_it_fades_by_the_steps_of_a_search_and_is_gone_from_the_middle_on(session):
    steps = WatchedDrift(session, EVERY).steps
    assert steps[-1] == 60
    size = [float(added(session, index).norm()) for index in range(len(steps))]
    assert all(later <= earlier for earlier, later in itertools.pairwise(size))
    for index, step in enumerate(steps):
        assert size[index] == pytest.approx(size[0] * share_left(step, 60), rel=1e-4)
        assert (size[index] == 0) == (step >= 30)
    assert share_left(0, 100) == 1
    assert share_left(5, 100) == pytest.approx(share_left(0, 100) / 2)
    assert share_left(50, 100) == 0


@pytest.mark.parametrize("take", [1, 8, 70, 120])
def test_the_last_frame_is_the_candidate_that_is_scored(make_network, take, monkeypatch):
    """Also where a run ended early: before the middle of its first search, or of its second."""
    monkeypatch.setattr("engine.reconstruction.run.SNAPSHOT_INTERVAL", 0.0)
    session = session_like(make_network, take=take)
    assert session.state.step <= take
    chosen = torch.arange(len(session.labels))
    last = len(session.drift) - 1
    assert torch.equal(
        WatchedDrift(session, chosen).images(last), session.drift.images(last, chosen)
    )
    candidate = int(chosen[-1])
    assert torch.equal(portray(session, candidate).image(-1)[0], session.image(candidate))


def test_it_can_be_left_out(session):
    for index in (0, 4):
        plain = WatchedDrift(session, EVERY, is_noisy=False).images(index)
        assert torch.equal(plain, session.drift.images(index, EVERY))
    found = portray(session, 3)
    assert found.has_noise
    assert torch.equal(found.image(0, with_noise=False)[0], found.frames[0])
    torch.testing.assert_close(found.image(0)[0], found.frames[0] + added(session, 0)[3])
    noisy = found.pixels(0, "fixed", with_mean=True)
    assert (noisy != found.pixels(0, "fixed", with_mean=True, with_noise=False)).any()


def test_a_search_over_pixels_has_none(make_network):
    network = make_network(48, 30, 20, 1, shape=(3, 4, 4))
    run = Reconstruction(network, replace(paper(1), candidates=6, steps=5, device="cpu"))
    list(run.iterate())
    session = session_of(run, "cpu")
    assert session.state.space is None
    assert not portray(session, 0).has_noise
    assert not Outside(None, network.inputs, 0).images(torch.arange(6)).any()
    assert not added(session, 0, torch.arange(6)).any()


def test_watching_changes_nothing_that_is_scored(session):
    before = session.images().clone()
    make_film(session, FilmOptions())
    portray(session, 0)
    assert torch.equal(session.images(), before)
    basis = session.state.space.basis.float()
    flat = session.images().flatten(1)
    torch.testing.assert_close(flat @ basis.T @ basis, flat, atol=1e-5, rtol=1e-4)
