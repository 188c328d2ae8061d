"""Making a network in the real window, from images to an attack on what came out."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QThread
from PySide6.QtWidgets import QMessageBox

from engine.base.resources import images_beside
from engine.data import catalogue
from engine.network.checkpoints import load_network
from engine.training.recipe import Recipe
from gui.run.activity import Activity
from tests.engine.data.test_catalogue import originals  # noqa: F401 - a fixture
from tests.gui.app.test_main_window import answer, drop, run_to_end
from tests.gui.conftest import settle, until


@pytest.fixture
def folder(tmp_path):
    """Two classes of small grey images, nine each."""
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for index in range(9):
            pixels = rng.integers(0, 256, (6, 6), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / label / f"{index}.png")
    return tmp_path / "pets"


@pytest.fixture
def page(qtbot, window, folder):
    """The training page, with images chosen and read, and a small network."""
    window.pages.show_training()
    window.training.form.use_own(folder)
    window.training.form.per_class.setValue(4)
    window.training.form.network.hidden.setText("30, 20")
    until(qtbot, lambda: window.training.data is not None)
    settle(qtbot, window)
    yield window.training
    window.training.controller.stop()
    until(qtbot, lambda: not window.training.controller.is_active)


def steps_of(text):
    """`Step 1,320 · …` → 1320 (as text, 999 is more than 1,320); 0 before there is a step."""
    found = re.match(r"Step ([\d,]+)", text)
    return int(found[1].replace(",", "")) if found else 0


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def train(qtbot, page, exponent=-20.0):
    page.form.network.options.editor("until_exponent").setValue(exponent)
    click(qtbot, page.bar.main_button)
    until(qtbot, lambda: "chance" in page.result)


def train_for_ever(qtbot, page):
    page.form.network.options.editor("until_exponent").setValue(0)
    page.form.network.options.editor("weight_decay").setValue(1e-9)
    page.form.network.options.editor("largest_change").setValue(1e-6)
    page.form.network.options.editor("most_steps").setValue(2_000_000_000)
    click(qtbot, page.bar.main_button)
    # A frame can be picked up just before the window hears that the training has begun.
    until(qtbot, lambda: page.controller.activity is Activity.RUNNING and "Step" in page.bar.text)


def test_the_images_are_shown_before_anything_is_trained(page):
    assert page.result == (
        "pets, cat against dog, 8 images, the first that come; 8 others as control."
    )
    assert [side.mosaic.mosaic is not None for side in page.preview.sides] == [True, True]
    assert page.bar.main_button.isEnabled()
    assert not page.attack_button.isEnabled()
    assert not page.save_button.isEnabled()


def test_from_images_to_an_attack_without_a_file(qtbot, window, page):
    train(qtbot, page)
    assert "carry a multiplier" in page.result
    until(qtbot, lambda: "taken" in page.bar.text)  # The last frame comes when it is ready.
    click(qtbot, page.attack_button)
    until(qtbot, lambda: window.workspace.network is not None)
    settle(qtbot, window)
    assert window.stack.currentIndex() == 0
    assert window.workspace.network.layer_sizes == (36, 30, 20, 1)
    assert len(window.workspace.train) == len(window.workspace.control) == 8
    assert "of the 8 training images carry one" in window.health.value("Multipliers")
    assert window.health.outlook
    run_to_end(qtbot, window)
    until(qtbot, lambda: "of 8" in window.pairs.headline)
    details = window.workspace.session.network.origin.details
    assert '"images": "pets, cat against dog' in details["recipe"]


def test_a_training_is_paused_stopped_gone_on_with_and_saved_on_the_way(
    qtbot, window, page, tmp_path
):
    train_for_ever(qtbot, page)
    click(qtbot, page.bar.main_button)
    assert page.controller.activity is Activity.PAUSED
    page.save(tmp_path / "paused.safetensors")
    settle(qtbot, window)
    click(qtbot, page.bar.main_button)
    page.save(tmp_path / "running.safetensors")
    until(qtbot, lambda: (tmp_path / "running_control_images.npz").exists())
    click(qtbot, page.bar.stop_button)
    until(qtbot, lambda: "taken" in page.bar.text)
    stopped_at = steps_of(page.bar.text)
    page.save(tmp_path / "stopped.safetensors")
    settle(qtbot, window)
    for name in ("paused", "running", "stopped"):
        path = tmp_path / f"{name}.safetensors"
        assert load_network(path).layer_sizes == (36, 30, 20, 1)
        assert None not in images_beside(path)
    assert page.bar.main_button.text() == "Res&ume"
    click(qtbot, page.bar.main_button)
    until(qtbot, lambda: page.controller.activity is Activity.RUNNING)
    until(qtbot, lambda: steps_of(page.bar.text) > stopped_at)
    page.controller.stop()
    until(qtbot, lambda: not page.controller.is_active)
    page.form.network.hidden.setText("30")
    assert page.bar.main_button.text() == "&Train"


def test_images_of_another_network_are_asked_for_before_they_are_replaced(
    qtbot, window, page, tmp_path
):
    train(qtbot, page)
    path, images = tmp_path / "net.safetensors", tmp_path / "net_images.npz"
    images.write_text("mine")
    for reply in ("Not Now", "Replace"):
        assert images.read_text() == "mine"
        assert not path.exists()
        page.save(path)
        settle(qtbot, window)
        answer(qtbot, page, reply)
        settle(qtbot, window)
    assert len(np.load(images)["images"]) == 8
    page.save(path)  # Its own images are nobody else's.
    settle(qtbot, window)
    assert not any(each.isVisible() for each in page.findChildren(QMessageBox))
    page.save(tmp_path / "net.pth")
    assert "call it net.safetensors" in window.strip.text


def test_a_training_that_is_over_goes_on_to_a_lower_loss(qtbot, page):
    train(qtbot, page, -5)
    assert page.bar.main_button.text() == "&Train"
    steps = len(page.trainer.training.curves)
    page.form.network.options.editor("until_exponent").setValue(-30)
    assert page.bar.main_button.text() == "Res&ume"
    click(qtbot, page.bar.main_button)
    until(
        qtbot, lambda: page.controller.activity is Activity.IDLE and page.trainer.training.is_over
    )
    assert len(page.trainer.training.curves) > steps
    assert page.trainer.training.curves.step[0] == 1


@pytest.mark.parametrize(
    ("classes", "says"),
    [("cat vs cow", "no class “cow” here; there are cat, dog"), ("cat", "does not split")],
)
def test_what_cannot_be_read_is_said_where_the_images_would_be(qtbot, window, page, classes, says):
    page.form.classes.setText(classes)
    assert not page.bar.main_button.isEnabled()
    until(qtbot, lambda: says in page.result)
    assert page.preview.sides[0].mosaic.mosaic is None
    page.form.classes.setText("dog vs cat")
    until(qtbot, lambda: page.bar.main_button.isEnabled())


def test_a_recipe_that_cannot_be_is_said_when_it_is_asked_for(qtbot, window, page):
    page.form.network.hidden.setText("many")
    click(qtbot, page.bar.main_button)
    assert "widths of hidden layers" in window.strip.text
    assert not page.controller.is_active


def undo_of(window):
    """What Edit → Undo says that it takes back."""
    return window.actions_.undo.text().replace("&", "")


def choose(box, value):
    """As a person does."""
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_what_has_no_effect_is_greyed_and_counts_for_nothing(window):
    form = window.training.form.network
    batch, optimizer = form.options.editor("batch"), form.choices["optimizer"]
    choose(form.choices["schedule"], "plain")
    choose(optimizer, "adam")
    batch.setValue(8)
    form.cosine.setChecked(True)
    recipe = form.recipe()
    assert (recipe.batch, recipe.optimizer, recipe.cosine) == (8, "adam", True)
    assert not form.options.editor("momentum").isEnabled()
    choose(form.choices["schedule"], "fast")
    for editor in (batch, optimizer, form.cosine):
        assert not editor.isEnabled()
    assert "all images at once" in batch.toolTip()
    assert form.recipe() == Recipe()
    choose(form.choices["start"], "pytorch")
    assert not form.options.editor("first_layer_scale").isEnabled()


def test_a_named_recipe_fills_the_form_in_and_says_what_it_is_for(window):
    form = window.training.form
    choice, network = form.recipe_choice, form.network
    assert choice.name == "margin"
    assert "as the theory of the attack asks for" in choice.words
    network.hidden.setText("40, 30")
    network.options.editor("seed").setValue(7)
    choose(choice.box, "usual")
    assert form.recipe() == replace(Recipe.usual(), hidden=(40, 30), seed=7)
    assert "ordinary network" in choice.words
    assert "changed" not in choice.words
    network.options.editor("weight_decay").setValue(0.01)
    assert choice.words.endswith("Some of it is changed.")
    choose(choice.box, "margin")
    assert form.recipe() == replace(Recipe(), hidden=(40, 30), seed=7)


@pytest.fixture
def many(tmp_path):
    """Sixty classes of coloured images, two each."""
    images = np.random.default_rng(1).integers(0, 256, (120, 3, 6, 6), np.uint8)
    np.savez(tmp_path / "many.npz", images=images, labels=np.arange(120) % 60)
    return tmp_path / "many.npz"


def names_of(page):
    return page.preview.rows.names


def test_many_classes_are_shown_in_rows_by_name(qtbot, page, many):
    assert [side.name for side in page.preview.sides] == [
        "Class cat · 4 images · label −1", "Class dog · 4 images · label +1"
    ]  # fmt: skip
    choose(page.form.network.choices["outputs"], "classes")
    assert page.preview.sides[1].name == "Class dog · 4 images · label 1"
    page.form.use_own(many)
    page.form.per_class.setValue(1)
    page.form.classes.setText("5,1,0")
    page.form.class_names.setText("ape, bee, cow")
    until(qtbot, lambda: page.preview.currentIndex() == 1)
    assert names_of(page) == ["0 (ape)\n1 image", "1 (bee)\n1 image", "2 (cow)\n1 image"]
    assert page.preview.rows.more == ""
    assert "3 classes (ape, bee, cow)" in page.result
    page.form.classes.clear()
    until(qtbot, lambda: "60 classes (" in page.result or "3 names" in page.result)
    assert "3 names for them" in page.result
    assert names_of(page) == []
    page.form.class_names.clear()
    until(qtbot, lambda: len(names_of(page)) == 50)
    assert names_of(page)[0] == "0\n1 image"
    assert page.preview.rows.more == "and 10 more"
    page.form.class_names.setText("a,,b")
    until(qtbot, lambda: "is empty" in page.result)
    assert page.data is None


def test_three_classes_are_trained_as_people_usually_do_and_attacked_by_name(
    qtbot, window, page, many
):
    page.form.use_own(many)
    page.form.per_class.setValue(1)
    page.form.classes.setText("5,1,0")
    page.form.class_names.setText("ape, bee, cow")
    choose(page.form.recipe_choice.box, "usual")
    page.form.network.options.editor("epochs").setValue(30)
    until(qtbot, lambda: page.data is not None and "ape" in page.result)
    click(qtbot, page.bar.main_button)
    until(qtbot, lambda: "chance" in page.result)
    assert page.trainer.training.state.step == 30
    assert "3 training images carry a multiplier." in page.result
    make, data = page.trainer.outcome()
    network = make()
    assert network.layer_sizes == (108, 30, 20, 3)
    assert network.class_names == data.label_names == ("ape", "bee", "cow")
    assert network.origin.file == "3 classes (ape, bee, cow) (trained here)"


def test_images_dropped_on_the_page_are_taken_to_train_on(qtbot, window, page, tmp_path):
    images = np.random.default_rng(1).integers(0, 256, (12, 1, 5, 5), np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.arange(12) % 2)
    drop(window, tmp_path / "own.npz")
    until(qtbot, lambda: page.data is not None and len(page.data.train) == 8)
    assert page.data.description.startswith("own.npz, 0 against 1")
    assert window.workspace.network is None


def test_nothing_is_downloaded_unless_the_user_says_so(qtbot, window, tmp_path, originals):  # noqa: F811
    originals.make("kmnist")
    window.pages.show_training()
    page = window.training
    page.form.use_root(tmp_path / "root")
    page.form.dataset.setCurrentIndex(page.form.dataset.findData("kmnist"))
    page.form.dataset.activated.emit(page.form.dataset.currentIndex())
    until(qtbot, lambda: "can be downloaded (21 MB)" in page.result)
    settle(qtbot, window)
    assert page.form.download.isVisible()
    click(qtbot, page.form.download)
    answer(qtbot, window, "Not Now")
    until(qtbot, lambda: not window.findChildren(QMessageBox))
    assert originals.requests == []
    page.form.per_class.setValue(5)
    click(qtbot, page.form.download)
    answer(qtbot, window, "Download")
    until(qtbot, lambda: page.data is not None)
    assert len(page.data.train) == 10
    assert catalogue.is_present("kmnist", tmp_path / "root")


def test_closing_asks_while_a_training_is_on(qtbot, window, page):
    train_for_ever(qtbot, page)
    window.close()
    answer(qtbot, window, "Stop and")
    until(qtbot, lambda: not window.isVisible())
    assert not [t for t in window.findChildren(QThread) if t.isRunning()]


def test_a_copy_of_every_training_is_kept_and_opened_again(qtbot, window, page):
    train(qtbot, page)
    settle(qtbot, window)
    window.pages.show_network()
    assert window.actions_.last_training.isEnabled()
    window.actions_.last_training.trigger()
    until(qtbot, lambda: window.workspace.network is not None)
    settle(qtbot, window)
    assert window.workspace.network.origin.name == "last-training.safetensors"
    assert len(window.workspace.train) == 8


def test_a_training_that_fails_leaves_the_one_before(qtbot, window, page):
    train(qtbot, page)
    first = page.trainer.training
    choose(page.form.network.choices["schedule"], "plain")
    page.form.network.options.editor("rate").setValue(1000)
    page.form.network.options.editor("weight_decay").setValue(1)
    page.form.network.options.editor("until_exponent").setValue(0)
    click(qtbot, page.bar.main_button)
    until(qtbot, lambda: "diverged" in window.strip.text)
    assert page.trainer.training is first
    assert page.attack_button.isEnabled()


def test_an_error_that_nobody_expected_while_a_copy_is_written_does_not_cost_the_training(
    qtbot, page, monkeypatch
):
    told = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *_: told.append(kind))
    monkeypatch.setattr("engine.training.trained.save_images", lambda *_: 1 / 0)
    train_for_ever(qtbot, page)
    click(qtbot, page.bar.stop_button)
    until(qtbot, lambda: not page.controller.is_active)
    assert page.trainer.can_save
    assert told == [ZeroDivisionError]


def test_the_keys_of_the_menus_are_for_the_page_that_is_shown(qtbot, window, page):
    page.form.network.options.editor("until_exponent").setValue(-15)
    assert window.actions_.main.text() == "&Train"
    assert window.actions_.main.isEnabled()
    assert not window.actions_.save.isEnabled()
    window.actions_.main.trigger()
    until(qtbot, lambda: "chance" in page.result)
    assert not window.controller.is_active
    assert window.actions_.save.isEnabled()
    window.pages.show_network()
    assert not window.actions_.main.isEnabled()


def test_every_option_of_the_recipe_says_what_it_does(window):
    for name, editor in window.training.form.network.options.editors().items():
        assert len(editor.toolTip()) > 30, name
