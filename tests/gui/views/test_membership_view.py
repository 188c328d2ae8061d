"""The tab that asks whether images were trained on."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.base.plain_text import percent
from engine.base.resources import images_beside, sample_network
from engine.evidence.membership import ask
from gui.toolkit.scheme import store_scheme
from tests.gui.app.test_main_window import open_and_wait, run_to_end, save_images
from tests.gui.conftest import settle, until


def ask_in(qtbot, window):
    window.lower_tabs.setCurrentWidget(window.membership)
    qtbot.mouseClick(window.membership.ask_button, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    until(qtbot, lambda: window.membership.found is not None)


def cell(window, row, column):
    return window.membership.table.item(row, column).text()


def test_the_tab_invites_until_images_and_control_are_there(qtbot, window, checkpoint, tmp_path):
    view = window.membership
    open_and_wait(qtbot, window, checkpoint())
    assert view.text.startswith("Give images whose membership is in question")
    assert not view.ask_button.isEnabled()
    open_and_wait(qtbot, window, save_images(tmp_path / "train.npz", 6))
    assert view.text.startswith("Give a control as well")
    assert not view.ask_button.isEnabled()
    open_and_wait(qtbot, window, save_images(tmp_path / "control.npz", 4, seed=1))
    assert "6 images in question" in view.text
    assert "4 of the control" in view.text
    assert view.ask_button.isEnabled()
    assert view.table.isHidden()


def test_asking_the_sample_shows_what_the_engine_finds(qtbot, window):
    train, control = images_beside(sample_network())
    open_and_wait(qtbot, window, sample_network(), train, control)
    ask_in(qtbot, window)
    view, workspace = window.membership, window.workspace
    expected = ask(workspace.network, workspace.train, workspace.control)
    np.testing.assert_allclose(view.found.margin.images, expected.margin.images)
    for row, score in enumerate((expected.margin, expected.calibrated, expected.multiplier)):
        assert cell(window, row, 0) == f"{score.curve.area:.2f}"
        assert cell(window, row, 1) == percent(score.few.rate)
        assert cell(window, row, 3) == "–"  # A control of a hundred shows no 0.1 %.
    for row, needs in ((3, "It needs a run of this network;"), (4, "It needs shadow networks,")):
        assert [cell(window, row, column) for column in range(4)] == ["–"] * 4
        assert needs in view.table.item(row, 0).toolTip()
    assert "at most one of them" in view.text
    assert view.table.isVisible()


def test_a_run_adds_similarity_and_makes_an_old_answer_go(qtbot, window, checkpoint, tmp_path):
    images = [save_images(tmp_path / f"{n}.npz", 6, seed=s) for s, n in enumerate(("a", "control"))]
    open_and_wait(qtbot, window, checkpoint(), *images)
    ask_in(qtbot, window)
    assert window.membership.found.similarity is None
    run_to_end(qtbot, window)
    settle(qtbot, window)
    assert window.membership.found is None
    ask_in(qtbot, window)
    assert len(window.membership.found.similarity.control) == 6
    assert cell(window, 3, 0) != "–"
    qtbot.mouseClick(window.references_panel.remove, Qt.MouseButton.LeftButton)
    assert window.membership.found is None
    assert window.membership.text.startswith("Give images")


def test_a_report_says_what_was_found_once_somebody_asked(qtbot, window, checkpoint, tmp_path):
    images = [
        save_images(tmp_path / f"{n}.npz", 20, seed=s) for s, n in enumerate(("a", "control"))
    ]
    open_and_wait(qtbot, window, checkpoint(), *images)
    run_to_end(qtbot, window)
    settle(qtbot, window)
    for is_asked in (False, True):
        if is_asked:
            ask_in(qtbot, window)
        path = tmp_path / f"{is_asked}.html"
        window.exporter.write_to("html", path)
        settle(qtbot, window)
        until(qtbot, path.exists)
        assert ("<h2>Membership</h2>" in path.read_text(encoding="utf-8")) is is_asked
    curve = window.membership.found.multiplier.curve
    assert f"<td>{round(curve.area, 4):.2f}</td>" in path.read_text(encoding="utf-8")


def test_an_answer_about_images_that_are_gone_is_not_shown(qtbot, window, checkpoint, tmp_path):
    images = [save_images(tmp_path / f"{n}.npz", 6, seed=s) for s, n in enumerate(("a", "control"))]
    open_and_wait(qtbot, window, checkpoint(), *images)
    window.lower_tabs.setCurrentWidget(window.membership)
    qtbot.mouseClick(window.membership.ask_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(window.references_panel.remove, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert window.membership.found is None
    open_and_wait(qtbot, window, *images)
    assert window.membership.ask_button.isEnabled()


def test_images_are_listed_by_their_exposure(qtbot, window):
    open_and_wait(qtbot, window, sample_network(), *images_beside(sample_network()))
    view = window.membership
    assert view.exposed.isHidden()
    ask_in(qtbot, window)
    model, exposed = view.exposed.model(), view.found.most_exposed()
    assert view.exposed.isVisible()
    assert model.rowCount() == len(exposed) > 10
    for row, each in enumerate(exposed):
        above = f"{each.control_above}" if each.control_above else "none"
        words = [model.index(row, column).data() for column in range(model.columnCount())]
        assert words == [
            f"{each.image + 1}",
            view.found.classes.numbered(each.label),
            f"{each.multiplier:.3g}",
            above,
        ]
    qtbot.mouseClick(window.references_panel.remove, Qt.MouseButton.LeftButton)
    assert view.exposed.isHidden()
    assert model.rowCount() == 0


def test_asking_can_be_cancelled(qtbot, window):
    open_and_wait(qtbot, window, sample_network(), *images_beside(sample_network()))
    view = window.membership
    window.lower_tabs.setCurrentWidget(view)
    assert view.cancel_button.isHidden()
    qtbot.mouseClick(view.ask_button, Qt.MouseButton.LeftButton)
    assert view.cancel_button.isVisible()
    qtbot.mouseClick(view.cancel_button, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    until(qtbot, lambda: view.cancel_button.isHidden())
    assert view.found is None
    assert view.ask_button.isEnabled()


@pytest.mark.parametrize("scheme", [Qt.ColorScheme.Dark, Qt.ColorScheme.Light])
def test_an_answer_follows_the_colour_scheme(qtbot, window, checkpoint, tmp_path, scheme):
    images = [save_images(tmp_path / f"{n}.npz", 6, seed=s) for s, n in enumerate(("a", "control"))]
    open_and_wait(qtbot, window, checkpoint(), *images)
    ask_in(qtbot, window)
    store_scheme(scheme)
    window.restyle()

    def is_painted():
        corner = window.membership.grab().toImage().pixelColor(window.membership.width() - 3, 3)
        return (corner.lightness() < 128) == (scheme == Qt.ColorScheme.Dark)

    until(qtbot, is_painted)
