"""Training a network: towards a stationary direction, as the theory wants, or as people do.

The attack rests on convergence in direction (Lyu and Li 2019; Ji and Telgarsky 2020), which plain
gradient descent approaches only logarithmically, `descent` has one that is faster; or on a
stationary point of the loss with weight decay, where every optimiser that decays coupled ends.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeVar

from engine.base.errors import DeviceFailed, OutOfMemory, RunFailed, UnusableInput
from engine.base.plain_text import some_of
from engine.base.rows import RowBuffer
from engine.base.version import VERSION
from engine.data.datasets import LabelledImages
from engine.data.inputs import InputShape, InputSpec, Preprocessing, is_vector
from engine.evidence.preprocessing import feature_statistics
from engine.evidence.stationarity_check import MOST_IMAGES, TrueStationarity, check_stationarity
from engine.network.classes import Classes
from engine.network.fine_tuned import with_base
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.runtime.device_errors import device_errors
from engine.runtime.devices import choose_device
from engine.runtime.failover import Recovery
from engine.runtime.lazy import torch
from engine.training.curves import TrainingCurves
from engine.training.descent import Descent, norm
from engine.training.from_base import with_head_of
from engine.training.objective import PART, Value
from engine.training.optimizers import Memory, memories
from engine.training.recipe import Recipe
from engine.training.starts import has_bias, initial_weights
from engine.training.state import HostState, TrainingSnapshot, TrainingStart, TrainingState

if TYPE_CHECKING:
    from torch import Tensor
T = TypeVar("T")

_TEST_EVERY, _RESIDUAL_EVERY = 10, 50
_MOST_FOR_RESIDUAL = 500
_DIVERGED, _LARGEST_NORM = 1e15, 1e12
_OUT_OF_TIME = "The time is over."


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
    ) -> None:
        """Draws the initial weights, or takes those of a training that goes on.

        Args:
            train: images with labels 0 … K − 1; their mean is subtracted. Rows of a table are
                divided by the std of each feature, too.
            recipe: what to make of them.
            test: images to measure accuracy on.
            start: where to go on from.
            base: what to fine-tune; its preprocessing stays, and its last layer where it has as
                many outputs. The recipe has to be of its layers (`from_base.recipe_from`).

        Raises:
            UnusableInput: there is no such device, only one class, or `start` is of other images
                or another architecture.
        """
        self.recipe = recipe
        self._classes = Classes(recipe.output_count(_class_count(train)))
        self._check_residual(len(train))
        self._dtype: torch.dtype = getattr(torch, recipe.dtype)
        self._images, self._test_images = train, test
        self.base = base
        self._inputs = _inputs_of(train) if base is None else base.inputs
        channels, height, width = train.images.shape[1:]
        self._inputs = replace(self._inputs, shape=(channels, height, width))
        self._recovery = Recovery[HostState](choose_device(recipe.device, self._dtype))
        self._recovery.at_once = min(len(train), PART)
        self._curves = RowBuffer(len(TrainingCurves.COLUMNS))
        theta = initial_weights(train.images[0].numel(), self._classes.outputs, recipe)
        theta = theta if base is None else with_head_of(base, theta)
        memory: Memory = (theta.each(torch.zeros_like),) * memories(recipe)
        state = TrainingState()
        if start is not None:
            theta, state = self._check(start.network), start.state
            # What an earlier version kept of a schedule without any memory counts for nothing.
            memory = start.memory[: len(memory)] or memory
        self._recovery.copy.keep(HostState(theta, memory, state), time.monotonic())
        self.is_over = self.is_out_of_time = False
        self._norm = 0.0
        self._looked_at = 0
        self._answered(self._place)

    def _place(self) -> None:
        """Puts images and the last copy of the weights on the device."""
        kept = self._recovery.copy.state
        assert kept is not None
        (x, y), test = self._read(self._images), self._test_images
        self._test = None if test is None else self._read(test)
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
        theta = self._answered(lambda: _on_host(self._descent.theta))
        return Network(theta, self._inputs, activation_said_by="file")

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
        return self._answered(lambda: tuple(_on_host(part) for part in self._descent.memory))

    @property
    def curves(self) -> TrainingCurves:
        """Every step so far, of this object."""
        return TrainingCurves(self._curves.rows())

    def details(self, label_names: Sequence[str], description: str) -> dict[str, str]:
        """What a checkpoint says of its making, for people and reports.

        Args:
            label_names: of the classes.
            description: of the images.
        """
        curves = self.curves
        made = {
            **asdict(self.recipe),
            "images": description,
            "steps": self._descent.step,
            "log10_loss": round(float(curves.log10_loss[-1]), 3) if len(curves) else None,
            "on": self._recovery.computed_on,
            "version": VERSION,
        }
        base = {} if self.base is None else {"fine_tuned_from": self.base.origin.said}
        return {
            **base,
            "label_names": json.dumps(list(label_names)),
            "recipe": json.dumps(made),
        }

    @property
    def is_sound(self) -> bool:
        """Whether the weights have not diverged."""
        return self._answered(lambda: norm(self._descent.theta)) < _DIVERGED

    @property
    def is_solvable(self) -> bool:
        """Whether `stationarity` can be asked for: whether the images are few enough."""
        return len(self._images) <= MOST_IMAGES

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
                with device_errors(self.device, len(self._images), "images"):
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
            self.is_over, self.is_out_of_time = bool(end), end == _OUT_OF_TIME
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
        return end or self._why_to_end()

    # --- what fails -------------------------------------------------------------------------

    def _answered(self, ask: Callable[[], T]) -> T:
        """What the device answers; a GPU that fails hands over to the CPU, and that answers."""
        try:
            with device_errors(self.device, len(self._images), "images"):
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
                count, step = len(self._images), self._descent.step
                self._recovery.take_fewer(failure, count, "images", step)
                return
        if self.device.type == "cpu":
            raise failure
        self._move_to_cpu(failure)

    def _move_to_cpu(self, failure: DeviceFailed) -> None:
        kept = self._recovery.copy.state
        assert kept is not None
        self._recovery.move_to_cpu(failure, "training", self._descent.step, kept.state.step)
        self._recovery.at_once = min(len(self._images), PART)
        with device_errors(self.device, len(self._images), "images"):
            self._place()

    def _keep_on_host(self) -> None:
        began = time.monotonic()
        kept = HostState(
            _on_host(self._descent.theta),
            tuple(_on_host(part) for part in self._descent.memory),
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

    def _why_to_end(self) -> str:
        state, recipe, curves = self.state, self.recipe, self.curves
        if recipe.until_exponent and len(curves) and curves.log10_loss[-1] < recipe.until_exponent:
            return "The loss is reached."
        if recipe.until_residual and state.step >= self._looked_at + _RESIDUAL_EVERY:
            self._looked_at = state.step
            if self.stationarity().relative < recipe.until_residual:
                return "The residual is reached."
        if recipe.schedule == "fast" and self._norm > _LARGEST_NORM:
            return "The weights cannot grow any further."
        if recipe.seconds and state.seconds >= recipe.seconds:
            return _OUT_OF_TIME
        if state.step >= recipe.steps(len(self._images)):
            return "All steps are taken."
        return ""

    def _snapshot(self, end: str) -> TrainingSnapshot:
        state, recipe, curves = self.state, self.recipe, self.curves
        shares = [0.0, state.step / recipe.steps(len(self._images))]
        if recipe.until_exponent and len(curves):
            shares.append(float(curves.log10_loss[-1]) / recipe.until_exponent)
        if recipe.seconds:
            shares.append(state.seconds / recipe.seconds)
        share = 1.0 if end else min(max(shares), 1.0)
        return TrainingSnapshot(state.step, state.seconds, share, curves, end, self._recovery.notes)

    def _test_accuracy(self) -> float:
        if self._test is None:
            return math.nan
        x, y = self._test
        network = Network(self._descent.theta, self._inputs)
        parts = torch.split(x, self._recovery.at_once or PART)
        outputs = torch.cat([network.forward(part).cpu() for part in parts]).double()
        return float((self._classes.margins(outputs, y) > 0).double().mean())

    # --- the start --------------------------------------------------------------------------

    def _read(self, images: LabelledImages) -> tuple[Tensor, Tensor]:
        """What the network reads, flat, on the device; and labels, on the CPU."""
        x = self._inputs.of_images(images.images).to(self.device, self._dtype)
        return x, self._classes.of_numbers(images.labels)

    def _check_residual(self, count: int) -> None:
        if self.recipe.until_residual and count > _MOST_FOR_RESIDUAL:
            raise UnusableInput(
                f"A residual can be trained to with at most {_MOST_FOR_RESIDUAL:,} images, not "
                f"{count:,}.",
                "Take fewer of each class, or set no residual to reach.",
            )

    def _check(self, network: Network) -> Parameters:
        """The weights to go on from, if they fit this training."""
        name = network.origin.name
        sizes = (self._images.images[0].numel(), *self.recipe.hidden, self._classes.outputs)
        wanted = [has_bias(self.recipe, layer) for layer in range(len(sizes) - 1)]
        if network.layer_sizes != sizes or [b is not None for b in network.biases] != wanted:
            raise UnusableInput(
                f"{name} is {network.architecture}; this training makes another network.",
                "Give the hidden layers, biases and outputs that it has, or train anew.",
            )
        mean = self._inputs.mean
        if mean is None or network.mean is None or not torch.equal(network.mean, mean):
            raise UnusableInput(
                f"{name} was trained on other images than these.",
                "Give the images that its training began with, or train anew.",
            )
        return network.parameters


def _inputs_of(train: LabelledImages) -> InputSpec:
    """What a network reads that is trained on these images from the start: less their mean."""
    mean = train.images.mean(0)
    channels, height, width = mean.shape
    shape: InputShape = (channels, height, width)
    std = feature_statistics(train).std if is_vector(shape) else None
    return InputSpec(shape, Preprocessing(mean, std, "file"))


def _class_count(train: LabelledImages) -> int:
    """How many classes there are images of.

    Raises:
        UnusableInput: only one, or none of a number between.
    """
    there = set(train.labels.tolist())
    if len(there) < 2 or there != set(range(len(there))):
        raise UnusableInput(
            "Training needs images of two classes or more, numbered from 0 without a gap; these "
            f"are of {some_of([str(label) for label in sorted(there)])}.",
            "Choose other classes, or other images.",
        )
    return len(there)


def _on_host(theta: Parameters) -> Parameters:
    """A copy on the CPU."""
    return theta.each(lambda p: p.detach().cpu().clone())
