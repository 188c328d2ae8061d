"""Exports with options: a preview, the size of the file, and then the file itself."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QColor, QDesktopServices, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.exports.film_options import FilmOptions
from engine.exports.films import make_film
from gui.exports.dialog import ExportDialog
from gui.exports.film_view import FilmView
from gui.run.activity import Activity
from gui.toolkit import theme
from tests.gui.app.test_main_window import open_and_wait, run_to_end, save_images, start
from tests.gui.conftest import settle, until


@pytest.fixture
def run(qtbot, window, checkpoint, tmp_path):
    """The window with a run that has ended, and training images."""
    save_images(tmp_path / "small_images.npz")
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window)
    settle(qtbot, window)
    return window


def ask(qtbot, window, kind):
    window.exporter.ask(kind)
    until(qtbot, lambda: bool(window.findChildren(ExportDialog)))
    return window.findChild(ExportDialog)


def ready(qtbot, dialog):
    until(qtbot, lambda: dialog.is_ready)
    return dialog.about.text()


def choose(combo, name):
    combo.setCurrentIndex(combo.findData(name))


def save_to(qtbot, dialog, path):
    """Presses Save, and answers where to."""
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: bool(dialog.findChildren(QFileDialog)))
    asked = dialog.findChild(QFileDialog)
    asked.fileSelected.emit(str(path))


def gone(qtbot, window):
    until(qtbot, lambda: not window.findChildren(ExportDialog))
    settle(qtbot, window)


def test_what_is_previewed_is_what_is_saved(qtbot, run, tmp_path):
    dialog = ask(qtbot, run, "gif")
    assert not dialog.save_button.isEnabled()
    before = ready(qtbot, dialog)
    assert dialog.form.options() == FilmOptions(preset="pairs", what="pairs")
    choose(dialog.form.preset, "recorded")
    before = ready(qtbot, dialog)
    assert dialog.form.options() == FilmOptions()
    seconds = make_film(run.workspace.session, dialog.form.options()).seconds
    assert f"{seconds:.2f} s" in before
    dialog.form.numbers.editor("width").setValue(100)
    dialog.form.numbers.editor("duration").setValue(1.0)
    dialog.form.numbers.editor("hold").setValue(0.5)
    assert not dialog.save_button.isEnabled()
    after = ready(qtbot, dialog)
    assert "1.50 s" in after
    save_to(qtbot, dialog, tmp_path / "drift.gif")
    gone(qtbot, run)
    size = (tmp_path / "drift.gif").stat().st_size
    assert after.endswith(f"{size / 1e3:.1f} kB")
    assert after != before
    with Image.open(tmp_path / "drift.gif") as gif:
        assert 80 <= gif.width <= 120
        assert gif.is_animated
    assert str(tmp_path / "drift.gif") in run.statusBar().currentMessage()


def test_a_wrong_ending_is_said_in_the_dialog_which_stays_for_another(qtbot, run, tmp_path):
    dialog = ask(qtbot, run, "png")
    ready(qtbot, dialog)
    wrong, right = tmp_path / "images.gif", tmp_path / "images.png"
    save_to(qtbot, dialog, wrong)
    assert "images.gif" in dialog.about.text()
    assert dialog.about.palette().color(dialog.about.foregroundRole()) == theme.error_colour()
    assert run.strip.text == ""
    assert dialog.isVisible()
    assert dialog.view.count == 1
    dialog.findChild(QFileDialog).close()
    until(qtbot, lambda: not dialog.findChildren(QFileDialog))
    save_to(qtbot, dialog, right)
    gone(qtbot, run)
    assert right.is_file()
    assert not wrong.exists()


@pytest.mark.parametrize("grey", [0, 255])
def test_a_picture_of_any_brightness_has_an_edge(qtbot, grey):
    view = FilmView()
    qtbot.addWidget(view)
    view.resize(200, 300)
    image = QImage(50, 50, QImage.Format.Format_RGB32)
    image.fill(QColor(grey, grey, grey))
    view.play([image], [0])
    shown = view.grab().toImage()
    column = [shown.pixelColor(100, y) for y in range(300)]
    pictured = [y for y, colour in enumerate(column) if colour == QColor(grey, grey, grey)]
    edges = [y for y, colour in enumerate(column) if colour == theme.plot_foreground()]
    middle = [y for y in pictured if 55 <= y < 245]
    assert edges[0] < middle[0] <= 60
    assert 240 <= middle[-1] < edges[-1]
    assert edges[-1] - edges[0] == 197


def test_the_preview_plays(qtbot, run):
    dialog = ask(qtbot, run, "gif")
    ready(qtbot, dialog)
    assert dialog.view.count > 5
    until(qtbot, lambda: dialog.view.shown > 1)
    dialog.reject()
    gone(qtbot, run)


def test_pairs_and_chosen_candidates(qtbot, run):
    dialog = ask(qtbot, run, "gif")
    ready(qtbot, dialog)
    assert not dialog.form.what.isVisible()
    choose(dialog.form.preset, "recorded")
    assert not dialog.form.chosen.isVisible()
    choose(dialog.form.what, "pairs")
    pairs = ready(qtbot, dialog)
    choose(dialog.form.what, "chosen")
    until(qtbot, lambda: "which candidates" in dialog.about.text())
    assert not dialog.save_button.isEnabled()
    dialog.form.chosen.setText("0, 99")
    until(qtbot, lambda: "no candidate 99" in dialog.about.text())
    assert run.strip.text == ""
    dialog.form.chosen.setText("0, 3-4")
    assert ready(qtbot, dialog) != pairs
    dialog.reject()
    gone(qtbot, run)


def test_pairs_are_offered_only_with_training_images(qtbot, run):
    run.references_panel.remove.click()
    dialog = ask(qtbot, run, "gif")
    assert dialog.form.what.findData("pairs") < 0
    assert dialog.form.preset.findData("pairs") < 0
    assert dialog.form.preset.currentData() == "web"
    dialog.reject()
    gone(qtbot, run)


def test_cancelling_leaves_nothing_running(qtbot, run, tmp_path):
    dialog = ask(qtbot, run, "mp4")
    assert run.background.is_busy
    qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    gone(qtbot, run)
    assert not run.background.is_busy
    assert not list(tmp_path.glob("*.mp4"))


def test_an_mp4_with_options(qtbot, run, tmp_path):
    dialog = ask(qtbot, run, "mp4")
    dialog.form.numbers.editor("duration").setValue(1.0)
    text = ready(qtbot, dialog)
    save_to(qtbot, dialog, tmp_path / "drift.mp4")
    gone(qtbot, run)
    assert f"{(tmp_path / 'drift.mp4').stat().st_size / 1e3:.1f} kB" in text


def test_a_grid_at_a_scale(qtbot, run, tmp_path):
    dialog = ask(qtbot, run, "png")
    ready(qtbot, dialog)
    dialog.form.numbers.editor("scale").setValue(3)
    text = ready(qtbot, dialog)
    save_to(qtbot, dialog, tmp_path / "grid.png")
    gone(qtbot, run)
    with Image.open(BytesIO((tmp_path / "grid.png").read_bytes())) as image:
        pixels = np.asarray(image)
    assert f"{pixels.shape[1]} × {pixels.shape[0]} pixels" in text
    np.testing.assert_array_equal(pixels[::3, ::3], pixels[2::3, 2::3])


def test_a_run_that_goes_on_can_be_previewed(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: window.run_bar.progress.value() > 5)
    dialog = ask(qtbot, window, "gif")
    ready(qtbot, dialog)
    assert window.controller.activity is Activity.RUNNING
    dialog.reject()
    until(qtbot, lambda: not window.findChildren(ExportDialog))


def test_every_option_has_a_name_a_tooltip_and_a_place_in_the_order(qtbot, run):
    dialog = ask(qtbot, run, "gif")
    form = dialog.form
    editors = form.controls()
    assert len(editors) == 12
    for editor in editors:
        assert editor.accessibleName()
        assert editor.toolTip()
    ready(qtbot, dialog)
    choose(form.preset, "recorded")
    choose(form.what, "chosen")
    form.chosen.setText("1")
    ready(qtbot, dialog)
    order, widget = [], dialog
    for _ in range(60):
        widget = widget.nextInFocusChain()
        if widget is dialog:
            break
        order.append(widget)
    wanted: list[QWidget] = [*editors, dialog.save_button, dialog.cancel_button]
    places = [order.index(widget) for widget in wanted]
    assert places == sorted(places)
    dialog.reject()
    gone(qtbot, run)


def test_scores_are_offered_only_with_training_images(run):
    scores = next(each for each in run.actions_.exports if "cores" in each.text())
    menu = next(owner for owner in scores.associatedObjects() if hasattr(owner, "aboutToShow"))
    menu.aboutToShow.emit()
    assert scores.isVisible()
    run.references_panel.remove.click()
    menu.aboutToShow.emit()
    assert not scores.isVisible()


# --- presets --------------------------------------------------------------------------------------


def test_pairs_come_first_and_what_is_of_no_effect_is_not_shown(qtbot, run):
    form = ask(qtbot, run, "gif").form
    dialog = run.findChild(ExportDialog)
    words = [form.preset.itemData(row) for row in range(form.preset.count())]
    assert words == ["pairs", "web", "square", "wide", "recorded"]
    shown = (form.easing, form.numbers.editor("width"))
    switches = [form.switches[name] for name in ("caption", "step", "strip")]
    assert not any(widget.isVisible() for widget in shown)
    assert all(switch.isVisible() for switch in switches)
    choose(form.preset, "recorded")
    assert all(widget.isVisible() for widget in shown)
    assert not any(switch.isVisible() for switch in switches)
    assert form.switches["noise"].isVisible()
    dialog.reject()
    gone(qtbot, run)


def test_a_preset_has_its_size_and_what_is_switched_off_is_gone(qtbot, run, tmp_path):
    dialog = ask(qtbot, run, "gif")
    choose(dialog.form.preset, "web")
    dialog.form.numbers.editor("duration").setValue(0.4)
    dialog.form.numbers.editor("hold").setValue(0.2)
    text = ready(qtbot, dialog)
    assert "800 × 600 pixels · 0.60 s" in text
    for switch in dialog.form.switches.values():
        switch.click()
    assert not dialog.save_button.isEnabled()
    assert ready(qtbot, dialog) != text
    expected = FilmOptions(
        preset="web",
        duration=0.4,
        hold=0.2,
        noise=False,
        caption=False,
        step=False,
        strip=False,
    )
    assert dialog.form.options() == expected
    save_to(qtbot, dialog, tmp_path / "drift.gif")
    gone(qtbot, run)
    with Image.open(tmp_path / "drift.gif") as gif:
        assert gif.size == (800, 600)
        assert gif.n_frames == 11


def test_a_film_is_dragged_out_as_the_file_that_would_be_saved(qtbot, run, tmp_path):
    dialog = ask(qtbot, run, "gif")
    assert dialog.view.file is None
    ready(qtbot, dialog)
    (url,) = dialog.view.mime_data(dialog.view.file).urls()
    dragged = open_bytes(url)
    assert url.fileName() == "drift.gif"
    save_to(qtbot, dialog, tmp_path / "saved.gif")
    gone(qtbot, run)
    assert (tmp_path / "saved.gif").read_bytes() == dragged


def open_bytes(url):
    with open(url.toLocalFile(), "rb") as file:  # noqa: PTH123
        return file.read()


def test_a_change_takes_the_file_away_until_the_next_one_is_there(qtbot, run):
    dialog = ask(qtbot, run, "gif")
    ready(qtbot, dialog)
    choose(dialog.form.preset, "recorded")
    assert dialog.view.file is None
    ready(qtbot, dialog)
    assert dialog.view.file is not None
    dialog.reject()
    gone(qtbot, run)


def test_films_and_images_of_chosen_candidates_can_be_asked_for(qtbot, run, tmp_path):
    run.exporter.film_of([3, 0])
    until(qtbot, lambda: bool(run.findChildren(ExportDialog)))
    dialog = run.findChild(ExportDialog)
    assert dialog.form.options() == FilmOptions(preset="web", what="chosen", chosen=(3, 0))
    ready(qtbot, dialog)
    dialog.reject()
    gone(qtbot, run)
    run.exporter.image_of(2)
    until(qtbot, lambda: bool(run.findChildren(ExportDialog)))
    dialog = run.findChild(ExportDialog)
    dialog.form.numbers.editor("scale").setValue(1)
    text = ready(qtbot, dialog)
    assert text.startswith("6 × 6 pixels")  # Four pixels a side, and the gap around them.
    dialog.form.chosen.setText("99")
    until(qtbot, lambda: "no candidate 99" in dialog.about.text())
    dialog.form.chosen.setText("")
    ready(qtbot, dialog)
    dialog.reject()
    gone(qtbot, run)


class FileManager(QObject):
    """Stands for the system's: takes what Qt would open."""

    def __init__(self):
        super().__init__()
        self.opened: list[QUrl] = []

    @Slot(QUrl)
    def take(self, url):
        """Called by Qt."""
        self.opened.append(url)


def test_what_was_saved_is_shown_in_its_folder(qtbot, run, tmp_path):
    manager = FileManager()
    QDesktopServices.setUrlHandler("file", manager, "take")
    try:
        assert not run.saved_notice.isVisible()
        run.exporter.write_to("losses", tmp_path / "somewhere" / "losses.csv")
        until(qtbot, run.saved_notice.isVisible)
        qtbot.mouseClick(run.saved_notice, Qt.MouseButton.LeftButton)
        assert [url.toLocalFile() for url in manager.opened] == [str(tmp_path / "somewhere")]
        run.statusBar().showMessage("Something else")
        assert not run.saved_notice.isVisible()
    finally:
        QDesktopServices.unsetUrlHandler("file")
