"""The worker that trains a network on the one thread it lives on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.errors import AfterimageError
from engine.data.datasets import TrainingData
from engine.network.network import Network
from engine.session.autosave import Autosave
from engine.session.driver import drive
from engine.training.recipe import Recipe
from engine.training.state import TrainingSnapshot
from engine.training.trained import keep, save_with_data
from engine.training.training import Training
from engine.training.view import TrainingFrame, TrainingView
from gui.run.mailbox import Latest, Mailbox
from gui.run.worker_controller import WorkerController
from gui.toolkit.faults import report

T = TypeVar("T")

_COPY_SECONDS = 30.0
_FAULT = "An error in Afterimage itself ended the training."


@dataclass(frozen=True)
class TrainingRequest:
    """What to train on, how, and from which base; or a training to go on with, by the recipe."""

    data: TrainingData
    recipe: Recipe
    training: Training | None = None
    autosave: Path | None = None
    copy_seconds: float = _COPY_SECONDS
    base: Network | None = None


@dataclass(frozen=True)
class TrainingEnd:
    """How it ended: the training, where there is one; a sentence, where something went wrong."""

    training: Training | None
    error: str = ""


class TrainingWorker(QObject):
    """Lives on its own thread; runs one request after the other."""

    started = Signal(object)
    """Emitted with the `Training` that is under way."""

    ended = Signal(object)
    """Emitted with a `TrainingEnd`, as soon as no further step is taken."""

    rested = Signal()
    """Emitted after `ended`, once the last frame is in the slot."""

    complained = Signal(str)
    noticed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.slot: Latest[TrainingFrame] = Latest()
        self.mailbox = Mailbox()

    def prepare(self, request: TrainingRequest) -> None:
        """Called by the window before `run`, so that a stop can never come too early."""
        self.slot = Latest()
        self.mailbox = Mailbox()

    @Slot(object)
    def run(self, request: TrainingRequest) -> None:
        """Trains from start to end."""
        mailbox, slot = self.mailbox, self.slot
        training, error = request.training, ""
        last: TrainingSnapshot | None = None
        view: TrainingView | None = None
        try:
            if training is None:
                training = Training(
                    request.data.train, request.recipe, request.data.test, base=request.base
                )
            else:
                training.recipe = request.recipe
            view = TrainingView(training)
            self.started.emit(training)
            last, error = self._drive(training, view, mailbox, slot, request)
        except AfterimageError as failure:
            error = str(failure)
        # Whatever else goes wrong must reach a person, not vanish with the thread.
        except Exception as failure:
            report(failure)
            error = _FAULT
        mailbox.close(lambda: training)
        is_of_use = training is not None and training.state.step > 0 and _is_sound(training)
        if is_of_use and training is not None:
            self.keep(training, request)
        self.ended.emit(TrainingEnd(training if is_of_use else None, error))
        if view is not None:
            if last is not None and is_of_use:
                slot.put(view.frame(last, at_rest=True))
                self.rested.emit()
            view.close()

    def _drive(
        self,
        training: Training,
        view: TrainingView,
        mailbox: Mailbox,
        slot: Latest[TrainingFrame],
        request: TrainingRequest,
    ) -> tuple[TrainingSnapshot | None, str]:
        """The last snapshot, or why there is none that counts: the training failed."""
        watcher = _Watcher(self, training, view, mailbox, slot, request)
        autosave = Autosave(training.state.seconds, request.copy_seconds, request.copy_seconds)
        told = () if request.training is None else training.notes
        driven = drive(training.iterate(), watcher, autosave, told)
        if driven.failure is None:
            return driven.last, ""
        if isinstance(driven.failure, AfterimageError):
            return None, str(driven.failure)
        report(driven.failure)
        return None, _FAULT

    def keep(self, training: Training, request: TrainingRequest) -> None:
        """Keeps a copy against crashes; a full disk must not end the training."""
        if request.autosave is None:
            return
        try:
            save_with_data(keep(training, request.data), request.data, request.autosave)
        except AfterimageError as error:
            self.complained.emit(f"The training could not be kept safe on disk: {error}")
        except OSError as error:
            self.complained.emit(
                f"The training could not be kept safe on disk ({error.strerror or error})."
            )
        except Exception as error:
            report(error)


@dataclass(frozen=True)
class _Watcher:
    """Shows a training, keeps copies of it, and answers what the window asks between two steps."""

    worker: TrainingWorker
    training: Training
    view: TrainingView
    mailbox: Mailbox
    slot: Latest[TrainingFrame]
    request: TrainingRequest

    def begin(self) -> None:
        """No copy is wanted before there is something to lose."""

    def show(self, snapshot: TrainingSnapshot, news: str) -> None:
        """Leaves a frame in the slot."""
        if news:
            self.worker.noticed.emit(news)
        self.slot.put(self.view.frame(snapshot))

    def save(self) -> None:
        """Keeps a copy, if one is wanted."""
        self.worker.keep(self.training, self.request)

    def goes_on(self, snapshot: TrainingSnapshot) -> bool:
        """Serves the window, and waits while it wants a pause."""
        return self.mailbox.between_steps(
            lambda: self.training, lambda: self.slot.put(self.view.frame(snapshot))
        )


def _is_sound(training: Training) -> bool:
    """Whether there is a network to be had; not where even the CPU has no memory left."""
    try:
        return training.is_sound
    except AfterimageError:
        return False
    except Exception as error:  # Whatever it is, the end of the training has to be told.
        report(error)
        return False


class TrainingController(WorkerController):
    """Starts, pauses and stops trainings. `prepared` carries the `Training`, `frame_ready` a
    `TrainingFrame`, `ended` a `TrainingEnd`.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(TrainingWorker(), "training", parent)

    def hold(self, work: Callable[[], T]) -> Callable[[], T]:
        """Work on a training that is on, to be called on a thread of its own.

        The training is held between two steps until the work is done. What the work raises, the
        caller's thread raises.
        """
        mailbox = self._worker.mailbox

        def held() -> T:
            outcome: Future[T] = Future()

            def serve(_training: object) -> None:
                try:
                    outcome.set_result(work())
                except Exception as error:
                    outcome.set_exception(error)

            mailbox.want(serve)
            return outcome.result()

        return held
