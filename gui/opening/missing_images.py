"""Images that a session was scored against and that were not found: said, and looked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.base.plain_text import plain
from engine.data.datasets import LabelledImages, load_images
from engine.data.inputs import InputShape
from engine.evidence.headline import recovered_of
from engine.evidence.similarity import warm_up
from engine.network.network import Network
from engine.session.finding_images import MissingImages, find_missing
from engine.session.image_sets import WORDS
from engine.session.session import Session
from gui.opening.opened import Opened
from gui.opening.reading import beside_open, with_what_images_tell
from gui.run.context import AppContext
from gui.state.workspace import Workspace
from gui.toolkit import dialogs

_SHOWN_DIGITS = 12


@dataclass(frozen=True)
class _Offered:
    """What a person showed us, and what else lay beside it."""

    images: LabelledImages
    opened: Opened


class MissingOffer(QObject):
    """Says which images are missing, and offers to look for them; the SHA-256 decides."""

    found = Signal(object)
    """Emitted with images, as what was `Opened`."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context.window)
        self._context = context

    def tell(self, missing: tuple[MissingImages, ...], session: Session | None) -> None:
        """Says it across the top of the window."""
        first, messages = missing[0], self._context.messages
        sentences = [each.sentence for each in missing]
        saved = recovered_of(None if session is None else session.evidence)
        if saved:
            sentences.append(f"When it was saved: {saved}.")
        messages.show_note(" ".join(sentences))
        them = WORDS[first.role].title()
        messages.offer(f"&Look for the {them}…", partial(self._ask, missing))

    def _ask(self, missing: tuple[MissingImages, ...]) -> None:
        first, window = missing[0], self._context.window
        title, receive = f"Where are the {WORDS[first.role]}?", partial(self._look, missing)
        if first.found.origin.kind == "folder":
            dialogs.choose_folder(window, title, receive)
        else:
            dialogs.choose_file(window, title, dialogs.IMAGES, receive)

    def _look(self, missing: tuple[MissingImages, ...], path: Path) -> None:
        network = self._context.workspace().network
        if network is None:
            return
        now = self._context.workspace()
        self._context.background.start(
            f"Opening {path.name} …",
            lambda _report: _read(missing, path, network, now),
            partial(self._take, missing),
            lambda: self._context.workspace().network is network,
        )

    def _take(self, missing: tuple[MissingImages, ...], offered: _Offered) -> None:
        first, images = missing[0], offered.images
        if first.found.is_same_as(images):
            self.found.emit(offered.opened)
            return
        ours, theirs = first.found.origin.sha256, images.origin.sha256
        digits = f"{theirs[:_SHOWN_DIGITS]}… instead of {ours[:_SHOWN_DIGITS] or 'none'}…"
        dialogs.ask(
            self._context.window,
            f"These are other {WORDS[first.role]} than the run was scored against. Use them?",
            f"{plain(images.name)} has the SHA-256 {digits} What is shown is then the score "
            "against these.",
            "&Use Them",
            partial(self._take_others, first, offered.opened),
        )

    def _take_others(self, first: MissingImages, opened: Opened) -> None:
        """A person's own decision, which is said."""
        self.found.emit(opened)
        images = opened.train if first.role == "train" else opened.control
        name = "" if images is None else images.name
        self._context.messages.add(
            f"Scored against {name}, which are other {WORDS[first.role]} than before."
        )


def _read(
    missing: tuple[MissingImages, ...], path: Path, network: Network, now: Workspace
) -> _Offered:
    """What was shown, for the first that is missing, and others that lie beside it.

    Raises:
        UnusableInput: it holds no images that the network reads.
    """
    first, others = missing[0], missing[1:]
    shape: InputShape = network.input_shape
    images = load_images(path, shape, role=first.role)
    beside = find_missing(others, shape, path.parent)
    opened = Opened(train=beside.train, control=beside.control, missing=beside.missing)
    is_train = first.role == "train"
    opened = replace(opened, train=images) if is_train else replace(opened, control=images)
    warm_up()
    opened = beside_open(with_what_images_tell(opened, network), now.train, now.control)
    return _Offered(images, opened)
