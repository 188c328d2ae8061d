"""The order of a colour image is shown beside its shape, checked, and changed in one choice."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from torch import nn

from engine.network.network import Network
from tests.gui.conftest import settle, until

SHAPE = (3, 4, 4)


@pytest.fixture
def colour(tmp_path):
    """A network that was taught colour images pixel by pixel, and these images."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (24, *SHAPE), dtype=np.uint8)
    pixels[:12, 0] //= 2
    labels = np.arange(24) // 12
    images = torch.from_numpy(pixels).float() / 255
    x = (images - images.mean(0)).permute(0, 2, 3, 1).flatten(1)
    model = nn.Sequential(nn.Linear(48, 64), nn.ReLU(), nn.Linear(64, 1))
    descent = torch.optim.Adam(model.parameters(), 0.01)
    y = torch.from_numpy(labels).float()
    for _ in range(200):
        descent.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(model(x)[:, 0], y).backward()
        descent.step()
    torch.save(model.state_dict(), tmp_path / "colour.pth")
    np.savez(tmp_path / "train.npz", images=pixels, labels=labels)
    return tmp_path / "colour.pth", tmp_path / "train.npz"


def opened(qtbot, window, *paths):
    window.files.open(list(paths))
    settle(qtbot, window)
    until(qtbot, lambda: window.workspace.network is not None)
    return window.model_panel


def choose(panel, layout):
    combo = panel.layout_choice.combo
    combo.setCurrentIndex(combo.findData(layout))
    combo.activated.emit(combo.currentIndex())


def test_images_tell_which_order_fits_and_one_choice_takes_it(qtbot, window, colour):
    panel = opened(qtbot, window, *colour)
    choice = panel.layout_choice
    before = window.workspace.network
    assert choice.isVisibleTo(panel)
    assert choice.combo.currentText() == "C×H×W, channel by channel"
    assert choice.said_by == "assumed: the file does not say"
    assert "Another layout fits better: H×W×C, pixel by pixel." in panel.check
    choose(panel, "hwc")
    settle(qtbot, window)
    network = window.workspace.network
    assert network.inputs.layout_described == "H×W×C, pixel by pixel (set by hand)"
    image = torch.rand(SHAPE)
    stored = before.weights[0] @ image.permute(1, 2, 0).flatten()
    torch.testing.assert_close(network.weights[0] @ image.flatten(), stored)
    assert choice.said_by == "set by hand"
    assert "layout fits better" not in panel.check
    assert "100 % of the training images" in panel.check


def test_columns_are_gathered_off_the_thread_of_the_window(qtbot, window, colour, monkeypatch):
    panel = opened(qtbot, window, *colour)
    gather, threads = Network.with_layout, []

    def watched(network, *how):
        threads.append(threading.current_thread())
        return gather(network, *how)

    monkeypatch.setattr(Network, "with_layout", watched)
    choose(panel, "hwc")
    settle(qtbot, window)
    panel.shape.setText("3x2x8")
    panel.shape.setModified(True)
    panel.shape.editingFinished.emit()
    settle(qtbot, window)
    network = window.workspace.network
    assert (network.inputs.layout, network.input_shape) == ("hwc", (3, 2, 8))
    assert threads
    assert threading.main_thread() not in threads


def test_images_of_one_channel_have_no_layout(qtbot, window, checkpoint, colour):
    panel = opened(qtbot, window, checkpoint())
    assert not panel.layout_choice.isVisibleTo(panel)
    panel = opened(qtbot, window, colour[0])
    until(qtbot, lambda: panel.layout_choice.isVisibleTo(panel))
    panel.shape.setText("1x6x8")
    panel.shape.setModified(True)
    panel.shape.editingFinished.emit()
    settle(qtbot, window)
    assert not panel.layout_choice.isVisibleTo(panel)
