"""What fine-tuning did to a public base, and what chance that gives the attack.

Gradient descent on n images changes the first layer by a matrix whose rank is n at most, and keeps
a balance between the layers (`stationarity/fine_tuning`). Adam's steps do neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.evidence.outlook import CROWDED, Outlook, about_images
from engine.network.fine_tuned import LayerChange, changes_of
from engine.network.network import Network
from engine.stationarity.fine_tuning import LONG_STEPS, Way, way_of
from engine.stationarity.spectrum import Spectrum


@dataclass(frozen=True)
class Tuning:
    """What fine-tuning did.

    Attributes:
        base: the name of the base's file.
        changes: of each layer.
        way: what balances; None where no two neighbouring layers were trained.
        spectrum: of what was changed of W_1.
    """

    base: str
    changes: Sequence[LayerChange]
    way: Way | None
    spectrum: Spectrum

    @property
    def words(self) -> str:
        """For people, in a line."""
        changed = ", ".join(change.words for change in self.changes)
        return f"fine-tuned from {self.base}; changed per layer: {changed}"

    @property
    def is_crowded(self) -> bool:
        """Whether the change of W_1 is of nearly full rank, and so not of a few images."""
        return self.spectrum.remembered > CROWDED * len(self.spectrum.values)

    @property
    def outlook(self) -> Outlook:
        """What chance the attack has, as far as networks like this one were measured."""
        traces = f"the traces of {about_images(self.spectrum.remembered)}"
        if self.spectrum.rank == 0:
            return Outlook(
                "none",
                "No chance",
                "Nothing in the change of the first layer stands above rounding.",
            )
        if self.way is not None and not self.way.is_descent:
            return Outlook(
                "poor",
                "A poor chance",
                "What fine-tuning changed is not in balance between neighbouring layers, as "
                "steps along gradients leave it. Adam and weight decay leave it so; Adam has given "
                "up next to nothing so far.",
            )
        if self.is_crowded:
            return Outlook(
                "fair",
                "A fair chance at best",
                f"T{traces[1:]} fill the {len(self.spectrum.values)} directions of the first "
                "layer, so that single images are hard to tell apart in it.",
            )
        if self.way is not None and self.way.taken_at == LONG_STEPS:
            return Outlook(
                "fair",
                "A fair chance",
                f"The change of the first layer is made of {traces}, but it was made in long "
                "steps, and gradients have changed on the way.",
            )
        return Outlook(
            "good",
            "A good chance if gradient descent fine-tuned it",
            f"The change of the first layer is made of {traces}, and nothing of the base's own.",
        )


def tuning_of(network: Network, spectrum: Spectrum) -> Tuning | None:
    """What fine-tuning did to a network; None where its base is not known.

    Args:
        network: which.
        spectrum: of what was changed of W_1.
    """
    if network.base is None:
        return None
    return Tuning(network.base.origin.name, changes_of(network), way_of(network), spectrum)
