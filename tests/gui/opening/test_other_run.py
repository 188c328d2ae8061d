"""A run on another network stands beside the open one in its line-up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.network.checkpoints import load_network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.session.session_file import save_session
from tests.gui.app.test_main_window import open_and_wait, run_to_end
from tests.gui.conftest import has_gallery, settle, until
from tests.gui.inspector.test_looking_closely import some_images

COMMAND = "Another Network's Run"


@pytest.fixture
def session(tmp_path, checkpoint):
    """Makes a session of a short run on a checkpoint."""

    def make(name, *sizes):
        network = load_network(checkpoint(name, *sizes), (1, 4, 4))
        run = Reconstruction(network, replace(fast(), candidates=6, steps=4, device="cpu"))
        for _ in run.iterate():
            pass
        path = tmp_path / f"{name}.afterimage"
        save_session(session_of(run, "cpu"), path)
        return path

    return make


@pytest.fixture
def ended(qtbot, window, checkpoint):
    """The window with a run that has ended, scored against images and a control."""
    open_and_wait(qtbot, window, checkpoint())
    images = some_images(8, 0), some_images(8, 1, "control")
    window.workspace = replace(window.workspace, train=images[0], control=images[1])
    run_to_end(qtbot, window, 20)
    until(qtbot, lambda: has_gallery(window))
    settle(qtbot, window)
    return window


def test_it_stands_in_words_beside_the_score_until_the_images_go(qtbot, ended, session):
    panel = ended.network_page.references_panel
    assert "another network" not in ended.scores.lineup.text()
    ended.opener.other_run.open(session("other.pth", 16, 12, 1))
    until(qtbot, lambda: "another network (other.pth)" in ended.scores.lineup.text())
    assert panel.said_of_other_run == "6 candidates"
    lineup = ended.pairs.pairs.evidence.lineup
    assert (lineup.elsewhere.candidates, lineup.elsewhere.train.count) == (6, 8)
    assert lineup.elsewhere.fewer is (ended.workspace.session.settings.candidates > 6)
    ended.adoption.remove_references()
    assert ended.workspace.other is None
    assert panel.said_of_other_run == ""


def test_a_run_on_the_open_network_is_refused(qtbot, ended, session):
    ended.opener.other_run.open(session("small.pth"))
    until(qtbot, lambda: "a run on small.pth itself" in ended.strip.text)
    assert ended.workspace.other is None


def test_without_line_ups_there_is_nothing_to_stand_beside(qtbot, window, checkpoint, session):
    action = window.actions_._builder.action(COMMAND)
    assert not action.isEnabled()
    open_and_wait(qtbot, window, checkpoint())
    assert action.isEnabled()
    window.opener.other_run.open(session("other.pth", 16, 12, 1))
    until(qtbot, lambda: "there are none" in window.strip.text)
    assert window.workspace.other is None
