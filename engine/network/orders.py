"""Orders in which layers may follow each other: what their shapes allow, and what names say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import chain, combinations, pairwise

Sizes = tuple[int, int]
"""(inputs, outputs) of a layer."""
Order = tuple[int, ...]
"""Which layer comes first, second, …"""

_MOST_LOOKS = 5000
_DIGITS = re.compile(r"\d{1,9}")


def fitting_orders(layers: Sequence[Sizes], most: int) -> list[Order]:
    """Orders in which each layer reads what the one before it gives.

    They begin with as many inputs, and end with as many outputs, as the layers do as they stand.
    That in which they stand is the first of them, those that differ from it by two layers follow.

    Args:
        layers: the sizes of each, in an order that fits.
        most: how many to look for; there are L! of L equal layers.
    """
    pairs = (_swapped(len(layers), i, j) for i, j in combinations(range(len(layers)), 2))
    near = (order for order in pairs if fits(layers, order))
    found: dict[Order, None] = {}
    for order in chain([tuple(range(len(layers)))], near, _chains(layers)):
        found[order] = None
        if len(found) == most:
            break
    return list(found)


def _swapped(count: int, i: int, j: int) -> Order:
    order = list(range(count))
    order[i], order[j] = j, i
    return tuple(order)


def fits(layers: Sequence[Sizes], order: Order) -> bool:
    """Whether an order has each layer read what the one before it gives, between the same ends."""
    placed = [layers[place] for place in order]
    ends = placed[0][0] == layers[0][0] and placed[-1][1] == layers[-1][1]
    return ends and all(one[1] == following[0] for one, following in pairwise(placed))


def _chains(layers: Sequence[Sizes]) -> Iterator[Order]:
    looks = 0

    def follow(size: int, placed: Order) -> Iterator[Order]:
        nonlocal looks
        looks += 1
        if looks > _MOST_LOOKS:
            return
        if len(placed) == len(layers):
            yield placed
            return
        last = len(placed) == len(layers) - 1
        for place, (inputs, outputs) in enumerate(layers):
            reads_it = inputs == size and (not last or outputs == layers[-1][1])
            if place not in placed and reads_it:
                yield from follow(outputs, (*placed, place))

    yield from follow(layers[0][0], ())


def in_numbered_order(names: Sequence[str]) -> Order:
    """The order that the numbers in names tell: 10 after 9, whatever stands between them.

    Names that differ in more than their numbers keep the places that they have among the others.
    """
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        groups[_words(name)].append(place)
    order = list(range(len(names)))
    for places in groups.values():
        by_number = sorted(places, key=lambda place: _numbers(names[place]))
        for place, taken in zip(places, by_number, strict=True):
            order[place] = taken
    return tuple(order)


def are_told_by_names(names: Sequence[str], layers: Sequence[Sizes]) -> bool:
    """Whether the numbers in names leave no choice between layers that could be interchanged.

    Args:
        names: of the layers, in the order in which they stand.
        layers: their sizes.
    """
    groups: dict[Hashable, set[str]] = defaultdict(set)
    for name, sizes in zip(names, layers, strict=True):
        groups[sizes].add(name)
    others = fitting_orders(layers, 2 + len(layers) ** 2)
    moved = {
        names[place]
        for order in others
        for place, other in enumerate(order)
        if layers[place] != layers[other]
    }
    ambiguous = [group for group in (*groups.values(), moved) if len(group) > 1]
    return in_numbered_order(names) == tuple(range(len(names))) and all(
        _is_numbered(group) for group in ambiguous
    )


def _is_numbered(names: set[str]) -> bool:
    """Whether names differ in their numbers alone."""
    return len({_words(n) for n in names}) == 1 and len({_numbers(n) for n in names}) == len(names)


def _words(name: str) -> str:
    return _DIGITS.sub("#", name.lower())


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _DIGITS.findall(name))
