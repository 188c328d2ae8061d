"""Shadow networks of the window: asked for, trained beside everything else, and shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt

from engine.data.datasets import TrainingData, save_images
from engine.evidence.membership import ask
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.training.recipe import RECIPES, Recipe
from engine.training.shadows import ShadowWish
from engine.training.trained import keep, save_trained
from engine.training.training import Training
from gui.training.shadow_dialog import ShadowDialog
from tests.engine.training.test_training import finish, points
from tests.gui.app.test_main_window import open_and_wait
from tests.gui.conftest import settle, until
from tests.gui.wording import accessible_name, controls, cut_off, where

MADE = Recipe((7, 5), "one", "all", "pytorch", "plain", "sgd", until_exponent=0, epochs=3,
              rate=0.02, batch=4, seed=9)  # fmt: skip


@pytest.fixture
def ready(qtbot, window, tmp_path):
    """The window with a network that says how it was made, its images, and a control."""
    train = points()
    training = Training(train, MADE)
    finish(training)
    data = TrainingData(train, None, None, ("0", "1"), "points")
    paths = [tmp_path / name for name in ("own.safetensors", "train.npz", "control.npz")]
    save_trained(keep(training, data), paths[0])
    save_images(train, paths[1])
    save_images(points(seed=1), paths[2])
    open_and_wait(qtbot, window, *paths)
    window.lower_tabs.setCurrentWidget(window.membership)
    return window


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def asked_for(qtbot, window) -> ShadowDialog:
    press(qtbot, window.membership.shadows_button)
    return window.findChild(ShadowDialog)


def test_the_score_is_that_of_networks_made_as_the_file_says(qtbot, ready):
    dialog = asked_for(qtbot, ready)
    assert dialog.count.value() == 16
    assert dialog.form.recipe() == replace(MADE, seed=0)
    dialog.count.setValue(4)
    press(qtbot, dialog.train_button)
    assert ready.membership.cancel_button.isVisible()
    assert not ready.membership.shadows_button.isEnabled()
    settle(qtbot, ready)
    until(qtbot, lambda: ready.membership.found is not None)
    now, view = ready.workspace, ready.membership
    shadows = ShadowWish(4, replace(MADE, seed=0)).shadows(now.network, now.train, now.control)
    expected = ask(now.network, now.train, now.control, shadows=shadows.confidences()).shadows
    np.testing.assert_allclose(view.found.shadows.images, expected.images)
    assert view.table.item(4, 0).text() == f"{expected.curve.area:.2f}"
    assert view.made.isVisible()
    assert "4 shadow networks (online), each of a random half of the 24 images" in view.made.text()
    assert view.shadows_button.isEnabled()


def test_another_run_leaves_them_as_they_are_and_other_images_do_not(qtbot, ready):
    dialog = asked_for(qtbot, ready)
    dialog.count.setValue(4)
    press(qtbot, dialog.train_button)
    settle(qtbot, ready)
    until(qtbot, lambda: ready.membership.found is not None)
    trained = ready.membership.found.shadow_networks
    settings = replace(fast(), candidates=9, steps=5, rank=6, device="cpu")
    run = Reconstruction(ready.workspace.network, settings)
    list(run.iterate())
    ready.workspace = replace(ready.workspace, session=session_of(run, "cpu (test)"))
    assert ready.membership.found is None
    press(qtbot, ready.membership.ask_button)
    until(qtbot, lambda: ready.membership.found is not None)
    assert ready.membership.found.shadow_networks is trained
    assert ready.membership.found.similarity is not None
    control = points(seed=2)
    ready.workspace = replace(ready.workspace, control=control)
    press(qtbot, ready.membership.ask_button)
    until(qtbot, lambda: ready.membership.found is not None)
    assert ready.membership.found.shadow_networks is None


def test_they_can_be_asked_for_once_the_network_has_answered_and_cancelled(qtbot, ready):
    view = ready.membership
    press(qtbot, view.ask_button)
    settle(qtbot, ready)
    until(qtbot, lambda: view.found is not None)
    before = view.found
    assert before.shadows is None
    dialog = asked_for(qtbot, ready)
    dialog.count.setValue(1000)
    press(qtbot, dialog.train_button)
    until(qtbot, lambda: "about" in view.text and "left" in view.text)
    press(qtbot, view.cancel_button)
    settle(qtbot, ready)
    until(qtbot, view.cancel_button.isHidden)
    assert view.found is before
    assert "stand out from the control" in view.text


def test_where_the_file_does_not_say_the_usual_recipe_is_proposed(qtbot, ready, tmp_path):
    network = ready.workspace.network
    state = {}
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        state |= {f"{2 * layer}.weight": weight, f"{2 * layer}.bias": bias}
    torch.save(state, tmp_path / "foreign.pth")
    images = [tmp_path / name for name in ("train.npz", "control.npz")]
    open_and_wait(qtbot, ready, tmp_path / "foreign.pth", *images)
    dialog = asked_for(qtbot, ready)
    layers = {"hidden": (7, 5), "biases": "all", "outputs": "one"}
    assert dialog.form.recipe() == replace(RECIPES["usual"], **layers)
    assert not dialog.form.hidden.isVisible()
    assert dialog.form.choices["start"].isVisible()
    dialog.reject()
    assert not ready.background.is_busy


def test_nothing_is_asked_without_images_and_a_control(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    window.lower_tabs.setCurrentWidget(window.membership)
    assert not window.membership.shadows_button.isEnabled()


def test_a_network_that_cannot_be_trained_here_is_refused_in_a_sentence(qtbot, ready):
    network = ready.workspace.network
    details = {**network.origin.details, "fine_tuned_from": "base.pth"}
    tuned = replace(network, origin=replace(network.origin, details=details))
    ready.workspace = replace(ready.workspace, network=tuned)
    assert asked_for(qtbot, ready) is None
    assert "was fine-tuned, and shadow networks would begin where it did" in ready.strip.text


def test_every_control_of_the_dialog_is_named_explained_and_whole(qtbot, ready):
    dialog = asked_for(qtbot, ready)
    qtbot.waitExposed(dialog)
    assert [where(each) for each in controls(dialog) if not accessible_name(each)] == []
    assert [where(each) for each in controls(dialog) if not each.toolTip()] == []
    assert cut_off(dialog) == []
    dialog.reject()
