"""Reconstructions beside the training images they match, with scores and the control's."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from engine.base.plain_text import counted
from engine.evidence.scoring import Evidence
from engine.viewing.pairs import Pairs
from gui.toolkit import theme
from gui.toolkit.images import image_of
from gui.toolkit.layout import scrolled

_TILE = 56
_TEXT_HEIGHT = 18
_SPACE = 10
_LEAST_CONFIDENCES = (0.0, 0.5, 0.9)


class PairsView(QWidget):
    """The evidence panel: a headline, what it rests on, and the pairs that filters let through."""

    chosen = Signal(int)
    """Emitted with the candidate of a pair that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headline = QLabel()
        font = self._headline.font()
        font.setPointSizeF(font.pointSizeF() * 1.7)
        font.setBold(True)
        self._headline.setFont(font)
        self._details = theme.secondary()
        self._pairs: Pairs | None = None
        self._grid = _PairGrid()
        self._grid.chosen.connect(self.chosen)
        scroll = scrolled(self._grid)
        scroll.setAccessibleName("Pairs of reconstruction and training image")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
        layout.addWidget(theme.heading("Evidence"))
        layout.addWidget(self._headline)
        layout.addWidget(self._details)
        layout.addLayout(self._filters())
        layout.addWidget(scroll, 1)
        self.setMinimumWidth(2 * (2 * _TILE + _SPACE) + 2 * theme.MARGIN + 22)
        self.clear()

    def _filters(self) -> QVBoxLayout:
        self.good_only = QCheckBox("Good onl&y")
        self.good_only.setToolTip("Leaves out pairs that the scoring rule does not call good")
        self.of_class = QComboBox()
        self.of_class.setAccessibleName("Class")
        self.of_class.setToolTip("The class of the training image")
        self.of_class.addItem("All classes", None)
        self.trusted = QComboBox()
        self.trusted.setAccessibleName("Least confidence")
        self.trusted.setToolTip(
            "The least confidence of the candidate, where one is known: when a run has ended, of a "
            "network with one output"
        )
        for least in _LEAST_CONFIDENCES:
            self.trusted.addItem(f"above {least}" if least else "Any confidence", least)
        row = QHBoxLayout()
        row.addWidget(self.of_class, 1)
        row.addWidget(self.trusted, 1)
        rows = QVBoxLayout()
        rows.addWidget(self.good_only)
        rows.addLayout(row)
        self.good_only.toggled.connect(self._filter)
        self.of_class.currentIndexChanged.connect(self._filter)
        self.trusted.currentIndexChanged.connect(self._filter)
        return rows

    def _offer_classes(self, pairs: Pairs) -> None:
        classes = [] if pairs.labels is None else sorted(set(pairs.labels.tolist()))
        offered = [self.of_class.itemData(i) for i in range(1, self.of_class.count())]
        if classes != offered:
            self.of_class.clear()
            self.of_class.addItem("All classes", None)
            for label in classes:
                self.of_class.addItem(f"Class {pairs.class_name(label)}", label)
        self.good_only.setEnabled(True)
        self.of_class.setEnabled(True)
        self.trusted.setEnabled(pairs.confidence is not None)

    @Slot()
    def _filter(self) -> None:
        """Shows the pairs that the filters let through."""
        pairs = self._pairs
        if pairs is None:
            self._grid.show_pairs(None, [])
            return
        passes = np.ones(len(pairs.measure), bool)
        if self.good_only.isChecked():
            passes &= np.array(pairs.measure) > pairs.evidence.train.good_above
        if self.of_class.currentData() is not None and pairs.labels is not None:
            passes &= pairs.labels == self.of_class.currentData()
        if self.trusted.currentData() and pairs.confidence is not None:
            passes &= pairs.confidence > self.trusted.currentData()
        self._grid.show_pairs(pairs, np.flatnonzero(passes).tolist())

    @property
    def pairs(self) -> Pairs | None:
        """What is shown, filters aside."""
        return self._pairs

    @property
    def shown(self) -> list[int]:
        """Which of the pairs the filters let through."""
        return self._grid.shown

    def clear(self) -> None:
        """References are there, but nothing has been scored yet."""
        self._headline.setText("—")
        self._details.setText("Scores appear here as the candidates drift.")
        self._pairs = None
        for each in (self.good_only, self.of_class, self.trusted):
            each.setEnabled(False)
        self._filter()

    def say_later(self) -> None:
        """There are too many references to score them while the run goes on."""
        if self._pairs is None:
            self._details.setText("So many images are scored when the run has ended.")

    def show_pairs(self, pairs: Pairs) -> None:
        """Shows a score."""
        headline, details = describe(pairs)
        self._headline.setText(headline)
        self._details.setText(details)
        self._pairs = pairs
        self._offer_classes(pairs)
        self._filter()

    @property
    def headline(self) -> str:
        """What the panel says in one phrase."""
        return self._headline.text()


def describe(pairs: Pairs) -> tuple[str, str]:
    """A score in words: the headline, and what it rests on."""
    evidence = pairs.evidence
    train, control = evidence.train, evidence.control
    as_of = f"As of step {pairs.step:,}: " if pairs.step is not None else ""
    if pairs.is_early:
        return (
            "Too early to say",
            f"{as_of}most of each image is still noise, in which something always stands out.",
        )
    if control is None:
        return (
            f"{train.good} good of {train.reference_count}",
            f"{as_of}{evidence.rule}. Without a control set this is no claim yet: give images that "
            "the network never saw.",
        )
    return (
        f"{pairs.recovered} recovered of {train.reference_count}",
        f"{as_of}{train.good} good here, {control.good} of {control.reference_count} on the "
        f"control, whose best is {control.best:.2f} ({evidence.rule}).{_left_out(evidence)}",
    )


def _left_out(evidence: Evidence) -> str:
    """Of a control that held training images, a sentence that follows another."""
    count = evidence.left_out
    if not count:
        return ""
    return f" {counted(count, 'training images')} {'is' if count == 1 else 'are'} left out of it."


class _PairGrid(QWidget):
    """Pairs in rows, each with its score below; recovered ones stand out."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._pairs: Pairs | None = None
        self.shown: list[int] = []
        self._tiles: dict[int, tuple[QImage, QImage]] = {}
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Left the reconstruction, right the training image; click to look closely")

    def show_pairs(self, pairs: Pairs | None, shown: list[int]) -> None:
        """Shows some of the pairs."""
        if pairs is not self._pairs:
            self._pairs, self._tiles = pairs, {}
        self.shown = shown
        self._fit_height()
        self.update()

    def _images(self, pair: int) -> tuple[QImage, QImage]:
        """Both sides of a pair, made when they first come into sight."""
        assert self._pairs is not None
        if pair not in self._tiles:
            sides = (self._pairs.reconstructed[pair], self._pairs.real[pair])
            self._tiles[pair] = (image_of(sides[0]), image_of(sides[1]))
        return self._tiles[pair]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses the pair under the pointer."""
        where = event.position().toPoint()
        for index, pair in enumerate(self.shown):
            if self._pairs is not None and self._cell(index).contains(where):
                self.chosen.emit(int(self._pairs.candidate[pair]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wraps the pairs anew."""
        super().resizeEvent(event)
        self._fit_height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the pairs that are in sight."""
        if self._pairs is None:
            return
        painter = QPainter(self)
        for index, pair in enumerate(self.shown):
            cell = self._cell(index)
            if not cell.intersects(event.rect()):
                continue
            reconstructed, real = self._images(pair)
            left = QRect(cell.x(), cell.y(), _TILE, _TILE)
            painter.drawImage(left, reconstructed)
            painter.drawImage(left.translated(_TILE + 1, 0), real)
            recovered = self._pairs.is_recovered[pair]
            font = painter.font()
            font.setBold(recovered)
            painter.setFont(font)
            quiet = self.palette().color(QPalette.ColorRole.PlaceholderText)
            painter.setPen(theme.accent() if recovered else quiet)
            text = QRect(cell.x(), cell.y() + _TILE, 2 * _TILE, _TEXT_HEIGHT)
            mark = "✓ " if recovered else ""
            painter.drawText(
                text, Qt.AlignmentFlag.AlignCenter, f"{mark}{self._pairs.measure[pair]:.2f}"
            )
        painter.end()

    def sizeHint(self) -> QSize:
        """Two columns of pairs."""
        return QSize(2 * (2 * _TILE + _SPACE), 200)

    def _columns(self) -> int:
        return max(1, (self.width() + _SPACE) // (2 * _TILE + 1 + _SPACE))

    def _cell(self, index: int) -> QRect:
        row, column = divmod(index, self._columns())
        width, height = 2 * _TILE + 1, _TILE + _TEXT_HEIGHT
        return QRect(column * (width + _SPACE), row * (height + _SPACE // 2), width, height)

    def _fit_height(self) -> None:
        height = self._cell(len(self.shown) - 1).bottom() + 1 if self.shown else 0
        self.setMinimumHeight(height)
