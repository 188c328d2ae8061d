"""A choice of how a network is read, and below it who said what is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from engine.data.inputs import Says, who_said
from gui.toolkit import theme


class SaidChoice(QWidget):
    """What a file may have said, a person can choose, and else is assumed."""

    chosen = Signal(object)
    """Emitted with the data of what a person has chosen."""

    def __init__(self, name: str, about: str, parent: QWidget | None = None) -> None:
        """
        Args:
            name: of the choice, for those who do not see it.
            about: its tooltip.
            parent: as of every widget.
        """
        super().__init__(parent)
        self.combo = QComboBox()
        self.combo.setAccessibleName(name)
        self.combo.setToolTip(f"<p>{about}</p>")
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
        """There is nothing to choose."""
        self.combo.clear()
        self._said_by.hide()

    def show_choices(self, choices: Iterable[tuple[str, Any]], chosen: Any, said_by: Says) -> None:
        """Shows what there is to choose.

        Args:
            choices: words and data of each.
            chosen: data of the one that holds.
            said_by: who said so.
        """
        self.combo.clear()
        for words, data in choices:
            self.combo.addItem(words, data)
        self.combo.setCurrentIndex(self.combo.findData(chosen))
        self._said_by.setText(who_said(said_by))
        self._said_by.show()

    @Slot(int)
    def _on_activated(self, _index: int) -> None:
        self.chosen.emit(self.combo.currentData())
