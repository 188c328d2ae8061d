"""What is written around a plot can be read, however narrow the plot is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication

from gui.views.plots import Plot
from tests.gui.wording import cut_off


@pytest.mark.parametrize("width", [92, 150, 400])
@pytest.mark.parametrize("last", [0.9, 24.0, 784.0, 50_000.0])
def test_numbers_below_a_plot_do_not_run_into_each_other(qtbot, width, last):
    plot = Plot("Title", [""])
    qtbot.addWidget(plot)
    plot.resize(width, 200)
    plot.show()
    plot.show_curve(0, np.linspace(0, last, 9), np.arange(9.0))
    QApplication.processEvents()
    axis = plot._canvas.getAxis("bottom")
    (low, high), size = axis.range, axis.size().width()
    (spacing, ticks), *_ = axis.tickValues(low, high, size)
    metrics, words = QFontMetrics(axis.font()), axis.tickStrings(list(ticks), 1.0, spacing)
    widths = [metrics.horizontalAdvance(each) for each in words]
    room = spacing / (high - low) * size
    assert len(ticks) > 0
    assert all((one + other) / 2 < room for one, other in itertools.pairwise(widths))


def test_a_long_title_takes_a_second_line(qtbot):
    plot = Plot("Multiplier", ["asked", "control"])
    qtbot.addWidget(plot)
    plot.resize(92, 200)
    plot.show()
    QApplication.processEvents()
    assert cut_off(plot) == []
    assert plot._heading.height() > 1.5 * plot.fontMetrics().height()
