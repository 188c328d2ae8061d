"""Draws the icon in all sizes and containers that systems ask for, from the one SVG.

python packaging/icons.py FOLDER
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

_SVG = Path(__file__).resolve().parent.parent / "resources" / "icons" / "afterimage.svg"

SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
"""Widths of the PNG files, in pixels."""

_ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
_ICNS_KINDS = {"icp4": 16, "icp5": 32, "icp6": 64, "ic07": 128, "ic08": 256, "ic09": 512}


def draw_icons(folder: Path) -> None:
    """Writes `afterimage-N.png` for all sizes, `afterimage.ico` and `afterimage.icns`."""
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        (folder / f"afterimage-{size}.png").write_bytes(png(size))
    (folder / "afterimage.ico").write_bytes(ico())
    (folder / "afterimage.icns").write_bytes(icns())


def png(size: int) -> bytes:
    """The icon as a PNG file, `size` pixels wide and high, on nothing."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(_SVG)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(content.data())


def ico() -> bytes:
    """Windows: a directory of six bytes, sixteen bytes an image, and the images as PNG."""
    images = [(size, png(size)) for size in _ICO_SIZES]
    start = 6 + 16 * len(images)
    head, body = struct.pack("<HHH", 0, 1, len(images)), b""
    for size, image in images:
        width = size % 256  # 0 means 256.
        place = start + len(body)
        head += struct.pack("<BBBBHHII", width, width, 0, 0, 1, 32, len(image), place)
        body += image
    return head + body


def icns() -> bytes:
    """macOS: each image as PNG after the name of its kind and its length."""
    body = b""
    for kind, size in _ICNS_KINDS.items():
        image = png(size)
        body += struct.pack(">4sI", kind.encode(), 8 + len(image)) + image
    return struct.pack(">4sI", b"icns", 8 + len(body)) + body


if __name__ == "__main__":
    draw_icons(Path(sys.argv[1]))
