"""What is said of a network's layers before their weights are looked at: steps, and some sizes."""

from __future__ import annotations

from dataclasses import dataclass

from engine.network.activation import Activation
from engine.network.structure import Activated, Convolution, Full, Pair, Pooling, Structure


@dataclass(frozen=True)
class Layer:
    """A layer with weights.

    Attributes:
        step: which kind of layer.
        kernel: (height, width) of a convolution's kernel, where somebody says it.
        outputs: channels or neurons that it gives, where somebody says it.
    """

    step: Convolution | Full
    kernel: Pair | None = None
    outputs: int | None = None


@dataclass(frozen=True)
class Normalised:
    """Batch normalisation of what the layer before it gives."""


@dataclass(frozen=True)
class GlobalPooling:
    """The mean of each channel, whatever its height and width."""


Word = Layer | Normalised | Pooling | GlobalPooling | Activated


@dataclass(frozen=True)
class Architecture:
    """The steps of a forward pass as somebody describes them.

    Attributes:
        words: from the image to the outputs.
        activation: which one stands at each `Activated`; None where nobody says.
    """

    words: tuple[Word, ...]
    activation: Activation | None = None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Those that have weights."""
        return tuple(word for word in self.words if isinstance(word, Layer))

    @property
    def normalised(self) -> tuple[bool, ...]:
        """Of each layer, whether batch normalisation stands behind it."""
        behind = (*self.words[1:], None)
        pairs = zip(self.words, behind, strict=True)
        return tuple(
            isinstance(after, Normalised) for word, after in pairs if isinstance(word, Layer)
        )

    @property
    def is_plain(self) -> bool:
        """Whether it is a chain of full layers with the activation between them."""
        steps = [word.step if isinstance(word, Layer) else word for word in self.words]
        kept = [step for step in steps if not isinstance(step, Normalised)]
        between = [Full() if place % 2 == 0 else Activated() for place in range(len(kept))]
        return kept == between


def architecture_of(structure: Structure, activation: Activation | None) -> Architecture:
    """The same said of a structure that is known."""
    words = (Layer(s) if isinstance(s, Convolution | Full) else s for s in structure.steps)
    return Architecture(tuple(words), activation)
