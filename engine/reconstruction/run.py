"""The run: from noise to candidates that explain the weights.

    for snapshot in Reconstruction(network, settings).iterate():
        show(snapshot.images())

A run is one search or several, each from noise of its own (reconstruction/restarts). Pausing is not
asking for the next snapshot; stopping is closing the generator. Between any two snapshots
`state()` is everything that the run needs to go on, bit for bit, on the CPU.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import numpy as np

from engine.base.errors import DeviceFailed, OutOfMemory
from engine.network.network import Network
from engine.reconstruction import planning
from engine.reconstruction.losses import Losses, LossHistory
from engine.reconstruction.problem import Problem
from engine.reconstruction.recording import Recording, frame_steps
from engine.reconstruction.restarts import Restart
from engine.reconstruction.search import Search
from engine.reconstruction.settings import Settings
from engine.reconstruction.snapshot import RunState, Snapshot
from engine.runtime.device_errors import device_errors
from engine.runtime.devices import choose_device, keep_freed_memory
from engine.runtime.failover import Recovery
from engine.runtime.lazy import torch
from engine.stationarity.row_space import RowSpace
from engine.stationarity.spectrum import images_spectrum

T = TypeVar("T")

_EVALUATIONS_AHEAD, _SECONDS_AHEAD = 3, 0.5
SNAPSHOT_INTERVAL = 1 / 30
"""Seconds of computing between two snapshots; a single longer step makes it longer."""


class Reconstruction:
    """One run on one network. Its settings are final: automatic values have been filled in.

    Where a GPU fails, the run goes on on the CPU (runtime/failover).

    Attributes:
        network: the network under attack.
        settings: final settings.
        earlier_notes: what happened on the way before it was gone on with.
    """

    def __init__(self, network: Network, settings: Settings, state: RunState | None = None) -> None:
        """Prepares the problem and the noise; takes a second or two for the row space.

        Args:
            network: as read from a checkpoint.
            settings: 0 candidates means twelve for each image that left a trace (eight where
                restarts are pooled), or as many as a time limit lets take all steps, four at
                least. A smoothness below 0 means 4, or 2 where restarts are pooled.
            state: where an earlier run, with the same network and settings, left off.

        Raises:
            UnusableInput: the device does not exist.
            OutOfMemory: the CPU has not enough memory.
        """
        self.network = network
        settings = planning.filled_in(settings, network)
        dtype = torch.float64 if settings.dtype == "float64" else torch.float32
        keep_freed_memory()
        self.earlier_notes = () if state is None else state.notes
        device = choose_device(settings.device, dtype)
        self._recovery = Recovery[RunState](device, self.earlier_notes)
        self.settings = settings
        self._first_step = 0 if state is None else state.step

        def prepare() -> None:
            self._prepare(settings, state)

        self._recover(prepare, prepare)
        self._seconds_before = self.seconds

    def _prepare(self, settings: Settings, state: RunState | None) -> None:
        """Puts problem and unknowns on the device: as a state says, or as noise."""
        space = None if state is None else state.space
        self.problem = Problem(self.network, settings, self.device, space)
        self._space_on_host = self._copied_space()
        self.settings = settings = planning.fitted(settings, self.problem.noise)
        self.seconds, self._steps = 0.0, 0
        self._plan = planning.Plan(settings.steps)
        self._history = LossHistory(self.network.depth)
        self._finished: list[Restart] = []
        if not settings.candidates:
            self._choose_candidates()
        if state is None:
            self._begin_search(0)
        else:
            self._restore(state)
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
    def step(self) -> int:
        """Steps taken so far, over all restarts."""
        return self._search.begun_at + self._search.step

    @property
    def recording(self) -> Recording:
        """The drift of the restart that is on."""
        return self._search.recording

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
        self._make_plan()
        # The first evaluations take several times as long as others. Here they come before there
        # is a picture; as part of the first steps they would make the noise stand still.
        began = time.monotonic()
        for step in range(_EVALUATIONS_AHEAD):
            if time.monotonic() - began < _SECONDS_AHEAD:
                self._search.evaluate(step)
        return self._snapshot()

    def _go_on(self) -> Snapshot | None:
        """Steps until the next snapshot; None where values are no longer finite."""
        if self._search.is_over:
            self._finished.append(self._search.as_restart())
            self._begin_search(self.step)
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
        search = self._search
        recording = search.recording.copy()
        recording.keep(search.step, search.unknowns)
        return RunState(
            step=self.step,
            steps=self._steps,
            seconds=self.seconds,
            tensors=search.tensors(),
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
        spectrum = images_spectrum(self.network) if space is None else space.spectrum
        fewest, most = planning.candidate_limits(self.settings, spectrum)
        if self.settings.seconds:
            self.settings = replace(self.settings, candidates=fewest)
            self._begin_search(0)
            most = planning.affordable_candidates(
                self.settings, self._search.seconds_per_step(), most
            )
        self.settings = replace(self.settings, candidates=most)

    def _begin_search(self, begun_at: int) -> None:
        """The next search, from noise of its own; `begun_at` steps were taken before."""
        number = len(self._finished)
        self._search = Search(
            self.problem, self.settings, self._recovery, self._plan, number, begun_at
        )

    def _restore(self, state: RunState) -> None:
        self.seconds, self._steps = state.seconds, state.steps
        self._history = LossHistory(self.network.depth, state.losses.rows)
        self._finished = list(state.finished)
        self._begin_search(state.step - state.recording.steps[-1])
        self._search.restore(state.tensors, state.recording)

    def _make_plan(self) -> None:
        """Fixes the number of steps, once: a time limit is turned into steps by trying a few."""
        restarts = self.settings.restarts
        if not self._steps:
            each = self.settings.steps
            if self.settings.seconds:
                each = planning.affordable_steps(self.settings, self._search.seconds_per_step())
            self._steps = each * restarts
        each = self._steps // restarts
        numbers_per_frame = self._search.unknowns.numel() * restarts
        self._plan = self._search.plan = planning.Plan(each, frame_steps(each, numbers_per_frame))

    def _copied_space(self) -> RowSpace | None:
        space = self.problem.space
        return None if space is None else space.to("cpu", space.basis.dtype)

    # --- running ------------------------------------------------------------------------

    @property
    def _count(self) -> int:
        return self.settings.candidates or planning.FEWEST_CANDIDATES

    def _advance(self) -> bool:
        """Steps until the next snapshot is due, or the search's end.

        False where a value is no longer finite.
        """
        started = time.perf_counter()
        rows, alphas, clock = [], [], []
        while not self._search.is_over:
            row, alpha = self._search.take_step()
            rows.append(row)
            alphas.append(alpha)
            clock.append(time.perf_counter() - started)
            if clock[-1] >= SNAPSHOT_INTERVAL:
                break
        losses = torch.stack(rows).cpu().double().numpy()
        finite = self._search.is_finite() and bool(np.isfinite(losses[:, :-1]).all())
        if finite:
            clock[-1] = time.perf_counter() - started
            self._history.add(
                self.step,
                self.seconds + np.array(clock),
                losses,
                np.array(alphas),
                self.problem.squared_norms.cpu().double().numpy(),
            )
            self.seconds += clock[-1]
        return finite

    def _return_to(self, snapshot: Snapshot) -> None:
        """Takes back what came after a snapshot, so far as memory lets it."""
        search = self._search
        if len(self.losses) > snapshot.step:  # The steps were taken; they could not be shown.
            self._history = LossHistory(self.network.depth, snapshot.losses.rows)
            self.seconds = snapshot.seconds
        if len(self._finished) > len(snapshot.finished):  # The next search could not begin.
            search.recording = self._finished.pop().recording
            search.begun_at = snapshot.step - search.recording.steps[-1]
        step = snapshot.step - search.begun_at
        search.return_to(step, snapshot.unknowns, snapshot.multipliers)

    def _snapshot(self) -> Snapshot:
        search = self._search
        limit = self.settings.seconds
        taken = self.seconds - self._seconds_before
        out_of_time = bool(limit) and taken >= limit and self.step < self._steps
        is_last = self.step >= self._steps or out_of_time
        if is_last:
            search.keep_frame()
        return Snapshot(
            step=self.step,
            steps=self._steps,
            seconds=self.seconds,
            losses=self.losses,
            unknowns=search.unknowns.clone(),
            multipliers=search.multipliers.clone(),
            labels=search.labels,
            problem=self.problem,
            finished=tuple(self._finished),
            restarts=self.settings.restarts,
            recorded=search.recording.steps,
            is_last=is_last,
            notes=self._recovery.notes,
            note="The time limit ended the run before its last step." if out_of_time else "",
        )
