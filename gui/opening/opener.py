"""What can be opened from menus, buttons and drops, each read on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.errors import DamagedSession, UnusableInput
from engine.base.progress import Progress
from engine.base.resources import SAMPLES, sample_network
from engine.data.datasets import TrainingData, load_images
from engine.data.roles import Role
from engine.evidence.similarity import warm_up
from engine.network.network import Network
from engine.network.readers import SUFFIXES
from engine.session.session import SUFFIX
from gui.opening.base_opener import BaseOpener
from gui.opening.neighbours_opener import NeighboursOpener
from gui.opening.opened import Opened, Refusal, SharedImages
from gui.opening.other_run_opener import OtherRunOpener
from gui.opening.reading import (
    beside_open,
    examine,
    is_model,
    open_fine_tuned,
    open_paths,
    open_with_shared,
    with_what_images_tell,
)
from gui.opening.rereading import Rereading, reread
from gui.run.context import AppContext
from gui.state.preferences import data_folder
from gui.toolkit import dialogs
from gui.toolkit.background import always
from gui.toolkit.task import sentence_of

_LOOKING = "Looking at the network …"
_FOLDER_TITLE = "Folder with one subfolder a class"


@dataclass(frozen=True)
class _Damaged:
    """A session that cannot be read, and why."""

    sentence: str
    path: Path


_Found = Opened | _Damaged | UnusableInput


def _attempt(read: Callable[[], Opened], paths: Sequence[Path] = ()) -> _Found:
    """What was read, or why nothing was.

    A damaged session is a finding of its own, because there may be a copy to offer.
    """
    try:
        return read()
    except DamagedSession as error:
        return _Damaged(str(error), next(path for path in paths if path.suffix == SUFFIX))
    except UnusableInput as error:
        return error
    except Exception as error:  # Whatever it is, who waits for the file hears of it.
        return UnusableInput(sentence_of(error))


class Opener(QObject):
    """Reads networks, sessions and images; a network that is opened during a run waits for it."""

    opened = Signal(object)
    """Emitted with what was `Opened`."""

    damaged = Signal(str, object)
    """Emitted with a sentence and the path of a session that is damaged."""

    refused = Signal(object)
    """Emitted with the `UnusableInput` that says why something cannot be opened."""

    began = Signal()
    """Emitted when a network begins to be opened; another that was being opened is given up."""

    settled = Signal(bool)
    """Emitted when the network that was being opened is open, or will not be."""

    stop_wanted = Signal(str, str, object)
    """Emitted with a question, its button, and what to do once the run has been stopped."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context.window)
        self._window, self._copies = context.window, context.copies
        self._controller, self._background = context.controller, context.background
        self._workspace = context.workspace
        self.base = BaseOpener(context.window, self.read_anew)
        self.neighbours = NeighboursOpener(context, self.read_anew)
        self.neighbours.refused.connect(self.refused)
        self.other_run = OtherRunOpener(context)
        self.other_run.refused.connect(self.refused)
        self._openings = 0
        self._opening = ""

    @property
    def opening(self) -> str:
        """What the network is called that is being opened; empty while none is."""
        return self._opening

    def open(self, paths: Sequence[Path], architecture: str | None = None) -> None:
        """Opens a network, a session or images; asks first if a run would be stopped."""
        is_network = any(is_model(path) for path in paths)
        if self._controller.is_taken and is_network:
            self._stop_then("open another network", lambda: self.open(paths, architecture))
            return
        network = self._workspace().network
        names = ", ".join(path.name for path in paths)
        opening = partial(open_paths, paths, network, data_folder(), architecture)
        read = partial(_attempt, opening, paths)
        if is_network:
            self._read_network(f"Opening {names} …", names, read)
        else:
            self._read_images(f"Opening {names} …", read)

    def _read_network(self, text: str, name: str, read: Callable[[], _Found]) -> None:
        """Reads a network on a thread. Of two, one opened after the other, the later one stays."""
        self._openings += 1
        self._opening, opening = name, self._openings

        def receive(found: _Found) -> None:
            is_latest = opening == self._openings
            if is_latest or not isinstance(found, Opened):
                self._hand_on(found)
            if is_latest:
                self._opening = ""
                self.settled.emit(isinstance(found, Opened) and found.network is not None)

        self._background.start(text, lambda _: read(), receive, always)
        self.began.emit()

    def _read_images(self, text: str, read: Callable[[], _Found]) -> None:
        """Reads images on a thread. They belong to the network that they were opened for."""
        network = self._workspace().network
        self._background.start(
            text,
            lambda _: self._beside_open(read()),
            self._hand_on,
            lambda: self._workspace().network is network,
        )

    def compare(self, opened: Opened) -> None:
        """Looks for training images in a control, of which one was opened beside the other."""
        self._read_images("Comparing the images …", lambda: opened)

    def _beside_open(self, found: _Found) -> _Found:
        """What was read beside the images that are open, so that no control holds one of them."""
        if not isinstance(found, Opened) or found.network is not None:
            return found
        now = self._workspace()
        return _attempt(partial(beside_open, found, now.train, now.control))

    def _hand_on(self, found: _Found) -> None:
        if isinstance(found, _Damaged):
            self.damaged.emit(found.sentence, found.path)
        elif isinstance(found, UnusableInput):
            self.refused.emit(found)
        else:
            self.opened.emit(found)

    def open_for_queue(
        self,
        path: Path,
        shared: SharedImages | None,
        receive: Callable[[Opened | Refusal], None],
        is_wanted: Callable[[], bool],
    ) -> None:
        """Reads a checkpoint for the queue, which takes it from there, or hears why not.

        Args:
            path: the checkpoint.
            shared: images for a network that has none beside it, where they fit.
            receive: called with what was read.
            is_wanted: asked before that.
        """
        self._openings += 1
        opening = self._openings
        if self._opening:
            self._opening = ""
            self.settled.emit(False)

        def read(_report: Progress) -> Opened | Refusal:
            try:
                return open_with_shared(path, shared)
            except Exception as error:  # A queue goes on, whatever one of its files holds.
                return Refusal(sentence_of(error))

        self._background.start(
            f"Opening {path.name} …",
            read,
            receive,
            lambda: opening == self._openings and is_wanted(),
        )

    def open_trained(self, make: Callable[[], Network], data: TrainingData) -> None:
        """Opens a network that was trained here, without a file in between.

        Args:
            make: makes the network; called on a thread.
            data: what it was trained on.
        """
        if self._controller.is_taken:
            self._stop_then("open the trained network", lambda: self.open_trained(make, data))
            return
        self._read_network(
            _LOOKING,
            "the network",
            lambda: _attempt(
                lambda: examine(Opened(make(), train=data.train, control=data.control))
            ),
        )

    @Slot(object)
    def read_anew(self, rereading: Rereading) -> None:
        """Looks again at the network that is open, which somebody reads in another way now."""
        now = self._workspace()
        if now.network is not None and not self._controller.is_taken:
            read = partial(_attempt, partial(reread, now, rereading))
            self._read_network(_LOOKING, "the network", read)

    @Slot()
    def open_first_sample(self) -> None:
        """Opens the sample that newcomers see."""
        self.open_sample(next(iter(SAMPLES)))

    def open_sample(self, name: str) -> None:
        """Opens a bundled network with its images."""
        self.open([sample_network(name)])

    @Slot()
    def open_last_run(self) -> None:
        """Opens the copy that is kept of every run, also of one that was cut off."""
        self.open([self._copies.last_run])

    @Slot()
    def open_run_before(self) -> None:
        """Opens the copy of the run before that one."""
        self.open([self._copies.run_before])

    @Slot()
    def open_last_training(self) -> None:
        """Opens the copy that is kept of every network that is trained."""
        self.open([self._copies.last_training])

    @Slot()
    def choose_model(self) -> None:
        """Asks for a network or a session."""
        patterns = " ".join(f"*{suffix}" for suffix in (*SUFFIXES, SUFFIX))
        filters = f"Networks and sessions ({patterns});;All files (*)"
        dialogs.choose_file(
            self._window,
            "Open a network or a session",
            filters,
            lambda path: self.open([path]),
            "models",
        )

    def open_fine_tuned(self, path: Path, base: Path, images: Sequence[Path]) -> None:
        """Opens a network with its base, and images; asks first if a run would be stopped."""
        if self._controller.is_taken:
            again = partial(self.open_fine_tuned, path, base, images)
            self._stop_then("open another network", again)
            return
        opening = partial(open_fine_tuned, path, base, images, data_folder())
        self._read_network(f"Opening {path.name} …", path.name, partial(_attempt, opening, [path]))

    def choose_several(self, receive: Callable[[list[Path]], None]) -> None:
        """Asks for networks, to be run in turn."""
        patterns = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        filters = f"Networks ({patterns});;All files (*)"
        dialogs.choose_files(self._window, "Networks to run in turn", filters, receive, "models")

    def choose_images(self, role: Role) -> None:
        """Asks for an `.npz` of `train` or `control` images."""
        title = "Training images" if role == "train" else "Control images"
        dialogs.choose_file(self._window, title, dialogs.IMAGES, partial(self.load_images, role))

    def choose_folder(self, role: Role) -> None:
        """Asks for a folder of `train` or `control` images."""
        dialogs.choose_folder(self._window, _FOLDER_TITLE, partial(self.load_images, role))

    def load_images(self, role: Role, path: Path) -> None:
        """Reads images for the network that is open, as `train` or `control`."""
        network = self._workspace().network
        if network is None:
            first = "Open a network first; then these images can be compared with it."
            self.refused.emit(UnusableInput(first))
            return

        def load() -> Opened:
            images = load_images(path, network.input_shape, role=role)
            warm_up()
            if role == "control":
                return Opened(control=images)
            return with_what_images_tell(Opened(train=images), network)

        self._read_images(f"Opening {path.name} …", partial(_attempt, load))

    def _stop_then(self, do: str, then: Callable[[], None]) -> None:
        what = "queue" if self._controller.in_queue else "run"
        self.stop_wanted.emit(f"Stop the {what} and {do}?", "Stop and &Open", then)
