"""How often each value of a score occurs, among images in question and in the control."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg

from engine.evidence.membership_scores import Score
from gui.toolkit import theme
from gui.views.plots import Plot

_FILL_ALPHA = 60
_PADDING = 0.12
_LABEL_PLACE = 0.95


class HistogramPlot(Plot):
    """How often each score occurs among the images in question, and in the control."""

    def __init__(self, name: str, about: str) -> None:
        """
        Args:
            name: of the score.
            about: what it is, in a sentence.
        """
        super().__init__("Share of images", {"asked": "training", "control": "control"}, name)
        self._canvas.getPlotItem().getViewBox().setDefaultPadding(_PADDING)
        self._canvas.setAccessibleName(f"{name.capitalize()} in question and in the control")
        self.setToolTip(
            f"<p>{about} Upwards the share of each set; the dashed line is the threshold "
            "at 1 % false positives.</p>"
        )

    def show_score(self, score: Score) -> None:
        """Draws both histograms on the same scale."""
        edges, images, control = score.histograms()
        for index, shares in enumerate((images, control)):
            if shares is not None:
                x, y = _outline(edges, shares)
                self.show_curve(index, x, y)
        few = score.few
        shown = few is not None and math.isfinite(few.threshold)
        self.show_levels([("1 %", few.threshold, True)] if shown and few is not None else [])

    def _make_level(self, is_upright: bool) -> pg.InfiniteLine:
        line = super()._make_level(is_upright)
        # The words stand above the bars, and change sides before the plot's edge cuts them.
        line.label.anchors = [(0, 0.5), (1, 0.5)]
        line.label.setPosition(_LABEL_PLACE)
        return line

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        super().restyle()
        for index, curve in enumerate(self._curves):
            colour = theme.colour(self._colours[index])
            colour.setAlpha(_FILL_ALPHA)
            curve.setFillLevel(0.0)
            curve.setFillBrush(pg.mkBrush(colour))


def _outline(edges: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The steps of a histogram as one line, from the ground and back to it."""
    return np.repeat(edges, 2), np.concatenate([[0.0], np.repeat(shares, 2), [0.0]])
