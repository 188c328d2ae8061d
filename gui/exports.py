"""Saving from the window: which file, from which moment of which run, and on a thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from engine import results
from engine.live import References
from engine.progress import Progress
from engine.scoring import score
from engine.session import SUFFIX, Session, save_session
from gui import dialogs
from gui.background import Background, always
from gui.run_controller import RunController
from gui.worker import RunEnd
from gui.workspace import Workspace

_KINDS = {
    "gif": ("Export the drift as GIF", "drift.gif", "GIF (*.gif)"),
    "mp4": ("Export the drift as MP4", "drift.mp4", "MP4 (*.mp4)"),
    "png": ("Export the images as PNG", "images.png", "PNG (*.png)"),
    "npz": ("Export the images as NPZ", "reconstructions.npz", "NPZ (*.npz)"),
    "session": ("Save the session", f"run{SUFFIX}", f"Session (*{SUFFIX})"),
}


class Exporter(QObject):
    """Writes what a run has found, also while it goes on."""

    saved = Signal(str)
    """Emitted with the path that was written."""

    def __init__(
        self,
        window: QWidget,
        controller: RunController,
        background: Background,
        workspace: Callable[[], Workspace],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._background = background
        self._workspace = workspace
        self._waiting: list[tuple[str, Path]] = []
        controller.session_ready.connect(self._write_waiting)
        controller.ended.connect(self._on_run_ended)

    def ask(self, kind: str) -> None:
        """Asks where to, then writes."""
        network = self._workspace().network
        if network is None:
            return
        receive = partial(self.write_to, kind)
        if kind == "folder":
            title = "Folder for GIF, images, losses and report"
            dialogs.choose_folder(self._window, title, receive)
            return
        title, name, filters = _KINDS[kind]
        name = f"{Path(network.origin.name).stem}-{name}"
        dialogs.choose_target(self._window, title, name, filters, receive)

    def write_to(self, kind: str, path: Path) -> None:
        """Writes the run as it stands; what stood at `path` stays until the new file is whole."""
        session = self._workspace().session
        if self._controller.is_active:
            self._waiting.append((kind, path))
            self._controller.request_session()
        elif session is not None:
            self._write(session, kind, path)

    @Slot(object)
    def _on_run_ended(self, end: RunEnd) -> None:
        """Serves what was asked for too late for the run to answer."""
        if end.session is not None:
            self._write_waiting(end.session)
        self._waiting.clear()

    @Slot(object)
    def _write_waiting(self, session: Session) -> None:
        waiting, self._waiting = self._waiting, []
        for kind, path in waiting:
            self._write(session, kind, path)

    def _write(self, session: Session, kind: str, path: Path) -> None:
        references = self._workspace().references
        self._background.start(
            f"Writing {path.name} …",
            lambda report: write(session, references, kind, path, report),
            lambda _: self.saved.emit(str(path)),
            always,
        )


def write(
    session: Session, references: References | None, kind: str, path: Path, report: Progress
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
