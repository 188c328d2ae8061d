"""What went wrong, what is safe, what to do; and details that a person can send."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from engine.base.files import atomic_path
from gui.toolkit import dialogs, theme
from gui.toolkit.options_form import Fold

_SAFE, _TO_DO = "What is safe", "What to do"
_WIDTH = 520
_DETAILS_HEIGHT = 220


class ErrorDialog(QDialog):
    """Stands beside the window, which stays usable. The same dialog takes further errors."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Afterimage: something went wrong")
        self._headline = theme.heading("Something went wrong")
        self._happened, self._count = _text(), theme.secondary()
        self._safe, self._advice = _text(), _text()
        self._said = theme.secondary()
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setAccessibleName("Details")
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setMinimumHeight(_DETAILS_HEIGHT)
        self.fold = Fold("&Details", self.details)
        self.fold.button.toggled.connect(self._fit)
        self.copy_button = QPushButton("&Copy Details")
        self.copy_button.setToolTip("Copies the details, to be pasted into a message.")
        self.save_button = QPushButton("&Save Details…")
        self.save_button.setToolTip("Writes the details to a text file. Nothing is sent.")
        self.close_button = QPushButton("Clos&e")
        self.close_button.setDefault(True)
        self.copy_button.clicked.connect(self._copy)
        self.save_button.clicked.connect(self._ask_where_to_save)
        self.close_button.clicked.connect(self.close)
        self._build()

    def _build(self) -> None:
        icon = QLabel()
        side = self.style().pixelMetric(QStyle.PixelMetric.PM_LargeIconSize)
        warning = self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning)
        icon.setPixmap(warning.pixmap(side, side))
        rows = QVBoxLayout()
        rows.setSpacing(theme.SPACING)
        rows.addWidget(self._headline)
        rows.addWidget(self._happened)
        rows.addWidget(self._count)
        for title, text in ((_SAFE, self._safe), (_TO_DO, self._advice)):
            rows.addSpacing(theme.SPACING)
            rows.addWidget(theme.heading(title))
            rows.addWidget(text)
        upper = QHBoxLayout()
        upper.setSpacing(theme.MARGIN)
        upper.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        upper.addLayout(rows, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.save_button)
        buttons.addWidget(self._said, 1)
        buttons.addWidget(self.close_button)
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        layout.setSpacing(theme.MARGIN)
        layout.addLayout(upper)
        layout.addWidget(self.fold, 1)
        layout.addLayout(buttons)
        self.setMinimumWidth(_WIDTH)

    def tell(self, happened: str, count: str, safe: str, advice: str, details: str) -> None:
        """Shows an error, or one more.

        Args:
            happened: what, in plain words.
            count: how often, where it was more than once.
            safe: what is open and kept.
            advice: what to do.
            details: for whoever looks into it.
        """
        self._happened.setText(happened)
        self._count.setText(count)
        self._count.setVisible(bool(count))
        self._safe.setText(safe)
        self._advice.setText(advice)
        if self.details.toPlainText() != details:
            self.details.setPlainText(details)
        self._said.clear()
        self._fit()

    @property
    def text(self) -> str:
        """All that can be read without unfolding anything."""
        parts = [label.text() for label in (self._headline, self._happened, self._count)]
        parts += [f"{_SAFE}: {self._safe.text()}", f"{_TO_DO}: {self._advice.text()}"]
        return "\n".join(part for part in parts if part)

    @Slot()
    def _fit(self) -> None:
        """As high as its text, and no higher; a fold that closes gives its place back."""
        self.fold.settle()
        self._layout.invalidate()
        self._layout.activate()
        width = max(self.width(), _WIDTH)
        height = self._layout.totalHeightForWidth(width)
        self.resize(width, height if height > 0 else self.sizeHint().height())

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.text}\n\n{self.details.toPlainText()}")
        self._said.setText("Copied.")

    @Slot()
    def _ask_where_to_save(self) -> None:
        dialogs.choose_target(
            self, "Save the details", "afterimage-error.txt", "Text (*.txt)", self.save
        )

    def save(self, path: Path) -> None:
        """Writes the details."""
        try:
            with atomic_path(path) as temporary:
                text = f"{self.text}\n\n{self.details.toPlainText()}\n"
                temporary.write_text(text, encoding="utf-8")
        except OSError as error:
            self._said.setText(f"Not saved: {error.strerror or error}.")
        else:
            self._said.setText(f"Saved {path.name}.")


def _text() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
