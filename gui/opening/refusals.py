"""What could not be opened, told so that it leads somewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.base.errors import UnusableInput
from engine.network.convolutional import NeedsArchitecture
from engine.network.kinds import FILES
from engine.network.other_layers import NETWORKS
from gui.opening.architecture_dialog import ArchitectureDialog, AskedFor
from gui.opening.opened import Told
from gui.toolkit.message_strip import MessageStrip


class Refusals(QObject):
    """Says what a file is and what would work, with a sample and the guide one click away."""

    def __init__(
        self,
        messages: MessageStrip,
        open_sample: Callable[[], None],
        show_guide: Callable[[str], None],
        open_as: Callable[[list[Path], str], None],
    ) -> None:
        """
        Args:
            messages: where it is said.
            open_sample: opens a network that works.
            show_guide: shows a page of the guide, by its heading as links spell it.
            open_as: opens a network in an architecture that a person says.
        """
        super().__init__(messages)
        self._messages, self._open_sample, self._show_guide = messages, open_sample, show_guide
        self._open_as = open_as

    @Slot(object)
    def show(self, error: UnusableInput) -> None:
        """Something cannot be opened."""
        self._messages.show_error(error.why, error.instead)
        if isinstance(error, NeedsArchitecture) and error.path is not None:
            about = "Asks for strides, padding and pooling, with those that fit to choose from."
            self._messages.suggest("Say the Architecture…", about, partial(self._ask, error))
        if error.page in (FILES, NETWORKS):
            about = "Opens a bundled network, with the digits it was trained on."
            self._messages.suggest("Open the Sample", about, self._open_sample)
        self._lead_on(error.page)

    def _ask(self, error: NeedsArchitecture) -> None:
        """Asks for the architecture of a network that needs one, and opens it so."""
        path = error.path
        assert path is not None
        asked = AskedFor(path.name, error.layers, "", error.candidates, error.shape)
        dialog = ArchitectureDialog(asked, self._messages.window())
        dialog.chosen.connect(partial(self._open_as, [path]))
        dialog.open()

    @Slot(object)
    def account(self, told: Sequence[Told]) -> None:
        """Several files were opened at once: what became of each, in one message.

        What else is said of them stays to be read above it.
        """
        errors = [each.error for each in told if each.error is not None]
        pages = [error.page for error in errors if error.page]
        if len(errors) == len(told):
            self.show(next((error for error in errors if error.page), errors[0]))
        elif self._messages.isHidden():
            of = f" of {len(told)}" if errors else ""
            self._messages.show_note(f"{len(told) - len(errors)}{of} files opened.")
            self._lead_on(pages[0] if pages else "")
        self._messages.list_below([str(each) for each in told])

    def _lead_on(self, page: str) -> None:
        """Offers a page of the guide, where one says more."""
        if page:
            about = "Shows the page of the guide that says which files open."
            self._messages.suggest("Read More", about, lambda: self._show_guide(page))
