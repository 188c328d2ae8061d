"""The worker that trains a network on the one thread it lives on."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from engine.datasets import TrainingData
from engine.errors import AfterimageError
from engine.live_training import TrainingFrame, TrainingView, look_at
from engine.progress import Progress
from engine.recipe import Recipe
from engine.training import Training, TrainingSnapshot
from gui.controller import Controller
from gui.run_control import Latest, RunControl


@dataclass(frozen=True)
class TrainingRequest:
    """What to train on and how; or a training to go on with, by the recipe given."""

    data: TrainingData
    recipe: Recipe
    training: Training | None = None


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

    examined = Signal(object)
    """Emitted last, with what `look_at` found."""

    complained = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.slot: Latest[TrainingFrame] = Latest()
        self.control = RunControl()

    def prepare(self, request: TrainingRequest) -> None:
        """Called by the window before `run`, so that a stop can never come too early."""
        self.slot = Latest()
        self.control = RunControl()

    @Slot(object)
    def run(self, request: TrainingRequest) -> None:
        """Trains from start to end."""
        control, slot = self.control, self.slot
        training, error = request.training, ""
        last: TrainingSnapshot | None = None
        view: TrainingView | None = None
        try:
            if training is None:
                training = Training(request.data.train, request.recipe, request.data.test)
            else:
                training.recipe = request.recipe
            view = TrainingView(training)
            self.started.emit(training)
            last = _drive(training, view, control, slot)
        except AfterimageError as failure:
            error = str(failure)
        # Whatever else goes wrong must reach a person, not vanish with the thread.
        except Exception as failure:
            traceback.print_exc()
            error = f"The training failed unexpectedly ({type(failure).__name__}: {failure})."
        control.close(lambda: training)
        has_stepped = training is not None and training.state.step > 0
        self.ended.emit(TrainingEnd(training if has_stepped else None, error))
        if training is None or view is None or last is None or not has_stepped:
            return
        slot.put(view.frame(last, at_rest=True))
        self.rested.emit()
        if not error:
            self.examined.emit(look_at(training))


def _drive(
    training: Training, view: TrainingView, control: RunControl, slot: Latest[TrainingFrame]
) -> TrainingSnapshot | None:
    """Trains until the end, or until told to stop; returns the last snapshot."""
    last: TrainingSnapshot | None = None

    def show() -> None:
        assert last is not None
        slot.put(view.frame(last, at_rest=True))

    with closing(training.iterate()) as snapshots:
        for last in snapshots:
            slot.put(view.frame(last))
            if not last.end and not control.between_steps(lambda: training, show):
                break
    return last


class TrainingController(Controller):
    """Starts, pauses and stops trainings. `prepared` carries the `Training`, `frame_ready` a
    `TrainingFrame`, `ended` a `TrainingEnd`.
    """

    examined = Signal(object)
    """Emitted with a `Trained` when a training has come to rest."""

    def __init__(self, parent: QObject | None = None) -> None:
        worker = TrainingWorker()
        super().__init__(worker, "training", parent)
        worker.examined.connect(self.examined)

    def between_steps(self, work: Callable[[], None]) -> Callable[[Progress], None]:
        """Work on a training that may be on, to be called on a thread of its own.

        The training is held between two steps until the work is done; one at rest needs no
        holding. What the work raises, the caller's thread raises.
        """
        control = self._worker.control if self.is_active else None

        def held(_progress: Progress) -> None:
            if control is None:
                work()
                return
            outcome: Future[None] = Future()

            def serve(_training: object) -> None:
                try:
                    outcome.set_result(work())
                except Exception as error:
                    outcome.set_exception(error)

            control.want(serve)
            outcome.result()

        return held
