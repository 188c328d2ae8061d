"""Which activation a network is read with, who said so, and others to choose."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from engine.data.inputs import who_said
from engine.network.activation import Activation
from engine.network.network import Network
from gui.toolkit import theme

_SLOPES = (0.0, 0.01, 0.1, 0.2, 0.3)


class ActivationChoice(QWidget):
    """A choice, and below it who said what is chosen."""

    chosen = Signal(object)
    """Emitted with the `Activation` that a person has chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.combo = QComboBox()
        self.combo.setAccessibleName("Activation")
        self.combo.setToolTip(
            "<p>What stands between two layers. Few checkpoints say it; the ReLU is the usual "
            "one.</p>"
        )
        self.combo.activated.connect(self._on_activated)
        self._said_by = theme.secondary()
        self.setFocusProxy(self.combo)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.combo)
        rows.addWidget(self._said_by)
        self.clear()

    @property
    def said_by(self) -> str:
        """Who said what is chosen."""
        return self._said_by.text()

    def clear(self) -> None:
        """No network is open."""
        self.combo.clear()
        self._said_by.hide()

    def show_network(self, network: Network) -> None:
        """Shows how a network is read."""
        self.combo.clear()
        slopes = sorted({*_SLOPES, network.activation.slope})
        for slope in slopes:
            self.combo.addItem(Activation(slope).name, slope)
        self.combo.setCurrentIndex(slopes.index(network.activation.slope))
        self._said_by.setText(who_said(network.activation_said_by))
        self._said_by.show()

    @Slot(int)
    def _on_activated(self, _index: int) -> None:
        self.chosen.emit(Activation(self.combo.currentData()))
