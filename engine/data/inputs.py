"""What goes into a network: an image or a vector, as numbers in a row, after its preprocessing.

Three kinds of numbers have to be told apart: an *image*, in [0, 1]; a *centred image*, image −
mean, which candidates are shown and scored as; and what the network *reads*, (image − mean) / std.

A *vector* is a row of a table, d features in any unit. It is kept as an image of one channel, one
pixel high and d wide, and that shape alone says what it is (decision 30): there is no [0, 1], no
neighbour, mean and std belong to a feature instead of a channel, and what stands for its centred
image is what the network reads of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted
from engine.data.layout import Layout, layout_words
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

InputShape = tuple[int, int, int]

ANY_VECTOR: InputShape = (1, 1, 0)
"""A vector of as many features as the network reads, whatever their number is."""

_LEAST_SIDE, _LEAST_USUAL_SIDE = 4, 8
"""Of what is taken for a square image where nobody says, and of what hardly is anything else."""
_TINY = 1e-12
_VECTOR_STRETCH = 4.0
"""Standardised features have a deviation of 1; pixels, which settings are meant for, of 1/4."""


def vector_shape(features: int) -> InputShape:
    """The shape of a vector."""
    return (1, 1, features)


def is_vector(shape: Sequence[int]) -> bool:
    """Whether (c, h, w) is the shape of a vector."""
    return tuple(shape[:2]) == (1, 1)


Embedding = Literal["", "raw", "unit"]
"""What vectors are to a head on a frozen backbone: nothing of the kind; embeddings as they are;
embeddings that were scaled to unit length."""

_EMBEDDING_WORDS: dict[Embedding, str] = {
    "raw": "embeddings as they are",
    "unit": "embeddings at unit length",
}

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
        std: of each channel, shape (c, 1, 1), above 0; of a vector's features, shape (1, 1, d) or
            (1, 1, 1); None for 1.
        said_by: who said so.
        is_laid_out: whether a mean image from a file had rows and columns there, which say where
            its pixels belong; a flat one lies as the first layer reads images.
        embedding: whether vectors are embeddings, which go by their direction (decision 40).
    """

    mean: Tensor | None = None
    std: Tensor | None = None
    said_by: Says = "nobody"
    is_laid_out: bool = False
    embedding: Embedding = ""

    @property
    def words(self) -> str:
        """For people: `less the mean image, divided by 0.308`."""
        if self.mean is None:
            return "not known"
        if self.embedding:
            return _EMBEDDING_WORDS[self.embedding]
        constants = self.channel_means
        if constants is None:
            words = (
                f"less {'each feature’s mean' if is_vector(self.mean.shape) else 'a mean image'}"
            )
        else:
            words = f"less {_listed(constants)}" if bool(constants.any()) else "none"
        if self.std is None:
            return words
        of_features = is_vector(self.mean.shape) and self.std.numel() > 1
        divided = f"divided by {'its std' if of_features else _listed(self.std.flatten())}"
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
        """The same for the same numbers in another shape; std only fits as many channels."""
        if self.said_by == "nobody":
            return Preprocessing()
        if self.embedding and not is_vector(shape):
            return Preprocessing()
        mean = None if self.mean is None else self.mean.reshape(shape)
        return replace(self, mean=mean, std=std_in_shape(self.std, shape))

    def reordered(self, order: Tensor) -> Preprocessing:
        """The same with the pixels of a flat mean image from a file in another order.

        Args:
            order: where each pixel comes from, shape (c·h·w,).
        """
        if self.mean is None or self.said_by != "file" or self.is_laid_out:
            return self
        if self.channel_means is not None:
            return self
        return replace(self, mean=self.mean.flatten()[order].reshape(self.mean.shape))


def std_in_shape(std: Tensor | None, shape: InputShape) -> Tensor | None:
    """A std of each channel, or of each feature of a vector, to divide images of a shape by.

    Args:
        std: so many numbers, in any shape.
        shape: (c, h, w).

    Returns:
        Shape (c, 1, 1), of a vector (1, 1, d) or (1, 1, 1); None where there are not as many.
    """
    if std is None:
        return None
    if is_vector(shape):
        return std.reshape(1, 1, -1) if std.numel() in (1, shape[2]) else None
    return std.reshape(-1, 1, 1) if std.numel() == shape[0] else None


def _listed(numbers: Tensor) -> str:
    return " ".join(f"{number:.3g}" for number in numbers.tolist())


@dataclass(frozen=True)
class InputSpec:
    """What the D numbers that a network reads are.

    Attributes:
        shape: (c, h, w) of an image; c·h·w = D. (1, 1, D) of a vector.
        preprocessing: what makes them of an image. A vector of which nobody says what was done to
            it is taken for what the network reads.
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

    def __post_init__(self) -> None:
        if self.is_vector and self.preprocessing.mean is None:
            nothing_done = replace(self.preprocessing, mean=torch.zeros(self.shape))
            object.__setattr__(self, "preprocessing", nothing_done)

    @property
    def is_vector(self) -> bool:
        """Whether these are features of a table's row, not pixels."""
        return is_vector(self.shape)

    @property
    def mean(self) -> Tensor | None:
        """What was subtracted from each image, shape (c, h, w), where it is known."""
        return self.preprocessing.mean

    @property
    def is_preprocessing_said(self) -> bool:
        """Whether anybody said what was done to images; what is assumed of vectors is not that."""
        is_assumed = self.is_vector and self.preprocessing.said_by == "nobody"
        return self.mean is not None and not is_assumed

    @property
    def is_embedding(self) -> bool:
        """Whether these are embeddings, which are compared by their direction."""
        return self.is_vector and bool(self.preprocessing.embedding)

    def of_images(self, images: Tensor, mean: Tensor | None = None) -> Tensor:
        """What the network reads of images in [0, 1]: (n, c, h, w) → (n, D).

        Args:
            images: shape (n, c, h, w).
            mean: stands for the preprocessing's own where that is not known.
        """
        return self.of_centred(self.less_mean(images, mean))

    def less_mean(self, images: Tensor, mean: Tensor | None = None) -> Tensor:
        """Centred images of images in [0, 1], vectors of rows of a table; shape (n, c, h, w).

        Args:
            images: shape (n, c, h, w).
            mean: stands for the preprocessing's own where that is not known.
        """
        if self.preprocessing.embedding == "unit":
            return at_unit_length(images)
        subtracted, std = mean if self.mean is None else self.mean, self.preprocessing.std
        centred = images if subtracted is None else images - subtracted.to(images)
        return centred / std.to(images) if self.is_vector and std is not None else centred

    def of_centred(self, images: Tensor) -> Tensor:
        """What the network reads of centred images: (n, c, h, w) → (n, D)."""
        std = self._std_of_pixels
        return (images if std is None else images / std.to(images)).flatten(1)

    def centred(self, read: Tensor) -> Tensor:
        """Centred images of what the network reads: (n, D) → (n, c, h, w)."""
        images, std = read.reshape(-1, *self.shape), self._std_of_pixels
        return images if std is None else images * std.to(images)

    def in_own_units(self, vectors: Tensor) -> Tensor:
        """Rows as their table has them, of what the network reads of them; shape (n, 1, 1, d)."""
        mean, std = self.preprocessing.mean, self.preprocessing.std
        assert mean is not None  # `__post_init__` has seen to that.
        return (vectors if std is None else vectors * std.to(vectors)) + mean.to(vectors)

    @property
    def feature_std(self) -> Tensor | None:
        """What a vector’s features are divided by, shape (1, 1, D); None for 1, and of images."""
        std = self.preprocessing.std
        return std.expand(self.shape) if self.is_vector and std is not None else None

    @property
    def _std_of_pixels(self) -> Tensor | None:
        """What lies between centred images and what is read of them."""
        return None if self.is_vector else self.preprocessing.std

    @property
    def bounds(self) -> tuple[Tensor | float, Tensor | float]:
        """Least and largest of what a network reads of an image, each a number or of shape (D,).

        [−1, 1] as published, where images are not divided by a std: what is left of [0, 1] by
        whatever mean lies in there. Of images; a vector has none.
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
        """How much further apart two images are for the network: 1/std, a mean of the channels.

        Of vectors, which are about standardised when they are read, as for pixels with a std of ¼.
        At unit length a feature is 1/√D in the mean square.
        """
        if self.is_vector:
            is_unit = self.preprocessing.embedding == "unit"
            return _VECTOR_STRETCH / (math.sqrt(self.dimension) if is_unit else 1)
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
        """The same numbers in another shape, which somebody has said.

        Raises:
            ValueError: the shape does not hold D numbers.
        """
        shape = fitted_shape(shape, self.dimension)
        if math.prod(shape) != self.dimension:
            raise ValueError(f"{shape} does not hold {self.dimension} numbers")
        return replace(
            self, shape=shape, preprocessing=self.preprocessing.in_shape(shape), is_known=True
        )


def at_unit_length(vectors: Tensor) -> Tensor:
    """Vectors (n, …) scaled so that each has the length 1; a zero stays one."""
    lengths: Tensor = vectors.flatten(1).norm(dim=1).clamp_min(_TINY)
    scaled: Tensor = vectors / lengths.reshape(-1, *[1] * (vectors.dim() - 1))
    return scaled


def infer_input_shape(dimension: int) -> InputShape:
    """What D numbers most likely are, which the user can correct.

    One grey square, else one colour square (784 → 1×28×28, 3072 → 3×32×32), of 4 × 4 pixels at
    least; any other number is taken for a vector's features.
    """
    for channels in (1, 3):
        side = math.isqrt(dimension // channels)
        if channels * side * side == dimension and side >= _LEAST_SIDE:
            return (channels, side, side)
    return vector_shape(dimension)


def is_usual_image(shape: InputShape) -> bool:
    """Whether a shape that was inferred is hardly anything else than an image's."""
    return not is_vector(shape) and min(shape[1:]) >= _LEAST_USUAL_SIDE


def fitted_shape(shape: InputShape, dimension: int) -> InputShape:
    """A shape that somebody said of D numbers; `ANY_VECTOR` is a vector of all of them."""
    return vector_shape(dimension) if shape == ANY_VECTOR else shape


def parse_shape(text: str) -> InputShape:
    """`1x28x28` → (1, 28, 28); `30`, a vector, → (1, 1, 30); `vector` → `ANY_VECTOR`.

    Raises:
        UnusableInput: none of these: not positive whole numbers, or not 1 or 3 channels.
    """
    text = text.removesuffix("features").strip()
    if text.lower() == "vector":
        return ANY_VECTOR
    if re.fullmatch(r"\d{1,9}", text) and int(text):
        return vector_shape(int(text))
    match = re.fullmatch(r"(\d{1,9})\s*[x×, ]\s*(\d{1,9})\s*[x×, ]\s*(\d{1,9})", text)
    if not match or int(match[1]) not in (1, 3) or not all(int(n) for n in match.groups()):
        raise UnusableInput(
            f"“{text}” is not an input shape; write channels (1 or 3), height and width "
            "like 1x28x28 or 3x32x32, or the number of features like 30, or “vector”."
        )
    return (int(match[1]), int(match[2]), int(match[3]))


def format_shape(shape: InputShape) -> str:
    """(1, 28, 28) → `1x28x28`, as files hold it and commands take it."""
    return "x".join(str(n) for n in shape)


def shape_in_words(shape: Sequence[int]) -> str:
    """For people: (1, 28, 28) → `1×28×28`; a vector's → `30 features`."""
    return counted(shape[2], "features") if is_vector(shape) else "×".join(map(str, shape))
