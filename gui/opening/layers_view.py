"""The layers of a network: how large they are, in which order, and what the file had besides."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from engine.base.plain_text import counted, percent
from engine.evidence.trials import Trials
from engine.network.network import Network
from engine.network.orders import Order
from gui.toolkit import theme
from gui.toolkit.widgets import verbatim

_MOST_ORDERS = 24
_WIDTH = 12
_ORDER = Qt.ItemDataRole.UserRole


class LayersView(QWidget):
    """The sizes, below them a choice where the shapes allow several orders, and notes."""

    chosen = Signal(object)
    """Emitted with the `Order` that a person has chosen among those that fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._network: Network | None = None
        self._sizes = QLabel()
        self._sizes.setWordWrap(True)
        self._sizes.setTextFormat(Qt.TextFormat.PlainText)
        self._sizes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.let_wrap(self._sizes)
        self.order = QComboBox()
        self.order.setAccessibleName("Order of the layers")
        self.order.setToolTip(
            "<p>Several orders of these layers fit together. Training images tell which of them is "
            "right.</p>"
        )
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.order.setSizeAdjustPolicy(policy)
        self.order.setMinimumContentsLength(_WIDTH)
        self.order.activated.connect(self._on_activated)
        self._ordered_by, self._notes = theme.secondary(), theme.secondary()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for widget in (self._sizes, self.order, self._ordered_by, self._notes):
            rows.addWidget(widget)
        self.clear()

    @property
    def sizes(self) -> str:
        """What is shown of them."""
        return self._sizes.text()

    @property
    def ordered_by(self) -> str:
        """What the order was told by; empty where there is only one."""
        return "" if self._ordered_by.isHidden() else self._ordered_by.text()

    @property
    def notes(self) -> str:
        """How many tensors are no layers as they stand; empty where there are none."""
        return "" if self._notes.isHidden() else self._notes.text()

    def clear(self) -> None:
        """No network is open."""
        self._network = None
        self._sizes.setText("—")
        for widget in (self.order, self._ordered_by, self._notes):
            widget.hide()

    def show_network(self, network: Network) -> None:
        """Shows how a network is read."""
        self._network = network
        self._sizes.setText(network.architecture)
        reading = network.reading
        self._ordered_by.setText(reading.ordered_by_words)
        parts = (
            (reading.applied, "worked out of several tensors"),
            (reading.ignored, "ignored"),
        )
        notes = [f"{counted(len(noted), 'tensors')} {what}" for noted, what in parts if noted]
        self._notes.setText(", ".join(notes))
        self._notes.setToolTip(verbatim(*reading.notes))
        self._notes.setVisible(bool(notes))
        self.show_tried(None)

    def show_tried(self, found: Trials[Order] | None) -> None:
        """Shows the orders that fit, with training images the best first."""
        network = self._network
        if network is None:
            return
        shares = {} if found is None else {t.way: t.right for t in found.ranked[:_MOST_ORDERS]}
        self.order.clear()
        fitting = network.orders(_MOST_ORDERS)
        shown = list(dict.fromkeys((*shares, *fitting)))
        for order in shown:
            right = f" ({percent(shares[order])} right)" if order in shares else ""
            self.order.addItem(network.layers_in(order) + right)
            self.order.setItemData(self.order.count() - 1, list(order), _ORDER)
        self.order.setCurrentIndex(shown.index(fitting[0]))
        for widget in (self.order, self._ordered_by):
            widget.setVisible(len(fitting) > 1)

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.chosen.emit(tuple(self.order.itemData(index, _ORDER)))
