"""Several checkpoints queued on the real window, and run in turn."""

from __future__ import annotations

import csv
import json
import threading

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox

from engine.session.session_file import load_session
from gui.queue import outlooks
from gui.queue.item import Phase
from gui.run.activity import Activity
from tests.gui.app.test_main_window import (
    answer,
    drop,
    open_and_wait,
    run_to_end,
    save_images,
    start,
)
from tests.gui.conftest import settle, until

_LONG = 1_000_000
"""Steps that no test waits for."""


@pytest.fixture
def three(checkpoint, tmp_path):
    """Two networks, the first with images beside it, and a damaged file between them."""
    first, damaged, last = checkpoint("first.pth"), tmp_path / "damaged.pth", checkpoint("last.pth")
    damaged.write_bytes(b"PK\x03\x04 nothing")
    save_images(tmp_path / "first_images.npz", 5)
    save_images(tmp_path / "first_control_images.npz", 4, seed=1)
    return first, damaged, last


def queue_up(window, folder, paths, steps=12):
    window.settings_panel.editor("steps").setValue(steps)
    window.settings_panel.editor("candidates").setValue(12)
    window.queue_panel.add(paths)
    window.queue.list.choose_folder(folder)


def press(qtbot, button):
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def begin(qtbot, window):
    press(qtbot, window.queue_panel.main_button)
    assert window.queue.is_on


def wait_for_end(qtbot, window):
    until(qtbot, lambda: not window.queue.is_on)
    settle(qtbot, window)


def wait_for_run(qtbot, window, name):
    """Waits until a checkpoint's run is on and has taken a step."""

    def is_on():
        item = window.queue.current
        is_running = window.controller.activity is Activity.RUNNING
        return is_running and item is not None and item.path.name == name and item.share > 0

    until(qtbot, is_on)


def states(window):
    return [item.state for item in window.queue.list.items]


def names(window):
    return [item.path.name for item in window.queue.list.items]


def rows(folder):
    return json.loads((folder / "summary.json").read_text())


# --- the whole of it ------------------------------------------------------------------------------


def test_two_are_run_and_written_as_by_hand_and_the_damaged_one_says_why(
    qtbot, window, three, tmp_path
):
    out, by_hand = tmp_path / "out", tmp_path / "by hand"
    queue_up(window, out, three)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    first, damaged, last = states(window)
    assert first.startswith("done, ")
    assert first.endswith(" recovered")
    assert "cut short" in damaged
    assert damaged.startswith("refused: ")
    assert last == "done"
    assert "2 done, 1 refused" in window.strip.text
    written = {each.name for each in out.iterdir()}
    assert written == {"first", "last", "summary.csv", "summary.json"}

    open_and_wait(qtbot, window, three[0])
    run_to_end(qtbot, window, 12)
    window.exporter.write_to("folder", by_hand)
    settle(qtbot, window)
    assert {each.name for each in by_hand.iterdir()} == {
        each.name for each in (out / "first").iterdir()
    }
    for name in ("grid.png", "drift.gif"):
        assert (by_hand / name).read_bytes() == (out / "first" / name).read_bytes()
    with (
        np.load(by_hand / "reconstructions.npz") as one,
        np.load(out / "first" / "reconstructions.npz") as other,
    ):
        assert np.array_equal(one["images"], other["images"])
    again = load_session(out / "first" / "session.afterimage")
    assert torch.equal(again.images(), window.workspace.session.images())
    report = json.loads((by_hand / "report.json").read_text())
    assert rows(out)[0]["recovered"] == report["evidence"]["train"]["recovered"]


def test_of_a_network_without_a_chance_the_list_says_so_before_and_after(
    qtbot, window, checkpoint, tmp_path
):
    """Noise that nobody has trained; a refused file says why when its turn comes."""
    damaged, untrained = tmp_path / "damaged.pth", tmp_path / "untrained.pth"
    damaged.write_bytes(b"PK\x03\x04 nothing")
    torch.manual_seed(0)
    layers = torch.nn.Linear(64, 400), torch.nn.Linear(400, 1, bias=False)
    weights = {
        f"{2 * number}.{name}": value.detach()
        for number, layer in enumerate(layers)
        for name, value in layer.named_parameters()
    }
    torch.save(weights, untrained)
    out = tmp_path / "out"
    queue_up(window, out, (damaged, untrained, checkpoint("trained.pth")))
    why = "the weights hold nothing that images could be found in"
    until(qtbot, lambda: all(i.has_chance is not None for i in window.queue.list.items))
    assert states(window) == ["waiting", f"waiting: {why}", "waiting"]
    assert why in window.queue_panel.table.topLevelItem(1).text(1)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    refused, without, trained = states(window)
    assert refused.startswith("refused: ")
    assert without == f"done: T{why[1:]}."
    assert trained == "done"
    assert [row["sentence"] for row in rows(out)][1:] == [f"T{why[1:]}.", ""]


def test_a_look_at_what_is_taken_out_of_the_list_is_given_up(
    qtbot, window, checkpoint, monkeypatch
):
    removed, other = checkpoint("removed.pth"), checkpoint("other.pth")
    spectra, is_read, go_on = [], threading.Event(), threading.Event()
    load, spectrum = outlooks.load_network, outlooks.images_spectrum

    def slowly(path):
        network = load(path)
        if path == removed:
            is_read.set()
            go_on.wait()
        return network

    def watched(network):
        spectra.append(network.origin.name)
        return spectrum(network)

    monkeypatch.setattr(outlooks, "load_network", slowly)
    monkeypatch.setattr(outlooks, "images_spectrum", watched)
    window.queue_panel.add((removed, other))
    until(qtbot, is_read.is_set)
    first, second = window.queue.list.items
    window.queue.list.remove([first])
    go_on.set()
    until(qtbot, lambda: second.has_chance is not None)
    assert spectra == ["other.pth"]
    assert (first.has_chance, second.has_chance) == (None, True)


def test_the_summary_says_what_became_of_each(qtbot, window, three, tmp_path):
    queue_up(window, tmp_path / "out", three)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    first, damaged, last = rows(tmp_path / "out")
    assert (first["outcome"], first["folder"], first["steps"]) == ("done", "first", 12)
    assert (first["training_images"], first["control_images"]) == (5, 4)
    assert first["architecture"] == last["architecture"] == "16–12–10–1, bias on the first layer"
    assert last["training_images"] is None
    assert damaged["outcome"] == "refused"
    assert len(damaged["sha256"]) == len(first["sha256"]) == 64
    with (tmp_path / "out" / "summary.csv").open(newline="", encoding="utf-8") as file:
        assert [row["outcome"] for row in csv.DictReader(file)] == ["done", "refused", "done"]
    row = window.queue_panel.table.topLevelItem(0)
    assert row.text(2) == f"{first['recovered']} of 5"
    assert row.text(3) == f"about {first['remembered']}"
    assert window.queue_panel.text.text() == "3 of 3 finished"


def test_open_images_serve_networks_without_their_own(qtbot, window, three, checkpoint, tmp_path):
    other = checkpoint("other size.pth", 25, 8, 1)
    open_and_wait(qtbot, window, three[2], save_images(tmp_path / "given.npz", 3))
    queue_up(window, tmp_path / "out", [three[0], three[2], other])
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    found = [row["training_images"] for row in rows(tmp_path / "out")]
    assert found == [5, 3, None]  # Its own, those that are open, and none that would fit.


def test_images_beside_one_network_are_not_taken_for_another(qtbot, window, three, tmp_path):
    open_and_wait(qtbot, window, three[0])
    assert len(window.workspace.train) == 5
    queue_up(window, tmp_path / "out", [three[2]])
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert rows(tmp_path / "out")[0]["training_images"] is None


def test_a_network_of_another_activation_is_refused_and_the_queue_goes_on(
    qtbot, window, checkpoint, tmp_path
):
    other = checkpoint("other.pth")
    torch.save({"state_dict": torch.load(other), "activation": "tanh"}, other)
    queue_up(window, tmp_path / "out", [other, checkpoint("good.pth")])
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert states(window)[0] == f"refused: {rows(tmp_path / 'out')[0]['sentence']}"
    assert "tanh" in states(window)[0]
    assert states(window)[1] == "done"


def test_runs_that_fail_say_why_in_list_and_summary(qtbot, window, checkpoint, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here, so that nothing fails")
    queue_up(window, tmp_path / "out", [checkpoint("a.pth"), checkpoint("b.pth")])
    window.settings_panel.device.addItem("CUDA", "cuda")
    window.settings_panel.device.setCurrentIndex(window.settings_panel.device.count() - 1)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert "2 failed" in window.strip.text
    for item, row in zip(window.queue.list.items, rows(tmp_path / "out"), strict=True):
        assert item.state == f"failed: {row['sentence']}"
        assert "CUDA" in row["sentence"]
        assert (row["outcome"], row["folder"]) == ("failed", None)
        assert len(row["sha256"]) == 64


def test_what_is_finished_is_on_disk_before_the_next_run(qtbot, window, checkpoint, tmp_path):
    out = tmp_path / "out"
    queue_up(window, out, [checkpoint("a.pth"), checkpoint("b.pth")])
    there = []
    window.queue.list.item_changed.connect(
        lambda item: (
            item.path.name == "b.pth"
            and item.phase is Phase.OPENING
            and there.append((len(rows(out)), load_session(out / "a" / "session.afterimage")))
        )
    )
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    [(count, session)] = there
    assert count == 1
    assert session.state.step == 12


# --- driving it -----------------------------------------------------------------------------------


def test_stop_after_this_run_finishes_it_and_leaves_the_rest(qtbot, window, checkpoint, tmp_path):
    queue_up(window, tmp_path / "out", [checkpoint("a.pth"), checkpoint("b.pth")], 3000)
    begin(qtbot, window)
    wait_for_run(qtbot, window, "a.pth")
    press(qtbot, window.queue_panel.main_button)
    answer(qtbot, window, "After This Run")
    assert window.queue.ends_after
    assert "ends after this one" in window.queue_panel.text.text()
    wait_for_end(qtbot, window)
    assert states(window) == ["done", "waiting"]
    assert "1 not run" in window.strip.text
    window.settings_panel.editor("steps").setValue(10)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert states(window) == ["done", "done"]
    assert [row["steps"] for row in rows(tmp_path / "out")] == [3000, 10]


def test_stop_now_writes_what_was_found(qtbot, window, checkpoint, tmp_path):
    out = tmp_path / "out"
    queue_up(window, out, [checkpoint("a.pth"), checkpoint("b.pth")], _LONG)
    begin(qtbot, window)
    wait_for_run(qtbot, window, "a.pth")
    press(qtbot, window.queue_panel.main_button)
    answer(qtbot, window, "Stop Now")
    wait_for_end(qtbot, window)
    assert states(window)[0].startswith("stopped at step ")
    assert states(window)[1] == "waiting"
    session = load_session(out / "a" / "session.afterimage")
    assert session.state.step == rows(out)[0]["steps"] > 0
    assert window.run_bar.main_button.isEnabled()


def test_stop_while_a_file_is_read_leaves_it_waiting(qtbot, window, checkpoint, tmp_path):
    queue_up(window, tmp_path / "out", [checkpoint("a.pth")])
    ended = []

    def stop(item):
        if item.phase is Phase.OPENING and not ended:
            QTimer.singleShot(0, lambda: window.queue.stop_now(lambda: ended.append(True)))

    window.queue.list.item_changed.connect(stop)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert ended == [True]
    assert states(window) == ["waiting"]
    assert window.workspace.network is None
    assert not (tmp_path / "out" / "summary.json").exists()
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert states(window) == ["done"]


def test_keep_running_keeps_running(qtbot, window, checkpoint, tmp_path):
    queue_up(window, tmp_path / "out", [checkpoint("a.pth")], _LONG)
    begin(qtbot, window)
    wait_for_run(qtbot, window, "a.pth")
    press(qtbot, window.queue_panel.main_button)
    answer(qtbot, window, "Keep Running")
    assert window.queue.is_on
    assert not window.queue.ends_after
    assert window.controller.activity is Activity.RUNNING
    window.queue.stop_now(lambda: None)
    wait_for_end(qtbot, window)


def test_pause_resume_and_stop_are_those_of_the_run(qtbot, window, checkpoint, tmp_path):
    queue_up(window, tmp_path / "out", [checkpoint("a.pth"), checkpoint("b.pth")], _LONG)
    begin(qtbot, window)
    for name in ("a.pth", "b.pth"):
        wait_for_run(qtbot, window, name)
        press(qtbot, window.run_bar.main_button)
        assert window.controller.activity is Activity.PAUSED
        assert window.queue.current.state.startswith("paused at ")
        press(qtbot, window.run_bar.main_button)
        assert window.queue.current.state.startswith("running ")
        press(qtbot, window.run_bar.stop_button)
    wait_for_end(qtbot, window)
    assert [state.split(" at ")[0] for state in states(window)] == ["stopped", "stopped"]


def test_while_it_is_on_nothing_else_starts_and_settings_stay(qtbot, window, three, tmp_path):
    queue_up(window, tmp_path / "out", three)
    seen = []

    def look():
        if window.queue.current is not None:
            seen.append(window.queue.current.phase)
            assert not window.run_bar.main_button.isEnabled()
            assert "queue is on" in window.run_bar.main_button.toolTip()
            assert not window.actions_.main.isEnabled()
            assert not window.settings_panel.isEnabled()
            assert not window.queue_panel.folder_button.isEnabled()
            window.pages.start_or_pause()
            assert not window.controller.is_active

    window.queue.changed.connect(look)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert set(seen) == {Phase.OPENING, Phase.WRITING}
    assert window.settings_panel.isEnabled()
    assert "queue" not in window.run_bar.main_button.toolTip()


def test_start_asks_for_a_folder_and_then_begins(qtbot, window, checkpoint, tmp_path):
    window.settings_panel.editor("steps").setValue(8)
    window.settings_panel.editor("candidates").setValue(12)
    window.queue_panel.add([checkpoint("a.pth")])
    press(qtbot, window.queue_panel.main_button)
    assert not window.queue.is_on
    dialog = next(each for each in window.findChildren(QFileDialog) if each.isVisible())
    dialog.fileSelected.emit(str(tmp_path / "out"))
    dialog.close()
    wait_for_end(qtbot, window)
    assert states(window) == ["done"]
    assert (tmp_path / "out" / "a" / "report.html").exists()


def test_a_run_that_is_on_is_asked_about_first(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint("mine.pth"))
    start(qtbot, window, _LONG)
    window.queue_panel.add([checkpoint("a.pth")])
    window.queue.list.choose_folder(tmp_path / "out")
    press(qtbot, window.queue_panel.main_button)
    assert not window.queue.is_on
    answer(qtbot, window, "Stop and Start")
    wait_for_run(qtbot, window, "a.pth")
    window.queue.stop_now(lambda: None)
    wait_for_end(qtbot, window)
    assert [each.name for each in (tmp_path / "out").iterdir() if each.is_dir()] == ["a"]


def test_opening_another_network_stops_the_queue_and_opens_it(qtbot, window, checkpoint, tmp_path):
    queue_up(window, tmp_path / "out", [checkpoint("a.pth"), checkpoint("b.pth")], _LONG)
    mine = checkpoint("mine.pth")
    begin(qtbot, window)
    wait_for_run(qtbot, window, "a.pth")
    window.files.open([mine])
    assert "Stop the queue" in window.findChildren(QMessageBox)[-1].text()
    answer(qtbot, window, "Stop and Open")
    wait_for_end(qtbot, window)
    assert window.workspace.network.origin.name == "mine.pth"
    assert states(window)[0].startswith("stopped at step")
    assert (tmp_path / "out" / "a" / "session.afterimage").exists()


def test_a_folder_that_cannot_be_used_says_so_before_anything_runs(
    qtbot, window, checkpoint, tmp_path
):
    (tmp_path / "file").touch()
    queue_up(window, tmp_path / "file", [checkpoint("a.pth")])
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert "file" in window.strip.text
    assert states(window) == ["waiting"]
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "summary.json").write_text("mine")
    window.queue.list.choose_folder(tmp_path / "others")
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert "another folder" in window.strip.text
    assert (tmp_path / "others" / "summary.json").read_text() == "mine"


def test_results_that_cannot_be_written_end_the_queue_and_the_run_stays(
    qtbot, window, checkpoint, tmp_path
):
    out = tmp_path / "out"
    queue_up(window, out, [checkpoint("a.pth"), checkpoint("b.pth")])
    window.controller.prepared.connect(lambda _: (out.rmdir(), out.touch()))
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert "a.pth could not be written" in window.strip.text
    assert states(window)[0].startswith("failed: ")
    assert states(window)[1] == "waiting"
    assert window.workspace.session.state.step == 12
    assert window.actions_.save.isEnabled()


def test_closing_while_it_is_on_asks_once_and_loses_nothing(qtbot, window, checkpoint, tmp_path):
    out = tmp_path / "out"
    queue_up(window, out, [checkpoint("a.pth"), checkpoint("b.pth")], _LONG)
    begin(qtbot, window)
    wait_for_run(qtbot, window, "a.pth")
    window.close()
    assert window.isVisible()
    assert "Stop the queue and close" in window.findChildren(QMessageBox)[-1].text()
    answer(qtbot, window, "Stop and Close")
    window.close()  # Somebody who does not want to wait is not asked again.
    until(qtbot, lambda: not window.isVisible())
    assert not [box for box in window.findChildren(QMessageBox) if box.isVisible()]
    assert load_session(out / "a" / "session.afterimage").state.step == rows(out)[0]["steps"]
    assert len(rows(out)) == 1


# --- the list -------------------------------------------------------------------------------------


def test_several_that_are_dropped_are_offered_the_queue(qtbot, window, three):
    drop(window, *three)
    assert window.workspace.network is None
    assert window.queue_panel.isHidden()
    answer(qtbot, window, "Add to the Queue")
    assert window.queue_panel.isVisible()
    assert names(window) == ["first.pth", "damaged.pth", "last.pth"]
    assert states(window) == ["waiting"] * 3
    drop(window, three[0])
    settle(qtbot, window)
    assert window.workspace.network.origin.name == "first.pth"


def test_queue_several_of_the_file_menu(qtbot, window, three, tmp_path):
    window.files.choose_several()
    dialog = next(each for each in window.findChildren(QDialog) if isinstance(each, QFileDialog))
    dialog.filesSelected.emit([str(path) for path in (*three, tmp_path / "notes.txt", three[0])])
    dialog.close()
    assert names(window) == ["first.pth", "damaged.pth", "last.pth"]
    assert "notes.txt" in window.strip.text


def test_the_order_is_changed_by_buttons_keys_and_mouse_and_is_that_of_the_runs(
    qtbot, window, checkpoint, tmp_path
):
    queue_up(window, tmp_path / "out", [checkpoint(f"{name}.pth") for name in "abcd"], 5)
    panel, table = window.queue_panel, window.queue_panel.table

    def choose(*which):
        table.clearSelection()
        for place, item in enumerate(window.queue.list.items):
            if item.path.stem in which:
                table.setCurrentItem(table.topLevelItem(place), 0)
                table.topLevelItem(place).setSelected(True)

    def order():
        shown = [table.topLevelItem(row).text(0) for row in range(table.topLevelItemCount())]
        assert shown == names(window)
        return "".join(item.path.stem for item in window.queue.list.items)

    assert not panel.up_button.isEnabled()
    choose("d")
    press(qtbot, panel.up_button)
    press(qtbot, panel.up_button)
    assert order() == "adbc"
    press(qtbot, panel.down_button)
    assert order() == "abdc"
    choose("a")
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert order() == "badc"
    for _ in range(3):
        qtbot.keyClick(table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert order() == "abdc"

    def centre(row):
        return table.visualItemRect(table.topLevelItem(row)).center()

    left, view = Qt.MouseButton.LeftButton, table.viewport()
    qtbot.mousePress(view, left, pos=centre(3))
    qtbot.mouseMove(view, centre(1))
    qtbot.mouseMove(view, centre(0) + QPoint(3, 0))
    qtbot.mouseRelease(view, left, pos=centre(0))
    assert order() == "cabd"
    choose("b")
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    choose("d")
    press(qtbot, panel.remove_button)
    assert order() == "ca"
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert [row["folder"] for row in rows(tmp_path / "out")] == ["c", "a"]
    press(qtbot, panel.clear_button)
    assert names(window) == []
    assert not panel.main_button.isEnabled()
    assert (tmp_path / "out" / "c" / "report.json").exists()


def test_what_is_under_way_cannot_be_removed(qtbot, window, checkpoint, tmp_path):
    queue_up(window, tmp_path / "out", [checkpoint("a.pth"), checkpoint("b.pth")], _LONG)
    begin(qtbot, window)
    wait_for_run(qtbot, window, "a.pth")
    press(qtbot, window.queue_panel.clear_button)
    assert names(window) == ["a.pth"]
    assert not window.queue_panel.clear_button.isEnabled()
    window.queue.stop_now(lambda: None)
    wait_for_end(qtbot, window)


@pytest.mark.parametrize("way", ["enter", "double click"])
def test_a_finished_run_opens_from_the_list(qtbot, window, three, tmp_path, way):
    queue_up(window, tmp_path / "out", three)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert window.workspace.network.origin.name == "last.pth"
    table = window.queue_panel.table

    def activate(row):
        item = table.topLevelItem(row)
        if way == "enter":
            table.setCurrentItem(item)
            qtbot.keyClick(table, Qt.Key.Key_Return)
        else:
            place = table.visualItemRect(item).center()
            qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
            qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        settle(qtbot, window)

    activate(1)
    assert "no results to open" in window.strip.text
    activate(0)
    assert window.workspace.network.origin.name == "first.pth"
    assert window.workspace.session.state.step == 12


def test_odd_names_stay_in_the_folder(qtbot, window, checkpoint, tmp_path):
    (tmp_path / "more").mkdir()
    odd = [checkpoint("a.pth"), checkpoint("more/a.pth"), checkpoint("..&<b>.pth")]
    queue_up(window, tmp_path / "out", odd, 5)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert [row["folder"] for row in rows(tmp_path / "out")] == ["a", "a-2", "__b_"]
    assert states(window) == ["done"] * 3


def test_recent_files_are_not_pushed_out(qtbot, window, three, tmp_path):
    mine = three[2]
    open_and_wait(qtbot, window, mine)
    queue_up(window, tmp_path / "out", [three[0]])
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert window.recent.paths == [mine]


def test_the_panel_is_hidden_until_used_and_remembered(qtbot, window):
    panel = window.queue_panel
    assert panel.isHidden()
    assert "Drop several" in panel.pages.currentWidget().text()
    panel.toggleViewAction().trigger()
    assert panel.isVisible()
    assert not panel.main_button.isEnabled()
    for button in (panel.main_button, panel.add_button, panel.folder_button, panel.clear_button):
        assert button.toolTip()
    assert panel.table.accessibleName()
    window.arrangement.store()
    panel.hide()
    window.arrangement.restore()
    assert panel.isVisible()
