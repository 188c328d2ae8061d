"""What many parts of the window work with, handed to those that need several of them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from gui.run.reconstruction_controller import ReconstructionController
from gui.state.recent import RecentFiles
from gui.state.run_copies import RunCopies
from gui.state.workspace import CurrentWorkspace
from gui.toolkit.background import Background
from gui.toolkit.message_strip import MessageStrip


@dataclass(frozen=True)
class AppContext:
    """Made once, before the parts. A part that needs only one of these takes that one.

    Attributes:
        window: the parent of dialogs, and the owner of what has no other.
        workspace: what is open.
        controller: of the run that is on.
        background: whatever else takes time.
        messages: what is said at the top of the window.
        copies: what is kept of runs, should all go dark.
        recent: what was opened last.
    """

    window: QWidget
    workspace: CurrentWorkspace
    controller: ReconstructionController
    background: Background
    messages: MessageStrip
    copies: RunCopies
    recent: RecentFiles
