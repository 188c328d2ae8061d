"""The operators of ONNX that are read, each as steps of an architecture with its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from engine.network.activation import Activation
from engine.network.architecture import GlobalPooling, Layer, Word
from engine.network.batch_norm import FOLDED, fold
from engine.network.onnx_files import as_tensor
from engine.network.onnx_input import Scaling
from engine.network.onnx_nodes import Array, Node, refusal
from engine.network.reading import Noted
from engine.network.structure import Activated, Convolution, Full, Pooling

if TYPE_CHECKING:
    from torch import Tensor

_FLAT_AXES = ([2, 3], [-2, -1], [-1, -2], [3, 2])


@dataclass
class Weighted:
    """A layer, to which a bias or batch normalisation may still be added."""

    weight: Tensor
    bias: Tensor | None


@dataclass
class Builder:
    """What has been read so far of a chain.

    Attributes:
        file_name: for messages.
        is_flat: whether what the chain gives is a row.
        words: steps.
        layers: those that have weights.
        scaling: what is done to an input before the first layer.
        applied: batch normalisation that was folded in, by layer.
        activation: that of all of them.
        lengths: of shapes that the graph works out.
    """

    file_name: str
    is_flat: bool
    words: list[Word] = field(default_factory=list)
    layers: list[Weighted] = field(default_factory=list)
    scaling: Scaling = field(default_factory=Scaling)
    applied: list[Noted] = field(default_factory=list)
    activation: Activation | None = None
    lengths: dict[str, int] = field(default_factory=dict)

    def take(self, node: Node) -> bool:
        """Takes the next operator; False where it is none that is read.

        Raises:
            UnusableInput: it does something that is not read.
        """
        read = _OPERATORS.get(node.operator)
        if read is None or not node.is_standard:
            return False
        read(self, node)
        return True

    def _convolution(self, node: Node) -> None:
        weight, bias = node.constant(1), node.constant(2)
        if weight is None or weight.ndim != 4:
            raise refusal(self.file_name, f"has {node.called} of other than two dimensions")
        kernel = (weight.shape[2], weight.shape[3])
        stride = node.pair("strides", (1, 1))
        dilation = node.pair("dilations", (1, 1))
        groups = node.attribute("group", 1)
        if not 0 < groups < 10**6:
            raise refusal(self.file_name, f"has {node.called} in {groups} groups")
        padding = node.padding(kernel, stride, dilation)
        self._add(node, Convolution(stride, padding, dilation, groups), weight, bias)

    def _gemm(self, node: Node) -> None:
        weight, bias = node.constant(1), node.constant(2)
        if weight is None or weight.ndim != 2 or node.attribute("transA", 0):
            raise refusal(self.file_name, f"has {node.called} that is no fully connected layer")
        weight = weight if node.attribute("transB", 0) else weight.T
        if (node.attribute("alpha", 1.0), node.attribute("beta", 1.0)) != (1.0, 1.0):
            raise refusal(self.file_name, f"has {node.called} that scales what it computes")
        self._add(node, Full(), weight, bias)

    def _matmul(self, node: Node) -> None:
        weight = None if node.inputs[0] in node.constants else node.constant(1)
        if weight is None or weight.ndim != 2:
            raise refusal(self.file_name, f"has {node.called} that is no fully connected layer")
        self._add(node, Full(), weight.T, None)

    def _add(self, node: Node, step: Convolution | Full, weight: Array, bias: Array | None) -> None:
        """Adds a layer."""
        if isinstance(step, Full) and not self.is_flat:
            raise refusal(
                self.file_name, f"has {node.called} that reads an image which is not flat"
            )
        self.words.append(Layer(step))
        self.layers.append(Weighted(as_tensor(weight), None))
        if bias is not None:
            self._add_bias(node, bias)

    def _add_bias(self, node: Node, bias: Array) -> None:
        layer = self.layers[-1]
        flat = (
            np.broadcast_to(bias, (layer.weight.shape[0],)) if bias.size == 1 else bias.reshape(-1)
        )
        if layer.bias is not None or len(flat) != layer.weight.shape[0]:
            raise refusal(self.file_name, f"has {node.called} that adds what is no bias")
        layer.bias = as_tensor(flat)

    def _arithmetic(self, node: Node) -> None:
        """Takes the bias behind a layer, or what is done to an input before the first."""
        other = 0 if node.inputs[0] in node.constants else 1
        value = node.constant(other)
        if value is None:
            raise refusal(self.file_name, f"has {node.called} that takes one number")
        if not self.words:
            if not self.scaling.take(node.operator, value, is_turned=other == 0):
                raise refusal(
                    self.file_name, f"does something to images that is not read ({node.called})"
                )
        elif node.operator == "Add" and isinstance(self.words[-1], Layer):
            self._check_bias(node, value)
            self._add_bias(node, value)
        else:
            raise refusal(
                self.file_name, f"holds {node.called}, an operator that is not read there"
            )

    def _check_bias(self, node: Node, value: Array) -> None:
        """Refuses what is not added to each channel or neuron alike."""
        word = self.words[-1]
        is_convolution = isinstance(word, Layer) and isinstance(word.step, Convolution)
        shape = value.shape[-3:] if is_convolution else (*value.shape[-1:], 1, 1)
        if value.size > 1 and (len(shape) < 3 or shape[1:] != (1, 1) or shape[0] != value.size):
            raise refusal(self.file_name, f"has {node.called} that adds what is no bias")

    def _normalise(self, node: Node) -> None:
        if not self.words or not isinstance(self.words[-1], Layer):
            raise refusal(
                self.file_name,
                f"has {node.called} that stands right behind no layer with weights, and only "
                "there can it be folded into them",
            )
        layer, parts = self.layers[-1], [node.constant(place) for place in range(1, 5)]
        size = layer.weight.shape[0]
        vectors = [as_tensor(part) for part in parts if part is not None and part.shape == (size,)]
        if len(vectors) != 4 or bool((vectors[3] < 0).any()):
            raise refusal(self.file_name, f"has {node.called} whose parts do not fit its layer")
        if node.attribute("training_mode", 0):
            raise refusal(
                self.file_name, f"has {node.called} in training mode; export it in evaluation mode"
            )
        scale, shift, mean, variance = vectors
        epsilon = node.attribute("epsilon", 1e-5)
        layer.weight, layer.bias = fold(
            layer.weight, layer.bias, mean, variance, scale, shift, epsilon
        )
        name = node.proto.name or node.outputs[0]
        self.applied.append(Noted(layer_name(len(self.layers) - 1), f"{FOLDED} ({name}) folded in"))

    def _activate(self, node: Node) -> None:
        slope = node.attribute("alpha", 0.01) if node.operator == "LeakyRelu" else 0.0
        if not 0 <= slope < 1:
            raise refusal(self.file_name, f"has {node.called} with a slope of {slope:g}")
        # A slope is stored with 32 bits: 0.1 as 0.10000000149.
        found = Activation(float(f"{slope:.6g}"))
        if self.activation not in (None, found):
            raise refusal(
                self.file_name, "has different activations; Afterimage reads networks with one"
            )
        self.activation = found
        self.words.append(Activated())

    def _pool(self, node: Node) -> None:
        kernel, stride = node.pair("kernel_shape", (0, 0)), node.pair("strides", (1, 1))
        padding = node.padding(kernel, stride, (1, 1))
        is_mean = node.operator == "AveragePool"
        if (
            node.attribute("ceil_mode", 0)
            or node.pair("dilations", (1, 1)) != (1, 1)
            or (is_mean and any(padding) and not node.attribute("count_include_pad", 0))
        ):
            raise refusal(
                self.file_name, f"has {node.called} that counts the edges of an image otherwise"
            )
        self.words.append(Pooling("average" if is_mean else "max", kernel, stride, padding))

    def _pool_all(self, node: Node) -> None:
        if node.operator == "ReduceMean":
            said = node.constant(1)
            axes = node.attribute("axes", None if said is None else said.tolist())
            if axes not in _FLAT_AXES:
                raise refusal(
                    self.file_name, f"has {node.called} over other axes than those of an image"
                )
            self.is_flat = not node.attribute("keepdims", 1)
        self.words.append(GlobalPooling())

    def _flatten(self, node: Node) -> None:
        """Takes what makes a row of an image, and leaves rows as they are."""
        if node.operator == "Squeeze":
            said = node.constant(1)
            axes = node.attribute("axes", None if said is None else said.tolist())
            is_row = axes in _FLAT_AXES and self.words[-1:] == [GlobalPooling()]
        elif node.operator == "Flatten":
            is_row = node.attribute("axis", 1) == 1
        else:
            name = node.inputs[1] if len(node.inputs) > 1 else ""
            shape = node.constants.get(name)
            is_row = (self.lengths.get(name) if shape is None else shape.size) == 2
        if not is_row:
            raise refusal(self.file_name, f"has {node.called} that makes no row of an image")
        self.is_flat = True


_OPERATORS: dict[str, Callable[[Builder, Node], None]] = {
    "Conv": Builder._convolution,
    "Gemm": Builder._gemm,
    "MatMul": Builder._matmul,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), Builder._arithmetic),
    "BatchNormalization": Builder._normalise,
    **dict.fromkeys(("Relu", "LeakyRelu"), Builder._activate),
    **dict.fromkeys(("MaxPool", "AveragePool"), Builder._pool),
    **dict.fromkeys(("GlobalAveragePool", "ReduceMean"), Builder._pool_all),
    **dict.fromkeys(("Flatten", "Reshape", "Squeeze"), Builder._flatten),
}


def layer_name(place: int) -> str:
    """What layers of a graph are called here, in their order."""
    return f"layers.{place}"
