"""What an animal of the zoo is: a file, who makes it, and what is to become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from engine.network.activation import RELU, Activation

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Item:
    """One checkpoint.

    Attributes:
        name: of the file, or of the folder, that is made.
        about: what it is, for the table.
        make: writes it to a path; gives the function that it holds, nothing where it is refused.
        says: words of its refusal; empty where it opens.
        slope: of the activation, where the file does not say it and a person has to.
        inputs: D.
    """

    name: str
    about: str
    make: Callable[[Path], Function | None]
    says: str = ""
    slope: float | None = None
    inputs: int = 36

    @property
    def opens(self) -> bool:
        """Whether it is to open, and compute what was saved."""
        return not self.says

    @property
    def activation(self) -> Activation | None:
        """What a person has to say; None where the file or the usual is right."""
        return None if self.slope is None else Activation(self.slope) if self.slope else RELU


@dataclass
class Shelf:
    """Checkpoints of one kind, in the order in which the table shows them."""

    title: str
    items: list[Item] = field(default_factory=list)

    def opens(
        self, name: str, about: str, slope: float | None = None, inputs: int = 36
    ) -> Callable[[Callable[[Path], Function]], Callable[[Path], Function]]:
        """Adds one that is to open: the function that makes it returns what it computes."""

        def add(make: Callable[[Path], Function]) -> Callable[[Path], Function]:
            self.items.append(Item(name, about, make, slope=slope, inputs=inputs))
            return make

        return add

    def refuses(
        self, name: str, about: str, says: str
    ) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
        """Adds one that is to be refused, in a sentence that holds certain words."""

        def add(make: Callable[[Path], None]) -> Callable[[Path], None]:
            self.items.append(Item(name, about, make, says=says))
            return make

        return add
