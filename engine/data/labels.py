"""Classes out of those that a source has, by a rule that a person can read.

    all                 every class by itself; so does no rule at all
    0,1,2               these, each by itself, by number or name
    odd/even            by the classes' numbers
    vehicles/animals    groups of CIFAR-10's classes
    0,1 vs 2,3 vs 4     groups of your own, as many as you like
    7 vs rest           all others

What stands first becomes class 0, what comes next class 1, and so on. Classes that the rule does
not name are left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput

LEFT_OUT = -1
"""The class number of what no group of a rule holds."""

_GROUPS = {
    "vehicles": ("airplane", "automobile", "ship", "truck"),
    "animals": ("bird", "cat", "deer", "dog", "frog", "horse"),
}
_SHOWN_CLASSES = 12
_MOST_CLASSES = 1000


@dataclass(frozen=True)
class ClassRule:
    """Which classes of a source make up each class that a network is to tell apart.

    Attributes:
        names: of classes 0, 1, …, for people.
        groups: the numbers of the source's classes that are in each.
    """

    names: tuple[str, ...]
    groups: tuple[frozenset[int], ...]

    @property
    def count(self) -> int:
        """How many classes there are."""
        return len(self.groups)

    def numbers(self, class_numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Class numbers of the source as class numbers of the rule; shape (n,) → (n,)."""
        found = np.full(class_numbers.shape, LEFT_OUT, np.int64)
        for number, group in enumerate(self.groups):
            found[np.isin(class_numbers, list(group))] = number
        return found

    def called(self, names: Sequence[str]) -> ClassRule:
        """The same classes by names of the user's own; none leaves them as they are.

        Raises:
            UnusableInput: there are fewer or more names than classes, or one stands twice.
        """
        if not names:
            return self
        if len(names) != self.count:
            raise UnusableInput(
                f"There are {self.count} classes ({_listed(self.names)}), but "
                f"{len(names)} names for them ({_listed(names)})."
            )
        if len(set(names)) < len(names):
            raise UnusableInput(f"Two classes cannot have one name ({_listed(names)}).")
        return replace(self, names=tuple(names))

    def among(self, classes: Sequence[str], others: Sequence[str]) -> ClassRule:
        """The same rule for a source whose classes have the same names in another order.

        Args:
            classes: of the source that the rule was made for.
            others: of the other source; those that the first one lacks are left out.
        """
        places = {name: place for place, name in enumerate(others)}
        groups = (
            frozenset(places[classes[number]] for number in group if classes[number] in places)
            for group in self.groups
        )
        return replace(self, groups=tuple(groups))


def parse_names(text: str) -> tuple[str, ...]:
    """`low, high` → ("low", "high"); nothing → ().

    Raises:
        UnusableInput: a name is empty.
    """
    names = tuple(name.strip() for name in text.split(",")) if text.strip() else ()
    if not all(names):
        raise UnusableInput(f"One of the names in “{text}” is empty.")
    return names


def parse_rule(
    text: str, classes: Sequence[str], there: NDArray[np.int64] | None = None
) -> ClassRule:
    """Reads a rule.

    Args:
        text: as above.
        classes: the names of classes 0, 1, …
        there: class numbers of which there are images; all of them if None. What has none is no
            class where the rule names none.

    Raises:
        UnusableInput: the rule is not understood, names no class of the data or only one, or has
            a class twice; the message says which classes there are.
    """
    if text.strip().lower() in ("", "all"):
        numbers = range(len(classes)) if there is None else np.unique(there).tolist()
        rule = ClassRule(
            tuple(classes[number] for number in numbers),
            tuple(frozenset({number}) for number in numbers),
        )
    else:
        rule = _read(text, classes)
    if not 2 <= rule.count <= _MOST_CLASSES:
        raise UnusableInput(
            f"A network tells from 2 to {_MOST_CLASSES:,} classes apart, not {rule.count:,} "
            f"({_listed(rule.names)})."
        )
    return rule


def choose(
    numbers: NDArray[np.int64], classes: int, per_class: int, seed: int | None, skip: int = 0
) -> NDArray[np.int64]:
    """Chooses as many images of each class.

    Args:
        numbers: class number of each image, `LEFT_OUT` for what may not be chosen, shape (n,).
        classes: how many there are.
        per_class: how many of each; 0 takes all there are.
        seed: None takes the first that come, as the paper does; a number draws with that seed.
        skip: leaves out so many of each that would have been chosen before: two calls with the
            same seed, the second skipping what the first took, share no image.

    Returns:
        Their places, those of class 0 first.

    Raises:
        UnusableInput: there are not so many.
    """
    generator = None if seed is None else np.random.default_rng(seed)
    chosen = []
    for number in range(classes):
        places = np.flatnonzero(numbers == number)
        if generator is not None:
            places = generator.permutation(places)
        places = places[skip:]
        if len(places) < max(per_class, 1):
            raise UnusableInput(
                f"There are {len(places)} images of one class, fewer than {max(per_class, 1)}; "
                "take fewer a class, or other classes."
            )
        chosen.append(places[:per_class] if per_class else places)
    return np.concatenate(chosen)


# --- reading a rule -------------------------------------------------------------------------


def _read(text: str, classes: Sequence[str]) -> ClassRule:
    complaint = UnusableInput(
        f"“{text}” does not split the classes; write for example odd/even, “0,1 vs 2,3”, “0,1,2” "
        "or all."
    )
    for sides in _taken_apart(text):
        try:
            groups = _groups(sides, classes)
        except UnusableInput as error:
            complaint = error
            continue
        if not all(groups):
            continue
        for number in range(len(classes)):
            if sum(number in group for group in groups) > 1:
                raise UnusableInput(f"“{classes[number]}” is in two classes of “{text}”.")
        names = (
            classes[min(group)] if len(group) == 1 else side
            for side, group in zip(sides, groups, strict=True)
        )
        return ClassRule(tuple(names), tuple(groups))
    raise complaint


def _taken_apart(text: str) -> list[list[str]]:
    """Every way to take a rule apart; class names may hold a slash (T-shirt/top)."""
    apart = re.split(r"\s+vs\.?\s+", text.strip(), flags=re.IGNORECASE)
    if len(apart) > 1:
        return [[side.strip() for side in apart]]
    ways = [
        [text[: match.start()].strip(), text[match.end() :].strip()]
        for match in re.finditer("/", text)
    ]
    listed = [word.strip() for word in text.split(",")]
    return [*ways, listed] if len(listed) > 1 else ways


def _groups(sides: Sequence[str], classes: Sequence[str]) -> list[frozenset[int]]:
    """The class numbers that each side names; none where more than one is the rest."""
    found = [_side(side, classes) for side in sides]
    named = frozenset[int]().union(*(group for group in found if group is not None))
    rest = frozenset(range(len(classes))) - named if found.count(None) == 1 else frozenset()
    return [rest if group is None else group for group in found]


def _side(text: str, classes: Sequence[str]) -> frozenset[int] | None:
    """Class numbers that a side of a rule names; None for `rest`."""
    if text.lower() in ("rest", "others"):
        return None
    numbers: set[int] = set()
    for word in (part.strip() for part in text.split(",")):
        numbers |= _classes_called(word, classes)
    return frozenset(numbers)


def _classes_called(word: str, classes: Sequence[str]) -> set[int]:
    names = [name.lower() for name in classes]
    if word.lower() in names:
        return {names.index(word.lower())}
    if word.isdecimal() and int(word) < len(classes):
        return {int(word)}
    if word.lower() in ("odd", "even"):
        remainder = 1 if word.lower() == "odd" else 0
        are_numbers = all(name.isdecimal() for name in classes)
        numbers = [int(name) if are_numbers else place for place, name in enumerate(classes)]
        return {place for place, number in enumerate(numbers) if number % 2 == remainder}
    group = _GROUPS.get(word.lower(), ())
    if group and set(group) <= set(names):
        return {names.index(name) for name in group}
    raise UnusableInput(f"There is no class “{word}” here; there are {_listed(classes)}.")


def _listed(classes: Sequence[str]) -> str:
    shown = ", ".join(classes[:_SHOWN_CLASSES])
    return shown if len(classes) <= _SHOWN_CLASSES else f"{shown}, …"
