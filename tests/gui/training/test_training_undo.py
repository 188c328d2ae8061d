"""Undo on the training page: one step for each edit, and none of the run's settings."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.base.errors import UnusableInput
from engine.training.recipe import Recipe
from gui.toolkit.menus import plain
from tests.gui.app.test_habits import press, type_keys
from tests.gui.conftest import settle, until
from tests.gui.training.test_training_page import click, folder, page, train_for_ever  # noqa: F401 - fixtures


@pytest.fixture
def form(window):
    """The form of the page that is shown, in a window that takes keys."""
    window.pages.show_training()
    window.activateWindow()
    return window.training.form


def focus(qtbot, widget):
    widget.setFocus()
    until(qtbot, widget.hasFocus)


def choose(box, index):
    """As a person does."""
    box.setCurrentIndex(index)
    box.activated.emit(index)


def undo_all(window):
    """Takes everything back, and returns what each step was called."""
    steps = []
    while window.actions_.undo.isEnabled():
        steps.append(plain(window.actions_.undo.text()).removeprefix("Undo "))
        window.actions_.undo.trigger()
    return steps


def test_typed_text_is_taken_back_as_one_edit_with_the_keyboard(qtbot, window, form):
    before = form.network.hidden.text()
    focus(qtbot, form.network.hidden)
    type_keys(qtbot, form.network.hidden, "30, 20")
    assert form.recipe().hidden == (30, 20)
    assert plain(window.actions_.undo.text()) == "Undo Hidden layers"
    press(qtbot, form.network.hidden, Qt.Key.Key_Z)
    assert form.network.hidden.text() == before
    assert not window.actions_.undo.isEnabled()
    assert plain(window.actions_.redo.text()) == "Redo Hidden layers"
    press(qtbot, form.network.hidden, Qt.Key.Key_Z, shift=True)
    assert form.network.hidden.text() == "30, 20"


def test_typed_numbers_are_taken_back_as_one_edit_with_the_keyboard(qtbot, window, form):
    focus(qtbot, form.per_class)
    type_keys(qtbot, form.per_class, "123")
    assert form.selection().per_class == 123
    assert plain(window.actions_.undo.text()) == "Undo Of each"
    press(qtbot, form.per_class, Qt.Key.Key_Z)
    assert form.selection().per_class == 50
    assert not window.actions_.undo.isEnabled()


def test_what_cannot_be_is_taken_back_too(window, form):
    form.network.hidden.setText("many")
    with pytest.raises(UnusableInput):
        form.recipe()
    window.actions_.undo.trigger()
    assert form.recipe().hidden == (1000, 1000)


def test_every_field_is_undone_by_its_name_and_redone(window, form):
    before = form.entered()
    form.classes.setText("1 vs 7")
    form.per_class.setValue(9)
    choose(form.draw, 1)
    form.class_names.setText("one, seven")
    for box in form.network.choices.values():
        choose(box, 1)
    form.network.cosine.setChecked(True)
    choose(form.network.device, 1)
    for editor in form.network.options.editors().values():
        editor.stepUp()
    after = form.entered()
    changed = [name for name, value in after.values.items() if before.values[name] != value]
    assert set(changed) == set(after.values) - {"dataset", "own", "hidden", "recipe", "base"}
    undone = undo_all(window)
    assert sorted(undone) == sorted(form.labels[name] for name in changed)
    assert undone[-2:] == ["Of each", "Classes"]
    assert form.entered() == before
    while window.actions_.redo.isEnabled():
        window.actions_.redo.trigger()
    assert form.entered() == after


def test_a_named_recipe_is_one_step_with_all_that_it_fills_in(window, form):
    before = form.entered()
    choose(form.recipe_choice.box, 1)
    filled = form.entered()
    assert form.recipe() == Recipe.usual()
    assert undo_all(window) == ["Recipe"]
    assert form.entered() == before
    assert form.recipe_choice.name == "margin"
    window.actions_.redo.trigger()
    assert form.entered() == filled


def test_other_images_are_one_step_with_the_classes_that_they_bring(window, form):
    before = form.entered()
    choose(form.dataset, form.dataset.findData("cifar10"))
    assert form.classes.text() != before.values["classes"]
    choose(form.dataset, form.dataset.findData("svhn"))
    assert undo_all(window) == ["Images", "Images"]
    assert form.entered() == before


def test_images_of_ones_own_are_left_and_found_again(qtbot, window, form, folder):  # noqa: F811
    known = form.known
    form.per_class.setValue(4)
    form.use_own(folder)
    assert undo_all(window) == ["Images", "Of each"]
    assert form.known == known
    assert not form.choose_folder.isVisible()
    window.actions_.redo.trigger()
    window.actions_.redo.trigger()
    assert form.source == str(folder)
    assert form.choose_folder.isVisible()
    until(qtbot, lambda: window.training.data is not None)
    settle(qtbot, window)


def test_images_are_read_anew_only_where_others_are_meant(qtbot, window, page):  # noqa: F811
    read = page.data
    page.form.network.options.editor("seed").setValue(5)
    page.form.network.hidden.setText("7")
    page.form.per_class.setValue(2)
    until(qtbot, lambda: page.data is not None and len(page.data.train) == 4)
    window.actions_.undo.trigger()
    assert page.data is None
    until(qtbot, lambda: page.data is not None)
    assert len(page.data.train) == len(read.train)
    read = page.data
    window.actions_.undo.trigger()
    window.actions_.undo.trigger()
    assert page.form.network.options.editor("seed").value() == 0
    assert page.data is read
    settle(qtbot, window)


def test_an_edit_that_leads_back_is_no_edit(window, form):
    form.per_class.setValue(60)
    form.per_class.setValue(50)
    assert not window.actions_.undo.isEnabled()


def test_undo_is_for_the_page_that_is_shown(window):
    run, training = window.settings_panel, window.training.form
    run.editor("steps").setValue(77)
    training.network.options.editor("most_steps").setValue(88)
    window.pages.show_training()
    assert plain(window.actions_.undo.text()) == "Undo " + training.labels["most_steps"]
    window.actions_.undo.trigger()
    assert training.recipe().most_steps != 88
    assert run.settings().steps == 77
    assert not window.actions_.undo.isEnabled()
    window.pages.show_network()
    assert plain(window.actions_.undo.text()) == "Undo Steps"
    assert not window.actions_.redo.isEnabled()
    window.actions_.undo.trigger()
    assert run.settings().steps == 500
    window.pages.show_training()
    assert window.actions_.redo.isEnabled()
    window.actions_.redo.trigger()
    assert training.recipe().most_steps == 88
    assert run.settings().steps == 500


def test_nothing_is_undone_while_a_training_is_on(qtbot, window, page):  # noqa: F811
    assert window.actions_.undo.isEnabled()
    train_for_ever(qtbot, page)
    assert not window.actions_.undo.isEnabled()
    during = page.form.entered()
    window.actions_.undo.trigger()
    assert page.form.entered() == during
    click(qtbot, page.bar.stop_button)
    until(qtbot, lambda: not page.controller.is_active)
    assert window.actions_.undo.isEnabled()
    settle(qtbot, window)


def test_devices_that_are_found_later_are_no_edit(window, form):
    form.network.device.choose("cuda")  # As preferred, but not known yet.
    window.offer_devices(["auto", "cpu", "cuda"])
    assert form.recipe().device == "cuda"
    assert not window.actions_.undo.isEnabled()
    form.per_class.setValue(9)
    window.actions_.undo.trigger()
    assert form.recipe().device == "cuda"
