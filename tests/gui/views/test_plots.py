"""What is written around a plot can be read, however narrow the plot is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QTextDocumentFragment
from PySide6.QtWidgets import QApplication

from engine.base.colours import COLOURS, LAYERS, RUNS
from engine.reconstruction.losses import Losses
from gui.comparison.plot import LossPlot
from gui.toolkit import theme
from gui.training.curves import TrainingCurvesView
from gui.views.curves import Curves
from gui.views.health import HealthView
from gui.views.plots import Plot
from gui.views.scores import ScoresView
from tests.gui.wording import cut_off


@pytest.mark.parametrize("width", [92, 150, 400])
@pytest.mark.parametrize("last", [0.9, 24.0, 784.0, 50_000.0])
def test_numbers_below_a_plot_do_not_run_into_each_other(qtbot, width, last):
    plot = Plot("Title", {"": "curve"}, "step")
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


def test_a_curve_of_which_there_is_nothing_is_not_named(qtbot):
    plot = Plot("Accuracy, %", {"training": "training", "test": "control"})
    qtbot.addWidget(plot)

    def words():
        return QTextDocumentFragment.fromHtml(plot._heading.text()).toPlainText().split()

    plot.name_curve(1, False)
    assert words() == ["Accuracy,", "%", "■", "training"]
    plot.name_curve(1, True)
    assert words()[2:] == ["■", "training", "■", "test"]


def test_a_long_title_takes_a_second_line(qtbot):
    plot = Plot("Multiplier", {"asked": "training", "control": "control"})
    qtbot.addWidget(plot)
    plot.resize(92, 200)
    plot.show()
    QApplication.processEvents()
    assert cut_off(plot) == []
    assert plot._heading.height() > 1.5 * plot.fontMetrics().height()


def test_what_is_to_the_right_is_said_below_every_plot_of_the_window(qtbot):
    for view in (Curves(), TrainingCurvesView(), HealthView(), ScoresView(), LossPlot()):
        qtbot.addWidget(view)
        if isinstance(view, LossPlot):
            view.show_losses((Losses.none(2), Losses.none(2)), ("A", "B"))
        plots = view.findChildren(Plot)
        assert plots
        for plot in plots:
            axis = plot._canvas.getAxis("bottom")
            assert plot._along or isinstance(view, ScoresView)  # Of a score that is not yet there.
            assert axis.labelText == plot._along


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def dark(request, qapp):
    """Whether the scheme is dark."""
    theme.choose_scheme(qapp, Qt.ColorScheme.Dark if request.param else Qt.ColorScheme.Light)
    yield request.param
    theme.choose_scheme(qapp, Qt.ColorScheme.Unknown)


def test_a_colour_means_the_same_on_every_plot(qtbot, dark):
    curves, scores, training, losses = Curves(), ScoresView(), TrainingCurvesView(), LossPlot()
    for view in (curves, scores, training, losses):
        qtbot.addWidget(view)
    curves.set_depth(3)
    assert drawn(curves._residuals) == [shade(meaning, dark) for meaning in LAYERS[:3]]
    assert drawn(losses.plot) == [shade(meaning, dark) for meaning in RUNS]
    both = [shade("training", dark), shade("control", dark)]
    assert drawn(scores.histogram) == drawn(training._accuracy) == both
    assert scores.scatter._curves[1].opts["symbolBrush"].color().name() == shade("accent", dark)
    curves.show_cursors([1.0])
    assert curves._constraint._cursors[0].pen.color().name() == shade("cursor", dark)


def drawn(plot):
    return [curve.opts["pen"].color().name() for curve in plot._curves]


def shade(meaning, dark):
    return COLOURS[meaning].dark if dark else COLOURS[meaning].light


def test_the_constraint_loss_is_drawn_where_it_was_worked_out_and_nowhere_else(qtbot):
    curves = Curves()
    qtbot.addWidget(curves)
    steps = np.arange(1.0, 31)
    constraint = np.repeat([8.0, 4.0, 2.0], 10)
    curves.show_losses(
        Losses(np.column_stack([steps, steps, steps, constraint, steps, *np.ones((3, 30))]))
    )
    x, y = curves._constraint._curves[0].getOriginalDataset()
    np.testing.assert_array_equal(x, [1, 11, 21])
    np.testing.assert_array_equal(y, [8, 4, 2])


class FinePlot(Plot):
    """On a screen that is twice as fine."""

    def devicePixelRatioF(self):  # noqa: N802
        return 2.0


def test_a_curve_is_twice_as_many_pixels_wide_on_a_screen_that_is_twice_as_fine(qtbot):
    widths = []
    for kind in (Plot, FinePlot):
        plot = kind("Title", {"": "curve"})
        qtbot.addWidget(plot)
        plot.resize(300, 200)
        plot.show()
        plot.show_curve(0, np.arange(9.0), np.full(9, 3.0))
        QApplication.processEvents()
        picture = plot.grab().toImage()
        ground = theme.plot_background().lightness()
        column = [picture.pixelColor(200, y).lightness() for y in range(60, 150)]
        ink = abs(theme.colour("curve").lightness() - ground)
        widths.append(sum(abs(value - ground) for value in column) / ink)
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.15)
