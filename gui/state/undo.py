"""Undo and redo of what was entered in a form of settings."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from PySide6.QtCore import QEvent, QObject, Signal, SignalInstance, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QWidget

from engine.reconstruction.settings import Settings

_SEVERAL = "Settings"
_MOST = 200


@dataclass(frozen=True)
class Entered:
    """What stands in a form, whether or not it goes together.

    Attributes:
        values: what is edited in the form, by name.
        base: what the form holds beside that.
    """

    values: Mapping[str, Any]
    base: Settings | None = None


class SettingsForm(Protocol):
    """A widget whose edits can be taken back."""

    @property
    def edited(self) -> SignalInstance:
        """Tells of each edit."""

    @property
    def labels(self) -> Mapping[str, str]:
        """What each value is called in the form, by name."""

    @property
    def leading(self) -> frozenset[str]:
        """Values that bring others with them; choosing one is a step of its own."""

    def entered(self) -> Entered:
        """What stands in the form."""

    def show_entered(self, entered: Entered) -> None:
        """Fills the form with what once stood in it."""


class _Change(QUndoCommand):
    """One edit; edits of the same field that follow each other are one."""

    def __init__(self, form: SettingsForm, before: Entered, after: Entered) -> None:
        names = [name for name, value in after.values.items() if before.values[name] != value]
        super().__init__(_title(form, names))
        self._form, self._before, self.after = form, before, after
        is_one = len(names) == 1 and names[0] not in form.leading
        self._merges = is_one and before.base == after.base

    def id(self) -> int:
        """Edits of the same field have the same number; presets and the like never merge."""
        return zlib.crc32(self.text().encode()) & 0x7FFFFFFF if self._merges else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Takes in the edit that followed; what leads back to the start is no edit at all."""
        self.after = cast(_Change, other).after
        self.setObsolete(self.after == self._before)
        return True

    def undo(self) -> None:
        """Shows what was there before."""
        self._form.show_entered(self._before)

    def redo(self) -> None:
        """Shows what came after."""
        if self._form.entered() != self.after:
            self._form.show_entered(self.after)


class SettingsHistory(QObject):
    """Follows a form, and takes it back and forth."""

    changed = Signal()
    """Emitted when other things can be undone or redone than before."""

    def __init__(self, form: SettingsForm) -> None:
        widget = cast(QWidget, form)
        super().__init__(widget)
        self._form = form
        self._entered = form.entered()
        self._is_moving = False
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(_MOST)
        self.stack.indexChanged.connect(self.changed)
        form.edited.connect(self._on_edited)
        for kind in (QAbstractSpinBox, QLineEdit):
            for field in widget.findChildren(kind):
                field.installEventFilter(self)

    def begin_from_here(self) -> None:
        """What the form shows now came about without the user; it is no edit."""
        self._entered = self._form.entered()

    @Slot()
    def undo(self) -> None:
        """Takes the last edit back."""
        self._move(self.stack.undo)

    @Slot()
    def redo(self) -> None:
        """Makes it again."""
        self._move(self.stack.redo)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fields have an undo of their own for each key; here the whole edit counts."""
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
        before, after = self._entered, self._form.entered()
        if self._is_moving or after == before:
            return
        self._entered = after
        self.stack.push(_Change(self._form, before, after))


def _title(form: SettingsForm, names: list[str]) -> str:
    """`Steps`, `Preset`, or `Settings` where several differ."""
    for name in names:
        if name in form.leading:
            return form.labels[name]
    return form.labels[names[0]] if len(names) == 1 else _SEVERAL
