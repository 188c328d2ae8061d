"""Saving from the window: which file, from which moment of which run, and on a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain, some_of
from engine.base.progress import Progress
from engine.data.neighbours import Neighbours
from engine.evidence.membership_scores import Membership
from engine.evidence.references import References
from engine.exports import results
from engine.exports.endings import check_ending
from engine.exports.report_page import report_page
from engine.exports.stills import pngs_in, write_pngs
from engine.exports.writing import write_bytes, write_scores
from engine.session.session import SUFFIX, Session, given_away
from engine.session.session_file import save_session
from engine.viewing.verdict import verdict_of
from gui.exports.dialog import ExportDialog
from gui.exports.pdf import write_pdf
from gui.run.context import AppContext
from gui.run.worker import RunEnd
from gui.state import preferences
from gui.toolkit import dialogs
from gui.toolkit.background import always

_SESSION = (f"run{SUFFIX}", f"Session (*{SUFFIX})")

_KINDS = {
    "gif": ("Export the drift as GIF", "drift.gif", "GIF (*.gif)"),
    "mp4": ("Export the drift as MP4", "drift.mp4", "MP4 (*.mp4)"),
    "png": ("Export the images as PNG", "images.png", "PNG (*.png)"),
    "npz": ("Export the images as NPZ", "reconstructions.npz", "NPZ (*.npz)"),
    "pt": ("Export the images as PyTorch tensor", "reconstructions.pt", "PyTorch (*.pt)"),
    "csv": ("Export the rows as CSV", results.TABLE, "CSV (*.csv)"),
    "losses": ("Export the losses as CSV", "losses.csv", "CSV (*.csv)"),
    "scores": ("Export the scores as CSV", "scores.csv", "CSV (*.csv)"),
    "html": ("Save the report as HTML", "report.html", "HTML (*.html)"),
    "pdf": ("Save the report as PDF", "report.pdf", "PDF (*.pdf)"),
    "away": ("Save the session without images and folders", *_SESSION),
    "reference": (
        "Save the session without weights (it names the folders of its files)",
        *_SESSION,
    ),
    "session": ("Save the session (it names the folders of its files)", *_SESSION),
}

_FOLDERS = {
    "folder": "Folder for GIF, images, losses and report",
    "pngs": "Folder for one PNG an image",
}
_WITH_OPTIONS = ("gif", "mp4", "png")

_WRITERS: dict[str, Callable[..., object]] = {
    "gif": results.export_gif,
    "mp4": results.export_mp4,
    "png": results.export_png,
    "npz": results.export_npz,
    "pt": results.export_pt,
    "csv": results.export_csv,
}


class Exporter(QObject):
    """Writes what a run has found, also while it goes on."""

    saved = Signal(str)
    """Emitted with the path that was written."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context.window)
        self._window, self._workspace = context.window, context.workspace
        self._controller, self._background = context.controller, context.background
        self._waiting: list[Callable[[Session], None]] = []
        self._membership: Membership | None = None
        context.controller.session_ready.connect(self._serve_waiting)
        context.controller.ended.connect(self._on_run_ended)

    def ask(self, kind: str) -> None:
        """Asks how where there are options, and where to; then writes."""
        network = self._workspace().network
        if network is None or (kind == "scores" and self._workspace().references is None):
            return
        if kind in _WITH_OPTIONS:
            self.with_session(partial(self._ask_how, kind))
        elif kind in _FOLDERS:
            receive = partial(self.write_to, kind)
            dialogs.choose_folder(self._window, _FOLDERS[kind], receive, "results")
        else:
            self._ask_where(self._window, kind, partial(self.write_to, kind))

    @Slot(object)
    def take_membership(self, found: Membership | None) -> None:
        """What reports are to say of membership from now on; None for nothing."""
        self._membership = found

    def film_of(self, candidates: Sequence[int], kind: str = "gif") -> None:
        """Asks how a film of these candidates is to be: their drift, as `gif` or `mp4`."""
        self.with_session(partial(self._ask_how, kind, chosen=tuple(candidates)))

    def image_of(self, candidate: int) -> None:
        """Asks how a PNG of this candidate is to be."""
        self.with_session(partial(self._ask_how, "png", chosen=(candidate,)))

    def _ask_how(self, kind: str, session: Session, chosen: Sequence[int] = ()) -> None:
        references = self._workspace().references
        dialog = ExportDialog(kind, session, references, self._background, self._window, chosen)

        def save(data: bytes) -> None:
            self._ask_where(dialog, kind, partial(self._write_data, dialog, kind, data))

        dialog.save_wanted.connect(save)
        dialog.open()

    def _ask_where(self, parent: QWidget, kind: str, receive: dialogs.Receiver) -> None:
        network = self._workspace().network
        assert network is not None
        title, name, filters = _KINDS[kind]
        name = f"{Path(network.origin.name).stem}-{name}"
        dialogs.choose_target(parent, title, name, filters, receive)

    def _write_data(self, dialog: ExportDialog, kind: str, data: bytes, path: Path) -> None:
        """Writes what the dialog has made, and closes it; it stays, and asks for another name."""
        try:
            check_ending(kind, path)
        except UnusableInput as error:
            dialog.complain(str(error))
            return
        dialog.accept()
        self._background.start(
            f"Writing {path.name} …",
            lambda _report: write_bytes(path, data),
            lambda _: self.saved.emit(str(path)),
            always,
        )

    def write_to(self, kind: str, path: Path) -> None:
        """Writes the run as it stands; what stood at `path` stays until the new file is whole.

        Asks before files of another run in a folder are replaced; a file dialog has asked already.
        """
        self.with_session(lambda session: self._write(session, kind, path))

    def with_session(self, then: Callable[[Session], None]) -> None:
        """Calls with the run as it stands: at once, or when a run that is on has handed it out."""
        session = self._workspace().session
        if self._controller.is_active:
            self._waiting.append(then)
            self._controller.request_session()
        elif session is not None:
            then(session)

    @Slot(object)
    def _on_run_ended(self, end: RunEnd) -> None:
        """Serves what was asked for too late for the run to answer."""
        if end.session is not None:
            self._serve_waiting(end.session)
        self._waiting.clear()

    @Slot(object)
    def _serve_waiting(self, session: Session) -> None:
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then(session)

    def _write(self, session: Session, kind: str, path: Path, replaces: bool = False) -> None:
        references, membership = self._workspace().references, self._membership
        neighbours = self._workspace().neighbours

        def work(report: Progress) -> Sequence[str]:
            there = () if replaces else _in_the_way(kind, path)
            if not there:
                write(session, references, kind, path, report, membership, neighbours)
            return there

        def done(there: Sequence[str]) -> None:
            if not there:
                self.saved.emit(str(path))
                return
            dialogs.ask(
                self._window,
                f"Replace {some_of(there)}?",
                f"{plain(str(path))} holds files of a run already.",
                "&Replace",
                partial(self._write, session, kind, path, replaces=True),
            )

        self._background.start(f"Writing {path.name} …", work, done, always)


def _in_the_way(kind: str, path: Path) -> Sequence[str]:
    """Names of files in a folder that an export would replace; called on a thread."""
    if kind == "pngs":
        return [each.name for each in pngs_in(path)]
    return results.run_files(path) if kind == "folder" else ()


def write(
    session: Session,
    references: References | None,
    kind: str,
    path: Path,
    report: Progress,
    membership: Membership | None = None,
    neighbours: Neighbours | None = None,
) -> None:
    """Writes one kind of export; called on a thread.

    Args:
        session: the run.
        references: what it is scored against.
        kind: of export.
        path: of the file or folder.
        report: told the share that is done.
        membership: what a report says of it; None where nobody asked.
        neighbours: what reports show reconstructed embeddings by, where there are some.

    Raises:
        UnusableInput: scores without references, or a name that ends as another format's.
        OSError: it cannot be written; what stood there before is untouched.
        Cancelled: `report` said so.
    """
    check_ending(kind, path)
    if kind in ("session", "away", "reference"):
        if references is not None:
            session = session.scored_with(references, session.score(references))
        _save(session, kind, path)
    elif kind == "folder":
        if references is not None:
            session = session.scored_with(references, session.score(references))
        results.write_results(_kept(session), path, references, neighbours)
    elif kind == "scores":
        if references is None:
            raise UnusableInput("Scores need training images; open them first.")
        write_scores(path, session.score(references))
    elif kind in ("html", "pdf"):
        verdict = verdict_of(session, references, report)
        nearby = results.nearby(session, verdict, neighbours)
        made = results.make_report(session, verdict, membership, nearby)
        page = report_page(session, made, verdict, nearby)
        if kind == "pdf":
            write_pdf(page, path)
        else:
            results.write_page(page, path)
    elif kind == "losses":
        results.export_losses(session, path)
    elif kind == "pngs":
        write_pngs(session, path, progress=report, references=references)
    else:
        _WRITERS[kind](session, path, report, references=references)


def _save(session: Session, kind: str, path: Path) -> None:
    session = given_away(session) if kind == "away" else _kept(session)
    save_session(session, path, with_weights=kind != "reference")


def _kept(session: Session) -> Session:
    """With the images that it was scored against, where a person prefers that."""
    keeps = preferences.load().keeps_images
    return session.with_sets(session.sets.kept()) if keeps else session
