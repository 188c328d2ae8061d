"""Embeddings of images at hand, by which reconstructed embeddings are shown: asked for and read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted
from engine.base.progress import Progress
from engine.data.inputs import ANY_VECTOR
from engine.data.neighbours import SUFFIXES, Neighbours, load_neighbours
from engine.data.normalisation import of_embeddings
from engine.network.network import Network
from gui.opening.rereading import Rereading
from gui.run.context import AppContext
from gui.toolkit import dialogs
from gui.toolkit.task import sentence_of


class NeighboursOpener(QObject):
    """Reads neighbours on a thread, for the network that is open."""

    opened = Signal(str)
    """Emitted with a sentence once neighbours are open."""

    refused = Signal(object)
    """Emitted with the `UnusableInput` that says why they are not."""

    def __init__(self, context: AppContext, read_anew: Callable[[Rereading], None]) -> None:
        """
        Args:
            context: of the window.
            read_anew: reads the open network in another way, on a thread.
        """
        super().__init__(context.window)
        self._window, self._workspace = context.window, context.workspace
        self._background, self._read_anew = context.background, read_anew

    @Slot()
    def choose(self) -> None:
        """Asks for the file."""
        patterns = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        dialogs.choose_file(
            self._window,
            "Open embeddings of images, by the backbone of this head",
            f"Embeddings ({patterns});;All files (*)",
            self.open,
        )

    def open(self, path: Path) -> None:
        """Reads embeddings; a network of which nobody says what it reads is read as their head."""
        network = self._workspace().network
        if network is None:
            first = "Open a network first; then its reconstructions can be shown by neighbours."
            self.refused.emit(UnusableInput(first))
            return

        def read(_report: Progress) -> Neighbours | UnusableInput:
            try:
                return load_neighbours(path, network.input_dimension)
            except UnusableInput as error:
                return error
            except Exception as error:  # Whatever it is, who waits for the file hears of it.
                return UnusableInput(sentence_of(error))

        self._background.start(
            f"Opening {path.name} …",
            read,
            partial(self._take, network),
            lambda: self._workspace().network is network,
        )

    def _take(self, network: Network, found: Neighbours | UnusableInput) -> None:
        if isinstance(found, UnusableInput):
            self.refused.emit(found)
            return
        if not network.inputs.is_vector and network.inputs.is_known:
            self.refused.emit(
                UnusableInput(
                    f"{found.name} holds embeddings, but {network.origin.name} reads images.",
                    "Correct its input first, where it is a head on embeddings.",
                )
            )
            return
        self._workspace.change(neighbours=found)
        self.opened.emit(f"{counted(len(found), 'neighbours')} from {found.name} are open.")
        if not network.inputs.is_preprocessing_said:
            self._read_anew(partial(_as_head, found))


def _as_head(found: Neighbours, network: Network) -> Network:
    """The network as one that reads embeddings of the neighbours' kind."""
    head = network.with_input_shape(ANY_VECTOR)
    return head.with_preprocessing(of_embeddings(found.kind, head.input_shape, "references"))
