"""Fine-tuning in the real window: from a base to an attack on what was changed of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.network.activation import Activation
from engine.network.checkpoints import load_network, save_network
from tests.engine.networks import network_of
from tests.gui.conftest import settle, until
from tests.gui.training.test_training_page import choose, click, undo_of

TWO = "two outputs"


@pytest.fixture
def base(tmp_path):
    """A network of 8×8 images with two outputs, as a file."""
    network = network_of(TWO).to("cpu", torch.float32)
    save_network(network, tmp_path / "base.safetensors", {})
    return tmp_path / "base.safetensors"


@pytest.fixture
def page(qtbot, window, tmp_path):
    """The training page with six images that the base can read."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 1, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "points.npz", images=pixels, labels=np.arange(12) % 2)
    window.pages.show_training()
    window.training.form.use_own(tmp_path / "points.npz")
    window.training.form.per_class.setValue(3)
    until(qtbot, lambda: window.training.data is not None)
    settle(qtbot, window)
    yield window.training
    window.training.controller.stop()
    until(qtbot, lambda: not window.training.controller.is_active)


def set_up(qtbot, window, page, base, recipe="fine-tune", steps=40, rate=0.005):
    choose(page.form.recipe_choice.box, recipe)
    page.base.read(base)
    until(qtbot, lambda: page.form.base_network is not None)
    settle(qtbot, window)
    page.form.network.options.editor("most_steps").setValue(steps)
    page.form.network.options.editor("rate").setValue(rate)


def train(qtbot, window, page):
    click(qtbot, page.bar.main_button)
    until(qtbot, lambda: "chance" in page.result)
    settle(qtbot, window)


def test_the_base_is_chosen_where_it_is_needed(qtbot, window, page, base):
    form = page.form
    assert not form.base.isVisible()
    choose(form.recipe_choice.box, "fine-tune")
    assert form.base.isVisible()
    assert form.base.value.text() == "none chosen"
    assert not form.base.open_network.isEnabled()
    click(qtbot, page.bar.main_button)
    assert "none was chosen" in window.strip.text
    assert not page.controller.is_active
    page.base.read(base)
    until(qtbot, lambda: form.base_network is not None)
    assert form.base.value.text().startswith("base.safetensors, 64–30–20–2, bias on the first")
    assert not form.network.hidden.isVisible()
    assert not form.network.choices["biases"].isVisible()
    recipe = form.recipe()
    assert (recipe.hidden, recipe.biases, recipe.outputs) == ((30, 20), "first", "classes")
    assert (recipe.optimizer, recipe.batch, recipe.momentum, recipe.most_steps) == (
        *("sgd", 0, 0.0),
        400,
    )
    choose(form.recipe_choice.box, "fine-tune-batches")
    assert (form.recipe().batch, form.recipe().momentum) == (32, 0.9)
    choose(form.recipe_choice.box, "margin")
    assert not form.base.isVisible()
    assert form.network.hidden.isVisible()
    assert form.recipe().hidden == (1000, 1000)
    assert form.base_network is None


def test_what_was_trained_opens_with_its_base(qtbot, window, page, base):
    set_up(qtbot, window, page, base)
    train(qtbot, window, page)
    start = load_network(base)
    assert torch.equal(page.trainer.training.network.mean, start.mean)
    assert "about 6 images" in page.result
    assert page.curves._spectrum.isVisible()
    click(qtbot, page.attack_button)
    until(qtbot, lambda: window.workspace.network is not None)
    settle(qtbot, window)
    network = window.workspace.network
    assert network.base.origin.name == "base.safetensors"
    change = page.trainer.training.network.weights[0] - start.weights[0]
    torch.testing.assert_close(network.explained.weights[0], change, rtol=0, atol=0)
    assert window.model_panel.base.value.text().startswith("base.safetensors; changed per layer")
    assert window.health.value("Training").startswith("fine-tuned from base.safetensors")


def test_its_membership_is_that_of_the_change(qtbot, window, page, base):
    set_up(qtbot, window, page, base)
    train(qtbot, window, page)
    click(qtbot, page.attack_button)
    until(qtbot, lambda: window.workspace.network is not None)
    settle(qtbot, window)
    window.lower_tabs.setCurrentWidget(window.membership)
    click(qtbot, window.membership.ask_button)
    until(qtbot, lambda: window.membership.found is not None)
    found = window.membership.found.multiplier
    assert found.images.min() > found.control.max()
    assert "What fine-tuning changed of base.safetensors is explained" in window.membership.text


def test_the_open_network_is_taken_and_another_base_begins_anew(qtbot, window, page, base):
    window.files.open([base])
    settle(qtbot, window)
    until(qtbot, lambda: window.workspace.network is not None)
    window.pages.show_training()
    choose(page.form.recipe_choice.box, "fine-tune")
    assert page.form.base_network is window.workspace.network
    page.form.network.options.editor("most_steps").setValue(3)
    train(qtbot, window, page)
    first = page.trainer.training
    page.form.network.options.editor("most_steps").setValue(6)
    assert page.trainer.would_go_on()
    page.base.read(base)
    until(qtbot, lambda: page.form.base_network is not window.workspace.network)
    assert not page.trainer.would_go_on()
    click(qtbot, page.form.base.open_network)
    assert page.trainer.would_go_on()
    click(qtbot, page.bar.main_button)
    until(qtbot, lambda: not page.controller.is_active and first.state.step == 6)
    settle(qtbot, window)
    assert page.trainer.training is first


def test_a_choice_of_base_is_taken_back(qtbot, window, page, base):
    choose(page.form.recipe_choice.box, "fine-tune")
    page.base.read(base)
    until(qtbot, lambda: page.form.base_network is not None)
    assert undo_of(window) == "Undo Base"
    window.actions_.undo.trigger()
    assert page.form.base.chosen is None
    assert undo_of(window) == "Undo Recipe"
    window.actions_.redo.trigger()
    assert page.form.base_network.origin.name == "base.safetensors"


def test_a_base_that_cannot_be_trained_is_refused_at_once(qtbot, window, page, tmp_path):
    leaky = network_of(TWO).with_activation(Activation(0.1), "user")
    save_network(leaky, tmp_path / "leaky.safetensors", {})
    choose(page.form.recipe_choice.box, "fine-tune")
    page.base.read(tmp_path / "leaky.safetensors")
    until(qtbot, lambda: "ReLUs" in window.strip.text)
    assert page.form.base_network is None


def test_a_file_that_is_read_too_late_changes_nothing(qtbot, window, page, base):
    window.files.open([base])
    settle(qtbot, window)
    until(qtbot, lambda: window.workspace.network is not None)
    choose(page.form.recipe_choice.box, "fine-tune")
    page.base.read(base)
    page.base.take_open()
    settle(qtbot, window)
    assert page.form.base_network is window.workspace.network


def test_images_of_another_size_are_refused_when_it_begins(
    qtbot, window, page, tmp_path, checkpoint
):
    set_up(qtbot, window, page, checkpoint("small.pth"))
    click(qtbot, page.bar.main_button)
    until(qtbot, lambda: "numbers, and the images have 64" in window.strip.text)
    settle(qtbot, window)
    assert page.trainer.training is None


def test_a_saved_network_says_what_it_was_fine_tuned_from(qtbot, window, page, base, tmp_path):
    set_up(qtbot, window, page, base, "fine-tune-batches", steps=4)
    train(qtbot, window, page)
    page.save(tmp_path / "tuned.safetensors")
    settle(qtbot, window)
    found = load_network(tmp_path / "tuned.safetensors")
    assert found.origin.details["fine_tuned_from"].startswith("base.safetensors, SHA-256 ")
    assert found.layer_sizes == (64, 30, 20, 2)
