"""Everything that decides a run, typed and frozen, and the two presets.

Each field says in its metadata what it is called and what it does; the window's tooltips and
the report's wording come from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from engine.base.errors import UnusableInput
from engine.base.json_text import held_to
from engine.base.options import check_options, choice, option
from engine.reconstruction.published import published
from engine.stationarity.cases import NAMES, TrainingKind

PresetName = Literal["fast", "paper"]
PRESETS: tuple[PresetName, ...] = ("fast", "paper")

MAX_CANDIDATES = 10_000
MAX_POOL = 100_000
MAX_RESTARTS = 30
MOST_SHARPNESS = 1e5


_CHOICES = {
    "preset": PRESETS,
    "space": ("row", "pixel"),
    "gradient": ("closed form", "double backward"),
    "optimizer": ("adam", "sgd"),
    "dtype": ("float32", "float64"),
    "device": ("auto", "cpu", "cuda", "mps"),
}


@dataclass(frozen=True)
class Settings:
    """The settings of one reconstruction. Defaults are those of the `fast` preset.

    Raises:
        UnusableInput: a value lies outside its range.
    """

    preset: PresetName = "fast"
    training: TrainingKind = choice(
        "auto",
        "Training",
        "How the network was trained, which decides what multiplies each image. Towards a margin: "
        "the loss was driven towards zero, without weight decay. With weight decay: the usual way, "
        "until little moved. Another loss: any with weight decay, such as that of a regression. "
        "The runner-up alone is what was published for several classes.",
        NAMES,
    )
    space: Literal["row", "pixel"] = "row"
    gradient: Literal["closed form", "double backward"] = "closed form"
    optimizer: Literal["adam", "sgd"] = "adam"
    dtype: Literal["float32", "float64"] = "float32"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"

    candidates: int = option(
        0,
        "Candidates",
        "How many images are searched for at once. 0 chooses: twelve for each image that the "
        "network seems to remember, four with convolutions, fewer where a time limit asks for it. "
        "More find more, and take longer.",
        0,
        MAX_CANDIDATES,
    )
    steps: int = option(
        500,
        "Steps",
        "How many steps a search takes. The schedule is laid out over them, so that half "
        "the steps is a faster search, not half of one.",
        1,
        10_000_000,
    )
    seconds: float = option(
        0.0,
        "Time limit (s)",
        "At most this long over all restarts, with fewer steps if need be. 0 sets no limit.",
        0,
        1e7,
    )
    restarts: int = option(
        1,
        "Restarts",
        "How many searches, each from noise of its own, one after the other. Each finds images "
        "that others miss, and what several find is more likely to be real.",
        1,
        MAX_RESTARTS,
    )
    seed: int = option(
        0,
        "Seed",
        "The noise that the search starts from; a restart takes the next seed. The same seed, "
        "settings, device and version give the same images.",
        0,
        2**31 - 1,
    )
    rank: int = option(
        0,
        "Rank of the row space",
        "How many leading directions of the first layer candidates are made of. 0 takes those "
        "above the noise in the first layer's spectrum that are not faint.",
        0,
        1_000_000,
    )
    scale_power: float = option(
        0.8,
        "Scale power",
        "Coordinates are scaled by their singular value to this power, which lets all of them "
        "move at a like pace.",
        0.0,
        2.0,
    )
    whitening: float = option(
        0.8,
        "Weight of faint directions",
        "In the row space, the first layer's residual counts in each direction by its singular "
        "value to minus twice this power: what few images share counts as much as what all do. 0 "
        "leaves the residual as published, 1 makes all directions equal.",
        0.0,
        1.0,
    )
    hidden_whitening: float = option(
        -1.0,
        "The same in hidden layers",
        "What the weight of faint directions is for the first layer, for the layers between it and "
        "the last. −1 chooses: 0 with one output that was trained towards a margin, else 0.4.",
        -1.0,
        1.0,
    )
    neuron_weighing: float = option(
        0.5,
        "Weight of quiet neurons",
        "In the first layer, the residual of a neuron counts by the norm of its weights to minus "
        "twice this power: a few heavy neurons do not drown the many. 0 leaves all alike, as "
        "published.",
        0.0,
        1.0,
    )
    smoothness: float = option(
        -1.0,
        "Smoothness",
        "A weak pull to images whose neighbouring pixels are alike. More of it makes more images "
        "look good, and more unseen images, too. −1 chooses: 4 for one search, 2 where several are "
        "pooled; 3 with convolutions, 10 with pooling; 0 for rows of a table. 0 leaves it out, as "
        "published.",
        -1.0,
        1000.0,
    )
    range_weight: float = option(
        100.0,
        "Pull into the range",
        "How strongly pixels are held in the range that images have, which is as narrow as the "
        "preprocessing is known. 0 leaves that as published.",
        0.0,
        1e5,
    )
    feature_weight: float = option(
        -1.0,
        "Pull to known features",
        "With convolutions, how strongly candidates are pulled to where the first fully connected "
        "layer says that what it was trained on lies. −1 chooses: 30, or 0 where there are no "
        "convolutions, or that layer is filled by more images than it has neurons. 0 leaves it "
        "out.",
        -1.0,
        1e5,
    )
    initial_scale: float = option(
        0.0,
        "Initial noise",
        "Standard deviation of the noise that candidates start as, in their coordinates. 0 "
        "chooses: 1.5, or less where pixels would vary by more than 0.17.",
        0,
        100,
    )
    candidate_rate: float = option(
        0.0,
        "Step of the images",
        "The optimiser's learning rate for the candidates. 0 chooses: 0.3 in the row space, 0.08 "
        "among pixels.",
        0,
        10,
    )
    multiplier_rate: float = option(
        0.02, "Step of the multipliers", "The optimiser's learning rate for the multipliers.", 0, 10
    )
    multiplier_growth: float = option(
        1.0,
        "Growth of that step",
        "How large multipliers have to be differs between networks. Their step grows with their "
        "mean size to this power; 0 keeps it as it is, as published.",
        0,
        1,
    )
    alpha_start: float = option(
        0.0,
        "Gate sharpness, start",
        "How sharply a neuron's gate opens in the backward pass. Soft gates let a candidate "
        "feel neurons that it does not yet activate. 0 chooses, by how large the neurons' inputs "
        "are in this network.",
        0.0,
        MOST_SHARPNESS,
    )
    alpha_end: float = option(
        0.0,
        "Gate sharpness, end",
        "The sharpness rises (or falls) to this value over the run, by the same factor each step. "
        "0 chooses: five times what it is at the start.",
        0.0,
        MOST_SHARPNESS,
    )
    gradients_at: float = option(
        -1.0,
        "Gradients taken at",
        "Where between the base of a fine-tuned network, 0, and the network itself, 1, gradients "
        "are taken. −1 chooses, by what balances between neighbouring layers: 0.75 where small "
        "steps have led there, 0 where the first were long.",
        -1.0,
        1.0,
    )
    minimum_multiplier: float = option(
        0.1,
        "Smallest multiplier",
        "Multipliers below this are pushed up, so that every candidate has to explain a part "
        "of the weights.",
        0,
        10,
    )
    margin_weight: float = option(
        -1.0,
        "Pull to one margin",
        "Images that carry a multiplier all have about the same margin, the lead of their "
        "own class. This pulls them together. −1 chooses: 0.1 with weight decay, else "
        "0.2. 0 leaves it out, as published.",
        -1,
        100,
    )
    margin_after: float = option(
        0.1,
        "That pull begins after",
        "The share of the steps before it. At first hardly a candidate has its own label, and "
        "what all would be pulled to is no margin yet.",
        0,
        1,
    )

    def __post_init__(self) -> None:
        check_options(self, _CHOICES)
        for name, why in self.without_effect.items():
            if getattr(self, name) != _OFF[name]:
                label = next(f.metadata["label"] for f in fields(self) if f.name == name)
                raise UnusableInput(f"{label} cannot be {getattr(self, name):g} here. {why}")
        if self.restarts * self.candidates > MAX_POOL:
            raise UnusableInput(
                f"{self.restarts} restarts of {self.candidates:,} candidates are more than the "
                f"{MAX_POOL:,} that can be pooled; take fewer of either."
            )

    @property
    def without_effect(self) -> Mapping[str, str]:
        """Settings that cannot be honoured beside others, each with the reason; they are off."""
        reasons: dict[str, str] = {}
        if self.space == "pixel":
            why = "It acts on the row space, and this searches among pixels."
            reasons |= dict.fromkeys(_OF_ROW_SPACE, why)
        if self.training not in ("auto", "tuned"):
            reasons |= dict.fromkeys(_OF_BASE, "Only a fine-tuned network has a base.")
        if self.training == "free":
            reasons |= dict.fromkeys(_OF_SIGN, "Another loss leaves multipliers of any sign.")
        return reasons

    @property
    def taken_at(self) -> float:
        """Where gradients are taken, from a base, at 0, to the network itself, at 1."""
        return 1.0 if self.gradients_at < 0 else self.gradients_at

    def as_dict(self) -> dict[str, Any]:
        """For reports and session files."""
        return asdict(self)


_OF_ROW_SPACE = {"rank": 0, "scale_power": 0.0, "whitening": 0.0, "neuron_weighing": 0.0}
"""Settings of the row space, and what they are where there is none."""

_OF_BASE = {"gradients_at": -1.0}
"""Of what was fine-tuned, and what it is elsewhere: gradients are taken at the network itself."""

_OF_SIGN = {"minimum_multiplier": 0.0}
"""Of multipliers that are no less than 0, and what it is where they may be."""

_OFF = {**_OF_ROW_SPACE, **_OF_BASE, **_OF_SIGN}

_BEFORE_THEY_EXISTED = {
    "training": "margin",
    "whitening": 0.0,
    "hidden_whitening": 0.0,
    "neuron_weighing": 0.0,
    "multiplier_growth": 0.0,
    "smoothness": 0.0,
    "range_weight": 0.0,
    "feature_weight": 0.0,
    "margin_after": 0.0,
}
"""What runs did that were saved before these settings came."""


def settings_from_dict(values: Mapping[str, Any]) -> Settings:
    """The inverse of `Settings.as_dict`.

    Raises:
        UnusableInput: an unknown field, or a value of the wrong type or out of range.
    """
    unknown = values.keys() - {each.name for each in fields(Settings)}
    if unknown:
        raise UnusableInput(
            f"The settings cannot be read: this Afterimage knows none called “{min(unknown)}”.",
            "Update it, if a newer one has saved them.",
        )
    try:
        # Earlier versions took them without a row space, too, and passed over them.
        off = _OF_ROW_SPACE if values.get("space") == "pixel" else {}
        return held_to({**_BEFORE_THEY_EXISTED, **values, **off}, Settings)
    except ValueError as error:
        raise UnusableInput(f"The settings cannot be read: {error}.") from error


def fast(training: TrainingKind = "auto") -> Settings:
    """The default: row space, Adam with a cosine decay, α annealed; no settings to find.

    Args:
        training: how the network was trained.
    """
    chosen = Settings(minimum_multiplier=0.0) if training == "free" else Settings()
    return replace(chosen, training=training)


def paper(channels: int, outputs: int = 1, training: TrainingKind = "auto") -> Settings:
    """The published procedure and numbers.

    Pixel space, float64, gradients by double backward, SGD with momentum 0.9, constant rates
    and α, m = 1000, 50,000 steps. The runs are those listed as “MNIST a” and “CIFAR-10 a” by Haim
    et al. 2022, appendix; for several classes, and for regression, those of Buzaglo et al. 2023.

    Args:
        channels: with one output, 1 takes the numbers published for MNIST, 3 those for CIFAR-10.
        outputs: C; several take the numbers published for ten classes.
        training: `free` takes the numbers published for regression; `auto` is what was published
            for so many outputs.
    """
    if training == "auto":
        training = "margin" if outputs == 1 else "runner-up"
    numbers = published(channels, outputs, training)
    return Settings(
        preset="paper",
        training=training,
        space="pixel",
        gradient="double backward",
        optimizer="sgd",
        dtype="float64",
        candidates=1000,
        steps=50_000,
        scale_power=0.0,
        whitening=0.0,
        hidden_whitening=0.0,
        neuron_weighing=0.0,
        multiplier_growth=0.0,
        smoothness=0.0,
        range_weight=0.0,
        feature_weight=0.0,
        margin_weight=0.0,
        margin_after=0.0,
        initial_scale=numbers.initial_scale,
        candidate_rate=numbers.candidate_rate,
        multiplier_rate=numbers.multiplier_rate,
        minimum_multiplier=numbers.minimum_multiplier,
        alpha_start=numbers.alpha,
        alpha_end=numbers.alpha,
    )


def preset(name: str, channels: int, outputs: int = 1, training: TrainingKind = "auto") -> Settings:
    """A preset by name.

    Args:
        name: `fast` or `paper`.
        channels: of an input image.
        outputs: of the network.
        training: how it was trained.

    Raises:
        UnusableInput: there is no such preset.
    """
    if name == "fast":
        return fast(training)
    if name == "paper":
        return paper(channels, outputs, training)
    raise UnusableInput(f"There is no preset “{name}”; choose {' or '.join(PRESETS)}.")
