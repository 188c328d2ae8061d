"""Undo and redo of what was entered in the settings panel."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import fields
from typing import cast

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QAbstractSpinBox

from engine.settings import Settings
from gui.settings_panel import Entered, SettingsPanel

_LABELS = {each.name: each.metadata.get("label", "Device") for each in fields(Settings)}
_SEVERAL = "Settings"
_MOST = 200


class _Change(QUndoCommand):
    """One edit; edits of the same field that follow each other are one."""

    def __init__(self, panel: SettingsPanel, before: Entered, after: Entered) -> None:
        super().__init__(_what_differs(before, after))
        self._panel, self._before, self.after = panel, before, after

    def id(self) -> int:
        """Edits of the same field have the same number; presets never merge."""
        if self._before.base != self.after.base or self.text() == _SEVERAL:
            return -1
        return zlib.crc32(self.text().encode()) & 0x7FFFFFFF

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Takes in the edit that followed; what leads back to the start is no edit at all."""
        self.after = cast(_Change, other).after
        self.setObsolete(self.after == self._before)
        return True

    def undo(self) -> None:
        """Shows what was there before."""
        self._panel.show_entered(self._before)

    def redo(self) -> None:
        """Shows what came after."""
        if self._panel.entered() != self.after:
            self._panel.show_entered(self.after)


class SettingsHistory(QObject):
    """Follows the panel, and takes it back and forth."""

    changed = Signal()
    """Emitted when other things can be undone or redone than before."""

    def __init__(self, panel: SettingsPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self._entered = panel.entered()
        self._is_moving = False
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(_MOST)
        self.stack.indexChanged.connect(self.changed)
        panel.edited.connect(self._on_edited)
        for box in panel.findChildren(QAbstractSpinBox):
            box.installEventFilter(self)

    def begin_from_here(self) -> None:
        """What the panel shows now came about without the user; it is no edit."""
        self._entered = self._panel.entered()

    @Slot()
    def undo(self) -> None:
        """Takes the last edit back."""
        self._move(self.stack.undo)

    @Slot()
    def redo(self) -> None:
        """Makes it again."""
        self._move(self.stack.redo)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Number fields have an undo of their own for each key; here the whole edit counts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            standard = QKeySequence.StandardKey
            if event.matches(standard.Undo) or event.matches(standard.Redo):
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    def _move(self, move: Callable[[], None]) -> None:
        self._is_moving = True
        move()
        self._is_moving = False
        self.begin_from_here()

    @Slot()
    def _on_edited(self) -> None:
        before, after = self._entered, self._panel.entered()
        if self._is_moving or after == before:
            return
        self._entered = after
        self.stack.push(_Change(self._panel, before, after))


def _what_differs(before: Entered, after: Entered) -> str:
    """`Steps`, `Preset`, or `Settings` where several differ."""
    if before.base.preset != after.base.preset:
        return "Preset"
    names = [name for name, value in after.values.items() if before.values[name] != value]
    return _LABELS[names[0]] if len(names) == 1 else _SEVERAL
