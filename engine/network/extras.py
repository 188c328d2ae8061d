"""Tensors of a state dict that are no part of the network, told by their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.network.other_layers import NETWORKS

if TYPE_CHECKING:
    from torch import Tensor

CONSTANT = re.compile(
    r"(?:(?:\d+|\w*normali[sz]\w*|norm|\w*preprocess\w*|transforms?|image|pixel|data|input)[._])*"
    r"_?(?:(?P<mean>means?|mu)|(?P<std>stds?|sigma))|(?:negative_)?(?P<slope>slope)"
)
"""What is done to images before the first layer, or by an activation: not a layer's, but said."""
_LOSS = re.compile(r"(?:^|\.)(?:\w*loss(?:_\w+)?|criterion\w*)\.")
_WEIGHING = re.compile(r"(?:^|[._])(?:pos_weights?|(?:class|label|loss|sample)_weights?)$")
_METRIC = re.compile(
    r"(?:^|\.)(?:(?:train|val|valid|test)_?)?"
    r"(?:metrics?|acc|accuracy|auroc|f1|f1_?score|precision|recall|mean_?metric)\d?\."
    r"|(?:^|[._])(?:confmat|confusion_matrix)$"
)
_COUNTER = re.compile(r"(?:^|[._])(?:num_batches_tracked|n_averaged)$")
_PART = re.compile(r"(?:weight|bias)_(?:[guv]|orig|mask)$|(?:^|\.)parametrizations\.")
_BIAS = re.compile(r"(?:^|[._])(?:b\d*|bias\w*|intercepts?\w*)$")
_CHANGES_OUTPUTS = re.compile(r"(?:^|[._])(?:temperature|tau|\w*scale|gain|alpha)$")


def why_ignored(name: str, tensor: Tensor, file_name: str) -> str:
    """Why a tensor is left out; empty where it may be part of the network.

    Args:
        name: as the file has it.
        tensor: of any shape and type.
        file_name: for messages.

    Raises:
        UnusableInput: it is none of a layer, and yet the outputs depend on it.
    """
    if _PART.search(name):
        return ""
    if _LOSS.search(name):
        if tensor.dim() > 1:
            raise UnusableInput(
                f"“{name}” in {file_name} is a matrix that belongs to a loss; whether the network "
                "computes with it is not known.",
                "Save the weights of the network alone.",
                NETWORKS,
            )
        return "belongs to a loss"
    if _WEIGHING.search(name) and tensor.dim() < 2:
        return "weighs classes in a loss"
    is_metric = _METRIC.search(name) and not name.endswith((".weight", ".bias"))
    if is_metric and (tensor.dim() < 2 or "conf" in name.lower()):
        return "belongs to a metric"
    if _COUNTER.search(name) or (tensor.dim() == 0 and not tensor.is_floating_point()):
        return "a counter"
    if tensor.dim() == 0:
        if _BIAS.search(name):
            raise UnusableInput(
                f"“{name}” in {file_name} is a bias that is no array.",
                "Store it as an array of one number.",
                NETWORKS,
            )
        if _CHANGES_OUTPUTS.search(name):
            raise UnusableInput(
                f"“{name}” in {file_name} scales something that the network computes; what is not "
                "known.",
                "Multiply the last layer by it where the network was made.",
                NETWORKS,
            )
        return "a single number"
    return ""
