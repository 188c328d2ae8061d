"""The slim strip of losses: what it says, where it draws, and how it is opened."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage

from engine.base.colours import COLOURS
from engine.reconstruction.losses import Losses
from gui.toolkit import theme
from gui.views.loss_strip import LossStrip
from gui.views.strip_scale import StripScale
from tests.gui.conftest import until


def losses(*layers):
    """A run whose layers have these relative residuals, step by step."""
    relative = np.column_stack([np.asarray(each, float) for each in layers])
    steps = np.arange(1.0, len(relative) + 1)
    return Losses(np.column_stack([steps, steps, steps, steps, steps, relative]))


@pytest.fixture
def strip(qtbot):
    made = LossStrip()
    qtbot.addWidget(made)
    made.resize(600, 72)
    made.show()
    return made


def colours(strip, area=None):
    """All colours that are seen on it."""
    picture = strip.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    x, y, width, height = area or (0, 0, picture.width(), picture.height())
    return {
        QColor(picture.pixel(column, row)).name()
        for column in range(x, x + width)
        for row in range(y, y + height)
    }


def test_it_says_how_much_of_the_first_layer_is_left_at_the_step_that_is_shown(strip):
    assert strip.words == "Residual of layer 1 –, no run yet"
    strip.show_losses(losses([0.9, 0.312, 0.2], [1, 0.99, 0.98]), hurry=True)
    assert strip.words == "Residual of layer 1 0.2"
    assert strip.accessibleDescription() == strip.words
    for step, value in ((0, "–"), (1, "0.9"), (2, "0.312"), (3, "0.2"), (9, "0.2")):
        strip.show_step(step)
        assert strip.value == value
    strip.clear()
    assert strip.words == "Residual of layer 1 –, no run yet"


def test_what_is_not_a_number_is_not_said_as_one(strip):
    strip.show_losses(losses([0.9, np.nan]), hurry=True)
    assert strip.value == "–"


def test_what_comes_in_a_hurry_is_never_left_out(strip):
    for _ in range(3):
        strip.show_losses(losses([0.9, 0.5, 0.4]), hurry=False)
    strip.show_losses(losses([0.9, 0.5, 0.4, 0.3]), hurry=True)
    assert strip.value == "0.3"


def is_seen(strip, colour):
    """Whether a line of this colour is on it; what is thin is mixed with its ground."""
    wanted = np.array(QColor(colour).getRgb()[:3])
    seen = np.array([QColor(each).getRgb()[:3] for each in colours(strip)])
    return bool((abs(seen - wanted).max(1) < 40).any())


def test_each_layer_is_drawn_in_its_colour(strip):
    strip.show_losses(losses(np.geomspace(1, 0.1, 50), np.geomspace(0.1, 1, 50)), hurry=True)
    for meaning in ("layer 1", "layer 2"):
        assert is_seen(strip, theme.colour(meaning))
    assert not is_seen(strip, theme.colour("layer 3"))


@pytest.mark.parametrize("height", [40, 72, 90])
def test_in_lectures_it_is_black_whatever_the_scheme_is(qtbot, height):
    assert not theme.is_dark()
    strip = LossStrip(for_lectures=True)
    qtbot.addWidget(strip)
    strip.resize(600, height)
    strip.show_losses(losses(np.geomspace(1, 0.1, 50)), hurry=True)
    assert colours(strip, (0, 0, 600, 2)) == {"#000000"}
    assert is_seen(strip, COLOURS["layer 1"].dark)
    with qtbot.assertNotEmitted(strip.opened):
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton)


def test_the_timeline_is_marked_where_it_is(strip):
    strip.show_losses(losses(np.full(101, 0.5)), hurry=True)
    strip.show_cursors([51])
    assert strip.cursors == [51]
    cursor = theme.colour("cursor").name()
    columns = {x for x in range(600) for y in (4, 67) if cursor in colours(strip, (x, y, 1, 1))}
    assert 300 < min(columns) <= max(columns) < 420  # The words take the left.
    strip.clear()
    assert strip.cursors == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_keys_open_the_plots(qtbot, strip, key):
    with qtbot.waitSignal(strip.opened):
        qtbot.keyClick(strip, key)


def test_a_click_opens_the_plots_and_one_that_is_taken_back_does_not(qtbot, strip):
    with qtbot.waitSignal(strip.opened):
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton)
    with qtbot.assertNotEmitted(strip.opened):
        qtbot.mousePress(strip, Qt.MouseButton.LeftButton)
        qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=strip.rect().bottomRight() * 2)


def test_a_curve_keeps_its_peaks_however_many_steps_there_are():
    room = QRectF(0, 0, 200, 100)
    steps, values = np.arange(1.0, 50_001), np.full(50_000, 0.1)
    values[31_415] = 10.0
    scale = StripScale.of(steps, values[:, None], room)
    (line,) = scale.lines(steps, values)
    assert len(line) < 2 * room.width()
    assert min(point.y() for point in line) == pytest.approx(room.top(), abs=1e-6)
    assert (line[0].x(), line[-1].x()) == (room.left(), room.right())


def test_what_has_no_logarithm_is_a_gap():
    steps, values = np.arange(1.0, 6), np.array([1.0, 0.0, 2.0, 3.0, np.nan])
    scale = StripScale.of(steps, values[:, None], QRectF(0, 0, 100, 50))
    assert [len(line) for line in scale.lines(steps, values)] == [1, 2]
    assert StripScale.of(steps, np.zeros((5, 1)), QRectF(0, 0, 100, 50)) is None


def test_a_residual_that_rests_does_not_fill_the_strip_with_its_trembling():
    values = 0.5 + 1e-6 * np.sin(np.arange(100.0))
    scale = StripScale.of(np.arange(1.0, 101), values[:, None], QRectF(0, 0, 100, 50))
    (line,) = scale.lines(np.arange(1.0, 101), values)
    assert max(point.y() for point in line) - min(point.y() for point in line) < 1


def test_what_comes_too_soon_is_shown_a_moment_later(qtbot, strip):
    for last in (0.5, 0.4, 0.3):
        strip.show_losses(losses([0.9, last]))
    until(qtbot, lambda: strip.value == "0.3")
