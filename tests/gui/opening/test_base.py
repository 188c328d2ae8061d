"""A base is opened beside a network, shown, explained with, and taken away again."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QMessageBox

from engine.network.checkpoints import save_network
from tests.engine.networks import network_of
from tests.engine.tuned import tuned_network
from tests.gui.conftest import settle, until

TEN = "ten outputs, biases everywhere"


@pytest.fixture
def pair(tmp_path):
    """A fine-tuned network and its base, as files."""
    base = network_of(TEN)
    tuned = tuned_network(base, frozen=(2, 5)).without_base
    for network, name in ((tuned, "tuned"), (base, "base")):
        save_network(network, tmp_path / f"{name}.safetensors", {})
    return tmp_path / "tuned.safetensors", tmp_path / "base.safetensors"


def opened(qtbot, window, path):
    window.files.open([path])
    settle(qtbot, window)
    until(qtbot, lambda: window.workspace.network is not None)
    return window.model_panel


def give_base(qtbot, window, path):
    window.opener.base.open(path)
    settle(qtbot, window)
    until(qtbot, lambda: not window.opener.opening)


def test_a_base_changes_what_is_shown_and_what_is_explained(qtbot, window, pair):
    panel = opened(qtbot, window, pair[0])
    assert panel.base.value.text() == "none given"
    assert panel.base.button.text() == "Open…"
    give_base(qtbot, window, pair[1])
    assert window.workspace.network.base.origin.name == "base.safetensors"
    assert panel.base.value.text().startswith("base.safetensors; changed per layer: ")
    assert panel.base.value.text().endswith(", frozen")
    assert "Fine-tuned from a known base".lower() in window.settings_panel.found.text().lower()
    assert window.views.health.value("Training").startswith("fine-tuned from base.safetensors")
    assert window.workspace.network.explained.weights[0].norm() < 1


def test_the_last_layer_can_be_said_to_be_new(qtbot, window, tmp_path):
    tuned = tuned_network(network_of(TEN))
    for network, name in ((tuned.without_base, "tuned"), (network_of(TEN), "base")):
        save_network(network, tmp_path / f"{name}.safetensors", {})
    panel = opened(qtbot, window, tmp_path / "tuned.safetensors")
    assert panel.base.head.isHidden()
    give_base(qtbot, window, tmp_path / "base.safetensors")
    head = panel.base.head
    assert head.isVisible()
    assert (head.combo.currentText(), head.said_by) == (
        "last layer of the base",
        "assumed: the file does not say",
    )
    for data, is_left_out in (("new", True), ("known", False)):
        head.combo.setCurrentIndex(head.combo.findData(data))
        head.combo.activated.emit(head.combo.currentIndex())
        settle(qtbot, window)
        until(qtbot, lambda: not window.opener.opening)
        network = window.workspace.network
        assert bool(network.explained.weights[-1].any()) is not is_left_out
        assert panel.base.value.text().endswith(", new") is is_left_out
        assert head.combo.currentData() == data
    assert not head.isHidden()


def test_a_frozen_last_layer_is_no_choice(qtbot, window, pair):
    panel = opened(qtbot, window, pair[0])
    give_base(qtbot, window, pair[1])
    assert panel.base.head.isHidden()


def test_a_base_is_taken_away_again(qtbot, window, pair):
    panel = opened(qtbot, window, pair[0])
    give_base(qtbot, window, pair[1])
    panel.base.button.click()
    settle(qtbot, window)
    until(qtbot, lambda: window.workspace.network.base is None)
    assert panel.base.value.text() == "none given"
    assert not window.views.health.value("Training").startswith("fine-tuned")


def test_what_is_no_base_is_refused_and_all_stays(qtbot, window, pair, checkpoint):
    opened(qtbot, window, pair[0])
    before = window.workspace.network
    give_base(qtbot, window, checkpoint("other.pth"))
    assert window.workspace.network is before
    assert "another architecture" in window.strip.text


def test_the_command_needs_a_network(qtbot, window, pair):
    action = window.actions_._builder.action("Open Base")
    assert not action.isEnabled()
    opened(qtbot, window, pair[0])
    assert action.isEnabled()


def test_two_networks_dropped_at_once_may_be_one_and_its_base(qtbot, window, pair):
    window.files.open(list(pair))
    box = window.findChild(QMessageBox)
    until(qtbot, box.isVisible)
    wanted = "base.safetensors Is the Base of tuned.safetensors"
    next(button for button in box.buttons() if button.text().replace("&", "") == wanted).click()
    settle(qtbot, window)
    until(qtbot, lambda: window.workspace.network is not None)
    network = window.workspace.network
    assert (network.origin.name, network.base.origin.name) == (
        "tuned.safetensors",
        "base.safetensors",
    )
    assert window.views.health.value("Training").endswith(", frozen")


def test_a_run_with_a_frozen_layer_goes_to_its_end(qtbot, window, pair):
    opened(qtbot, window, pair[0])
    give_base(qtbot, window, pair[1])
    window.settings_panel.editor("candidates").setValue(12)
    window.settings_panel.editor("steps").setValue(20)
    window.run_bar.main_clicked.emit()
    until(qtbot, lambda: window.workspace.session is not None)
    settle(qtbot, window)
    session = window.workspace.session
    assert session.settings.training == "tuned"
    assert session.network.base.origin.name == "base.safetensors"
    assert np.isnan(session.state.losses.relative_per_layer[:, 2]).all()
    assert np.isfinite(session.state.losses.relative_per_layer[:, :2]).all()
