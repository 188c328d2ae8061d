"""What a network was taught of images whose class is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.network.classes import Classes

if TYPE_CHECKING:
    from torch import Tensor


def taught_labels(classes: Classes, numbers: Tensor, outputs: Tensor) -> Tensor | None:
    """The labels that stand for class numbers, float64, shape (n,); None where they fit none.

    With one output, which class is −1 is nowhere written in a checkpoint: it is taken so that the
    network gets most of the images right. With more, class k is taken for output k.

    Args:
        classes: of the network.
        numbers: class numbers from 0, shape (n,); with one output both 0 and 1 have to be there.
        outputs: Φ of the same images, shape (n, C).
    """
    there = set(numbers.tolist())
    if classes.outputs > 1:
        fits = bool(there) and min(there) >= 0 and max(there) < classes.outputs
        return classes.of_numbers(numbers) if fits else None
    if there != {0, 1}:
        return None
    labels = classes.of_numbers(numbers)
    agreement = float((labels * outputs[:, 0].double().cpu()).sign().sum())
    return labels if agreement >= 0 else -labels
