"""A network that was fine-tuned, beside the public base that it started from.

A few steps of gradient descent leave θ − θ_0 = Σ_i J(x_i)ᵀ u_i of the images that they saw, and
nothing of what the base was trained on. What was not trained did not change, and tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted, listed
from engine.network.features import first_full
from engine.network.network import Base, Network
from engine.network.parameters import Parameters

Head = Literal["known", "new"]
"""Whether the last layer began as the base's, or was drawn anew, so that its start is not known."""

HEADS: tuple[Head, ...] = ("known", "new")

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


def with_base(network: Network, base: Network, head: Head | None = None) -> Network:
    """A fine-tuned network with the base that it started from.

    Args:
        network: fine-tuned.
        base: as it was before. It is read in the layout of the network.
        head: what the last layer began as. Where it is left out, a base's with as many classes is
            assumed, for a trained one cannot be told from a new one.

    Raises:
        UnusableInput: it is the same network, no base of this one, or the first layer was frozen;
            or its last layer fits no base's that is said to be known.
    """
    name, of = network.origin.name, base.origin.name
    theirs = _laid_out_like(network, base).parameters
    has_other_head = network.output_count != base.output_count
    if has_other_head and head == "known":
        raise UnusableInput(
            f"The last layer of {name} cannot have begun as that of {of}: it has "
            f"{counted(network.output_count, 'outputs')}, and not {base.output_count:,}.",
            "Say that it is new.",
        )
    if has_other_head:
        theirs = _with_last_of(theirs, network.parameters)
    if not theirs.has_shapes_of(network.parameters):
        raise UnusableInput(
            f"{of} is no base of {name}: it is of another architecture ({base.architecture}, and "
            f"not {network.architecture}).",
            "Give the network that this one was fine-tuned from.",
        )
    tuned = replace(network, base=Base(theirs, base.origin, has_other_head))
    tuned = tuned if head is None or has_other_head else with_head(tuned, head)
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


def head_of(network: Network) -> Head | None:
    """What the last layer is taken to have begun as, where that is a choice; else None."""
    base = network.base
    if base is None or (base.has_other_head and base.unused_head is None):
        return None
    if base.has_other_head:
        return "new"
    return "known" if bool(network.explained.weights[-1].any()) else None


def with_head(network: Network, head: Head) -> Network:
    """A network with a base whose last layer is taken to have begun otherwise.

    Args:
        network: one for which `head_of` says that there is a choice.
        head: what the last layer began as.
    """
    base = network.base
    assert base is not None
    if head == head_of(network):
        return network
    theirs, own = base.parameters, network.parameters
    if base.unused_head is not None:
        known = base.unused_head.to(own.weights[-1].device, own.weights[-1].dtype)
        return replace(network, base=Base(_with_last_of(theirs, known), base.origin))
    kept = Parameters(theirs.weights[-1:], theirs.biases[-1:])
    return replace(network, base=Base(_with_last_of(theirs, own), base.origin, True, kept))


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
        sentences.append("The last layer was new, so that its start is not known: it is left out.")
    elif head_of(network) == "known":
        sentences.append("It is assumed that the last layer began as the base's.")
    return " ".join(sentences)
