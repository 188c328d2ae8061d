"""How many of the images that two runs found are real: counted, and said in words.

That both runs found an image does not make it real. Only training images and a control tell, and
only of runs that were scored against them; of all others nothing is said but that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.comparison.comparison import Comparison
from engine.runtime.lazy import torch

UNKNOWN = "cannot be known"

_WITHOUT_IMAGES = (
    "How many of these images are real cannot be known: that takes the training images and a "
    "control."
)
_SCORES_ALONE = (
    "Which of these images are real cannot be known: the saved scores do not say which images they "
    "are of. That takes the training images and a control."
)
_WITHOUT_CONTROL = (
    "How many of these images are real cannot be known without a control: images that no network "
    "saw might match as well."
)


@dataclass(frozen=True)
class Counts:
    """How many images are recovered; None where it cannot be known.

    Attributes:
        of_both: of the images found by both: how many are recovered in A, and how many in B.
        in_both: of those, how many are recovered in A and in B.
        in_one: of those, how many are recovered in either, but not in both.
        of_only: of the images that A alone found, and of those that B alone found.
        training_images: how many training images both runs recovered, A alone, and B alone; None,
            too, where the two were scored against different images.
    """

    of_both: tuple[int | None, int | None]
    in_both: int | None
    in_one: int | None
    of_only: tuple[int | None, int | None]
    training_images: tuple[int, int, int] | None


def count_recovered(comparison: Comparison) -> Counts:
    """Counts the images of a comparison that are recovered."""
    a, b = (
        _at(side.is_recovered, comparison.both[:, index])
        for index, side in enumerate(comparison.sides)
    )
    only_a, only_b = (
        _at(side.is_recovered, comparison.only[index])
        for index, side in enumerate(comparison.sides)
    )
    in_both = None if a is None or b is None else int((a & b).sum())
    in_one = None if a is None or b is None else int((a ^ b).sum())
    return Counts(
        of_both=(_sum(a), _sum(b)),
        in_both=in_both,
        in_one=in_one,
        of_only=(_sum(only_a), _sum(only_b)),
        training_images=_training_images(comparison),
    )


def recovered_in_words(comparison: Comparison) -> str:
    """`Of the 19 found by both: 15 recovered in A, 14 recovered in B; 12 in both, 5 in one only.`

    Then what each run found alone, and the training images that they are: what both recovered need
    not look so alike that it counts as found by both.
    """
    return comparison.nouns.of(_recovered_images_in_words(comparison))


def _recovered_images_in_words(comparison: Comparison) -> str:
    counts = count_recovered(comparison)
    if counts.of_both == (None, None):
        return _why_unknown(comparison)
    found = len(comparison.both)
    parts = []
    if found:
        words = [
            f"{UNKNOWN} in {letter}" if count is None else f"{count} recovered in {letter}"
            for letter, count in zip("AB", counts.of_both, strict=True)
        ]
        sentence = f"Of the {found:,} found by both: {', '.join(words)}"
        if counts.in_both is not None:
            sentence += f"; {counts.in_both} in both, {counts.in_one} in one only"
        parts.append(f"{sentence}.")
    alone = [
        f"{count} of the {len(places):,} only in {letter}"
        for letter, places, count in zip("AB", comparison.only, counts.of_only, strict=True)
        if count is not None and len(places)
    ]
    if alone:
        parts.append(f"Recovered, too: {', '.join(alone)}.")
    if counts.training_images is not None:
        both, a, b = counts.training_images
        parts.append(
            f"Of the training images, {both} recovered by both runs, {a} by A alone, "
            f"{b} by B alone."
        )
    return " ".join(parts)


def recovered_of(comparison: Comparison, side: int) -> tuple[str, str]:
    """`15 of 19`, of the images found by both, and alike of those that a side alone found."""
    counts = count_recovered(comparison)
    return (
        _of(counts.of_both[side], len(comparison.both)),
        _of(counts.of_only[side], len(comparison.only[side])),
    )


def as_numbers(comparison: Comparison) -> dict[str, Any]:
    """The same for programs; null where it cannot be known."""
    counts = count_recovered(comparison)
    names = ("both", "only_a", "only_b")
    training = counts.training_images
    return {
        "found_by_both": {
            "count": len(comparison.both),
            "recovered_in_a": counts.of_both[0],
            "recovered_in_b": counts.of_both[1],
            "recovered_in_both": counts.in_both,
            "recovered_in_one_only": counts.in_one,
        },
        "only_in_a": {"count": len(comparison.only[0]), "recovered": counts.of_only[0]},
        "only_in_b": {"count": len(comparison.only[1]), "recovered": counts.of_only[1]},
        "training_images": None if training is None else dict(zip(names, training, strict=True)),
    }


def _why_unknown(comparison: Comparison) -> str:
    if any(side.found is not None for side in comparison.sides):
        return _WITHOUT_CONTROL
    if any(side.scores is not None for side in comparison.sides):
        return _SCORES_ALONE
    return _WITHOUT_IMAGES


def _training_images(comparison: Comparison) -> tuple[int, int, int] | None:
    ours, theirs = (side.found for side in comparison.sides)
    if ours is None or theirs is None:
        return None
    a, b = ours.recovered, theirs.recovered
    is_same = torch.equal(ours.references.train, theirs.references.train)
    if a is None or b is None or not is_same:
        return None
    return len(a & b), len(a - b), len(b - a)


def _at(
    is_recovered: NDArray[np.bool_] | None, places: NDArray[np.int64]
) -> NDArray[np.bool_] | None:
    return None if is_recovered is None else is_recovered[places]


def _sum(mask: NDArray[np.bool_] | None) -> int | None:
    return None if mask is None else int(mask.sum())


def _of(count: int | None, found: int) -> str:
    return UNKNOWN if count is None else f"{count:,} of {found:,}"
