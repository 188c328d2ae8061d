"""The network that a training begins with, where it fine-tunes one: chosen, read, and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.readers import SUFFIXES
from engine.training.from_base import recipe_from
from engine.training.recipe import Recipe
from gui.toolkit import dialogs, theme
from gui.toolkit.background import Background
from gui.toolkit.widgets import verbatim
from gui.training.recipe_form import field_form


@dataclass(frozen=True, eq=False)
class ChosenBase:
    """A network as it was chosen; no other one is the same, whatever their weights."""

    network: Network


class BaseField(QWidget):
    """The base by its name, with a button for a file and one for the network that is open."""

    edited = Signal()
    """Emitted when another base holds."""

    file_wanted = Signal()
    open_network_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen: ChosenBase | None = None
        self.value = theme.value_label()
        self.file = QPushButton("File…")
        self.file.setAccessibleName("Choose a base from a file")
        self.file.setToolTip("Asks for a network to begin with.")
        self.file.clicked.connect(self.file_wanted)
        self.open_network = QPushButton("The open one")
        self.open_network.setAccessibleName("Take the open network for the base")
        self.open_network.setToolTip("<p>Begins with the network that is open, as it is read.</p>")
        self.open_network.clicked.connect(self.open_network_wanted)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACING)
        buttons.addStretch(1)
        buttons.addWidget(self.file)
        buttons.addWidget(self.open_network)
        form = field_form()
        form.addRow("Base", self.value)
        form.addRow("", buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        self.show_chosen(None)

    @property
    def chosen(self) -> ChosenBase | None:
        """What the training begins with, once somebody has chosen it."""
        return self._chosen

    def take(self, network: Network) -> None:
        """Chooses a network."""
        self.show_chosen(ChosenBase(network))
        self.edited.emit()

    def show_chosen(self, chosen: ChosenBase | None) -> None:
        """Shows what was chosen before."""
        self._chosen = chosen
        if chosen is None:
            self.value.setText("none chosen")
            self.value.setToolTip(
                "<p>Its layers and its preprocessing are those to be trained.</p>"
            )
            return
        network, prepared = chosen.network, chosen.network.inputs.preprocessing.described
        self.value.setText(f"{network.origin.name}, {network.architecture}; {prepared}")
        self.value.setToolTip(verbatim(network.origin.file))


class BaseReader(QObject):
    """Takes for the base what can be trained further, from a file or from the window."""

    complained = Signal(str)
    """Emitted with a sentence where the open network cannot be trained further."""

    def __init__(
        self,
        field: BaseField,
        background: Background,
        open_network: Callable[[], Network | None],
    ) -> None:
        """
        Args:
            field: where it is shown.
            background: where files are read.
            open_network: the network that is open, where there is one.
        """
        super().__init__(field)
        self._field, self._background, self._open_network = field, background, open_network
        self._readings = 0
        field.file_wanted.connect(self._choose)
        field.open_network_wanted.connect(self.take_open)

    @Slot()
    def look_again(self) -> None:
        """Another network may be open now."""
        self._field.open_network.setEnabled(self._open_network() is not None)

    @Slot()
    def take_open(self) -> None:
        """Takes the network that is open, if there is one, for what its weights are."""
        network = self._open_network()
        if network is None:
            return
        try:
            self._take(_checked(network.without_base))
        except UnusableInput as error:
            self.complained.emit(str(error))

    def read(self, path: Path) -> None:
        """Takes a network from a file."""
        self._readings += 1
        reading = self._readings
        self._background.start(
            f"Reading {plain(path.name)} …",
            lambda _: _checked(load_network(path)),
            self._take,
            lambda: reading == self._readings,
        )

    @Slot()
    def _choose(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        filters = f"Networks ({patterns});;All files (*)"
        dialogs.choose_file(self._field, "A network to fine-tune", filters, self.read, "models")

    def _take(self, network: Network) -> None:
        self._readings += 1  # What is still being read comes too late.
        self._field.take(network)


def _checked(network: Network) -> Network:
    """The network, if it can be trained further.

    Raises:
        UnusableInput: it cannot.
    """
    recipe_from(network, Recipe.fine_tuning())
    return network
