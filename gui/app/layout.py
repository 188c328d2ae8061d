"""Where the parts of the window are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.toolkit import theme
from gui.toolkit.focus import FocusFrame

_LEFT_WIDTH = 330
_LEFT_MOST = 520
_LOWER_HEIGHT = 250


def whole_window(strip: QWidget, *pages: QWidget) -> tuple[QWidget, QStackedWidget]:
    """The message strip on top, below it one of the pages; and what chooses among them."""
    stack = QStackedWidget()
    for page in pages:
        stack.addWidget(page)
    whole = QWidget()
    rows = QVBoxLayout(whole)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    rows.addWidget(strip)
    rows.addWidget(stack, 1)
    return whole, stack


def network_page(left: QWidget, pages: QWidget, run_bar: QWidget) -> tuple[QWidget, QSplitter]:
    """The page of a network: panels left, pages in the centre, the run bar below."""
    middle = _splitter(Qt.Orientation.Horizontal, left, pages)
    middle.setStretchFactor(0, 0)
    middle.setStretchFactor(1, 1)
    whole = QWidget()
    rows = QVBoxLayout(whole)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    for widget, stretch in ((middle, 1), (line(), 0), (run_bar, 0)):
        rows.addWidget(widget, stretch)
    return whole, middle


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
    scroll.setMinimumWidth(_LEFT_WIDTH)
    scroll.setMaximumWidth(_LEFT_MOST)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # What is in it takes the keys.
    return scroll


def scrolled_column(content: QWidget) -> QScrollArea:
    """A column of the left's width, scrolled where there is no room."""
    scroll = scrolled(content)
    scroll.setFixedWidth(_LEFT_WIDTH)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # What is in it takes the keys.
    return scroll


def line() -> QFrame:
    """A thin line between two parts."""
    frame = QFrame()
    frame.setFixedHeight(1)
    frame.setAutoFillBackground(True)
    frame.setBackgroundRole(QPalette.ColorRole.Mid)
    return frame
