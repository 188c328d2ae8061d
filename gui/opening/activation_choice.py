"""Which activation a network is read with, who said so, and others to choose."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.network.activation import Activation
from engine.network.network import Network
from gui.opening.said_choice import SaidChoice

_SLOPES = (0.0, 0.01, 0.1, 0.2, 0.3)


class ActivationChoice(SaidChoice):
    """The data of a choice is the slope below zero."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Activation",
            "What stands between two layers. Few checkpoints say it; the ReLU is the usual one.",
            parent,
        )

    def show_network(self, network: Network) -> None:
        """Shows how a network is read."""
        slopes = sorted({*_SLOPES, network.activation.slope})
        choices = [(Activation(slope).name, slope) for slope in slopes]
        self.show_choices(choices, network.activation.slope, network.activation_said_by)
