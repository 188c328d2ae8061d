"""Training a network the way the theory wants: towards a stationary direction.

The attack rests on convergence in direction (Lyu and Li 2019; Ji and Telgarsky 2020), which plain
gradient descent approaches only logarithmically. Gradient descent on log(loss), that is the
gradient divided by the loss, follows the same path at a pace that does not fade. The fast schedule
does that with momentum: a step that would raise the objective is not taken, halves the rate and
forgets the momentum; any other lets the rate grow by 5 %; no step is longer than a share of ‖θ‖.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from engine.datasets import LabelledImages
from engine.device_errors import device_errors
from engine.devices import choose_device
from engine.errors import DeviceFailed, OutOfMemory, RunFailed, UnusableInput
from engine.health import MOST_IMAGES, TrueStationarity, check_stationarity
from engine.history import RowBuffer, TrainingCurves
from engine.lazy import torch
from engine.network import InputShape, Network
from engine.objective import PART, Objective, Theta, Value
from engine.recipe import Recipe
from engine.recovery import Recovery
from engine.version import VERSION

if TYPE_CHECKING:
    from torch import Tensor
T = TypeVar("T")

_FIRST_RATE = 0.01
_GROWTH, _SHRINKAGE = 1.05, 0.5
_TEST_EVERY, _RESIDUAL_EVERY = 10, 50
_MOST_FOR_RESIDUAL = 500
_DIVERGED, _LARGEST_NORM = 1e15, 1e12


@dataclass(frozen=True)
class TrainingState:
    """What decides how a training goes on, beside recipe, images and weights.

    Attributes:
        step: steps so far.
        seconds: computing time so far.
        rate: step size of the fast schedule.
    """

    step: int = 0
    seconds: float = 0.0
    rate: float = _FIRST_RATE


@dataclass(frozen=True)
class TrainingStart:
    """Where a training goes on from; `engine.trained.load_start` reads it from a file.

    Attributes:
        network: the weights as they stood.
        state: the rest.
        velocity: the last change of W_1 … W_L, b_1; empty where it starts anew.
    """

    network: Network
    state: TrainingState
    velocity: tuple[Tensor, ...]


@dataclass(frozen=True)
class TrainingSnapshot:
    """A training between two steps.

    Attributes:
        step: steps so far.
        seconds: computing time so far.
        share: how far the training is, from 0 to 1, as far as one can tell.
        curves: every step so far.
        end: why the training has ended, in a sentence; empty while it goes on.
        notes: what happened on the way, a sentence each (engine/recovery).
    """

    step: int
    seconds: float
    share: float
    curves: TrainingCurves
    end: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _HostState:
    """A training between two steps, on the host.

    Attributes:
        theta: W_1 … W_L, b_1.
        velocity: their last change.
        state: the rest.
        rows: how many rows the curves had.
    """

    theta: Theta
    velocity: list[Tensor]
    state: TrainingState
    rows: int = 0


class Training:
    """Trains one network.

    `iterate` takes the steps. Between any two snapshots all else may be asked for; pausing is not
    asking for the next snapshot, stopping is closing the iterator. Where a GPU fails, the training
    goes on on the CPU (engine/recovery).

    Attributes:
        recipe: how the network is made.
        is_over: whether the recipe's end was reached.
    """

    def __init__(
        self,
        train: LabelledImages,
        recipe: Recipe,
        test: LabelledImages | None = None,
        start: TrainingStart | None = None,
    ) -> None:
        """Draws the initial weights, or takes those of a training that goes on.

        Args:
            train: images with labels 0 and 1; their mean is subtracted.
            recipe: what to make of them.
            test: images to measure accuracy on.
            start: where to go on from.

        Raises:
            UnusableInput: there is no such device, only one class, or `start` is of other images
                or another architecture.
        """
        if set(train.labels.tolist()) != {0, 1}:
            raise UnusableInput("Training needs images of two classes.")
        if recipe.until_residual and len(train) > _MOST_FOR_RESIDUAL:
            raise UnusableInput(
                f"A residual can be trained to with at most {_MOST_FOR_RESIDUAL:,} images."
            )
        self.recipe = recipe
        self._dtype: torch.dtype = getattr(torch, recipe.dtype)
        self._images, self._test_images = train, test
        self._mean = train.images.mean(0)
        channels, height, width = self._mean.shape
        self._shape: InputShape = (channels, height, width)
        self._recovery = Recovery[_HostState](choose_device(recipe.device, self._dtype))
        self._recovery.at_once = min(len(train), PART)
        self._state = TrainingState()
        self._curves = RowBuffer(6)
        theta = _initial_weights(self._mean.numel(), recipe)
        velocity: Sequence[Tensor] = [torch.zeros_like(p) for p in theta]
        if start is not None:
            theta = self._check(start.network)
            velocity, self._state = start.velocity or velocity, start.state
        self._recovery.copy.keep(_HostState(theta, list(velocity), self._state), time.monotonic())
        self.is_over = False
        self._norm = 0.0
        self._looked_at = 0
        self._answered(self._place)

    def _place(self) -> None:
        """Puts images and the last copy of the weights on the device."""
        kept = self._recovery.copy.state
        assert kept is not None
        self._x, self._y = self._centred(self._images), self._images.signs
        test = self._test_images
        self._test = None if test is None else (self._centred(test), test.signs)
        self._theta = [p.to(self.device, self._dtype) for p in kept.theta]
        self._velocity = [v.to(self.device, self._dtype) for v in kept.velocity]
        self._state = kept.state
        if kept.rows < len(self.curves):
            self._curves = RowBuffer(6, self._curves.rows()[: kept.rows])
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
        *weights, bias = self._answered(lambda: [p.detach().cpu().clone() for p in self._theta])
        return Network(tuple(weights), bias, self._shape, mean=self._mean)

    @property
    def state(self) -> TrainingState:
        """Where the training stands."""
        return self._state

    @property
    def velocity(self) -> list[Tensor]:
        """The last change of W_1 … W_L, b_1, on the CPU."""
        return self._answered(lambda: [v.cpu().clone() for v in self._velocity])

    @property
    def curves(self) -> TrainingCurves:
        """Every step so far, of this object."""
        return TrainingCurves(self._curves.rows())

    def details(self, label_names: Sequence[str], description: str) -> dict[str, str]:
        """What a checkpoint says of its making, for people and reports.

        Args:
            label_names: of the labels 0 and 1.
            description: of the images.
        """
        curves = self.curves
        made = {
            **asdict(self.recipe),
            "images": description,
            "steps": self._state.step,
            "log10_loss": round(float(curves.log10_loss[-1]), 3) if len(curves) else None,
            "on": self._recovery.computed_on,
            "version": VERSION,
        }
        return {
            "label_names": json.dumps(list(label_names)),
            "recipe": json.dumps(made),
        }

    @property
    def is_sound(self) -> bool:
        """Whether the weights have not diverged."""
        return self._answered(lambda: _norm(self._theta)) < _DIVERGED

    @property
    def is_solvable(self) -> bool:
        """Whether `stationarity` can be asked for: whether the images are few enough."""
        return len(self._x) <= MOST_IMAGES

    def stationarity(self) -> TrueStationarity:
        """How stationary the network is with its images; see `engine.health`.

        Raises:
            UnusableInput: there are too many images to tell.
        """
        return self._answered(lambda: check_stationarity(self.network, self._x, self._y))

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
            self.is_over = bool(end)
            yield self._snapshot(end)

    def _schedule(self) -> Generator[Value | None]:
        return self._fast() if self.recipe.schedule == "fast" else self._plain()

    def _advance(self, steps: Generator[Value | None]) -> str:
        """Takes a step, or a part of one that takes long; says why the training is at its end."""
        started, end = time.perf_counter(), ""
        try:
            value = next(steps)
        except StopIteration:
            end = "No step lowers the loss any more."
            value = None
        seconds = self._state.seconds + time.perf_counter() - started
        self._state = replace(self._state, seconds=seconds)
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
                count, step = len(self._images), self._state.step
                self._recovery.take_fewer(failure, count, "images", step)
                return
        if self.device.type == "cpu":
            raise failure
        self._move_to_cpu(failure)

    def _move_to_cpu(self, failure: DeviceFailed) -> None:
        kept = self._recovery.copy.state
        assert kept is not None
        self._recovery.move_to_cpu(failure, "training", self._state.step, kept.state.step)
        self._recovery.at_once = min(len(self._images), PART)
        with device_errors(self.device, len(self._images), "images"):
            self._place()

    def _keep_on_host(self) -> None:
        began = time.monotonic()
        kept = _HostState(
            [p.detach().cpu().clone() for p in self._theta],
            [v.cpu().clone() for v in self._velocity],
            self._state,
            len(self.curves),
        )
        self._recovery.copy.keep(kept, began)

    # --- the two schedules ------------------------------------------------------------------
    # Generators of what is to be recorded after a step; None in the middle of a longer one.

    def _fast(self) -> Generator[Value | None]:
        """Descent on log(loss) with momentum and a step that adapts itself."""
        objective = self._objective(is_logarithm=True)
        now = yield from objective.at(self._theta, self._x, self._y)
        stall = _Stall(now.objective)
        while True:
            rate = self._state.rate
            change = [
                self.recipe.momentum * v - rate * g
                for v, g in zip(self._velocity, now.gradient, strict=True)
            ]
            size, largest = _norm(change), self.recipe.largest_change * _norm(self._theta)
            if size > largest:
                change = [c * (largest / size) for c in change]
            there = [p + c for p, c in zip(self._theta, change, strict=True)]
            then = yield from objective.at(there, self._x, self._y)
            is_refused = not then.objective <= now.objective
            if is_refused:
                self._velocity, rate = [torch.zeros_like(c) for c in change], rate * _SHRINKAGE
            else:
                self._theta, self._velocity, now, rate = there, change, then, rate * _GROWTH
            self._state = replace(self._state, step=self._state.step + 1, rate=rate)
            yield now
            if stall.is_reached(now.objective, is_refused):
                return

    def _plain(self) -> Generator[Value | None]:
        """Gradient descent with one step size, all images at once or in mini-batches."""
        objective = self._objective(is_logarithm=False)
        count, size = len(self._x), min(self.recipe.batch or len(self._x), len(self._x))
        batches = math.ceil(count / size)
        while True:
            epoch, batch = divmod(self._state.step, batches)
            x, y = self._x, self._y
            if batches > 1:
                order = np.random.default_rng((self.recipe.seed, epoch)).permutation(count)
                chosen = torch.from_numpy(order[batch * size : (batch + 1) * size])
                x, y = x[chosen.to(x.device)], y[chosen]
            now = yield from objective.at(self._theta, x, y)
            self._theta = [
                p - self.recipe.rate * g for p, g in zip(self._theta, now.gradient, strict=True)
            ]
            self._state = replace(self._state, step=self._state.step + 1)
            if batches == 1:
                yield now
            elif batch == batches - 1:
                yield (yield from objective.at(self._theta, self._x, self._y))
            else:
                yield None

    def _objective(self, is_logarithm: bool) -> Objective:
        part = self._recovery.at_once or PART
        return Objective(self.recipe.weight_decay, is_logarithm, part)

    # --- between two steps ------------------------------------------------------------------

    def _record(self, value: Value) -> None:
        step, norm = self._state.step, _norm(self._theta)
        self._norm = norm
        if not math.isfinite(value.log_loss) or not norm < _DIVERGED:
            raise RunFailed(
                f"The training diverged in step {step:,}; take a smaller step, or the fast "
                "schedule."
            )
        is_measured = len(self.curves) % _TEST_EVERY == 0
        row = (
            step,
            self._state.seconds,
            value.log_loss / math.log(10),
            float((value.margins > 0).double().mean()),
            float(value.margins.min()) / norm ** (len(self._theta) - 1),
            self._test_accuracy() if is_measured else math.nan,
        )
        self._curves.extend(np.array([row]))

    def _why_to_end(self) -> str:
        state, recipe, curves = self._state, self.recipe, self.curves
        if recipe.until_exponent and len(curves) and curves.log10_loss[-1] < recipe.until_exponent:
            return "The loss is reached."
        if recipe.until_residual and state.step >= self._looked_at + _RESIDUAL_EVERY:
            self._looked_at = state.step
            if self.stationarity().relative < recipe.until_residual:
                return "The residual is reached."
        if recipe.schedule == "fast" and self._norm > _LARGEST_NORM:
            return "The weights cannot grow any further."
        if recipe.seconds and state.seconds >= recipe.seconds:
            return "The time is over."
        if state.step >= recipe.most_steps:
            return "All steps are taken."
        return ""

    def _snapshot(self, end: str) -> TrainingSnapshot:
        state, recipe, curves = self._state, self.recipe, self.curves
        shares = [0.0, state.step / recipe.most_steps]
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
        *weights, bias = self._theta
        network = Network(tuple(weights), bias, self._shape)
        parts = torch.split(x, self._recovery.at_once or PART)
        outputs = torch.cat([network.forward(part).cpu() for part in parts]).double()
        return float((y * outputs > 0).double().mean())

    # --- the start --------------------------------------------------------------------------

    def _centred(self, images: LabelledImages) -> Tensor:
        return (images.images - self._mean).flatten(1).to(self.device, self._dtype)

    def _check(self, network: Network) -> Theta:
        """The weights to go on from, if they fit this training."""
        name = network.origin.name
        sizes = (self._mean.numel(), *self.recipe.hidden, 1)
        if network.layer_sizes != sizes or network.bias is None:
            raise UnusableInput(
                f"{name} is {network.architecture}; this training makes another network."
            )
        if network.mean is None or not torch.equal(network.mean, self._mean):
            raise UnusableInput(f"{name} was trained on other images.")
        return [*network.weights, network.bias]


class _Stall:
    """Notices that the objective does not fall any more, however small the step.

    On the plateau at the start it hardly falls either, but there no step is refused.
    """

    _window, _refused, _fall = 200, 5, 1e-8

    def __init__(self, objective: float) -> None:
        self._from = objective
        self._steps, self._refusals = 0, 0

    def is_reached(self, objective: float, is_refused: bool) -> bool:
        """Told of every step: where the objective stands, and whether the step was refused."""
        self._steps += 1
        self._refusals += is_refused
        if self._steps < self._window:
            return False
        stalled = self._refusals >= self._refused and self._from - objective < self._fall
        self._from, self._steps, self._refusals = objective, 0, 0
        return stalled


def _initial_weights(dimension: int, recipe: Recipe) -> Theta:
    """W_1 … W_L and b_1: W_1 and b_1 normal and small, the others uniform as PyTorch draws them."""
    generator = torch.Generator().manual_seed(recipe.seed)
    sizes = (dimension, *recipe.hidden, 1)
    first = torch.randn(sizes[1], sizes[0], generator=generator) * recipe.first_layer_scale
    bias = torch.randn(sizes[1], generator=generator) * recipe.first_layer_scale
    upper = []
    for inputs, outputs in pairwise(sizes[1:]):
        bound = recipe.upper_layer_scale / math.sqrt(inputs)
        upper.append((2 * torch.rand(outputs, inputs, generator=generator) - 1) * bound)
    return [first, *upper, bias]


def _norm(theta: Theta) -> float:
    return math.sqrt(sum(float(p.square().sum()) for p in theta))
