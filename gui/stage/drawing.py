"""How a seat looks: the candidate, its original beside it, a few quiet words below."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from engine.data.pixels import Pixels
from engine.viewing.standing import Standing
from gui.stage.places import GAP, Places
from gui.toolkit import theme

MARK = "✓"


@dataclass(frozen=True)
class SeatInfo:
    """What is known of one candidate.

    Attributes:
        original: the training image that it is matched with, where there is one.
        words: its score, or its confidence; empty where neither is known.
        is_marked: it is recovered, and has been for some scorings.
    """

    original: Pixels | None
    words: str
    is_marked: bool


@dataclass(frozen=True)
class Known:
    """What is known of all candidates at some step.

    Attributes:
        standing: where it comes from.
        pair_of: which pair each matched candidate is in.
        originals: the training image of each pair, as it is drawn.
    """

    standing: Standing | None = None
    pair_of: Mapping[int, int] = field(default_factory=dict)
    originals: Pixels | None = None

    @classmethod
    def of(cls, standing: Standing) -> Known:
        """Of a standing."""
        pairs = standing.pairs
        matched = [] if pairs is None else pairs.candidate.tolist()
        # The best pair of a candidate comes first, and is the one that counts.
        pair_of = {candidate: index for index, candidate in reversed([*enumerate(matched)])}
        return cls(standing, pair_of, None if pairs is None else in_32_bits(pairs.real))

    def of_candidate(self, candidate: int, is_marked: bool) -> SeatInfo:
        """Of one of them."""
        if self.standing is None:
            return SeatInfo(None, "", False)
        pairs, index = self.standing.pairs, self.pair_of.get(candidate)
        if pairs is not None and self.originals is not None and index is not None:
            name = pairs.evidence.train.measure_name
            words = f"{name} {pairs.measure[index]:.2f}"
            return SeatInfo(self.originals[index], words, is_marked)
        confidence = self.standing.confidence.get(candidate)
        return SeatInfo(None, "" if confidence is None else f"{confidence:.2f}", is_marked)


@dataclass(frozen=True)
class Look:
    """What all seats share.

    Attributes:
        places: where things are in a seat.
        has_originals: each has a place for a training image.
        dark: whether the ground is; None where it is that of the scheme.
    """

    places: Places
    has_originals: bool
    dark: bool | None = None


def draw_beside(painter: QPainter, look: Look, origin: QPointF, known: SeatInfo) -> None:
    """Draws what a seat holds beside the candidate's own image; the painter's opacity is its."""
    if look.has_originals:
        beside = look.places.original_at(origin)
        if known.original is None:
            painter.setPen(theme.empty_ground(look.dark))
            painter.drawRect(beside.adjusted(0, 0, -1, -1))
        else:
            painter.drawImage(beside, as_image(known.original))
    _draw_words(painter, look, look.places.caption_at(origin), known)


def draw_frame(painter: QPainter, look: Look, origin: QPointF) -> None:
    """Marks a seat that is chosen."""
    own = look.places.image_at(origin)
    right = look.places.original_at(origin).right() if look.has_originals else own.right()
    painter.setPen(QPen(theme.colour("accent", look.dark), 2))
    painter.drawRect(QRectF(own.left(), own.top(), right - own.left(), own.height()))


def _draw_words(painter: QPainter, look: Look, place: QRectF, known: SeatInfo) -> None:
    if known.words:
        painter.setPen(theme.plot_foreground(look.dark))
        painter.drawText(
            place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, known.words
        )
    if known.is_marked:
        painter.setPen(theme.colour("accent", look.dark))
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, MARK)


def draw_line(painter: QPainter, place: QRectF, words: str, dark: bool | None) -> None:
    """The line between what is trusted and what is doubtful, and why."""
    y = place.top() + 6
    colour = QColor(theme.plot_foreground(dark))
    painter.setPen(colour)
    text = QRectF(place.left() + GAP, y, place.width() - 2 * GAP, 28)
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    metrics = painter.fontMetrics()
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(text.width()))
    painter.drawText(text, flags, shown)
    colour.setAlphaF(0.5)
    painter.setPen(colour)
    painter.drawLine(QPointF(text.left(), y), QPointF(text.right(), y))


def as_image(tile: Pixels) -> QImage:
    """A tile (h, w, 4) of `in_32_bits`, which has to live as long as the image."""
    height, width = tile.shape[:2]
    return QImage(tile.data, width, height, tile.strides[0], QImage.Format.Format_RGB32)


def in_32_bits(tiles: Pixels) -> Pixels:
    """Tiles (n, h, w) or (n, h, w, 3) as Qt draws them fastest, (n, h, w, 4)."""
    of_qt = np.full((*tiles.shape[:3], 4), 255, np.uint8)
    of_qt[..., :3] = tiles[..., None] if tiles.ndim == 3 else tiles[..., ::-1]
    if sys.byteorder == "big":
        of_qt = of_qt[..., ::-1].copy()
    return of_qt


def faded(tiles: Pixels, opacities: Sequence[float], ground: QColor) -> Pixels:
    """Tiles of `in_32_bits` as they are seen on a ground, which is far sooner done than drawn.

    Args:
        tiles: shape (n, h, w, 4); changed in place.
        opacities: of each, from 0 to 1.
        ground: what is seen through them.
    """
    clear = np.round(256 * np.asarray(opacities)).astype(np.int32)
    doubtful = np.flatnonzero(clear < 256)
    if len(doubtful):
        channels = ground.red(), ground.green(), ground.blue()
        below = in_32_bits(np.array([[[channels]]], np.uint8)).astype(np.int32)
        way = (tiles[doubtful] - below) * clear[doubtful, None, None, None]
        tiles[doubtful] = below + (way >> 8)
    return tiles
