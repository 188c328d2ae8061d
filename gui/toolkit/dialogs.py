"""Questions to the user. None of them blocks: the answer comes as a call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from gui.toolkit import stored

Receiver = Callable[[Path], None]

Purpose = Literal["models", "images", "results"]
"""What a file dialog is for; each kind remembers a folder of its own."""

RESULTS_FOLDER = "results"
"""Under this key the folder is stored that a person prefers for results."""


IMAGES = "Images and tables (*.npz *.npy *.pt *.pth *.csv *ubyte *ubyte.gz);;All files (*)"
"""The files that images, or rows of a table, are read from."""


def choose_file(
    parent: QWidget, title: str, filters: str, receive: Receiver, purpose: Purpose = "images"
) -> None:
    """Asks for a file that exists."""
    dialog = _file_dialog(parent, title, filters, receive, purpose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.open()


def choose_files(
    parent: QWidget,
    title: str,
    filters: str,
    receive: Callable[[list[Path]], None],
    purpose: Purpose,
) -> None:
    """Asks for several files that exist."""
    dialog = QFileDialog(parent, title, first_folder(purpose), filters)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)

    def chosen(names: list[str]) -> None:
        stored.store_folder(f"last_folder_{purpose}", Path(names[0]).parent)
        receive([Path(name) for name in names])

    dialog.filesSelected.connect(chosen)
    dialog.open()


def choose_folder(
    parent: QWidget, title: str, receive: Receiver, purpose: Purpose = "images"
) -> None:
    """Asks for a folder."""
    dialog = _file_dialog(parent, title, "", receive, purpose)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.open()


def choose_target(parent: QWidget, title: str, name: str, filters: str, receive: Receiver) -> None:
    """Asks for a file to write; warns before one is replaced."""
    dialog = _file_dialog(parent, title, filters, receive, "results")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix)
    dialog.selectFile(name)
    dialog.open()


def ask(
    parent: QWidget, question: str, details: str, button: str, accepted: Callable[[], None]
) -> None:
    """Asks whether something may be done; calls `accepted` if so. Escape means no."""
    _ask(parent, question, details, button, "&Not Now", accepted)


def ask_about_two(
    parent: QWidget, question: str, details: str, choices: dict[str, Callable[[], None]]
) -> None:
    """Asks what two files are to each other; Escape leaves them."""
    _ask_among(parent, question, details, choices, "&Not Now")


def ask_to_stop(parent: QWidget, question: str, button: str, stop: Callable[[], None]) -> None:
    """Asks whether the run may be stopped; calls `stop` if so."""
    _ask(parent, question, "What was found so far is kept.", button, "&Keep Running", stop)


def ask_to_stop_training(parent: QWidget, stop: Callable[[], None]) -> None:
    """Asks whether a training may be stopped and the window closed; calls `stop` if so."""
    details = "The network as it stands is kept: File → Open the Last Training."
    question = "Stop the training and close?"
    _ask(parent, question, details, "Stop and &Close", "&Keep Training", stop)


def ask_to_stop_study(parent: QWidget, stop: Callable[[], None]) -> None:
    """Asks whether a study may be stopped and the window closed; calls `stop` if so."""
    details = "Runs that have ended are kept; Studies → Go On makes the others."
    _ask(parent, "Stop the study and close?", details, "Stop and &Close", "&Keep Running", stop)


def ask_to_stop_queue(
    parent: QWidget, after_this: Callable[[], None], now: Callable[[], None]
) -> None:
    """Asks when the queue is to stop, and calls what was chosen; Escape lets it go on."""
    _ask_among(
        parent,
        "Stop the queue?",
        "What is finished is written already; what waits stays in the list.",
        {"After &This Run": after_this, "Stop &Now": now},
        "&Keep Running",
    )


def _ask(
    parent: QWidget,
    question: str,
    details: str,
    button: str,
    otherwise: str,
    accepted: Callable[[], None],
) -> None:
    _ask_among(parent, question, details, {button: accepted}, otherwise)


def _ask_among(
    parent: QWidget,
    question: str,
    details: str,
    choices: dict[str, Callable[[], None]],
    otherwise: str,
) -> None:
    """Asks among several things to do, by the words of their buttons, or none of them."""
    box = QMessageBox(QMessageBox.Icon.Question, "Afterimage", question, parent=parent)
    box.setInformativeText(details)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    buttons = {
        box.addButton(words, QMessageBox.ButtonRole.AcceptRole): choose
        for words, choose in choices.items()
    }
    keep = box.addButton(otherwise, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)

    def answered() -> None:
        for button, choose in buttons.items():
            if box.clickedButton() is button:
                choose()

    box.finished.connect(answered)
    box.open()


def first_folder(purpose: Purpose) -> str:
    """Where a dialog begins: where the last one of its kind ended, or where results belong."""
    preferred = stored.folder(RESULTS_FOLDER) if purpose == "results" else None
    return str(preferred or stored.folder(f"last_folder_{purpose}") or "")


def _file_dialog(
    parent: QWidget, title: str, filters: str, receive: Receiver, purpose: Purpose
) -> QFileDialog:
    dialog = QFileDialog(parent, title, first_folder(purpose), filters)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def chosen(name: str) -> None:
        stored.store_folder(f"last_folder_{purpose}", Path(name).parent)
        receive(Path(name))

    dialog.fileSelected.connect(chosen)
    return dialog
