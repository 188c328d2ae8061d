"""A run on another network, the control of line-ups: asked for and read."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.errors import UnusableInput
from engine.base.progress import Progress
from engine.evidence.other_run import OtherRun
from engine.evidence.references import References
from engine.exports.run_read import read_run
from engine.network.network import Network
from engine.session.session import SUFFIX
from gui.run.context import AppContext
from gui.toolkit import dialogs
from gui.toolkit.task import sentence_of

_NO_LINE_UPS = UnusableInput(
    "A run on another network stands beside this one in line-ups, and there are none: they are "
    "made of training images and of enough images of a control.",
    "Open both, or a larger control, first.",
)


class OtherRunOpener(QObject):
    """Reads a run on another network, on a thread, for the network and images that are open."""

    opened = Signal(str)
    """Emitted with a sentence once it stands beside the run that is open."""

    refused = Signal(object)
    """Emitted with the `UnusableInput` that says why it does not."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context.window)
        self._window, self._workspace = context.window, context.workspace
        self._background = context.background

    @Slot()
    def choose(self) -> None:
        """Asks for the session."""
        dialogs.choose_file(
            self._window,
            "Open a run on another network, as the control of line-ups",
            f"Sessions (*{SUFFIX})",
            self.open,
            "models",
        )

    def open(self, path: Path) -> None:
        """Reads a session whose network never saw these training images."""
        network, references = self._workspace().network, self._workspace().references
        if network is None or references is None:
            self.refused.emit(_NO_LINE_UPS)
            return
        self._background.start(
            f"Opening {path.name} …",
            partial(_read, path, network, references),
            self._take,
            lambda: self._workspace().network is network,
        )

    def _take(self, found: OtherRun | UnusableInput) -> None:
        if isinstance(found, UnusableInput):
            self.refused.emit(found)
            return
        self._workspace.change(other=found)
        self.opened.emit(f"The run on {found.network} stands beside this one in line-ups.")


def _read(
    path: Path, network: Network, references: References, _report: Progress
) -> OtherRun | UnusableInput:
    """The run, or why it cannot be used."""
    try:
        if not references.has_lineup:
            return _NO_LINE_UPS
        found = read_run(path)
        found.check_for(network.input_shape, network.origin.name, network.origin.sha256)
    except UnusableInput as error:
        return error
    except Exception as error:  # Whatever it is, who waits for the file hears of it.
        return UnusableInput(sentence_of(error))
    return found
