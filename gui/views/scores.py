"""Scores against the control's on one scale, and against the network's output."""

from __future__ import annotations

import sys

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from engine.base.rows import Rows
from engine.evidence.scoring import Matches
from engine.viewing.pairs import Pairs
from gui.toolkit import theme
from gui.views.plots import Plot

_BINS = 40
_POINT = 5
_OVER_OUTPUT, _OVER_MARGIN = "the network's output", "margin"
_WORDS = (
    "<p><b>Without training images these are candidates, not evidence.</b> What recurs across "
    "restarts, and has a high confidence where there is one, is likely to be an image that the "
    "network was trained on; that is an estimate, fitted to networks of our own.</p>"
    "<p>It may be said: these images explain a part of the weights. It may not be said that any "
    "of them was in the training set, nor that nothing else was.</p>"
    "<p>Add training images and a control under <i>Reference images</i> to find out.</p>"
)
_LINE_UP = (
    "<p>A partner was chosen for being alike, so it is often first even where nothing came back. "
    "Images of the control were chosen in the same way: what counts is by how much more often a "
    "training image is first than they are.</p>"
)


class ScoresView(QWidget):
    """Two plots where there are scores; else what may be concluded without them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = theme.secondary(_WORDS)
        self.words.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.histogram = Plot("Images", {"training": "training", "control": "control"})
        self.scatter = ScatterPlot("Score", {"image": "training", "recovered": "accent"})
        self.lineup = theme.secondary()
        self.lineup.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, theme.SPACING)
        self.lineup.setToolTip(_LINE_UP)
        plots = QWidget()
        rows, row = QVBoxLayout(plots), QHBoxLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACING)
        rows.addLayout(row, 1)
        rows.addWidget(self.lineup)
        row.addWidget(self.histogram, 1)
        row.addWidget(self.scatter, 1)
        self.scatter.setToolTip(
            "<p>Each point is a training image. Those near the margin, which lead over the next "
            "class by least, are the ones that come back (Haim et al. 2022).</p>"
        )
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.words)
        self._pages.addWidget(plots)
        self.histogram.setToolTip(
            "<p>How similar each image is to the candidate that it is matched with. The line is "
            "the control's best: training images above it were not matched by chance.</p>"
        )
        self.clear()

    def clear(self) -> None:
        """There are no scores."""
        self._pages.setCurrentIndex(0)
        self.histogram.clear_curves()
        self.scatter.clear_curves()

    def show_pairs(self, pairs: Pairs) -> None:
        """Shows a score."""
        evidence = pairs.evidence
        self._pages.setCurrentIndex(1)
        score = title(pairs)
        self.histogram.name_axis(score)
        self.scatter.set_title(score)
        for index, matches in enumerate((evidence.train, evidence.control)):
            edges, counts = outline(matches)
            self.histogram.show_curve(index, edges, counts)
        if evidence.control is not None:
            above = evidence.above_control
            count = 0 if above is None else int(above.sum())
            # Early in a run some smear is above, and means nothing.
            words = "control's best" if pairs.is_early else f"{count} above"
            self.histogram.show_levels([(words, evidence.control.best, True)])
        else:
            self.histogram.show_levels([])
        self.lineup.setText("" if evidence.lineup is None else evidence.lineup.words)
        self.lineup.setVisible(evidence.lineup is not None)
        self._show_scatter(pairs)

    def _show_scatter(self, pairs: Pairs) -> None:
        """Over the output where there is one, whose sign tells classes apart; else the margin."""
        outputs, margins = pairs.outputs, pairs.margins
        self.scatter.setVisible(outputs is not None)
        if outputs is None or margins is None:
            return
        has_one = outputs.shape[1] == 1
        self.scatter.name_axis(_OVER_OUTPUT if has_one else _OVER_MARGIN)
        x = outputs[:, 0] if has_one else margins
        recovered, measure = np.array(pairs.is_recovered, bool), np.array(pairs.measure)
        for index, chosen in enumerate((~recovered, recovered)):
            self.scatter.show_curve(index, x[chosen], measure[chosen])

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.histogram.restyle()
        self.scatter.restyle()


class ScatterPlot(Plot):
    """Points in place of curves, and none of them left out."""

    _most_points = sys.maxsize

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        super().restyle()
        for index, curve in enumerate(self._curves):
            colour = theme.colour(self._colours[index])
            curve.setPen(None)
            curve.setSymbol("o")
            curve.setSymbolSize(_POINT)
            curve.setSymbolPen(None)
            curve.setSymbolBrush(pg.mkBrush(colour))


def title(pairs: Pairs) -> str:
    """What the histogram shows, in one line."""
    name = pairs.evidence.train.measure_name
    words = f"{name[0].upper()}{name[1:]} of matches"
    return words if pairs.step is None else f"{words}, as of step {pairs.step:,}"


def outline(matches: Matches | None) -> tuple[Rows, Rows]:
    """A histogram's outline over the measure's range, as x and y of a line."""
    if matches is None:
        return np.empty(0), np.empty(0)
    counts, edges = np.histogram(matches.measure.clip(-0.2, 1), bins=_BINS, range=(-0.2, 1.0))
    heights = np.repeat(counts.astype(float), 2)
    return np.repeat(edges, 2), np.concatenate([[0.0], heights, [0.0]])
