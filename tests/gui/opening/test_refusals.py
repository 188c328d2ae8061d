"""What cannot be opened leads somewhere; of several files each is answered for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QDialog, QMessageBox
from torch import nn

from gui.help.guide import GuideWindow
from gui.run.activity import Activity
from gui.state import preferences
from gui.toolkit import theme
from tests.engine.network.foreign_files import FOREIGN
from tests.gui.app.test_main_window import (
    answer,
    drop,
    open_and_wait,
    run_to_end,
    save_images,
)
from tests.gui.conftest import bring_to_front, settle, until


def foreign(folder, name):
    (folder / name).write_bytes(FOREIGN[name][0])
    return folder / name


def suggestion(window, words):
    return next(each for each in window.strip.suggestions if each.text() == words)


def lines(window):
    return window.strip._lines.text().split("\n")


# --- one file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["llama.gguf", "keras.h5", "script.pt", "page.pth"])
def test_a_file_of_another_kind_is_called_what_it_is_and_leads_to_a_sample(
    qtbot, window, tmp_path, name
):
    drop(window, foreign(tmp_path, name))
    settle(qtbot, window)
    assert FOREIGN[name][1] in window.strip.text
    qtbot.mouseClick(suggestion(window, "Open the Sample"), Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.workspace.train is not None)
    settle(qtbot, window)
    assert window.strip.text == ""


def test_a_refusal_leads_to_its_page_of_the_guide_and_stays(qtbot, window, tmp_path):
    torch.save(nn.Conv2d(1, 2, 3).state_dict(), tmp_path / "conv.pth")
    for path, heading in (
        (foreign(tmp_path, "llama.gguf"), "Files that open"),
        (tmp_path / "conv.pth", "Networks that can be attacked"),
    ):
        drop(window, path)
        settle(qtbot, window)
        qtbot.mouseClick(suggestion(window, "Read More"), Qt.MouseButton.LeftButton)
        guide = window.findChild(GuideWindow)
        assert guide.isVisible()
        assert guide.contents.currentItem().toolTip() == heading
        assert path.name in window.strip.text
        guide.close()


def test_a_folder_in_hugging_faces_layout_opens(qtbot, window, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    state = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 1)).state_dict()
    safetensors.torch.save_file(state, tmp_path / "model.safetensors")
    drop(window, tmp_path)
    settle(qtbot, window)
    assert window.workspace.network.layer_sizes == (16, 8, 1)
    assert "model.safetensors" in window.windowTitle()


def test_what_a_checkpoint_is_called_does_not_matter(qtbot, window, checkpoint):
    drop(window, checkpoint("pytorch_model.bin"))
    settle(qtbot, window)
    assert window.workspace.network is not None


# --- several --------------------------------------------------------------------------------------


def test_each_of_several_files_is_opened_or_told(qtbot, window, checkpoint, tmp_path):
    drop(
        window,
        foreign(tmp_path, "notes.txt"),
        save_images(tmp_path / "train.npz", 5),
        checkpoint(),
        save_images(tmp_path / "control.npz", 4),
        foreign(tmp_path, "llama.gguf"),
    )
    settle(qtbot, window)
    assert len(window.workspace.train) == 5
    assert len(window.workspace.control) == 4
    assert "3 of 5 files opened" in window.strip.text
    notes, train, network, control, packed = lines(window)
    assert notes == "notes.txt: not opened; it is plain text, not a network."
    assert train == "train.npz: 5 training images"
    assert network.startswith("small.pth: the network that is open now")
    assert control == "control.npz: 4 control images"
    assert "a GGUF file" in packed


def test_images_that_do_not_fit_keep_no_network_out(qtbot, window, checkpoint, tmp_path):
    drop(window, checkpoint(), save_images(tmp_path / "train.npz", shape=(1, 5, 5)))
    settle(qtbot, window)
    assert window.workspace.network is not None
    assert window.workspace.train is None
    assert "1×5×5" in lines(window)[1]


def test_images_beside_a_network_that_do_not_fit_are_told(qtbot, window, checkpoint, tmp_path):
    save_images(tmp_path / "small_images.npz", shape=(1, 5, 5))
    drop(window, checkpoint())
    settle(qtbot, window)
    assert window.workspace.network is not None
    assert "small_images.npz" in window.strip.text


def test_images_are_left_out_with_the_network_that_they_came_with(
    qtbot, window, checkpoint, tmp_path
):
    open_and_wait(qtbot, window, checkpoint())
    drop(window, save_images(tmp_path / "train.npz", 5), foreign(tmp_path, "script.pt"))
    settle(qtbot, window)
    assert window.workspace.train is None
    assert window.strip.text.startswith("script.pt is a TorchScript archive")
    assert "network that it came with was not opened" in lines(window)[0]
    assert suggestion(window, "Read More").isVisible()


def test_a_session_and_a_network_are_told_that_one_is_opened_at_a_time(
    qtbot, window, checkpoint, tmp_path
):
    (tmp_path / "run.afterimage").write_bytes(b"nothing")
    drop(window, checkpoint(), tmp_path / "run.afterimage")
    settle(qtbot, window)
    assert window.workspace.network is None
    assert "one network at a time" in window.strip.text
    assert len(lines(window)) == 2


def test_what_cannot_be_queued_is_named_where_the_queue_is_offered(
    qtbot, window, checkpoint, tmp_path
):
    drop(window, checkpoint("a.pth"), foreign(tmp_path, "notes.txt"), checkpoint("b.pth"))
    box = next(each for each in window.findChildren(QMessageBox) if each.isVisible())
    assert "left out: notes.txt" in box.informativeText()
    answer(qtbot, window, "Run Them in Turn")
    assert [item.path.name for item in window.queue.list.items] == ["a.pth", "b.pth"]


def test_of_very_many_files_a_few_are_listed(qtbot, window, tmp_path):
    paths = [tmp_path / f"{number}.txt" for number in range(60)]
    for path in paths:
        path.write_text("words")
    drop(window, *paths)
    settle(qtbot, window)
    assert len(lines(window)) < 12
    assert "others" in lines(window)[-1]
    assert window.run_bar.mapTo(window, QPoint()).y() > bottom(window)


# --- Start, while a network is being opened -------------------------------------------------------


def press_start(qtbot, window):
    bring_to_front(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_F5)


def test_start_waits_for_the_network_that_is_being_opened(qtbot, window, checkpoint):
    window.settings_panel.editor("steps").setValue(20)
    window.files.open([checkpoint()])
    press_start(qtbot, window)
    until(qtbot, lambda: window.workspace.session is not None)
    settle(qtbot, window)
    assert window.workspace.session.state.step == 20


def test_what_start_waits_for_is_said(window, checkpoint):
    assert not window.run_bar.main_button.isEnabled()
    window.files.open([checkpoint()])
    assert window.run_bar.main_button.isEnabled()
    window.run_bar.main_button.click()
    assert window.statusBar().currentMessage() == "The run starts when small.pth is open …"
    assert window.start_wish.is_wished


def test_start_is_forgotten_where_the_network_is_refused(qtbot, window, checkpoint, tmp_path):
    (tmp_path / "broken.pth").write_bytes(b"PK\x03\x04 nothing")
    window.files.open([tmp_path / "broken.pth"])
    window.run_bar.main_button.click()
    settle(qtbot, window)
    assert not window.run_bar.main_button.isEnabled()
    open_and_wait(qtbot, window, checkpoint())
    assert window.controller.activity is Activity.IDLE
    assert window.workspace.session is None


def test_start_is_forgotten_where_something_else_is_opened(qtbot, window, checkpoint):
    window.files.open([checkpoint("first.pth")])
    window.run_bar.main_button.click()
    window.files.open([checkpoint("second.pth")])
    assert not window.start_wish.is_wished
    settle(qtbot, window)
    assert window.workspace.network.origin.name == "second.pth"
    assert window.workspace.session is None


def test_start_means_the_network_that_is_being_opened_not_the_one_before(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint("first.pth"))
    window.settings_panel.editor("steps").setValue(20)
    window.files.open([checkpoint("second.pth")])
    window.run_bar.main_button.click()
    until(qtbot, lambda: window.workspace.session is not None)
    settle(qtbot, window)
    assert window.workspace.session.network.origin.name == "second.pth"


# --- Close Network --------------------------------------------------------------------------------


def close_network(window):
    window.actions_._builder.action("Close Network").trigger()


def questions(window):
    return [each for each in window.findChildren(QDialog) if each.isVisible()]


def test_close_network_goes_back_to_the_start_page(qtbot, window, checkpoint, tmp_path):
    assert not window.actions_._builder.action("Close Network").isEnabled()
    open_and_wait(qtbot, window, checkpoint(), save_images(tmp_path / "train.npz", 5))
    bring_to_front(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert window.workspace.network is None
    assert window.workspace.train is None
    assert window.empty.isVisible()
    assert window.windowTitle() == "Afterimage"
    assert not window.run_bar.main_button.isEnabled()
    open_and_wait(qtbot, window, checkpoint())
    assert window.workspace.network is not None


def test_close_network_stops_a_run_first_if_that_is_wanted(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    window.settings_panel.editor("steps").setValue(1_000_000)
    window.pages.start_or_pause()
    until(qtbot, lambda: window.controller.activity is Activity.RUNNING)
    close_network(window)
    assert window.workspace.network is not None
    answer(qtbot, window, "Stop and Close")
    until(qtbot, lambda: window.workspace.network is None)
    assert window.copies.last_run.exists()


def test_close_network_asks_before_a_run_is_lost_that_nothing_keeps(
    qtbot, window, checkpoint, tmp_path
):
    preferences.save(replace(preferences.load(), copy_seconds=preferences.NEVER))
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window)
    close_network(window)
    assert window.workspace.session is not None
    answer(qtbot, window, "Not Now")
    assert window.workspace.session is not None
    window.exporter.write_to("session", tmp_path / "run.afterimage")
    settle(qtbot, window)
    close_network(window)
    assert questions(window) == []
    assert window.workspace.network is None


# --- the message itself ---------------------------------------------------------------------------


def bottom(window):
    strip = window.strip
    return strip.mapTo(window, strip.rect().bottomLeft()).y()


@pytest.fixture
def smallest(window):
    window.resize(1024, 700)
    return window


def test_a_message_moves_no_field(qtbot, smallest):
    fields = (smallest.settings_panel.device, smallest.run_bar.main_button, smallest.model_panel)
    before = [field.mapTo(smallest, QPoint()) for field in fields]
    smallest.strip.show_error("Something went wrong. " * 10, "Something else would work.")
    qtbot.wait(1)
    assert smallest.strip.isVisible()
    assert [field.mapTo(smallest, QPoint()) for field in fields] == before


def test_a_message_covers_no_field(smallest):
    smallest.strip.show_error("Something went wrong. " * 10)
    left = smallest.strip.mapTo(smallest, QPoint(10, 0)).x()  # Less its shadow.
    for field in (smallest.model_panel.activation, smallest.settings_panel.device):
        assert field.mapTo(smallest, field.rect().topRight()).x() < left


def test_the_longest_message_stays_above_the_run_bar(smallest):
    smallest.strip.show_error("A long word. " * 200, "Another long word. " * 200)
    smallest.strip.suggest("Read More", "Leads on.", lambda: None)
    assert bottom(smallest) < smallest.run_bar.mapTo(smallest, QPoint()).y()
    assert smallest.strip.parentWidget().rect().contains(smallest.strip.geometry())


def test_escape_closes_a_message_wherever_the_keyboard_is(qtbot, window):
    bring_to_front(qtbot, window)
    for place in (window.settings_panel.device, window.model_panel.shape, window.strip):
        window.strip.show_note("Something is said.")
        place.setFocus()
        qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_Escape)
        assert window.strip.text == ""


def test_the_buttons_of_a_message_are_reached_by_tab(qtbot, window):
    window.strip.show_error("Something went wrong.")
    pressed = []
    window.strip.suggest("Lead On", "Leads on.", lambda: pressed.append(True))
    bring_to_front(qtbot, window)
    chain, step = set(), window.nextInFocusChain()
    while step is not window:
        chain.add(step)
        step = step.nextInFocusChain()
    (button,) = window.strip.suggestions
    assert {button, window.strip.close_button} <= chain
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert pressed == [True]


def test_a_message_follows_the_size_of_the_window(qtbot, window):
    window.strip.show_note("Something is said.")
    host = window.strip.parentWidget()
    for size in ((1300, 800), (1040, 720)):
        window.resize(*size)
        until(qtbot, lambda: window.strip.geometry().right() == host.rect().right())


def luminance(colour: QColor) -> float:
    """As WCAG 2 defines it."""
    parts = np.array([colour.redF(), colour.greenF(), colour.blueF()])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: QColor, other: QColor) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [Qt.ColorScheme.Light, Qt.ColorScheme.Dark])
def test_errors_and_notes_are_told_apart_and_legible(window, scheme):
    window.choose_scheme(scheme)
    palette = QGuiApplication.palette()
    ground = palette.color(window.strip.backgroundRole())
    assert contrast(palette.color(QPalette.ColorRole.ToolTipText), ground) > 7
    assert contrast(theme.error_colour(), ground) > 4.5
    assert contrast(theme.accent(), ground) > 3
    window.strip.show_note("Something is said.")
    note = window.strip._icon.pixmap().toImage()
    assert not window.strip._text.font().bold()
    window.strip.show_error("Something is said.")
    assert window.strip._text.font().bold()
    assert window.strip._icon.pixmap().toImage() != note
