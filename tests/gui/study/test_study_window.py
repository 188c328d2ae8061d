"""Studies in the window: chosen, made, stopped, followed, taken away."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QMessageBox

from engine.study.driving import Driver
from engine.study.lock import Lock
from engine.study.page import HEADINGS, line_of
from engine.study.plan import read_plan
from engine.study.plots import ranges
from engine.study.pool import Processes
from engine.study.store import CSV, PAGE, Store
from engine.study.table import Result
from gui.study.draft import FILES, read_draft
from gui.study.work import NO_RESULT
from tests.engine.study.studies import TWO_BY_TWO, ready, write_images
from tests.gui.conftest import settle, until
from tests.gui.wording import accessible_name, controls, cut_off, shared_letters, where

LONG = TWO_BY_TWO.replace("steps = 4", "steps = 1000000")


@pytest.fixture
def study(qtbot, window):
    """The controller of studies, its window shown."""
    window.study.show()
    yield window.study
    window.study.stop()
    settle(qtbot, window)


def plan_file(tmp_path, text=TWO_BY_TWO):
    write_images(tmp_path)
    (tmp_path / "mine.toml").write_text(text)
    return tmp_path / "mine.toml"


def open_plan(qtbot, window, path):
    window.study.open(path)
    until(qtbot, lambda: window.study.window.form.draft.name == path.stem)


def cells(study):
    model = study.window.model
    return [
        tuple(model.index(row, column).data() for column in range(model.columnCount()))
        for row in range(model.rowCount())
    ]


def make(qtbot, window, tmp_path, text=TWO_BY_TWO):
    """Makes a study of a file to its end."""
    open_plan(qtbot, window, plan_file(tmp_path, text))
    window.study.window.form.processes.setValue(1)
    window.study.window.form.results.use(tmp_path / "out")
    qtbot.mouseClick(window.study.window.start_button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.study.is_active)
    until(qtbot, lambda: not window.study.is_active)
    settle(qtbot, window)
    return Store(tmp_path / "out")


# --- choosing -----------------------------------------------------------------------------------


def test_a_plan_by_choosing_equals_the_one_of_its_saved_file(qtbot, window, study, tmp_path):
    form = study.window.form
    form.start.setCurrentIndex(1)
    form.start.activated.emit(1)
    assert form.values.name == "weight_decay"
    items = {form.values.list.item(n).text(): form.values.list.item(n) for n in range(6)}
    assert items["0.003"].checkState() == Qt.CheckState.Checked
    items["0.003"].setCheckState(Qt.CheckState.Unchecked)
    until(qtbot, lambda: 3e-3 not in form.draft.values("weight_decay"))
    form.values.field.setText("0.02")
    qtbot.keyClick(form.values.field, Qt.Key.Key_Return)
    form.seeds.setValue(3)
    form.seconds.setValue(20)
    form.data.use(tmp_path / "data")
    study.files.save_plan(tmp_path / "chosen.toml")
    settle(qtbot, window)
    saved, chosen = read_plan(tmp_path / "chosen.toml"), form.draft.plan()
    assert saved.cells == chosen.cells
    assert len(saved.cells) == 5 * 3
    assert {cell.variables["weight_decay"] for cell in saved.cells} == {0, 1e-4, 3e-4, 1e-3, 0.02}
    assert (saved.name, saved.about) == (chosen.name, chosen.about)
    assert saved.data_root == chosen.data_root == tmp_path / "data"
    assert {cell.settings["seconds"] for cell in saved.cells} == {20}


def test_how_many_runs_and_how_long_is_said_before_the_start(qtbot, window, study, tmp_path):
    form = study.window.form
    form.start.setCurrentIndex(4)
    form.start.activated.emit(4)
    until(qtbot, lambda: "names no files" in form.outlook.text())
    assert form.values.name == FILES
    form.values.add_files([tmp_path / f"{number}.npz" for number in range(4)])
    form.seeds.setValue(3)
    form.seconds.setValue(20)
    form.processes.setValue(2)
    said = "12 runs of about 20 s: 2 min with 2 processes."
    until(qtbot, lambda: form.outlook.text() == said)
    assert not form.images.isVisible()


def test_a_plan_that_is_dropped_is_opened(qtbot, window, study, tmp_path):
    path, data = plan_file(tmp_path), QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    actions, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    event = QDropEvent(QPointF(9, 9), actions, data, button, Qt.KeyboardModifier.NoModifier)
    study.window.dropEvent(event)
    until(qtbot, lambda: study.window.form.draft == read_draft(path))
    assert study.window.form.start.currentText() == "mine.toml"


def test_a_plan_over_the_main_window_opens_the_window_of_studies(qtbot, window, tmp_path):
    path = plan_file(tmp_path)
    window.veil.dropped.emit([path])
    assert window.study.window.isVisible()
    until(qtbot, lambda: window.study.window.form.draft == read_draft(path))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\n')
    window.veil.dropped.emit([tmp_path / "pyproject.toml"])
    said = "pyproject is no study: it says neither how networks are trained nor which they are."
    until(qtbot, lambda: window.study.window.strip.text.startswith(said))
    assert window.study.window.form.draft == read_draft(path)


def test_the_folder_of_a_study_over_the_main_window_is_shown(qtbot, window, elsewhere, tmp_path):
    window.files.open_one(tmp_path / "out")
    until(qtbot, lambda: len(cells(window.study)) == 4)
    assert window.study.window.isVisible()


def test_a_plan_among_other_files_is_told_to_come_alone(qtbot, window, tmp_path):
    path = plan_file(tmp_path)
    window.files.open([path, tmp_path / "images.npz"])
    settle(qtbot, window)
    assert window.study.window.form.draft != read_draft(path)
    assert "A study is opened by itself." in window.strip.text


def test_what_is_no_value_and_what_is_no_plan_is_said_in_a_sentence(qtbot, window, study, tmp_path):
    form, strip = study.window.form, study.window.strip
    form.values.field.setText("ten")
    qtbot.mouseClick(form.values.add_button, Qt.MouseButton.LeftButton)
    assert strip.text == "“ten” is no value of “Epochs”. Write a whole number."
    (tmp_path / "bad.toml").write_text("seeds = [0]\n")
    study.open(tmp_path / "bad.toml")
    until(qtbot, lambda: "is no study: it says neither" in strip.text)
    study.follow(tmp_path)
    until(qtbot, lambda: "holds no study" in strip.text)


# --- making -------------------------------------------------------------------------------------


def test_a_tiny_study_ends_and_the_table_shows_the_numbers_of_its_folder(
    qtbot, window, study, tmp_path
):
    store = make(qtbot, window, tmp_path)
    table = store.table(store.read())
    assert [row.state for row in table.rows] == ["done"] * 4
    assert cells(study) == [line_of(row, table.variables) for row in table.rows]
    assert study.window.state.words == "4 runs: 4 done."
    assert not study.window.go_on_button.isVisible()
    assert (tmp_path / "out" / CSV).exists()
    assert (tmp_path / "out" / PAGE).exists()
    assert study.window.name.words == "mine"


def test_the_plots_are_means_with_least_and_largest(qtbot, window, study, tmp_path):
    store = make(qtbot, window, tmp_path)
    table = store.table(store.read())
    plots = study.window.plots
    assert [plots.over.itemText(n) for n in range(plots.over.count())] == ["epochs"]
    measures = plots.shares.found.ranges
    expected = {each: ranges(table.rows, "epochs", [2, 5], each) for each in measures}
    until(qtbot, lambda: plots.shares.found.ranges == expected)
    assert plots.shares.found.places == ("2", "5")
    until(qtbot, lambda: None not in plots.counts.found.ranges["control_good"])
    good = plots.counts.found.ranges["control_good"]
    x, y = plots.counts._dots[1].getData()
    np.testing.assert_allclose(y, [each.mean for each in good])
    assert [round(place) for place in x] == [0, 1]


def test_a_study_is_stopped_and_goes_on(qtbot, window, study, tmp_path):
    open_plan(qtbot, window, plan_file(tmp_path, LONG))
    study.window.form.processes.setValue(1)
    study.start(tmp_path / "out", study.window.form.draft)
    until(qtbot, lambda: any(row[-1] == "under way" for row in cells(study)))
    assert study.window.progress.isVisible()
    qtbot.mouseClick(study.window.stop_button, Qt.MouseButton.LeftButton)
    assert study.window.state.words == "Stopping …"
    assert not study.is_active
    settle(qtbot, window)
    assert [row[-1] for row in cells(study)] == ["not begun"] * 4
    assert study.window.state.words == "4 runs: 4 not begun."
    assert study.window.go_on_button.isVisible()
    with Lock(Store(tmp_path / "out")):  # Nobody holds it any more.
        pass
    qtbot.mouseClick(study.window.go_on_button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: any(row[-1] == "under way" for row in cells(study)))


def test_the_window_asks_before_it_closes_on_a_study(qtbot, window, study, tmp_path):
    open_plan(qtbot, window, plan_file(tmp_path, LONG))
    study.start(tmp_path / "out", study.window.form.draft)
    until(qtbot, lambda: study.is_active)
    window.close()
    (box,) = [each for each in window.findChildren(QMessageBox) if each.isVisible()]
    assert box.text() == "Stop the study and close?"
    assert window.isVisible()
    stop = next(each for each in box.buttons() if each.text() == "Stop and &Close")
    qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: not window.isVisible())
    assert not study.is_active


def test_a_network_that_cannot_be_read_is_a_row_with_its_reason(qtbot, window, study, tmp_path):
    (tmp_path / "broken.npz").write_bytes(b"no network")
    text = '[checkpoints]\nfiles = ["broken.npz"]\n[settings]\nsteps = 4\ndevice = "cpu"\n'
    store = make(qtbot, window, tmp_path, text)
    (row,) = store.table(store.read()).rows
    assert row.state in ("refused", "failed")
    (shown,) = cells(study)
    assert shown[-1].endswith(row.result.reason)


def test_images_that_are_not_there_refuse_the_study_in_a_sentence(qtbot, window, study, tmp_path):
    open_plan(qtbot, window, plan_file(tmp_path))
    (tmp_path / "images.npz").unlink()
    study.start(tmp_path / "out", study.window.form.draft)
    until(qtbot, lambda: "images.npz" in study.window.strip.text)
    settle(qtbot, window)
    assert study.window.start_button.isEnabled()
    assert study.shown is None


# --- following ----------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path):
    """A study that somebody else is at: its lock is held, nothing has ended."""
    made, store = ready(TWO_BY_TWO, tmp_path, tmp_path / "out")
    with Lock(store):
        yield made, store


def test_a_folder_that_another_process_drives_fills_and_is_only_read(
    qtbot, window, study, elsewhere, tmp_path
):
    made, store = elsewhere
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    study.follow(tmp_path / "out")
    until(qtbot, lambda: len(cells(study)) == 4)
    assert {row[-1] for row in cells(study)} == {NO_RESULT}
    assert study.window.state.words == f"4 runs: 4 {NO_RESULT}."
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before
    store.put(Result(id=made.runs[2].id, state="done", recovered=2, images=6, seconds=1.5))
    until(qtbot, lambda: cells(study)[2][-1] == "done")
    assert cells(study)[2][2:4] == ("2 of 6", "–")
    assert study.window.state.words == f"4 runs: 1 done and 3 {NO_RESULT}."


class _Paints(QObject):
    """Notes what a condition was at each painting of a widget."""

    def __init__(self, widget, condition):
        super().__init__(widget)
        self.condition, self.noted = condition, []
        widget.installEventFilter(self)

    def eventFilter(self, widget, event):  # noqa: N802  (Qt calls it so)
        if event.type() == QEvent.Type.Paint:
            self.noted.append(self.condition())
        return False


def test_nothing_computes_beside_the_first_painting_of_a_table(
    qtbot, window, study, elsewhere, tmp_path
):
    made, store = elsewhere
    store.put(Result(id=made.runs[0].id, state="done", recovered=2, images=6))
    plots = study.window.plots
    paints = _Paints(
        study.window.table.viewport(), lambda: (len(cells(study)), study.drawing.is_busy)
    )
    study.follow(tmp_path / "out")
    until(qtbot, lambda: plots.counts.found is not None and plots.counts.found.places != ())
    assert paints.noted[0] == (4, False)
    until(qtbot, lambda: not study.drawing.is_busy)


def test_the_study_of_another_process_is_not_begun_but_shown(
    qtbot, window, study, elsewhere, tmp_path
):
    study.follow(tmp_path / "out")
    until(qtbot, lambda: study.window.go_on_button.isVisible())
    qtbot.mouseClick(study.window.go_on_button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: "is at work on the study" in study.window.strip.text)
    settle(qtbot, window)
    made, store = elsewhere
    store.put(Result(id=made.runs[0].id, state="done"))
    until(qtbot, lambda: cells(study)[0][-1] == "done")


def test_a_plan_that_was_changed_elsewhere_is_shown_anew(qtbot, window, study, tmp_path):
    ready(TWO_BY_TWO, tmp_path, tmp_path / "out")
    study.follow(tmp_path / "out")
    until(qtbot, lambda: len(cells(study)) == 4)
    ready(TWO_BY_TWO.replace("[0, 1]", "[0, 1, 2]"), tmp_path, tmp_path / "out")
    until(qtbot, lambda: len(cells(study)) == 6)


# --- taking away --------------------------------------------------------------------------------


def test_table_and_report_are_the_engines_own(qtbot, window, study, tmp_path):
    made, store = ready(TWO_BY_TWO, tmp_path, tmp_path / "out")
    driver = Driver(made, store, Processes(1, 1))
    with Lock(store):
        list(driver.iterate())
    study.follow(tmp_path / "out")
    until(qtbot, lambda: study.shown is not None)
    study.files.write_csv(tmp_path / "taken.csv")
    study.files.write_page(tmp_path / "taken.html")
    taken = tmp_path / "taken.csv", tmp_path / "taken.html"
    until(qtbot, lambda: all(each.exists() for each in taken))
    settle(qtbot, window)
    text = (tmp_path / "taken.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert [int(row["images"]) for row in rows] == [row.result.images for row in driver.table.rows]
    assert HEADINGS[0] in (tmp_path / "taken.html").read_text(encoding="utf-8")
    until(qtbot, lambda: "was written to" in study.window.strip.text)


def test_controls_have_names_and_explanations_and_letters_of_their_own(qtbot, window, study):
    shown = study.window
    waits_for_a_text = shown.strip.offer_button
    nameless = [each for each in controls(shown) if not accessible_name(each)]
    assert [where(each) for each in nameless if each is not waits_for_a_text] == []
    assert shared_letters(shown) == {}
    until(qtbot, lambda: cut_off(shown) == [])  # A sentence that comes is given its place later.
