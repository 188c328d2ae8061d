"""Means and standard deviations of an image's channels: those that people use, and how they write
them.

Numbers above 1 are meant for images from 0 to 255, and are divided by that: a network reads the
same of an image either way. Those of a vector's features are taken as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.data.inputs import (
    Embedding,
    InputShape,
    Preprocessing,
    Says,
    is_vector,
    std_in_shape,
)
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Numbers = Sequence[float]

LEAST_STD = 1e-3
"""No images that are of use vary less."""
LEAST_FEATURE_STD = 1e-12
"""Features have any unit; one that never varies has nothing to be divided by."""
_WHITE = 255
_HOW = (
    "write none, mean (a mean image), a name (mnist, cifar10, imagenet), or MEAN/STD with a number "
    "each, or one a channel: 0.1307/0.3081 or 0.49,0.48,0.45/0.25,0.24,0.26."
)
_HOW_OF_FEATURES = (
    "write none, mean (each feature's mean), or MEAN/STD with a number each, or one a feature; of "
    "embeddings embedding, or unit (scaled to unit length)."
)
EMBEDDINGS: dict[str, Embedding] = {"embedding": "raw", "unit": "unit"}
"""As people write that vectors are embeddings."""


@dataclass(frozen=True)
class WellKnown:
    """Constants that many people take over from each other.

    Attributes:
        words: what they are, for people.
        mean: of each channel.
        std: of each channel.
    """

    words: str
    mean: Numbers
    std: Numbers


WELL_KNOWN = {
    "mnist": WellKnown("the constants of MNIST", (0.1307,), (0.3081,)),
    "fashion-mnist": WellKnown("the constants of Fashion-MNIST", (0.2860,), (0.3530,)),
    "cifar10": WellKnown(
        "the constants of CIFAR-10", (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
    ),
    "cifar100": WellKnown(
        "the constants of CIFAR-100", (0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)
    ),
    "svhn": WellKnown("the constants of SVHN", (0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970)),
    "imagenet": WellKnown(
        "the constants of ImageNet", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    ),
    "0.5/0.5": WellKnown("0.5 and 0.5, from −1 to 1", (0.5,), (0.5,)),
}
"""By the name under which they are asked for."""


def untouched(shape: InputShape, said_by: Says) -> Preprocessing:
    """Nothing is done to an image."""
    return Preprocessing(torch.zeros(shape), said_by=said_by)


def of_embeddings(embedding: Embedding, shape: InputShape, said_by: Says) -> Preprocessing:
    """Vectors of a shape are embeddings; nothing else is done to them."""
    return Preprocessing(torch.zeros(shape), said_by=said_by, embedding=embedding)


def of_channels(
    mean: Numbers, std: Numbers | None, shape: InputShape, said_by: Says
) -> Preprocessing | None:
    """The same numbers for every pixel of a channel.

    Args:
        mean: one number, or one a channel.
        std: likewise; None for 1.
        shape: (c, h, w) of an image.
        said_by: who says so.

    Returns:
        None where there are not so many channels, or where no images can have such numbers.
    """
    given = (*mean, *(std or ()))
    if not all(math.isfinite(number) for number in given):
        return None
    if is_vector(shape):
        return _of_features(mean, std, shape, said_by)
    scale = _WHITE if max(given, default=0.0) > 1 else 1
    means = _each_channel(mean, shape[0], scale)
    stds = _each_channel((scale,) if std is None else std, shape[0], scale)
    if means is None or stds is None:
        return None
    if means.min() < 0 or stds.min() < LEAST_STD or max(means.max(), stds.max()) > 1:
        return None
    expanded = means[:, None, None].expand(shape).contiguous()
    is_divided = bool((stds != 1).any())
    return Preprocessing(expanded, stds[:, None, None] if is_divided else None, said_by)


def _of_features(
    mean: Numbers, std: Numbers | None, shape: InputShape, said_by: Says
) -> Preprocessing | None:
    """Of a vector: one number for all features, or one a feature, in any unit."""
    if len(mean) not in (1, shape[2]) or (std is not None and min(std) < LEAST_FEATURE_STD):
        return None
    means = torch.tensor(mean, dtype=torch.float32).expand(shape).contiguous()
    if std is None or all(number == 1 for number in std):
        return Preprocessing(means, said_by=said_by)
    divided = std_in_shape(torch.tensor(std, dtype=torch.float32), shape)
    return None if divided is None else Preprocessing(means, divided, said_by)


def _each_channel(numbers: Numbers, channels: int, scale: float) -> Tensor | None:
    if len(numbers) not in (1, channels):
        return None
    each = torch.tensor([number / scale for number in numbers], dtype=torch.float32)
    return each.expand(channels).contiguous()


def parse_constants(text: str, shape: InputShape) -> Preprocessing:
    """What somebody writes of a preprocessing that needs no images.

    Args:
        text: `none`, a name of `WELL_KNOWN`, or `MEAN/STD`: `0.1307/0.3081`; of vectors a name of
            `EMBEDDINGS`, too.
        shape: (c, h, w) of an image.

    Raises:
        UnusableInput: it is none of these, or of another number of channels.
    """
    word = text.strip().lower()
    if word == "none":
        return untouched(shape, "user")
    if word in EMBEDDINGS and is_vector(shape):
        return of_embeddings(EMBEDDINGS[word], shape, "user")
    if word in WELL_KNOWN and not is_vector(shape):
        known = WELL_KNOWN[word]
        mean, std = known.mean, known.std
    else:
        mean, std = _mean_and_std(text, _HOW_OF_FEATURES if is_vector(shape) else _HOW)
    found = of_channels(mean, std, shape, "user")
    if found is None and is_vector(shape):
        raise UnusableInput(
            f"“{plain(text)}” fits no rows of {shape[2]:,} features; {_HOW_OF_FEATURES}"
        )
    if found is None:
        raise UnusableInput(
            f"“{text}” fits no images of {shape[0]} channel{'s' * (shape[0] > 1)}; {_HOW}"
        )
    return found


def _mean_and_std(text: str, how: str) -> tuple[Numbers, Numbers]:
    parts = text.split("/")
    try:
        mean, std = ([float(number) for number in part.split(",")] for part in parts)
    except ValueError as error:
        raise UnusableInput(f"“{text}” is no preprocessing; {how}") from error
    return mean, std


def as_constants(preprocessing: Preprocessing) -> str:
    """`0.1307/0.3081`, as `parse_constants` reads it; empty where each pixel has its own mean."""
    mean, std = preprocessing.channel_means, preprocessing.std
    if mean is None or preprocessing.embedding:
        return ""
    stds = torch.ones(1) if std is None else std.flatten()
    return "/".join(",".join(f"{n:.6g}" for n in numbers.tolist()) for numbers in (mean, stds))
