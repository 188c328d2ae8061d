"""What a file says of its network beside the weights, as far as it can be believed.

Activation, preprocessing and names of the classes. An entry that is no such thing is left alone: it
may well mean something else to whoever wrote it. Only an activation that is known, and another
than the method can do with, is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.json_text import read_json
from engine.base.plain_text import plain
from engine.data.inputs import InputShape, Preprocessing, Says
from engine.data.layout import places
from engine.data.normalisation import of_channels
from engine.network.activation import RELU, Activation, parse_activation
from engine.network.architecture import Architecture
from engine.network.architecture_text import parse_architecture
from engine.network.classes import Classes
from engine.network.said_layout import layout_of
from engine.network.tensor_checks import check_kind, check_tensor
from engine.runtime.lazy import torch

_LONGEST = 100_000
"""Characters of JSON in a file's metadata that are looked at."""
_MOST_NUMBERS = 64
_CALLED = {
    "input_shape": ("input_shape",),
    "activation": (
        *("activation", "activation_fn", "activation_function", "act", "act_fn", "hidden_act"),
        *("nonlinearity", "non_linearity"),
    ),
    "slope": ("negative_slope", "slope", "leaky_slope", "activation_slope", "leakiness"),
    "mean": ("mean", "normalize_mean", "norm_mean", "image_mean", "pixel_mean", "data_mean"),
    "std": ("std", "normalize_std", "norm_std", "image_std", "pixel_std", "data_std"),
    "architecture": ("architecture",),
    "classes": ("classes", "class_names", "label_names", "class_to_idx", "id2label", "labels"),
}
"""What is looked for beside the weights, and what people call it."""
METADATA_KEYS = (*(key for key in _CALLED if key != "architecture"), "negative_slope")
_HYPER_PARAMETERS = (
    *("hyper_parameters", "hyperparameters", "hparams", "hyper_params", "config", "cfg", "args"),
    *("model_args", "model_config", "model_kwargs", "preprocessing", "normalization", "metadata"),
)
"""Entries of a checkpoint that hold such; `hyper_parameters` is Lightning's."""


def beside_weights(content: Mapping[Any, Any]) -> dict[str, Any]:
    """What a mapping says beside the weights, by the names of `_CALLED`.

    What stands in it counts more than what its hyper-parameters say.
    """
    inner = [content[k] for k in _HYPER_PARAMETERS if isinstance(content.get(k), Mapping)]
    said: dict[str, Any] = {}
    for mapping in (*(m[k] for m in inner for k in _HYPER_PARAMETERS if k in m), *inner, content):
        if isinstance(mapping, Mapping):
            said.update(_by_name(mapping))
    return said


def _by_name(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    every = ((key, name) for key, names in _CALLED.items() for name in reversed(names))
    return {key: mapping[name] for key, name in every if mapping.get(name) is not None}


# --- activation -----------------------------------------------------------------------------


def said_activation(metadata: Mapping[str, Any], file_name: str) -> tuple[Activation, Says]:
    """The activation, and who said so; the ReLU where the file does not.

    Raises:
        UnusableInput: it is another one than a ReLU or a leaky one.
    """
    said = metadata.get("activation")
    names = _words(said if isinstance(said, list | tuple) else [said])
    if not names:
        return RELU, "nobody"
    found = {_activation(name, metadata.get("slope"), file_name) for name in names}
    if len(found) > 1:
        raise UnusableInput(
            f"{file_name} says that its layers have different activations "
            f"({', '.join(sorted(each.name for each in found))}); Afterimage reads networks with "
            "one."
        )
    return found.pop(), "file"


def _words(said: Sequence[Any]) -> list[str]:
    """All of them, if all are words, and of no unheard-of number."""
    words = [each for each in said[:_MOST_NUMBERS] if isinstance(each, str) and each]
    return words if len(words) == len(said) else []


def _activation(name: str, slope: Any, file_name: str) -> Activation:
    beside = _numbers(slope)
    try:
        return parse_activation(name, beside[0] if beside and len(beside) == 1 else None)
    except UnusableInput as error:
        raise UnusableInput(
            f"{file_name} says that its activation is {name}; the method needs ReLU or leaky ReLU."
        ) from error


# --- architecture ---------------------------------------------------------------------------


def stated_architecture(metadata: Mapping[str, Any]) -> Architecture | None:
    """The architecture that a file says as text; None where it says none, or in other words."""
    said = metadata.get("architecture")
    if not isinstance(said, str) or len(said) > _LONGEST:
        return None
    try:
        return parse_architecture(said)
    except UnusableInput:
        return None


# --- preprocessing --------------------------------------------------------------------------


def said_preprocessing(
    metadata: Mapping[str, Any], shape: InputShape, file_name: str
) -> Preprocessing:
    """Mean and std, where the file says a mean; std alone may be that of anything."""
    mean, std = metadata.get("mean"), metadata.get("std")
    image = _mean_image(mean, shape, file_name)
    numbers = None if image is not None else _numbers(mean, max(_MOST_NUMBERS, shape[2]))
    stds = None if std is None else _numbers(std, max(_MOST_NUMBERS, shape[2]))
    if std is not None and stds is None:
        return Preprocessing()  # Half of what was done would be as wrong as none of it.
    if image is not None:
        return _around(image, stds, shape)
    found = None if numbers is None else of_channels(numbers, stds, shape, "file")
    return found or Preprocessing()


def _around(image: Preprocessing, stds: list[float] | None, shape: InputShape) -> Preprocessing:
    """The same, divided by a std for each channel, where there is one."""
    if stds is None:
        return image
    divided = of_channels([0.0], stds, shape, "file")
    return Preprocessing() if divided is None else replace(image, std=divided.std)


def _mean_image(mean: Any, shape: InputShape, file_name: str) -> Preprocessing | None:
    """What subtracts a mean image; its rows and columns say where its pixels belong."""
    if not isinstance(mean, torch.Tensor) or mean.numel() != math.prod(shape):
        return None
    if mean.layout != torch.strided or not mean.is_floating_point():
        return None
    check_kind("mean", mean, Path(file_name))
    image = check_tensor("mean", mean, Path(file_name)).float()
    layout = layout_of(image.shape, shape)
    if layout == "hwc":
        image = image.flatten()[places(shape, layout)]
    return Preprocessing(image.reshape(shape), None, "file", layout is not None)


def _numbers(said: Any, most: int = _MOST_NUMBERS) -> list[float] | None:
    """A number or a few, `most` at most, whatever holds them; None where they are none."""
    if isinstance(said, torch.Tensor):
        is_plain = said.layout == torch.strided and not (said.is_meta or said.is_complex())
        said = said.flatten().tolist() if is_plain and 0 < said.numel() <= most else None
    if isinstance(said, str):
        said = _from_json(said)
    each = said if isinstance(said, list | tuple) else [said]
    if not 0 < len(each) <= most or not all(type(n) in (int, float) for n in each):
        return None
    try:
        return [float(number) for number in each]
    except OverflowError:  # A whole number of a thousand digits.
        return None


# --- classes --------------------------------------------------------------------------------


def said_classes(metadata: Mapping[str, Any], outputs: int) -> tuple[str, ...]:
    """The names of the classes, in the order of the labels; empty where there are not as many."""
    said = metadata.get("classes")
    if isinstance(said, str):
        said = _from_json(said)
    if isinstance(said, Mapping):
        said = _in_order(said)
    if not isinstance(said, list | tuple) or len(said) != Classes(outputs).count:
        return ()
    if not all(isinstance(name, str) and name.strip() for name in said):
        return ()
    return tuple(plain(name.strip()) for name in said)


def _in_order(said: Mapping[Any, Any]) -> list[Any] | None:
    """`{"cat": 0, "dog": 1}`, or the other way round, as a list."""
    by_number = {_number(key): value for key, value in said.items()}
    if None in by_number:
        by_number = {_number(value): key for key, value in said.items()}
    count = len(said)
    return [by_number[n] for n in range(count)] if set(by_number) == set(range(count)) else None


def _number(said: Any) -> int | None:
    if isinstance(said, str) and said.isdecimal() and len(said) < 10:
        return int(said)
    return said if type(said) is int else None


def _from_json(text: str) -> Any:
    """What a text says in JSON; None where it is none."""
    if len(text) > _LONGEST:
        return None
    try:
        return read_json(text, object)
    except ValueError:
        return None


def metadata_of(
    activation: Activation, said_by: Says, class_names: tuple[str, ...]
) -> dict[str, str]:
    """What the three functions above read again; what nobody knows is not written down."""
    written: dict[str, str] = {}
    if said_by != "nobody":
        written["activation"] = "leaky_relu" if activation.slope else "relu"
    if said_by != "nobody" and activation.slope:
        written["negative_slope"] = repr(activation.slope)
    if class_names:
        written["classes"] = json.dumps(list(class_names))
    return written
