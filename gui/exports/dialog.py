"""Options of an export with a preview and the size of the file, before anything is saved.

What is shown is what is saved: the bytes whose size is named are those that are written.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QTemporaryDir, QTimer, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QVBoxLayout, QWidget

from engine.base.errors import UnusableInput
from engine.base.progress import Progress, portion
from engine.evidence.references import References
from engine.exports.film_encoding import encode
from engine.exports.film_options import FilmOptions
from engine.exports.films import make_film
from engine.exports.stills import GridOptions, grid
from engine.exports.writing import png_bytes, write_bytes
from engine.session.session import Session
from gui.exports.film_view import FilmView
from gui.exports.options import FilmForm, GridForm
from gui.toolkit import theme
from gui.toolkit.background import Background
from gui.toolkit.images import image_of
from gui.toolkit.task import Task, sentence_of

_PATIENCE = 250
"""Milliseconds without a change before a preview is begun."""

_NAMES = {"gif": "drift.gif", "mp4": "drift.mp4", "png": "images.png"}


@dataclass(frozen=True)
class _Preview:
    """What comes of some options, for the eye.

    Attributes:
        images: one after the other.
        delays: hundredths of a second that each is shown.
        about: its size, in words.
        encode: makes the file of it, and says what it took for it to fit; called on a thread.
    """

    images: list[QImage]
    delays: list[int]
    about: str
    encode: Callable[[Progress], tuple[bytes, str]]


@dataclass(frozen=True)
class _File:
    """The file as it will be, and where a copy of it lies to be dragged; what it took to fit."""

    data: bytes
    copy: Path
    note: str


Made = _Preview | _File | Exception
Work = Callable[[Progress], Made]

_TITLES = {"gif": "Export as GIF", "mp4": "Export as MP4", "png": "Export as PNG"}


class ExportDialog(QDialog):
    """Options on the left, what comes of them on the right."""

    save_wanted = Signal(bytes)
    """Emitted with the file as it will be, once the user wants it saved."""

    def __init__(
        self,
        kind: str,
        session: Session,
        references: References | None,
        background: Background,
        parent: QWidget,
        chosen: Sequence[int] = (),
    ) -> None:
        """
        Args:
            kind: gif, mp4 or png.
            session: the run as it stood when it was asked for.
            references: for pairs, where there are any.
            background: runs what takes time.
            parent: the window.
            chosen: candidates to begin with; none, the gallery.
        """
        super().__init__(parent)
        self.setWindowTitle(_TITLES[kind])
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._kind, self._session, self._references = kind, session, references
        self._background = background
        self._task: Task | None = None
        self._wish = 0
        self._data: bytes | None = None
        self._size = ""
        self._folder = QTemporaryDir()
        self.form: FilmForm | GridForm = (
            GridForm(chosen) if kind == "png" else FilmForm(references is not None, chosen)
        )
        self.view, self.about = FilmView(), theme.secondary()
        self.about.setMinimumHeight(2 * self.about.fontMetrics().lineSpacing())
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._build()
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_PATIENCE)
        self._delay.timeout.connect(self._make)
        self.form.edited.connect(self._on_edited)
        self.finished.connect(self._on_finished)
        self._make()

    def _build(self) -> None:
        self.buttons = QDialogButtonBox()
        self.save_button = self.buttons.addButton("&Save…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel_button = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.save_button.setDefault(True)
        self.save_button.setToolTip("Asks where to, once the file is ready.")
        self.buttons.accepted.connect(self._on_save_clicked)
        self.buttons.rejected.connect(self.reject)
        right = QVBoxLayout()
        right.addWidget(self.view, 1)
        right.addWidget(self.about)
        middle = QHBoxLayout()
        middle.setSpacing(2 * theme.MARGIN)
        middle.addWidget(self.form)
        middle.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        layout.setSpacing(theme.MARGIN)
        layout.addLayout(middle, 1)
        layout.addWidget(self.buttons)
        order = [*self.form.controls(), self.save_button, self.cancel_button]
        for before, after in itertools.pairwise(order):
            QWidget.setTabOrder(before, after)
        # Qt would make it two thirds of the screen at most, and squeeze the preview.
        self.resize(self.sizeHint().boundedTo(self.screen().availableSize()))

    @property
    def is_ready(self) -> bool:
        """Whether the file is there, and its size shown."""
        return self._data is not None

    @Slot()
    def _on_edited(self) -> None:
        """What was made does not hold any more; another is begun once the user pauses."""
        self._cancel()
        self._say("Making a preview …")
        self._delay.start()

    def _cancel(self) -> None:
        self._data = None
        self._wish += 1
        self.view.file = None
        self.save_button.setEnabled(False)
        if self._task is not None:
            self._task.cancel()
            self._task = None

    @Slot()
    def _make(self) -> None:
        self._cancel()
        try:
            options = self.form.options()
        except UnusableInput as error:
            self.complain(str(error))
            self.view.clear()
            return
        self._say("Making a preview …")
        self._start("Making a preview …", lambda report: self._preview(options, report))

    def _preview(self, options: FilmOptions | GridOptions, report: Progress) -> _Preview:
        """Frames or grid; called on a thread."""
        if isinstance(options, GridOptions):
            pixels = grid(self._session, options, report, self._references)
            size = f"{pixels.shape[1]} × {pixels.shape[0]} pixels"
            return _Preview([image_of(pixels)], [0], size, lambda _: (png_bytes(pixels), ""))
        film = make_film(self._session, options, self._references, portion(report, 0.0, 0.5))
        frames, delays = film.preview(portion(report, 0.5, 1.0))
        width, height = film.size

        def file(progress: Progress) -> tuple[bytes, str]:
            made = encode(self._kind, film, progress)
            return made.data, made.note

        about = f"{width} × {height} pixels · {film.seconds:.2f} s"
        return _Preview([image_of(frame) for frame in frames], delays, about, file)

    def _start(self, text: str, work: Work) -> None:
        """Has something made; the last wish counts."""
        self._wish += 1
        wish = self._wish

        def made(report: Progress) -> Made:
            try:
                return work(report)
            except (UnusableInput, OSError) as error:  # Said here, not behind the dialog.
                return error

        # The window's own list of tasks keeps the thread when the dialog has gone.
        self._task = self._background.start(text, made, self._on_made, lambda: self._wish == wish)

    def _on_made(self, made: Made) -> None:
        """Shows what was made, and goes on to the file."""
        if isinstance(made, Exception):
            self.complain(sentence_of(made))
            self.view.clear()
        elif isinstance(made, _File):
            self._data, self.view.file = made.data, made.copy
            note = f" · {made.note}" if made.note else ""
            self._say(f"{self._size} · {_megabytes(len(made.data))}{note}")
            self.save_button.setEnabled(True)
        else:
            self.view.play(made.images, made.delays)
            self._size = made.about
            self._encode(made)

    def _encode(self, preview: _Preview) -> None:
        self._say(f"{self._size} · working out the size of the file …")
        copy = Path(self._folder.path()) / _NAMES[self._kind]

        def file(report: Progress) -> _File:
            data, note = preview.encode(report)
            write_bytes(copy, data)
            return _File(data, copy, note)

        self._start("Working out the size of the file …", file)

    @Slot()
    def _on_save_clicked(self) -> None:
        if self._data is not None:
            self.save_wanted.emit(self._data)

    @Slot()
    def _on_finished(self) -> None:
        self._delay.stop()
        self.view.stop()
        self._cancel()

    def _say(self, text: str) -> None:
        self.about.setPalette(self.palette())
        self.about.setText(text)

    def complain(self, message: str) -> None:
        """Says below the preview what cannot be done."""
        palette = self.about.palette()
        palette.setColor(self.about.foregroundRole(), theme.error_colour())
        self.about.setPalette(palette)
        self.about.setText(message)


def _megabytes(count: int) -> str:
    """A size for people, in decimal units."""
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
