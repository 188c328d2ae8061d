"""What the tensors of a file mean as layers, full ones or convolutions, and who said so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput, explained_on
from engine.data.inputs import (
    InputShape,
    Says,
    fitted_shape,
    infer_input_shape,
    is_usual_image,
    is_vector,
    shape_in_words,
)
from engine.network.activation import Activation
from engine.network.batch_norm import Folded, fold_all
from engine.network.convolutional import Said, convolutional_layers, determine, is_convolutional
from engine.network.fitting import Shaped, check_layers
from engine.network.other_layers import NETWORKS, refuse_other_networks
from engine.network.parameters import Parameters
from engine.network.reading import Noted, OrderedBy
from engine.network.state_dict import infer_layers
from engine.network.structure import Structure

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Interpreted:
    """The layers of a file.

    Attributes:
        parameters: θ.
        names: what the file calls its layers, in the order of the forward pass.
        ordered_by: what that was told by.
        shape: (c, h, w) of what it reads.
        is_known: whether that is said, or hardly anything else.
        structure: of its convolutions; None where all layers are full.
        said: who said what the structure is; None where all layers are full, and nobody did.
        applied: batch normalisation that was folded in.
    """

    parameters: Parameters
    names: tuple[str, ...]
    ordered_by: OrderedBy
    shape: InputShape
    is_known: bool
    structure: Structure | None = None
    said: Said | None = None
    applied: tuple[Noted, ...] = ()


@explained_on(NETWORKS)
def interpret(
    tensors: Mapping[str, Tensor], said: Said | None, shapes: Shapes, file_name: str
) -> Interpreted:
    """The layers of a state dict.

    Args:
        tensors: name → float tensor, prefixes stripped, in the order of the file.
        said: what somebody says of the architecture.
        shapes: what is said of the images.
        file_name: for messages.

    Raises:
        UnusableInput: no network that is attacked, or what was said does not fit it.
    """
    refuse_other_networks(tensors, file_name)
    normalised = () if said is None else said.architecture.normalised
    folded = fold_all(tensors, file_name, normalised if any(normalised) else None)
    if is_convolutional(folded.tensors):
        return _convolutional(folded, said, shapes.of_images(file_name), file_name)
    layers = infer_layers(folded.tensors, file_name)
    weights = layers.parameters.weights
    if said is not None:
        _check_plain(
            said,
            [
                Shaped(name, tuple(weight.shape), name in folded.behind)
                for name, weight in zip(layers.names, weights, strict=True)
            ],
        )
    shape, is_known = shapes.of_numbers(weights[0].shape[1], file_name)
    return Interpreted(
        layers.parameters,
        layers.names,
        layers.ordered_by,
        shape,
        is_known,
        None,
        said,
        folded.applied,
    )


def _convolutional(
    folded: Folded, said: Said | None, shape: InputShape | None, file_name: str
) -> Interpreted:
    layers = convolutional_layers(folded.tensors, folded.behind, file_name)
    fitted, said = determine(layers, said, shape, file_name)
    return Interpreted(
        layers.parameters,
        tuple(layer.name for layer in layers.shaped),
        layers.ordered_by,
        fitted.shape,
        shape is not None or fitted.is_only,
        fitted.structure,
        said,
        folded.applied,
    )


def _check_plain(said: Said, layers: Sequence[Shaped]) -> None:
    """Whether what is said of full layers is what they are.

    Raises:
        UnusableInput: it is not; the message says what differs.
    """
    check_layers(said.architecture, layers)
    if not said.architecture.is_plain:
        raise UnusableInput(
            "Between fully connected layers one activation stands each, and the architecture says "
            "otherwise; such networks are not attacked."
        )


@dataclass(frozen=True)
class Shapes:
    """What is said of the shape of images.

    Attributes:
        said: by a person.
        stored: by the file.
        of_mean: that of a mean image in the file.
    """

    said: InputShape | None = None
    stored: InputShape | None = None
    of_mean: InputShape | None = None

    def of_images(self, file_name: str) -> InputShape | None:
        """Of a network whose first layer is a convolution; None where nobody says it.

        Raises:
            UnusableInput: rows of a table were said.
        """
        if self.said is not None and is_vector(self.said):
            raise UnusableInput(
                f"{file_name} is a convolutional network, which reads images, not rows of a table."
            )
        return self.said or self.stored or self.of_mean

    def of_numbers(self, dimension: int, file_name: str) -> tuple[InputShape, bool]:
        """Of D numbers in a row, and whether it is said, or hardly anything else.

        Raises:
            UnusableInput: what was said holds another number of them.
        """
        by_file = (each for each in (self.stored, self.of_mean) if each is not None)
        stored = next((each for each in by_file if math.prod(each) == dimension), None)
        said = None if self.said is None else fitted_shape(self.said, dimension)
        shape = said or stored or infer_input_shape(dimension)
        if math.prod(shape) != dimension:
            raise UnusableInput(
                f"The input shape {shape_in_words(shape)} holds {math.prod(shape)} numbers, but "
                f"{file_name} reads {dimension}."
            )
        return shape, bool(said or stored or is_usual_image(shape))


def stated_activation(
    said: Said | None, found: Activation, by: Says, file_name: str
) -> tuple[Activation, Says]:
    """The activation and who said so, where an architecture and the file may both say it.

    Args:
        said: of the architecture.
        found: what the file says of the activation.
        by: who says that.
        file_name: for messages.

    Raises:
        UnusableInput: the file says two.
    """
    stated = None if said is None else said.architecture.activation
    if said is None or stated is None or said.by not in ("user", "file"):
        return found, by
    if said.by == by and stated != found:
        raise UnusableInput(
            f"{file_name} says that its activation is {found.name}, and in its architecture that "
            f"it is {stated.name}."
        )
    return stated, "user" if said.by == "user" else "file"
