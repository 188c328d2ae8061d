"""A run on another network: what its reconstructions are taken for is what one is taken for anyway.

It is the strongest control of a line-up. Images of the control stand in the training images' place,
but the network in question made the candidates; here another network did, which was trained on
other images (decision 34).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.data.inputs import InputShape, shape_in_words

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class OtherRun:
    """What a run on another network made.

    Attributes:
        network: that network's name.
        candidates: of all its restarts, centred, shape (m, c, h, w).
        mean: what they are centred by, shape (c, h, w); None where nobody said.
        sha256: of the network's file; empty where nobody said.
    """

    network: str
    candidates: Tensor
    mean: Tensor | None = None
    sha256: str = ""

    def centred_by(self, mean: Tensor) -> Tensor:
        """The candidates, less another mean in place of their own, where they have one."""
        return self.candidates if self.mean is None else self.candidates + (self.mean - mean)

    def check_for(self, shape: InputShape, name: str, sha256: str) -> None:
        """Holds it to be a run on another network that reads the same kind of image.

        Args:
            shape: that the network in question reads.
            name: of that network.
            sha256: of its file; empty where nobody knows.

        Raises:
            UnusableInput: it is not.
        """
        have = tuple(self.candidates.shape[1:])
        if have != shape:
            raise UnusableInput(
                f"The reconstructions of {self.network} are {shape_in_words(have)}, but {name} "
                f"reads {shape_in_words(shape)}.",
                "Give a run on a network that reads the same.",
            )
        if self.sha256 and self.sha256 == sha256:
            raise UnusableInput(
                f"That is a run on {name} itself, and no control of it.",
                "Give a run on a network that was trained on other images.",
            )
