"""What was done to images before a network read them, found out from its training images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.data.datasets import LabelledImages
from engine.data.inputs import Preprocessing, Says, is_vector
from engine.data.normalisation import WELL_KNOWN, of_channels, parse_constants, untouched
from engine.evidence.trials import Trial, Trials, ranked, try_out
from engine.network.network import Network
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_FOUND: Says = "references"
_SEEN = 1e-6
_SAME = 1e-3


def find_preprocessing(network: Network, train: LabelledImages) -> Trials[Preprocessing] | None:
    """Tries the usual ways, and the one that is known.

    Of ways that differ in the size of the network's input alone, none can be told from the other
    by a homogeneous network; such are ties.

    Args:
        network: whose own preprocessing, where it is known, is tried as well.
        train: images that it was trained on, of its shape.

    Returns:
        None where nobody knows what the network was taught of these images.
    """
    network = network.to("cpu", torch.float32)
    trials: list[Trial[Preprocessing]] = []
    for words, way in _ways(network, train):
        if any(_is_same(way, trial.way) for trial in trials):
            continue
        fares = try_out(network.with_preprocessing(way), train)
        if fares is not None:
            trials.append(Trial(way, words, *fares))
    return ranked(trials) if trials else None


def _is_same(a: Preprocessing, b: Preprocessing) -> bool:
    """Whether two leave the same of an image, as nearly as 256 levels of grey tell."""
    pairs = zip(_filled(a), _filled(b), strict=True)
    if (a.embedding == "unit") != (b.embedding == "unit"):
        return False
    return all(bool(torch.isclose(x, y, atol=_SAME, rtol=0).all()) for x, y in pairs)


def _filled(way: Preprocessing) -> tuple[Tensor, Tensor]:
    assert way.mean is not None
    return way.mean, torch.ones(1) if way.std is None else way.std


def _ways(network: Network, train: LabelledImages) -> Iterator[tuple[str, Preprocessing]]:
    """Each that there is, with its words; those of the network's own first."""
    shape, images = network.input_shape, train.images
    own = network.inputs.preprocessing
    if own.mean is not None:
        yield f"{own.words} (as it is read)", own
    yield "none", untouched(shape, _FOUND)
    if is_vector(shape):
        yield "less each feature’s mean", mean_image(train)
        yield "less each feature’s mean, divided by its std", feature_statistics(train)
        return
    yield "less the mean image of these images", mean_image(train)
    means = images.mean((0, 2, 3)).tolist()
    stds = images.std((0, 2, 3), correction=0).clamp_min(_SEEN).tolist()
    for words, std in (
        ("less the mean of each channel", None),
        ("mean and std of each channel", stds),
    ):
        found = of_channels(means, std, shape, _FOUND)
        if found is not None:
            yield words, found
    for known in WELL_KNOWN.values():
        found = of_channels(known.mean, known.std, shape, _FOUND)
        if found is not None:
            yield known.words, found


def mean_image(train: LabelledImages) -> Preprocessing:
    """Images less their own mean."""
    return Preprocessing(train.images.mean(0), said_by=_FOUND)


def feature_statistics(train: LabelledImages) -> Preprocessing:
    """Rows of a table less each feature's mean, divided by its std; by 1 where it never varies."""
    std = train.images.std(0, correction=0)
    return Preprocessing(train.images.mean(0), std.where(std > _SEEN, 1.0), _FOUND)


def said_preprocessing(text: str, network: Network, images: LabelledImages | None) -> Preprocessing:
    """What somebody says of a preprocessing, made of images where it is theirs.

    Args:
        text: `mean`, of vectors `mean/std`, or as `parse_constants` has it.
        network: that it is of.
        images: that were preprocessed; None where there are none.

    Raises:
        UnusableInput: it says nothing, or images are needed.
    """
    if not is_of_images(text, network):
        return parse_constants(text, network.input_shape)
    if images is None:
        raise UnusableInput(
            "A mean image is that of images, and there are none.", "Give images, or numbers."
        )
    made = mean_image if text.strip().lower() == "mean" else feature_statistics
    return replace(made(images), said_by="user")


def is_of_images(text: str, network: Network) -> bool:
    """Whether a preprocessing, as somebody says it, is made of images."""
    wanted = text.strip().lower()
    return wanted == "mean" or (wanted == "mean/std" and network.inputs.is_vector)


def preprocessed_ways(network: Network, train: LabelledImages) -> list[Network]:
    """A network as it is read; where its mean is not known, without one and with that of images.

    Args:
        network: of known layers, or layers to be tried out.
        train: images that it was trained on, of its shape.
    """
    if network.mean is not None:
        return [network]
    done = (untouched(network.input_shape, "references"), mean_image(train))
    return [network.with_preprocessing(each) for each in done]
