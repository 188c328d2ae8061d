"""Where the parts of the window are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.toolkit import theme
from gui.toolkit.layout import COLUMN_WIDTH, line, scrolled
from gui.toolkit.message_strip import MessageStrip

_LEFT_MOST = 520
_LOWER_HEIGHT = 250


def whole_window(strip: MessageStrip, *pages: QWidget) -> tuple[QWidget, QStackedWidget]:
    """One of the pages, the messages on top of it; and what chooses among the pages."""
    stack = QStackedWidget()
    for page in pages:
        stack.addWidget(page)
    whole = QWidget()
    rows = QVBoxLayout(whole)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    rows.addWidget(stack)
    strip.float_over(whole)
    return whole, stack


def splitter(left: QWidget, pages: QWidget) -> QSplitter:
    """Panels left, pages in the centre."""
    middle = _splitter(Qt.Orientation.Horizontal, left, pages)
    middle.setStretchFactor(0, 0)
    middle.setStretchFactor(1, 1)
    return middle


def centre_pages(
    empty: QWidget, mosaic: QWidget, beside: QWidget, below: QWidget
) -> tuple[QStackedWidget, QSplitter, QSplitter]:
    """The empty page, and that of a network: mosaic, what is beside it, and what is below.

    Returns:
        the pages, and what divides the second: upper half from lower, and mosaic from beside.
    """
    upper = _splitter(Qt.Orientation.Horizontal, mosaic, beside)
    upper.setStretchFactor(0, 1)
    centre = _splitter(Qt.Orientation.Vertical, upper, below)
    centre.setStretchFactor(0, 1)
    centre.setSizes([1000, _LOWER_HEIGHT])
    pages = QStackedWidget()
    pages.addWidget(empty)
    pages.addWidget(centre)
    return pages, centre, upper


def _splitter(orientation: Qt.Orientation, *parts: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    for part in parts:
        splitter.addWidget(part)
    return splitter


def left_column(panels: Sequence[QWidget]) -> QScrollArea:
    """Panels one below the other, with lines between, scrolled where there is no room."""
    left = QWidget()
    column = QVBoxLayout(left)
    column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    for index, panel in enumerate(panels):
        if index:
            column.addSpacing(theme.SPACING)
            column.addWidget(line())
            column.addSpacing(theme.SPACING)
        column.addWidget(panel)
    column.addStretch(1)
    scroll = scrolled(left)
    scroll.setMinimumWidth(COLUMN_WIDTH)
    scroll.setMaximumWidth(_LEFT_MOST)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # What is in it takes the keys.
    return scroll
