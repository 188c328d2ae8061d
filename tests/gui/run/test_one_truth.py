"""What the window says of a run is one truth, and none where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QMessageBox

from gui.run.activity import Activity
from gui.views.scores import title
from tests.gui.app.test_main_window import (
    answer,
    open_and_wait,
    run_to_end,
    save_images,
    start,
)
from tests.gui.conftest import settle, show_matches, until


@pytest.fixture
def untrained(tmp_path, make_network):
    network = make_network(16, 12, 10, 1)
    state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
    torch.save({**state, "layers.0.bias": network.biases[0]}, tmp_path / "untrained.pth")
    return tmp_path / "untrained.pth"


def test_start_asks_first_where_there_is_no_chance(qtbot, window, untrained):
    open_and_wait(qtbot, window, untrained)
    assert window.workspace.health.sees_no_chance
    window.settings_panel.editor("steps").setValue(120)
    window.settings_panel.editor("candidates").setValue(12)
    window.pages.start_or_pause()
    until(qtbot, lambda: bool(window.findChildren(QMessageBox)))
    box = window.findChildren(QMessageBox)[-1]
    assert "No chance" in box.informativeText()
    answer(qtbot, window, "Not Now")
    assert not window.controller.is_active
    window.pages.start_or_pause()
    answer(qtbot, window, "Start Anyway")
    until(qtbot, lambda: window.mosaic.mosaic is not None and window.mosaic.mosaic.is_gallery)
    assert window.workspace.session.state.step == 120
    assert window.mosaic.mosaic.confidence is None
    assert "hold nothing" in window.caption.text()
    assert "0.9" not in window.caption.text()


def test_a_run_with_steps_left_goes_on_without_a_question(qtbot, window, untrained):
    open_and_wait(qtbot, window, untrained)
    window.settings_panel.editor("steps").setValue(100_000)
    window.settings_panel.editor("candidates").setValue(12)
    window.pages.start_or_pause()
    answer(qtbot, window, "Start Anyway")
    until(qtbot, lambda: window.controller.activity is Activity.RUNNING)
    window.controller.stop()
    settle(qtbot, window)
    until(qtbot, lambda: not window.findChildren(QMessageBox))
    window.pages.start_or_pause()
    until(qtbot, lambda: window.controller.activity is Activity.RUNNING)
    assert not window.findChildren(QMessageBox)


def test_early_in_a_run_it_is_too_early_to_say(qtbot, window, checkpoint, tmp_path):
    control = save_images(tmp_path / "control.npz", seed=1)
    open_and_wait(qtbot, window, checkpoint(), save_images(tmp_path / "train.npz"), control)
    start(qtbot, window, 5_000_000)
    show_matches(qtbot, window)
    until(qtbot, lambda: window.pairs.pairs is not None)
    assert window.pairs.pairs.is_early
    assert window.pairs.headline == "Too early to say"
    assert not any(window.pairs.pairs.is_recovered)
    assert title(window.pairs.pairs).endswith(f"as of step {window.pairs.pairs.step:,}")
    window.controller.stop()
    until(qtbot, lambda: window.pairs.pairs.step is None)
    assert window.pairs.headline.endswith("recovered of 5")  # At rest it is scored as it stands.
    assert title(window.pairs.pairs) == "NCC of matches"


def test_gallery_matches_inspector_and_status_say_the_same(qtbot, window, checkpoint, tmp_path):
    control = save_images(tmp_path / "control.npz", seed=1)
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 120)
    settle(qtbot, window)
    shown = window.mosaic.mosaic
    assert shown.is_recovered is None
    # The training images are what two candidates are, one of them not in the gallery.
    session = window.workspace.session
    hidden = [n for n in range(len(session.labels)) if n not in shown.order.tolist()]
    chosen = [hidden[0] if hidden else 1, int(shown.order[0])]
    images = session.images()[chosen]
    low, high = images.amin((1, 2, 3), keepdim=True), images.amax((1, 2, 3), keepdim=True)
    pixels = (255 * (images - low) / (high - low)).round().to(torch.uint8).numpy()
    np.savez(tmp_path / "train.npz", images=pixels, labels=np.zeros(2, np.uint8))
    open_and_wait(qtbot, window, tmp_path / "train.npz", control)
    settle(qtbot, window)
    pairs, mosaic = window.pairs.pairs, window.mosaic.mosaic
    marked = {int(pairs.candidate[i]) for i in range(2) if pairs.is_recovered[i]}
    assert window.pairs.headline == f"{len(marked)} recovered of 2"
    assert set(mosaic.order[torch.from_numpy(mosaic.is_recovered)].tolist()) == marked
    said = []
    window.views.described.connect(said.append)
    for tile, candidate in enumerate(mosaic.order.tolist()):
        window.mosaic.hovered.emit(tile)
        assert said[-1].endswith("· recovered" if candidate in marked else "not recovered")
    for candidate in marked:
        window.examiner.inspect(candidate)
        settle(qtbot, window)
        assert window.examiner.inspector.value("Match").endswith(": recovered")
    window.adoption.remove_references()
    settle(qtbot, window)
    assert window.mosaic.mosaic.is_recovered is None
    assert window.mosaic.mosaic.order.tolist() == shown.order.tolist()
