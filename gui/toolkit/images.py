"""Pixels as images of Qt's."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from engine.data.pixels import Pixels


def image_of(tile: Pixels) -> QImage:
    """A tile (h, w) or (h, w, 3), uint8, as an image of its own."""
    height, width = tile.shape[:2]
    is_grey = tile.ndim == 2
    kind = QImage.Format.Format_Grayscale8 if is_grey else QImage.Format.Format_RGB888
    data = np.ascontiguousarray(tile)
    return QImage(data.data, width, height, width * (1 if is_grey else 3), kind).copy()
