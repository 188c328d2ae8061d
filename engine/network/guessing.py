"""Usual architectures that fit the weights of a file, where nobody says what it is.

The weights of a state dict show kernels and channels, and not strides, padding or pooling. Usual
networks pad all convolutions alike or none of them, and halve the image by pooling or by strides
behind every convolution, every group of them or one of them. `nn.Sequential` numbers all its steps:
gaps between the numbers of its layers count those without weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from engine.data.inputs import InputShape
from engine.network.architecture import Architecture, GlobalPooling, Layer, Normalised, Word
from engine.network.fitting import Shaped, fits, usual_shapes
from engine.network.structure import Activated, Convolution, Full, Pooling

_MOST_SETS = 6
"""Convolutions of which each set is looked at as those that halve the image."""
_MOST_UNPADDED, _LARGEST_KERNEL = 4, 7
"""Deeper networks pad their convolutions; of larger kernels nothing is usual."""
_RESIDUAL = re.compile(r"(?:layer|block|stage|res)\w*\.(?:\d+\.)?(?:conv|bn|downsample|shortcut)")


@dataclass(frozen=True)
class Guess:
    """A usual architecture that fits.

    Attributes:
        architecture: what it is.
        shape: (c, h, w) of its images.
        spare: how many steps without weights the file counts besides, such as a dropout.
    """

    architecture: Architecture
    shape: InputShape
    spare: int = 0


def may_have_shortcuts(layers: Sequence[Shaped]) -> bool:
    """Whether names are those of blocks with connections around them, which no weight shows."""
    return any(_RESIDUAL.search(layer.name) for layer in layers)


def gaps_between(layers: Sequence[Shaped]) -> list[int | None]:
    """How many steps without weights stand behind each layer but the last.

    Args:
        layers: of a file, in the order of the forward pass.

    Returns:
        None where names do not count them: in a list of layers alone there are no gaps.
    """
    found: list[tuple[str, int] | None] = []
    for one, following in pairwise(layers):
        (parent, own), (other, its) = _place(one.name), _place(following.name)
        if own is None or its is None or parent != other:
            found.append(None)
        else:
            found.append((parent, its - own - 1 - one.is_normalised))
    lists = {gap[0] for gap in found if gap is not None and gap[1] < 1}
    return [None if gap is None or gap[0] in lists else gap[1] for gap in found]


def spare_steps(architecture: Architecture, gaps: Sequence[int | None]) -> int | None:
    """How many steps without weights a file counts besides those of an architecture.

    Args:
        architecture: of which batch normalisation is not looked at.
        gaps: what `gaps_between` gives.

    Returns:
        None where a gap is narrower than its steps, or wider by more than one, a dropout.
    """
    needed: list[int] = []
    was_image = False
    for word in architecture.words:
        if isinstance(word, Layer):
            is_image = isinstance(word.step, Convolution)
            if needed and was_image and not is_image:
                needed[-1] += 1  # What flattens it.
            needed.append(0)
            was_image = is_image
        elif not isinstance(word, Normalised):
            needed[-1] += 1
    pairs = zip(needed, gaps, strict=False)
    spare = [gap - need for need, gap in pairs if gap is not None]
    return sum(spare) if all(each in (0, 1) for each in spare) else None


def guesses(
    layers: Sequence[Shaped], gaps: Sequence[int | None], shape: InputShape | None = None
) -> list[Guess]:
    """Usual architectures that fit; no step left over and the most usual images come first.

    Args:
        layers: of a file, convolutions first, in the order of the forward pass.
        gaps: what `gaps_between` gives.
        shape: (c, h, w) of the images where somebody says it.
    """
    groups = _groups(layers)
    kernels = [side for layer in layers[: len(groups or ())] for side in layer.shape[2:]]
    if groups is None or max(kernels) > _LARGEST_KERNEL:
        return []
    shapes = [shape] if shape is not None else list(usual_shapes(layers[0].shape[1]))
    ways = dict(_ways(layers, groups, gaps))
    found = [
        Guess(architecture, each, spare)
        for each in shapes
        for architecture, spare in ways.items()
        if fits(architecture, layers, each)
    ]
    return sorted(found, key=lambda guess: guess.spare)


def most_usual(found: Sequence[Guess]) -> list[Guess]:
    """Those that leave as few steps over, with the most usual images, as the first of them."""
    first = [(guess.spare, guess.shape) for guess in found[:1]]
    return [guess for guess in found if (guess.spare, guess.shape) in first]


def _place(name: str) -> tuple[str, int | None]:
    """`features.3` → `features` and 3."""
    parent, _, own = name.rpartition(".")
    return parent, int(own) if own.isdecimal() and len(own) < 10 else None


def _groups(layers: Sequence[Shaped]) -> list[int] | None:
    """Of each convolution; None where they are no chain."""
    convolutions = [layer for layer in layers if layer.is_convolution]
    found = [1]
    for one, following in pairwise(convolutions):
        groups, rest = divmod(one.shape[0], following.shape[1])
        if rest or groups < 1 or following.shape[0] % groups:
            return None
        found.append(groups)
    return found


def _ways(
    layers: Sequence[Shaped], groups: Sequence[int], gaps: Sequence[int | None]
) -> Iterator[tuple[Architecture, int]]:
    """Usual architectures, each with the steps that it leaves over."""
    count = len(groups)
    may_end_global = layers[count].shape[1] == layers[count - 1].shape[0]
    sets = list(_sets(_halved(layers[:count], gaps[:count])))
    for is_global in (False, True) if may_end_global else (False,):
        for is_padded in (True, False) if count <= _MOST_UNPADDED else (True,):
            for pooled, strided in sets:
                way = _Way(is_padded, pooled, strided, is_global)
                architecture = _architecture(layers, groups, way)
                spare = spare_steps(architecture, gaps)
                if spare is not None:
                    yield architecture, spare


def _sets(halved: Sequence[frozenset[int]]) -> Iterator[tuple[frozenset[int], frozenset[int]]]:
    """Convolutions with pooling behind them, and those with a stride of 2: either, or neither."""
    nothing: frozenset[int] = frozenset()
    yield nothing, nothing
    for chosen in halved:
        yield chosen, nothing
        yield nothing, chosen


def _halved(convolutions: Sequence[Shaped], gaps: Sequence[int | None]) -> list[frozenset[int]]:
    """Behind which convolutions an image may be halved, as is usual."""
    count = len(convolutions)
    places = range(count)
    grows = [
        place
        for place in places
        if place + 1 == count or convolutions[place + 1].shape[0] != convolutions[place].shape[0]
    ]
    sets = [
        *(places, grows, [count - 1], places[1::2], places[1:], [0]),
        [place + 1 for place in grows[:-1]],
    ]
    is_counted = any(gap is not None for gap in gaps)
    if is_counted:
        wide = [place for place, gap in enumerate(gaps) if gap is not None and gap > 1]
        sets += [wide, [*wide, count - 1]]
    if is_counted and count <= _MOST_SETS:
        sets += [list(c) for size in range(1, count + 1) for c in combinations(places, size)]
    return list(dict.fromkeys(frozenset(each) for each in sets if each))


@dataclass(frozen=True)
class _Way:
    is_padded: bool
    pooled: frozenset[int]
    strided: frozenset[int]
    is_global: bool


def _architecture(layers: Sequence[Shaped], groups: Sequence[int], way: _Way) -> Architecture:
    words: list[Word] = []
    for place, layer in enumerate(layers):
        if not layer.is_convolution:
            words += [Layer(Full()), Activated()]
            continue
        height, width = layer.shape[2:]
        padding = ((height - 1) // 2, (width - 1) // 2) if way.is_padded else (0, 0)
        stride = (2, 2) if place in way.strided else (1, 1)
        words += [Layer(Convolution(stride, padding, groups=groups[place])), Activated()]
        if place in way.pooled:
            words.append(Pooling("max", (2, 2), (2, 2)))
        if place == len(groups) - 1 and way.is_global:
            words.append(GlobalPooling())
    return Architecture(tuple(words[:-1]))
