"""The values of a variable, chosen from a list of those that suggest themselves."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.study.plan import Value
from engine.study.plots import shown
from gui.study.draft import FILES, Draft
from gui.toolkit import dialogs, theme
from gui.toolkit.widgets import verbatim

CHECKPOINT_FILES = (
    "Networks (*.safetensors *.npz *.pth *.pt *.th *.ckpt *.bin *.pkl *.tar);;All files (*)"
)
_HEIGHT = 150


class ValuesEditor(QWidget):
    """Which variable, and which of its values; what is checked is varied."""

    edited = Signal(object)
    """Emitted with a `Draft` over other values."""

    complained = Signal(str)
    """Emitted with a sentence where a value was none."""

    def __init__(self) -> None:
        super().__init__()
        self._draft = Draft({})
        self.variable = QComboBox()
        self.variable.setAccessibleName("What is varied")
        self.variable.setToolTip("What is varied; the number is how many values of it are chosen.")
        self.variable.currentIndexChanged.connect(self._fill)
        self.list = QListWidget()
        self.list.setAccessibleName("Values")
        self.list.setToolTip("What is checked belongs to the study: a run for each, or a training.")
        self.list.setTabKeyNavigation(False)
        self.list.setFixedHeight(_HEIGHT)
        # Later: the list is made anew, and the item that says so is still at it.
        self.list.itemChanged.connect(self._on_checked, Qt.ConnectionType.QueuedConnection)
        self.field = QLineEdit()
        self.field.setAccessibleName("Another value")
        self.field.setToolTip("Another value, which Enter adds to the list.")
        self.field.setPlaceholderText("Another value")
        self.add_button = QPushButton("A&dd")
        self.add_button.setAutoDefault(False)
        self.field.returnPressed.connect(self._add)
        self.add_button.clicked.connect(self._add)
        row = QHBoxLayout()
        row.addWidget(self.field, 1)
        row.addWidget(self.add_button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.SPACING)
        for part in (self.variable, self.list):
            rows.addWidget(part)
        rows.addLayout(row)

    def show_draft(self, draft: Draft, anew: bool) -> None:
        """Shows what is chosen.

        Args:
            draft: the study.
            anew: whether it is another one, of which the variable with most values comes first.
        """
        self._draft = draft
        chosen = draft.first_varied if anew else self.name
        self.variable.blockSignals(True)
        self.variable.clear()
        for name, each in draft.variables.items():
            count = len(draft.values(name))
            self.variable.addItem(f"{plain(each.label)} ({count})" if count else each.label, name)
        self.variable.setCurrentIndex(max(0, self.variable.findData(chosen)))
        self.variable.blockSignals(False)
        self._fill()

    @property
    def name(self) -> str:
        """The variable that is shown."""
        return str(self.variable.currentData() or "")

    def check(self, *values: Value) -> None:
        """Takes these values, and no others."""
        self.edited.emit(self._draft.with_values(self.name, values))

    @Slot()
    def _fill(self) -> None:
        if not self.name:
            return
        is_files = self.name == FILES
        self.field.setVisible(not is_files)
        self.add_button.setText("A&dd Checkpoints…" if is_files else "A&dd")
        self.add_button.setToolTip(
            "Chooses checkpoints, several at once." if is_files else "Adds the value to the list."
        )
        chosen, presets = self._draft.values(self.name), self._draft.variables[self.name].presets
        values = list(dict.fromkeys((*chosen, *presets)))
        if all(isinstance(value, int | float) for value in values):
            values.sort()
        self.list.blockSignals(True)
        self.list.clear()
        for value in values:
            self.list.addItem(_item(value, value in chosen, is_files))
        self.list.blockSignals(False)

    @Slot()
    def _on_checked(self) -> None:
        items = [self.list.item(place) for place in range(self.list.count())]
        self.check(
            *(
                each.data(Qt.ItemDataRole.UserRole)
                for each in items
                if each.checkState() == Qt.CheckState.Checked
            )
        )

    @Slot()
    def _add(self) -> None:
        chosen = self._draft.values(self.name)
        if self.name == FILES:
            dialogs.choose_files(
                self, "Checkpoints of the study", CHECKPOINT_FILES, self.add_files, "models"
            )
            return
        if not self.field.text().strip():
            return
        try:
            value = self._draft.variables[self.name].parse(self.field.text())
        except UnusableInput as error:
            self.complained.emit(str(error))
            return
        self.field.clear()
        self.check(*_in_order([*chosen, value]))

    def add_files(self, paths: list[Path]) -> None:
        """Takes more checkpoints."""
        chosen = self._draft.values(self.name)
        self.check(*dict.fromkeys([*chosen, *(str(path.absolute()) for path in paths)]))


def _item(value: Value, is_chosen: bool, is_file: bool) -> QListWidgetItem:
    words = str(value).replace("\\", "/").rpartition("/")[2] if is_file else shown(value)
    item = QListWidgetItem(plain(words))
    item.setData(Qt.ItemDataRole.UserRole, value)
    item.setToolTip(verbatim(str(value)))
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsSelectable)
    item.setCheckState(Qt.CheckState.Checked if is_chosen else Qt.CheckState.Unchecked)
    return item


def _in_order(values: list[Value]) -> list[Value]:
    """Each once, numbers by their size."""
    once = list(dict.fromkeys(values))
    numbers = [value for value in once if isinstance(value, int | float)]
    return sorted(numbers) if len(numbers) == len(once) else once
