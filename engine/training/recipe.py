"""How a network is made: everything that decides a training, typed and frozen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from engine.base.errors import UnusableInput
from engine.base.options import check_options, option
from engine.base.plain_text import counted, listed

CHOICES = {
    "outputs": ("auto", "one", "classes"),
    "biases": ("first", "all", "none"),
    "start": ("small", "pytorch"),
    "schedule": ("fast", "plain"),
    "optimizer": ("gd", "sgd", "adam", "adamw"),
    "dtype": ("float32", "float64"),
    "device": ("auto", "cpu", "cuda", "mps"),
}
_ENDS = ("until_exponent", "until_residual", "seconds")
_MOST = ("most_steps", "epochs")
_MAX_WIDTH, _MAX_LAYERS = 100_000, 50


@dataclass(frozen=True)
class Recipe:
    """How to make a network; the defaults are what the theory of the attack asks for.

    Among trainings without weight decay they made two classes give up most images
    (docs/decisions/0006). With it, networks give up as many or more (docs/decisions/0023).

    Attributes:
        hidden: widths of the hidden layers.
        outputs: `one` tells two classes apart by its sign, as in the paper; `classes` is one for
            each class; `auto` takes one for two classes, and one a class for more.
        biases: on the first layer alone, as in the paper; on all; or on none.
        start: `small` has a small first layer and large upper ones; `pytorch` is PyTorch's own.
        schedule: `fast` is descent on log(loss), all images at once, with a step that adapts
            itself; `plain` goes by an optimiser as people use them.
        optimizer: of the plain schedule; `gd` is gradient descent without momentum, as in the
            paper, the others are PyTorch's.
        cosine: whether the plain schedule's rate falls to nothing along a half cosine.
        dtype: precision of the weights.
        device: where to compute.

    Raises:
        UnusableInput: a value lies outside its range, or two do not go together.
    """

    hidden: tuple[int, ...] = (1000, 1000)
    outputs: Literal["auto", "one", "classes"] = "auto"
    biases: Literal["first", "all", "none"] = "first"
    start: Literal["small", "pytorch"] = "small"
    schedule: Literal["fast", "plain"] = "fast"
    optimizer: Literal["gd", "sgd", "adam", "adamw"] = "gd"
    cosine: bool = False
    dtype: Literal["float32", "float64"] = "float32"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"

    until_exponent: float = option(
        -10.0,
        "Loss to reach, as a power of ten",
        "Training ends once the loss is below ten to this power. The further down, the closer the "
        "weights are to what the attack needs; past −100 less comes back again. 0 does not look at "
        "it.",
        -10_000,
        0,
    )
    until_residual: float = option(
        0.0,
        "Residual to reach",
        "Training ends once the stationarity residual, as a share of the weights' norm, is below "
        "this. 0 does not look at it.",
        0,
        1,
    )
    seconds: float = option(
        0.0, "Time limit (s)", "Training ends after so long. 0 sets no limit.", 0, 1e7
    )
    most_steps: int = option(
        100_000, "Most steps", "Training ends after so many steps.", 1, 1_000_000_000
    )
    epochs: int = option(
        0,
        "Epochs",
        "Training ends once it has gone through all images so many times. 0 does not count.",
        0,
        1_000_000_000,
    )
    seed: int = option(
        0,
        "Seed",
        "Of the first weights and of the mini-batches. The same seed, recipe, images, device and "
        "version give the same network.",
        0,
        2**31 - 1,
    )
    first_layer_scale: float = option(
        1e-4,
        "First layer at the start",
        "Standard deviation of the first layer's weights at the small start. Small, so that what "
        "is learnt stands out from it (the paper: 0.0001).",
        1e-12,
        10,
    )
    upper_layer_scale: float = option(
        4.0,
        "Upper layers at the start",
        "Size of the other layers at the small start, as a multiple of PyTorch's usual size (the "
        "paper: 1). Larger ones make more images come back; small ones make all layers small, and "
        "fewer.",
        1e-6,
        100,
    )
    largest_change: float = option(
        0.02,
        "Largest change",
        "The fast schedule moves the weights by at most this share of their norm in one step.",
        1e-6,
        1,
    )
    momentum: float = option(
        0.9,
        "Momentum",
        "Share of its last change that the fast schedule, or SGD, keeps up. It takes several times "
        "fewer steps with it, and dampens the swinging between images that slows it down.",
        0,
        0.999,
    )
    rate: float = option(
        0.01,
        "Rate of the plain schedule",
        "The learning rate of the plain schedule (the paper: 0.01).",
        1e-9,
        1000,
    )
    batch: int = option(
        0,
        "Images at once",
        "Images in a mini-batch of the plain schedule; they are shuffled anew in each epoch. 0 "
        "takes all at once, as in the paper.",
        0,
        1_000_000,
    )
    weight_decay: float = option(
        0.0,
        "Weight decay",
        "Half of this times the squared norm of all weights and biases is added to the loss; AdamW "
        "shrinks them by this times the rate instead. In the loss it makes a network give up more "
        "images, not fewer: it wears off the random start that hides them.",
        0,
        1,
    )

    @classmethod
    def towards_a_margin(cls) -> Recipe:
        """What the theory asks for: homogeneous, and trained to a very small loss."""
        return cls()

    @classmethod
    def usual(cls) -> Recipe:
        """How people usually train: PyTorch's start, biases, SGD with weight decay."""
        return cls(
            biases="all",
            start="pytorch",
            schedule="plain",
            optimizer="sgd",
            cosine=True,
            until_exponent=0.0,
            epochs=1000,
            rate=0.05,
            batch=32,
            weight_decay=1e-3,
        )

    @classmethod
    def fine_tuning(cls) -> Recipe:
        """A few steps of gradient descent from a network that is there already."""
        return cls(
            biases="all",
            start="pytorch",
            schedule="plain",
            optimizer="sgd",
            until_exponent=0.0,
            most_steps=400,
            momentum=0.0,
            rate=0.05,
        )

    @classmethod
    def fine_tuning_in_batches(cls) -> Recipe:
        """As people fine-tune: momentum and mini-batches."""
        return replace(cls.fine_tuning(), momentum=0.9, batch=32)

    def __post_init__(self) -> None:
        check_options(self, CHOICES)
        if not self.hidden or len(self.hidden) > _MAX_LAYERS:
            raise UnusableInput(
                f"{counted(len(self.hidden), 'hidden layers')} were named; a network that is "
                f"trained here has from 1 to {_MAX_LAYERS}.",
                "Write their widths like 1000,1000.",
            )
        if not all(1 <= width <= _MAX_WIDTH for width in self.hidden):
            raise UnusableInput(
                f"A hidden layer has from 1 to {_MAX_WIDTH:,} neurons, and widths of "
                f"{listed([f'{width:,}' for width in self.hidden])} were named.",
                "Write them like 1000,1000.",
            )
        if self.schedule == "fast" and self.batch:
            raise UnusableInput(
                "The fast schedule looks at all images at once; choose the plain one for "
                "mini-batches."
            )
        if self.schedule == "fast" and (self.cosine or self.optimizer != "gd"):
            raise UnusableInput(
                "The fast schedule finds its own step; choose the plain one for an optimiser or a "
                "rate that falls."
            )

    def output_count(self, classes: int) -> int:
        """C, for so many classes.

        Raises:
            UnusableInput: one output cannot tell them apart.
        """
        if self.outputs == "one" and classes != 2:
            raise UnusableInput(
                f"One output tells two classes apart, but there are {classes:,}; take one a class."
            )
        return 1 if classes == 2 and self.outputs != "classes" else classes

    def batches(self, images: int) -> int:
        """Steps in an epoch of so many images."""
        return math.ceil(images / min(self.batch or images, images))

    def steps(self, images: int) -> int:
        """After how many steps it ends at the latest, with so many images."""
        if not self.epochs:
            return self.most_steps
        return min(self.most_steps, self.epochs * self.batches(images))

    def rate_at(self, step: int, images: int) -> float:
        """The plain schedule's rate in a step, counted from 0."""
        if not self.cosine:
            return self.rate
        share = min(step / self.steps(images), 1.0)
        return self.rate * (1 + math.cos(math.pi * share)) / 2

    def leads_the_way_of(self, other: Recipe) -> bool:
        """Whether both differ at most in when they end, so that one can go on as the other.

        A rate that falls falls towards the last step: there, that may not be another.
        """
        may_differ = _ENDS if self.cosine else (*_ENDS, *_MOST)
        return replace(self, **{name: getattr(other, name) for name in may_differ}) == other


RECIPES = {
    "margin": Recipe.towards_a_margin(),
    "usual": Recipe.usual(),
    "fine-tune": Recipe.fine_tuning(),
    "fine-tune-batches": Recipe.fine_tuning_in_batches(),
}
"""The recipes that have a name."""

FROM_A_BASE = frozenset({"fine-tune", "fine-tune-batches"})
"""Those that begin with a network that is there already, and have its layers."""


def without_effect(schedule: str, optimizer: str, start: str) -> Mapping[str, str]:
    """Which parts of a recipe have none as these are chosen, and why."""
    idle = dict[str, str]()
    if schedule == "fast":
        own = "The fast schedule finds its own step."
        idle |= dict.fromkeys(("optimizer", "cosine", "rate"), own)
        idle["batch"] = "The fast schedule looks at all images at once."
    else:
        idle["largest_change"] = "Only the fast schedule heeds it."
        if optimizer != "sgd":
            idle["momentum"] = "Only the fast schedule and SGD have it."
    if start == "pytorch":
        own = "PyTorch's own start says how large the layers are."
        idle |= dict.fromkeys(("first_layer_scale", "upper_layer_scale"), own)
    return idle


def parse_widths(text: str) -> tuple[int, ...]:
    """`1000,1000` → (1000, 1000).

    Raises:
        UnusableInput: not whole numbers with commas between.
    """
    try:
        return tuple(int(width) for width in text.replace("–", ",").replace("-", ",").split(","))
    except ValueError as error:
        raise UnusableInput(
            f"“{text}” does not name the widths of hidden layers; write them like 1000,1000."
        ) from error
