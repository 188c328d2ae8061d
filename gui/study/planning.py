"""What a plan comes to, said while it is chosen; plans from files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from gui.study.draft import read_draft
from gui.study.files import PLANS, StudyFiles
from gui.study.form import StudyForm
from gui.study.newest import Newest
from gui.study.outlook import outlook
from gui.toolkit import dialogs
from gui.toolkit.background import Background


class Planning(QObject):
    """Reads plans, and works out how many runs they are, off the window's thread."""

    def __init__(
        self, form: StudyForm, background: Background, files: StudyFiles, parent: QObject
    ) -> None:
        """
        Args:
            form: where the plan is chosen.
            background: runs what takes time.
            files: says what could not be read.
            parent: owner.
        """
        super().__init__(parent)
        self._form, self._files = form, files
        self._outlooks = Newest(background, self)
        self._outlooks.answered.connect(form.outlook.setText)
        self._outlooks.refused.connect(form.outlook.setText)
        form.edited.connect(self._look)
        form.open_wanted.connect(self._choose)
        self._look()

    def open(self, path: Path) -> None:
        """Opens a study's plan."""
        self._files.in_background(
            f"Opening {path.name} …",
            lambda: read_draft(path),
            lambda draft: self._form.open_draft(draft, path.name),
        )

    def end(self) -> None:
        """Nobody waits for it any more."""
        self._outlooks.cancel()

    @Slot()
    def _look(self) -> None:
        draft, processes = self._form.draft, self._form.processes.value()
        self._outlooks.ask(lambda: outlook(draft.plan(), processes))

    @Slot()
    def _choose(self) -> None:
        dialogs.choose_file(self._form, "Plan of a study", PLANS, self.open, "models")
