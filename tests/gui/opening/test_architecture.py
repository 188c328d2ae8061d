"""What the architecture of convolutions is stands in the model panel, and a person can say it."""

from __future__ import annotations

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox
from torch import nn

from engine.network.restructured import text_of
from gui.opening.architecture_dialog import ArchitectureDialog
from tests.gui.conftest import settle, until
from tests.gui.wording import accessible_name, controls, cut_off, outside, shared_letters

POOLED = "conv padding 1, relu, maxpool 2, conv padding 1, relu, maxpool 2, flatten, linear"
STRIDED = "conv stride 2 padding 2, relu, flatten, linear, relu, linear"


@pytest.fixture
def several(tmp_path):
    """Two convolutions of which several usual architectures fit."""
    torch.manual_seed(0)
    layers = {
        "conv1": nn.Conv2d(1, 4, 3, padding=1),
        "conv2": nn.Conv2d(4, 4, 3, padding=1),
        "fc": nn.Linear(196, 3),
    }
    torch.save(nn.ModuleDict(layers).state_dict(), tmp_path / "several.pth")
    return tmp_path / "several.pth"


@pytest.fixture
def one(tmp_path):
    """A convolution of which one usual architecture fits."""
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Conv2d(1, 4, 5, 2, 2), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(784, 8), nn.ReLU(), nn.Linear(8, 3)),
    )
    torch.save(net.state_dict(), tmp_path / "one.pth")
    return tmp_path / "one.pth"


def opened(qtbot, window, path):
    window.files.open([path])
    settle(qtbot, window)


def dialog_of(window) -> ArchitectureDialog:
    (dialog,) = window.findChildren(ArchitectureDialog)
    return dialog


def ok_of(dialog):
    return dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)


def test_what_is_assumed_is_shown_as_that_and_can_be_changed(qtbot, window, one):
    opened(qtbot, window, one)
    view = window.model_panel.architecture
    assert view.isVisible()
    assert view.said_by == "assumed: the usual one that fits its shapes"
    qtbot.mouseClick(view.change, Qt.MouseButton.LeftButton)
    dialog = dialog_of(window)
    assert dialog.text.toPlainText() == STRIDED
    assert dialog.verdict.text() == "Fits, with images of 1×28×28."
    dialog.text.setPlainText(
        "conv padding 2, leaky_relu:0.1, maxpool 2, linear, leaky_relu:0.1, linear"
    )
    dialog.accept()
    until(qtbot, lambda: view.said_by == "set by hand")
    settle(qtbot, window)
    network = window.workspace.network
    assert text_of(network).startswith("conv padding 2, leaky_relu:0.1, maxpool 2")
    assert window.model_panel.activation.combo.currentText() == "leaky ReLU with slope 0.1"


def test_whether_the_weights_fit_is_said_while_one_writes(qtbot, window, one):
    opened(qtbot, window, one)
    window.model_panel.architecture.change.click()
    dialog = dialog_of(window)
    for text, words in (
        ("conv strde 2, relu, linear", "“strde” in “conv strde 2” is not understood."),
        ("conv, relu, linear", "The architecture has 2 layers with weights, and the file 3"),
        ("conv, relu, globalavgpool, linear, relu, linear", "Layer 2 reads 784 numbers"),
    ):
        dialog.text.setPlainText(text)
        assert words in dialog.verdict.text()
        assert not ok_of(dialog).isEnabled()
    dialog.text.setPlainText(STRIDED)
    assert ok_of(dialog).isEnabled()
    dialog.reject()


def test_where_several_fit_the_refusal_leads_to_them(qtbot, window, several):
    opened(qtbot, window, several)
    assert window.workspace.network is None
    assert "several usual ones fit" in window.strip.text
    (button,) = [b for b in window.strip.suggestions if b.text() == "Say the Architecture…"]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    dialog = dialog_of(window)
    texts = [dialog.usual.itemText(place) for place in range(dialog.usual.count())]
    assert texts[0] == dialog.text.toPlainText() == POOLED
    assert len(texts) > 1
    dialog.usual.setCurrentIndex(1)
    dialog.usual.activated.emit(1)
    assert dialog.text.toPlainText() == texts[1]
    dialog.usual.activated.emit(0)
    dialog.accept()
    until(qtbot, lambda: window.workspace.network is not None)
    settle(qtbot, window)
    assert text_of(window.workspace.network) == POOLED
    assert window.model_panel.architecture.said_by == "set by hand"


def test_images_of_another_size_are_entered_where_they_fit(qtbot, window, one):
    """27×27 gives the same 14×14 after a stride of 2."""
    opened(qtbot, window, one)
    panel = window.model_panel
    panel.shape.setText("1x27x27")
    panel.shape.setModified(True)
    panel.shape.editingFinished.emit()
    until(qtbot, lambda: window.workspace.network.input_shape == (1, 27, 27))
    settle(qtbot, window)
    panel.shape.setText("1x40x40")
    panel.shape.setModified(True)
    panel.shape.editingFinished.emit()
    settle(qtbot, window)
    assert "With images of 1×40×40 it does not fit" in window.strip.text
    assert window.workspace.network.input_shape == (1, 27, 27)


def test_of_full_layers_there_is_nothing_to_be_seen(qtbot, window, checkpoint):
    opened(qtbot, window, checkpoint())
    assert not window.model_panel.architecture.isVisible()


def test_the_dialog_is_told_to_all(qtbot, window, one):
    opened(qtbot, window, one)
    window.model_panel.architecture.change.click()
    dialog = dialog_of(window)
    qtbot.waitExposed(dialog)
    assert [each for each in controls(dialog) if not accessible_name(each)] == []
    assert [each for each in controls(dialog) if not each.toolTip()] == []
    assert shared_letters(dialog) == {}
    assert (list(cut_off(dialog)), list(outside(dialog))) == ([], [])
    dialog.reject()
