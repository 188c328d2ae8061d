"""Two classes out of many, by a rule that a person can read.

    odd/even            by the classes' numbers
    vehicles/animals    groups of CIFAR-10's classes
    0,1 vs 2,3          by number or name, as many as you like
    7 vs rest           all others

What stands first becomes the label −1, what stands second +1. Classes of neither are left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput

_GROUPS = {
    "vehicles": ("airplane", "automobile", "ship", "truck"),
    "animals": ("bird", "cat", "deer", "dog", "frog", "horse"),
}
_SHOWN_CLASSES = 12


@dataclass(frozen=True)
class TwoClasses:
    """Which classes are −1, and which +1.

    Attributes:
        names: of the two sides, for people.
        negative: numbers of the classes that get the label −1.
        positive: numbers of those that get +1.
    """

    names: tuple[str, str]
    negative: frozenset[int]
    positive: frozenset[int]

    def labels(self, class_numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """−1, +1, or 0 for what is left out; shape (n,) → (n,)."""
        is_negative = np.isin(class_numbers, list(self.negative))
        is_positive = np.isin(class_numbers, list(self.positive))
        return is_positive.astype(np.int64) - is_negative.astype(np.int64)


def parse_rule(text: str, classes: Sequence[str]) -> TwoClasses:
    """Reads a rule.

    Args:
        text: as above; empty where there are two classes only, the first of which is −1.
        classes: the names of classes 0, 1, …

    Raises:
        UnusableInput: the rule is not understood, names no class of the data, or has a class on
            both sides; the message says which classes there are.
    """
    if not text.strip():
        if len(classes) != 2:
            raise UnusableInput(
                f"There are {len(classes)} classes ({_listed(classes)}); say how to make two of "
                "them, for example odd/even or “0,1 vs 2,3”."
            )
        return TwoClasses((classes[0], classes[1]), frozenset({0}), frozenset({1}))
    complaint = UnusableInput(
        f"“{text}” does not split the classes in two; write for example odd/even or “0,1 vs 2,3”."
    )
    for left, right in _halves(text):
        try:
            negative, positive = _side(left, classes), _side(right, classes)
        except UnusableInput as error:
            complaint = error
            continue
        everything = frozenset(range(len(classes)))
        if negative is None and positive is not None:
            negative = everything - positive
        if positive is None and negative is not None:
            positive = everything - negative
        if not negative or not positive:
            continue
        both = sorted(negative & positive)
        if both:
            raise UnusableInput(f"“{classes[both[0]]}” is on both sides of “{text}”.")
        return TwoClasses((left, right), negative, positive)
    raise complaint


def choose(
    labels: NDArray[np.int64], per_class: int, seed: int | None, skip: int = 0
) -> NDArray[np.int64]:
    """Chooses as many images of −1 as of +1.

    Args:
        labels: −1, +1, or 0 for what may not be chosen, shape (n,).
        per_class: how many of each; 0 takes all there are.
        seed: None takes the first that come, as the paper does; a number draws with that seed.
        skip: leaves out so many of each that would have been chosen before: two calls with the
            same seed, the second skipping what the first took, share no image.

    Returns:
        Their places, those of −1 first.

    Raises:
        UnusableInput: there are not so many.
    """
    generator = None if seed is None else np.random.default_rng(seed)
    chosen = []
    for label in (-1, 1):
        places = np.flatnonzero(labels == label)
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


def _halves(text: str) -> list[tuple[str, str]]:
    """Every way to take a rule apart; class names may hold a slash (T-shirt/top)."""
    apart = re.split(r"\s+vs\.?\s+", text.strip(), flags=re.IGNORECASE)
    if len(apart) == 2:
        return [(apart[0].strip(), apart[1].strip())]
    slashes = [match.start() for match in re.finditer("/", text)]
    return [(text[:at].strip(), text[at + 1 :].strip()) for at in slashes]


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
