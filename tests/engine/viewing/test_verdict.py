"""One truth: whoever shows or writes a run says the same of the same image."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.comparison.comparison import compare
from engine.comparison.recovered import count_recovered
from engine.data.pixels import display_pixels
from engine.evidence.references import References
from engine.exports import results
from engine.exports.writing import write_scores
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.viewing.frames import LiveView
from engine.viewing.outside import share_left
from engine.viewing.pairs import best_pairs, while_running
from engine.viewing.portrait import portray
from engine.viewing.verdict import verdict_of
from tests.engine.networks import learnt


@pytest.fixture(scope="module")
def network(make_network):
    return learnt(make_network(64, 30, 20, 1, shape=(1, 8, 8), mean=torch.zeros(1, 8, 8)))


def run_of(network, restarts=1, steps=100):
    settings = replace(fast(), candidates=20, steps=steps, restarts=restarts, rank=8, device="cpu")
    return Reconstruction(network, replace(settings, smoothness=2.0))


@pytest.fixture
def session(network):
    run = run_of(network)
    list(run.iterate())
    return session_of(run, "cpu")


def hidden_behind_a_look_alike(session):
    """Training images that are candidates which others stand for in the gallery, and a control."""
    shown = set(session.gallery().candidate.tolist())
    hidden = [number for number in range(20) if number not in shown]
    assert hidden, "look-alikes are needed"
    images = session.images()
    noise = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(5))
    train = torch.cat([images[hidden[:2]], noise])
    control = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(6))
    return References(train, control, session.network.mean), hidden[:2]


def test_what_is_recovered_is_in_the_gallery_as_itself(session):
    references, hidden = hidden_behind_a_look_alike(session)
    verdict = verdict_of(session, references)
    recovered = set(verdict.evidence.recovered_candidates.tolist())
    assert set(hidden) <= recovered
    assert recovered <= set(verdict.gallery.candidate.tolist())
    assert verdict.is_recovered.sum() == verdict.pairs.recovered == verdict.evidence.recovered
    order = verdict.gallery.trust[verdict.gallery.candidate]
    assert (order.diff() <= 0).all()
    without = session.gallery()
    assert set(hidden).isdisjoint(without.candidate.tolist()), "unchanged without images"


def test_the_same_candidate_has_the_same_verdict_everywhere(session, tmp_path):
    references, _ = hidden_behind_a_look_alike(session)
    verdict = verdict_of(session, references)
    recovered = set(verdict.evidence.recovered_candidates.tolist())
    pairs = verdict.pairs
    assert marked(pairs) == recovered
    report = results.write_results(session, tmp_path, references)
    entries = report["gallery"]["images"]
    assert {entry["candidate"] for entry in entries if entry["recovered"]} == recovered
    assert report["evidence"]["train"]["recovered"] == len(recovered)
    with np.load(tmp_path / "reconstructions.npz") as file:
        assert file["gallery"].tolist() == [entry["candidate"] for entry in entries]
    write_scores(tmp_path / "scores.csv", session.score(references))
    with (tmp_path / "scores.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == "train"]
    assert {int(row["candidate"]) for row in rows if row["recovered"] == "1"} == recovered
    side = compare(session, session, (references, None)).sides[0]
    assert set(side.gallery.candidate[torch.from_numpy(side.is_recovered)].tolist()) == recovered
    evidence = session.known_score(references)
    for candidate in range(20):
        match = portray(session, candidate, references, evidence).match
        assert bool(match.is_recovered) == (candidate in recovered)
        assert match.is_assigned == (candidate in verdict.evidence.train.candidate)


def test_a_comparison_counts_what_the_headline_counts(session):
    references, _ = hidden_behind_a_look_alike(session)
    comparison = compare(session, session, (references, references))
    counts = count_recovered(comparison)
    assert counts.in_both + sum(counts.of_only) == session.score(references).recovered


def test_before_a_run_is_scored_nobody_says_that_a_match_is_no_partner(session):
    references, _ = hidden_behind_a_look_alike(session)
    assert portray(session, 3, references).match.is_assigned is None


def test_of_a_restart_that_has_not_ended_no_confidence_is_known(network, tmp_path):
    """Not 0: nobody has looked. What it recovered is in the gallery all the same."""
    run = run_of(network, restarts=2)
    next(snapshot for snapshot in run.iterate() if snapshot.step >= 150)
    session = session_of(run, "cpu")
    images = session.images()
    control = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(6))
    train = torch.cat([images[25][None], control.flip(0).flip(2)])
    verdict = verdict_of(session, References(train, control, network.mean))
    assert 25 in verdict.evidence.recovered_candidates
    place = verdict.gallery.candidate.tolist().index(25)
    assert verdict.gallery.confidence.isnan()[place]
    assert verdict.gallery.confidence_of(25) is None
    assert np.isnan(verdict.pairs.confidence[verdict.pairs.candidate == 25]).all()
    assert portray(session, 25).confidence is None
    assert "not come to its end" in portray(session, 25).why_unknown
    report = json.loads(json.dumps(results.make_report(session, verdict)))
    assert report["gallery"]["images"][place]["confidence"] is None


def test_no_mark_comes_before_the_noise_outside_has_gone(network):
    """The training images are what the candidates are, so that all else would count."""
    for snapshot in run_of(network).iterate():
        images = snapshot.images()
        control = torch.rand(len(images), 1, 8, 8, generator=torch.Generator().manual_seed(6))
        references = References(images, control, network.mean)
        pairs = LiveView(None, references).frame(snapshot, at_rest=True).pairs
        if not snapshot.step:
            assert pairs is None
            continue
        assert pairs.step == snapshot.step
        assert pairs.evidence.recovered > 0
        is_early = share_left(snapshot.step, 100) > 0
        assert pairs.is_early == is_early == (snapshot.step < 50)
        assert any(pairs.is_recovered) != is_early
        assert (pairs.recovered is None) == is_early


def test_candidates_of_earlier_restarts_keep_their_marks(network):
    snapshot = next(each for each in run_of(network, 2).iterate() if each.step > 100)
    control = torch.rand(40, 1, 8, 8, generator=torch.Generator().manual_seed(6))
    references = References(snapshot.pool(), control, network.mean)
    pairs = LiveView(None, references).frame(snapshot, at_rest=True).pairs
    assert not pairs.is_early
    assert 0 < pairs.recovered == len(marked(pairs)) < pairs.evidence.recovered
    assert max(marked(pairs)) < 20
    later = while_running(best_pairs(snapshot.pool(), references), replace(snapshot, step=150))
    assert max(marked(later)) >= 20
    assert later.recovered == later.evidence.recovered


def marked(pairs):
    """The candidates whose pairs are recovered."""
    return set(pairs.candidate[np.array(pairs.is_recovered, bool)].tolist())


def test_tiles_of_pairs_are_those_of_the_candidates(session):
    references, _ = hidden_behind_a_look_alike(session)
    pairs = verdict_of(session, references).pairs
    shown = display_pixels(session.images()[pairs.candidate], references.shown_mean)
    np.testing.assert_array_equal(pairs.reconstructed, shown)
