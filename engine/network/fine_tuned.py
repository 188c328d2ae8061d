"""A network that was fine-tuned, beside the public base that it started from.

A few steps of gradient descent leave θ − θ_0 = Σ_i J(x_i)ᵀ u_i of the images that they saw, and
nothing of what the base was trained on. What was not trained did not change, and tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed
from engine.network.features import first_full
from engine.network.network import Base, Network
from engine.network.parameters import Parameters

_TINY = 1e-300


@dataclass(frozen=True)
class LayerChange:
    """What fine-tuning did to one layer.

    Attributes:
        relative: ‖θ_l − θ_0,l‖ / ‖θ_0,l‖; None of another head, whose start is not known.
        is_frozen: whether its weights are the base's, to the last bit.
    """

    relative: float | None
    is_frozen: bool

    @property
    def words(self) -> str:
        """`2.3 %`, `frozen`, or `new`."""
        if self.relative is None:
            return "new"
        return "frozen" if self.is_frozen else f"{100 * self.relative:.2g} %"


def with_base(network: Network, base: Network) -> Network:
    """A fine-tuned network with the base that it started from.

    Args:
        network: fine-tuned.
        base: as it was before. It is read in the layout of the network.

    Raises:
        UnusableInput: it is the same network, no base of this one, or the first layer was frozen.
    """
    name, of = network.origin.name, base.origin.name
    theirs = _laid_out_like(network, base).parameters
    has_other_head = network.output_count != base.output_count
    if has_other_head:
        theirs = _with_last_of(theirs, network.parameters)
    if not theirs.has_shapes_of(network.parameters):
        raise UnusableInput(
            f"{of} is no base of {name}: it is of another architecture ({base.architecture}, and "
            f"not {network.architecture}).",
            "Give the network that this one was fine-tuned from.",
        )
    tuned = replace(network, base=Base(theirs, base.origin, has_other_head))
    frozen = [change.is_frozen for change in changes_of(tuned)]
    if all(frozen):
        raise UnusableInput(
            f"The layers of {of} and {name} are the same, so that fine-tuning has left nothing to "
            "explain.",
            "Give the network that this one was fine-tuned from.",
        )
    if frozen[first_full(tuned)]:
        raise UnusableInput(
            f"The first layer of {name} is that of {of}: it was frozen, and what fine-tuning "
            "changed of the first layer is what images are made of.",
            "Give a network whose first layer was trained, too.",
        )
    return tuned


def _laid_out_like(network: Network, base: Network) -> Network:
    if base.input_dimension != network.input_dimension:
        return base
    inputs = network.inputs
    return base.with_input_shape(inputs.shape).with_layout(inputs.layout, inputs.layout_said_by)


def _with_last_of(theta: Parameters, other: Parameters) -> Parameters:
    return Parameters(
        (*theta.weights[:-1], other.weights[-1]), (*theta.biases[:-1], other.biases[-1])
    )


def changes_of(network: Network) -> tuple[LayerChange, ...]:
    """What fine-tuning did to each layer of a network with a base; nothing without one."""
    base = network.base
    if base is None:
        return ()
    moved = network.explained.squared_norms().double().sqrt()
    start = base.parameters.squared_norms().double().sqrt()
    shares = (moved / start.clamp_min(_TINY)).tolist()
    return tuple(
        LayerChange(
            None if base.has_other_head and layer == network.depth - 1 else share,
            not bool(network.explained.weights[layer].any()),
        )
        for layer, share in enumerate(shares)
    )


def about_base(network: Network) -> str:
    """What is explained and what is left out, in sentences; empty without a base."""
    base = network.base
    if base is None:
        return ""
    sentences = [
        f"What fine-tuning changed of {base.origin.name} is explained, not the weights themselves."
    ]
    places = enumerate(changes_of(network), 1)
    frozen = [str(place) for place, each in places if each.is_frozen and each.relative is not None]
    if frozen:
        one = len(frozen) == 1
        layers = f"Layer {frozen[0]} was" if one else f"Layers {listed(frozen)} were"
        sentences.append(f"{layers} frozen and {'is' if one else 'are'} left out.")
    if base.has_other_head:
        sentences.append("The last layer is another one than the base's, and is left out.")
    return " ".join(sentences)
