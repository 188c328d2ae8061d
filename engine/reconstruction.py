"""The run: from noise to candidates that explain the weights.

    for snapshot in Reconstruction(network, settings).iterate():
        show(snapshot.images())

A run is one search or several, each from noise of its own (engine/restarts). Pausing is not
asking for the next snapshot; stopping is closing the generator. Between any two snapshots
`state()` is everything that the run needs to go on, bit for bit, on the CPU.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from engine.device_errors import device_errors
from engine.devices import (
    choose_device,
    keep_freed_memory,
    quick_products,
    synchronize,
)
from engine.errors import DeviceFailed, OutOfMemory
from engine.history import Losses, LossHistory
from engine.lazy import torch
from engine.network import Network
from engine.problem import Problem
from engine.recording import Recording, frame_steps
from engine.recovery import Recovery
from engine.restarts import Restart
from engine.row_space import RowSpace, spectrum_of
from engine.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor
T = TypeVar("T")

SNAPSHOT_INTERVAL = 1 / 30
"""Seconds of computing between two snapshots; a single longer step makes it longer."""

_MOMENTUM = 0.9
_CANDIDATES_PER_RANK = (4, 12), (4, 8)
"""Fewest and most, of one search and of each of several. The more there are in a pool, the more
match an unseen image by chance; more searches find more instead (decision 10)."""
_FEWEST, _MOST = 100, 3000
_SMOOTHNESS = 4.0, 2.0
"""Of one search, and of several. The more candidates there are, the more of them match an unseen
image by chance, and smooth ones do so first (decision 10)."""
_CALIBRATION_STEPS = 10
_CALIBRATION_SECONDS = 0.3
_USABLE_SHARE_OF_LIMIT = 0.85


@dataclass(frozen=True)
class Snapshot:
    """One moment of a run; nothing in it changes afterwards.

    Attributes:
        step: steps taken, over all restarts.
        steps: steps that the run will take.
        seconds: computing time, pauses not counted.
        losses: one row a step.
        unknowns: shape (m, k), in the problem's own coordinates, on its device.
        multipliers: λ, shape (m,).
        labels: y, −1 or +1, shape (m,).
        finished: the restarts before this one.
        restarts: how many there will be.
        recorded: steps of this restart before each frame of its drift so far.
        is_last: the run ends here.
        note: why the run ended before its time; empty otherwise.
        notes: what happened on the way, a sentence each (engine/recovery).
    """

    step: int
    steps: int
    seconds: float
    losses: Losses
    unknowns: Tensor
    multipliers: Tensor
    labels: Tensor
    problem: Problem
    finished: tuple[Restart, ...] = ()
    restarts: int = 1
    recorded: tuple[int, ...] = ()
    is_last: bool = False
    note: str = ""
    notes: tuple[str, ...] = ()

    def images(self, order: Tensor | None = None) -> Tensor:
        """Candidates of this restart as centred images, float32 on the CPU, shape (m, c, h, w).

        Args:
            order: indices of the candidates wanted, on the CPU; all of them where not given.
        """
        unknowns = self.unknowns
        if order is not None:
            unknowns = unknowns[order.to(unknowns.device)]
        return self.problem.images(unknowns)

    def pool(self) -> Tensor:
        """Candidates of all restarts so far, this one's last, as centred images."""
        unknowns = self.unknowns
        earlier = [restart.unknowns.to(unknowns) for restart in self.finished]
        return self.problem.images(torch.cat([*earlier, unknowns]))

    @property
    def where(self) -> str:
        """Which restart this is: `restart 2 of 5`, or nothing where there is but one."""
        if self.restarts == 1:
            return ""
        return f"restart {len(self.finished) + 1} of {self.restarts}"

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
        recording: of the restart that is on.
        finished: the restarts before it.
        notes: what happened on the way, a sentence each.
    """

    step: int
    steps: int
    seconds: float
    tensors: dict[str, Tensor]
    space: RowSpace | None
    losses: Losses
    recording: Recording
    finished: tuple[Restart, ...] = ()
    notes: tuple[str, ...] = ()


class Reconstruction:
    """One run on one network. Its settings are final: automatic values have been filled in.

    Where a GPU fails, the run goes on on the CPU (engine/recovery).

    Attributes:
        network: the network under attack.
        settings: final settings.
        earlier_notes: what happened on the way before it was gone on with.
    """

    def __init__(self, network: Network, settings: Settings, state: RunState | None = None) -> None:
        """Prepares the problem and the noise; takes a second or two for the row space.

        Args:
            network: as read from a checkpoint.
            settings: 0 candidates means twelve for each dimension above the noise (eight where
                restarts are pooled), or as many as a time limit lets take all steps, four at
                least. A smoothness below 0 means 4,
                or 2 where restarts are pooled.
            state: where an earlier run, with the same network and settings, left off.

        Raises:
            UnusableInput: the device does not exist.
            OutOfMemory: the CPU has not enough memory.
        """
        self.network = network
        if settings.smoothness < 0:
            settings = replace(settings, smoothness=_SMOOTHNESS[settings.restarts > 1])
        dtype = torch.float64 if settings.dtype == "float64" else torch.float32
        keep_freed_memory()
        self.earlier_notes = () if state is None else state.notes
        device = choose_device(settings.device, dtype)
        self._recovery = Recovery[RunState](device, self.earlier_notes)
        self.settings = settings
        self.step = self._first_step = 0 if state is None else state.step

        def prepare() -> None:
            self._prepare(settings, state)

        self._recover(prepare, prepare)
        self._seconds_before = self.seconds

    def _prepare(self, settings: Settings, state: RunState | None) -> None:
        """Puts problem and unknowns on the device: as a state says, or as noise."""
        space = None if state is None else state.space
        self.problem = Problem(self.network, settings, self.device, space)
        self._space_on_host = self._copied_space()
        self.settings = settings
        self.step, self.seconds, self._steps = 0, 0.0, 0
        self._steps_each = settings.steps
        self._history = LossHistory(self.network.depth)
        self._finished: list[Restart] = []
        if not settings.candidates:
            self._choose_candidates()
        self._begin_restart()
        if state is not None:
            self._restore(state)
        self._last_constraint = (
            float(self._history.view().constraint[-1]) if self.step else math.nan
        )
        self._keep_on_host()

    @property
    def device(self) -> torch.device:
        """What computes now."""
        return self._recovery.device

    @property
    def computed_on(self) -> str:
        """For people and reports: the device, or those that it was one after the other."""
        return self._recovery.computed_on

    @property
    def losses(self) -> Losses:
        """One row a step so far."""
        return self._history.view()

    def iterate(self) -> Generator[Snapshot]:
        """Yields the noise, then a snapshot about every 30th of a second, then the end.

        The last snapshot has `is_last`. If values stop being finite, it is the last good
        moment again, with a note that says what happened.

        Where a GPU has not enough memory, or is lost, the run goes on in smaller parts, or on the
        CPU, from a few seconds before; the snapshots say so.

        Raises:
            OutOfMemory: the CPU has no memory left. Candidates and multipliers are those of the
                last snapshot again.
        """
        snapshot = self._recover(self._begin, self._begin)
        yield snapshot
        while not snapshot.is_last:
            try:
                following = self._recover(self._go_on, self._begin)
            except Exception as failure:
                # A session has to hold as many losses as steps, whatever it was that failed.
                with suppress(RuntimeError, MemoryError):
                    self._return_to(snapshot)
                if not isinstance(failure, OutOfMemory):
                    raise
                kept = f"What was found up to step {snapshot.step:,} is kept."
                raise OutOfMemory(f"{failure} {kept}") from failure
            if following is None:
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
            snapshot = following
            yield snapshot

    def _begin(self) -> Snapshot:
        self._plan()
        return self._snapshot()

    def _go_on(self) -> Snapshot | None:
        """Steps until the next snapshot; None where values are no longer finite."""
        if self._step_of_restart == self._steps_each:
            self._finished.append(self._restart())
            self._begin_restart()
        elif not self._advance():
            return None
        snapshot = self._snapshot()
        if snapshot.is_last or self._recovery.copy.is_due():
            self._keep_on_host()
        return snapshot

    def _recover(self, work: Callable[[], T], instead: Callable[[], T]) -> T:
        """What some work on the device returns; where a GPU fails, moves to the CPU.

        Args:
            work: what to do.
            instead: what to do on the CPU, from the last copy on the host.

        Raises:
            OutOfMemory: the CPU has no memory left.
        """
        try:
            with device_errors(self.device, self._count):
                return work()
        except DeviceFailed as failure:
            if self.device.type == "cpu":
                raise
            failed = failure
        kept = self._recovery.copy.state
        if kept is None:
            self._recovery.move_to_cpu(failed, "run", None, self._first_step)
        else:
            self._recovery.move_to_cpu(failed, "run", self.step, kept.step)
        with device_errors(self.device, self._count):
            if kept is not None:
                self._prepare(self.settings, kept)
                self._recovery.copy.forget()
            return instead()

    def _keep_on_host(self) -> None:
        """Copies the state off a device that can be lost."""
        if self._recovery.needs_copies:
            began = time.monotonic()
            self._recovery.copy.keep(self._state(), began)

    def state(self) -> RunState:
        """Everything that the run needs to go on from here; its drift ends at this step.

        Where the GPU is lost it is the state of some seconds before, which the run, too, will go
        on from.

        Raises:
            OutOfMemory: there is no memory for a copy.
        """
        try:
            with device_errors(self.device, self._count):
                return self._state()
        except DeviceFailed:
            if self._recovery.copy.state is None:
                raise
            return self._recovery.copy.state

    def _state(self) -> RunState:
        recording = self.recording.copy()
        recording.keep(self._step_of_restart, self._unknowns)
        tensors = {"unknowns": self._unknowns, "multipliers": self._multipliers}
        for index, memory in self._optimizer.state_dict()["state"].items():
            for name, value in memory.items():
                tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
        return RunState(
            step=self.step,
            steps=self._steps,
            seconds=self.seconds,
            tensors={name: t.detach().cpu().clone() for name, t in tensors.items()},
            space=self._space_on_host,
            losses=self.losses,
            recording=recording,
            finished=tuple(self._finished),
            notes=self._recovery.notes,
        )

    # --- setting up ---------------------------------------------------------------------

    def _choose_candidates(self) -> None:
        """So many for each image that the network seems to remember, as far as time allows."""
        space = self.problem.space
        rank = (spectrum_of(self.network) if space is None else space.spectrum).rank
        limits = _CANDIDATES_PER_RANK[self.settings.restarts > 1]
        fewest, most = (_in_round_numbers(each * rank) for each in limits)
        if self.settings.seconds:
            self.settings = replace(self.settings, candidates=fewest)
            self._begin_restart()
            affordable = self._usable_seconds() / self._seconds_per_step() / self.settings.steps
            most = max(fewest, min(most, _in_round_numbers(fewest * affordable)))
        self.settings = replace(self.settings, candidates=most)

    def _usable_seconds(self) -> float:
        """What a time limit leaves for the steps of one restart."""
        return self.settings.seconds * _USABLE_SHARE_OF_LIMIT / self.settings.restarts

    def _begin_restart(self) -> None:
        """Draws noise from the next seed; nothing of the restart before is left in the problem."""
        self._begun_at = self.step
        self._draw_noise(self.settings.seed + len(self._finished))
        self._make_optimizer()
        self.recording = Recording()
        self.recording.keep(0, self._unknowns)

    def _draw_noise(self, seed: int) -> None:
        """Draws x ~ s·N(0, 1) and λ ~ U(0, 1), on the CPU so that devices start alike."""
        m, k = self.settings.candidates, self.problem.unknowns_per_candidate
        dtype = torch.float64 if self.settings.dtype == "float64" else torch.float32
        generator = torch.Generator().manual_seed(seed)
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
            from engine.optimizer import Adam

            self._optimizer = Adam(groups)
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
        self._finished = list(state.finished)
        self._begun_at = self.step - self.recording.steps[-1]

    def _plan(self) -> None:
        """Fixes the number of steps, once: a time limit is turned into steps by trying a few."""
        restarts = self.settings.restarts
        if not self._steps:
            each = self.settings.steps
            if self.settings.seconds:
                each = max(1, min(each, int(self._usable_seconds() / self._seconds_per_step())))
            self._steps = each * restarts
        self._steps_each = self._steps // restarts
        self._frame_steps = frame_steps(self._steps_each, self._unknowns.numel() * restarts)

    def _seconds_per_step(self) -> float:
        """The fastest of a few evaluations that change nothing; soon over, so that a stop is heard.

        The fastest, because a busy moment must not decide the whole run: too few steps cost more
        good images than a run that the clock cuts off.

        Step 1 stands for nine of ten steps or more; the one that looks at the pixels is a little
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

    def _copied_space(self) -> RowSpace | None:
        space = self.problem.space
        return None if space is None else space.to("cpu", space.basis.dtype)

    # --- running ------------------------------------------------------------------------

    @property
    def _count(self) -> int:
        return self.settings.candidates or _FEWEST

    @property
    def _step_of_restart(self) -> int:
        return self.step - self._begun_at

    def _restart(self) -> Restart:
        """The restart that is on, as it stands."""
        return Restart(
            self._unknowns.detach().cpu().clone(),
            self._multipliers.detach().cpu().clone(),
            self.recording,
        )

    def _evaluate(self, step: int) -> tuple[list[Tensor], Tensor, Tensor, float]:
        """Losses, gradients and α; of fewer candidates at a time once memory does not suffice."""
        while True:
            try:
                with device_errors(self.device, self._count):
                    return self._evaluate_at_once(step)
            except OutOfMemory as failure:
                failed = failure
            self._recovery.take_fewer(failed, self._count, "candidates", self.step)

    @quick_products()
    def _evaluate_at_once(self, step: int) -> tuple[list[Tensor], Tensor, Tensor, float]:
        s = self.settings
        alpha = s.alpha_start * (s.alpha_end / s.alpha_start) ** (step / self._steps_each)
        result = self.problem.evaluate(
            self._unknowns,
            self._multipliers,
            self._labels,
            alpha,
            step,
            self._recovery.at_once,
        )
        constraint = result.multiplier_penalty
        if result.pixel_penalty is None:
            constraint = constraint * math.nan
        else:
            constraint = constraint + result.pixel_penalty
        row = [*result.per_layer, constraint]
        return row, result.unknowns_gradient, result.multiplier_gradient, alpha

    def _take_step(self) -> tuple[Tensor, float]:
        """One step of the optimiser; the losses at its start, still on the device, and α."""
        step = self._step_of_restart
        row, unknowns_gradient, multiplier_gradient, alpha = self._evaluate(step)
        self._unknowns.grad = unknowns_gradient
        self._multipliers.grad = multiplier_gradient
        decay = self._rate_factor(step)
        for group, rate in zip(
            self._optimizer.param_groups,
            (self.settings.candidate_rate, self.settings.multiplier_rate),
            strict=True,
        ):
            group["lr"] = rate * decay
        self._optimizer.step()
        self.step += 1
        if step + 1 in self._frame_steps or step + 1 == self._steps_each:
            self.recording.keep(step + 1, self._unknowns)
        return torch.stack(row), alpha

    def _rate_factor(self, step: int) -> float:
        """Cosine decay from 1 to 0 for Adam; the published SGD keeps its rate."""
        if self.settings.optimizer == "sgd":
            return 1.0
        return 0.5 * (1 + math.cos(math.pi * step / self._steps_each))

    def _advance(self) -> bool:
        """Steps until the next snapshot is due, or the restart's end.

        False where a value is no longer finite.
        """
        started = time.perf_counter()
        rows, alphas, clock = [], [], []
        while self._step_of_restart < self._steps_each:
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
        if len(self._finished) > len(snapshot.finished):  # The next restart could not begin.
            restart = self._finished.pop()
            self.recording = restart.recording
            self._begun_at = self.step - restart.recording.steps[-1]
        self._unknowns.copy_(snapshot.unknowns)
        self._multipliers.copy_(snapshot.multipliers)
        self.recording.cut_after(self._step_of_restart)
        self.recording.keep(self._step_of_restart, self._unknowns)

    def _snapshot(self) -> Snapshot:
        limit = self.settings.seconds
        taken = self.seconds - self._seconds_before
        out_of_time = bool(limit) and taken >= limit and self.step < self._steps
        is_last = self.step >= self._steps or out_of_time
        if is_last:
            self.recording.keep(self._step_of_restart, self._unknowns)
        return Snapshot(
            step=self.step,
            steps=self._steps,
            seconds=self.seconds,
            losses=self.losses,
            unknowns=self._unknowns.clone(),
            multipliers=self._multipliers.clone(),
            labels=self._labels,
            problem=self.problem,
            finished=tuple(self._finished),
            restarts=self.settings.restarts,
            recorded=self.recording.steps,
            is_last=is_last,
            notes=self._recovery.notes,
            note="The time limit ended the run before its last step." if out_of_time else "",
        )


def _in_round_numbers(count: float) -> int:
    """The next multiple of 50, within reason."""
    return int(min(_MOST, max(_FEWEST, 50 * math.ceil(count / 50))))
