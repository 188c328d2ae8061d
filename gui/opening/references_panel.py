"""The left column's middle part: the images to score against."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.base.plain_text import counted
from engine.data.datasets import LabelledImages
from engine.data.neighbours import Neighbours
from engine.evidence.other_run import OtherRun
from gui.opening.about_images import details_of, number_of
from gui.toolkit import theme
from gui.toolkit.widgets import verbatim


class ReferencesPanel(QWidget):
    """The optional images: training images, and a control set."""

    train_wanted = Signal()
    control_wanted = Signal()
    shown = Signal()
    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._train, self._control = theme.value_label(), theme.value_label()
        self._near, self._near_name = theme.value_label(), QLabel("Neighbours")
        self._near_name.setToolTip("<p>Embeddings by which reconstructed ones are shown.</p>")
        self._other, self._other_name = theme.value_label(), QLabel("Other run")
        self._other_name.setToolTip(
            "<p>A run on another network, which stands beside this one in line-ups.</p>"
        )
        self.choose_train = QPushButton("Choose…")
        self.choose_train.setAccessibleName("Choose training images")
        self.choose_train.setToolTip("Opens images that the network was trained on.")
        self.choose_train.clicked.connect(self.train_wanted)
        self.choose_control = QPushButton("Choose…")
        self.choose_control.setAccessibleName("Choose control images")
        self.choose_control.setToolTip("Opens images of the same kind that the network never saw.")
        self.choose_control.clicked.connect(self.control_wanted)
        self.show_all = QPushButton("Show")
        self.show_all.setAccessibleName("Show the reference images")
        self.show_all.setToolTip("Shows all of these images, with their classes.")
        self.show_all.clicked.connect(self.shown)
        self.remove = QPushButton("Remove both")
        self.remove.setToolTip("Forgets these images; their files stay.")
        self.remove.clicked.connect(self.removed)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        rows = (
            ("Training", self._train, self.choose_train),
            ("Control", self._control, self.choose_control),
        )
        for row, (name, value, button) in enumerate(rows):
            grid.addWidget(QLabel(name), row, 0)
            grid.addWidget(value, row, 1)
            grid.addWidget(button, row, 2)
        grid.addWidget(self._near_name, len(rows), 0)
        grid.addWidget(self._near, len(rows), 1)
        grid.addWidget(self._other_name, len(rows) + 1, 0)
        grid.addWidget(self._other, len(rows) + 1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(theme.heading("Reference images (optional)"))
        layout.addWidget(
            theme.secondary(
                "Only to score what was found; the search never sees them. The control holds "
                "images that the network never saw."
            )
        )
        layout.addLayout(grid)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.show_all, self.remove):
            buttons.addWidget(button)
        layout.addLayout(buttons)
        self.show_references(None, None)
        self.show_neighbours(None)
        self.show_other_run(None)
        self.set_available(False)

    def set_available(self, available: bool) -> None:
        """References need a network to go with."""
        self.choose_train.setEnabled(available)
        self.choose_control.setEnabled(available)

    @property
    def said(self) -> tuple[str, str]:
        """What is said of the training images, and of the control."""
        return self._train.text(), self._control.text()

    def show_neighbours(self, found: Neighbours | None) -> None:
        """Shows how many neighbours are open, where any are."""
        for label in (self._near_name, self._near):
            label.setVisible(found is not None)
        if found is not None:
            self._near.setText(f"{len(found):,}")
            self._near.setToolTip(verbatim(found.name))

    @property
    def said_of_neighbours(self) -> str:
        """What is said of the neighbours; empty where none are open."""
        return self._near.text() if self._near.isVisibleTo(self) else ""

    def show_other_run(self, found: OtherRun | None) -> None:
        """Shows which network the other run is on, where one is open."""
        for label in (self._other_name, self._other):
            label.setVisible(found is not None)
        if found is not None:
            self._other.setText(counted(len(found.candidates), "candidates"))
            self._other.setToolTip(verbatim(f"Candidates of a run on {found.network}"))

    @property
    def said_of_other_run(self) -> str:
        """What is said of the other run; empty where none is open."""
        return self._other.text() if self._other.isVisibleTo(self) else ""

    def show_references(self, train: LabelledImages | None, control: LabelledImages | None) -> None:
        """Shows which images are there."""
        for label, images in ((self._train, train), (self._control, control)):
            label.setText("none" if images is None else number_of(images))
            label.setToolTip("" if images is None else verbatim(*details_of(images)))
        given = sum(images is not None for images in (train, control))
        self.remove.setText("Remove both" if given > 1 else "Remove")
        for button in (self.show_all, self.remove):
            button.setVisible(given > 0)
