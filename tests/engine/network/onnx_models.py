"""Small ONNX models, made node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

Arrays = dict[str, NDArray[Any]]


def node(operator: str, inputs: str, output: str, **said: Any) -> onnx.NodeProto:
    """A node that is called as what it gives; names of what it takes stand between spaces."""
    return helper.make_node(operator, inputs.split(), output.split(), name=f"n_{output}", **said)


def model(
    nodes: Sequence[onnx.NodeProto],
    constants: Arrays,
    sizes: Sequence[int | str] = ("n", 1, 28, 28),
) -> onnx.ModelProto:
    """A model that reads `x` and gives what its last node gives."""
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, list(sizes))],
        [helper.make_tensor_value_info(nodes[-1].output[0], onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, producer_name="tests")


def arrays(**tensors: Tensor) -> Arrays:
    """Tensors as constants."""
    return {name: tensor.detach().numpy() for name, tensor in tensors.items()}


def striding() -> tuple[nn.Sequential, onnx.ModelProto]:
    """A convolution with a stride and two full layers, as a module and as a model."""
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Conv2d(1, 4, 5, 2, 2), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(784, 8), nn.ReLU(), nn.Linear(8, 3)),
    )
    conv, first, last = net[0], net[3], net[5]
    nodes = [
        node("Conv", "x w1 b1", "c", strides=[2, 2], pads=[2, 2, 2, 2], kernel_shape=[5, 5]),
        node("Relu", "c", "r"),
        node("Flatten", "r", "f"),
        node("Gemm", "f w2 b2", "g", transB=1),
        node("Relu", "g", "h"),
        node("MatMul", "h w3", "m"),
        node("Add", "m b3", "y"),
    ]
    constants = arrays(
        w1=conv.weight, b1=conv.bias, w2=first.weight, b2=first.bias, w3=last.weight.T, b3=last.bias
    )
    return net, model(nodes, constants)
