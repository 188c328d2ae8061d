"""How a network is read stands in the model panel, is checked there, and can be changed there."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QDialog
from safetensors.torch import save_file

from engine.base.resources import sample_network
from engine.session.session import SUFFIX
from engine.session.session_file import save_session
from gui.opening.preprocessing_dialog import PreprocessingDialog
from tests.conftest import shared_file
from tests.gui.conftest import settle, until
from tests.gui.wording import accessible_name, controls, cut_off, outside, shared_letters


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (12, 1, 4, 4), dtype=np.uint8)
    np.savez(tmp_path / "train.npz", images=pixels, labels=np.arange(12) % 2)
    return tmp_path / "train.npz"


def opened(qtbot, window, *paths):
    window.files.open(list(paths))
    settle(qtbot, window)
    until(qtbot, lambda: window.workspace.network is not None)
    return window.model_panel


def dialog_of(window) -> PreprocessingDialog:
    window.model_panel.change.click()
    (dialog,) = window.findChildren(QDialog)
    return dialog


def choose_slope(panel, slope):
    combo = panel.activation.combo
    combo.setCurrentIndex(combo.findData(slope))
    combo.activated.emit(combo.currentIndex())


def test_what_no_file_said_is_shown_as_assumed(qtbot, window, checkpoint):
    panel = opened(qtbot, window, checkpoint())
    assert panel.activation.combo.currentText() == "ReLU"
    assert panel.activation.said_by == "assumed: the file does not say"
    assert panel.preprocessing == "not known"
    assert panel.check == "needs training images"
    assert window.health.value("Homogeneous").startswith("yes: ReLU (assumed")


def test_what_a_file_said_is_shown_as_that(qtbot, window, tmp_path, make_network):
    network = make_network(16, 12, 3)
    state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
    metadata = {
        "activation": "leaky_relu:0.2",
        "mean": "0.25",
        "std": "0.5",
        "classes": json.dumps(["<b>cat", "dog", "eel"]),
    }
    save_file(state, tmp_path / "said.safetensors", metadata)
    panel = opened(qtbot, window, tmp_path / "said.safetensors")
    assert panel.activation.combo.currentText() == "leaky ReLU with slope 0.2"
    assert panel.activation.said_by == "the file says so"
    assert panel.preprocessing == "less 0.25, divided by 0.5 (the file says so)"
    assert panel._classes.text() == "3 classes: <b>cat, dog, eel"


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("mnist_odd_even", "2 classes, by the sign of one output: odd, even"),
        ("mnist_ten_digits", "10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"),
    ],
)
def test_a_sample_of_the_menu_shows_its_classes_and_is_right(qtbot, window, name, classes):
    window.opener.open_sample(name)
    until(qtbot, lambda: window.workspace.train is not None)
    settle(qtbot, window)
    assert window.model_panel._classes.text() == classes
    assert window.model_panel.check == "100 % of the training images on their own side."
    assert window.health.value("Training").startswith("with")


def test_another_activation_is_one_choice_away(qtbot, window, checkpoint, images):
    panel = opened(qtbot, window, checkpoint(), images)
    choose_slope(panel, 0.1)
    settle(qtbot, window)
    network = window.workspace.network
    assert network.activation_described == "leaky ReLU with slope 0.1 (set by hand)"
    assert panel.activation.said_by == "set by hand"
    assert window.workspace.train is not None
    assert "leaky ReLU with slope 0.1" in window.health.value("Homogeneous")


def test_constants_are_typed_or_taken_from_a_list(qtbot, window, checkpoint):
    panel = opened(qtbot, window, checkpoint())
    dialog = dialog_of(window)
    assert not dialog.image.isEnabled()
    assert dialog.constants.findText("mnist") >= 0
    assert dialog.constants.findText("cifar10") < 0
    dialog.accept()
    assert dialog._complaint.text() == "Choose what was done, or cancel."
    dialog.constants.setEditText("half")
    assert dialog.numbers.isChecked()
    dialog.accept()
    assert "“half” is no preprocessing" in dialog._complaint.text()
    assert window.workspace.network.mean is None
    dialog.constants.setEditText("0.25/0.5")
    dialog.accept()
    settle(qtbot, window)
    assert panel.preprocessing == "less 0.25, divided by 0.5 (set by hand)"
    again = dialog_of(window)
    assert again.numbers.isChecked()
    assert again.constants.currentText() == "0.25/0.5"
    again.nothing.setChecked(True)
    again.accept()
    settle(qtbot, window)
    assert panel.preprocessing == "none (set by hand)"


def test_the_mean_image_comes_from_the_training_images(qtbot, window, checkpoint, images):
    panel = opened(qtbot, window, checkpoint(), images)
    dialog = dialog_of(window)
    dialog.image.setChecked(True)
    dialog.accept()
    settle(qtbot, window)
    assert panel.preprocessing == "less a mean image (found out from reference images)"
    train = window.workspace.train
    torch.testing.assert_close(window.workspace.network.mean, train.images.mean(0))


def test_too_many_images_on_the_wrong_side_are_a_warning(qtbot, window, checkpoint, images):
    panel = opened(qtbot, window, checkpoint(), images)
    assert "Something is assumed wrongly" in panel.check
    assert "Something is assumed wrongly" in window.strip.text
    window.adoption.remove_references()
    assert panel.check == "needs training images"


def test_a_sample_is_read_as_its_images_say(qtbot, window):
    panel = opened(qtbot, window, sample_network())
    assert panel.check == "100 % of the training images on their own side."
    assert panel.preprocessing == "less a mean image (the file says so)"
    dialog = dialog_of(window)
    assert dialog.image.isChecked()
    dialog.reject()


def test_ten_classes_of_pytorch_open_and_their_images_say_mean_image(qtbot, window):
    path = shared_file("checkpoints/digits10_n100_1000-1000_sgd_wd.pth")
    train = shared_file("checkpoints/digits10_n100_1000-1000_sgd_wd_images.npz")
    panel = opened(qtbot, window, path, train)
    assert panel._classes.text() == "10 classes"
    assert panel.layers.sizes == "784–1000–1000–10, bias on every layer"
    assert panel.check == (
        "100 % of the training images on their own side. "
        "The preprocessing seems to be: less the mean image of these images."
    )
    assert "less the mean image of these images: 100 % right" in panel._images_say.toolTip()


@pytest.fixture
def ended(qtbot, window, checkpoint, images):
    opened(qtbot, window, checkpoint(), images)
    window.settings_panel.editor("steps").setValue(20)
    window.settings_panel.editor("candidates").setValue(20)
    window.pages.start_or_pause()
    until(qtbot, lambda: window.workspace.session is not None)
    settle(qtbot, window)
    return window


def test_a_run_stays_where_only_a_mean_is_said(qtbot, ended):
    before = ended.workspace.session
    dialog = dialog_of(ended)
    dialog.nothing.setChecked(True)
    dialog.accept()
    settle(qtbot, ended)
    after = ended.workspace.session
    assert torch.equal(after.images(), before.images())
    assert after.network.inputs.preprocessing.words == "none"
    assert "as it was read before" not in ended.strip.text


def test_a_run_of_a_network_that_was_read_otherwise_is_put_away_and_said_to_be(qtbot, ended):
    choose_slope(ended.model_panel, 0.2)
    settle(qtbot, ended)
    assert ended.workspace.session is None
    assert "as it was read before" in ended.strip.text


def test_while_a_run_is_on_nothing_of_it_can_be_changed(qtbot, window, checkpoint):
    panel = opened(qtbot, window, checkpoint())
    window.settings_panel.editor("steps").setValue(5000)
    window.pages.start_or_pause()
    until(qtbot, lambda: window.controller.is_active)
    assert not panel.activation.isEnabled()
    assert not panel.change.isEnabled()
    window.pages.stop()
    settle(qtbot, window)
    assert panel.activation.isEnabled()


def test_what_was_said_is_carried_by_a_saved_session(qtbot, ended, tmp_path):
    dialog = dialog_of(ended)
    dialog.nothing.setChecked(True)
    dialog.accept()
    settle(qtbot, ended)
    path = tmp_path / f"said{SUFFIX}"
    save_session(ended.workspace.session, path)
    panel = opened(qtbot, ended, path)
    assert panel.preprocessing == "none (set by hand)"


@pytest.fixture
def unordered(tmp_path):
    """Two equal layers whose names tell no order, a tensor of a loss, and images.

    The classes of the images are those that the network tells with its equal layers exchanged.
    """
    torch.manual_seed(0)
    sizes = {"stem": (16, 12), "red": (12, 12), "green": (12, 12), "head": (12, 3)}
    state = {f"{name}.weight": torch.randn(n, k) for name, (k, n) in sizes.items()}
    pixels = np.random.default_rng(0).integers(0, 256, (300, 1, 4, 4), dtype=np.uint8)
    x = torch.from_numpy(pixels).float().flatten(1) / 255
    for name in ("stem", "green", "red"):
        x = (x @ state[f"{name}.weight"].T).relu()
    labels = (x @ state["head.weight"].T).argmax(1)
    np.savez(tmp_path / "train.npz", images=pixels, labels=labels.numpy())
    torch.save({**state, "criterion.pos_weight": torch.ones(1)}, tmp_path / "unordered.pth")
    return tmp_path / "unordered.pth", tmp_path / "train.npz"


def test_an_order_that_was_a_choice_is_shown_and_can_be_changed(qtbot, window, unordered):
    panel = opened(qtbot, window, unordered[0])
    assert panel.layers.ordered_by.startswith("a choice: they stand so in the file")
    assert panel.layers.order.currentText() == "stem, red, green, head"
    assert panel.layers.order.count() == 2
    panel.layers.order.setCurrentIndex(1)
    panel.layers.order.activated.emit(1)
    settle(qtbot, window)
    network = window.workspace.network
    assert network.reading.about_order == "stem, green, red, head (set by hand)"
    state = torch.load(unordered[0], weights_only=True)
    assert torch.equal(network.weights[1], state["green.weight"])
    assert panel.layers.ordered_by == "set by hand"


def test_training_images_put_the_order_that_fits_best_first(qtbot, window, unordered):
    panel = opened(qtbot, window, *unordered)
    assert "Another order of the layers fits better: stem, green, red, head." in panel.check
    assert panel.layers.order.itemText(0) == "stem, green, red, head (100 % right)"
    assert panel.layers.order.currentIndex() == 1
    panel.layers.order.activated.emit(0)
    settle(qtbot, window)
    assert panel.layers.order.currentText().startswith("stem, green, red, head")
    assert "Another order" not in panel.check
    assert window.workspace.train is not None


def test_where_shapes_leave_one_order_there_is_no_choice(qtbot, window, checkpoint):
    panel = opened(qtbot, window, checkpoint())
    assert panel.layers.ordered_by == ""
    assert not panel.layers.order.isVisibleTo(panel)
    assert panel.layers.notes == ""


def test_what_is_ignored_is_told(qtbot, window, unordered):
    panel = opened(qtbot, window, unordered[0])
    assert panel.layers.notes == "1 tensor ignored"
    assert "criterion.pos_weight" in panel.layers._notes.toolTip()


def test_the_dialog_has_names_explanations_and_room(qtbot, window, checkpoint, images):
    opened(qtbot, window, checkpoint(), images)
    dialog = dialog_of(window)
    until(qtbot, dialog.isVisible)
    assert [each for each in controls(dialog) if not accessible_name(each)] == []
    assert [each for each in controls(dialog) if not each.toolTip()] == []
    assert shared_letters(dialog) == {}
    until(qtbot, lambda: (cut_off(dialog), outside(dialog)) == ([], []))
    dialog.reject()
