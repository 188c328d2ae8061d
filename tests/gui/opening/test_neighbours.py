"""Neighbours are opened for a head on embeddings, and stand beside what is inspected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QWidget

from engine.data.normalisation import of_embeddings
from engine.network.checkpoints import load_network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.session.session_file import save_session
from gui.opening.preprocessing_dialog import PreprocessingDialog
from tests.gui.conftest import settle, until

D = 24


@pytest.fixture
def files(tmp_path):
    """A head, which says nothing of its inputs, and neighbours of unit length with pictures."""
    torch.manual_seed(0)
    head = torch.nn.Sequential(torch.nn.Linear(D, 30), torch.nn.ReLU(), torch.nn.Linear(30, 3))
    torch.save(head.state_dict(), tmp_path / "head.pth")
    random = np.random.default_rng(0)
    rows = random.normal(size=(9, D))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    pictures = random.integers(0, 256, (9, 6, 6, 3), dtype=np.uint8)
    np.savez(tmp_path / "near.npz", embeddings=rows, images=pictures)
    np.savez(tmp_path / "wrong.npz", embeddings=rows[:, 1:])
    return tmp_path


def opened(qtbot, window, files, *names):
    for name in names:
        window.files.open([files / name])
        settle(qtbot, window)
        until(qtbot, lambda: window.workspace.network is not None and not window.opener.opening)


def test_dropped_neighbours_say_that_the_network_is_a_head(qtbot, window, files):
    opened(qtbot, window, files, "head.pth", "near.npz")
    until(qtbot, lambda: window.workspace.network.inputs.is_embedding)
    assert window.workspace.network.inputs.preprocessing.described == (
        "embeddings at unit length (found out from reference images)"
    )
    assert len(window.workspace.neighbours) == 9
    assert window.network_page.references_panel.said_of_neighbours == "9"
    opened(qtbot, window, files, "head.pth")
    assert len(window.workspace.neighbours) == 9


def test_neighbours_of_another_backbone_are_refused(qtbot, window, files):
    opened(qtbot, window, files, "head.pth", "wrong.npz")
    assert window.workspace.neighbours is None
    assert "have 23 numbers, but the network reads 24" in window.strip.text
    assert window.network_page.references_panel.said_of_neighbours == ""


def test_the_command_needs_a_network(qtbot, window, files):
    action = window.actions_._builder.action("Open Neighbours")
    assert not action.isEnabled()
    opened(qtbot, window, files, "head.pth")
    assert action.isEnabled()


def test_the_inspector_shows_the_nearest_with_their_cosines(qtbot, window, files):
    run = Reconstruction(load_network(files / "head.pth"), replace(fast(), candidates=6, steps=4))
    for _ in run.iterate():
        pass
    save_session(session_of(run, "cpu"), files / "run.afterimage")
    opened(qtbot, window, files, "run.afterimage")
    window.examiner.inspect(2)
    settle(qtbot, window)
    inspector = window.examiner.inspector
    assert not inspector.near.isVisibleTo(inspector)
    opened(qtbot, window, files, "near.npz")
    until(qtbot, lambda: window.workspace.network.inputs.is_embedding)
    settle(qtbot, window)
    assert window.workspace.session is not None
    window.examiner.inspect(2)
    until(qtbot, lambda: inspector.portrait is not None and bool(inspector.portrait.near))
    with np.load(files / "near.npz") as near:
        among, pictures = near["embeddings"], near["images"]
    candidate = window.workspace.session.image(2)[0, 0].double().numpy()
    cosines = among @ candidate / np.linalg.norm(candidate)
    nearest = np.argsort(-cosines)[:5]
    assert inspector.near.isVisibleTo(inspector)
    shown = [caption.text() for caption in inspector.near.captions]
    assert shown == [f"{cosines[place]:.2f}" for place in nearest]
    np.testing.assert_array_equal(inspector.portrait.near[0].pixels, pictures[nearest[0]])
    assert inspector.near.pictures[0].image.width() == 6


def test_the_preprocessing_can_be_set_to_embeddings_and_away_again(qtbot, make_network, qapp):
    network = make_network(D, 8, 2, shape=(1, 1, D))
    network = network.with_preprocessing(of_embeddings("raw", (1, 1, D), "references"))
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = PreprocessingDialog(network, None, None, parent)
    chosen = []
    dialog.chosen.connect(chosen.append)
    assert dialog.embedding.isChecked()
    dialog.unit.setChecked(True)
    dialog.accept()
    assert chosen[0].embedding == "unit"
    assert chosen[0].said_by == "user"
    other = PreprocessingDialog(network, None, None, parent)
    other.chosen.connect(chosen.append)
    other.nothing.setChecked(True)
    other.accept()
    assert chosen[1].embedding == ""


def test_images_are_offered_no_embeddings(qtbot, make_network):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = PreprocessingDialog(make_network(16, 8, 2, shape=(1, 4, 4)), None, None, parent)
    assert not dialog.unit.isVisibleTo(dialog)
    assert not dialog.embedding.isVisibleTo(dialog)
