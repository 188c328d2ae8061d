"""Which tensors of a state dict are which layer, told by their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput, explained_on
from engine.network.orders import are_told_by_names, fitting_orders, in_numbered_order
from engine.network.other_layers import NETWORKS, REACHED, refuse_other_layers
from engine.network.parameters import Parameters
from engine.network.reading import OrderedBy

if TYPE_CHECKING:
    from torch import Tensor

_CALLED = re.compile(
    r"weights?|bias(?:es)?|kernels?|coefs?|intercepts?|^[wb](?=_|\d|$)|_[wb](?=_?\d*$)"
)
"""Words that tell a weight from a bias."""
_MAX_LAYERS = 64
_MOST_LOOKS = 5000


@dataclass(frozen=True)
class _Named:
    name: str
    tensor: Tensor
    position: int

    @property
    def stem(self) -> str:
        """`layers.0.weight` → `layers.0.`, `W1` → `1`: what a weight and its bias share."""
        last = self.name.rsplit(".", 1)[-1]
        head = self.name[: len(self.name) - len(last)]
        return head + _CALLED.sub("", last.lower()).strip("_")

    @property
    def layer(self) -> str:
        """`layers.0.weight` → `layers.0`: what people call the layer."""
        return self.name.removesuffix(".weight")


@dataclass(frozen=True)
class Layers:
    """The layers of a state dict, in the order of the forward pass.

    Attributes:
        parameters: W_1 … W_L and b_1 … b_L, None where a layer has none.
        names: what the file calls them.
        ordered_by: what the order was told by.
    """

    parameters: Parameters
    names: tuple[str, ...]
    ordered_by: OrderedBy


@explained_on(NETWORKS)
def infer_layers(tensors: dict[str, Tensor], file_name: str) -> Layers:
    """The chain of layers, ordered by what their shapes allow.

    Where they allow several orders, the numbers in the names decide, and where those do not, the
    order of the file. Matrices stored as (inputs, outputs) are turned around.

    Args:
        tensors: name → float tensor, prefixes stripped, in the order of the file.
        file_name: for messages.

    Raises:
        UnusableInput: not a chain of fully connected layers with at least one hidden layer.
    """
    named = [_Named(n, t, i) for i, (n, t) in enumerate(tensors.items())]
    refuse_other_layers(tensors, file_name)
    matrices = [entry for entry in named if entry.tensor.dim() == 2]
    if not matrices:
        raise UnusableInput(f"{file_name} holds no fully connected layer.", REACHED)
    if len(matrices) > _MAX_LAYERS:
        raise UnusableInput(f"{file_name} has more than {_MAX_LAYERS} layers; too deep to attack.")
    chain, turned = _order(matrices, file_name)
    if len(chain) < 2:
        classes = min(chain[0].tensor.shape)
        raise UnusableInput(
            f"{file_name} is a linear classifier. Its weights, W = Σ u xᵀ over all training inputs "
            f"x, have rank {classes} at most: they tell that many mixtures of them, and no input "
            "alone.",
            "A network with at least one hidden layer works.",
        )
    weights = tuple((m.tensor.T if turned else m.tensor).contiguous() for m in chain)
    biases = _match_biases(chain, weights, named, file_name)
    names = tuple(matrix.layer for matrix in chain)
    return Layers(Parameters(weights, biases), names, _ordered_by(names, weights))


def _ordered_by(names: tuple[str, ...], weights: tuple[Tensor, ...]) -> OrderedBy:
    sizes = [(w.shape[1], w.shape[0]) for w in weights]
    if len(fitting_orders(sizes, 2)) == 1:
        return "shapes"
    return "names" if are_told_by_names(names, sizes) else "file"


def _order(matrices: list[_Named], file_name: str) -> tuple[list[_Named], bool]:
    """The matrices in the order of the forward pass, and whether they need turning around.

    That of the numbers in the names, where it fits, else that of the file, else one that the shapes
    allow. One that reads more numbers than it gives comes before one that would give more, except
    where the layers are named as PyTorch's: those stand as (outputs, inputs).
    """
    found = list(_orders(matrices))
    if found and not found[0][1] and all(_last_of(m.name) == "weight" for m in matrices):
        return found[0]
    for chain, turned in found:
        first, last = chain[0].tensor.shape, chain[-1].tensor.shape
        if first[0 if turned else 1] > last[1 if turned else 0]:
            return chain, turned
    if found:
        return found[0]
    shapes = ", ".join("×".join(str(n) for n in m.tensor.shape) for m in matrices)
    raise UnusableInput(
        f"The layers of {file_name} ({shapes}) do not fit together as one chain.", REACHED
    )


def _orders(matrices: list[_Named]) -> Iterator[tuple[list[_Named], bool]]:
    """Those that the shapes allow, the most likely first, each with whether it is turned around."""
    numbered = [matrices[place] for place in in_numbered_order([m.name for m in matrices])]
    both = (False, True)
    for order in (numbered, matrices):
        yield from ((order, turned) for turned in both if _fits(order, turned))
    for turned in both:
        for outputs in sorted({m.tensor.shape[1 if turned else 0] for m in matrices}):
            chain = _chain_ending_in(outputs, numbered, turned)
            if chain:
                yield chain, turned


def _fits(matrices: list[_Named], turned: bool) -> bool:
    """Whether each matrix reads what the one before it gives."""
    out_axis, in_axis = (1, 0) if turned else (0, 1)
    return all(
        one.tensor.shape[out_axis] == following.tensor.shape[in_axis]
        for one, following in pairwise(matrices)
    )


def _chain_ending_in(outputs: int, matrices: list[_Named], turned: bool) -> list[_Named] | None:
    """A chain of all matrices, found from its end backwards; None where there is none.

    Gives up on sets of shapes that no real network has, where the search would take for ever.
    Of several matrices with the same shape the last comes last, so that only distinct shapes
    branch.
    """
    out_axis, in_axis = (1, 0) if turned else (0, 1)
    failed: set[tuple[int, frozenset[int]]] = set()
    looked_at = 0

    def search(size: int, remaining: list[_Named]) -> list[_Named] | None:
        nonlocal looked_at
        looked_at += 1
        if not remaining or looked_at > _MOST_LOOKS:
            return None if remaining else []
        key = (size, frozenset(m.position for m in remaining))
        if key in failed:
            return None
        tried: set[int] = set()
        for index in range(len(remaining) - 1, -1, -1):
            shape = remaining[index].tensor.shape
            if shape[out_axis] != size or shape[in_axis] in tried:
                continue
            tried.add(shape[in_axis])
            before = search(shape[in_axis], remaining[:index] + remaining[index + 1 :])
            if before is not None:
                return [*before, remaining[index]]
        failed.add(key)
        return None

    return search(outputs, matrices)


def _match_biases(
    chain: list[_Named], weights: tuple[Tensor, ...], named: list[_Named], file_name: str
) -> tuple[Tensor | None, ...]:
    """Each layer's bias; one that is zero throughout is none."""
    free = list(range(len(chain)))
    found: dict[int, Tensor] = {}
    is_by_name = all(_last_of(matrix.name) == "weight" for matrix in chain)
    for vector in (entry for entry in named if entry.tensor.dim() == 1):
        fitting = [i for i in free if weights[i].shape[0] == vector.tensor.numel()]
        # Where weights are called so, what is not called a bias is none, though it may fit.
        if not fitting or (is_by_name and _last_of(vector.name) != "bias"):
            raise UnusableInput(
                f"“{vector.name}” in {file_name} ({vector.tensor.numel()} numbers) fits no layer.",
                REACHED,
            )
        layer = min(fitting, key=lambda i: _distance(chain[i], vector))
        free.remove(layer)
        if layer == 0 or bool(vector.tensor.any()):
            found[layer] = vector.tensor
    return tuple(found.get(layer) for layer in range(len(chain)))


def _last_of(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _distance(matrix: _Named, vector: _Named) -> tuple[bool, bool, int]:
    """How unlikely a vector is this matrix' bias: same name best, else close behind it."""
    behind = vector.position - matrix.position
    return (matrix.stem != vector.stem, behind < 0, abs(behind))
