"""Widgets side by side, as many as there is room for."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.toolkit import theme


class FittingRow(QWidget):
    """Shows the first of the widgets that are wanted: one, and others where none is squeezed."""

    def __init__(self, least: int, parent: QWidget | None = None) -> None:
        """
        Args:
            least: pixels that each of several needs.
            parent: owner.
        """
        super().__init__(parent)
        self._least = least
        self._wanted: dict[QWidget, bool] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.SPACING)

    def add(self, widget: QWidget) -> None:
        """Puts a widget behind the others."""
        self._wanted[widget] = True
        self._row.addWidget(widget, 1)
        self._fit()

    def want(self, widget: QWidget, is_wanted: bool) -> None:
        """Whether a widget is to be seen, if there is room."""
        self._wanted[widget] = is_wanted
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """There is more or less room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        spacing = self._row.spacing()
        room = max(1, (self.width() + spacing) // (self._least + spacing))
        wanted = [widget for widget, is_wanted in self._wanted.items() if is_wanted]
        for widget in self._wanted:
            widget.setVisible(widget in wanted[:room])
