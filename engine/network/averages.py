"""Running averages of weights that lie in one state dict with the weights themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.network.reading import Noted

if TYPE_CHECKING:
    from torch import Tensor

_AVERAGE = re.compile(r"(?:\w*_)?(?:ema|swa|averaged?|avg|shadow)(?:_\w*)?")
"""What people call the module that holds them: `ema_model`, `swa`, `averaged_model`."""


def without_averages(
    content: Mapping[str, Tensor],
) -> tuple[Mapping[str, Tensor], tuple[Noted, ...]]:
    """A state dict without the averages of weights that it holds, too.

    `ema_model.0.weight` is one beside `online_model.0.weight`, `model.0.weight` or `0.weight`. The
    weights are read, as where both are state dicts of their own (`wrappers`): training left these.

    Args:
        content: all tensors, by name.

    Returns:
        What stays, and what was left out; all of it where averages stand alone, or are not of all
        matrices that there are.
    """
    averages = {name: copied for name in content if (copied := _copied_by(name))}
    others = [name for name in content if name not in averages]
    shapes = {rest: content[name].shape for name in others for rest in _endings(name)}
    are_copies = all(shapes.get(r) == content[n].shape for n, r in averages.items())
    rests = {*averages.values()}
    are_all = all(rests.intersection(_endings(name)) for name in others if content[name].dim() == 2)
    if not (averages and are_copies and are_all):
        return content, ()
    modules = dict.fromkeys(name.removesuffix(f".{rest}") for name, rest in averages.items())
    return (
        {name: content[name] for name in others},
        tuple(Noted(module, "a running average of the weights") for module in modules),
    )


def _copied_by(name: str) -> str:
    """`ema_model.module.0.weight` → `0.weight`; empty where no average of a layer is named."""
    parts = name.split(".")
    places = [place for place, part in enumerate(parts[:-1]) if _AVERAGE.fullmatch(part)]
    rest = parts[places[-1] + 1 :] if places else []
    rest = rest[1:] if rest[:1] == ["module"] else rest
    return ".".join(rest) if len(rest) > 1 else ""


def _endings(name: str) -> list[str]:
    """`model.net.0.weight` and what is left of it without the modules it lies in."""
    parts = name.split(".")
    return [".".join(parts[place:]) for place in range(len(parts))]
