"""Saving from the window: which file, and the work done on a thread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from engine import results
from engine.live import References
from engine.network import Network
from engine.scoring import score
from engine.session import SUFFIX, Session, save_session
from gui.task import Report

_KINDS = {
    "gif": ("Export the drift as GIF", "drift.gif", "GIF (*.gif)"),
    "mp4": ("Export the drift as MP4", "drift.mp4", "MP4 (*.mp4)"),
    "png": ("Export the images as PNG", "images.png", "PNG (*.png)"),
    "npz": ("Export the images as NPZ", "reconstructions.npz", "NPZ (*.npz)"),
    "session": ("Save the session", f"run{SUFFIX}", f"Session (*{SUFFIX})"),
    "folder": ("Folder for GIF, images, losses and report", "", ""),
}


def save_dialog(parent: QWidget, kind: str, network: Network) -> QFileDialog:
    """A dialog that asks where an export shall go."""
    title, name, filters = _KINDS[kind]
    dialog = QFileDialog(parent, title, QSettings().value("folder", "", str), filters)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    if kind == "folder":
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptOpen)
    else:
        dialog.setDefaultSuffix(Path(name).suffix)
        dialog.selectFile(f"{Path(network.origin.name).stem}-{name}")
    return dialog


def write(
    session: Session, references: References | None, kind: str, path: Path, report: Report
) -> None:
    """Writes one kind of export; called on a thread.

    Raises:
        OSError: it cannot be written; what stood there before is untouched.
        Cancelled: `report` said so.
    """
    if kind == "session":
        save_session(session, path)
    elif kind == "folder":
        evidence = None
        if references is not None:
            evidence = score(
                session.images(), references.train, references.control, references.mean
            )
        results.write_results(session, evidence, path)
    else:
        writer = {
            "gif": results.export_gif,
            "mp4": results.export_mp4,
            "png": results.export_png,
            "npz": results.export_npz,
        }[kind]
        writer(session, path, report)
