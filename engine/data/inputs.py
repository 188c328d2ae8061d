"""What goes into a network: an image, as numbers in a row, after its preprocessing.

Three kinds of numbers have to be told apart: an *image*, in [0, 1]; a *centred image*, image −
mean, which candidates are shown and scored as; and what the network *reads*, (image − mean) / std.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from engine.base.errors import UnusableInput
from engine.data.layout import Layout, layout_words

if TYPE_CHECKING:
    from torch import Tensor

InputShape = tuple[int, int, int]


Says = Literal["nobody", "file", "user", "references"]
"""Who said what a network's preprocessing was, or its activation."""

_SAID_BY: dict[Says, str] = {
    "nobody": "assumed: the file does not say",
    "file": "the file says so",
    "user": "set by hand",
    "references": "found out from reference images",
}


def who_said(said_by: Says) -> str:
    """For people, behind what was said: `set by hand`."""
    return _SAID_BY[said_by]


@dataclass(frozen=True)
class Preprocessing:
    """What was done to an image before a network read it: (image − mean) / std.

    Attributes:
        mean: subtracted from each image, shape (c, h, w), in [0, 1]; None where nobody said, and
            zeros where nothing was.
        std: of each channel, shape (c, 1, 1), above 0; None for 1.
        said_by: who said so.
    """

    mean: Tensor | None = None
    std: Tensor | None = None
    said_by: Says = "nobody"

    @property
    def words(self) -> str:
        """For people: `less the mean image, divided by 0.308`."""
        if self.mean is None:
            return "not known"
        constants = self.channel_means
        if constants is None:
            words = "less a mean image"
        else:
            words = f"less {_listed(constants)}" if bool(constants.any()) else "none"
        if self.std is None:
            return words
        divided = f"divided by {_listed(self.std.flatten())}"
        return divided if words == "none" else f"{words}, {divided}"

    @property
    def channel_means(self) -> Tensor | None:
        """What is subtracted from each channel, shape (c,); None where pixels differ in it."""
        if self.mean is None:
            return None
        channels = self.mean.flatten(1)
        return channels[:, 0] if bool((channels == channels[:, :1]).all()) else None

    @property
    def tensors(self) -> dict[str, Tensor]:
        """What there is of `mean` and `std`, by name, as files hold it."""
        both = {"mean": self.mean, "std": None if self.std is None else self.std.flatten()}
        return {name: tensor for name, tensor in both.items() if tensor is not None}

    @property
    def described(self) -> str:
        """The same, and who says so: `less a mean image (the file says so)`."""
        words = self.words
        return words if self.mean is None else f"{words} ({who_said(self.said_by)})"

    def in_shape(self, shape: InputShape) -> Preprocessing:
        """The same for the same numbers as an image of another shape; std only fits channels."""
        mean = None if self.mean is None else self.mean.reshape(shape)
        fits = self.std is None or len(self.std) == shape[0]
        return replace(self, mean=mean, std=self.std if fits else None)

    def reordered(self, order: Tensor) -> Preprocessing:
        """The same with the pixels of a mean image from a file in another order.

        Args:
            order: where each pixel comes from, shape (c·h·w,).
        """
        if self.mean is None or self.said_by != "file" or self.channel_means is not None:
            return self
        return replace(self, mean=self.mean.flatten()[order].reshape(self.mean.shape))


def _listed(numbers: Tensor) -> str:
    return " ".join(f"{number:.3g}" for number in numbers.tolist())


@dataclass(frozen=True)
class InputSpec:
    """What the D numbers that a network reads are.

    Attributes:
        shape: (c, h, w) of an image; c·h·w = D.
        preprocessing: what makes them of an image.
        is_known: False where the shape was guessed from D alone.
        layout: in which order the checkpoint's first layer reads them. Here they are C×H×W all the
            same: `Network.with_layout` has put the columns of W_1 in that order.
        layout_said_by: who said so.
    """

    shape: InputShape
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    is_known: bool = True
    layout: Layout = "chw"
    layout_said_by: Says = "nobody"

    @property
    def layout_described(self) -> str:
        """What the layout is, and who says so; empty for one channel, where all are the same."""
        if self.shape[0] == 1:
            return ""
        return f"{layout_words(self.layout)} ({who_said(self.layout_said_by)})"

    @property
    def mean(self) -> Tensor | None:
        """What was subtracted from each image, shape (c, h, w), where it is known."""
        return self.preprocessing.mean

    def of_images(self, images: Tensor, mean: Tensor | None = None) -> Tensor:
        """What the network reads of images in [0, 1]: (n, c, h, w) → (n, D).

        Args:
            images: shape (n, c, h, w).
            mean: stands for the preprocessing's own where that is not known.
        """
        subtracted = mean if self.mean is None else self.mean
        return self.of_centred(images if subtracted is None else images - subtracted)

    def of_centred(self, images: Tensor) -> Tensor:
        """What the network reads of centred images: (n, c, h, w) → (n, D)."""
        std = self.preprocessing.std
        return (images if std is None else images / std.to(images)).flatten(1)

    def centred(self, read: Tensor) -> Tensor:
        """Centred images of what the network reads: (n, D) → (n, c, h, w)."""
        images = read.reshape(-1, *self.shape)
        std = self.preprocessing.std
        return images if std is None else images * std.to(images)

    @property
    def bounds(self) -> tuple[Tensor | float, Tensor | float]:
        """Least and largest of what a network reads of an image, each a number or of shape (D,).

        [−1, 1] as published, where images are not divided by a std: what is left of [0, 1] by
        whatever mean lies in there.
        """
        mean, std = self.preprocessing.mean, self.preprocessing.std
        if std is None:
            return -1.0, 1.0
        subtracted = 0.0 if mean is None else mean
        ends = ((end - subtracted) / std for end in (0.0, 1.0))
        lower, upper = (end.expand(self.shape).flatten() for end in ends)
        return lower, upper

    @property
    def stretch(self) -> float:
        """How much further apart two images are for the network: 1/std, a mean of the channels."""
        std = self.preprocessing.std
        return 1.0 if std is None else float((1 / std).mean())

    @classmethod
    def flat(cls, dimension: int) -> InputSpec:
        """Numbers in a row that are no image: coordinates of a row space, for example."""
        return cls((1, 1, dimension))

    @property
    def dimension(self) -> int:
        """D."""
        return math.prod(self.shape)

    def with_shape(self, shape: InputShape) -> InputSpec:
        """The same numbers as an image of another shape, which somebody has said.

        Raises:
            ValueError: the shape does not hold D numbers.
        """
        if math.prod(shape) != self.dimension:
            raise ValueError(f"{shape} does not hold {self.dimension} numbers")
        return replace(
            self, shape=shape, preprocessing=self.preprocessing.in_shape(shape), is_known=True
        )


def infer_input_shape(dimension: int) -> InputShape:
    """The image shape that D numbers most likely are.

    One grey square, else one colour square (784 → 1×28×28, 3072 → 3×32×32); for any other
    number the grey rectangle closest to a square, which the user can correct.
    """
    side = math.isqrt(dimension)
    if side * side == dimension:
        return (1, side, side)
    side = math.isqrt(dimension // 3)
    if 3 * side * side == dimension:
        return (3, side, side)
    height = next(h for h in range(math.isqrt(dimension), 0, -1) if dimension % h == 0)
    return (1, height, dimension // height)


def parse_shape(text: str) -> InputShape:
    """`1x28x28` → (1, 28, 28).

    Raises:
        UnusableInput: not three positive whole numbers, or not 1 or 3 channels.
    """
    match = re.fullmatch(r"\s*(\d{1,9})\s*[x×, ]\s*(\d{1,9})\s*[x×, ]\s*(\d{1,9})\s*", text)
    if not match or int(match[1]) not in (1, 3) or not all(int(n) for n in match.groups()):
        raise UnusableInput(
            f"“{text}” is not an input shape; write channels (1 or 3), height and width "
            "like 1x28x28 or 3x32x32."
        )
    return (int(match[1]), int(match[2]), int(match[3]))


def format_shape(shape: InputShape) -> str:
    """(1, 28, 28) → `1x28x28`."""
    return "x".join(str(n) for n in shape)
