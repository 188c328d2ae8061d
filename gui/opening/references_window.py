"""All reference images that are open, to be looked at."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QStackedLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from engine.base.plain_text import counted
from engine.data.datasets import LabelledImages
from engine.data.inputs import shape_in_words
from engine.data.nouns import nouns_of
from engine.data.pixels import Pixels, real_pixels
from engine.evidence.scoring import on_one_scale
from engine.network.classes import Classes
from gui.opening.about_images import about_copies
from gui.opening.image_grid import ImageGrid
from gui.run.context import AppContext
from gui.toolkit import theme
from gui.toolkit.elided import ElidedLabel

_AT_ONCE = 1000
_TITLES = ("Training", "Control")


class ReferencesWindow(QDialog):
    """A tab for the training images and one for the control; follows what is open."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Reference images — Afterimage")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._context = context
        self.sheets = tuple(_Sheet(context, title) for title in _TITLES)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for title, sheet in zip(_TITLES, self.sheets, strict=True):
            self.tabs.addTab(sheet, title)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setToolTip("Closes this window; the images stay open.")
        buttons.rejected.connect(self.reject)
        rows = QVBoxLayout(self)
        rows.addWidget(self.tabs, 1)
        rows.addWidget(buttons)
        self.resize(820, 620)
        context.workspace.changed.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        """Shows what is open now, or closes where nothing is."""
        workspace = self._context.workspace()
        given = (workspace.train, workspace.control)
        if workspace.network is None or given == (None, None):
            self.close()
            return
        for place, (sheet, images) in enumerate(zip(self.sheets, given, strict=True)):
            self.tabs.setTabVisible(place, images is not None)
            if images is not None:
                sheet.show_images(images, workspace.network.classes)


class _Sheet(QWidget):
    """Images of one kind, below a line that says what they are."""

    def __init__(self, context: AppContext, title: str) -> None:
        super().__init__()
        self._background = context.background
        self._images: LabelledImages | None = None
        self._about, self.grid = ElidedLabel(), ImageGrid()
        self.grid.setAccessibleName(f"{title} images")
        wait = theme.secondary("Preparing the images …")
        wait.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedLayout()
        self._pages.addWidget(wait)
        self._pages.addWidget(self.grid)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, theme.SPACING, 0, 0)
        rows.addWidget(self._about)
        rows.addLayout(self._pages, 1)

    @property
    def about(self) -> str:
        """What the line above the images says."""
        return self._about.words

    @property
    def is_ready(self) -> bool:
        """Whether the images are there to be seen."""
        return self._pages.currentIndex() == 1

    def show_images(self, images: LabelledImages, classes: Classes) -> None:
        """Shows images once their pixels are ready, which thousands of them take a while for."""
        if images is self._images:
            return
        self._images = images
        self._pages.setCurrentIndex(0)
        shape = images.images.shape[1:]
        several = counted(len(images), nouns_of(shape).several)
        parts = [f"{several} of {shape_in_words(shape)}", images.name, *about_copies(images)]
        self._about.say(" · ".join(parts))
        names = [classes.numbered(label) for label in classes.labels]

        def prepare(_report: object) -> tuple[Pixels, list[str]]:
            numbers = images.labels.tolist()
            called = [names[k] if 0 <= k < len(names) else str(k) for k in numbers]
            every, begins = images.images, range(0, len(images), _AT_ONCE)
            # All at once would take the room of the images twice more.
            parts = [real_pixels(on_one_scale(every[at : at + _AT_ONCE], every)) for at in begins]
            return np.concatenate(parts), called

        self._background.start(
            "Preparing the images …",
            prepare,
            self._receive,
            lambda: isValid(self) and self._images is images,
        )

    def _receive(self, found: tuple[Pixels, list[str]]) -> None:
        self.grid.show_images(*found)
        self._pages.setCurrentIndex(1)
