"""Ways to lay out parts that several pages and windows share."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from gui.toolkit import theme
from gui.toolkit.focus import FocusFrame

COLUMN_WIDTH = 330
"""Of a column of panels or of a form, on the left of a page."""


def captioned(view: QWidget, timeline: QWidget, caption: QLabel) -> QWidget:
    """A view with its timeline and a line of words below it."""
    timeline.setContentsMargins(theme.MARGIN, theme.SPACING // 2, theme.MARGIN, 0)
    caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
    caption.setContentsMargins(theme.MARGIN, theme.SPACING // 2, theme.MARGIN, theme.SPACING // 2)
    whole = QWidget()
    rows = QVBoxLayout(whole)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    rows.addWidget(view, 1)
    rows.addWidget(timeline)
    rows.addWidget(caption)
    return whole


def scrolled(content: QWidget) -> QScrollArea:
    """Content that scrolls upwards and downwards where there is no room."""
    scroll = QScrollArea()
    scroll.setWidget(content)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    FocusFrame(scroll)
    return scroll


def scrolled_column(content: QWidget) -> QScrollArea:
    """A column of the usual width, scrolled where there is no room."""
    scroll = scrolled(content)
    scroll.setFixedWidth(COLUMN_WIDTH)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # What is in it takes the keys.
    return scroll


def line() -> QFrame:
    """A thin line between two parts."""
    frame = QFrame()
    frame.setFixedHeight(1)
    frame.setAutoFillBackground(True)
    frame.setBackgroundRole(QPalette.ColorRole.Mid)
    return frame
