"""What the window shows before anything is open: ways to begin."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.toolkit import theme
from gui.toolkit.layout import scrolled

_TEXT_WIDTH = 440


class EmptyPage(QWidget):
    """What the centre shows while no network is open."""

    open_wanted = Signal()
    sample_wanted = Signal()
    train_wanted = Signal()
    last_run_wanted = Signal()

    def __init__(
        self,
        icon: QIcon,
        last_run: Path,
        cards: QWidget,
        recent: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            icon: of the application.
            last_run: where a copy of the last run is, if there is one.
            cards: the last runs.
            recent: what was opened lately.
            parent: owner.
        """
        super().__init__(parent)
        picture = QLabel()
        picture.setPixmap(icon.pixmap(96, 96))
        title = QLabel("Drop a trained network here")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        title.setFont(font)
        text = theme.secondary(
            "A PyTorch, safetensors, NumPy or ONNX file of a fully connected or convolutional "
            "network with ReLU or leaky ReLU. Nothing in it is executed, and nothing leaves this "
            "machine."
        )
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text.setFixedWidth(_TEXT_WIDTH)
        text.setMinimumHeight(text.heightForWidth(_TEXT_WIDTH))
        self.open_button = QPushButton("&Open…")
        self.open_button.setToolTip("Opens a checkpoint or a session from a file.")
        self.open_button.clicked.connect(self.open_wanted)
        self.sample_button = QPushButton("Try the &sample")
        self.sample_button.setToolTip(
            "Opens a bundled network, with the 100 digits it was trained on to compare with."
        )
        self.sample_button.clicked.connect(self.sample_wanted)
        self.train_button = QPushButton("Tra&in a network…")
        self.train_button.setToolTip(
            "Makes a network that remembers its images, out of images of your choice."
        )
        self.train_button.clicked.connect(self.train_wanted)
        self.last_run_button = QPushButton("Reopen the &last run")
        self.last_run_button.setToolTip("Opens the run that was on last, where it stood.")
        self.last_run_button.clicked.connect(self.last_run_wanted)
        self.last_run_button.setVisible(last_run.exists())
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (
            self.open_button,
            self.sample_button,
            self.train_button,
            self.last_run_button,
        ):
            button.setMinimumWidth(130)
            buttons.addWidget(button)
        buttons.addStretch(1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addStretch(2)
        for widget in (picture, title, text):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
            layout.addSpacing(theme.SPACING)
        layout.addLayout(buttons)
        for below in (cards, recent):
            layout.addWidget(below, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(page))
