"""Which of the mappings in a checkpoint is the state dict, and what is said on the way to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.base.errors import UnusableInput
from engine.data.array_files import may_be_of_images
from engine.network.extras import CONSTANT
from engine.network.reading import Noted, listed
from engine.network.said import beside_weights
from engine.runtime.lazy import torch

_USUAL = ("state_dict", "model_state_dict", "model", "net", "params")
_OF_TRAINING = re.compile(r"optim|sched|scaler|adam|sgd|momentum", re.IGNORECASE)
_DEPTH = 5
_MOST_LOOKS = 1000
_SAVE_ONE = "Where it was made, save one of them alone: torch.save(checkpoint[…], …)."


def find_state_dict(
    content: object, file_name: str
) -> tuple[Mapping[Any, Any] | None, dict[str, Any], tuple[Noted, ...]]:
    """Descends through the usual wrappers, and through one of any name that alone holds weights.

    Args:
        content: of a checkpoint.
        file_name: for messages.

    Returns:
        The state dict, None where there is none; what is said beside it; sets of weights that were
        left alone.

    Raises:
        UnusableInput: there are several, none of which is called as usual.
    """
    metadata: dict[str, Any] = {}
    ignored: list[Noted] = []
    for _ in range(_DEPTH):
        if not isinstance(content, Mapping):
            return None, metadata, ()
        metadata.update(beside_weights(content))
        inner = [key for key in content if _leads_to_weights(key, content[key])]
        usual = [key for key in _USUAL if key in inner]
        if not inner or (not usual and _holds_weights(content)):
            break
        layers = {} if usual else _layers_of_tree(content)
        if len(layers) > 1:
            content = layers
            break
        if len(inner) > 1 and not usual:
            names = listed([str(key)[:40] for key in inner])
            raise UnusableInput(f"{file_name} holds several sets of weights: {names}.", _SAVE_ONE)
        chosen = (usual or inner)[0]
        ignored += [Noted(str(key), "another set of weights") for key in inner if key != chosen]
        content = content[chosen]
    if not isinstance(content, Mapping) or not any(
        isinstance(value, torch.Tensor) for value in content.values()
    ):
        return None, metadata, ()
    return content, metadata, tuple(ignored)


def _holds_weights(mapping: Mapping[Any, Any]) -> bool:
    return any(
        isinstance(value, torch.Tensor) and value.dim() > 1 and _may_be_a_weight(name)
        for name, value in mapping.items()
    )


def _may_be_a_weight(name: object) -> bool:
    """Whether a matrix of this name may be a layer's, and is no mean and no image."""
    return isinstance(name, str) and not (CONSTANT.fullmatch(name) or may_be_of_images(name))


def _leads_to_weights(key: object, value: object) -> bool:
    """Whether an entry holds weights, or a mapping in it does; an optimiser's do not count."""
    left, looks = [(key, value, 1)], 0
    while left and looks < _MOST_LOOKS:
        looks += 1
        name, mapping, depth = left.pop()
        if not isinstance(mapping, Mapping) or not isinstance(name, str):
            continue
        if _OF_TRAINING.search(name):
            continue
        if _holds_weights(mapping):
            return True
        if depth < _DEPTH:
            left += [(k, v, depth + 1) for k, v in mapping.items() if isinstance(v, Mapping)]
    return False


def _layers_of_tree(tree: Mapping[Any, Any]) -> dict[str, Any]:
    """The tensors of a network that is stored as a mapping of layers, as Flax and Haiku do.

    Args:
        tree: mappings of mappings, the innermost of which hold a layer each: `kernel` and `bias`.

    Returns:
        The tensors by path, `Dense_0/kernel`; empty where a mapping holds more than a layer, or two
        beside each other more than one: these may be two networks.
    """
    found: dict[str, Any] = {}
    left: list[tuple[str, Mapping[Any, Any], int]] = [("", tree, 0)]
    while left:
        path, mapping, depth = left.pop()
        tensors = {k: v for k, v in mapping.items() if isinstance(v, torch.Tensor)}
        inner = {k: v for k, v in mapping.items() if _leads_to_weights(k, v)}
        if depth > _DEPTH or len(found) + len(left) > _MOST_LOOKS:
            return {}
        if not _are_of_one_layer(tensors) or sum(not _holds_weights(m) for m in inner.values()) > 1:
            return {}
        found |= {f"{path}{name}": tensor for name, tensor in tensors.items()}
        left += [(f"{path}{k}/", v, depth + 1) for k, v in reversed(inner.items())]
    return found


def _are_of_one_layer(tensors: Mapping[Any, Any]) -> bool:
    """Whether these have one matrix at most, and the names of parts: `kernel`, not `fc.weight`."""
    are_parts = all(isinstance(name, str) and "." not in name for name in tensors)
    return are_parts and sum(tensor.dim() > 1 for tensor in tensors.values()) <= 1
