"""The options of an export dialog, as controls."""

from __future__ import annotations

from dataclasses import asdict

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from engine.exports.films import CONTENTS, EASINGS, FilmOptions, parse_candidates
from engine.exports.stills import GridOptions
from gui.toolkit.options_form import OptionsForm


class FilmForm(QWidget):
    """Edits a `FilmOptions`."""

    edited = Signal()

    def __init__(self, has_references: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.what = QComboBox()
        for name, text in CONTENTS.items():
            if name != "pairs" or has_references:
                self.what.addItem(text, name)
        self.what.setAccessibleName("What to show")
        self.what.setToolTip(
            "<p>Pairs show each candidate beside the training image that it matches at the end. "
            "They can be chosen where training images are open.</p>"
        )
        self.chosen = QLineEdit()
        self.chosen.setPlaceholderText("like 3, 17, 20-25")
        self.chosen.setAccessibleName("Numbers of candidates")
        self.chosen.setToolTip(
            "<p>The status bar names the candidate under the pointer by its number.</p>"
        )
        self.easing = QComboBox()
        for name, text in EASINGS.items():
            self.easing.addItem(text, name)
        self.easing.setAccessibleName("Pace")
        self.easing.setToolTip(
            "<p>Every frame shown is a recorded one; none is blended of two. The run records "
            "often at its start and seldom at its end.</p><p>Even: every recorded frame as long "
            "as the others. Slow end: longer towards the end. By steps: as the search went.</p>"
        )
        self.numbers = OptionsForm(
            FilmOptions, {"tiles": "automatic", "duration": "automatic", "hold": "none"}
        )
        self.numbers.show_values(asdict(FilmOptions()))
        self.numbers.editor("tiles").setSingleStep(8)
        for name in ("duration", "hold"):
            seconds = self.numbers.editor(name)
            assert isinstance(seconds, QDoubleSpinBox)
            seconds.setSingleStep(0.5)
        rows = self.numbers.layout()
        assert isinstance(rows, QFormLayout)
        self._rows = rows
        rows.insertRow(0, "S&how", self.what)
        rows.insertRow(1, "Candi&dates", self.chosen)
        rows.insertRow(2, "&Pace", self.easing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.numbers)
        layout.addStretch(1)
        self._follow_what()
        self.what.currentIndexChanged.connect(self._follow_what)
        for signal in (
            self.what.currentIndexChanged,
            self.chosen.textChanged,
            self.easing.currentIndexChanged,
            self.numbers.edited,
        ):
            signal.connect(self.edited)

    def controls(self) -> list[QWidget]:
        """All of them, from top to bottom."""
        return [self.what, self.chosen, self.easing, *self.numbers.editors().values()]

    def options(self) -> FilmOptions:
        """The options as they stand.

        Raises:
            UnusableInput: the candidates are no list of numbers.
        """
        what, text = self.what.currentData(), self.chosen.text().strip()
        chosen = parse_candidates(text) if what == "chosen" and text else ()
        values = self.numbers.values()
        return FilmOptions(what=what, chosen=chosen, easing=self.easing.currentData(), **values)

    @Slot()
    def _follow_what(self) -> None:
        self._rows.setRowVisible(self.chosen, self.what.currentData() == "chosen")


class GridForm(QWidget):
    """Edits a `GridOptions`."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.numbers = OptionsForm(GridOptions, {"scale": "automatic"})
        self.numbers.editor("scale").setSingleStep(1)
        self.numbers.edited.connect(self.edited)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.numbers)
        layout.addStretch(1)

    def controls(self) -> list[QWidget]:
        """All of them."""
        return list(self.numbers.editors().values())

    def options(self) -> GridOptions:
        """The options as they stand."""
        return GridOptions(**self.numbers.values())
