"""Training a network: towards a stationary direction, as the theory wants, or as people do.

The attack rests on convergence in direction (Lyu and Li 2019; Ji and Telgarsky 2020), which plain
gradient descent approaches only logarithmically, `descent` has one that is faster; or on a
stationary point of the loss with weight decay, where every optimiser that decays coupled ends.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from engine.base.errors import DeviceFailed, OutOfMemory, RunFailed, UnusableInput
from engine.base.rows import RowBuffer
from engine.data.datasets import LabelledImages
from engine.data.inputs import InputSpec
from engine.evidence.stationarity_check import MOST_IMAGES, TrueStationarity, check_stationarity
from engine.network.fine_tuned import with_base
from engine.network.network import Network
from engine.runtime.device_errors import device_errors
from engine.runtime.devices import choose_device
from engine.runtime.failover import Recovery
from engine.runtime.lazy import torch
from engine.training.curves import TrainingCurves
from engine.training.descent import Descent, norm
from engine.training.ends import OUT_OF_TIME, Ends
from engine.training.examples import Examples
from engine.training.from_base import with_head_of
from engine.training.objective import PART, Value
from engine.training.optimizers import Memory, memories
from engine.training.recipe import Recipe
from engine.training.starts import initial_weights
from engine.training.state import (
    HostState,
    TrainingSnapshot,
    TrainingStart,
    TrainingState,
    on_host,
)

if TYPE_CHECKING:
    pass
T = TypeVar("T")

_TEST_EVERY, _DIVERGED = 10, 1e15


class Training:
    """Trains one network.

    `iterate` takes the steps. Between any two snapshots all else may be asked for; pausing is not
    asking for the next snapshot, stopping is closing the iterator. Where a GPU fails, the training
    goes on on the CPU (runtime/failover).

    Attributes:
        recipe: how the network is made.
        is_over: whether the recipe's end was reached.
        is_out_of_time: whether that was the limit of time, so that it is in the middle of its way.
        base: what it fine-tunes, where it does.
    """

    def __init__(
        self,
        train: LabelledImages,
        recipe: Recipe,
        test: LabelledImages | None = None,
        start: TrainingStart | None = None,
        base: Network | None = None,
        inputs: InputSpec | None = None,
    ) -> None:
        """Draws the initial weights, or takes those of a training that goes on.

        Args:
            train: images with labels 0 … K − 1.
            recipe: what to make of them.
            test: images to measure accuracy on.
            start: where to go on from.
            base: what to fine-tune; its preprocessing stays, and its last layer where it has as
                many outputs. The recipe has to be of its layers (`from_base.recipe_from`).
            inputs: what the network is to read of an image, where that is not less the mean of
                these or as the base reads it.

        Raises:
            UnusableInput: there is no such device, only one class, or `start` is of other images
                or another architecture.
        """
        self.recipe, self.base = recipe, base
        self._examples = examples = Examples.of(train, test, recipe, base, inputs)
        self._count = len(train)
        self._ends = Ends(self._count, lambda: self.stationarity().relative)
        self._dtype: torch.dtype = getattr(torch, recipe.dtype)
        self._recovery = Recovery[HostState](choose_device(recipe.device, self._dtype))
        self._recovery.at_once = min(len(train), PART)
        self._curves = RowBuffer(len(TrainingCurves.COLUMNS))
        theta = initial_weights(examples.input_dimension, examples.classes.outputs, recipe)
        theta = theta if base is None else with_head_of(base, theta)
        memory: Memory = (theta.each(torch.zeros_like),) * memories(recipe)
        state = TrainingState()
        if start is not None:
            theta, state = examples.weights_to_go_on_from(start.network, recipe), start.state
            # What an earlier version kept of a schedule without any memory counts for nothing.
            memory = start.memory[: len(memory)] or memory
        self._recovery.copy.keep(HostState(theta, memory, state), time.monotonic())
        self.is_over = self.is_out_of_time = False
        self._norm = 0.0
        self._answered(self._place)

    def _place(self) -> None:
        """Puts images and the last copy of the weights on the device."""
        kept = self._recovery.copy.state
        assert kept is not None
        examples, at = self._examples, (self.device, self._dtype)
        x, y = examples.read(examples.train, *at)
        self._test = None if examples.test is None else examples.read(examples.test, *at)
        theta = kept.theta.to(self.device, self._dtype)
        memory = tuple(part.to(self.device, self._dtype) for part in kept.memory)
        self._descent = Descent(x, y, theta, memory, kept.state.step, kept.state.rate)
        self._seconds = kept.state.seconds
        if kept.rows < len(self.curves):
            self._curves = RowBuffer(len(TrainingCurves.COLUMNS), self._curves.rows()[: kept.rows])
        if not self._recovery.needs_copies:
            self._recovery.copy.forget()

    @property
    def notes(self) -> tuple[str, ...]:
        """What happened on the way, a sentence each."""
        return self._recovery.notes

    @property
    def device(self) -> torch.device:
        """Where it is computed now."""
        return self._recovery.device

    @property
    def network(self) -> Network:
        """The network as it stands, on the CPU."""
        theta = self._answered(lambda: on_host(self._descent.theta))
        return Network(theta, self._examples.inputs, activation_said_by="file")

    @property
    def tuned(self) -> Network:
        """The network as it stands, with its base once anything of that has changed."""
        network = self.network
        if self.base is not None:
            with suppress(UnusableInput):
                return with_base(network, self.base)
        return network

    @property
    def state(self) -> TrainingState:
        """Where the training stands."""
        return TrainingState(self._descent.step, self._seconds, self._descent.rate)

    @property
    def memory(self) -> Memory:
        """What the schedule remembers of earlier steps, on the CPU."""
        return self._answered(lambda: tuple(on_host(part) for part in self._descent.memory))

    @property
    def curves(self) -> TrainingCurves:
        """Every step so far, of this object."""
        return TrainingCurves(self._curves.rows())

    @property
    def computed_on(self) -> str:
        """The devices that it was computed on, for people."""
        return self._recovery.computed_on

    @property
    def is_sound(self) -> bool:
        """Whether the weights have not diverged."""
        return self._answered(lambda: norm(self._descent.theta)) < _DIVERGED

    @property
    def is_solvable(self) -> bool:
        """Whether `stationarity` can be asked for: whether the images are few enough."""
        return self._count <= MOST_IMAGES

    def stationarity(self) -> TrueStationarity:
        """How stationary the network is with its images, or what was changed of its base.

        Raises:
            UnusableInput: there are too many images to tell.
        """
        return self._answered(
            lambda: check_stationarity(self.tuned, self._descent.x, self._descent.y)
        )

    def iterate(self) -> Generator[TrainingSnapshot]:
        """Takes steps until the recipe says to stop; closing the iterator stops it, too.

        Yields after each step, and between the parts of one that takes long. A training that goes
        on from the state between two steps gives, on a CPU, the same network bit for bit.

        Where a GPU has not enough memory, or is lost, the training goes on with fewer images at a
        time, or on the CPU, from a few seconds before; the snapshots say so.

        Raises:
            RunFailed: the training diverged, or the CPU has no memory left.
        """
        steps, on = self._schedule(), self.device
        end = ""
        while not end:
            if on != self.device:  # It was lost between two steps.
                steps, on = self._schedule(), self.device
            try:
                with device_errors(self.device, self._count, "images"):
                    end = self._advance(steps)
                    if self._recovery.needs_copies and (end or self._recovery.copy.is_due()):
                        self._keep_on_host()
            except DeviceFailed as failure:
                failed: DeviceFailed | None = failure
            else:
                failed = None
            if failed is not None:
                end = ""
                self._recover(failed)
                steps, on = self._schedule(), self.device
            self.is_over, self.is_out_of_time = bool(end), end == OUT_OF_TIME
            yield self._snapshot(end)

    def _schedule(self) -> Generator[Value | None]:
        return self._descent.steps(self.recipe, self._recovery.at_once or PART)

    def _advance(self, steps: Generator[Value | None]) -> str:
        """Takes a step, or a part of one that takes long; says why the training is at its end."""
        started, end = time.perf_counter(), ""
        try:
            value = next(steps)
        except StopIteration:
            end = "No step lowers the loss any more."
            value = None
        self._seconds += time.perf_counter() - started
        if value is not None:
            self._record(value)
        return end or self._ends.why(self.recipe, self.state, self.curves, self._norm)

    # --- what fails -------------------------------------------------------------------------

    def _answered(self, ask: Callable[[], T]) -> T:
        """What the device answers; a GPU that fails hands over to the CPU, and that answers."""
        try:
            with device_errors(self.device, self._count, "images"):
                return ask()
        except DeviceFailed as failure:
            if self.device.type == "cpu":
                raise
            failed = failure
        self._move_to_cpu(failed)
        return ask()

    def _recover(self, failure: DeviceFailed) -> None:
        """Fewer images at a time, or the CPU."""
        if isinstance(failure, OutOfMemory):
            # Weights are replaced as a whole, once a step is through: they are those before it.
            with suppress(OutOfMemory):
                self._recovery.take_fewer(failure, self._count, "images", self._descent.step)
                return
        if self.device.type == "cpu":
            raise failure
        self._move_to_cpu(failure)

    def _move_to_cpu(self, failure: DeviceFailed) -> None:
        kept = self._recovery.copy.state
        assert kept is not None
        self._recovery.move_to_cpu(failure, "training", self._descent.step, kept.state.step)
        self._recovery.at_once = min(self._count, PART)
        with device_errors(self.device, self._count, "images"):
            self._place()

    def _keep_on_host(self) -> None:
        began = time.monotonic()
        kept = HostState(
            on_host(self._descent.theta),
            tuple(on_host(part) for part in self._descent.memory),
            self.state,
            len(self.curves),
        )
        self._recovery.copy.keep(kept, began)

    # --- between two steps ------------------------------------------------------------------

    def _record(self, value: Value) -> None:
        step, theta = self._descent.step, self._descent.theta
        self._norm = norm(theta)
        if not math.isfinite(value.log_loss) or not self._norm < _DIVERGED:
            raise RunFailed(
                f"The training diverged in step {step:,}; take a smaller step, or the fast "
                "schedule."
            )
        is_measured = len(self.curves) % _TEST_EVERY == 0
        row = TrainingCurves.of(
            step=step,
            seconds=self._seconds,
            log10_loss=value.log_loss / math.log(10),
            accuracy=float((value.margins > 0).double().mean()),
            margin=float(value.margins.min()) / self._norm**theta.depth,
            test_accuracy=self._test_accuracy() if is_measured else math.nan,
        )
        self._curves.extend(row.rows)

    def _snapshot(self, end: str) -> TrainingSnapshot:
        state, curves = self.state, self.curves
        share = 1.0 if end else self._ends.share(self.recipe, state, curves)
        return TrainingSnapshot(state.step, state.seconds, share, curves, end, self._recovery.notes)

    def _test_accuracy(self) -> float:
        if self._test is None:
            return math.nan
        at_once = self._recovery.at_once or PART
        return self._examples.accuracy(self._descent.theta, *self._test, at_once)
