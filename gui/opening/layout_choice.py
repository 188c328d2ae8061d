"""In which order a network reads a colour image, who said so, and the other order to choose."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.data.layout import LAYOUTS, layout_words
from engine.network.network import Network
from gui.opening.said_choice import SaidChoice


class LayoutChoice(SaidChoice):
    """The data of a choice is a `Layout`; none with one channel, or before a convolution."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Layout",
            "The order in which the first layer reads the numbers of a colour image: PyTorch's "
            "way is channel by channel, that of Keras and Flax pixel by pixel. Read the wrong way "
            "round, nothing is found.",
            parent,
        )

    def clear(self) -> None:
        """There is nothing to choose, and nothing to be seen."""
        super().clear()
        self.hide()

    def show_network(self, network: Network) -> None:
        """Shows how a network is read."""
        self.clear()
        if network.input_shape[0] == 1 or network.structure is not None:
            return
        self.show()
        inputs = network.inputs
        choices = [(layout_words(layout), layout) for layout in LAYOUTS]
        self.show_choices(choices, inputs.layout, inputs.layout_said_by)
