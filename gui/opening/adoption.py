"""What the window does with what was opened, and with changes to what is open."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.resources import resource_folder
from engine.data.datasets import LabelledImages
from engine.data.inputs import shape_in_words
from engine.data.nouns import ROWS, nouns_of
from engine.network.network import Network
from engine.session.session import Session
from gui.opening.missing_images import MissingOffer
from gui.opening.opened import Opened
from gui.opening.opener import Opener
from gui.run.assessment import Assessment
from gui.run.context import AppContext
from gui.run.session_runner import SessionRunner
from gui.run.settings_panel import SettingsPanel
from gui.state.workspace import Workspace
from gui.toolkit.log import LOGGER

_LEFT = (
    "The run that was open belongs to the network as it was read before, and is put away; it is "
    "kept as the last run."
)


class Adoption(QObject):
    """Puts networks, sessions and images that were read into the workspace, and tells of them."""

    network_taken = Signal(object, object)
    """Emitted with a `Network` and its `Health`."""

    run_taken = Signal(object)
    """Emitted with the `Session` that is open from now on."""

    stationarity_found = Signal(object)
    """Emitted with the `TrueStationarity` of the training images, or None."""

    assumptions_found = Signal(object)
    """Emitted with the `Assumptions` as the training images see them, or None."""

    told = Signal(object)
    """Emitted with what became of each of several paths, once what they held is taken."""

    network_wanted = Signal()
    """Emitted when the network that was opened is what a person wants to look at."""

    def __init__(
        self,
        context: AppContext,
        opener: Opener,
        runner: SessionRunner,
        assessment: Assessment,
        settings: SettingsPanel,
    ) -> None:
        super().__init__(context.window)
        self._context, self._opener, self._settings = context, opener, settings
        self._runner, self._assessment = runner, assessment
        self._continues = False
        self.missing = MissingOffer(context)
        self.missing.found.connect(self._on_opened)
        opener.opened.connect(self._on_opened)
        opener.damaged.connect(self._offer_last_good)

    def continue_cut_off(self) -> None:
        """Opens the run that was cut off, and goes on with it."""
        self._continues = True
        self._opener.open_last_run()

    @Slot()
    def remove_references(self) -> None:
        """Takes training and control images away."""
        session = self._context.workspace().session
        if session is not None and session.sets.each():
            session = session.without_score()
        self._context.workspace.change(train=None, control=None, other=None, session=session)
        self._assessment.forget_scores()
        self.stationarity_found.emit(None)
        self.assumptions_found.emit(None)

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        context, before = self._context, self._context.workspace()
        continues = self._continues and opened.path == context.copies.last_run
        self._continues = False
        context.messages.make_way()
        if opened.is_nothing:
            self.told.emit(opened.told)
            return
        if opened.network is None:
            if not self._are_apart(opened):
                self._opener.compare(opened)
                return
            self._take_images(opened)
        elif context.controller.is_active:
            # A run was started while the file was being read; it goes first.
            context.messages.show_error("A run is on; stop it before opening another network.")
            return
        else:
            self._take_network(opened, opened.network)
        LOGGER.info(_described(opened))
        if opened.train is not None:
            self.stationarity_found.emit(opened.stationarity)
            self.assumptions_found.emit(opened.assumptions)
        self._tell_of(opened, before)
        if len(opened.told) > 1 or any(each.error is not None for each in opened.told):
            self.told.emit(opened.told)
        if continues and self._runner.would_go_on:
            self._runner.start()

    def _tell_of(self, opened: Opened, before: Workspace) -> None:
        """All that has to be known of what was taken, in one message that keeps its offer."""
        messages = self._context.messages
        if opened.missing:
            self.missing.tell(opened.missing, opened.session)
        notes = _notes_on_reading(opened, self._context.controller.in_queue)
        if notes and not opened.missing:
            messages.show_note(notes.pop(0))
        if opened.leaves_run:
            notes.append(_LEFT)
        if not self._context.controller.in_queue:
            notes += _notes_on_images(opened, before)
        for sentence in dict.fromkeys(notes):
            messages.add(sentence)

    def _are_apart(self, opened: Opened) -> bool:
        """Whether the control was compared with the training images, so that it holds none."""
        now = self._context.workspace()
        train, control = opened.train or now.train, opened.control or _left_of(opened, now)
        if train is None or control is None:
            return True
        return control.apart is not None and control.apart.train is train

    def _take_images(self, opened: Opened) -> None:
        workspace, now = self._context.workspace, self._context.workspace()
        workspace.change(
            train=opened.train or now.train, control=opened.control or _left_of(opened, now)
        )
        self._assessment.rescore()

    def _take_network(self, opened: Opened, network: Network) -> None:
        context, session = self._context, opened.session
        assert opened.health is not None
        self._runner.forget()
        if opened.path is not None and not context.controller.in_queue:
            self.remember(opened.path)
        self.network_taken.emit(network, opened.health)
        if not context.controller.in_queue:  # It changes what is open, not what is looked at.
            self.network_wanted.emit()
        self._settings.show_network(network)
        self._settings.show_found(opened.training)
        asked = None
        if session is not None:
            if opened.path == context.copies.last_run:
                context.copies.holds(session.state)
            self._settings.show_settings(session.settings)
            asked = self._settings.settings()
        now = context.workspace()
        was = now.network
        is_same = was is not None and was.origin == network.origin
        neighbours = now.neighbours if is_same and network.inputs.is_vector else None
        reads_the_same = was is not None and was.input_shape == network.input_shape
        other = now.other if is_same and reads_the_same else None
        images, health = (opened.train, opened.control), opened.health
        context.workspace.open(
            Workspace(network, *images, session, asked, health, neighbours, other)
        )
        if session is not None:
            self._show_run(session)

    def remember(self, path: Path) -> None:
        """Lists a file as recent; samples and our own copies have entries of their own."""
        path = path.absolute()
        if not (self._context.copies.is_ours(path) or path.is_relative_to(resource_folder())):
            self._context.recent.add(path)

    def _show_run(self, session: Session) -> None:
        self.run_taken.emit(session)
        self._assessment.show_gallery()

    @Slot(str, object)
    def _offer_last_good(self, sentence: str, damaged: Path) -> None:
        context, self._continues = self._context, False
        context.messages.show_error(sentence)
        good = context.copies.last_good(damaged)
        if good is not None:
            context.messages.offer("Open the Last &Good Run", partial(self._opener.open, [good]))


def _left_of(opened: Opened, now: Workspace) -> LabelledImages | None:
    """The control that is open, where training images leave something of it."""
    displaced = opened.displaced is not None and opened.displaced.control is now.control
    return None if displaced else now.control


def _notes_on_reading(opened: Opened, in_queue: bool) -> list[str]:
    """What is guessed of a network, and what its training images say against."""
    network, found, notes = opened.network, opened.assumptions, []
    if network is not None and not network.inputs.is_known and network.inputs.is_vector:
        notes.append(
            f"{network.origin.name} does not say what it reads; the input on the left, "
            f"{shape_in_words(network.input_shape)}, is a guess that you can correct."
        )
    if found is not None and found.warning and not in_queue:
        notes.append(found.warning)
    return notes


def _notes_on_images(opened: Opened, before: Workspace) -> list[str]:
    """How images were read, and what was left out of the control, where it has to be known.

    Of images that stay open while the network is read anew, or beside others, it is known.
    """
    notes = [] if opened.displaced is None else [opened.displaced.sentence]
    for given, open_before in ((opened.train, before.train), (opened.control, before.control)):
        if given is not None and given is not open_before:
            stays = opened.network is None and open_before is not None
            known = _notes_of(open_before) if stays and open_before is not None else []
            notes += [each for each in _notes_of(given) if each not in known]
    return notes


def _notes_of(images: LabelledImages) -> list[str]:
    notes = [f"{images.name}: {images.said}."] if images.said else []
    if images.apart is not None and images.apart.sentence:
        notes.append(images.apart.sentence)
    return notes


def _described(opened: Opened) -> str:
    """`Opened the network digits.pth (784-1000-1000-1), 100 training images`."""
    parts = []
    if opened.network is not None:
        what = "the run" if opened.session is not None else "the network"
        where = opened.path or opened.network.origin.name
        parts.append(f"{what} {where} ({opened.network.architecture})")
    if opened.train is not None:
        parts.append(f"{len(opened.train):,} training {_several(opened.train)}")
    if opened.control is not None:
        parts.append(f"{len(opened.control):,} control {_several(opened.control)}")
    return f"Opened {', '.join(parts)}"


def _several(images: LabelledImages) -> str:
    """`images`, or `rows`; of a table with where their classes came from."""
    nouns = nouns_of(images.images.shape[1:])
    return f"{nouns.several} ({images.name})" if nouns is ROWS else nouns.several
