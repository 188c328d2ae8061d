"""Architectures as one line of text: `conv stride 2 padding 2, relu, flatten, linear, …`.

Steps stand between commas, in the order of the forward pass. Kernel sizes and channels come from
the weights; where they are said (`conv 5x5 16`, `linear 128`) they are checked against them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed
from engine.network.activation import RELU, Activation, parse_activation
from engine.network.architecture import (
    Architecture,
    GlobalPooling,
    Layer,
    Normalised,
    Word,
)
from engine.network.structure import Activated, Convolution, Full, Pair, Pooling

_LONGEST, _MOST_STEPS, _LARGEST = 8000, 400, 100_000
_NUMBER = re.compile(r"\d{1,6}")
_SIZES = re.compile(r"(\d{1,6})[x×](\d{1,6})")
_SLOPE = re.compile(r"\d*\.?\d+(?:e-?\d+)?")
_ALIASES = {
    **dict.fromkeys(("conv", "conv2d", "convolution"), "conv"),
    **dict.fromkeys(("linear", "fc", "dense", "full"), "linear"),
    **dict.fromkeys(("maxpool", "maxpool2d", "max_pool", "max_pool2d"), "maxpool"),
    **dict.fromkeys(("avgpool", "avgpool2d", "avg_pool", "avg_pool2d"), "avgpool"),
    **dict.fromkeys(("globalavgpool", "global_avg_pool"), "globalavgpool"),
    **dict.fromkeys(("batchnorm", "batchnorm1d", "batchnorm2d", "bn"), "batchnorm"),
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "identity"), "dropout"),
    **dict.fromkeys(("softmax", "log_softmax", "logsoftmax", "sigmoid"), "softmax"),
    **dict.fromkeys(("flatten", "relu", "leaky_relu"), ""),
}
_SAID = {
    "conv": ("stride", "padding", "dilation", "groups"),
    "maxpool": ("stride", "padding"),
    "avgpool": ("stride", "padding"),
}
"""What may follow the name of a step, each with a number or two."""
_MAY_BE_ZERO = ("padding",)
WORDS = (
    *("conv", "linear", "relu", "leaky_relu:0.1", "maxpool 2", "avgpool 2", "globalavgpool"),
    *("batchnorm", "flatten", "dropout"),
)
"""What an architecture is written with."""


def parse_architecture(text: str) -> Architecture:
    """What a text says.

    Raises:
        UnusableInput: it is no architecture; the message names the word that is not understood.
    """
    if len(text) > _LONGEST:
        raise UnusableInput(f"An architecture of more than {_LONGEST:,} letters is not read.")
    items = [item.split() for item in re.split(r"[,;\n]", text)]
    steps = [item for item in items if item]
    if not steps or len(steps) > _MOST_STEPS:
        raise UnusableInput(
            f"An architecture has from one to {_MOST_STEPS} steps between commas, and here are "
            f"{len(steps):,}."
        )
    parser = _Parser()
    for place, step in enumerate(steps):
        parser.read(step, is_last=place == len(steps) - 1)
    return parser.whole()


class _Parser:
    def __init__(self) -> None:
        self._words: list[Word] = []
        self._activation: Activation | None = None
        self._is_flat = False

    def read(self, step: Sequence[str], is_last: bool) -> None:
        """Adds a step, the words between two commas."""
        name, *said = step
        bare = name.lower().split(":")[0]
        known = _ALIASES.get(bare)
        if known is None or (":" in name and bare != "leaky_relu"):
            raise UnusableInput(
                f"“{name}” is no step of an architecture; write {listed(WORDS, 'or')}."
            )
        kind = known or bare
        if kind in ("relu", "leaky_relu"):
            self._activate(name, said)
        elif kind in ("flatten", "dropout", "softmax"):
            self._pass_on(kind, step, is_last)
        else:
            self._check_place(kind, name)
            self._words.append(_READERS[kind](_Said(step, _SAID.get(kind, ()))))
            self._is_flat = self._is_flat or kind == "linear"

    def _activate(self, name: str, said: Sequence[str]) -> None:
        if said:
            raise UnusableInput(
                f"“{said[0]}” behind “{name}” is not understood; write {name} alone."
            )
        slope = name.lower().partition(":")[2]
        if ":" in name and not _SLOPE.fullmatch(slope):
            raise UnusableInput(f"“{name}” needs a slope, such as leaky_relu:0.1.")
        found = parse_activation(name.lower())
        if self._activation not in (None, found):
            raise UnusableInput(
                f"“{name}” stands beside another activation; Afterimage reads networks with one."
            )
        self._activation = found
        self._words.append(Activated())

    def _pass_on(self, kind: str, step: Sequence[str], is_last: bool) -> None:
        """Reads what is no step of its own: it changes no number, or only the order of them."""
        if kind == "flatten":
            self._is_flat = True
        if kind == "softmax" and not is_last:
            raise UnusableInput(f"“{step[0]}” can stand at the end alone.")
        more = step[1:] if kind != "dropout" else step[2:]
        if more:
            raise UnusableInput(f"“{more[0]}” behind “{step[0]}” is not understood.")

    def _check_place(self, kind: str, name: str) -> None:
        if self._is_flat and kind not in ("linear", "batchnorm"):
            raise UnusableInput(f"“{name}” needs an image, and stands where it is flat already.")
        if kind == "batchnorm" and not (self._words and isinstance(self._words[-1], Layer)):
            raise UnusableInput(
                f"“{name}” has to stand right behind a convolution or a linear layer; only there "
                "can it be folded into the weights."
            )

    def whole(self) -> Architecture:
        """All that was read."""
        last = next((w for w in reversed(self._words) if not isinstance(w, Normalised)), None)
        if not isinstance(last, Layer) or not isinstance(last.step, Full):
            raise UnusableInput(
                "An architecture has to end with “linear”, whose outputs are those of the network."
            )
        if Activated() not in self._words:
            raise UnusableInput(
                "An architecture needs an activation (“relu”); without a hidden layer there is "
                "nothing to reconstruct from."
            )
        return Architecture(tuple(self._words), self._activation)


class _Said:
    """What follows the name of a step."""

    def __init__(self, step: Sequence[str], names: Sequence[str]) -> None:
        self.step = step
        self.sizes: Pair | None = None
        self.number: int | None = None
        self.named: dict[str, Pair] = {}
        rest = list(step[1:])
        while rest:
            word = rest.pop(0)
            key = word.lower()
            if key in names and key not in self.named:
                if not rest:
                    raise UnusableInput(f"“{word}” behind “{step[0]}” needs a number.")
                self.named[key] = self._pair(rest.pop(0), key)
            else:
                self._size(word)

    def _size(self, word: str) -> None:
        """Takes `5x5`, or `16`."""
        if _SIZES.fullmatch(word) and self.sizes is None:
            self.sizes = self._pair(word, word)
        elif _NUMBER.fullmatch(word) and self.number is None:
            self.number = self._pair(word, word)[0]
        else:
            raise UnusableInput(f"“{word}” in “{' '.join(self.step)}” is not understood.")

    def _pair(self, word: str, name: str) -> Pair:
        found = _SIZES.fullmatch(word)
        if found is None and not _NUMBER.fullmatch(word):
            raise UnusableInput(f"“{word}” in “{' '.join(self.step)}” is no number.")
        pair = (int(word), int(word)) if found is None else (int(found[1]), int(found[2]))
        least = 0 if name in _MAY_BE_ZERO else 1
        if not all(least <= n <= _LARGEST for n in pair):
            raise UnusableInput(
                f"“{word}” in “{' '.join(self.step)}” is not from {least} to {_LARGEST:,}."
            )
        return pair

    def nothing_else(self, *allowed: str) -> None:
        """Refuses sizes that such a step does not have."""
        for name, value in (("sizes", self.sizes), ("number", self.number)):
            if value is not None and name not in allowed:
                raise UnusableInput(
                    f"“{' '.join(self.step)}” says a size that {self.step[0]} does not have."
                )


def _convolution(said: _Said) -> Word:
    groups = said.named.get("groups", (1, 1))
    if groups[0] != groups[1]:
        raise UnusableInput(f"“{' '.join(said.step)}” needs one number of groups.")
    step = Convolution(
        said.named.get("stride", (1, 1)),
        said.named.get("padding", (0, 0)),
        said.named.get("dilation", (1, 1)),
        groups[0],
    )
    return Layer(step, said.sizes, said.number)


def _full(said: _Said) -> Word:
    said.nothing_else("number")
    return Layer(Full(), None, said.number)


def _pooling(kind: str) -> Callable[[_Said], Word]:
    def read(said: _Said) -> Word:
        if (said.sizes is None) == (said.number is None):
            raise UnusableInput(
                f"“{' '.join(said.step)}” needs the size of its patches, such as {said.step[0]} 2."
            )
        number = said.number or 1
        kernel = said.sizes or (number, number)
        padding = said.named.get("padding", (0, 0))
        if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
            raise UnusableInput(f"“{' '.join(said.step)}” pads more than half of a patch.")
        stride = said.named.get("stride", kernel)
        return Pooling("max" if kind == "maxpool" else "average", kernel, stride, padding)

    return read


def _global(said: _Said) -> Word:
    said.nothing_else()
    return GlobalPooling()


def _normalised(said: _Said) -> Word:
    said.nothing_else()
    return Normalised()


_READERS: dict[str, Callable[[_Said], Word]] = {
    "conv": _convolution,
    "linear": _full,
    "maxpool": _pooling("maxpool"),
    "avgpool": _pooling("avgpool"),
    "globalavgpool": _global,
    "batchnorm": _normalised,
}


# --- writing --------------------------------------------------------------------------------


def written(architecture: Architecture) -> str:
    """The text that `parse_architecture` reads as this architecture."""
    activation = (architecture.activation or RELU).written
    steps: list[str] = []
    was_image = False
    for word in architecture.words:
        if isinstance(word, Layer) and isinstance(word.step, Full):
            steps += ["flatten"] if was_image else []
            was_image = False
        elif isinstance(word, Layer | Pooling | GlobalPooling):
            was_image = True
        steps.append(activation if isinstance(word, Activated) else _written(word))
    return ", ".join(steps)


def _written(word: Layer | Normalised | Pooling | GlobalPooling) -> str:
    if isinstance(word, GlobalPooling):
        return "globalavgpool"
    if isinstance(word, Normalised):
        return "batchnorm"
    if isinstance(word, Pooling):
        stride = "" if word.stride == word.kernel else f" stride {_pair(word.stride)}"
        name = "maxpool" if word.kind == "max" else "avgpool"
        return f"{name} {_pair(word.kernel)}{stride}{_unless((0, 0), padding=word.padding)}"
    outputs = "" if word.outputs is None else f" {word.outputs}"
    if isinstance(word.step, Full):
        return f"linear{outputs}"
    step = word.step
    kernel = "" if word.kernel is None else f" {word.kernel[0]}x{word.kernel[1]}"
    groups = f" groups {step.groups}" if step.groups > 1 else ""
    return (
        f"conv{kernel}{outputs}{_unless((1, 1), stride=step.stride)}"
        f"{_unless((0, 0), padding=step.padding)}{_unless((1, 1), dilation=step.dilation)}{groups}"
    )


def _unless(usual: Pair, **said: Pair) -> str:
    return "".join(f" {name} {_pair(pair)}" for name, pair in said.items() if pair != usual)


def _pair(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"
