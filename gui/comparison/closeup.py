"""One image of a comparison, large: what each run made of it, side by side."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.comparison.cells import LETTERS, Cell
from engine.comparison.comparison import Comparison, Side
from engine.comparison.text import facts
from engine.evidence.gallery_scores import NONE
from engine.viewing.portrait import real_pixels
from gui.inspector.picture import Picture
from gui.toolkit import theme

_LARGE, _SMALL = 280, 84


class Closeup(QDialog):
    """Shows a `Cell` of a comparison; the arrow keys lead to the ones beside it."""

    walked = Signal(int)
    """Emitted with 1 where the next image is wanted, and −1 where the one before is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Image — Afterimage")
        self.where = theme.heading("")
        self.alike = theme.secondary()
        self.columns = tuple(_Column(index) for index in range(len(LETTERS)))
        across = QHBoxLayout()
        across.setSpacing(2 * theme.MARGIN)
        for column in self.columns:
            across.addWidget(column)
        across.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        rows.setSpacing(theme.SPACING)
        rows.addWidget(self.where)
        rows.addWidget(self.alike)
        rows.addLayout(across, 1)
        rows.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        self.before_button = QPushButton("&Before")
        self.before_button.setToolTip("Shows the image before this one (Left).")
        self.next_button = QPushButton("&Next")
        self.next_button.setToolTip("Shows the image after this one (Right).")
        self.close_button = QPushButton("&Close")
        self.close_button.setToolTip("Goes back to all images (Escape).")
        self.close_button.setDefault(True)
        self.before_button.clicked.connect(self._go_back)
        self.next_button.clicked.connect(self._go_on)
        self.close_button.clicked.connect(self.reject)
        # Buttons take arrow keys for themselves, so keys that walk are the window's.
        QShortcut(QKeySequence(Qt.Key.Key_Left), self, self._go_back)
        QShortcut(QKeySequence(Qt.Key.Key_Right), self, self._go_on)
        row = QHBoxLayout()
        row.addWidget(self.before_button)
        row.addWidget(self.next_button)
        row.addStretch(1)
        row.addWidget(self.close_button)
        return row

    def show_cell(
        self, comparison: Comparison, cell: Cell, where: str, names: tuple[str, str]
    ) -> None:
        """Shows another image.

        Args:
            comparison: that it is of.
            cell: which image.
            where: it is among all, in words.
            names: what A and B are called.
        """
        self.where.setText(where)
        self.setWindowTitle(f"{where} — Afterimage")
        for column, side, place, name in zip(
            self.columns, comparison.sides, cell.places, names, strict=True
        ):
            column.setVisible(place is not None)
            if place is not None:
                column.show_image(side, place, name)
        self.alike.setVisible(cell.is_pair)
        if cell.is_pair:
            both = [tuple(pair) for pair in comparison.both.tolist()]
            measure = comparison.measure[both.index(cell.places)]
            self.alike.setText(
                f"{comparison.rule.split()[0]} {measure:.2f} between the two. That both runs found "
                "it does not make it real."
            )
        if not self.isVisible():  # Else the buttons would run away from the mouse.
            self.adjustSize()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for column in self.columns:
            column.restyle()

    @Slot()
    def _go_back(self) -> None:
        self.walked.emit(-1)

    @Slot()
    def _go_on(self) -> None:
        self.walked.emit(1)


class _Column(QWidget):
    """What one run made of it: the image, what is known of it, and the training image."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self._index = index
        letter = LETTERS[index]
        self.title = theme.heading("")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        theme.let_wrap(self.title)
        self.picture = Picture(f"Image of {letter}", _LARGE)
        self.picture.setFixedSize(_LARGE, _LARGE)
        self.picture.setToolTip("Drag it into a folder or another program")
        self.training = Picture(f"Training image beside that of {letter}", _SMALL)
        self.training.setFixedSize(_SMALL, _SMALL)
        self.training.setToolTip("The training image that it is matched with")
        self.values: dict[str, QLabel] = {}
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(theme.MARGIN)
        self._form.setVerticalSpacing(theme.SPACING // 2)
        self._training_caption = theme.secondary("Training image")
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.SPACING)
        rows.addWidget(self.title)
        rows.addWidget(self.picture)
        rows.addLayout(self._form)
        beside = QHBoxLayout()
        beside.addWidget(self.training)
        beside.addWidget(self._training_caption, 1)
        rows.addLayout(beside)
        rows.addStretch(1)
        self.setFixedWidth(_LARGE)
        self.restyle()

    def show_image(self, side: Side, place: int, name: str) -> None:
        """Shows an image of a run that is called so."""
        self.title.setText(f"{LETTERS[self._index]}: {name}")
        self.picture.show_pixels(side.tiles[place])
        self.picture.file_name = f"{LETTERS[self._index]}-{place:04}.png"
        for key, value in facts(side, place):
            self._label(key).setText(value)
        reference = NONE if side.found is None else int(side.found.reference[place])
        self.training.setVisible(reference != NONE)
        self._training_caption.setVisible(reference != NONE)
        if side.found is not None and reference != NONE:
            image = side.found.references.train[reference]
            self.training.show_pixels(real_pixels(image))
            self._training_caption.setText(f"Training image {reference}")

    def _label(self, key: str) -> QLabel:
        """The label that says a fact; made when it is first needed."""
        if key not in self.values:
            value = QLabel()
            value.setTextFormat(Qt.TextFormat.PlainText)
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            name = QLabel(key)
            name.setForegroundRole(theme.QUIET)
            name.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            self._form.addRow(name, value)
            self.values[key] = value
        return self.values[key]

    def restyle(self) -> None:
        """Takes on the colour of its run in the current scheme."""
        palette = self.title.palette()
        palette.setColor(QPalette.ColorRole.WindowText, theme.run_colour(self._index))
        self.title.setPalette(palette)
