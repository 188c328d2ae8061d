"""What the graph of an ONNX file computes, as an architecture with its weights.

Read are chains: each operator takes what the one before it gives, and constants. Whatever else a
graph does is refused by the name of the operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.base.errors import UnusableInput
from engine.network.architecture import Architecture
from engine.network.onnx_files import array_of
from engine.network.onnx_input import Scaling
from engine.network.onnx_nodes import Node, refusal
from engine.network.onnx_operators import Builder
from engine.network.onnx_shapes import Lengths
from engine.network.reading import Noted

if TYPE_CHECKING:
    from torch import Tensor

_AT_END = ("Softmax", "LogSoftmax", "Sigmoid")
_PASSED = ("Identity", "Dropout", "Cast")


@dataclass(frozen=True)
class Chain:
    """What a graph computes.

    Attributes:
        architecture: its steps.
        weights: of its layers, in their order, as PyTorch's modules have them.
        biases: of the same; None where a layer has none.
        scaling: what is done to an input before the first layer.
        sizes: of an input, without its batch; 0 where they vary.
        applied: batch normalisation that was folded in, by layer.
        ignored: what stands at the end and was left out.
    """

    architecture: Architecture
    weights: tuple[Tensor, ...]
    biases: tuple[Tensor | None, ...]
    scaling: Scaling
    sizes: tuple[int, ...]
    applied: tuple[Noted, ...]
    ignored: tuple[Noted, ...]


def chain_of(graph: Any, file_name: str) -> Chain:
    """Reads a graph.

    Args:
        graph: `onnx.GraphProto`.
        file_name: for messages.

    Raises:
        UnusableInput: it is no chain of operators that are read; the message names one.
    """
    return _Walk(graph, file_name).walked()


class _Walk:
    """Along the operators of a graph."""

    def __init__(self, graph: Any, file_name: str) -> None:
        self._graph, self._file_name = graph, file_name
        self._constants = {each.name: array_of(each, file_name) for each in graph.initializer}
        inputs = [each for each in graph.input if each.name not in self._constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise refusal(
                file_name,
                f"has {len(inputs)} inputs and {len(graph.output)} outputs; a classifier has one "
                "of each",
            )
        self._at = inputs[0].name
        sizes = [each.dim_value for each in inputs[0].type.tensor_type.shape.dim]
        self._sizes = tuple(sizes[1:])
        self._lengths = Lengths(len(sizes))
        self._builder = Builder(file_name, is_flat=len(sizes) == 2, lengths=self._lengths.known)
        self._ignored: list[Noted] = []

    def walked(self) -> Chain:
        """Everything from the input to the output."""
        for proto in self._graph.node:
            node = Node(proto, self._constants, self._file_name)
            if not node.outputs:
                raise self._refusal(f"has {node.called} that gives nothing")
            if self._is_constant(node) or self._lengths.of(node, self._at):
                continue
            self._check_takes_chain(node)
            self._take(node)
            self._at = node.outputs[0]
        if self._at != self._graph.output[0].name:
            raise self._refusal("does not end where its chain of operators ends")
        built = self._builder
        return Chain(
            Architecture(tuple(built.words), built.activation),
            tuple(layer.weight for layer in built.layers),
            tuple(layer.bias for layer in built.layers),
            built.scaling,
            self._sizes,
            tuple(built.applied),
            tuple(self._ignored),
        )

    def _is_constant(self, node: Node) -> bool:
        """Takes what depends on nothing else: a constant, its copy, or its transpose."""
        if node.operator == "Constant":
            self._constants[node.outputs[0]] = node.value
            return True
        array = self._constants.get(node.inputs[0]) if node.inputs else None
        if array is None or node.operator not in ("Identity", "Transpose"):
            return False
        if node.operator == "Transpose":
            order = node.attribute("perm", [1, 0])
            if array.ndim != 2 or order != [1, 0]:
                raise self._refusal(
                    f"turns a constant around in a way that is not read ({node.called})"
                )
            array = array.T
        self._constants[node.outputs[0]] = array
        return True

    def _check_takes_chain(self, node: Node) -> None:
        """Refuses what does not take what the operator before it gives, and nothing else."""
        taken = [name for name in node.inputs if name and name not in self._constants]
        is_shaped = node.operator == "Reshape" and taken[1:2] and taken[1] in self._lengths.known
        if taken[: 1 if is_shaped else None] != [self._at]:
            how = "joins two branches, such as a shortcut" if len(taken) > 1 else "branches off"
            raise self._refusal(f"is no chain: {node.called} {how}")

    def _take(self, node: Node) -> None:
        """Takes the next operator of the chain."""
        if self._ignored:
            raise self._refusal(f"goes on behind {self._ignored[0].name} with {node.called}")
        if self._builder.take(node) or node.operator in _PASSED:
            return
        if node.operator not in _AT_END or not node.is_standard:
            raise self._refusal(f"holds {node.called}, an operator that is not read")
        what = "makes probabilities of the outputs; left out"
        self._ignored.append(Noted(node.operator, what))

    def _refusal(self, why: str) -> UnusableInput:
        return refusal(self._file_name, why)
