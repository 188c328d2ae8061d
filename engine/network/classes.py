"""What a network tells apart: its classes, their labels, and their names.

With one output there are two classes, whose labels are −1 and +1, as in Haim et al. 2022: the sign
of the output decides. With C ≥ 2 outputs there are C, labelled 0 … C − 1: the largest decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.base.plain_text import plain
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Classes:
    """The classes of a network.

    Attributes:
        outputs: C.
        names: one for each class, in the order of the labels; empty where nobody said.
    """

    outputs: int
    names: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many there are: C, but two with one output."""
        return max(2, self.outputs)

    @property
    def labels(self) -> tuple[int, ...]:
        """All of them: (−1, 1) with one output, else (0, …, C − 1)."""
        return (-1, 1) if self.outputs == 1 else tuple(range(self.outputs))

    def number(self, label: float) -> int:
        """Which class a label stands for, counted from 0."""
        return int(label > 0) if self.outputs == 1 else int(label)

    def name(self, label: float) -> str:
        """For people: `horse`, or the label where classes have no names."""
        if len(self.names) == self.count:
            return plain(self.names[self.number(label)])
        return f"{label:+.0f}".replace("-", "−") if self.outputs == 1 else f"{label:.0f}"

    def numbered(self, label: float) -> str:
        """For people, name and number: `7 (horse)`; only one of them where they say the same."""
        bare = Classes(self.outputs).name(label)
        name = self.name(label)
        return bare if name == bare else f"{bare} ({name})"

    def of_numbers(self, numbers: Tensor) -> Tensor:
        """Labels, float64, of class numbers counted from 0, shape (n,)."""
        return numbers.double() * 2 - 1 if self.outputs == 1 else numbers.double()

    def told(self, outputs: Tensor) -> Tensor:
        """The label that outputs (n, C) give each image, float64, shape (n,)."""
        if self.outputs == 1:
            return torch.where(outputs[:, 0] > 0, 1.0, -1.0).double()
        return outputs.argmax(1).double()

    def margins(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """By how much the label's own output leads, shape (n,).

        y Φ(x) with one output, else Φ_y(x) − max_{k ≠ y} Φ_k(x).

        Args:
            outputs: Φ, shape (n, C).
            labels: y, shape (n,).
        """
        return self.margins_along(outputs, labels)[0]

    def margins_along(self, outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The margins, and their derivatives by Φ, shape (n, C): y, or e_y − e_k."""
        if self.outputs == 1:
            signs = labels.to(outputs)
            return signs * outputs[:, 0], signs[:, None]
        own = labels.long()[:, None]
        best, runner_up = outputs.scatter(1, own, -torch.inf).max(1, keepdim=True)
        directions = torch.zeros_like(outputs).scatter(1, own, 1.0).scatter(1, runner_up, -1.0)
        return (outputs.gather(1, own) - best)[:, 0], directions

    def shared_out(self, count: int) -> Tensor:
        """Labels for so many candidates, as many of each as can be, those of one class together."""
        numbers = (torch.arange(count) * self.count + self.count - 1) // max(count, 1)
        return self.of_numbers(numbers).float()
