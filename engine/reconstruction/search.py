"""One search of a run: candidates on the device, and the steps that they take there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.base.errors import OutOfMemory
from engine.reconstruction.optimizers import Adam, Momentum, Optimizer
from engine.reconstruction.planning import Plan, fastest
from engine.reconstruction.problem import Problem, Step
from engine.reconstruction.recording import Recording
from engine.reconstruction.restarts import Restart
from engine.reconstruction.settings import Settings
from engine.reconstruction.snapshot import RunState
from engine.runtime.device_errors import device_errors
from engine.runtime.devices import quick_products
from engine.runtime.failover import Recovery
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_LARGEST = 1e15
_USUAL_SIZE = 0.5
"""Of a multiplier, for which its rate is meant: the mean of U(0, 1)."""


class Search:
    """From noise to candidates; a run is one of these, or several (reconstruction/restarts).

    Attributes:
        plan: how far it goes; may be set until the first step.
        begun_at: steps of the run before its first.
        step: its steps so far.
        unknowns: shape (m, k), in the problem's own coordinates, on the device.
        multipliers: λ, in the shape of its kind.
        labels: y, shape (m,).
        recording: its drift so far.
    """

    def __init__(
        self,
        problem: Problem,
        settings: Settings,
        recovery: Recovery[RunState],
        plan: Plan,
        number: int,
        begun_at: int,
    ) -> None:
        """Draws noise from the next seed; nothing of a search before is left in the problem.

        Args:
            problem: what is minimised.
            settings: final ones.
            recovery: which device computes, and how many candidates at a time.
            plan: how far it goes.
            number: how many searches there were before.
            begun_at: steps that those took.
        """
        self._problem, self._settings, self._recovery = problem, settings, recovery
        self.plan, self.begun_at, self.step = plan, begun_at, 0
        self._draw_noise(settings.seed + number)
        make = Adam if settings.optimizer == "adam" else Momentum
        self._optimizers: list[Optimizer] = [make(self.unknowns), make(self.multipliers)]
        self.recording = Recording()
        self.recording.keep(0, self.unknowns)

    def _draw_noise(self, seed: int) -> None:
        """Draws x ~ s·N(0, 1) and λ of its kind, on the CPU so that devices start alike.

        Where images are divided by a std, noise is stretched as they are: it is as strong as ever.
        """
        device = self._recovery.device
        m, k = self._settings.candidates, self._problem.coordinates.per_candidate
        dtype = torch.float64 if self._settings.dtype == "float64" else torch.float32
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(m, k, generator=generator, dtype=dtype)
        scale = self._settings.initial_scale * self._problem.noise.stretch
        self.unknowns = (noise * scale).to(device)
        self.multipliers = self._problem.kind.initial(m, generator, dtype).to(device)
        self.labels = self._problem.classes.shared_out(m).to(device, dtype)

    # --- steps ------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether all its steps are taken."""
        return self.step == self.plan.steps

    def is_finite(self) -> bool:
        """Whether all candidates and multipliers are numbers that float32 can square and add up."""
        return all(bool((t.abs() < _LARGEST).all()) for t in (self.unknowns, self.multipliers))

    def take_step(self) -> tuple[Tensor, float]:
        """One step of the optimisers, for which nothing on the device is waited for.

        Returns:
            The losses at its start, still on the device, shape (L + 1,): the squared residual of
            each layer, then the constraint loss, which is not a number where the step did not look
            at the pixels; and the gate sharpness α.
        """
        row, *gradients, alpha = self.evaluate(self.step)
        decay = self._rate_factor(self.step)
        rates = self._settings.candidate_rate, self._multiplier_rate()
        for optimizer, gradient, rate in zip(self._optimizers, gradients, rates, strict=True):
            optimizer.move(gradient, rate * decay)
        self.step += 1
        if self.step in self.plan.frames or self.is_over:
            self.recording.keep(self.step, self.unknowns)
        return torch.stack(row), alpha

    def seconds_per_step(self) -> float:
        """How long a step takes, found out by evaluations that change nothing.

        Step 1 stands for nine of ten steps or more; the one that looks at the pixels is a little
        longer, and the margin that is left of a time limit covers it.
        """
        return fastest(lambda: self.evaluate(1), self._recovery.device)

    def evaluate(self, step: int) -> tuple[list[Tensor], Tensor, Tensor, float]:
        """Losses, gradients and α; of fewer candidates at a time once memory does not suffice."""
        count = len(self.unknowns)
        while True:
            try:
                with device_errors(self._recovery.device, count):
                    return self._evaluate_at_once(step)
            except OutOfMemory as failure:
                failed = failure
            taken = self.begun_at + self.step
            self._recovery.take_fewer(failed, count, "candidates", taken)

    @quick_products()
    def _evaluate_at_once(self, step: int) -> tuple[list[Tensor], Tensor, Tensor, float]:
        s = self._settings
        alpha = s.alpha_start * (s.alpha_end / s.alpha_start) ** (step / self.plan.steps)
        result = self._problem.evaluate(
            self.unknowns,
            self.multipliers,
            self.labels,
            alpha,
            step,
            self._recovery.at_once,
            pulls_to_margin=step >= s.margin_after * self.plan.steps,
        )
        row = [*result.per_layer, _constraint(result)]
        return row, result.unknowns_gradient, result.multiplier_gradient, alpha

    def _multiplier_rate(self) -> float | Tensor:
        """The step of the multipliers, which grows with them.

        How large they have to be is the network's secret, ‖θ_L‖² over the margin of its images: 0.7
        in one network, and 4 in another.
        """
        rate, growth = self._settings.multiplier_rate, self._settings.multiplier_growth
        if not growth:
            return rate
        size = self.multipliers.abs().mean().clamp_min(self._problem.kind.initial_size)
        return rate * (size / _USUAL_SIZE) ** growth

    def _rate_factor(self, step: int) -> float:
        """Cosine decay from 1 to 0 for Adam; the published SGD keeps its rate."""
        if self._settings.optimizer == "sgd":
            return 1.0
        return 0.5 * (1 + math.cos(math.pi * step / self.plan.steps))

    # --- where it stands --------------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """Unknowns, multipliers, labels and the optimisers' memory, by name, copied to the CPU."""
        tensors = {
            "unknowns": self.unknowns,
            "multipliers": self.multipliers,
            "labels": self.labels,
        }
        for index, optimizer in enumerate(self._optimizers):
            for name, value in optimizer.memory.items():
                tensors[f"optimizer.{index}.{name}"] = value
        return {name: t.detach().cpu().clone() for name, t in tensors.items()}

    def restore(self, tensors: Mapping[str, Tensor], recording: Recording) -> None:
        """Goes on from where `tensors` once stood, at the end of a recording."""
        self.unknowns.copy_(tensors["unknowns"])
        self.multipliers.copy_(tensors["multipliers"])
        self.labels.copy_(tensors["labels"])
        for index, optimizer in enumerate(self._optimizers):
            prefix = f"optimizer.{index}."
            memory = {
                name.removeprefix(prefix): tensor
                for name, tensor in tensors.items()
                if name.startswith(prefix)
            }
            if memory:
                optimizer.restore(memory)
        self.recording = recording.copy()
        self.step = recording.steps[-1]

    def return_to(self, step: int, unknowns: Tensor, multipliers: Tensor) -> None:
        """Takes back what came after a step; the optimisers' memory stays."""
        self.step = step
        self.unknowns.copy_(unknowns)
        self.multipliers.copy_(multipliers)
        self.recording.cut_after(step)
        self.keep_frame()

    def keep_frame(self) -> None:
        """Its drift ends here, for now."""
        self.recording.keep(self.step, self.unknowns)

    def as_restart(self) -> Restart:
        """What is kept of it once it is over; its drift is handed over, not copied."""
        return Restart(
            self.unknowns.detach().cpu().clone(),
            self.multipliers.detach().cpu().clone(),
            self.labels.cpu().clone(),
            self.recording,
        )


def _constraint(step: Step) -> Tensor:
    """The constraint loss; not a number where a term of it was left out."""
    seen = [penalty for penalty in step.penalties.values() if penalty is not None]
    whole = torch.stack(seen).sum()
    return whole if len(seen) == len(step.penalties) else whole * math.nan
