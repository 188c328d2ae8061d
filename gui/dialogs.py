"""Questions to the user. None of them blocks: the answer comes as a call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget

from engine.version import VERSION

Receiver = Callable[[Path], None]


def choose_file(parent: QWidget, title: str, filters: str, receive: Receiver) -> None:
    """Asks for a file that exists."""
    dialog = _file_dialog(parent, title, filters, receive)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.open()


def choose_folder(parent: QWidget, title: str, receive: Receiver) -> None:
    """Asks for a folder."""
    dialog = _file_dialog(parent, title, "", receive)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.open()


def choose_target(parent: QWidget, title: str, name: str, filters: str, receive: Receiver) -> None:
    """Asks for a file to write; warns before one is replaced."""
    dialog = _file_dialog(parent, title, filters, receive)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix)
    dialog.selectFile(name)
    dialog.open()


def ask(
    parent: QWidget, question: str, details: str, button: str, accepted: Callable[[], None]
) -> None:
    """Asks whether something may be done; calls `accepted` if so. Escape means no."""
    _ask(parent, question, details, button, "&Not Now", accepted)


def ask_to_stop(parent: QWidget, question: str, button: str, stop: Callable[[], None]) -> None:
    """Asks whether the run may be stopped; calls `stop` if so."""
    _ask(parent, question, "What was found so far is kept.", button, "&Keep Running", stop)


def ask_to_stop_training(parent: QWidget, stop: Callable[[], None]) -> None:
    """Asks whether a training may be stopped and the window closed; calls `stop` if so."""
    details = "The network as it stands is kept: File → Open the Last Training."
    question = "Stop the training and close?"
    _ask(parent, question, details, "Stop and &Close", "&Keep Training", stop)


def _ask(
    parent: QWidget,
    question: str,
    details: str,
    button: str,
    otherwise: str,
    accepted: Callable[[], None],
) -> None:
    box = QMessageBox(QMessageBox.Icon.Question, "Afterimage", question, parent=parent)
    box.setInformativeText(details)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    accept = box.addButton(button, QMessageBox.ButtonRole.AcceptRole)
    keep = box.addButton(otherwise, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)

    def answered() -> None:
        if box.clickedButton() is accept:
            accepted()

    box.finished.connect(answered)
    box.open()


def show_about(parent: QWidget) -> None:
    """Help → About."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("About Afterimage")
    box.setIconPixmap(QApplication.windowIcon().pixmap(64, 64))
    box.setText(f"<b>Afterimage {VERSION}</b>")
    box.setInformativeText(
        "Reconstructs images that a neural network was trained on, out of its weights alone."
        "<br><br>The method is that of Haim, Vardi, Yehudai, Shamir and Irani, "
        "<i>Reconstructing Training Data from Trained Neural Networks</i>, NeurIPS 2022."
    )
    box.open()


def _file_dialog(parent: QWidget, title: str, filters: str, receive: Receiver) -> QFileDialog:
    dialog = QFileDialog(parent, title, QSettings().value("folder", "", str), filters)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def chosen(name: str) -> None:
        QSettings().setValue("folder", str(Path(name).parent))
        receive(Path(name))

    dialog.fileSelected.connect(chosen)
    return dialog
