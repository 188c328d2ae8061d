"""Where the parts of the window are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui import theme

_LEFT_WIDTH = 330
_CURVES_HEIGHT = 200


def whole_window(
    strip: QWidget, panels: Sequence[QWidget], pages: QWidget, run_bar: QWidget
) -> QWidget:
    """Message strip on top, panels left, pages in the centre, the run bar below."""
    middle = QWidget()
    columns = QHBoxLayout(middle)
    columns.setContentsMargins(0, 0, 0, 0)
    columns.setSpacing(0)
    columns.addWidget(_left_column(panels))
    columns.addWidget(pages, 1)
    whole = QWidget()
    rows = QVBoxLayout(whole)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    for widget, stretch in ((strip, 0), (middle, 1), (_line(), 0), (run_bar, 0)):
        rows.addWidget(widget, stretch)
    return whole


def centre_pages(
    empty: QWidget, mosaic: QWidget, pairs: QWidget, curves: QWidget
) -> QStackedWidget:
    """The empty page, and the page of a network: mosaic and pairs above the curves."""
    upper = QSplitter(Qt.Orientation.Horizontal)
    upper.addWidget(mosaic)
    upper.addWidget(pairs)
    upper.setStretchFactor(0, 1)
    upper.setChildrenCollapsible(False)
    centre = QSplitter(Qt.Orientation.Vertical)
    centre.addWidget(upper)
    centre.addWidget(curves)
    centre.setStretchFactor(0, 1)
    centre.setChildrenCollapsible(False)
    centre.setSizes([1000, _CURVES_HEIGHT])
    pages = QStackedWidget()
    pages.addWidget(empty)
    pages.addWidget(centre)
    return pages


def _left_column(panels: Sequence[QWidget]) -> QScrollArea:
    """Panels one below the other, with lines between, scrolled where there is no room."""
    left = QWidget()
    column = QVBoxLayout(left)
    column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    for index, panel in enumerate(panels):
        if index:
            column.addSpacing(theme.SPACING)
            column.addWidget(_line())
            column.addSpacing(theme.SPACING)
        column.addWidget(panel)
    column.addStretch(1)
    scroll = QScrollArea()
    scroll.setWidget(left)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFixedWidth(_LEFT_WIDTH)
    return scroll


def _line() -> QFrame:
    line = QFrame()
    line.setFixedHeight(1)
    line.setAutoFillBackground(True)
    line.setBackgroundRole(QPalette.ColorRole.Mid)
    return line
