"""The table of what each score of membership is worth."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from engine.base.plain_text import percent
from engine.evidence.membership_scores import NEEDS, SCORES, Membership, Score

_COLUMNS = {
    "Area": "The chance that an image in question scores above one of the control: 0.50 is blind, "
    "1.00 tells them all apart.",
    "Found at 1 %": "The share of the images in question that are found while no more than "
    "1 % of the control is accused wrongly. This is the number to judge a network by.",
    "95 % interval": "Where that share lies with 95 % confidence (Clopper and Pearson), for this "
    "threshold.",
    "At 0.1 %": "The same where no more than one in a thousand of the control is accused wrongly. "
    "A control of fewer than a thousand images cannot show it.",
}
ABOUT = {
    "margin": "By how much the output of the label's class leads; of a network with one output, "
    "that output times the label. The loss falls with it.",
    "calibrated": "By how many standard deviations the confidence in its class lies above that of "
    "images of the class that the network never saw. One half of the control says how those are "
    "spread, the other measures the score. It is the test of Carlini and others (2022) without "
    "their shadow networks.",
    "multiplier": "The exposure of an image: how much of the weights it explains, by non-negative "
    "least squares over images in question and control together.",
    "similarity": "The correlation with the most similar candidate of the run that is open.",
    "shadows": "How much more like that of networks that were trained on the image its confidence "
    "is than like that of networks that were not: the likelihood ratio of Carlini and others "
    "(2022). These shadow networks are trained for it, as this one was, each on a random half of "
    "images in question and control.",
}
"""What each score is."""


class WorthTable(QTableWidget):
    """A row for each score; “–” where it is missing, with what it needs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(len(SCORES), len(_COLUMNS), parent)
        self.setAccessibleName("What each score is worth")
        self.setToolTip("What each score is worth; the headers say what they mean.")
        for column, (title, tooltip) in enumerate(_COLUMNS.items()):
            self.setHorizontalHeaderItem(column, _header(title, tooltip))
        for row, name in enumerate(SCORES):
            self.setVerticalHeaderItem(row, _header(name.capitalize(), ABOUT[name]))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(False)
        self._fit()

    def _fit(self) -> None:
        """Columns as wide, and the table as high, as what is in it."""
        columns, rows = self.horizontalHeader(), self.verticalHeader()
        for header in (columns, rows):
            header.setSectionsClickable(False)
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setStretchLastSection(True)
        heights = [rows.sectionSizeHint(row) for row in range(len(SCORES))]
        self.setFixedHeight(columns.sizeHint().height() + sum(heights) + 2)

    def show_found(self, found: Membership) -> None:
        """Shows what the scores are worth."""
        for row, (name, score) in enumerate(found.scores.items()):
            for column, text in enumerate(_texts(score)):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                missing = f" It needs {NEEDS[name]}; then ask again." if score is None else ""
                item.setToolTip(f"<p>{ABOUT[name]}{missing}</p>")
                self.setItem(row, column, item)


def _texts(score: Score | None) -> list[str]:
    if score is None or score.curve is None or score.few is None:
        return ["–"] * len(_COLUMNS)
    low, high = score.few.interval
    return [
        f"{score.curve.area:.2f}",
        percent(score.few.rate),
        f"{percent(low)} to {percent(high)}",
        "–" if score.fewest is None else percent(score.fewest.rate, 1),
    ]


def _header(title: str, tooltip: str) -> QTableWidgetItem:
    item = QTableWidgetItem(title)
    item.setToolTip(f"<p>{tooltip}</p>")
    return item
