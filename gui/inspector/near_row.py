"""The inspector's row of neighbours: what a reconstructed embedding is near to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engine.evidence.neighbourhood import SHOWN
from engine.viewing.near import Near
from gui.inspector.picture import Picture
from gui.toolkit import theme
from gui.toolkit.widgets import verbatim

_ABOUT = (
    "<p>The nearest of the embeddings that were opened as neighbours, and their cosines. They "
    "show what the reconstruction is like; they are no reconstructions.</p>"
)


class NearRow(QWidget):
    """Pictures of the nearest neighbours, or their names, with their cosines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        heading = theme.secondary("Neighbours, by cosine (no reconstructions)")
        heading.setToolTip(_ABOUT)
        grid.addWidget(heading, 0, 0, 1, SHOWN)
        self.pictures: list[Picture] = []
        self.captions: list[QLabel] = []
        for column in range(SHOWN):
            picture, caption = Picture(f"Neighbour {column + 1}", 40), theme.secondary()
            caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
            caption.setTextFormat(Qt.TextFormat.PlainText)  # Names are somebody else's.
            grid.addWidget(picture, 1, column)
            grid.addWidget(caption, 2, column)
            self.pictures.append(picture)
            self.captions.append(caption)
        self.hide()

    def show_near(self, found: Sequence[Near]) -> None:
        """Shows neighbours, the nearest first; hides itself where there are none."""
        self.setVisible(bool(found))
        for column, (picture, caption) in enumerate(zip(self.pictures, self.captions, strict=True)):
            is_there = column < len(found)
            each = found[column] if is_there else None
            picture.setVisible(each is not None and each.pixels is not None)
            caption.setVisible(is_there)
            if each is None:
                continue
            picture.show_pixels(each.pixels)
            name = "" if each.pixels is not None else f"{each.name}\n"
            caption.setText(f"{name}{each.cosine:.2f}")
            picture.setToolTip(verbatim(each.name))
            picture.setAccessibleName(f"Neighbour {each.name}, cosine {each.cosine:.2f}")
