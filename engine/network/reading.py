"""How the tensors of a file became the layers of a network: what was a choice, applied, ignored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain

OrderedBy = Literal["shapes", "names", "file", "user"]
"""What the order of layers was told by."""

_ORDERED_BY: dict[OrderedBy, str] = {
    "shapes": "the only order that their shapes allow",
    "names": "by the numbers in their names",
    "file": "a choice: they stand so in the file, and other orders fit as well",
    "user": "set by hand",
}


@dataclass(frozen=True)
class Noted:
    """Something that is said of a tensor.

    Attributes:
        name: of the tensor, as the file has it.
        what: became of it, and why.
    """

    name: str
    what: str

    def __str__(self) -> str:
        """`criterion.weight: weights of a loss`."""
        return plain(f"{self.name}: {self.what}")


@dataclass(frozen=True)
class Reading:
    """How a file was read.

    Attributes:
        layers: what the file calls them, in the order of the forward pass; empty where nobody
            knows.
        ordered_by: what that order was told by.
        applied: what was worked out of several tensors, such as a pruning mask.
        ignored: tensors that are no part of the network.
    """

    layers: tuple[str, ...] = ()
    ordered_by: OrderedBy = "shapes"
    applied: tuple[Noted, ...] = ()
    ignored: tuple[Noted, ...] = ()

    @property
    def is_choice(self) -> bool:
        """Whether the order of layers was chosen among several, and nothing spoke for it."""
        return self.ordered_by == "file"

    @property
    def ordered_by_words(self) -> str:
        """For people: `by the numbers in their names`."""
        return _ORDERED_BY[self.ordered_by]

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of tensors that are no layers as they stand, a line each."""
        applied = (f"Applied: {noted}" for noted in self.applied)
        return (*applied, *(f"Ignored: {noted}" for noted in self.ignored))

    @property
    def about_order(self) -> str:
        """`fc1, fc2, fc3 (by the numbers in their names)`; empty where there are no names."""
        return f"{listed(self.layers)} ({self.ordered_by_words})" if self.layers else ""


AS_IT_STANDS = Reading()
"""Of a network that came from no file."""


def listed(names: Sequence[str]) -> str:
    """`fc1, fc2, fc3`, fit to be shown."""
    return plain(", ".join(names))


def place_names(said: Sequence[str], layers: Sequence[str]) -> tuple[int, ...]:
    """The order that somebody says by the names of the layers.

    Args:
        said: all names, in another order; each once.
        layers: the names in the order as it is now.

    Returns:
        Which of the layers comes first, second, …

    Raises:
        UnusableInput: it is no order of these layers.
    """
    places = {name: place for place, name in enumerate(layers)}
    if len(places) != len(layers) or sorted(said) != sorted(layers):
        raise UnusableInput(
            f"“{', '.join(said)}” is no order of the layers; name each of them once: "
            f"{','.join(layers)}."
        )
    return tuple(places[name] for name in said)
