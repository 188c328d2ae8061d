"""The options of an export dialog, as controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from engine.exports.film_options import (
    CONTENTS,
    EASINGS,
    PRESETS,
    FilmOptions,
    parse_candidates,
)
from engine.exports.stills import GridOptions
from gui.toolkit.options_form import OptionsForm

_SWITCHES = {
    "caption": ("Line of &words", "Says at the top which network it is, and what is shown."),
    "step": (
        "S&tep",
        "The recorded steps that a frame is, or lies between: from one to the next it is blended.",
    ),
    "strip": ("&Losses", "The stationarity loss below, with a cursor; both axes are logarithmic."),
    "noise": (
        "&Noise outside",
        "The part of a candidate that the weights say nothing of: noise at the start, and gone "
        "from the middle of the search on. It is never scored.",
    ),
}
_OF_PAGES = ("caption", "step", "strip")


class FilmForm(QWidget):
    """Edits a `FilmOptions`."""

    edited = Signal()

    def __init__(
        self, has_references: bool, chosen: Sequence[int] = (), parent: QWidget | None = None
    ) -> None:
        """
        Args:
            has_references: whether pairs can be shown; they are offered first then.
            chosen: candidates to begin with.
            parent: owner.
        """
        super().__init__(parent)
        self.preset = _combo(
            "Format",
            {
                name: each.name
                for name, each in PRESETS.items()
                if has_references or not each.is_of_pairs
            },
            "<p>A page of exactly this size, at 25 frames a second: each recorded state of the "
            "search is blended into the next, in equal steps of change. A file for a web page is "
            "made to fit.</p><p>Recorded frames only: nothing is blended, and the size goes by "
            "the images.</p>",
        )
        self.what = _combo(
            "What to show",
            {name: text for name, text in CONTENTS.items() if has_references or name != "pairs"},
            "<p>Pairs show each candidate beside the training image that it matches at the end. "
            "They can be chosen where training images are open.</p>",
        )
        self.chosen = _candidates("")
        self.easing = _combo(
            "Pace",
            EASINGS,
            "<p>Every frame shown is a recorded one; none is blended of two. The run records "
            "often at its start and seldom at its end.</p><p>Even: every recorded frame as long "
            "as the others. Slow end: longer towards the end. By steps: as the search went.</p>",
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
        self.switches = {name: _switch(*words) for name, words in _SWITCHES.items()}
        if chosen:
            self.preset.setCurrentIndex(self.preset.findData("web"))
            self.what.setCurrentIndex(self.what.findData("chosen"))
            self.chosen.setText(_listed(chosen))
        self._lay_out()
        self._follow()
        self.preset.currentIndexChanged.connect(self._follow)
        self.what.currentIndexChanged.connect(self._follow)
        for signal in (
            self.preset.currentIndexChanged,
            self.what.currentIndexChanged,
            self.chosen.textChanged,
            self.easing.currentIndexChanged,
            self.numbers.edited,
            *(switch.toggled for switch in self.switches.values()),
        ):
            signal.connect(self.edited)

    def _lay_out(self) -> None:
        rows = self.numbers.layout()
        assert isinstance(rows, QFormLayout)
        self._rows = rows
        rows.insertRow(0, "&Format", self.preset)
        rows.insertRow(1, "S&how", self.what)
        rows.insertRow(2, "Candi&dates", self.chosen)
        rows.insertRow(3, "&Pace", self.easing)
        for switch in self.switches.values():
            rows.addRow("", switch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.numbers)
        layout.addStretch(1)

    def controls(self) -> list[QWidget]:
        """All of them, from top to bottom."""
        choices = [self.preset, self.what, self.chosen, self.easing]
        return [*choices, *self.numbers.editors().values(), *self.switches.values()]

    def options(self) -> FilmOptions:
        """The options as they stand.

        Raises:
            UnusableInput: the candidates are no list of numbers.
        """
        preset = self.preset.currentData()
        what = "pairs" if PRESETS[preset].is_of_pairs else self.what.currentData()
        text = self.chosen.text().strip()
        return FilmOptions(
            preset=preset,
            what=what,
            chosen=parse_candidates(text) if what == "chosen" and text else (),
            easing=self.easing.currentData(),
            **self.numbers.values(),
            **{name: switch.isChecked() for name, switch in self.switches.items()},
        )

    @Slot()
    def _follow(self) -> None:
        """Shows what has an effect."""
        preset = PRESETS[self.preset.currentData()]
        is_page = preset.size is not None
        is_chosen = self.what.currentData() == "chosen" and not preset.is_of_pairs
        self._rows.setRowVisible(self.what, not preset.is_of_pairs)
        self._rows.setRowVisible(self.chosen, is_chosen)
        self._rows.setRowVisible(self.easing, not is_page)
        self._rows.setRowVisible(self.numbers.editor("width"), not is_page)
        for name in _OF_PAGES:
            self._rows.setRowVisible(self.switches[name], is_page)


class GridForm(QWidget):
    """Edits a `GridOptions`."""

    edited = Signal()

    def __init__(self, chosen: Sequence[int] = (), parent: QWidget | None = None) -> None:
        """
        Args:
            chosen: candidates to begin with; none, the gallery.
            parent: owner.
        """
        super().__init__(parent)
        self.chosen = _candidates(_listed(chosen))
        self.chosen.setPlaceholderText("the gallery")
        self.chosen.textChanged.connect(self.edited)
        self.numbers = OptionsForm(GridOptions, {"scale": "automatic"})
        self.numbers.editor("scale").setSingleStep(1)
        self.numbers.edited.connect(self.edited)
        rows = self.numbers.layout()
        assert isinstance(rows, QFormLayout)
        rows.insertRow(0, "Candi&dates", self.chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.numbers)
        layout.addStretch(1)

    def controls(self) -> list[QWidget]:
        """All of them."""
        return [self.chosen, *self.numbers.editors().values()]

    def options(self) -> GridOptions:
        """The options as they stand.

        Raises:
            UnusableInput: the candidates are no list of numbers.
        """
        text = self.chosen.text().strip()
        chosen = parse_candidates(text) if text else ()
        return GridOptions(**self.numbers.values(), chosen=chosen)


def _combo(name: str, choices: Mapping[str, str], tooltip: str) -> QComboBox:
    combo = QComboBox()
    for word, text in choices.items():
        combo.addItem(text, word)
    combo.setAccessibleName(name)
    combo.setToolTip(tooltip)
    return combo


def _switch(text: str, tooltip: str) -> QCheckBox:
    switch = QCheckBox(text)
    switch.setAccessibleName(text.replace("&", ""))
    switch.setToolTip(f"<p>{tooltip}</p>")
    switch.setChecked(True)
    return switch


def _candidates(text: str) -> QLineEdit:
    line = QLineEdit(text)
    line.setPlaceholderText("like 3, 17, 20-25")
    line.setAccessibleName("Numbers of candidates")
    line.setToolTip("<p>The status bar names the candidate under the pointer by its number.</p>")
    return line


def _listed(chosen: Sequence[int]) -> str:
    return ", ".join(str(candidate) for candidate in chosen)
