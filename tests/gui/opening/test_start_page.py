"""The start page: three ways to begin, and the last runs as cards."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engine.session.run_cards import RunCard, read_cards
from gui.opening.run_cards import RunCards
from gui.state.last_runs import LastRuns, ShownCard
from gui.toolkit import theme
from tests.gui.app.test_main_window import open_and_wait, run_to_end, save_images
from tests.gui.conftest import has_gallery, settle, until


@pytest.fixture
def saved(qtbot, window, checkpoint, tmp_path):
    """Three runs, saved; the last of them scored."""
    paths = []
    open_and_wait(qtbot, window, checkpoint())
    for number in range(3):
        if number == 2:
            images = save_images(tmp_path / "images.npz", 8)
            control = save_images(tmp_path / "control.npz", 8, 1)
            open_and_wait(qtbot, window, images, control)
        run_to_end(qtbot, window, 20 + number)
        until(qtbot, lambda: has_gallery(window))
        settle(qtbot, window)
        paths.append(tmp_path / f"run {number} of a very long name that has no room.afterimage")
        window.exporter.write_to("session", paths[-1])
        settle(qtbot, window)
    until(qtbot, lambda: len(window.last_runs.cards) == 3)
    return paths


def cards_of(qtbot, window, count):
    until(qtbot, lambda: len(window.network_page.run_cards.cards) == count)
    return window.network_page.run_cards.cards


def test_there_are_no_cards_where_there_were_no_runs(window):
    assert not window.network_page.run_cards.isVisible()
    assert window.empty.open_button.isVisible()


def test_saved_runs_are_cards_the_last_one_first_and_a_click_opens_one(
    qtbot,
    saved,
    another_window,
):
    later = another_window()
    cards = cards_of(qtbot, later, 3)
    assert [card.path for card in cards] == saved[::-1]
    assert cards[0].text() == "small.pth"
    assert cards[0].headline == "0 of 8 recovered"
    assert cards[2].headline.endswith("distinct images")
    assert all(card.isVisible() and not card._strip.isNull() for card in cards)
    qtbot.mouseClick(cards[0], Qt.MouseButton.LeftButton)
    settle(qtbot, later)
    assert later.workspace.session.state.steps == 22
    assert later.pairs.pairs.evidence.recovered == 0


def test_a_missing_session_is_greyed_with_a_word(qtbot, saved, another_window):
    saved[1].unlink()
    cards = cards_of(qtbot, another_window(), 3)
    assert [card.isEnabled() for card in cards] == [True, False, True]
    assert cards[1].headline == "missing"


def test_the_copy_of_an_unsaved_run_is_a_card_until_the_copy_is_another_runs(
    qtbot,
    window,
    checkpoint,
    another_window,
):
    open_and_wait(qtbot, window, checkpoint())
    for steps, paths in (
        (10, [window.copies.last_run]),
        (11, [window.copies.last_run, window.copies.run_before]),
        (12, [window.copies.last_run, window.copies.run_before]),
    ):
        run_to_end(qtbot, window, steps)
        until(qtbot, lambda: has_gallery(window))
        settle(qtbot, window)
        window.last_runs.look()
        until(qtbot, lambda p=paths: [c.card.path for c in window.last_runs.cards] == p)


def test_clearing_recent_files_clears_the_pictures(qtbot, window, saved):
    assert read_cards(window.copies.last_run.parent / "last-runs.json")
    window.recent.clear()
    assert window.last_runs.cards == ()
    assert not (window.copies.last_run.parent / "last-runs.json").exists()


def test_the_pictures_can_be_cleared_alone(qtbot, saved, another_window):
    later = another_window()
    cards_of(qtbot, later, 3)
    later.network_page.run_cards.clear_button.click()
    assert later.network_page.run_cards.cards == []
    assert not later.network_page.run_cards.isVisible()
    assert len(later.recent.paths) > 0
    assert all(path.exists() for path in saved)


def test_cards_begin_below_the_heading_and_one_alone_offers_no_comparison(qtbot, tmp_path):
    runs = LastRuns(tmp_path)
    each = [
        ShownCard(RunCard(Path(f"/runs/{n}.afterimage"), "net.pth", "", 1, 1, b""), n == 2)
        for n in range(3)
    ]
    runs.cards = tuple(each[:1])
    page = RunCards(runs)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitExposed(page)
    for count, offered in ((1, [False]), (2, [True, True]), (3, [True, True, False])):
        runs.cards = tuple(each[:count])
        runs.changed.emit()
        until(qtbot, lambda: all(card.isVisible() for card in page.cards))
        page.layout().activate()
        places = [card.x() for card in page.cards]
        step = page.cards[0].width() + theme.SPACING
        assert places == [step * number for number in range(count)]
        assert [card.check.isVisible() for card in page.cards] == offered


def test_runs_are_chosen_with_boxes_or_ctrl_to_be_compared(qtbot, saved, another_window):
    later = another_window()
    cards = cards_of(qtbot, later, 3)
    page = later.network_page.run_cards
    assert not page.compare_button.isEnabled()
    cards[2].check.click()
    assert not page.compare_button.isEnabled()
    qtbot.mouseClick(cards[0], Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier)
    assert page.compare_button.text() == "Com&pare 2 Runs"
    assert later.workspace.network is None  # Nothing was opened.
    with qtbot.waitSignal(page.compare_wanted) as wanted:
        page.compare_button.click()
    assert wanted.args == [[saved[2], saved[0]]]
    settle(qtbot, later)


def test_a_card_opens_with_the_keyboard(qtbot, saved, another_window):
    later = another_window()
    qtbot.keyClick(cards_of(qtbot, later, 3)[1], Qt.Key.Key_Space)
    settle(qtbot, later)
    assert later.workspace.session.state.steps == 21
