"""What a checkpoint leaves open and has to be assumed, held against the training images.

It is never taken over by itself: what enters a run was in the file, or a person has said it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.base.plain_text import percent
from engine.data.datasets import LabelledImages
from engine.data.inputs import Preprocessing
from engine.data.layout import LAYOUTS, Layout, layout_words
from engine.evidence.architecture import (
    about_architecture,
    better_architecture,
    find_architecture,
)
from engine.evidence.order import about_order, better_order, find_order, order_as_read
from engine.evidence.preprocessing import find_preprocessing
from engine.evidence.trials import Trial, Trials, ranked, try_out
from engine.network.activation import Activation
from engine.network.architecture import Architecture
from engine.network.network import Network
from engine.network.orders import Order
from engine.network.restructured import with_architecture

_USUAL = tuple(Activation(slope) for slope in (0.0, 0.01, 0.1, 0.2))
_FITS = 0.99
_SHOWN_ORDERS = 10


@dataclass(frozen=True)
class Assumptions:
    """How a network fares with its training images, as it is read and otherwise.

    Attributes:
        as_read: the network as it is read; where its preprocessing is not known, less the images'
            own mean, as everything here is scored.
        is_prepared: whether its preprocessing is known, or somebody has said it.
        chance: the share that guessing would get right.
        preprocessing: ways to prepare an image, with the activation that fits best where the one
            that is assumed leaves images wrong whatever is done to them.
        activation: ways to go on below zero, with the best preprocessing.
        read_as: the activation that the network is read with, among them.
        order: of the layers, as they are read and otherwise; None where their shapes or names leave
            no choice and the network fares well. Where another fits clearly better, preprocessing
            and activation were tried with that.
        architecture: usual ones that fit the weights, each with the preprocessing that fits it
            better; None of full layers alone, and where it was said and the network fares well.
        layout: the orders of a colour image, each with the preprocessing that fits it best; None
            for images of one channel, of which all orders are the same.
    """

    as_read: Trial[Network]
    is_prepared: bool
    chance: float
    preprocessing: Trials[Preprocessing]
    activation: Trials[Activation]
    read_as: Trial[Activation]
    order: Trials[Order] | None = None
    layout: Trials[Layout] | None = None
    architecture: Trials[Architecture] | None = None

    @property
    def right(self) -> float:
        """Share of the images that are on their own side as the network is read."""
        return self.as_read.right

    @property
    def warning(self) -> str:
        """A sentence where the network gets too many of its own images wrong; else empty."""
        if self.right >= (1 + self.chance) / 2:
            return ""
        return (
            f"As it is read, the network gets {percent(1 - self.right)} of its training images "
            "wrong. Something is assumed wrongly: the activation, the preprocessing, the layout of "
            "colour images, the architecture, the order of layers or classes, or these are not its "
            "images."
        )

    @property
    def advice(self) -> str:
        """What would fit better, or what a preprocessing that nobody knows seems to be."""
        best, sentences = self.preprocessing.best, []
        if self.better_layout is not None:
            sentences.append(f"Another layout fits better: {self.better_layout.words}.")
        if self.better_order is not None:
            sentences.append(f"Another order of the layers fits better: {self.better_order.words}.")
        if self.better_architecture is not None:
            words = self.better_architecture.words
            sentences.append(f"Another architecture fits better: {words}.")
        if not self.is_prepared:
            ties = " or ".join(trial.words for trial in self.preprocessing.ties)
            sentences.append(f"The preprocessing seems to be: {ties}.")
        elif best.is_clearly_better_than(self.as_read):
            sentences.append(f"Another preprocessing fits better: {best.words}.")
        if self.better_activation is not None:
            sentences.append(f"Another activation fits better: {self.better_activation.words}.")
        return " ".join(sentences)

    @property
    def better_activation(self) -> Trial[Activation] | None:
        """One that fits clearly better than that which is assumed, where there is one."""
        best = self.activation.best
        return best if best.is_clearly_better_than(self.read_as) else None

    @property
    def better_layout(self) -> Trial[Layout] | None:
        """The other one, where it fits clearly better than that which is assumed."""
        if self.layout is None or self.layout.best.way == self.as_read.way.inputs.layout:
            return None
        return self.layout.best if self.layout.is_clear else None

    @property
    def about_layout(self) -> str:
        """`H×W×C, pixel by pixel: 100 % right, clearly the best`; empty for one channel."""
        if self.layout is None:
            return ""
        if self.layout.is_clear:
            return f"{self.layout.best.fares}, clearly the best"
        return " or ".join(trial.fares for trial in self.layout.ranked) + ", not told apart"

    @property
    def better_order(self) -> Trial[Order] | None:
        """One of the layers that fits clearly better than that which is assumed, if there is."""
        return better_order(self.order)

    @property
    def about_order(self) -> str:
        """What the images say of other orders; empty where none was tried."""
        return about_order(self.order)

    @property
    def better_architecture(self) -> Trial[Architecture] | None:
        """One that fits clearly better than that which is assumed, if there is."""
        return better_architecture(self.as_read.way, self.architecture)

    @property
    def about_architecture(self) -> str:
        """What the images say of other architectures; empty where none was tried."""
        found = self.architecture
        return "" if found is None else about_architecture(found, self.better_architecture)

    @property
    def about_activation(self) -> str:
        """`ReLU: 100 % right; no other slope that was tried fits clearly better`."""
        better = self.better_activation
        if better is None:
            return f"{self.read_as.fares}; no other slope that was tried fits clearly better"
        return f"{self.read_as.fares}; {better.fares}, which fits clearly better"

    @property
    def about_preprocessing(self) -> str:
        """`less the mean image of these images: 100 % right, clearly best`."""
        found = self.preprocessing
        if found.is_clear:
            return f"{found.best.fares}, clearly the best"
        others = ", ".join(trial.words for trial in found.ties[1:])
        return f"{found.best.fares}; not told apart from: {others}"

    def as_dict(self) -> dict[str, Any]:
        """For the command line."""
        better, order = self.better_activation, self.better_order
        return {
            "right": round(self.right, 4),
            "preprocessing": {
                "about": self.about_preprocessing,
                "best": self.preprocessing.best.words,
                "is_clear": self.preprocessing.is_clear,
                "tried": self.preprocessing.as_dicts(),
            },
            "activation": {
                "about": self.about_activation,
                "better": None if better is None else better.words,
                "tried": self.activation.as_dicts(),
            },
            "layout": None
            if self.layout is None
            else {"about": self.about_layout, "tried": self.layout.as_dicts()},
            "order": None
            if self.order is None
            else {
                "about": self.about_order,
                "better": None if order is None else order.words,
                "tried": self.order.as_dicts()[:_SHOWN_ORDERS],
            },
            "architecture": None
            if self.architecture is None
            else {
                "about": self.about_architecture,
                "tried": self.architecture.as_dicts()[:_SHOWN_ORDERS],
            },
            "advice": self.advice,
            "warning": self.warning,
        }


def check_assumptions(network: Network, train: LabelledImages) -> Assumptions | None:
    """Tries what a checkpoint may have left open.

    Args:
        network: as it is read.
        train: images that it was trained on, of its shape.

    Returns:
        None where nobody knows what the network was taught of these images.
    """
    fares = try_out(network, train, train.images.mean(0))
    if fares is None:
        return None
    as_read = Trial(network, "as it is read", *fares)
    order = _open_order(network, train)
    if order is not None and order.best.is_clearly_better_than(order_as_read(order)):
        network = network.with_order(order.best.way, network.reading.ordered_by)
    architecture = _open_architecture(network, train, as_read.right)
    better = better_architecture(network, architecture)
    if better is not None:
        network = with_architecture(network, better.way, "shapes")
    each_layout = {
        layout: found
        for layout in _layouts(network)
        if (found := _best_preparation(network.with_layout(layout, "references"), train))
    }
    if not each_layout:
        return None
    layouts = ranked(
        [
            Trial(layout, layout_words(layout), found.best.right, found.best.margin)
            for layout, found in each_layout.items()
        ]
    )
    # Where nothing tells them apart, what else is tried is of the network as it is read.
    layout = layouts.best.way if layouts.is_clear else network.inputs.layout
    found = each_layout[layout]
    best = network.with_layout(layout, "references").with_preprocessing(found.best.way)
    trials = {
        way: Trial(way, way.name, *fares)
        for way in dict.fromkeys((network.activation, *_USUAL))
        if (fares := try_out(_with(best, way), train)) is not None
    }
    return Assumptions(
        as_read,
        network.inputs.is_preprocessing_said,
        1 / network.classes.count,
        found,
        ranked(list(trials.values())),
        trials[network.activation],
        order,
        layouts if len(each_layout) > 1 else None,
        architecture,
    )


def _open_architecture(
    network: Network, train: LabelledImages, right: float
) -> Trials[Architecture] | None:
    """Other architectures, where it is assumed or at odds with the images."""
    is_assumed = network.reading.structured_by in ("known", "shapes")
    return find_architecture(network, train) if is_assumed or right < _FITS else None


def _open_order(network: Network, train: LabelledImages) -> Trials[Order] | None:
    """Orders of the layers, where names leave a choice or are at odds with the images."""
    if network.structure is not None:
        return None
    mean = train.images.mean(0)
    each = (try_out(network.with_layout(way, "references"), train, mean) for way in LAYOUTS)
    right = max(fares[0] for fares in each if fares is not None)
    is_open = network.reading.is_choice or right < _FITS
    return find_order(network, train) if is_open else None


def _layouts(network: Network) -> tuple[Layout, ...]:
    """Those that differ, the network's own first."""
    own = network.inputs.layout
    if network.input_shape[0] == 1 or network.structure is not None:
        return (own,)
    return (own, *(layout for layout in LAYOUTS if layout != own))


def _best_preparation(network: Network, train: LabelledImages) -> Trials[Preprocessing] | None:
    """Ways to prepare an image, with the activation that fits best where its own does not."""
    found = find_preprocessing(network, train)
    if found is None or found.best.right >= _FITS:
        return found
    others = (find_preprocessing(_with(network, way), train) for way in _USUAL)
    return max((found, *(each for each in others if each is not None)), key=_rank)


def _with(network: Network, activation: Activation) -> Network:
    return network.with_activation(activation, "references")


def _rank(found: Trials[Preprocessing]) -> tuple[float, float]:
    return found.best.right, found.best.margin
