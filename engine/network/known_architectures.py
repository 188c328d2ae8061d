"""Architectures that many people train, by name; told by the shapes of their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.base.errors import UnusableInput
from engine.data.inputs import InputShape
from engine.network.architecture import Architecture
from engine.network.architecture_text import parse_architecture
from engine.network.fitting import Shaped, fits


@dataclass(frozen=True)
class Known:
    """One of them.

    Attributes:
        name: as the command line takes it.
        about: what people call it.
        text: its steps, with the sizes that tell it.
        shape: (c, h, w) of its images.
    """

    name: str
    about: str
    text: str
    shape: InputShape

    @cached_property
    def architecture(self) -> Architecture:
        """What its text says."""
        return parse_architecture(self.text)


_LENET = (
    "conv 5x5 6{}, relu, {pool}, conv 5x5 16, relu, {pool}, flatten, linear 120, relu, linear 84, "
    "relu, linear"
)
_GREY, _COLOUR, _LARGE = (1, 28, 28), (3, 32, 32), (3, 224, 224)
_HEAD = "flatten, linear 4096, relu, linear 4096, relu, linear"


def _vgg(*blocks: Sequence[int], then: str) -> str:
    """Blocks of 3×3 convolutions, each with pooling behind it."""
    each = (
        "".join(f"conv 3x3 {channels} padding 1, relu, " for channels in block) + "maxpool 2, "
        for block in blocks
    )
    return "".join(each) + then


KNOWN: tuple[Known, ...] = (
    Known("lenet-5", "LeNet-5", _LENET.format(" padding 2", pool="maxpool 2"), _GREY),
    Known("lenet-5-32", "LeNet-5 on 32×32", _LENET.format("", pool="maxpool 2"), (1, 32, 32)),
    Known("lenet-5-valid", "LeNet-5 without padding", _LENET.format("", pool="maxpool 2"), _GREY),
    Known(
        "mnist-example",
        "PyTorch's MNIST example",
        "conv 3x3 32, relu, conv 3x3 64, relu, maxpool 2, dropout, flatten, linear 128, relu, "
        "dropout, linear",
        _GREY,
    ),
    Known(
        "mnist-example-2017",
        "PyTorch's MNIST example of before 2019",
        "conv 5x5 10, maxpool 2, relu, conv 5x5 20, dropout, maxpool 2, relu, flatten, linear 50, "
        "relu, dropout, linear",
        _GREY,
    ),
    Known(
        "cifar10-tutorial",
        "PyTorch's CIFAR-10 tutorial",
        _LENET.format("", pool="maxpool 2"),
        _COLOUR,
    ),
    Known(
        "two-blocks-32",
        "the two blocks of Keras' CIFAR-10 example",
        "conv 3x3 32 padding 1, relu, conv 3x3 32, relu, maxpool 2, conv 3x3 64 padding 1, relu, "
        "conv 3x3 64, relu, maxpool 2, flatten, linear 512, relu, linear",
        _COLOUR,
    ),
    Known(
        "vgg-6-32",
        "a VGG of six convolutions",
        _vgg((32, 32), (64, 64), (128, 128), then="flatten, linear 128, relu, linear"),
        _COLOUR,
    ),
    Known(
        "vgg-11-32",
        "VGG-11 on 32×32",
        _vgg((64,), (128,), (256, 256), (512, 512), (512, 512), then="flatten, linear"),
        _COLOUR,
    ),
    Known(
        "vgg-16-32",
        "VGG-16 on 32×32",
        _vgg((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3, then="flatten, linear"),
        _COLOUR,
    ),
    Known(
        "vgg-11",
        "torchvision's VGG-11",
        _vgg((64,), (128,), (256, 256), (512, 512), (512, 512), then=_HEAD),
        _LARGE,
    ),
    Known(
        "vgg-16",
        "torchvision's VGG-16",
        _vgg((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3, then=_HEAD),
        _LARGE,
    ),
    Known(
        "alexnet",
        "torchvision's AlexNet",
        "conv 11x11 64 stride 4 padding 2, relu, maxpool 3 stride 2, conv 5x5 192 padding 2, relu, "
        "maxpool 3 stride 2, conv 3x3 384 padding 1, relu, conv 3x3 256 padding 1, relu, "
        f"conv 3x3 256 padding 1, relu, maxpool 3 stride 2, {_HEAD}",
        _LARGE,
    ),
)


def known_that_fit(layers: Sequence[Shaped], shape: InputShape | None) -> list[Known]:
    """Those whose shapes are the file's.

    Args:
        layers: of a file.
        shape: (c, h, w) of the images where somebody says it.
    """
    of_shape = (known for known in KNOWN if shape in (None, known.shape))
    return [known for known in of_shape if fits(known.architecture, layers, known.shape)]


def said_architecture(text: str) -> tuple[Architecture, str]:
    """What a person says: a name of `KNOWN`, or an architecture as text.

    Returns:
        The architecture, and what a known one is called; empty where none was named.

    Raises:
        UnusableInput: it is neither.
    """
    for known in KNOWN:
        if text.strip().lower() == known.name:
            return known.architecture, known.about
    try:
        return parse_architecture(text), ""
    except UnusableInput as error:
        if "," in text:
            raise
        names = ", ".join(known.name for known in KNOWN)
        raise UnusableInput(f"{error.why} A known one has a name: {names}.") from error
