"""What the open network was fine-tuned from: opened, shown, and taken away again."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.network.fine_tuned import about_base, changes_of, head_of
from engine.network.network import Network
from gui.opening.said_choice import SaidChoice
from gui.toolkit import theme
from gui.toolkit.widgets import verbatim


class HeadChoice(SaidChoice):
    """What the last layer began as; the data of a choice is a `Head`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Last layer",
            "What the last layer began as. Where the base has as many classes, a new last layer "
            "cannot be told from one that was trained further. The start of a new one is not "
            "known, and it is left out.",
            parent,
        )

    def show_network(self, network: Network | None) -> None:
        """Shows what is assumed, or was said; nothing where there is no choice."""
        self.clear()
        head = None if network is None else head_of(network)
        self.setVisible(head is not None)
        if head is not None:
            choices = [("last layer of the base", "known"), ("new last layer", "new")]
            self.show_choices(choices, head, "nobody" if head == "known" else "user")


class BaseChoice(QWidget):
    """The base by its name, with one button, and below it what its last layer is to this one."""

    wanted = Signal()
    """Emitted when a person wants to say what the base is."""

    removed = Signal()
    """Emitted when the network is to be taken for what its weights are, without a base."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._has_base = False
        self.value, self.button = theme.value_label(), QPushButton()
        self.button.clicked.connect(self._on_clicked)
        self.head = HeadChoice()
        row = QHBoxLayout()
        row.addWidget(self.value, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addLayout(row)
        rows.addWidget(self.head)
        self.setFocusProxy(self.button)
        self.show_network(None)

    def show_network(self, network: Network | None) -> None:
        """Shows what a network was fine-tuned from."""
        base = None if network is None else network.base
        self.head.show_network(network)
        self._has_base = network is not None and base is not None
        if network is None or base is None:
            self.value.setText("—" if network is None else "none given")
            self.value.setToolTip(
                "<p>Where a network was fine-tuned from a public one, what fine-tuning changed is "
                "explained in place of the weights.</p>"
            )
            self._offer("Open…", "Open the base", "Asks for the network it was fine-tuned from.")
            return
        changed = ", ".join(change.words for change in changes_of(network))
        self.value.setText(f"{base.origin.name}; changed per layer: {changed}")
        about = f"SHA-256 {base.origin.sha256}" if base.origin.sha256 else base.origin.file
        self.value.setToolTip(verbatim(about_base(network), about))
        self._offer("Remove", "Remove the base", "Explains the weights themselves again.")

    def set_editable(self, editable: bool) -> None:
        """While a run is on, its base is what it is."""
        self.button.setEnabled(editable)
        self.head.setEnabled(editable)

    def _offer(self, words: str, name: str, tooltip: str) -> None:
        self.button.setText(words)
        self.button.setAccessibleName(name)
        self.button.setToolTip(tooltip)

    @Slot()
    def _on_clicked(self) -> None:
        (self.removed if self._has_base else self.wanted).emit()
