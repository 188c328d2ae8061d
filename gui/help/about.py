"""Help → About: what this is, what it is made of, and what it does with your files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.base.version import VERSION
from engine.runtime.devices import describe_device
from engine.runtime.lazy import torch
from gui.help.versions import versions
from gui.toolkit import theme
from gui.toolkit.layout import scrolled

_WIDTH = 460
_WHAT = (
    "Reconstructs images that a neural network was trained on, out of its weights alone. "
    "Only attack models that you may attack."
)
_PRIVACY = (
    "Nothing leaves this computer: no network use and no telemetry. The one exception is a data "
    "set that you download yourself, after a question; nothing is sent. No file that you open "
    "is ever executed."
)
_METHOD = (
    "The method is that of Niv Haim, Gal Vardi, Gilad Yehudai, Ohad Shamir and Michal Irani, "
    "<i>Reconstructing Training Data from Trained Neural Networks</i>, NeurIPS 2022, "
    "arXiv 2206.07758."
)
_LICENCE = "MIT licence. Qt and PySide6 are used under the LGPL, version 3."


def details(devices: Sequence[str]) -> dict[str, str]:
    """What a bug report needs to know. A GPU may take a second to say its name: for a thread.

    Args:
        devices: names as in `engine.runtime.devices.DEVICES`.
    """
    names = [describe_device(torch.device(name)) for name in devices if name != "auto"]
    return {**versions(), "Devices": ", ".join(names)}


class AboutDialog(QDialog):
    """Shows all of it; the versions can be copied."""

    def __init__(self, found: Mapping[str, str], parent: QWidget) -> None:
        """
        Args:
            found: what `details` says.
            parent: owner.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About Afterimage")
        self._details = found
        picture = QLabel()
        picture.setPixmap(QApplication.windowIcon().pixmap(64, 64))
        title = theme.heading(f"Afterimage {VERSION}")
        head = QVBoxLayout()
        head.addWidget(title)
        head.addWidget(_paragraph(_WHAT))
        top = QHBoxLayout()
        top.setSpacing(theme.MARGIN)
        top.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(head, 1)
        self.copy_button = QPushButton("Copy &Versions")
        self.copy_button.setToolTip("For a message that says what went wrong.")
        self.copy_button.clicked.connect(self.copy)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        content = QWidget()
        rows = QVBoxLayout(content)
        rows.setContentsMargins(0, 0, theme.MARGIN, 0)
        rows.setSpacing(theme.MARGIN)
        rows.addLayout(top)
        rows.addWidget(theme.heading("Privacy"))
        rows.addWidget(_paragraph(_PRIVACY))
        rows.addWidget(theme.heading("Versions"))
        rows.addLayout(self._table())
        rows.addWidget(_paragraph(_METHOD))
        rows.addWidget(_paragraph(_LICENCE))
        rows.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        whole.setSpacing(theme.MARGIN)
        whole.addWidget(scrolled(content))
        whole.addWidget(buttons)
        self._fit(content)

    @property
    def text(self) -> str:
        """The versions, one a line."""
        return "\n".join(f"{name}: {version}" for name, version in self._details.items())

    @Slot()
    def copy(self) -> None:
        """Puts the versions into the clipboard."""
        QGuiApplication.clipboard().setText(self.text)

    def _fit(self, content: QWidget) -> None:
        """As large as what it says, where the screen has room; else it scrolls."""
        content.ensurePolished()
        width = max(_WIDTH, content.minimumSizeHint().width())
        height = content.heightForWidth(width) + self.copy_button.sizeHint().height()
        self.setMinimumWidth(width + 2 * theme.MARGIN)
        self.resize(width + 2 * theme.MARGIN, height + 4 * theme.MARGIN)

    def _table(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(theme.MARGIN)
        form.setVerticalSpacing(theme.SPACING // 2)
        for name, version in self._details.items():
            form.addRow(name, _paragraph(version, _WIDTH - 110))
        return form


def _paragraph(text: str, width: int = 0) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setMinimumWidth(width or _WIDTH - 80)
    return label
