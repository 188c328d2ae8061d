"""A network with convolutions goes through the window as any other does."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from PySide6.QtWidgets import QLabel

from engine.data.inputs import InputSpec
from engine.network.checkpoints import save_network
from engine.network.features import features_of
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.network.structure import Activated, Convolution, Full, Pooling, Structure
from engine.session.session_file import load_session, save_session
from tests.engine.convolutions import drawn
from tests.gui.app.test_main_window import open_and_wait, run_to_end, save_images
from tests.gui.conftest import has_gallery, settle, until


@pytest.fixture
def convolutional(tmp_path):
    """A checkpoint whose first full layer is made of the features of three images."""
    g = torch.Generator().manual_seed(0)
    theta = Parameters(
        (drawn(g, 3, 1, 3, 3), drawn(g, 9, 48), drawn(g, 2, 9)), (drawn(g, 3), drawn(g, 9), None)
    )
    steps = Convolution(padding=(1, 1)), Activated(), Pooling("max", (2, 2), (2, 2)), Full()
    network = Network(
        theta.each(lambda t: 0.5 * t.float()),
        InputSpec((1, 8, 8)),
        structure=Structure((*steps, Activated(), Full())),
    )
    h = features_of(network, torch.rand(3, 64, generator=g))
    made = torch.randn(9, 3, generator=g) @ h / h.norm()
    weights = (network.weights[0], made, network.weights[2])
    network = replace(network, parameters=replace(network.parameters, weights=weights))
    save_network(network, tmp_path / "conv.safetensors", {})
    return tmp_path / "conv.safetensors"


def test_from_the_file_to_the_gallery_and_back_from_a_session(
    qtbot, window, convolutional, tmp_path
):
    images = save_images(tmp_path / "train.npz", 6, shape=(1, 8, 8))
    open_and_wait(qtbot, window, convolutional, images)
    network = window.workspace.network
    assert network.structure.layers == (Convolution(padding=(1, 1)), Full(), Full())
    assert "of 48 dimensions of features; about 3 images" in window.model_panel.row_space.text()
    assert "first fully connected layer" in window.health.value("Spectrum")
    titles = [label.text() for label in window.health.findChildren(QLabel)]
    assert "Singular values of layer 2" in titles
    run_to_end(qtbot, window, 20)
    until(qtbot, lambda: has_gallery(window))
    settle(qtbot, window)
    session = window.workspace.session
    assert session.settings.space == "pixel"
    assert session.settings.feature_weight == 30
    assert session.known_gallery.confidence is None
    assert len(session.known_gallery) > 0
    path = tmp_path / "run.afterimage"
    save_session(session, path)
    open_and_wait(qtbot, window, path)
    assert window.workspace.session.network.structure == network.structure
    assert load_session(path).network.architecture == network.architecture
