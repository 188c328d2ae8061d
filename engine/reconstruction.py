"""The run: from noise to candidates that explain the weights.

    for snapshot in Reconstruction(network, settings).iterate():
        show(snapshot.images())

Pausing is not asking for the next snapshot; stopping is closing the generator. Between any two
snapshots `state()` is everything that the run needs to go on, bit for bit, on the CPU.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from engine.devices import choose_device, device_errors, synchronize
from engine.errors import RunFailed
from engine.history import Losses, LossHistory
from engine.network import Network
from engine.problem import Problem
from engine.recording import Drift, Recording, frame_steps
from engine.row_space import RowSpace, spectrum_of
from engine.settings import Settings

SNAPSHOT_INTERVAL = 1 / 30
"""Seconds of computing between two snapshots; a single longer step makes it longer."""

_MOMENTUM = 0.9
_CANDIDATES_PER_RANK = 4
_FEWEST, _MOST = 100, 2000
_CALIBRATION_STEPS = 10
_CALIBRATION_SECONDS = 0.3
_USABLE_SHARE_OF_LIMIT = 0.85


@dataclass(frozen=True)
class Snapshot:
    """One moment of a run; nothing in it changes afterwards.

    Attributes:
        step: steps taken.
        steps: steps that the run will take.
        seconds: computing time, pauses not counted.
        losses: one row a step.
        unknowns: shape (m, k), in the problem's own coordinates, on its device.
        multipliers: λ, shape (m,).
        labels: y, −1 or +1, shape (m,).
        is_last: the run ends here.
        note: why the run ended before its time; empty otherwise.
    """

    step: int
    steps: int
    seconds: float
    losses: Losses
    unknowns: Tensor
    multipliers: Tensor
    labels: Tensor
    problem: Problem
    is_last: bool = False
    note: str = ""

    def images(self, order: Tensor | None = None) -> Tensor:
        """Candidates as centred images, float32 on the CPU, shape (m, c, h, w).

        Args:
            order: indices of the candidates wanted, on the CPU; all of them where not given.
        """
        unknowns = self.unknowns
        if order is not None:
            unknowns = unknowns[order.to(unknowns.device)]
        return self.problem.images(unknowns)

    @property
    def remaining_seconds(self) -> float | None:
        """An estimate from the pace so far; None before the first step."""
        if self.step == 0:
            return None
        return self.seconds / self.step * (self.steps - self.step)


@dataclass(frozen=True)
class RunState:
    """Everything a run needs to go on: what `Reconstruction` can be made from again.

    Attributes:
        tensors: unknowns, multipliers and the optimiser's memory, by name, on the CPU.
        space: the row space that the unknowns are coordinates in; another machine's might
            have other signs.
    """

    step: int
    steps: int
    seconds: float
    tensors: dict[str, Tensor]
    space: RowSpace | None
    losses: Losses
    recording: Recording


class Reconstruction:
    """One run on one network. Its settings are final: automatic values have been filled in."""

    def __init__(self, network: Network, settings: Settings, state: RunState | None = None) -> None:
        """Prepares the problem and the noise; takes a second or two for the row space.

        Args:
            network: as read from a checkpoint.
            settings: 0 candidates means four for each dimension of the row space.
            state: where an earlier run, with the same network and settings, left off.

        Raises:
            UnusableInput: the device does not exist.
            RunFailed: the device has not enough memory.
        """
        self.network = network
        dtype = torch.float64 if settings.dtype == "float64" else torch.float32
        self.device = choose_device(settings.device, dtype)
        with device_errors(self.device, settings.candidates or _FEWEST):
            space = None if state is None else state.space
            self.problem = Problem(network, settings, self.device, space)
            if not settings.candidates:
                rank = self.problem.rank or spectrum_of(network).rank
                settings = replace(settings, candidates=_automatic_candidates(rank))
            self.settings = settings
            self._draw_noise(dtype)
            self._make_optimizer()
        self.step, self.seconds, self._steps = 0, 0.0, 0
        self._history = LossHistory(network.depth)
        self.recording = Recording()
        if state is not None:
            self._restore(state)
        self._seconds_before = self.seconds
        self._last_constraint = (
            float(self._history.view().constraint[-1]) if self.step else math.nan
        )

    @property
    def losses(self) -> Losses:
        """One row a step so far."""
        return self._history.view()

    def iterate(self) -> Generator[Snapshot]:
        """Yields the noise, then a snapshot about every 30th of a second, then the end.

        The last snapshot has `is_last`. If values stop being finite, it is the last good
        moment again, with a note that says what happened.

        Raises:
            RunFailed: the device has no memory left or is lost. Candidates and multipliers
                are those of the last snapshot again, as far as the device still answers.
        """
        with device_errors(self.device, self.settings.candidates):
            self._plan()
        snapshot = self._snapshot()
        if self.step == 0:
            self.recording.keep(0, self._unknowns)
        yield snapshot
        while not snapshot.is_last:
            try:
                with device_errors(self.device, self.settings.candidates):
                    finite = self._advance()
            except RunFailed:
                with suppress(RuntimeError):  # A lost device cannot even copy.
                    self._return_to(snapshot)
                raise
            if not finite:
                self._steps = snapshot.step  # Going on from here would end here again.
                self._return_to(snapshot)
                yield replace(
                    snapshot,
                    steps=snapshot.step,
                    is_last=True,
                    note=f"Values stopped being finite after step {snapshot.step}; the images "
                    "are those of that step. Smaller learning rates usually help.",
                )
                return
            snapshot = self._snapshot()
            yield snapshot

    def state(self) -> RunState:
        """Everything that the run needs to go on from here; its drift ends at this step.

        Raises:
            RunFailed: the device is lost, and the state with it.
        """
        with device_errors(self.device, self.settings.candidates):
            return self._state()

    def _state(self) -> RunState:
        recording = self.recording.copy()
        recording.keep(self.step, self._unknowns)
        tensors = {"unknowns": self._unknowns, "multipliers": self._multipliers}
        for index, memory in self._optimizer.state_dict()["state"].items():
            for name, value in memory.items():
                tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
        return RunState(
            step=self.step,
            steps=self._steps,
            seconds=self.seconds,
            tensors={name: t.detach().cpu().clone() for name, t in tensors.items()},
            space=self._space_on_cpu(),
            losses=self.losses,
            recording=recording,
        )

    @property
    def drift(self) -> Drift:
        """The frames so far, ready to be turned into images; later frames do not reach it."""
        return Drift(self.recording.copy(), self._space_on_cpu(), self.network.input_shape)

    # --- setting up ---------------------------------------------------------------------

    def _draw_noise(self, dtype: torch.dtype) -> None:
        """Draws x ~ s·N(0, 1) and λ ~ U(0, 1), on the CPU so that devices start alike."""
        m, k = self.settings.candidates, self.problem.unknowns_per_candidate
        generator = torch.Generator().manual_seed(self.settings.seed)
        noise = torch.randn(m, k, generator=generator, dtype=dtype)
        self._unknowns = (noise * self.settings.initial_scale).to(self.device)
        self._multipliers = torch.rand(m, generator=generator, dtype=dtype).to(self.device)
        self._labels = torch.ones(m, dtype=dtype, device=self.device)
        self._labels[: m // 2] = -1

    def _make_optimizer(self) -> None:
        groups = [
            {"params": [self._unknowns], "lr": self.settings.candidate_rate},
            {"params": [self._multipliers], "lr": self.settings.multiplier_rate},
        ]
        self._optimizer: torch.optim.Optimizer
        if self.settings.optimizer == "adam":
            self._optimizer = torch.optim.Adam(groups)
        else:
            self._optimizer = torch.optim.SGD(groups, momentum=_MOMENTUM)

    def _restore(self, state: RunState) -> None:
        self.step, self.seconds, self._steps = state.step, state.seconds, state.steps
        self._unknowns.copy_(state.tensors["unknowns"])
        self._multipliers.copy_(state.tensors["multipliers"])
        memory: dict[int, dict[str, Tensor]] = {}
        for name, tensor in state.tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".", 2)
                memory.setdefault(int(index), {})[key] = tensor.clone()
        if memory:
            whole = self._optimizer.state_dict()
            self._optimizer.load_state_dict({**whole, "state": memory})
        self._history = LossHistory(self.network.depth, state.losses.rows)
        self.recording = state.recording.copy()

    def _plan(self) -> None:
        """Fixes the number of steps, once: a time limit is turned into steps by trying a few."""
        if not self._steps:
            self._steps = self.settings.steps
            if self.settings.seconds:
                usable = self.settings.seconds * _USABLE_SHARE_OF_LIMIT
                self._steps = max(1, min(self._steps, int(usable / self._seconds_per_step())))
        self._frame_steps = frame_steps(self._steps, self._unknowns.numel())

    def _seconds_per_step(self) -> float:
        """The fastest of a few evaluations that change nothing; soon over, so that a stop is heard.

        The fastest, because a busy moment must not decide the whole run: too few steps cost more
        good images than a run that the clock cuts off.

        Step 1 stands for nine of ten steps; the tenth, which looks at the pixels, is a little
        longer, and the margin in `_USABLE_SHARE_OF_LIMIT` covers it.
        """
        durations: list[float] = []
        began = time.perf_counter()
        while len(durations) < 2 or (
            len(durations) < _CALIBRATION_STEPS
            and time.perf_counter() - began < _CALIBRATION_SECONDS
        ):
            started = time.perf_counter()
            self._evaluate(1)
            synchronize(self.device)
            durations.append(time.perf_counter() - started)
        return min(durations)

    def _space_on_cpu(self) -> RowSpace | None:
        space = self.problem.space
        return None if space is None else space.to("cpu", space.basis.dtype)

    # --- running ------------------------------------------------------------------------

    def _evaluate(self, step: int) -> tuple[list[Tensor], Tensor, Tensor, float]:
        s = self.settings
        alpha = s.alpha_start * (s.alpha_end / s.alpha_start) ** (step / max(self._steps, 1))
        result = self.problem.evaluate(self._unknowns, self._multipliers, self._labels, alpha, step)
        constraint = result.multiplier_penalty
        if result.pixel_penalty is None:
            constraint = constraint * math.nan
        else:
            constraint = constraint + result.pixel_penalty
        row = [*result.per_layer, constraint]
        return row, result.unknowns_gradient, result.multiplier_gradient, alpha

    def _take_step(self) -> tuple[Tensor, float]:
        """One step of the optimiser; the losses at its start, still on the device, and α."""
        row, unknowns_gradient, multiplier_gradient, alpha = self._evaluate(self.step)
        self._unknowns.grad = unknowns_gradient
        self._multipliers.grad = multiplier_gradient
        decay = self._rate_factor()
        for group, rate in zip(
            self._optimizer.param_groups,
            (self.settings.candidate_rate, self.settings.multiplier_rate),
            strict=True,
        ):
            group["lr"] = rate * decay
        self._optimizer.step()
        self.step += 1
        if self.step in self._frame_steps or self.step == self._steps:
            self.recording.keep(self.step, self._unknowns)
        return torch.stack(row), alpha

    def _rate_factor(self) -> float:
        """Cosine decay from 1 to 0 for Adam; the published SGD keeps its rate."""
        if self.settings.optimizer == "sgd":
            return 1.0
        return 0.5 * (1 + math.cos(math.pi * self.step / self._steps))

    def _advance(self) -> bool:
        """Steps until the next snapshot is due. False where a value is no longer finite."""
        started = time.perf_counter()
        rows, alphas, clock = [], [], []
        while self.step < self._steps:
            row, alpha = self._take_step()
            rows.append(row)
            alphas.append(alpha)
            clock.append(time.perf_counter() - started)
            if clock[-1] >= SNAPSHOT_INTERVAL:
                break
        losses = torch.stack(rows).cpu().double().numpy()
        finite = bool(
            torch.isfinite(self._unknowns).all() & torch.isfinite(self._multipliers).all()
        )
        finite = finite and bool(np.isfinite(losses[:, :-1]).all())
        if finite:
            clock[-1] = time.perf_counter() - started
            self._remember(losses, np.array(alphas), np.array(clock))
            self.seconds += clock[-1]
        return finite

    def _remember(self, losses: np.ndarray, alphas: np.ndarray, clock: np.ndarray) -> None:
        """Adds rows to the history: `losses` holds L squared norms and the constraint loss."""
        constraint = losses[:, -1]
        for index, value in enumerate(constraint):
            if math.isnan(value):
                constraint[index] = self._last_constraint
            self._last_constraint = float(constraint[index])
        squared = losses[:, :-1]
        relative = np.sqrt(squared / self.problem.layer_norms.cpu().double().numpy())
        steps = np.arange(self.step - len(losses) + 1, self.step + 1)
        self._history.extend(
            np.column_stack(
                [steps, self.seconds + clock, squared.sum(1), constraint, alphas, relative]
            )
        )

    def _return_to(self, snapshot: Snapshot) -> None:
        self.step = snapshot.step
        self._unknowns.copy_(snapshot.unknowns)
        self._multipliers.copy_(snapshot.multipliers)
        self.recording.cut_after(snapshot.step)
        self.recording.keep(snapshot.step, self._unknowns)

    def _snapshot(self) -> Snapshot:
        limit = self.settings.seconds
        taken = self.seconds - self._seconds_before
        out_of_time = bool(limit) and taken >= limit and self.step < self._steps
        is_last = self.step >= self._steps or out_of_time
        if is_last:
            self.recording.keep(self.step, self._unknowns)
        return Snapshot(
            step=self.step,
            steps=self._steps,
            seconds=self.seconds,
            losses=self.losses,
            unknowns=self._unknowns.clone(),
            multipliers=self._multipliers.clone(),
            labels=self._labels,
            problem=self.problem,
            is_last=is_last,
            note="The time limit ended the run before its last step." if out_of_time else "",
        )


def _automatic_candidates(rank: int) -> int:
    """Four candidates for each image that the network seems to remember, in round numbers."""
    return int(min(_MOST, max(_FEWEST, 50 * math.ceil(_CANDIDATES_PER_RANK * rank / 50))))
