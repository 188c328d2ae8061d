"""A network that is open, with another architecture or images of another shape."""

from __future__ import annotations

from dataclasses import replace

from engine.base.errors import UnusableInput
from engine.data.inputs import InputShape, InputSpec, Preprocessing, shape_in_words
from engine.data.normalisation import of_channels
from engine.network.architecture import Architecture, architecture_of
from engine.network.architecture_text import written
from engine.network.batch_norm import FOLDED
from engine.network.fitting import Shaped, fit, fits
from engine.network.guessing import gaps_between, guesses
from engine.network.known_architectures import said_architecture
from engine.network.network import Network
from engine.network.reading import StructuredBy
from engine.network.structure import Pooling


def text_of(network: Network) -> str:
    """The architecture of a network with a structure, as text; empty of others."""
    if network.structure is None:
        return ""
    return written(architecture_of(network.structure, network.activation))


def shaped_layers(network: Network) -> tuple[Shaped, ...]:
    """The layers of a network by name and shape, normalised where that was folded in."""
    names = network.reading.layers or [str(n + 1) for n in range(network.depth)]
    folded = {each.name for each in network.reading.applied if each.what.startswith(FOLDED)}
    return tuple(
        Shaped(name, tuple(weight.shape), name in folded)
        for name, weight in zip(names, network.weights, strict=True)
    )


def with_text(network: Network, text: str, shape: InputShape | None = None) -> Network:
    """The same weights in the architecture that a person says.

    Args:
        network: with a structure.
        text: a name of `known_architectures`, or as `architecture_text` has it.
        shape: (c, h, w) of its images; that which fits where left out, its own before others.

    Raises:
        UnusableInput: it is no architecture, or does not fit.
    """
    architecture, known_as = said_architecture(text)
    return with_architecture(network, architecture, "user", known_as, shape)


def with_shape(network: Network, shape: InputShape) -> Network:
    """The same network reading its input as another shape; through convolutions of another size.

    Raises:
        ValueError: there is no structure, and the shape does not hold D numbers.
        UnusableInput: there is one, which images of that shape do not fit.
    """
    if network.structure is None:
        return network.with_input_shape(shape)
    architecture, reading = architecture_of(network.structure, None), network.reading
    changed = with_architecture(
        network, architecture, reading.structured_by, reading.known_as, shape
    )
    return replace(changed, inputs=replace(changed.inputs, is_known=True))


def with_architecture(
    network: Network,
    architecture: Architecture,
    by: StructuredBy,
    known_as: str = "",
    shape: InputShape | None = None,
) -> Network:
    """The same weights in another architecture.

    Raises:
        UnusableInput: it does not fit, or the network's preprocessing does not fit its images.
    """
    layers, own = shaped_layers(network), network.input_shape
    if shape is None and fits(architecture, layers, own):
        shape = own
    fitted = fit(architecture, layers, shape)
    inputs = network.inputs
    if fitted.shape != own:
        inputs = InputSpec(fitted.shape, _in_shape(inputs.preprocessing, fitted.shape))
    reading = replace(network.reading, structured_by=by, known_as=known_as)
    changed = replace(network, structure=fitted.structure, inputs=inputs, reading=reading)
    stated = architecture.activation
    return changed if stated is None or by != "user" else changed.with_activation(stated, "user")


def other_architectures(network: Network) -> list[Architecture]:
    """Usual ones that fit the weights and images of a network with a structure, its own first.

    Pooling is tried as the largest of a patch and as its mean, which no shape tells apart.
    """
    assert network.structure is not None
    layers = shaped_layers(network)
    usual = guesses(layers, gaps_between(layers), network.input_shape)
    own = architecture_of(network.structure, None)
    each = (own, *(guess.architecture for guess in usual))
    return list(dict.fromkeys((own, *(way for one in each for way in (one, _of_means(one))))))


def _of_means(architecture: Architecture) -> Architecture:
    """The same with the mean of each patch in place of its largest number."""
    words = (
        replace(word, kind="average") if isinstance(word, Pooling) else word
        for word in architecture.words
    )
    return replace(architecture, words=tuple(words))


def _in_shape(preprocessing: Preprocessing, shape: InputShape) -> Preprocessing:
    """The same for images of another size.

    Raises:
        UnusableInput: what is subtracted is an image.
    """
    means, std = preprocessing.channel_means, preprocessing.std
    if preprocessing.mean is None:
        return Preprocessing()
    stds = None if std is None else std.flatten().tolist()
    found = None
    if means is not None:
        found = of_channels(means.tolist(), stds, shape, preprocessing.said_by)
    if found is None:
        raise UnusableInput(
            f"The mean image that is subtracted does not fit images of {shape_in_words(shape)}.",
            "Change the preprocessing first.",
        )
    return found
