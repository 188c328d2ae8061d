"""From multipliers λ to cotangents u_i ∈ R^C, and back: what kind of training set the weights.

θ* = Σ_i J(x_i)ᵀ u_i holds for every kind (`target`). They differ in what a candidate's u_i may be.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.network.classes import Classes
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


class Multipliers(Protocol):
    """A kind of multipliers.

    A batch may be a part of all m candidates; `count` is m.
    """

    @property
    def needs_outputs(self) -> bool:
        """Whether U depends on Φ, so that the way back waits for it, and leads on into x."""
        ...

    @property
    def initial_size(self) -> float:
        """The mean of |λ| at the start."""
        ...

    def shape(self, count: int) -> tuple[int, ...]:
        """Of λ for m candidates."""
        ...

    def initial(self, count: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
        """λ at the start, on the CPU."""
        ...

    def to_cotangent(
        self, multipliers: Tensor, labels: Tensor, outputs: Tensor | None, count: int
    ) -> Tensor:
        """U, shape (p, C), of p candidates.

        Args:
            multipliers: λ, shape (p, …).
            labels: y, shape (p,).
            outputs: Φ, shape (p, C); may be None where they are not needed.
            count: m.
        """
        ...

    def pull_back(
        self,
        cotangent_gradient: Tensor,
        multipliers: Tensor,
        labels: Tensor,
        outputs: Tensor | None,
        count: int,
    ) -> tuple[Tensor, Tensor | None]:
        """∂loss/∂λ, shape (p, …), and ∂loss/∂Φ, shape (p, C), from ∂loss/∂U, shape (p, C).

        The second is None where U does not depend on Φ.
        """
        ...

    def strength(self, multipliers: Tensor, labels: Tensor) -> Tensor:
        """How much each candidate explains, one number each, shape (p,): λ_i, or Σ_k λ_ik."""
        ...

    def floor(
        self, multipliers: Tensor, labels: Tensor, least: float
    ) -> tuple[Tensor, Tensor] | None:
        """Σ relu(λ_min − λ_i)² and its gradient by λ; None where λ may have any sign.

        Args:
            multipliers: λ.
            labels: y.
            least: λ_min.
        """
        ...


class _OneEach(ABC):
    """λ_i ≥ 0 by a penalty, one a candidate: u_i = (λ_i/m) d_i, with a direction d_i ∈ R^C."""

    initial_size = 0.5

    @abstractmethod
    def _directions(self, outputs: Tensor | None, labels: Tensor) -> Tensor:
        """d, shape (p, C)."""

    def to_cotangent(
        self, multipliers: Tensor, labels: Tensor, outputs: Tensor | None, count: int
    ) -> Tensor:
        """See `Multipliers.to_cotangent`."""
        return self._directions(outputs, labels) * (multipliers / count)[:, None]

    def pull_back(
        self,
        cotangent_gradient: Tensor,
        multipliers: Tensor,
        labels: Tensor,
        outputs: Tensor | None,
        count: int,
    ) -> tuple[Tensor, Tensor | None]:
        """See `Multipliers.pull_back`; nothing flows through the direction."""
        return (cotangent_gradient * self._directions(outputs, labels)).sum(1) / count, None

    def shape(self, count: int) -> tuple[int, ...]:
        """(m,)."""
        return (count,)

    def initial(self, count: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
        """λ ~ U(0, 1), as in Haim et al. 2022."""
        return torch.rand(count, generator=generator, dtype=dtype)

    def strength(self, multipliers: Tensor, labels: Tensor) -> Tensor:
        """λ."""
        return multipliers

    def floor(
        self, multipliers: Tensor, labels: Tensor, least: float
    ) -> tuple[Tensor, Tensor] | None:
        """See `Multipliers.floor`."""
        missing = (least - multipliers).relu()
        return missing.square().sum(), -2 * missing


@dataclass(frozen=True)
class BinaryMargin(_OneEach):
    """u_i = λ_i y_i / m, one output: Haim et al. 2022, equation 4.

    Holds for a homogeneous network whose logistic loss was driven towards zero; with biases and
    weight decay, too, where λ_i is what the logistic loss leaves, σ(−y_i Φ(x_i)) / w.
    """

    needs_outputs = False

    def _directions(self, outputs: Tensor | None, labels: Tensor) -> Tensor:
        """y, shape (p, 1)."""
        return labels[:, None]


@dataclass(frozen=True)
class PairwiseMargin:
    """u_i = (1/m) Σ_{k ≠ y_i} λ_ik (e_{y_i} − e_k), λ_ik ≥ 0, C ≥ 2 outputs.

    The stationary points of max-margin with C classes: one multiplier for each class that an image
    might have been taken for (Lyu and Li 2019, appendix). λ has a column for the own class as well,
    which counts for nothing.

    Attributes:
        outputs: C.
    """

    outputs: int
    needs_outputs = False

    @property
    def initial_size(self) -> float:
        """1/C."""
        return 1 / self.outputs

    def shape(self, count: int) -> tuple[int, ...]:
        """(m, C)."""
        return (count, self.outputs)

    def initial(self, count: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
        """λ_ik ~ U(0, 2/C), so that a candidate's sum is about 1."""
        drawn = torch.rand(*self.shape(count), generator=generator, dtype=dtype)
        return drawn * (2 / self.outputs)

    def to_cotangent(
        self, multipliers: Tensor, labels: Tensor, outputs: Tensor | None, count: int
    ) -> Tensor:
        """See `Multipliers.to_cotangent`."""
        own = labels.long()[:, None]
        others = multipliers.scatter(1, own, 0.0)
        return others.neg().scatter(1, own, others.sum(1, keepdim=True)) / count

    def pull_back(
        self,
        cotangent_gradient: Tensor,
        multipliers: Tensor,
        labels: Tensor,
        outputs: Tensor | None,
        count: int,
    ) -> tuple[Tensor, Tensor | None]:
        """See `Multipliers.pull_back`; zero in the column of the own class."""
        by_own = cotangent_gradient.gather(1, labels.long()[:, None])
        return (by_own - cotangent_gradient) / count, None

    def strength(self, multipliers: Tensor, labels: Tensor) -> Tensor:
        """Σ_{k ≠ y} λ_ik."""
        return multipliers.scatter(1, labels.long()[:, None], 0.0).sum(1)

    def floor(
        self, multipliers: Tensor, labels: Tensor, least: float
    ) -> tuple[Tensor, Tensor] | None:
        """Of the sums Σ_k λ_ik; each λ_ik for itself has to be no less than 0."""
        own = labels.long()[:, None]
        missing = (least - self.strength(multipliers, labels)).relu()
        negative = (-multipliers).relu().scatter(1, own, 0.0)
        penalty = missing.square().sum() + negative.square().sum()
        return penalty, (-2 * (missing[:, None] + negative)).scatter(1, own, 0.0)


@dataclass(frozen=True)
class RunnerUp(_OneEach):
    """u_i = (λ_i/m) (e_{y_i} − e_k), k = argmax_{k ≠ y_i} Φ_k(x_i): Buzaglo et al. 2023.

    The published procedure for C classes: of the wrong classes the runner-up alone has a
    multiplier. Nothing flows through the choice of k.

    Attributes:
        outputs: C, at least 2.
    """

    outputs: int
    needs_outputs = True

    def _directions(self, outputs: Tensor | None, labels: Tensor) -> Tensor:
        """e_y − e_k, shape (p, C)."""
        assert outputs is not None
        return Classes(self.outputs).margins_along(outputs.detach(), labels)[1]


@dataclass(frozen=True)
class TiedToOutputs(_OneEach):
    """u_i = (λ_i/m) (e_{y_i} − Σ_{k ≠ y_i} q_k e_k), q = softmax of Φ(x_i) over the wrong classes.

    Weight decay leaves u_i = (e_y − softmax Φ(x_i)) / (w n) at a stationary point: its direction
    is said by the network's own outputs, and its size is λ_i = 1 − softmax_y, up to the factor that
    no one knows. The size is left free here: one image may be shared by several candidates.

    Attributes:
        outputs: C, at least 2.
    """

    outputs: int
    needs_outputs = True

    def _directions(self, outputs: Tensor | None, labels: Tensor) -> Tensor:
        """e_y − Σ_k q_k e_k, shape (p, C)."""
        own = labels.long()[:, None]
        return self._shares(outputs, own).neg().scatter(1, own, 1.0)

    def pull_back(
        self,
        cotangent_gradient: Tensor,
        multipliers: Tensor,
        labels: Tensor,
        outputs: Tensor | None,
        count: int,
    ) -> tuple[Tensor, Tensor | None]:
        """See `Multipliers.pull_back`: ∂q_k/∂Φ_j = q_k (δ_kj − q_j) among the wrong classes."""
        own = labels.long()[:, None]
        shares = self._shares(outputs, own)
        weighted = shares * cotangent_gradient
        through_wrong = weighted.sum(1, keepdim=True)
        by_multipliers = (cotangent_gradient.gather(1, own) - through_wrong)[:, 0] / count
        scale = (multipliers / count)[:, None]
        return by_multipliers, scale * (shares * through_wrong - weighted)

    def _shares(self, outputs: Tensor | None, own: Tensor) -> Tensor:
        """q, zero for the own class, shape (p, C)."""
        assert outputs is not None
        return outputs.scatter(1, own, -torch.inf).softmax(1)


@dataclass(frozen=True)
class Free:
    """u_i = λ_i / m with λ_i ∈ R^C of any sign: what any loss leaves under weight decay.

    Attributes:
        outputs: C.
    """

    outputs: int
    needs_outputs = False
    initial_size = 0.8

    def shape(self, count: int) -> tuple[int, ...]:
        """(m, C)."""
        return (count, self.outputs)

    def initial(self, count: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
        """λ ~ N(0, 1), as published for regression (Buzaglo et al. 2023)."""
        return torch.randn(*self.shape(count), generator=generator, dtype=dtype)

    def to_cotangent(
        self, multipliers: Tensor, labels: Tensor, outputs: Tensor | None, count: int
    ) -> Tensor:
        """See `Multipliers.to_cotangent`."""
        return multipliers / count

    def pull_back(
        self,
        cotangent_gradient: Tensor,
        multipliers: Tensor,
        labels: Tensor,
        outputs: Tensor | None,
        count: int,
    ) -> tuple[Tensor, Tensor | None]:
        """See `Multipliers.pull_back`."""
        return cotangent_gradient / count, None

    def strength(self, multipliers: Tensor, labels: Tensor) -> Tensor:
        """‖λ_i‖."""
        return multipliers.square().sum(1).sqrt()

    def floor(
        self, multipliers: Tensor, labels: Tensor, least: float
    ) -> tuple[Tensor, Tensor] | None:
        """None: any sign will do."""
        return None
