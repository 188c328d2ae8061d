"""As many widgets side by side as there is room for."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from gui.toolkit.fitting_row import FittingRow


@pytest.fixture
def row(qtbot):
    row = FittingRow(100)
    qtbot.addWidget(row)
    row.show()
    return row


def shown(row, widgets):
    return [place for place, widget in enumerate(widgets) if widget.isVisibleTo(row)]


def test_the_first_are_seen_as_many_as_fit(row):
    widgets = [QWidget(), QWidget(), QWidget()]
    for widget in widgets:
        row.add(widget)
    gap = row.layout().spacing()
    for width, count in ((40, 1), (199, 1), (200 + gap, 2), (299 + 2 * gap, 2), (300 + 2 * gap, 3)):
        row.resize(width, 50)
        assert shown(row, widgets) == list(range(count))


def test_one_that_is_not_wanted_leaves_its_room(row):
    widgets = [QWidget(), QWidget()]
    for widget in widgets:
        row.add(widget)
    row.resize(120, 50)
    assert shown(row, widgets) == [0]
    row.want(widgets[0], False)
    assert shown(row, widgets) == [1]
    row.want(widgets[1], False)
    assert shown(row, widgets) == []
