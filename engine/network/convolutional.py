"""State dicts of convolutional networks: their layers, and what their architecture is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.data.inputs import InputShape, shape_in_words
from engine.network.architecture import Architecture
from engine.network.architecture_text import written
from engine.network.batch_norm import weighted
from engine.network.fitting import Fitted, Shaped, fit
from engine.network.guessing import (
    Guess,
    gaps_between,
    guesses,
    may_have_shortcuts,
    most_usual,
    spare_steps,
)
from engine.network.known_architectures import known_that_fit
from engine.network.orders import are_told_by_names, fitting_orders
from engine.network.other_layers import NETWORKS, REACHED
from engine.network.parameters import Parameters
from engine.network.reading import OrderedBy, StructuredBy

if TYPE_CHECKING:
    from torch import Tensor

_MOST_LAYERS, _MOST_LISTED, _LONGEST_LIST = 64, 6, 800


class NeedsArchitecture(UnusableInput):
    """A convolutional network whose architecture nobody says, and no usual one alone fits.

    Attributes:
        layers: of the file, in the order of the forward pass.
        candidates: usual architectures that fit, as text, the most usual first.
        shape: (c, h, w) of the images where somebody said it.
        path: of the file, once it is known.
    """

    def __init__(
        self,
        why: str,
        layers: Sequence[Shaped],
        candidates: Sequence[str],
        shape: InputShape | None,
    ) -> None:
        instead = "Say its architecture (on the command line with --architecture TEXT)."
        super().__init__(why, instead, NETWORKS)
        self.layers, self.candidates, self.shape = tuple(layers), tuple(candidates), shape
        self.path: Path | None = None


@dataclass(frozen=True)
class ConvolutionalLayers:
    """The layers of a state dict.

    Attributes:
        parameters: their weights and biases.
        shaped: the same by name and shape.
        ordered_by: what their order was told by.
        gaps: steps without weights behind each but the last, where names count them.
    """

    parameters: Parameters
    shaped: tuple[Shaped, ...]
    ordered_by: OrderedBy
    gaps: tuple[int | None, ...]


@dataclass(frozen=True)
class Said:
    """What is said, or assumed, of an architecture.

    Attributes:
        architecture: what.
        by: who said so.
        known_as: what a known one is called; empty where it is none.
    """

    architecture: Architecture
    by: StructuredBy
    known_as: str = ""


def is_convolutional(tensors: Mapping[str, Tensor]) -> bool:
    """Whether a state dict holds two-dimensional convolutions, named as PyTorch names them."""
    return any(name.endswith(".weight") and t.dim() == 4 for name, t in tensors.items())


def convolutional_layers(
    tensors: Mapping[str, Tensor], behind: Mapping[str, str], file_name: str
) -> ConvolutionalLayers:
    """The layers of a state dict without batch normalisation, convolutions first.

    Args:
        tensors: name → float tensor: `conv1.weight`, `conv1.bias`, …
        behind: the batch normalisation that was behind some layers, by their names.
        file_name: for messages.

    Raises:
        UnusableInput: they are no chain of convolutions and full layers after them.
    """
    names = weighted(tensors)
    for name, tensor in tensors.items():
        stem, _, part = name.rpartition(".")
        if stem not in names or part not in ("weight", "bias") or tensor.dim() not in (1, 2, 4):
            raise UnusableInput(
                f"“{name}” in {file_name} ({'×'.join(map(str, tensor.shape))}) belongs to no "
                "convolution and no fully connected layer.",
                REACHED,
                NETWORKS,
            )
    weights = tuple(tensors[f"{name}.weight"] for name in names)
    biases = tuple(tensors.get(f"{name}.bias") for name in names)
    for name, weight, bias in zip(names, weights, biases, strict=True):
        if bias is not None and bias.shape != weight.shape[:1]:
            raise UnusableInput(f"“{name}.bias” in {file_name} does not fit “{name}.weight”.")
    shaped = tuple(
        Shaped(name, tuple(w.shape), name in behind) for name, w in zip(names, weights, strict=True)
    )
    _check_chain(shaped, file_name)
    heard = tuple(
        bias if place == 0 or (bias is not None and bool(bias.any())) else None
        for place, bias in enumerate(biases)
    )
    gaps = tuple(gaps_between(shaped))
    return ConvolutionalLayers(Parameters(weights, heard), shaped, _ordered_by(shaped), gaps)


def _check_chain(layers: Sequence[Shaped], file_name: str) -> None:
    if len(layers) > _MOST_LAYERS:
        raise UnusableInput(
            f"{file_name} has more than {_MOST_LAYERS} layers; too deep to attack.", "", NETWORKS
        )
    if layers[-1].is_convolution:
        raise UnusableInput(
            f"{file_name} ends in a convolution, {layers[-1].words}; the last layer has to be "
            "fully connected.",
            REACHED,
            NETWORKS,
        )
    for one, following in pairwise(layers):
        given, read = one.shape[0], following.shape[1]
        rest = given % read if following.is_convolution else read % given
        if rest or (read != given and not one.is_convolution):
            raise UnusableInput(
                f"The layers of {file_name} do not follow each other as one chain: "
                f"{following.words} cannot read what {one.words} gives.",
                REACHED,
                NETWORKS,
            )


def _ordered_by(layers: Sequence[Shaped]) -> OrderedBy:
    """Told apart for convolutions and full layers, which cannot change places."""
    found: list[OrderedBy] = []
    for kind in (True, False):
        alike = [layer for layer in layers if layer.is_convolution is kind]
        sizes = [(layer.shape[1], layer.shape[0]) for layer in alike]
        if len(fitting_orders(sizes, 2)) == 1:
            found.append("shapes")
        else:
            names = [layer.name for layer in alike]
            found.append("names" if are_told_by_names(names, sizes) else "file")
    return max(found, key=("shapes", "names", "file").index)


def determine(
    layers: ConvolutionalLayers,
    said: Said | None,
    shape: InputShape | None,
    file_name: str,
) -> tuple[Fitted, Said]:
    """What the architecture of a convolutional network is: said, known, or the usual one.

    Args:
        layers: of its file.
        said: what somebody says.
        shape: (c, h, w) of its images where somebody says it.
        file_name: for messages.

    Returns:
        Its structure with the images that it reads, and who says so.

    Raises:
        UnusableInput: what was said does not fit.
        NeedsArchitecture: nobody says it, and no usual one alone fits.
    """
    if said is not None:
        return fit(said.architecture, layers.shaped, shape), said
    known = [
        each
        for each in known_that_fit(layers.shaped, shape)
        if spare_steps(each.architecture, layers.gaps) is not None
    ]
    if known:
        first, shaped = known[0], layers.shaped
        fitted = replace(fit(first.architecture, shaped, first.shape), is_only=len(known) == 1)
        return fitted, Said(first.architecture, "known", first.about)
    found = guesses(layers.shaped, layers.gaps, shape)
    usual = most_usual(found)
    if len(usual) == 1 and not may_have_shortcuts(layers.shaped):
        fitted = fit(usual[0].architecture, layers.shaped, usual[0].shape)
        fitted = replace(fitted, is_only=shape is not None)
        return fitted, Said(usual[0].architecture, "shapes")
    raise _undetermined(layers.shaped, found, shape, file_name)


def _undetermined(
    layers: Sequence[Shaped], found: Sequence[Guess], shape: InputShape | None, file_name: str
) -> NeedsArchitecture:
    """Why nothing was assumed, with what fits."""
    begins = f"{file_name} is a convolutional network whose weights do not show its architecture"
    if may_have_shortcuts(layers):
        why = f"{begins}: its names ({layers[0].name}, …) are those of blocks with shortcuts."
    elif not found:
        images = "usual images" if shape is None else f"images of {shape_in_words(shape)}"
        named = ", ".join(layer.words for layer in layers[:_MOST_LISTED])
        why = f"{begins}: no usual one fits {named} and {images}."
    else:
        why = f"{begins}, and several usual ones fit: {_listed(found)}."
    texts = dict.fromkeys(written(guess.architecture) for guess in found)
    return NeedsArchitecture(why, layers, list(texts), shape)


def _listed(found: Sequence[Guess]) -> str:
    """The first of them, as far as a sentence holds them, and how many more there are."""
    texts = [f"{written(g.architecture)} ({shape_in_words(g.shape)})" for g in found[:_MOST_LISTED]]
    while len(texts) > 1 and sum(map(len, texts)) > _LONGEST_LIST:
        texts.pop()
    more = [f"and {len(found) - len(texts)} more"] if len(found) > len(texts) else []
    return "; ".join([*texts, *more])
