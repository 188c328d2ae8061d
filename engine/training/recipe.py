"""How a network is made: everything that decides a training, typed and frozen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from engine.base.errors import UnusableInput
from engine.base.options import check_options, option

_CHOICES = {
    "schedule": ("fast", "plain"),
    "dtype": ("float32", "float64"),
    "device": ("auto", "cpu", "cuda", "mps"),
}
_ENDS = ("until_exponent", "until_residual", "seconds", "most_steps")
_MAX_WIDTH, _MAX_LAYERS = 100_000, 50


@dataclass(frozen=True)
class Recipe:
    """How to make a network; the defaults are those that made networks give up most images.

    The measurements behind the defaults are in docs/decisions/0006.

    Attributes:
        hidden: widths of the hidden layers.
        schedule: `fast` is descent on log(loss), all images at once, with a step that adapts
            itself; `plain` is gradient descent with one step size, as in the paper.
        dtype: precision of the weights.
        device: where to compute.

    Raises:
        UnusableInput: a value lies outside its range, or two do not go together.
    """

    hidden: tuple[int, ...] = (1000, 1000)
    schedule: Literal["fast", "plain"] = "fast"
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
    seed: int = option(
        0,
        "Seed",
        "Of the first weights. The same seed, recipe, images, device and version give the same "
        "network.",
        0,
        2**31 - 1,
    )
    first_layer_scale: float = option(
        1e-4,
        "First layer at the start",
        "Standard deviation of the first layer's weights at the start. Small, so that what is "
        "learnt stands out from it (the paper: 0.0001).",
        1e-12,
        10,
    )
    upper_layer_scale: float = option(
        4.0,
        "Upper layers at the start",
        "Size of the other layers at the start, as a multiple of PyTorch's usual size (the paper: "
        "1). Larger ones make more images come back; small ones make all layers small, and fewer.",
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
        "Share of its last change that the fast schedule keeps up. It takes several times fewer "
        "steps with it, and dampens the swinging between images that slows it down.",
        0,
        0.999,
    )
    rate: float = option(
        0.01,
        "Step of plain descent",
        "The learning rate of the plain schedule (the paper: 0.01).",
        1e-9,
        1000,
    )
    batch: int = option(
        0,
        "Images at once",
        "Images in a mini-batch of the plain schedule. 0 takes all at once, as in the paper.",
        0,
        1_000_000,
    )
    weight_decay: float = option(
        0.0,
        "Weight decay",
        "Half of this times the squared norm of the weights is added to the loss.",
        0,
        1,
    )

    def __post_init__(self) -> None:
        check_options(self, _CHOICES)
        if not self.hidden or len(self.hidden) > _MAX_LAYERS:
            raise UnusableInput(f"A network has from 1 to {_MAX_LAYERS} hidden layers.")
        if not all(1 <= width <= _MAX_WIDTH for width in self.hidden):
            raise UnusableInput(f"A hidden layer has from 1 to {_MAX_WIDTH:,} neurons.")
        if self.batch and self.schedule == "fast":
            raise UnusableInput(
                "The fast schedule looks at all images at once; choose plain descent for "
                "mini-batches."
            )

    def leads_the_way_of(self, other: Recipe) -> bool:
        """Whether both differ at most in when they end, so that one can go on as the other."""
        return replace(self, **{name: getattr(other, name) for name in _ENDS}) == other


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
