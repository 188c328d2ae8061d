"""How the tensors of a file became the layers of a network: what was a choice, applied, ignored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain

_MOST_NOTES = 50

OrderedBy = Literal["shapes", "names", "file", "user"]
"""What the order of layers was told by."""

StructuredBy = Literal["nobody", "user", "file", "known", "shapes"]
"""Who said what the architecture is: the known one whose shapes fit, or the shapes alone."""

_STRUCTURED_BY: dict[StructuredBy, str] = {
    "nobody": "",
    "user": "set by hand",
    "file": "the file says so",
    "known": "assumed: its shapes are those of {}",
    "shapes": "assumed: the usual one that fits its shapes",
}

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
        structured_by: who said how its layers follow each other; `nobody` where all are fully
            connected.
        known_as: the known architecture that it was taken for; empty where it was none.
    """

    layers: tuple[str, ...] = ()
    ordered_by: OrderedBy = "shapes"
    applied: tuple[Noted, ...] = ()
    ignored: tuple[Noted, ...] = ()
    structured_by: StructuredBy = "nobody"
    known_as: str = ""

    @property
    def structured_by_words(self) -> str:
        """For people: `set by hand`; empty where there was nothing to say."""
        return _STRUCTURED_BY[self.structured_by].format(plain(self.known_as))

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


def first_of(notes: Sequence[Noted]) -> tuple[Noted, ...]:
    """The first of many, and how many more there are."""
    more = len(notes) - _MOST_NOTES
    rest = (Noted("…", f"and {more:,} more"),) if more > 0 else ()
    return (*notes[:_MOST_NOTES], *rest)


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
