"""Words can be read in both schemes, and what people take hold of can be seen."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QDockWidget,
    QLabel,
    QMainWindow,
    QRadioButton,
    QScrollArea,
    QSlider,
    QSpinBox,
    QSplitter,
)

from engine.base.resources import resource_folder
from gui.toolkit import theme
from gui.toolkit.controls import HANDLE
from tests.eyes import contrast

Role = QPalette.ColorRole
WORDS = (
    (Role.WindowText, Role.Window),
    (Role.PlaceholderText, Role.Window),
    (Role.Link, Role.Window),
    (Role.Text, Role.Base),
    (Role.Text, Role.AlternateBase),
    (Role.PlaceholderText, Role.Base),
    (Role.ButtonText, Role.Button),
    (Role.HighlightedText, Role.Highlight),
    (Role.ToolTipText, Role.ToolTipBase),
)
SHAPES = 3.0
"""The contrast that WCAG 2.2 asks of what is no text."""


@pytest.fixture(params=[Qt.ColorScheme.Light, Qt.ColorScheme.Dark], ids=["light", "dark"])
def palette(request, qapp):
    theme.choose_scheme(qapp, request.param)
    yield qapp.palette()
    theme.choose_scheme(qapp, Qt.ColorScheme.Unknown)


def strongest(widget, palette, area=None):
    """The highest contrast of anything on a widget to the window's ground."""
    QApplication.processEvents()
    picture = widget.grab(area).toImage() if area else widget.grab().toImage()
    picture = picture.convertToFormat(QImage.Format.Format_RGB32)
    seen = {picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}
    ground = palette.color(Role.Window).name()
    return max(contrast(f"#{pixel & 0xFFFFFF:06x}", ground) for pixel in seen)


@pytest.mark.parametrize("pair", WORDS, ids=lambda pair: " on ".join(role.name for role in pair))
def test_words_can_be_read(palette, pair):
    text, ground = (palette.color(role).name() for role in pair)
    assert contrast(text, ground) >= 4.5


def test_handles_and_what_is_chosen_stand_out_from_all_that_they_lie_on(palette):
    chosen = palette.color(Role.Highlight).name()
    for ground in (palette.color(Role.Window), palette.color(Role.Base), theme.plot_background()):
        assert contrast(HANDLE, ground.name()) >= SHAPES
        assert contrast(chosen, ground.name()) >= SHAPES
    assert contrast(chosen, palette.color(Role.Button).name()) >= SHAPES


def test_the_icons_have_the_colours_of_handles_and_marks(palette):
    for path in (resource_folder() / "icons").glob("*.svg"):
        colours = set(re.findall("#[0-9a-f]{6}", path.read_text(encoding="utf-8")))
        if path.stem in ("grip-across", "grip-down", "close", "float"):
            assert colours == {HANDLE}
    name = "dark" if theme.is_dark() else "light"
    (mark,) = re.findall(
        "#[0-9a-f]{6}", (resource_folder() / "icons" / f"check-{name}.svg").read_text("utf-8")
    )
    assert f"check-{name}.svg" in QApplication.instance().styleSheet()
    assert contrast(mark, palette.color(Role.Highlight).name()) >= SHAPES


@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton])
@pytest.mark.parametrize("is_checked", [False, True])
def test_boxes_can_be_seen_checked_or_not(qtbot, palette, kind, is_checked):
    box = kind()
    qtbot.addWidget(box)
    box.setChecked(is_checked)
    box.show()
    assert strongest(box, palette) >= SHAPES


def test_a_checked_box_differs_from_one_that_is_not(qtbot, palette):
    looks = []
    for is_checked in (False, True):
        box = QCheckBox()
        qtbot.addWidget(box)
        box.setChecked(is_checked)
        box.show()
        looks.append(box.grab().toImage())
    assert looks[0] != looks[1]


def test_sliders_splitters_scroll_bars_and_arrows_can_be_seen(qtbot, palette):
    slider, spin, scroll = QSlider(Qt.Orientation.Horizontal), QSpinBox(), QScrollArea()
    scroll.setWidget(QLabel("\n" * 90))
    across, down = QSplitter(Qt.Orientation.Horizontal), QSplitter(Qt.Orientation.Vertical)
    for splitter in (across, down):
        splitter.addWidget(QLabel())
        splitter.addWidget(QLabel())
    for widget in (slider, spin, scroll, across, down):
        qtbot.addWidget(widget)
        widget.resize(200, 100)
        widget.show()
    for seen in (slider, scroll.verticalScrollBar(), across.handle(1), down.handle(1)):
        assert strongest(seen, palette) >= SHAPES, seen
    spin.lineEdit().hide()
    assert strongest(spin, palette) >= SHAPES


def test_a_dock_can_be_closed_and_moved_by_what_can_be_seen(qtbot, palette):
    window, dock = QMainWindow(), QDockWidget()
    qtbot.addWidget(window)
    window.setCentralWidget(QLabel())
    dock.setWidget(QLabel())
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    window.resize(300, 300)
    window.show()
    for name in ("qt_dockwidget_closebutton", "qt_dockwidget_floatbutton"):
        button = dock.findChild(object, name)
        assert button.isVisible()
        assert strongest(button, palette) >= SHAPES
    between = window.rect()
    between.setBottom(dock.geometry().top() - 1)
    between.setTop(between.bottom() - 4)
    assert strongest(window, palette, between) >= SHAPES
