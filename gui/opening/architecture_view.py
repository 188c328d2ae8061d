"""How the convolutions of a network follow each other, who said so, and a way to say otherwise."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from engine.network.architecture_text import written
from engine.network.network import Network
from engine.network.restructured import other_architectures, shaped_layers, text_of
from gui.opening.architecture_dialog import ArchitectureDialog, AskedFor
from gui.toolkit import theme
from gui.toolkit.widgets import verbatim


class ArchitectureView(QWidget):
    """Who said it, and a button; of full layers alone there is nothing to be seen."""

    chosen = Signal(str)
    """Emitted with the architecture that a person has chosen, as text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._network: Network | None = None
        self._said_by = theme.secondary()
        self.change = QPushButton("Change…")
        self.change.setAccessibleName("Change the architecture")
        self.change.setToolTip("Asks for strides, padding and pooling, which no weight shows.")
        self.change.clicked.connect(self._ask)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._said_by, 1)
        row.addWidget(self.change, 0, Qt.AlignmentFlag.AlignTop)
        self.show_network(None)

    @property
    def said_by(self) -> str:
        """Who said what the architecture is."""
        return self._said_by.text()

    def show_network(self, network: Network | None) -> None:
        """Shows how a network is read."""
        self._network = network
        has_structure = network is not None and network.structure is not None
        self.setVisible(has_structure)
        if network is not None and has_structure:
            self._said_by.setText(network.reading.structured_by_words)
            self._said_by.setToolTip(verbatim(text_of(network)))

    @Slot()
    def _ask(self) -> None:
        network = self._network
        if network is None or network.structure is None:
            return
        others = (replace(o, activation=network.activation) for o in other_architectures(network))
        asked = AskedFor(
            network.origin.name,
            shaped_layers(network),
            text_of(network),
            list(map(written, others)),
            network.input_shape if network.inputs.is_known else None,
        )
        dialog = ArchitectureDialog(asked, self.window())
        dialog.chosen.connect(self.chosen)
        dialog.open()
