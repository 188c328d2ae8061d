"""What a run shows while it goes on is what it holds."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from engine.data.pixels import display_pixels
from engine.evidence import references as references_module
from engine.evidence.references import References
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.viewing import frames as frames_module
from engine.viewing.frames import LiveView
from engine.viewing.outside import Outside, share_left
from engine.viewing.pairs import best_pairs


@pytest.fixture
def small(make_network):
    """A run of three restarts with four training images and as many of a control."""
    network = make_network(16, 12, 10, 1, shape=(1, 4, 4), mean=torch.zeros(1, 4, 4))
    settings = replace(fast(), candidates=9, steps=3, restarts=3, rank=6, device="cpu")
    train, control = torch.rand(2, 4, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    return Reconstruction(network, settings), References(train, control, network.mean)


@pytest.mark.parametrize(("bound", "most"), [("_MOST_COMPARED", 71), ("_MOST_PIXELS", 127)])
def test_no_score_that_would_keep_a_stop_waiting_is_begun_in_passing(
    small, monkeypatch, bound, most
):
    run, references = small
    frames = [LiveView(None, references).frame(each, at_rest=True) for each in run.iterate()]
    assert any(frame.pairs is not None for frame in frames)
    assert not any(frame.scores_later for frame in frames)
    monkeypatch.setattr(references_module, bound, most)  # Of 9 candidates, 8 images, 16 pixels.
    view = LiveView(None, references)
    frames = [view.frame(each, at_rest=True) for each in run.iterate() if each.step]
    assert all(frame.pairs is None and frame.scores_later for frame in frames)


def test_a_pause_scores_what_is_quick_to_score_where_all_restarts_are_too_many(small, monkeypatch):
    run, references = small
    third = next(snapshot for snapshot in run.iterate() if len(snapshot.finished) == 2)
    compared = []
    find = best_pairs
    monkeypatch.setattr(
        frames_module, "best_pairs", lambda i, r: compared.append(len(i)) or find(i, r)
    )
    for most in (27, 26):
        monkeypatch.setattr(references_module, "_MOST_COMPARED", most * 8)
        assert LiveView(None, references).frame(third, at_rest=True).pairs is not None
    assert compared[0] == 27
    assert 9 < compared[1] < 27, "one of the earlier restarts at a time"


def test_a_pair_names_its_candidate_also_where_earlier_restarts_are_scored_in_part(small):
    run, references = small
    mean = references.mean
    view, earlier = LiveView(mean, references), set()
    for snapshot in run.iterate():
        view._judge_pace.hurry()
        frame = view.frame(snapshot)
        while view._beside.is_busy:  # What is worked out beside the run arrives when it is done.
            frame = view.frame(snapshot)
        pairs = frame.pairs
        if pairs is not None:
            assert frame.standing.step == snapshot.step
            shown = display_pixels(snapshot.pool()[torch.from_numpy(pairs.candidate)], mean)
            np.testing.assert_allclose(pairs.reconstructed, shown, atol=1)
            earlier |= set(pairs.candidate[pairs.candidate < 9 * len(snapshot.finished)] // 9)
    assert earlier == {0, 1}


def test_without_a_control_no_pair_is_recovered_however_good(small):
    _, references = small
    found = references.train - references.shown_mean
    assert all(best_pairs(found, references).is_recovered)
    alone = best_pairs(found, replace(references, control=None))
    assert alone.evidence.train.good == 4
    assert not any(alone.is_recovered)


def test_the_picture_never_waits_for_what_is_worked_out_beside_the_run(small, monkeypatch):
    """However long that takes, each picture is of the step that it names, and the run's own."""
    run, references = small
    monkeypatch.setattr("engine.reconstruction.run.SNAPSHOT_INTERVAL", 0.0)
    released = threading.Event()
    find = best_pairs
    monkeypatch.setattr(frames_module, "best_pairs", lambda i, r: released.wait(60) and find(i, r))
    view, steps = LiveView(references.mean, references), []
    for snapshot in islice(run.iterate(), 3):
        view._picture_pace.hurry()
        frame = view.frame(snapshot)
        assert frame.standing is None or not frame.standing.step
        assert frame.picture.step == snapshot.step
        steps.append(frame.picture.step)
    assert steps == [0, 1, 2]
    released.set()
    view.end()


def test_noise_is_not_judged_while_the_first_step_is_taken_but_where_a_run_rests(small):
    run, references = small
    noise = next(run.iterate())
    view = LiveView(references.mean, references)
    assert view.frame(noise).standing is None
    assert not view._beside.is_busy
    assert view.frame(noise, at_rest=True).standing.step == 0
    view.end()


def test_a_picture_is_the_seats_in_the_row_space_and_what_is_left_of_the_noise(small):
    run, _ = small
    mean = torch.zeros(1, 4, 4)
    view = LiveView(mean, seed=run.settings.seed)
    outside = Outside(run.problem.space, run.network.inputs, run.settings.seed)
    for snapshot in run.iterate():
        frame = view.frame(snapshot, at_rest=True)
        seated = torch.tensor(frame.picture.seats.candidates)
        share = share_left(snapshot.step - 3 * len(snapshot.finished), 3)
        drift = snapshot.images(seated - 9 * len(snapshot.finished))
        shown = display_pixels(drift + outside.images(seated, share), mean)
        np.testing.assert_allclose(frame.picture.tiles, shown, atol=1)
    assert share == 0
