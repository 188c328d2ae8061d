"""Networks that were not made in PyTorch, as arrays of NumPy; kernels stand (inputs, outputs)."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from torch import nn

from tests.zoo.items import Function, Shelf
from tests.zoo.networks import linear_layers, mlp

ELSEWHERE = Shelf("Keras, Flax, scikit-learn, NumPy")

Arrays = dict[str, NDArray[np.float32]]


def _kernels(network: nn.Module, names: list[str], kernel: str, bias: str) -> Arrays:
    """Each layer as (inputs, outputs), under names such as `dense/kernel`."""
    found: Arrays = {}
    for name, layer in zip(names, linear_layers(network), strict=True):
        found[f"{name}{kernel}"] = np.ascontiguousarray(layer.weight.detach().numpy().T)
        if layer.bias is not None:
            found[f"{name}{bias}"] = layer.bias.detach().numpy()
    return found


def _numbered(word: str, count: int, separator: str = "_") -> list[str]:
    """As Keras counts: `dense`, `dense_1`, …"""
    return [f"{word}{f'{separator}{place}' if place else ''}" for place in range(count)]


@ELSEWHERE.opens("keras.npz", "Keras, by name: `dense/kernel`, `dense/bias`, `dense_1/kernel`")
def keras(path: Path) -> Function:
    network = mlp(36, 12, 12, 10)
    np.savez(path, **_kernels(network, _numbered("dense", 3), "/kernel", "/bias"))
    return network


@ELSEWHERE.opens(
    "keras_deep.npz", "Keras with thirteen layers, names sorted: `dense_10` before `dense_2`"
)
def keras_deep(path: Path) -> Function:
    network = mlp(36, *[12] * 12, 1)
    arrays = _kernels(network, _numbered("dense", 13), "/kernel", "/bias")
    np.savez(path, **dict(sorted(arrays.items())))
    return network


@ELSEWHERE.opens("keras_2.npz", "Keras 2: `dense/kernel:0`, `dense/bias:0`")
def keras_2(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    np.savez(path, **_kernels(network, _numbered("dense", 3), "/kernel:0", "/bias:0"))
    return network


@ELSEWHERE.opens("keras_3.npz", "Keras 3, by path: `sequential/dense/kernel`")
def keras_3(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    names = [f"sequential/{name}" for name in _numbered("dense", 3)]
    np.savez(path, **_kernels(network, names, "/kernel", "/bias"))
    return network


@ELSEWHERE.opens(
    "keras_square.npz", "Keras with every layer square: names tell how kernels stand", inputs=12
)
def keras_square(path: Path) -> Function:
    network = mlp(12, 12, 12, 12)
    np.savez(path, **_kernels(network, _numbered("dense", 3), "/kernel", "/bias"))
    return network


@ELSEWHERE.opens("keras_wide.npz", "Keras with more outputs than inputs", inputs=4)
def keras_wide(path: Path) -> Function:
    network = mlp(4, 8, 30)
    np.savez(path, **_kernels(network, _numbered("dense", 2), "/kernel", "/bias"))
    return network


@ELSEWHERE.opens("keras_no_bias.npz", "Keras with every layer square and no biases", inputs=12)
def keras_no_bias(path: Path) -> Function:
    network = mlp(12, 12, 12, 12, biases="none")
    np.savez(path, **_kernels(network, _numbered("dense", 3), "/kernel", "/bias"))
    return network


@ELSEWHERE.opens(
    "get_weights.npz", "`numpy.savez(file, *model.get_weights())`: `arr_0`, …, `arr_25`"
)
def get_weights(path: Path) -> Function:
    network = mlp(36, *[12] * 12, 1)
    arrays = _kernels(network, _numbered("dense", 13), "/kernel", "/bias")
    np.savez(path, *arrays.values())
    return network


@ELSEWHERE.opens("flax.npz", "Flax: `params/Dense_0/kernel`")
def flax(path: Path) -> Function:
    network = mlp(36, 12, 12, 10)
    names = [f"params/Dense_{place}" for place in range(3)]
    np.savez(path, **_kernels(network, names, "/kernel", "/bias"))
    return network


@ELSEWHERE.opens("flax_deep.npz", "Flax with thirteen layers, bias before kernel, names sorted")
def flax_deep(path: Path) -> Function:
    network = mlp(36, *[12] * 12, 1)
    names = [f"params/Dense_{place}" for place in range(13)]
    arrays = _kernels(network, names, "/kernel", "/bias")
    np.savez(path, **dict(sorted(arrays.items())))
    return network


@ELSEWHERE.opens(
    "flax.safetensors",
    "Flax as safetensors, every layer square: `params.Dense_0.kernel`",
    inputs=12,
)
def flax_safetensors(path: Path) -> Function:
    network = mlp(12, 12, 12, 12)
    names = [f"params.Dense_{place}" for place in range(3)]
    safetensors.numpy.save_file(_kernels(network, names, ".kernel", ".bias"), path)
    return network


@ELSEWHERE.opens("haiku.npz", "Haiku: `mlp/~/linear_0/w`, `b`")
def haiku(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    names = [f"mlp/~/linear_{place}" for place in range(3)]
    np.savez(path, **_kernels(network, names, "/w", "/b"))
    return network


def _tree(arrays: Arrays) -> dict[str, Arrays]:
    """`Dense_0/kernel` and the like as dictionaries of dictionaries."""
    found: dict[str, Arrays] = {}
    for name, array in arrays.items():
        layer, _, part = name.rpartition("/")
        found.setdefault(layer, {})[part] = array
    return found


@ELSEWHERE.opens("flax.pkl", "Flax, pickled as dictionaries: `params`, `Dense_0`, `kernel`")
def flax_tree(path: Path) -> Function:
    network = mlp(36, 12, 12, 10)
    names = [f"Dense_{place}" for place in range(3)]
    tree = _tree(_kernels(network, names, "/kernel", "/bias"))
    path.write_bytes(pickle.dumps({"params": tree, "step": 40}))
    return network


@ELSEWHERE.opens("flax_inner.pkl", "Flax with a module in the module: `MLP_0`, `Dense_0`, `kernel`")
def flax_inner(path: Path) -> Function:
    network = mlp(36, 12, 12, 10)
    first, second, last = _tree(_kernels(network, ["0", "1", "2"], "/kernel", "/bias")).values()
    inner = {"Dense_0": first, "Dense_1": second}
    path.write_bytes(pickle.dumps({"params": {"MLP_0": inner, "Dense_2": last}}))
    return network


@ELSEWHERE.opens("haiku.pkl", "Haiku, pickled as dictionaries: `mlp/~/linear_0`, `w`")
def haiku_tree(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    names = [f"mlp/~/linear_{place}" for place in range(3)]
    path.write_bytes(pickle.dumps(_tree(_kernels(network, names, "/w", "/b"))))
    return network


@ELSEWHERE.opens("scikit_learn.npz", "scikit-learn's `coefs_` and `intercepts_`, by number")
def scikit_learn(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    arrays = _kernels(network, ["0", "1", "2"], "k", "b")
    renamed = {
        (f"coefs_{name[0]}" if name[1] == "k" else f"intercepts_{name[0]}"): array
        for name, array in arrays.items()
    }
    np.savez(path, **dict(sorted(renamed.items())))  # All weights, and then all biases.
    return network


@ELSEWHERE.opens("by_hand.npz", "by hand, outputs × inputs: `W1`, `b1`, `W2`, `b2`")
def by_hand(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    arrays = {}
    for number, layer in enumerate(linear_layers(network), 1):
        arrays[f"W{number}"] = layer.weight.detach().numpy()
        arrays[f"b{number}"] = layer.bias.detach().numpy()
    np.savez(path, **arrays)
    return network


@ELSEWHERE.opens("by_hand_turned.npz", "by hand, inputs × outputs: x @ `W1` + `b1`")
def by_hand_turned(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    arrays = _kernels(network, ["1", "2", "3"], "W", "b")
    np.savez(path, **{f"{name[1]}{name[0]}": array for name, array in arrays.items()})
    return network


@ELSEWHERE.opens("big_endian.npz", "arrays in the other byte order, packed (`savez_compressed`)")
def big_endian(path: Path) -> Function:
    network = mlp()
    arrays = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    np.savez_compressed(path, **{name: array.astype(">f4") for name, array in arrays.items()})
    return network


@ELSEWHERE.opens(
    "onnx_tensors.npz", "tensors of an ONNX graph, with constants of whole numbers beside"
)
def onnx_tensors(path: Path) -> Function:
    network = mlp()
    arrays = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    np.savez(path, **arrays, **{"/Constant_output_0": np.array([1, -1])})
    return network


@ELSEWHERE.refuses("objects.npz", "arrays that hold Python objects", "Python objects")
def objects(path: Path) -> None:
    np.savez(path, weights=np.array([{"w": 1}], dtype=object))


@ELSEWHERE.refuses("images.npz", "images, not a network", "holds images")
def images(path: Path) -> None:
    np.savez(path, images=np.zeros((4, 1, 6, 6), np.uint8), labels=np.zeros(4, int))


@ELSEWHERE.refuses("whole_numbers.npz", "weights as whole numbers", "no fully connected layer")
def whole_numbers(path: Path) -> None:
    np.savez(path, W1=np.ones((12, 36), int), W2=np.ones((1, 12), int))
