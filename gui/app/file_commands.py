"""Files that a person opens, drops or chooses: who takes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.base.plain_text import plain
from engine.data.datasets import holds_images
from engine.data.neighbours import holds_neighbours
from gui.app.pages import Pages
from gui.opening.opener import Opener
from gui.opening.reading import is_checkpoint, is_model
from gui.queue.panel import QueuePanel
from gui.run.context import AppContext
from gui.state import preferences
from gui.toolkit import dialogs
from gui.training.page import TrainingPage


class FileCommands(QObject):
    """Hands files to the opener, to the training page, or to the queue."""

    def __init__(
        self,
        context: AppContext,
        opener: Opener,
        queue: QueuePanel,
        training: TrainingPage,
        pages: Pages,
    ) -> None:
        super().__init__(context.window)
        self._context, self._opener, self._queue = context, opener, queue
        self._training, self._pages = training, pages

    @Slot(object)
    def open(self, paths: Sequence[Path]) -> None:
        """Opens a network, a session or images, takes images to train on, or offers the queue."""
        models = [path for path in paths if is_model(path)]
        if len(models) > 1 and all(is_checkpoint(path) for path in models):
            others = [path for path in paths if path not in models]
            offer = self._offer_pair if len(models) == 2 else self._offer_queue
            offer(models, others)
        elif len(paths) == 1 and holds_neighbours(paths[0]):
            self._opener.neighbours.open(paths[0])
        elif self._pages.is_training_shown and len(paths) == 1 and holds_images(paths[0]):
            self._training.use_images(paths[0])
        else:
            self._opener.open(paths)

    def _offer_queue(self, paths: Sequence[Path], others: Sequence[Path]) -> None:
        dialogs.ask(
            self._context.window,
            f"Run these {len(paths)} networks in turn?",
            "The results of each are written to a folder. Images are taken where they lie beside "
            f"a network, else those that are open.{_left_out(others)}",
            "&Add to the Queue",
            partial(self._queue.add, paths),
        )

    def _offer_pair(self, paths: Sequence[Path], others: Sequence[Path]) -> None:
        """Two networks may be one and its base, or two to run in turn."""
        one, other = paths
        images = [path for path in others if holds_images(path)]
        pairs = ((one, other), (other, one))
        dialogs.ask_about_two(
            self._context.window,
            "What are these two networks to each other?",
            "Where one was fine-tuned from the other, what that changed is explained. Networks "
            f"that have nothing to do with each other can be run in turn.{_left_out(others)}",
            {
                **{
                    plain(f"{base.name} Is the Base of {tuned.name}"): partial(
                        self._opener.open_fine_tuned, tuned, base, images
                    )
                    for tuned, base in pairs
                },
                "Run Them in &Turn": partial(self._queue.add, paths),
            },
        )

    @Slot(object)
    def open_one(self, path: Path) -> None:
        """Opens one file."""
        self.open([path])

    @Slot()
    def choose_several(self) -> None:
        """File → Queue Several."""
        self._opener.choose_several(self._queue.add)

    def open_at_start(self) -> None:
        """Opens what the user prefers to start with, where nothing else is asked for."""
        if preferences.load().opens_last_run and self._context.copies.last_run.exists():
            self._opener.open_last_run()


def _left_out(others: Sequence[Path]) -> str:
    """A sentence on what was dropped beside networks that are to be queued."""
    names = ", ".join(path.name for path in others)
    return plain(f" Only networks can be queued; left out: {names}.") if others else ""
