"""A form for the options of a dataclass; names, tooltips and ranges come from the fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.base.options import is_number
from gui.toolkit import theme

Editor = QSpinBox | QDoubleSpinBox


def labels_of(kind: type) -> dict[str, str]:
    """What the options of a dataclass are called, by name."""
    return {each.name: each.metadata["label"] for each in fields(kind) if each.metadata}


class OptionsForm(QWidget):
    """One row an option."""

    edited = Signal()

    def __init__(
        self,
        kind: type,
        special: Mapping[str, str],
        left_out: tuple[str, ...] = (),
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            kind: a dataclass whose numbers are made with `engine.base.options.option`; what it
                holds beside them has no row.
            special: words for the lowest value of some options.
            left_out: options that are edited elsewhere.
            parent: owner.
        """
        super().__init__(parent)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(theme.MARGIN)
        self._editors: dict[str, Editor] = {}
        self._labels: dict[str, QLabel] = {}
        self._tooltips: dict[str, str] = {}
        for each in fields(kind):
            if not is_number(each) or each.name in left_out:
                continue
            editor = make_editor(each, special.get(each.name, ""))
            label = QLabel(each.metadata["label"])
            label.setWordWrap(True)
            label.setToolTip(editor.toolTip())
            label.setBuddy(editor)
            form.addRow(label, editor)
            editor.valueChanged.connect(self.edited)
            self._editors[each.name] = editor
            self._labels[each.name] = label
            self._tooltips[each.name] = editor.toolTip()

    def values(self) -> dict[str, Any]:
        """What the editors say, by name."""
        return {name: editor.value() for name, editor in self._editors.items()}

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Fills the editors; values of options that are edited elsewhere do no harm."""
        for name, editor in self._editors.items():
            editor.setValue(values[name])

    def show_without_effect(self, reasons: Mapping[str, str]) -> None:
        """Greys out what has no effect as things are, and says why.

        Args:
            reasons: by the option's name; all others can be edited.
        """
        for name, editor in self._editors.items():
            label = self._labels[name]
            why = reasons.get(name, "")
            tooltip = f"<p>{why}</p>{self._tooltips[name]}" if why else self._tooltips[name]
            for part in (editor, label):
                part.setEnabled(not why)
                part.setToolTip(tooltip)

    def editors(self) -> Mapping[str, Editor]:
        """All editors, by name."""
        return self._editors

    def editor(self, name: str) -> Editor:
        """The editor of one option."""
        return self._editors[name]


class Fold(QWidget):
    """A body that is folded away behind a button."""

    def __init__(self, text: str, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._body = body
        self.button = QToolButton()
        self.button.setText(text)
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setAutoRaise(True)
        self.button.setToolTip("Shows what seldom needs a change, or hides it.")
        self.button.toggled.connect(self._on_folded)
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        layout.addWidget(body)
        self._on_folded(False)

    def settle(self) -> None:
        """Takes the size of what is unfolded at once."""
        self._layout.activate()

    @Slot(bool)
    def _on_folded(self, unfolded: bool) -> None:
        self._body.setVisible(unfolded)
        arrow = Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow
        self.button.setArrowType(arrow)


class _PlainSpinBox(QDoubleSpinBox):
    """Shows 0.3 as 0.3, not as 0.300000."""

    def textFromValue(self, value: float) -> str:
        """The shortest text for a value."""
        return self.locale().toString(value, "g", 6)

    def stepBy(self, steps: int) -> None:
        """Between a lowest value that stands for a word and the next one to set are no steps."""
        next_one = 0.0 if self.minimum() < 0 else 1.0
        if not self.specialValueText() or self.value() > next_one:
            super().stepBy(steps)
        elif steps < 0:
            self.setValue(self.minimum())
        elif self.value() < next_one:
            self.setValue(next_one)
        else:
            super().stepBy(steps)


def make_editor(each: Field[Any], special: str = "") -> Editor:
    """An editor for one option, with its range and tooltip."""
    editor: Editor
    if isinstance(each.default, int):
        editor = QSpinBox()
        editor.setGroupSeparatorShown(each.name != "seed")
        editor.setRange(int(each.metadata["low"]), min(int(each.metadata["high"]), 2**31 - 1))
        editor.setSingleStep(1 if each.name in ("seed", "restarts") else 50)
    else:
        editor = _PlainSpinBox()
        editor.setDecimals(12 if each.metadata["low"] and each.metadata["low"] < 1e-6 else 9)
        editor.setRange(each.metadata["low"], each.metadata["high"])
        editor.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    if special:
        editor.setSpecialValueText(special)
    editor.setToolTip(f"<p>{each.metadata['tooltip']}</p>")
    editor.setAccessibleName(each.metadata["label"])
    return editor
